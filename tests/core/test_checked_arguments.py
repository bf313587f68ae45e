"""Checked functions: a call that is right reaches the function as it is, any other is refused as `inspect` says."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark.core.arguments import checked
from spark.core.errors import ArgumentError


def of_all_kinds(first: int, /, second: int, third: int = 3, *, fourth: int, fifth: int = 5):
    return first, second, third, fourth, fifth


def of_any_number(first: int, *more: int, second: int = 2, **others: int):
    return first, more, second, others


def of_nothing():
    return ()


NAMES = ["first", "second", "third", "fourth", "fifth", "sixth"]


@pytest.mark.parametrize("function", [of_all_kinds, of_any_number, of_nothing])
@given(args=st.lists(st.integers(), max_size=4), kwargs=st.dictionaries(st.sampled_from(NAMES), st.integers()))
def test_a_call_is_refused_where_its_arguments_cannot_be_bound_and_else_does_what_it_did(function, args, kwargs):
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        with pytest.raises(ArgumentError, match="cannot be called so") as refused:
            checked(function)(*args, **kwargs)
        assert str(error) in str(refused.value)
    else:
        assert checked(function)(*args, **kwargs) == function(*args, **kwargs)


@given(wrong=st.sampled_from(["second", "third", "fourth", "fifth"]), by_name=st.booleans())
def test_one_argument_of_another_type_is_named_wherever_it_stands(wrong, by_name):
    values = {"second": 2, "third": 3, "fourth": 4, "fifth": 5, wrong: "text"}
    first = [1] if by_name else [1, values.pop("second"), values.pop("third")]
    with pytest.raises(ArgumentError, match=rf"of_all_kinds\.{wrong}: has the wrong type, got str 'text'"):
        checked(of_all_kinds)(*first, **values)

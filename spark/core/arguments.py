"""Arguments of public functions are checked against their annotations, so that a wrong one is named at once."""

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from spark.core.errors import ArgumentError, Problem, SparkError

Given = ParamSpec("Given")
Result = TypeVar("Result")

# What a function that asks for a number accepts: NumPy's numbers are numbers, and True is none.
_NUMBERS: dict[Any, tuple[type, ...]] = {
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
    bool: (bool, np.bool_),
}


def checked(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Check the types of a function's arguments, as annotated, before it is called.

    Only the outermost type is looked at: of `Mapping[str, float]` that it is a mapping. What an argument's value must
    be beyond its type is for the function to say.

    Raises:
        ArgumentError: Of the decorated function: an argument has another type than annotated, or none or too many were
            given; names the function, the argument, what it got and what it expects.
    """
    signature = inspect.signature(function)
    name = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            expected = ", ".join(n for n in signature.parameters if n != "self")
            raise ArgumentError(
                Problem(name, f"cannot be called so: {error}; expected ({expected})", "", "arguments")
            ) from error
        hints = _hints(function)
        problems = [
            Problem(f"{name}.{argument}", _wrong(value, hints[argument]), "", "type")
            for argument, value in bound.arguments.items()
            if argument in hints and _plain(signature, argument) and not fits(value, hints[argument])
        ]
        if problems:
            raise ArgumentError(problems)
        return function(*args, **kwargs)

    return call


def check_fields(record: Any, error: type[SparkError]) -> None:
    """Check the types of a dataclass's fields, as annotated; for its `__post_init__`.

    Raises:
        SparkError: Of the given type: a field holds something else; names the class and every such field.
    """
    owner, hints = type(record).__name__, _hints(type(record))
    problems = [
        Problem(f"{owner}.{f.name}", _wrong(getattr(record, f.name), hints[f.name]), "", "type")
        for f in dataclasses.fields(record)
        if not fits(getattr(record, f.name), hints[f.name])
    ]
    if problems:
        raise error(problems)


def _wrong(value: Any, hint: Any) -> str:
    return f"has the wrong type, got {_shown(value)}; expected {_named(hint)}"


@functools.cache
def _hints(function: Any) -> dict[str, Any]:
    return typing.get_type_hints(function)


def _plain(signature: inspect.Signature, argument: str) -> bool:
    return signature.parameters[argument].kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value has the type of an annotation, as far as its outermost type tells."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in typing.get_args(hint))
    if origin is typing.Literal:
        return any(value is one or (type(value) is type(one) and value == one) for one in typing.get_args(hint))
    if origin is typing.Annotated:
        return fits(value, typing.get_args(hint)[0])
    kind = origin or hint
    if kind is None or kind is type(None):
        return value is None
    if kind in _NUMBERS:
        return isinstance(value, _NUMBERS[kind]) and (kind is bool or not isinstance(value, (bool, np.bool_)))
    if kind is Any or not isinstance(kind, type):
        return True
    if kind in (typing.get_origin(typing.Iterable), typing.get_origin(typing.Sequence)):
        return isinstance(value, kind) and not isinstance(value, (str, bytes))
    try:
        return isinstance(value, kind)
    except TypeError:  # A protocol that says nothing at run time.
        return True


def _named(hint: Any) -> str:
    """An annotation in words."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_named(one) for one in typing.get_args(hint)))
    if origin is typing.Literal:
        return " or ".join(repr(one) for one in typing.get_args(hint))
    if origin is typing.Annotated:
        return _named(typing.get_args(hint)[0])
    kind = origin or hint
    words = {int: "a whole number", float: "a number", bool: "True or False", str: "a string", type(None): "None"}
    words[typing.get_origin(typing.Callable)] = "a function"
    return words.get(kind) or getattr(kind, "__name__", str(kind))


def _shown(value: Any) -> str:
    """A value as an error shows it: its type, and itself where that is short."""
    if isinstance(value, (bool, int, float, str, bytes, np.number, np.bool_)):
        text = repr(value)
        return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
    return "None" if value is None else type(value).__name__

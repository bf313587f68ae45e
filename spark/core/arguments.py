"""Arguments of public functions are checked against their annotations, so that a wrong one is named at once."""

import dataclasses
import functools
import inspect
import os
import types
import typing
from collections.abc import Callable
from pathlib import Path
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


# By kind of an argument, how to make one.
_ADVICE: dict[type, str] = {}


def checked(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Check the types of a function's arguments, as annotated, before it is called.

    Only the outermost type is looked at: of `Mapping[str, float]` that it is a mapping. What an argument's value must
    be beyond its type is for the function to say; but of a path (`str | Path`) it is looked at whether a file can have
    such a name, for all functions alike.

    Raises:
        ArgumentError: Of the decorated function: an argument has another type than annotated, a path has a character
            that no file's name has, or none or too many were given; names the function, the argument, what it got and
            what it expects.
    """
    signature = inspect.signature(function)
    name = function.__qualname__.removesuffix(".__init__")
    plainly = _Plainly(signature)

    @functools.wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        if plainly.right(args, kwargs, _tests(function)):
            return function(*args, **kwargs)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            expected = ", ".join(n for n in signature.parameters if n != "self")
            raise ArgumentError(
                Problem(name, f"cannot be called so: {error}; expected ({expected})", "", "arguments")
            ) from error
        hints, tests = _hints(function), _tests(function)
        problems = [
            _problem(f"{name}.{argument}", value, hints[argument])
            for argument, value in bound.arguments.items()
            if argument in hints and _plain(signature, argument) and not tests[argument](value)
        ]
        if problems:
            raise ArgumentError(problems)
        return function(*args, **kwargs)

    return call


class _Plainly:
    """Whether a call is plainly right: looked at without binding its arguments, which takes longer than a short step.

    Args:
        signature: Of the function that is called. One that takes any number of arguments is never plainly right.
    """

    def __init__(self, signature: inspect.Signature) -> None:
        parameters = signature.parameters.values()
        self._any_number = any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
        self._in_order = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._by_name = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
        self._needed = [p.name for p in parameters if p.default is p.empty]

    def right(
        self, args: tuple[object, ...], kwargs: dict[str, object], tests: dict[str, Callable[[object], bool]]
    ) -> bool:
        """Whether each argument is one of the function's, has its type, and none is missing; False may be right too."""
        if self._any_number or len(args) > len(self._in_order) or not self._by_name.issuperset(kwargs):
            return False
        in_order = self._in_order[: len(args)]
        if not kwargs.keys().isdisjoint(in_order):
            return False
        given = dict(zip(in_order, args, strict=True), **kwargs)
        if any(name not in given for name in self._needed):
            return False
        return all(name not in tests or tests[name](value) for name, value in given.items())


def check_fields(record: Any, error: type[SparkError]) -> None:
    """Check the types of a dataclass's fields, as annotated; for its `__post_init__`.

    Raises:
        SparkError: Of the given type: a field holds something else; names the class and every such field.
    """
    owner = type(record)
    wrong = [name for name, test in _tests_of_fields(owner) if not test(getattr(record, name))]
    if wrong:
        hints = _hints(owner)
        raise error([Problem(f"{owner.__name__}.{n}", _wrong(getattr(record, n), hints[n]), "", "type") for n in wrong])


def advise(kind: type, fix: str) -> None:
    """Say how to make what a function expects, a `kind` of things, where an error names it; `fix` is a sentence."""
    _ADVICE[kind] = fix


def _advice(hint: object) -> str:
    """How to make one of the kinds that an annotation names, if somebody said so; else nothing."""
    return next((fix for kind, fix in _ADVICE.items() if kind in typing.get_args(hint)), "")


def _problem(address: str, value: object, hint: object) -> Problem:
    """What is wrong with a value that fails the test of an annotation."""
    if _is_of_path(hint) and _names_no_file(value):
        text = (
            f"has a character that no file's name has, got {_shown(str(value))}; expected the path of a file or folder"
        )
        return Problem(address, text, "Take out null characters and halves of a character", "path")
    return Problem(address, _wrong(value, hint), _advice(hint), "type")


def _is_of_path(hint: object) -> bool:
    """Whether an annotation is that of a path, such as `str | Path`."""
    return Path in (hint, *typing.get_args(hint))


def _names_no_file(value: object) -> bool:
    """Whether a value is the text of a path that no system takes: with a null character, or half a character."""
    if not isinstance(value, (str, Path)):
        return False
    try:
        return b"\0" in os.fsencode(value)
    except UnicodeEncodeError:
        return True


def _wrong(value: Any, hint: Any) -> str:
    return f"has the wrong type, got {_shown(value)}; expected {_named(hint)}"


@functools.cache
def _hints(function: Any) -> dict[str, Any]:
    return typing.get_type_hints(function)


@functools.cache
def _tests(function: Any) -> dict[str, Callable[[Any], bool]]:
    """By name of an annotation, whether a value has its type: annotations are taken apart once, not for every value."""
    return {name: _test(hint) for name, hint in _hints(function).items()}


@functools.cache
def _tests_of_fields(record: Any) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    tests = _tests(record)
    return tuple((f.name, tests[f.name]) for f in dataclasses.fields(record))


def _plain(signature: inspect.Signature, argument: str) -> bool:
    return signature.parameters[argument].kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value has the type of an annotation, as far as its outermost type tells."""
    return _test(hint)(value)


def _test(hint: Any) -> Callable[[Any], bool]:
    """Whether a value has the type of this annotation."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        tests = [_test(one) for one in typing.get_args(hint)]
        if _is_of_path(hint):
            return lambda value: any(test(value) for test in tests) and not _names_no_file(value)
        return lambda value: any(test(value) for test in tests)
    if origin is typing.Literal:
        listed = typing.get_args(hint)
        return lambda value: any(value is one or (type(value) is type(one) and value == one) for one in listed)
    if origin is typing.Annotated:
        return _test(typing.get_args(hint)[0])
    kind = origin or hint
    if kind is None or kind is type(None):
        return lambda value: value is None
    if kind in _NUMBERS:
        return _test_of_number(kind)
    if kind is Any or not isinstance(kind, type):
        return lambda _: True
    if kind in (typing.get_origin(typing.Iterable), typing.get_origin(typing.Sequence)):
        return lambda value: isinstance(value, kind) and not isinstance(value, (str, bytes))
    try:
        isinstance(None, kind)
    except TypeError:  # A protocol that says nothing at run time.
        return lambda _: True
    return lambda value: isinstance(value, kind)


def _test_of_number(kind: type) -> Callable[[Any], bool]:
    numbers, excluded = _NUMBERS[kind], () if kind is bool else (bool, np.bool_)
    return lambda value: isinstance(value, numbers) and not isinstance(value, excluded)


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

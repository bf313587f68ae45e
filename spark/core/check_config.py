"""Checks of a module's config: what files, the documentation and the editor's inspector need of it."""

import typing
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic.fields import FieldInfo

from spark.core.config import Config
from spark.core.config_arguments import Nested, nested_type
from spark.core.errors import ModuleError, Problem
from spark.core.module import Module
from spark.core.names import suggestion


def _fields(cls: type[Nested]) -> Iterator[tuple[str, FieldInfo]]:
    """Every field with its address, nested configs included."""
    for name, info in cls.model_fields.items():
        yield f"{cls.__name__}.{name}", info
        nested = nested_type(info)
        if nested is not None:
            yield from _fields(nested)


def check_config_docstring(cls: type[Module], config: Config) -> None:
    """The config class says what it holds."""
    if not (type(config).__doc__ or "").strip():
        raise ModuleError(Problem(type(config).__name__, "has no docstring", "Write one sentence", "docstring"))


def check_descriptions(cls: type[Module], config: Config) -> None:
    """Every field has a description."""
    problems = [
        Problem(
            address,
            "has no description",
            "Declare it with `spark.field(..., description='One sentence.')`",
            "description",
        )
        for address, info in _fields(type(config))
        if not info.description
    ]
    if problems:
        raise ModuleError(problems)


def _is_numeric(info: FieldInfo) -> bool:
    candidates = (info.annotation, *typing.get_args(info.annotation))
    by_default = isinstance(info.default, (int, float, np.ndarray)) and not isinstance(info.default, bool)
    return by_default or any(c in (int, float) for c in candidates)


def _extra(info: FieldInfo) -> dict[str, Any]:
    return info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}


def check_units(cls: type[Module], config: Config) -> None:
    """Every field that holds a number says its unit; an empty one means a plain number."""
    problems = [
        Problem(
            address,
            "holds a number and does not say its unit",
            "Declare it with `spark.field(..., unit='ms')`; a plain number has the unit ''",
            "unit",
        )
        for address, info in _fields(type(config))
        if _is_numeric(info) and "unit" not in _extra(info)
    ]
    if problems:
        raise ModuleError(problems)


def check_json(cls: type[Module], config: Config) -> None:
    """The config's JSON form loses nothing."""
    name = type(config).__name__
    try:
        text = config.to_json()
        back = type(config).from_json(text)
        again = back.to_json()
    except Exception as error:
        raise ModuleError(
            Problem(
                name,
                f"cannot be written to JSON and read back: {error}",
                "Use field types that JSON holds: spark's Number, Whole, Array, Shape; text; nested configs",
                "json",
            )
        ) from error
    if again != text or back != config or _differing(config, back):
        raise ModuleError(
            Problem(
                name,
                f"is another config after a round trip through JSON, got {again}; expected {text}",
                "Make its validators give back what they were given",
                "json",
            )
        )


def _differing(config: Config, other: Config) -> list[str]:
    """Fields whose types differ: equal JSON can hide that a tuple became a list."""
    return [name for (name, one), (_, two) in zip(config, other, strict=True) if type(one) is not type(two)]


def check_schema(cls: type[Module], config: Config) -> None:
    """A JSON schema can be made: the editor's inspector is drawn from it."""
    try:
        schema: dict[str, Any] = type(config).model_json_schema()
    except Exception as error:
        raise ModuleError(
            Problem(
                type(config).__name__,
                f"has no JSON schema: {str(error).splitlines()[0]}",
                "Annotate the field with a type that JSON knows, or add `pydantic.WithJsonSchema`",
                "schema",
            )
        ) from error
    missing = set(type(config).model_fields) - set(schema.get("properties", {}))
    if missing:
        raise ModuleError(Problem(type(config).__name__, f"its JSON schema lacks {sorted(missing)}", "", "schema"))


def check_only_with(cls: type[Module], config: Config) -> None:
    """A field that has an effect only with another names a field of its own config."""
    fields = dict(_fields(type(config)))
    problems = [
        Problem(
            address,
            f"has an effect only with a field that is not there, got {needed!r}",
            suggestion(str(needed), [a.rpartition(".")[2] for a in fields if a.rpartition(".")[0] == owner]),
            "only-with",
        )
        for address, info in fields.items()
        for owner, needed in [(address.rpartition(".")[0], _extra(info).get("only_with"))]
        if needed and f"{owner}.{needed}" not in fields
    ]
    if problems:
        raise ModuleError(problems)


CHECKS = (check_config_docstring, check_descriptions, check_units, check_only_with, check_json, check_schema)

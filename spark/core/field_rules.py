"""What the fields of a config's class ask of their values: read from their declarations, once for each class."""

import weakref
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from spark.core.values import to_quantity

# Of a JSON schema's names: the relation that they ask for, and its sign.
RELATIONS = {
    "exclusiveMinimum": (lambda v, b: v > b, ">"),
    "minimum": (lambda v, b: v >= b, ">="),
    "exclusiveMaximum": (lambda v, b: v < b, "<"),
    "maximum": (lambda v, b: v <= b, "<="),
}


class Bound(NamedTuple):
    """What a field's numbers keep to, in their unit."""

    field: str
    relation: str
    number: float
    unit: str


@dataclass(frozen=True)
class FieldRules:
    """Of a config's class, in the order of its fields.

    Attributes:
        quantities: Fields that take one number for all units, or one for each.
        bounds: Of all fields.
        conditional: Fields that have an effect beside another field only, and that field.
        time_constants: Fields with time constants, and whether these are "exact" or "stored".
    """

    quantities: tuple[str, ...]
    bounds: tuple[Bound, ...]
    conditional: tuple[tuple[str, str], ...]
    time_constants: tuple[tuple[str, str], ...]


_known: weakref.WeakKeyDictionary[type, FieldRules] = weakref.WeakKeyDictionary()


def rules_of(cls: type[BaseModel]) -> FieldRules:
    """What its fields ask for."""
    known = _known.get(cls)
    if known is None:
        known = _known[cls] = _read(cls)
    return known


def _read(cls: type[BaseModel]) -> FieldRules:
    fields = cls.model_fields
    extras: dict[str, dict[str, Any]] = {
        name: info.json_schema_extra for name, info in fields.items() if isinstance(info.json_schema_extra, dict)
    }
    said = {
        key: [(name, extra[key]) for name, extra in extras.items() if extra.get(key)]
        for key in ("only_with", "time_constant")
    }
    return FieldRules(
        tuple(name for name, info in fields.items() if _is_quantity(info)),
        tuple(
            Bound(name, relation, extra[relation], extra.get("unit", ""))
            for name, extra in extras.items()
            for relation in RELATIONS
            if extra.get(relation) is not None
        ),
        # `check_module` tells the author where there is no such field.
        tuple((name, other) for name, other in said["only_with"] if other in fields),
        tuple(said["time_constant"]),
    )


def _is_quantity(info: FieldInfo) -> bool:
    """Whether a field takes one number, or one for each unit, be it beside None."""
    rules = list(info.metadata)
    # Of a union each argument keeps its own: `Quantity | None`.
    rules += [rule for one in get_args(info.annotation) if get_origin(one) is Annotated for rule in get_args(one)[1:]]
    return any(isinstance(rule, BeforeValidator) and rule.func is to_quantity for rule in rules)

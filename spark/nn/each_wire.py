"""A setting that is one for all wires of a port, or has a value for each of them."""

from typing import Any

from pydantic import BeforeValidator, TypeAdapter, WithJsonSchema

from spark.core.values import encode

EACH = WithJsonSchema({"title": "One, or one for each wire"})


class EachWire(tuple):
    """One value for each wire of a port, in the order in which the wires are listed. A tuple makes one."""

    __slots__ = ()

    def to_dict(self) -> dict[str, object]:
        """Plain data, told apart from a list that is one value."""
        return {"each_wire": [encode(value) for value in self]}


def one_or_each(kind: Any) -> BeforeValidator:
    """Reads a field that takes a `kind`, or a tuple with one for each wire.

    To be used as `Annotated[Any, one_or_each(kind), EACH]`.
    """
    adapter: TypeAdapter = TypeAdapter(kind)

    def read(value: object) -> object:
        if isinstance(value, dict) and set(value) == {"each_wire"}:
            value = tuple(value["each_wire"])
        if isinstance(value, tuple):
            return EachWire(adapter.validate_python(v) for v in value)
        return adapter.validate_python(value)

    return BeforeValidator(read)


def for_each(value: object, wires: int) -> tuple[object, ...] | None:
    """One value for each of so many wires; None if there are as many values as not wires."""
    if not isinstance(value, EachWire):
        return (value,) * wires
    return tuple(value) if len(value) == wires else None

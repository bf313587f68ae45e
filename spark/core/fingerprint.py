"""When two built modules may share one compiled step: a key of everything static in them.

Seeds are left out: what follows from a seed is an array (a variable or a constant), and arrays are passed
in. Anything that cannot be compared by value counts as unequal, so sharing is never wrong.
"""

import dataclasses
import hashlib
import weakref
from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from spark.core.config import Config
from spark.core.part import Part, is_ours
from spark.core.values import PLAIN
from spark.core.variable import Constant, Variable

# Bookkeeping that is rebuilt for every copy, or follows from what is in the key already.
DERIVED = {
    "config",
    "_clock",
    "_graph",
    "_keeper",
    "_owner_seed",
    "_seed",
    "_mode",
    "_inputs",
    "_outputs",
    "_fault",
    "_held",
    "_known",
    "_form",
    "_inferred",
    "_stand_in",
}


def of(tree: list[tuple[str, Any]], variables: Mapping[str, Any], constants: Mapping[str, Any]) -> tuple[Any, ...]:
    """The key of a built module."""
    parts = []
    for path, module in tree:
        plain = {
            name: freeze(value)
            for name, value in vars(module).items()
            if name not in DERIVED and not _is_leaf_or_part(value)
        }
        ports = tuple(
            (name, s.payload_type, s.shape, s.dtype)
            for specs in (module._inputs, module._outputs)
            for name, s in specs.items()
        )
        parts.append((path, type(module), freeze(module.config), tuple(plain.items()), ports))
    return (
        tuple(parts),
        tuple(sorted(variables.items())),
        tuple(sorted(constants.items())),
    )


def _is_leaf_or_part(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_is_leaf_or_part(v) for v in value.values())
    return isinstance(value, (Part, Variable, Constant))


def without_seed(config: Any) -> Any:
    """The config as a shared template may show it: a seed or a drawn number read from it would be another brain's."""
    if config is None:
        return None
    config = config.as_written
    return config if config.field_or_none("seed") is None else config.model_copy(update={"seed": None})


def _of_field(value: Any) -> Any:
    """Of numbers and texts by name the order may say something: where it does not, they are sorted when given."""
    ordered = isinstance(value, dict) and all(isinstance(v, PLAIN) for v in value.values())
    return (tuple(value), freeze(value)) if ordered else freeze(value)


def freeze(value: Any) -> Any:
    """A hashable form of a plain attribute or a config, without its seeds and what is drawn from them; identity where
    there is none.
    """
    if isinstance(value, Mapping):
        return (type(value), *((k, freeze(value[k])) for k in sorted(value, key=str)))
    if isinstance(value, (list, tuple)):
        return (type(value), *(freeze(v) for v in value))
    if isinstance(value, Config):
        return _of_config(value.as_written)
    if isinstance(value, np.ndarray):
        return Unlike(value) if value.dtype.hasobject else (value.shape, str(value.dtype), _digest(value))
    # 1, 1.0 and True are equal, as are 0.0 and -0.0 and NumPy's numbers of all types, and mean different programs.
    if isinstance(value, np.generic):
        return (value.dtype.str, value.tobytes())
    if isinstance(value, float):
        return (float, value.hex())
    if isinstance(value, (bool, int)):
        return (type(value), value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return (type(value), *(freeze(getattr(value, f.name)) for f in fields))
    try:
        hash(value)
    except TypeError:
        return Unlike(value)
    return value


class Frozen:
    """The form of a config, which is hashed, and looked through by `by_value`, once."""

    def __init__(self, form: tuple[Hashable, ...]) -> None:
        self.form, self.by_value, self._hash = form, by_value(form), hash(form)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Frozen) and self._hash == other._hash and self.form == other.form)


_Object = TypeVar("_Object")
_Value = TypeVar("_Value")


class ByAddress(Generic[_Object, _Value]):
    """A value of each object, by its address, as long as the object lives; for objects that nobody can change."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[weakref.ref[_Object], _Value]] = {}

    def get(self, of: _Object) -> _Value | None:
        """The value of an object, if it has one yet."""
        known = self._values.get(id(of))
        return known[1] if known is not None and known[0]() is of else None

    def put(self, of: _Object, value: _Value) -> None:
        """Remember it."""
        number = id(of)
        self._values[number] = weakref.ref(of, lambda gone: self._values.pop(number, None)), value


# Of configs: a pool's is looked at for itself and for each of its components.
_frozen: ByAddress[Config, Frozen] = ByAddress()
# Of arrays: those of a connectome's table take a second to read.
_digests: ByAddress[np.ndarray, bytes] = ByAddress()


def _of_config(config: Config) -> Frozen:
    """The form of a config as it was written, without its seed; of one that stays as it is made once."""
    known = _frozen.get(config)
    if known is not None:
        return known
    values = {name: getattr(config, name) for name in type(config).model_fields if name != "seed"}
    form = Frozen((type(config), *((name, _of_field(value)) for name, value in values.items())))
    if all(map(_stays, values.values())):
        _frozen.put(config, form)
    return form


def _stays(value: object) -> bool:
    """Whether nobody can change a value that a config holds: no dict, list or object of a user's is in it."""
    if isinstance(value, tuple):
        return all(map(_stays, value))
    if isinstance(value, np.ndarray):
        return value.base is None and not value.flags.writeable
    if isinstance(value, Config):
        return _frozen.get(value.as_written) is not None
    return value is None or isinstance(value, PLAIN)


def _digest(array: np.ndarray) -> bytes:
    """What stands for an array's bytes; of one that owns its numbers and is read-only, as a config's is, found once."""
    known = _digests.get(array)
    if known is not None:
        return known
    digest = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).digest()
    if array.base is None and not array.flags.writeable:
        _digests.put(array, digest)
    return digest


class Unlike:
    """Stands in a key for what cannot be compared: it is like itself alone."""

    def __init__(self, value: Any) -> None:
        # Kept, for another value could get the address of one that is gone.
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unlike) and other.value is self.value


def by_value(key: Any) -> bool:
    """Whether all of a key is numbers, texts, types, or objects of Spark's own that are compared by what they hold.

    Of other objects nobody knows whether they change.
    """
    if isinstance(key, Frozen):
        return key.by_value
    if isinstance(key, (tuple, frozenset)):
        return all(map(by_value, key))
    if key is None or isinstance(key, (str, bytes, int, float, complex, np.dtype)):
        return True
    if isinstance(key, type):
        return is_ours(key) or key.__module__ == "builtins"
    return is_ours(type(key)) and type(key) is not Unlike and type(key).__eq__ is not object.__eq__

"""What was found out about one module, and holds for all that are like it but for their seeds."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import jax

from spark.core import fingerprint, tree
from spark.core.part import Part, is_ours
from spark.core.ports import PortSpec
from spark.core.transform import walk

Fact = TypeVar("Fact")


def key_of(module: Part, inputs: dict[str, PortSpec]) -> tuple[Hashable, ...] | None:
    """All that a step of a built module follows from but numbers in arrays, by value; None where it may follow from
    more.

    That is so where a module holds anything of a user's, since a function that it calls may be written anew meanwhile.
    """
    if not all(is_ours(spec.payload_type) for spec in inputs.values()):
        return None
    arriving = tuple((name, s.payload_type, s.shape, s.dtype, _origin(s)) for name, s in inputs.items())
    key = (_of(module), arriving, jax.config.read("jax_enable_x64"))
    return key if fingerprint.by_value(key) else None


def _of(module: Part) -> Hashable:
    """All that is static in a module and in what is in it; unlike anything else where something of a user's is."""
    parts = walk(module)
    if not all(is_ours(type(part)) for _, part in parts):
        return fingerprint.Unlike(module)
    leaves = (
        {path: (leaf.shape, str(leaf.dtype)) for path, leaf in of(module).items()}
        for of in (tree.variables_of, tree.constants_of)
    )
    return fingerprint.of(parts, *leaves)


def _origin(spec: PortSpec) -> Hashable:
    """The module that a payload is from, where a step may ask it something."""
    if not spec.payload_type.needs_source or spec.source is None:
        return None
    return _of(spec.source) if isinstance(spec.source, Part) else fingerprint.Unlike(spec.source)


class Facts(Generic[Fact]):
    """What was found out last, by key.

    Args:
        most: How many keys are remembered.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Any, Fact] = OrderedDict()
        # Brains are built and explained in several threads at once.
        self._lock = threading.Lock()

    def of(self, key: Any, find: Callable[[], Fact], keeps: Callable[[Fact], bool] = lambda fact: True) -> Fact:
        """The fact of a key, found out if it is not known; nothing is remembered under None, or that is not to be."""
        if key is None:
            return find()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        fact = find()
        if keeps(fact):
            with self._lock:
                self._known[key] = fact
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
        return fact

"""`State` and `Graph`: the two halves of a module that pure functions take and return."""

import weakref
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.arrays import Array
from spark.core.arguments import checked
from spark.core.counter import STEP, Counter
from spark.core.decaying import Shown
from spark.core.errors import Problem, StateError
from spark.core.names import suggestion
from spark.core.narrowing import beyond, python_number
from spark.core.packing import Layout
from spark.core.variable import Bounds


@dataclass(frozen=True, eq=False)
class StateLayout:
    """Where every variable lies, its unit, bounds where it has some, and what is read under another name than kept.

    Shared by all states of one structure.
    """

    layout: Layout
    units: Mapping[str, str]
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    shown: Mapping[str, Shown] = field(default_factory=dict)


# Checksum of each constant that says what elements of variables are of (`Constant.identifies`), by its path.
Identity = Mapping[str, int]


def checksum(array: Array | np.ndarray) -> int:
    """What stands for an array in an `Identity`; of 60 million bytes it takes some hundredths of a second."""
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


class PickledLayout(StateLayout):
    """Of a state that was pickled: it is no structure's, and its state fits where the same variables lie."""


@dataclass(frozen=True, eq=False, repr=False)
class State:
    """All variables of a module, packed in a few arrays; a pytree.

    `state['neurons_pool.soma.potential']` reads one, `state.replace({...})` gives a changed copy.

    Attributes:
        leaves: The arrays in which variables lie one after the other, one for each dtype.
        about: Where in them each lies, and its unit, bounds and address.
        identity: Of the graph that it was made with; None where JAX has transformed it, which keeps arrays alone.
    """

    leaves: tuple[Any, ...]
    about: StateLayout
    identity: Identity | None = None

    @checked
    def __getitem__(self, path: str) -> Any:
        self._known(path)
        self.require_whole()
        if path == STEP:
            return self.about.layout.counter(self.leaves, path)
        shown = self.about.shown.get(path)
        if shown is not None:
            return self.about.layout.read(self.leaves, shown.kept) * shown.how.factor(self[STEP])
        return self.about.layout.read(self.leaves, path)

    def require_whole(self) -> None:
        """See that no call has used the arrays up.

        Raises:
            StateError: One has, as `spark.step` does with the state that it is given.
        """
        if any(isinstance(a, jax.Array) and not isinstance(a, Tracer) and a.is_deleted() for a in self.leaves):
            raise StateError(
                Problem(
                    "state",
                    "its arrays were used up by a call that it was given to, such as `spark.step`",
                    "Go on with the state that the call returned (`brain.load_state(state)` gives it to a brain), or "
                    "give it a copy: `copy.deepcopy(state)`",
                    "used",
                )
            )

    def __deepcopy__(self, memo: Any) -> "State":
        """The same state in arrays of its own, which fits wherever this one does."""
        self.require_whole()
        return State(tuple(jnp.array(leaf) for leaf in self.leaves), self.about, self.identity)

    def __reduce__(self) -> Any:
        self.require_whole()
        about = self.about
        return _unpickled, (self.leaves, about.layout, about.units, dict(about.shown), self.identity)

    def fitted(self, about: StateLayout) -> "State | None":
        """This state for the structure of `about`: its own or, if pickled, one of the same variables; else None."""
        same = self.about is about or (
            isinstance(self.about, PickledLayout)
            and type(self.about.layout) is type(about.layout)
            and dict(self.about.layout.slots) == dict(about.layout.slots)
            and dict(self.about.units) == dict(about.units)
            and dict(self.about.shown) == dict(about.shown)
        )
        return State(self.leaves, about, self.identity) if same else None

    def unlike(self, identity: Identity | None) -> str | None:
        """Path of the first constant by which this is the state of something else than what has this `identity`."""
        mine, other = self.identity or {}, identity or {}
        return next((path for path in mine if path in other and mine[path] != other[path]), None)

    def __contains__(self, path: object) -> bool:
        return path in self.about.layout.slots or path in self.about.shown

    def __iter__(self) -> Iterator[str]:
        return iter(self.about.layout.slots)

    def __len__(self) -> int:
        return len(self.about.layout.slots)

    def paths(self) -> list[str]:
        """Dotted paths of all variables, sorted."""
        return list(self.about.layout.slots)

    @checked
    def unit(self, path: str) -> str:
        """Unit of the variable at `path`."""
        self._known(path)
        return self.about.shown[path].unit if path in self.about.shown else self.about.units[path]

    @checked
    def replace(self, values: Mapping[str, Any]) -> "State":
        """A copy in which variables have new `values`, arrays by path.

        Raises:
            StateError: No such path, or a value has another shape or kind of dtype, is out of its variable's bounds, or
                more than its dtype holds; everything that is wrong.
        """
        problems = [p for path, value in values.items() for p in self.problems(path, value)]
        if problems:
            raise StateError(problems)
        layout, shown, leaves = self.about.layout, self.about.shown, self.leaves
        # At another step what is kept means something else: what is shown stays.
        moved = {path: self[path] for path in shown if shown[path].kept not in values} if STEP in values else {}
        step = Counter.of(values[STEP]) if STEP in values else self[STEP] if shown else None
        for path, value in {**moved, **values}.items():
            kept = shown[path].kept if path in shown else path
            new = jnp.asarray(value).astype(layout.slots[kept].dtype) if path != STEP else step
            leaves = layout.replace(leaves, kept, new / shown[path].how.factor(step) if path in shown else new)
        return State(leaves, self.about, self.identity)

    def problems(self, path: str, value: Any) -> list[Problem]:
        """What is wrong with a new `value` of the variable at `path`: shape, kind, and values out of its bounds.

        Raises:
            StateError: No such path.
        """
        self._known(path)
        slot = self.about.layout.slots[self.about.shown[path].kept if path in self.about.shown else path]
        kind = jnp.int32 if path == STEP else jnp.dtype(slot.dtype)
        given = _kind_of(value)
        if given is None:
            text = f"is no array of numbers, got {type(value).__name__}; expected {slot.shape} {slot.dtype}"
            return [Problem(path, text, "Give an array of the variable's shape and kind", "type")]
        # True is no number.
        fitting = given == kind if bool in (given, kind) else jnp.can_cast(given, kind, "same_kind")
        if np.shape(value) != slot.shape or not fitting:
            return [
                Problem(
                    path,
                    f"cannot take this value, got {np.shape(value)} {given}; expected {slot.shape} {slot.dtype}",
                    "Give an array of the variable's shape and kind",
                    "shape",
                )
            ]
        least, most = self.about.bounds.get(path, (None, None))
        bounded = least is not None or most is not None
        # What JAX holds on another device is not fetched for nothing.
        fits = isinstance(value, np.ndarray | jax.Array) and value.dtype == kind
        if isinstance(value, Tracer) or not np.size(value) or (fits and not bounded):
            return []
        array = np.asarray(value)
        if bounded:
            low, high = array.min(), array.max()
            too_low = not (least is None or python_number(low) >= least)
            if too_low or not (most is None or python_number(high) <= most):
                found = f"{low}" if low == high else f"{low} to {high}"
                below, above = f"at most {most}", f"at least {least}"
                expected = above if most is None else below if least is None else f"{least} to {most}"
                return [Problem(path, f"is out of its bounds, got {found}; expected {expected}", "", "bounds")]
        return [] if path == STEP else beyond(path, array, jnp.dtype(slot.dtype))

    def _known(self, path: str) -> None:
        if path not in self:
            raise StateError(
                Problem(
                    str(path),
                    "is not a variable of this state",
                    suggestion(str(path), [*self.paths(), *self.about.shown], "variable"),
                    "unknown",
                )
            )

    def __repr__(self) -> str:
        return f"State({len(self)} variables in {len(self.leaves)} arrays: {', '.join(self.paths())})"


class Handle:
    """What stands for a structure in what JAX compiles and caches: JAX keeps thousands of these, so it holds nothing.

    Attributes:
        structure: Gives the structure; None once all graphs that have it are gone.
    """

    __slots__ = ("structure",)

    def __init__(self, structure: Any) -> None:
        self.structure: weakref.ref[Any] = weakref.ref(structure)


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """Everything of a module that a step does not change.

    `structure` is static: it is compared by identity, and two modules built from equal configs share one,
    so the second compiles nothing. `constants` (delays, connections, random keys) are arrays that go into a
    step and never come out; they differ from seed to seed, and nothing is compiled again for them. What JAX keeps
    knows the structure by its `handle`, so it does not outlive the modules that have it. The `identity` tells states
    that were made with other connections from its own; None where JAX has transformed it.
    """

    constants: tuple[Any, ...]
    handle: "Handle"
    identity: Identity | None = None
    structure: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "structure", self.handle.structure())

    def __deepcopy__(self, memo: Any) -> "Graph":
        """Itself, since nothing changes it."""
        return self

    def __repr__(self) -> str:
        return f"Graph({self.structure!r})"


def _kind_of(value: Any) -> Any:
    """The dtype of a value, of which whole numbers may have 64 bits; None if it is no array of numbers."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    # To JAX a name is the dtype that is called so, and None the usual one.
    if value is None or isinstance(value, (str, type, np.dtype)):
        return None
    try:
        return jnp.dtype("int32") if whole or getattr(value, "dtype", None) == np.int64 else jnp.result_type(value)
    except TypeError:
        return None


def _unpickled(
    leaves: tuple[Any, ...],
    layout: Layout,
    units: Mapping[str, str],
    shown: Mapping[str, Shown],
    identity: Identity | None = None,
) -> State:
    return State(leaves, PickledLayout(layout, units, shown=shown), identity)


# What is compiled is shared by brains of all seeds: what tells those apart is no part of what JAX compares.
jax.tree_util.register_dataclass(State, data_fields=["leaves"], meta_fields=["about"], drop_fields=["identity"])
jax.tree_util.register_dataclass(Graph, data_fields=["constants"], meta_fields=["handle"], drop_fields=["identity"])

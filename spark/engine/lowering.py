"""Lowering: a brain's step as one native program, where its modules are of kinds that the native code knows.

Which modules are is the builder's business, never the user's: whatever cannot be lowered runs as it is written, and its
results are stored by the same program. Both ways give the same spikes.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from spark.core.payloads import SpikeArray
from spark.core.ports import PortSpec
from spark.core.state import Graph, State
from spark.core.variable import Constant, Variable
from spark.kernels.place import Place
from spark.kernels.program import Program, Waiting


class Lowering:
    """A program under construction for one step of one brain.

    Attributes:
        lazy: Whether changes of weights, and spikes under way, need not stand in the state until somebody reads them,
            or the call ends.
        learning: Where it lies whether the brain learns, int32 (1,); None if it does.
    """

    def __init__(
        self, graph: Graph, state: State, lazy: bool = False, learning: jax.Array | bool | None = None
    ) -> None:
        self.program = Program(state.leaves)
        self.lazy = lazy
        asked = None if learning is None else jnp.asarray(learning).astype(jnp.int32).reshape(1)
        self.learning = None if asked is None else self.program.argument(asked)
        self._graph, self._state = graph, state

    def variable(self, variable: Variable) -> Place:
        """Where a variable lies in the state; instructions change it in place."""
        return self.entry(variable.path)

    def entry(self, path: str) -> Place:
        """Where the state's entry at `path` lies."""
        slot = self._state.about.layout.slots[path]
        return self.program.state(slot.leaf, slot.offset, slot.shape, slot.dtype)

    def constant(self, constant: Constant | Variable) -> Place:
        """Where a constant lies in the graph, or where what changes between steps alone lies in the state."""
        if isinstance(constant, Variable):
            return self.entry(constant.path)
        slot = self._graph.structure.constants.slots[constant.path]
        leaf = self._graph.constants[slot.leaf]
        return self.program.array_within(leaf, slot.offset, slot.shape, slot.dtype)


def native_dtype(spec: PortSpec) -> str:
    """In which dtype native code reads what arrives at a port: numbers as float32, spikes as int8, or as bits."""
    if spec.payload_type.needs_source:
        return str(spec.payload_type.abstract(spec).kept.dtype)
    if issubclass(spec.payload_type, SpikeArray):
        return "int8"
    return "float32" if jnp.issubdtype(jnp.dtype(spec.dtype), jnp.floating) else spec.dtype


class Arriving:
    """What arrives at an input port, in its `native_dtype`.

    Attributes:
        parts: Where what each wire brings lies while the program runs, in the order of the wires.
        source: The component whose property this is, if it is one.
    """

    def __init__(self, *parts: Place, source: Any = None, program: Program | None = None) -> None:
        """Several parts need the program, which joins them where somebody reads them as one array."""
        self.parts = parts
        self.source = source
        self._program = program
        self._joined = parts[0] if len(parts) == 1 else None

    @property
    def place(self) -> Place:
        """Where all of it lies as one array, of one dimension where there are several parts."""
        if self._joined is None:
            assert self._program is not None
            joined = self._program.scratch((sum(part.size for part in self.parts),), self.parts[0].dtype)
            for first, part in zip(firsts(self.parts), self.parts, strict=True):
                self._program.copy(joined.part(first, part.size), part)
            self._joined = joined
        return self._joined

    def elements(self, first: int, last: int) -> tuple[Place, ...]:
        """Where the elements from the first to the one before the last lie, which several parts may hold."""
        found = []
        for begin, part in zip(firsts(self.parts), self.parts, strict=True):
            low, high = max(first - begin, 0), min(last - begin, part.size)
            if low < high:
                found.append(part if (low, high) == (0, part.size) else part.part(low, high - low))
        return tuple(found)


def firsts(parts: Sequence[Place]) -> tuple[int, ...]:
    """The number of the first element of each part of an array that is joined of them."""
    return tuple(itertools.accumulate((part.size for part in parts[:-1]), initial=0))


@dataclass(frozen=True)
class RingInput:
    """What projections give a receptor, which takes it out of their ring itself.

    Attributes:
        ring: Input of the steps to come, float32 (slots, units), whose row of this step is taken and cleared.
        slots: Rows of the ring.
    """

    ring: Place
    slots: int


@dataclass(frozen=True)
class Background:
    """Random events, added where the arrivals of synapses go: key, bounds on random bits, weight of an event."""

    key: Place
    bounds: Place
    weight: float


# What arrives at a component while its instructions are made.
Given = RingInput | Background | Arriving


@dataclass(frozen=True)
class Postponed:
    """What a rule's changes of dense weights at postsynaptic spikes wait in, and what brings a row up to date.

    Attributes:
        waiting: Where they wait.
        coefficients: The rule's table.
        baseline: First weights, if the rule pulls towards them.
        traces: Numbers of presynaptic and postsynaptic traces.
        factors: Decay of the presynaptic ones.
    """

    waiting: Waiting
    coefficients: Place
    baseline: Place | None
    traces: tuple[int, int]
    factors: tuple[float, ...]


@dataclass(frozen=True)
class Change:
    """What a rule does to connections that deliver a spike: its trace, its parameters, a scratch array, a decay."""

    places: tuple[Place, ...]
    factor: float

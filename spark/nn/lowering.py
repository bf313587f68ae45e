"""Lowering: a brain's step as one native program, where its modules are of kinds that the native code knows.

Which modules are is the builder's business, never the user's: whatever cannot be lowered runs as it is written, and its
results are stored by the same program. Both ways give the same spikes.
"""

from typing import Any

from spark.core.payloads import Payload
from spark.core.state import Graph, State
from spark.core.variable import Constant, Variable
from spark.kernels.program import Place, Program


class Lowering:
    """A program under construction for one step of one brain."""

    def __init__(self, graph: Graph, state: State) -> None:
        self.program = Program(state.leaves)
        self._graph, self._state = graph, state

    def variable(self, variable: Variable) -> Place:
        """Where a variable lies in the state; instructions change it in place."""
        return self.entry(variable.path)

    def entry(self, path: str) -> Place:
        """Where the state's entry at `path` lies."""
        slot = self._state.about.layout.slots[path]
        return self.program.state(slot.leaf, slot.offset, slot.shape, slot.dtype)

    def constant(self, constant: Constant) -> Place:
        """Where a constant lies in the graph."""
        slot = self._graph.structure.constants.slots[constant.path]
        leaf = self._graph.constants[slot.leaf]
        return self.program.array_within(leaf, slot.offset, slot.shape, slot.dtype)


class Arriving:
    """What arrives at an input port: as a payload for code in JAX, as a place for the program.

    Attributes:
        source: The component whose property this is, if it is one.
    """

    def __init__(self, payload: Any = None, place: Place | None = None, source: Any = None) -> None:
        self._payload = payload
        self._place = place
        self.source = source

    @property
    def payload(self) -> Payload:
        """The payload, made when it is asked for; parts within a neuron have none."""
        if callable(self._payload):
            self._payload = self._payload()
        return self._payload  # type: ignore[return-value]

    @property
    def place(self) -> Place:
        """The place."""
        assert self._place is not None
        return self._place


def lowers(module: Any) -> bool:
    """Whether this module's own class, not one it inherits from, says that it lowers, and its config allows it."""
    own = vars(type(module)).get("lowers", False) or hasattr(type(module), "blueprint_lowers")
    return bool(own) and module.config.dtype == "float32" and module.can_lower()

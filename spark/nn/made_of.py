"""Modules that are made of modules, as those see them who run them: their parts, and the wires between them."""

from spark.core.module import Module
from spark.core.payloads import Payload
from spark.core.variable import Constant, Variable
from spark.graph.specs import OutputSpec, PortMap
from spark.nn.brain_config import BrainConfig


class OfModules(Module):
    """A module that is a graph of modules with a cache of its own, as a brain is."""

    config: BrainConfig
    cache: dict[str, Variable]
    _names: list[str]
    _wires: dict[str, dict[str, list[PortMap]]]
    _output_wires: dict[str, tuple[PortMap, OutputSpec]]

    def _cached(self, wire: PortMap) -> Payload:
        """What a wire brings from the step before."""
        raise NotImplementedError(f"{type(self).__name__}._cached is not written")


class OfParts(Module):
    """A module that is a graph of components, all of which compute in one step, as a neuron is."""

    units: tuple[int, ...]
    signs: Constant
    _order: list[str]
    _wires: dict[str, dict[str, list[PortMap]]]
    _effects: dict[str, dict[str, str]]

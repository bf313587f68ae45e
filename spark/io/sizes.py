"""How large a brain would be, from its config alone: nothing is built, and no array is made."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from spark.core.config import Config
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn import BrainConfig
from spark.nn.connections import Connectivity
from spark.nn.each_wire import EachWire
from spark.nn.initializers import Initializer
from spark.nn.projections.projection import settings_of

# The fields of presets that say what bare wires mean, and the port at which they end.
_PORTS = {"excitatory": "excitation", "inhibitory": "inhibition", "synapses": "in_spikes"}

# Bytes of an element at a port, for which something stands with a value for each; of a weight in a matrix of all pairs;
# of a connection that is listed with its place; and of one in compressed rows.
_ELEMENT, _DENSE, _LISTED, _ROW = 4, 4, 16, 8


class Sizes:
    """Numbers of elements at the ports of a brain's modules, as far as configs tell.

    Args:
        config: The brain's.
    """

    def __init__(self, config: BrainConfig) -> None:
        self._config = config
        self._known: dict[tuple[str, str], int] = {
            (CALL, name): math.prod(spec.shape) for name, spec in config.input_map.items()
        }

    def of(self, wire: PortMap) -> int:
        """Elements that a wire brings; 1 where that is not known."""
        key = (wire.origin, wire.port)
        if key not in self._known:
            # A module on a circle of wires whose size follows from its inputs counts as one element on the way round.
            self._known[key] = 1
            specs = self._config.modules_map.get(wire.origin)
            self._known[key] = 1 if specs is None else self._out(specs, wire.port)
        return self._known[key]

    def _out(self, specs: ModuleSpecs, port: str) -> int:
        config = specs.config
        if isinstance(config, BrainConfig):
            # What comes out is what its wire brings; the stated shape may be wrong as long as nothing is built.
            entry = config.output_map.get(port)
            return 1 if entry is None else Sizes(config).of(entry.input)
        own = declared(config)
        return own or resolution(config) * sum(self.of(w) for wires in specs.inputs.values() for w in wires)


def declared(config: Config) -> int:
    """Elements that a module's config states for its output; 0 if they follow from its inputs."""
    for name in ("units", "num_outputs"):
        value = config.field_or_none(name)
        if value is not None:
            return math.prod(value) if isinstance(value, tuple) else int(value)
    return 0


def resolution(config: Config) -> int:
    """Outputs for each input of a module whose config states that."""
    return int(config.resolution) if "resolution" in type(config).model_fields else 1  # type: ignore[attr-defined]


def connections(config: BrainConfig) -> int:
    """About how many connections a brain would have: what rules by chance expect, and what is kept of all pairs."""
    return sum(number for _, _, number, _ in _modules(config))


def units(config: BrainConfig, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Path and number of units of every pool: each has at least one variable with a value for every unit."""
    for name, specs in config.modules_map.items():
        path = f"{prefix}modules_map.{name}"
        if isinstance(specs.config, BrainConfig):
            yield from units(specs.config, f"{path}.config.")
        elif "soma" in type(specs.config).model_fields:
            yield f"{path}.config.units", declared(specs.config)


def ports_memory(config: BrainConfig) -> int:
    """About how many bytes stand at the ports of a brain's modules and inputs: 4 for each element."""
    return _ELEMENT * (_inputs(config) + sum(elements for _, elements, _, _ in _modules(config)))


def memory(config: BrainConfig) -> int:
    """About how many bytes a brain would take at least: for each element of a port, and for each connection."""
    return _ELEMENT * _inputs(config) + sum(needed for _, needed in modules_memory(config))


def modules_memory(config: BrainConfig) -> Iterator[tuple[str, int]]:
    """Dotted path of every module, those inside of brains too, and about how many bytes it takes at least."""
    for path, elements, _, needed in _modules(config):
        yield path, _ELEMENT * elements + needed


def _inputs(config: BrainConfig) -> int:
    inner = (specs.config for specs in config.modules_map.values() if isinstance(specs.config, BrainConfig))
    return sum(math.prod(spec.shape) for spec in config.input_map.values()) + sum(map(_inputs, inner))


def _modules(config: BrainConfig, prefix: str = "") -> Iterator[tuple[str, int, int, int]]:
    """Of every module but brains: path, elements at its port, number of connections and the bytes of these."""
    sizes = Sizes(config)
    for name, specs in config.modules_map.items():
        if isinstance(specs.config, BrainConfig):
            yield from _modules(specs.config, f"{prefix}{name}.")
            continue
        number = needed = 0
        for part, synapses in _synapses(specs.config).items():
            port = _PORTS.get(part)
            wires = specs.inputs.get(port, []) if port else [w for ws in specs.inputs.values() for w in ws]
            # A wire with settings of its own takes none from the module.
            bare = [sizes.of(w) for w in wires if w.end is w]
            some, each = _onto(synapses, bare, _units(specs.config))
            number, needed = number + some, needed + some * each
        for wire in _projections(specs):
            some = settings_of(wire).pattern.expected_number((sizes.of(wire),), _units(specs.config))
            number, needed = number + some, needed + some * _ROW
        yield prefix + name, sizes.of(PortMap(name, "")), number, needed


def _projections(specs: ModuleSpecs) -> list[PortMap]:
    """The wires into a module that own their connections: bare ones too, unless the module says what these mean."""
    cls: Any = specs.module_cls
    said = {_PORTS.get(part) for part in _synapses(specs.config)}
    wires = [(port, wire) for port in cls.ports_from(specs.config).projected for wire in specs.inputs.get(port, [])]
    return [wire for port, wire in wires if wire.end is not wire or port not in said]


def _synapses(config: Config) -> Mapping[str, Any]:
    """Configs of synapses: the module's own, or those nested in a neuron's."""
    if "kernel" in type(config).model_fields:
        return {"": config}
    nested = dict(config)
    return {n: c for n, c in nested.items() if isinstance(c, Config) and "kernel" in type(c).model_fields}


def _units(config: Config) -> tuple[int, ...]:
    units = config.field_or_none("units")
    return units if isinstance(units, tuple) else (1,)


def _onto(synapses: Any, sources: list[int], units: tuple[int, ...]) -> tuple[int, int]:
    """How many connections synapses would have from ports of these sizes onto so many units, and the bytes of each."""
    given = synapses.field_or_none("connections")
    if given is None:
        pre = sum(sources)
        kernel = synapses.kernel
        incoming = kernel.incoming(pre) if isinstance(kernel, Initializer) else pre
        return incoming * math.prod(units), _DENSE if incoming == pre else _LISTED
    found = 0
    for i, pre in enumerate(sources):
        one = given[min(i, len(given) - 1)] if isinstance(given, EachWire) and given else given
        found += one.expected_number((pre,), units) if isinstance(one, Connectivity) else pre * math.prod(units)
    return found, _ROW

"""`Brain`: a module made of modules that all advance at once."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jax.typing import ArrayLike

from spark.core import calling
from spark.core.arguments import checked
from spark.core.binding import require_dtype
from spark.core.errors import ModuleError, NotBuiltError, Problem
from spark.core.module import Module
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import Begins, Ports, PortSpec
from spark.core.tree import part_named
from spark.core.variable import Variable
from spark.graph.check import check_names
from spark.graph.specs import CALL, OutputSpec, PortMap
from spark.nn.assembly import Assembly, as_sent, check_outputs, wiring_error
from spark.nn.brain_config import BrainConfig
from spark.nn.config_paths import changed
from spark.nn.connection_table import ConnectionTable, connection_table
from spark.nn.reweighted import changed_variables, new_weights, require_same_connections, rewritten
from spark.nn.successor import carried
from spark.nn.wiring import gather


class Brain(Module):
    """Modules wired into a graph; may itself be a module of a larger brain.

    Order of update in a step: inputs are visible at once; every module reads what the others put out one step
    earlier; outputs are taken from this step's results and cast to their specs; the cache takes the results. So a wire
    between modules costs one step, and the order in which modules are listed changes nothing.

    Input and output ports: those of `config.input_map` and `config.output_map`.
    Variables: those of the modules, and `cache.<module>.<port>` for every port that is read or carries spikes.

    Raises:
        WiringError: At the first call: everything that is wrong with the wiring.
        InputError: At any call: wrong inputs.
    """

    config: BrainConfig
    cache: dict[str, Variable]
    _names: list[str]
    _wires: dict[str, dict[str, list[PortMap]]]
    _output_wires: dict[str, tuple[PortMap, OutputSpec]]

    def declared_inputs(self) -> dict[str, PortSpec]:
        """What this brain takes, by name."""
        return {name: spec.port_spec() for name, spec in self.config.input_map.items()}

    @classmethod
    def ports_from(cls, config: BrainConfig) -> Ports:
        """Ports that a brain of this config will have."""
        inputs = {name: spec.payload_type for name, spec in config.input_map.items()}
        return Ports(inputs, {}, {name: entry.spec.payload_type for name, entry in config.output_map.items()})

    @property
    def draws_under(self) -> str:
        """A transparent brain's modules draw as if they stood in its owner."""
        return self._drawn_as.rpartition(".")[0] if self.config.transparent else self._drawn_as

    @property
    def parts_meet_at_ports(self) -> bool:
        """Its modules do, as long as nobody writes another step."""
        return type(self).__call__ is Brain.__call__

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Signs and traits of its outputs, where the modules they come from know them."""
        return {n: replace(s, signs=self._known[n].signs, traits=self._known[n].traits) for n, s in outputs.items()}

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """A brain's outputs are declared."""
        return {name: entry.spec.port_spec() for name, entry in self.config.output_map.items()}

    def build(self, **inputs: PortSpec) -> None:
        """Check the wiring, build the modules, create the cache."""
        problems = list(dict.fromkeys([*self.config.check(), *check_names(self.config.modules_map, type(self))]))
        if problems:
            raise wiring_error(self.path, problems)
        problems = [
            Problem(
                name,
                f"has the wrong shape, got {inputs[name].shape}; expected {spec.shape}",
                "Change the input_map or what is wired to it",
                "shape",
            )
            for name, spec in self.config.input_map.items()
            if name in inputs and inputs[name].shape != spec.shape
        ]
        if problems:
            raise wiring_error(self.path, problems)
        owner = f"{self.path or type(self).__name__}.config"
        for name, spec in self.config.input_map.items():
            require_dtype(f"{owner}.input_map.{name}.dtype", spec.port_spec().dtype)
        for name, entry in self.config.output_map.items():
            require_dtype(f"{owner}.output_map.{name}.spec.dtype", entry.spec.port_spec().dtype)
        modules = self.config.stepped()
        self._names = sorted(modules)
        self._wires = {n: {p: [w.end for w in ws] for p, ws in modules[n].inputs.items()} for n in self._names}
        self._output_wires = {name: (e.input, e.spec) for name, e in self.config.output_map.items()}
        # What is known of what comes from outside is known inside too, and of what goes out, outside.
        known = {
            PortMap(CALL, n): replace(inputs[n], payload_type=s.payload_type, dtype=s.port_spec().dtype)
            for n, s in self.config.input_map.items()
        }
        for name in self._names:
            self.adopt(name, modules[name].module_cls(modules[name].config))
        parts = {name: part_named(self, name) for name in self._names}
        Assembly(self.path, modules, parts, self._wires, known).build()
        check_outputs(self.path, self._output_wires, known)
        self._make_cache(known)
        self._known = {name: known[wire] for name, (wire, _) in self._output_wires.items()}

    def _make_cache(self, known: dict[PortMap, PortSpec]) -> None:
        read = {w for wires in self._wires.values() for ws in wires.values() for w in ws}
        self._spike_ports: dict[str, str] = {}
        self.cache = {}
        for wire, spec in sorted(known.items(), key=lambda item: (item[0].origin, item[0].port)):
            if wire.origin == CALL:
                continue
            spikes = issubclass(spec.payload_type, SpikeArray)
            if spikes:
                self._spike_ports.setdefault(wire.origin, wire.port)
            if spikes or wire in read:
                kept = spec.payload_type.abstract(spec).kept
                bounds = (-1, 1) if spikes and kept.dtype == np.int8 else (None, None)
                begins = spec.trait(Begins)
                first = np.zeros(kept.shape, kept.dtype) if begins is None else np.array(begins.value, kept.dtype)
                self.cache[f"{wire.origin}.{wire.port}"] = Variable(first, bounds=bounds)

    def __call__(self, **inputs: Payload) -> dict[str, Payload]:
        """Advance one step."""
        own = {
            PortMap(CALL, name): spec.payload_type(inputs[name].value.astype(spec.dtype))
            for name, spec in self.config.input_map.items()
        }

        def read(wire: PortMap) -> Payload:
            return own[wire] if wire in own else self._cached(wire)

        results: dict[PortMap, Payload] = dict(own)
        for name in self._names:
            module = part_named(self, name)
            gathered = {
                port: gather(wires, read, module._inputs[port]) for port, wires in self._wires[name].items() if wires
            }
            for port, payload in module(**gathered).items():
                results[PortMap(name, port)] = payload
        for key, variable in self.cache.items():
            origin, _, port = key.partition(".")
            variable.value = results[PortMap(origin, port)].kept
        return {
            name: spec.payload_type(results[wire].value.astype(spec.dtype))
            for name, (wire, spec) in self._output_wires.items()
        }

    def _cached(self, wire: PortMap) -> Payload:
        part = part_named(self, wire.origin)
        spec = as_sent(part, part._outputs[wire.port])
        return spec.payload_type.from_kept(self.cache[f"{wire.origin}.{wire.port}"].value, spec)

    @checked
    def with_config(self, changes: BrainConfig | Mapping[str, object]) -> "Brain":
        """A brain of a changed config that goes on from this one's state; this one stays as it is.

        A variable keeps its value if it is there in both brains, in the same shape and with the same first value (of
        another floating type, as that type holds both): a changed time constant keeps potentials and weights, other
        first weights begin with those. A pool whose plastic connections are others begins anew.

        Args:
            changes: Values by dotted path, such as `{"pool.soma.threshold": -45.0, "seed": 3}`; or a whole config. A
                path names modules, then fields as configs nest. Components of a pool, projections that end there and
                their rules go by their names in the built brain too: `pool.ampa.tau`, `pool.noise_ampa.weights`,
                `pool.noise_ampa_rule.rate`.

        Raises:
            ConfigError: A path names no field, with the nearest name; or a value does not fit its field.
            ModuleError: The length of a step would change: what is on its way counts in steps.
        """
        config = changes if isinstance(changes, BrainConfig) else changed(self.config, changes)
        if self._mode == calling.NEW:
            return type(self)(config)
        if config.step_length != self.config.step_length:
            raise ModuleError(
                Problem(
                    "dt",
                    f"cannot change while a brain runs, got {config.step_length:g} ms; "
                    f"expected {self.config.step_length:g} ms",
                    "Build another brain: `Brain(config)`",
                    "clash",
                )
            )
        successor = type(self)(config)
        calling.build(successor, successor.declared_inputs())
        successor.load_state(carried(self, successor))
        return successor

    @checked
    def with_weights(self, weights: Mapping[str, ArrayLike]) -> "Brain":
        """A brain with these weights, which goes on from this one's state; this one stays as it is.

        Weights that a rule changes are part of the state: a checkpoint keeps them, but a model file does not
        (`spark.save_model`), and `reset()` goes back to those that the config draws. Others are part of the config:
        their projections become lists of connections (`FromMatrix`), which every file holds, and `reset()` keeps.

        Args:
            weights: By path of a projection, as for `connections`: float (connections,), in the order of
                `connections(path)`, or (targets, sources), as `connections(path).to_matrix()` gives them, also where
                all pairs are connected and the state holds them (pre, post). Of a matrix the elements of the
                connections count; it makes no others, and what a sparse one does not store is 0. Several connections
                of a pair share its element as their weights shared their sum before. In the unit of its receptor.

        Raises:
            ArgumentError: Weights do not fit: their shape, no numbers, positive ones at an inhibitory receptor, some
                outside of the bounds of their rule, or conductances of gap junctions within a pool that differ between
                both directions.
            StateError: There are no connections at a path, with the nearest; or several projections.
            NotBuiltError: The brain was not built yet.
        """
        if self._mode == calling.NEW:
            message = "has no connections yet"
            raise NotBuiltError(Problem(type(self).__name__, message, "Call it once; the first call builds it"))
        new = new_weights(self, weights)
        config = rewritten(self, self.config, new)
        successor = type(self)(config)
        calling.build(successor, successor.declared_inputs())
        successor.load_state(carried(self, successor).replace(changed_variables(self, new)))
        require_same_connections(self, successor, new)
        return successor

    @checked
    def connections(self, path: str) -> ConnectionTable:
        """Who is connected with whom, how strongly and how late, for one projection or group of synapses.

        They are sorted by source and then by target; those of a projection with a rule by source, delay and target, as
        its weights lie in the state and in recordings.

        Args:
            path: Of a projection by its name, such as `pool.ab`; of a receptor, for all its projections whose weights
                stay; of synapses, such as `pool.synapses`; or of a pool that has one group of them.

        Raises:
            StateError: There are no synapses at this path, with the nearest; or several.
            NotBuiltError: The brain was not built yet.
        """
        if self._mode == calling.NEW:
            message = "has no connections yet"
            raise NotBuiltError(Problem(type(self).__name__, message, "Call it once; the first call builds it"))
        return connection_table(self, path)

    def get_spikes_from_cache(self) -> dict[str, SpikeArray]:
        """What each module whose output is spikes put out in the last step, by module name."""
        return {name: SpikeArray(self._cached(PortMap(name, port)).value) for name, port in self._spike_ports.items()}

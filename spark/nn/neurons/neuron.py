"""`Neuron`: the one class that builds every pool, from a blueprint of components."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem, WiringError
from spark.core.module import Module
from spark.core.names import did_you_mean
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.core.tree import part_named
from spark.core.values import Number, Shape
from spark.core.variable import Constant
from spark.graph.check import check_names, check_wires, outputs_of, properties_of
from spark.graph.order import build_order, is_cycle
from spark.graph.specs import CALL, ModuleSpecs, PortMap
from spark.nn.plasticity.rule import Rule
from spark.nn.wiring import gather, joined_spec

INHIBITORY_RATE = (
    "Fraction of units whose spikes are negative; where a receptor opens a conductance, they act as all others."
)


class NeuronConfig(ModuleConfig):
    """Base of a neuron's config: the pool's shape, and a blueprint of its components.

    A subclass adds a nested config for each component and writes `blueprint`. `units`, `dt` and `dtype` are handed
    down to nested configs that have the field.
    """

    handed_down: ClassVar[tuple[str, ...]] = ("units", "dt", "dtype")
    units: Shape = field(description="Shape of the pool, such as (256,).")
    inhibitory_rate: Number = field(0.2, least=0, most=1, description=INHIBITORY_RATE)

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The components and their wires; a subclass writes it.

        A wire begins at the neuron's own input (`PortMap('__call__', 'in_spikes')`), at an output port of a component,
        or at a property that it exposes; an effect writes an output port into a property. All components compute
        in one step, in the order of the wires; the one called `soma` gives the neuron's spikes.
        """
        raise NotImplementedError(f"{type(self).__name__}.blueprint is not written")


class NeuronOutput(TypedDict):
    """What every neuron puts out."""

    out_spikes: SpikeArray


class Neuron(Module):
    """A pool of units, made of the components of its config's blueprint.

    Order of update in a step: components in the order of their wires, within the same step; then effects (a rule
    writes the weights); then spikes take their unit's sign: `round(inhibitory_rate * units)` units, drawn at build,
    put out -1.

    Input ports: `in_spikes`, any shape. Output ports: `out_spikes`, int8, shape of the units.
    Constants: `signs`, int8, -1 for inhibitory units.

    Raises:
        WiringError: Everything that is wrong with the blueprint.
    """

    config: NeuronConfig
    soma: Module
    units: tuple[int, ...]
    signs: Constant
    _order: list[str]
    _wires: dict[str, dict[str, list[PortMap]]]
    _effects: dict[str, dict[str, str]]
    own_ports: ClassVar[dict[str, type[Payload]]] = {"in_spikes": SpikeArray}
    unit_ports = ("out_spikes",)

    def build(self, **inputs: PortSpec) -> None:
        """Build the components in the order of their wires."""
        self.units = self.config.units
        try:
            listed = self.parts_for(frozenset(inputs))
        except ConfigError as error:
            raise error.under(self.path or type(self).__name__) from error
        blueprint = {specs.name: specs for specs in listed}
        problems = check_names((specs.name for specs in listed), type(self))
        problems += check_wires(blueprint, self.ports_within(inputs), properties=True)
        problems += _check_effects(blueprint)
        feeds = {name: [o for o in _output_origins(specs, blueprint)] for name, specs in blueprint.items()}
        groups = build_order(feeds)
        problems += [
            Problem(
                ", ".join(group),
                "components of a neuron feed each other in a cycle within one step",
                "Wire the way back through a property, or put the parts in a brain",
                "cycle",
            )
            for group in groups
            if is_cycle(group, feeds)
        ]
        if "soma" not in blueprint:
            problems.append(Problem("soma", "is missing from the blueprint", "Name one component 'soma'", "missing"))
        if problems:
            raise WiringError(problems).under(self.path or type(self).__name__)
        known = self.known_properties()
        self._order = _same_step_order([g[0] for g in groups], blueprint, set(known))
        self._wires = {name: dict(blueprint[name].inputs) for name in self._order}
        self._effects = {name: dict(blueprint[name].effects) for name in self._order}
        self._build_parts(blueprint, inputs, known)
        self._check_spikes()
        self._check_effect_shapes()
        self.signs = Constant(self._draw_signs())

    def parts_for(self, fed: frozenset[str]) -> tuple[ModuleSpecs, ...]:
        """The components, for the input ports that are `fed`; a neuron with optional ports overrides it."""
        return self.config.blueprint()

    def ports_within(self, inputs: Mapping[str, PortSpec]) -> dict[str, type[Payload]]:
        """What components can wire from `'__call__'`, by name, once `inputs` arrive."""
        return self.own_ports

    def known_properties(self) -> dict[PortMap, PortSpec]:
        """Properties whose specs are known before their owner is built, so that components before it may read them: as
        the last step left them.
        """
        return {}

    def _build_parts(
        self, blueprint: dict[str, ModuleSpecs], arriving: dict[str, PortSpec], promised: dict[PortMap, PortSpec]
    ) -> None:
        known = {PortMap(CALL, port): spec for port, spec in arriving.items()} | promised
        for name in self._order:
            part = blueprint[name].module_cls(blueprint[name].config)
            self.adopt(name, part)
            inputs: dict[str, PortSpec] = {}
            for port, wires in self._wires[name].items():
                specs = [known.get(w) or self._property_spec(w) for w in wires]
                joined = joined_spec(f"{part.path}.{port}", specs)
                if isinstance(joined, Problem):
                    raise WiringError(joined)
                inputs[port] = joined
            for port, spec in part.prepare(inputs).items():
                known[PortMap(name, port)] = replace(spec, source=part)
        self._check_known_properties(promised)

    def _check_known_properties(self, known: dict[PortMap, PortSpec]) -> None:
        problems = []
        for wire, promised in known.items():
            found = PortSpec.of(part_named(self, wire.origin).read(wire.port))
            if (found.shape, found.dtype) != (promised.shape, promised.dtype):
                problems.append(
                    Problem(
                        f"{self.path or type(self).__name__}.{wire.origin}.{wire.port}",
                        f"is not what components were built for, got {found.shape} {found.dtype}; "
                        f"expected {promised.shape} {promised.dtype}",
                        "Keep one number for each unit, in the config's dtype",
                        "contract",
                    )
                )
        if problems:
            raise WiringError(problems)

    def _property_spec(self, wire: PortMap) -> PortSpec:
        part = part_named(self, wire.origin)
        return replace(PortSpec.of(part.read(wire.port)), source=part)

    def _check_spikes(self) -> None:
        spec = self.soma.output_specs.get("spikes")
        address = f"{self.soma.path}.spikes"
        if spec is None or spec.shape != self.units:
            text = f"has the wrong shape, got {spec.shape if spec else 'no such port'}; expected {self.units}"
            raise WiringError(Problem(address, text, "The soma puts out one spike for each unit", "shape"))
        if spec.dtype != SpikeArray.default_dtype:
            text = f"has the wrong dtype, got {spec.dtype}; expected {SpikeArray.default_dtype}"
            raise WiringError(Problem(address, text, "Write `SpikeArray(fired.astype(jnp.int8))`", "dtype"))

    def _check_effect_shapes(self) -> None:
        """A transposed kernel has the same size: written back unnoticed, it would scramble the weights."""
        problems = []
        for name, effects in self._effects.items():
            for port, target in effects.items():
                part = part_named(self, name)
                got, expected = part.output_specs[port].shape, self._property_spec(PortMap(*target.split("."))).shape
                if got != expected:
                    problems.append(
                        Problem(
                            f"{part.path}.{port}",
                            f"has another shape than '{target}', which it writes, got {got}; expected {expected}",
                            "Put out a new value of the property, of its shape",
                            "shape",
                        )
                    )
        if problems:
            raise WiringError(problems)

    def _draw_signs(self) -> np.ndarray:
        count = int(np.prod(self.units))
        signs = np.ones(count, np.int8)
        inhibitory = round(self.config.inhibitory_rate * count)
        signs[self.generator.permutation(count)[:inhibitory]] = -1
        return signs.reshape(self.units)

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Which units are inhibitory."""
        return {name: replace(spec, signs=self.signs.initial) for name, spec in outputs.items()}

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """A neuron's output is known before its inputs are, so it may feed itself."""
        return {"out_spikes": PortSpec(SpikeArray, self.config.units, "int8")}

    @property
    def parts_meet_at_ports(self) -> bool:
        """Components do, as long as nobody writes another step."""
        return type(self).__call__ is Neuron.__call__ and type(self).advance is Neuron.advance

    def __call__(self, in_spikes: SpikeArray) -> NeuronOutput:
        """Advance one step."""
        return self.advance(in_spikes=in_spikes)

    def advance(self, **arriving: Payload) -> NeuronOutput:
        """Run the components and the effects on what is `arriving` at the neuron's ports, by name."""
        results: dict[PortMap, Payload] = {PortMap(CALL, port): found for port, found in arriving.items()}

        def read(wire: PortMap) -> Payload:
            return results[wire] if wire in results else part_named(self, wire.origin).read(wire.port)

        for name in self._order:
            part = part_named(self, name)
            inputs = {port: gather(wires, read, part._inputs[port]) for port, wires in self._wires[name].items()}
            for port, payload in part(**inputs).items():
                results[PortMap(name, port)] = payload
        for name, effects in self._effects.items():
            for port, target in effects.items():
                owner, _, held = target.partition(".")
                changed = results[PortMap(name, port)].value
                if self.is_learning is not True and isinstance(part_named(self, name), Rule):
                    changed = jnp.where(self.is_learning, changed, part_named(self, owner).read(held).value)
                part_named(self, owner).write(held, changed)
        spikes: Any = results[PortMap("soma", "spikes")].value
        signs = jnp.asarray(self.signs.value)
        return {"out_spikes": SpikeArray((spikes.astype(jnp.int8) * signs).astype(jnp.int8))}


def _output_origins(specs: ModuleSpecs, blueprint: dict[str, ModuleSpecs]) -> list[str]:
    """Components whose outputs of this step feed these inputs; a property is no such feed."""
    return [
        wire.origin
        for wires in specs.inputs.values()
        for wire in wires
        if wire.origin in blueprint and wire.port in outputs_of(blueprint[wire.origin])
    ]


def _same_step_order(names: list[str], blueprint: dict[str, ModuleSpecs], early: set[PortMap]) -> list[str]:
    """Order of computation; whoever reads a property comes after its owner is built, but for those known early."""
    done: list[str] = []
    waiting = list(names)
    before = {
        name: {w.origin for wires in blueprint[name].inputs.values() for w in wires if w not in early} - {CALL, name}
        for name in names
    }
    while waiting:
        ready = [n for n in waiting if before[n] <= set(done)]
        done.extend(ready or waiting[:1])
        waiting = [n for n in waiting if n not in done]
    return done


def _check_effects(blueprint: dict[str, ModuleSpecs]) -> list[Problem]:
    problems = []
    held = [f"{name}.{prop}" for name, specs in blueprint.items() for prop in properties_of(specs)]
    for name, specs in blueprint.items():
        for port, target in specs.effects.items():
            if port not in outputs_of(specs):
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        f"an effect begins at an output port, got {port!r}; "
                        f"expected one of {sorted(outputs_of(specs))}",
                        did_you_mean(port, outputs_of(specs), "Name one of those"),
                        "unknown-port",
                    )
                )
            if target not in held:
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        "an effect writes a property that a component lists in `exposes`, "
                        f"got {target!r}; expected one of {sorted(held)}",
                        did_you_mean(target, held, "Name one of those"),
                        "unknown-port",
                    )
                )
    return problems

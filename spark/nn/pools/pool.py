"""`Pool`: units of any soma, with any receptors, fed by projections."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import jax.numpy as jnp

from spark.core.config import field
from spark.core.errors import ConfigError, Problem, WiringError
from spark.core.names import did_you_mean, illegal
from spark.core.payloads import CurrentArray, FloatArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import Begins, MeasuredFrom, Ports, PortSpec
from spark.core.values import Number
from spark.graph.specs import ModuleSpecs, PortMap
from spark.nn.neurons.neuron import INHIBITORY_RATE, Neuron, NeuronConfig, NeuronOutput
from spark.nn.pools.blueprint import fires_alone, parts_of, soma_of
from spark.nn.pools.by_name import Backgrounds, Dendrites, Onto, Receptors
from spark.nn.pools.feeds import Usual, feeds_of, inhibitory
from spark.nn.pools.rewired import refuse_wrong_rewiring, rewire_due, rewired, rewiring_steps
from spark.nn.projections.projection import Projection
from spark.nn.receptors import ExponentialCurrentConfig
from spark.nn.somas.integrate_and_fire import IntegrateAndFireSomaConfig
from spark.nn.somas.soma import SomaConfig

Whole = TypeVar("Whole")
Piece = TypeVar("Piece")


def _exposed_by(soma: SomaConfig) -> dict[str, type[Payload]]:
    return soma.made().exposed_by(soma)


class PoolConfig(NeuronConfig):
    """Which soma the units have, and through which receptors they are reached."""

    inhibitory_rate: Number = field(0.0, least=0, most=1, description=INHIBITORY_RATE)
    soma: SomaConfig = field(factory=IntegrateAndFireSomaConfig, description="The soma: the config of any.")
    receptors: Receptors = field(
        factory=lambda: {"excitation": ExponentialCurrentConfig()},
        description="The receptors by name, each the config of any; in the order of their names they are input ports.",
    )
    dendrites: Dendrites = field(factory=dict, description="Dendrites by name, each the config of any.")
    onto: Onto = field(
        factory=dict, description="On which dendrite a receptor lies, by the receptor's name; others lie on the soma."
    )
    modulators: tuple[str, ...] = field((), description="Further input ports, which modulate rules of projections.")
    exposes: tuple[str, ...] = field(
        (), description="Properties of the soma that are output ports too, such as `potential`."
    )
    background: Backgrounds = field(
        factory=dict, description="Random events onto every unit, by the receptor at which they arrive."
    )

    def all_step_problems(self) -> list[Problem]:
        """Those of receptors too."""
        inner = [p.under(f"receptors.{n}") for n, r in self.receptors.items() for p in r.all_step_problems()]
        inner += [p.under(f"dendrites.{n}") for n, d in self.dendrites.items() for p in d.all_step_problems()]
        inner += [p.under(f"background.{n}") for n, b in self.background.items() for p in b.all_step_problems()]
        return [*super().all_step_problems(), *inner]

    def problems(self) -> list[Problem]:
        """Names that differ, and a soma that takes what the receptors bring."""
        found = super().problems()
        for name in sorted(set(self.background) - set(self.receptors)):
            text = f"names no receptor, got {name!r}; expected one of {sorted(self.receptors)}"
            found.append(
                Problem("background", text, did_you_mean(name, self.receptors, "Name one of those"), "unknown")
            )
        for name in self.modulators:
            why = illegal(name) or (f"{name!r} is a receptor" if name in self.receptors else None)
            if why:
                found.append(Problem("modulators", why, "Choose another name", "name"))
        found += self._unexposed()
        found += self._misplaced()
        found += self._without_spikes()
        found += [p.under(f"receptors.{name}") for name, receptor in self.receptors.items() for p in receptor.unmade()]
        return [*found, *(p.under("soma") for p in self.soma.unmade())]

    def _misplaced(self) -> list[Problem]:
        """Receptors and dendrites that `onto` names and the pool does not have, and names that are given twice."""
        found = [
            Problem("dendrites", f"has the name of a receptor, got {name!r}", "Names must differ", "name")
            for name in sorted(set(self.dendrites) & {*self.receptors, *self.modulators})
        ]
        for names, known, what in (
            (self.onto.keys(), self.receptors, "receptor"),
            (self.onto.values(), self.dendrites, "dendrite"),
        ):
            for name in sorted(set(names) - set(known)):
                text = f"names no {what}, got {name!r}; expected one of {sorted(known)}"
                found.append(Problem("onto", text, did_you_mean(name, known, "Name one of those"), "unknown"))
        return [*found, *(p.under(f"dendrites.{n}") for n, d in self.dendrites.items() for p in d.unmade())]

    def _without_spikes(self) -> list[Problem]:
        """Random events at receptors that take no spikes, and receptors of potentials that lie on a dendrite."""
        takes: dict[str, type[Payload]] = {n: r.made().takes for n, r in self.receptors.items() if not r.unmade()}
        found = [
            Problem(
                f"background.{name}",
                f"is of spikes, got the receptor {type(self.receptors[name]).__name__}, which takes "
                f"{takes[name].__name__}; expected one that takes spikes",
                "Leave it out",
                "receptor",
            )
            for name in sorted(self.background)
            if name in takes and issubclass(takes[name], CurrentArray | PotentialArray)
        ]
        found += [
            Problem(
                f"onto.{name}",
                f"couples potentials of somas, got {type(self.receptors[name]).__name__} on the dendrite "
                f"{self.onto[name]!r}, whose own is another; charge would be lost",
                "Leave it on the soma",
                "receptor",
            )
            for name in sorted(self.onto)
            if name in takes and issubclass(takes[name], PotentialArray)
        ]
        return [*found, *self._negative_events()]

    def _negative_events(self) -> list[Problem]:
        """Random events of negative weight at receptors that have a sign of their own."""
        found = []
        for name in sorted(n for n, events in self.background.items() if events.weight < 0 and n in self.receptors):
            config = self.receptors[name]
            opens = not config.unmade() and config.made().only_opens(config)
            if opens or inhibitory(config):
                what = "a conductance" if opens else "an inhibitory receptor"
                text = f"must be at least 0 at {what}, got {self.background[name].weight:g}"
                found.append(Problem(f"background.{name}.weight", text, "Give the size alone", "bounds"))
        return found

    def _unexposed(self) -> list[Problem]:
        """What is to be exposed and no property of the soma is."""
        known = () if self.soma.unmade() else tuple(_exposed_by(self.soma))
        text = f"is no property of {type(self.soma).__name__}'s soma, got {{!r}}; expected one of {sorted(known)}"
        return [
            Problem("exposes", text.format(name), did_you_mean(name, known, "Name one of those"), "unknown")
            for name in self.exposes
            if name not in known and not self.soma.unmade()
        ]

    def to_dict(self) -> dict[str, object]:
        """Plain data; receptors, dendrites and backgrounds leave out what the pool hands down."""
        listed = {"receptors": self.receptors, "dendrites": self.dendrites, "background": self.background}
        return {**super().to_dict(), **{f: {n: c.owned() for n, c in configs.items()} for f, configs in listed.items()}}

    def handed_down_to(self, listed: str) -> dict[str, Any]:
        """The `receptors` or `dendrites`, with the pool's shape, step and dtype.

        Raises:
            ConfigError: One was given others.
        """
        made = {}
        for name, config in {"receptors": self.receptors, "dendrites": self.dendrites}[listed].items():
            try:
                made[name] = config.handed(units=self.units, dt=self.dt, dtype=self.dtype)
            except ConfigError as error:
                own = error.relative_to(type(config).__name__)
                raise own.under(f"config.{listed}.{name}") from error
        return made

    def blueprint(self) -> tuple[ModuleSpecs, ...]:
        """The components without any projection."""
        return parts_of(self, ())


class Pool(Neuron):
    """A pool of units of one soma, reached through named receptors.

    A wire into a receptor is a projection (`Projection`; a bare `PortMap` is one with the defaults). What several
    projections bring to one receptor adds up. A receptor without a wire is not there.

    Order of update in a step: projections deliver; receptors turn what arrives into currents, conductances and jumps;
    these are summed, by the soma and by each dendrite; dendrites put out a current, which the soma's sum takes in; the
    soma integrates, and fires; rules change the weights.

    Input ports: the receptors (`SpikeArray` of any shape, or `CurrentArray`, shape of the units, for injected currents;
    those of the defaults are `excitation` and `inhibition`), and the `modulators` (`FloatArray`, one number or one for
    each unit). Output ports: `out_spikes`, int8, shape of the units; each property of the soma that the config
    `exposes`, as the step leaves it.
    Parts: `soma`; each receptor by its name; each projection with a rule by its name, and `<name>_rule`;
    `<receptor>_projections`, the other projections of a receptor; `total`, the sum; each dendrite by its name, and
    `<name>_total`, the sum of what ends there.

    Raises:
        WiringError: Everything that is wrong with the wires.
        ConfigError: The soma does not take what a receptor brings.
    """

    config: PoolConfig
    # Receptors of which a preset's config says what bare wires into them mean.
    preset_ports: ClassVar[tuple[str, ...]] = ()
    # Parts whose settings a preset's config has in a field of another name: that field, by the name of the part.
    set_by: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def ports_from(cls, config: PoolConfig) -> Ports:
        """The receptors and the modulators; a receptor is wired, unless random events or the soma let units fire."""
        made: dict[str, Any] = {name: receptor.made() for name, receptor in config.receptors.items()}
        receptors = {name: receptor.takes for name, receptor in made.items()}
        optional: dict[str, Any] = dict.fromkeys(config.modulators, FloatArray)
        projected = tuple(name for name, payload in receptors.items() if not issubclass(payload, CurrentArray))
        properties = _exposed_by(config.soma)
        outputs = {"out_spikes": SpikeArray, **{name: properties[name] for name in config.exposes}}
        if config.background or fires_alone(config.soma):
            return Ports({}, {**receptors, **optional}, outputs, projected=projected)
        if len(receptors) == 1:
            return Ports(receptors, optional, outputs, projected=projected)
        return Ports({}, {**receptors, **optional}, outputs, tuple(receptors), projected)

    def build(self, **inputs: PortSpec) -> None:
        """Build the components for the wires that there are."""
        owner = self.path or type(self).__name__
        described = self.described()
        self._modulators = described.modulators
        self._feeds, within = feeds_of(owner, described.receptors, inputs, self.usual())
        self._refuse_wrong_modulators(owner, inputs)
        self._refuse_unread(owner, inputs)
        super().build(**within, **{name: inputs[name] for name in self._modulators if name in inputs})
        refuse_wrong_rewiring(self, self._feeds, self.config.dt, owner)

    def pauses(self) -> tuple[int, ...]:
        """Where connections of a projection are replaced."""
        return tuple(rewiring_steps(drawn, self.config.dt) for drawn in rewired(self._feeds))

    def pause(self, done: int) -> None:
        """Replace them."""
        rewire_due(self, self._feeds, self.config.dt, done)

    def described(self) -> PoolConfig:
        """The soma and the receptors; a preset makes them of its own config."""
        return self.config

    def usual(self) -> Usual | None:
        """What bare wires into `preset_ports` mean; into others they are projections with the defaults."""
        return None

    def unread(self, port: str) -> dict[str, str]:
        """Settings of bare wires into one of `preset_ports`, `port`, that were given, by address, with their values."""
        return {}

    def _refuse_unread(self, owner: str, inputs: Mapping[str, PortSpec]) -> None:
        """Refuse what is said of bare wires into a port where every wire says itself what it is.

        Raises:
            ConfigError: Names each setting.
        """
        problems = [
            Problem(
                f"{owner}.config.{address}",
                f"has no effect, got {value}: every wire into {port!r} has settings of its own",
                "Give them to the wire, with all else that it is to be; or leave the wire bare",
                "no-effect",
            )
            for port in self.preset_ports
            if port in inputs and all(isinstance(wire.wire, Projection) for wire in inputs[port].wires)
            for address, value in self.unread(port).items()
        ]
        if problems:
            raise ConfigError(problems)

    def _refuse_wrong_modulators(self, owner: str, inputs: Mapping[str, PortSpec]) -> None:
        problems = [
            Problem(
                f"{owner}.{drawn.name}.modulator",
                f"is no wired modulator of the pool, got {drawn.modulator!r}; "
                f"expected one of {sorted(n for n in self._modulators if n in inputs)}",
                f"List it in `modulators` of {owner}, and wire it",
                "modulation",
            )
            for feed in self._feeds
            for drawn in feed.projections
            if drawn.modulator is not None and drawn.modulator not in inputs.keys() & set(self._modulators)
        ]
        named = {drawn.modulator for feed in self._feeds for drawn in feed.projections}
        problems += [
            Problem(
                f"{owner}.{name}",
                "is wired, but modulates no rule",
                "Give a rule an `eligibility_tau` (the config of a rule of your own says by a property `modulated` "
                "that it has the port), and name it as the `modulator` of its projection; or unwire it",
                "modulation",
            )
            for name in self._modulators
            if name in inputs and name not in named
        ]
        problems += [
            Problem(
                f"{owner}.{name}",
                f"is wired {len(inputs[name].wires)} times, and would take what each wire brings for other units; "
                "expected one wire",
                "Add the modulations up in a module of your own, and wire that; or give each projection a modulator of "
                "its own",
                "modulation",
            )
            for name in self._modulators
            if name in inputs and len(inputs[name].wires) > 1
        ]
        if problems:
            raise WiringError(problems)

    def parts_for(self, fed: frozenset[str]) -> tuple[ModuleSpecs, ...]:
        """The components, for the feeds that there are."""
        return parts_of(self.described(), self._feeds)

    def ports_within(self, inputs: Mapping[str, PortSpec]) -> dict[str, type[Payload]]:
        """The feeds and the modulators."""
        return {name: spec.payload_type for name, spec in inputs.items()}

    def known_properties(self) -> dict[PortMap, PortSpec]:
        """Potentials, which receptors read before soma and dendrites compute, and who fired in the last step."""
        soma, config = soma_of(self.described())
        dendrites = self.described().handed_down_to("dendrites")
        found = {"soma": (soma, config), **{name: (made.made(), made) for name, made in dendrites.items()}}
        units = self.config.units
        known = {
            PortMap(name, "potential"): PortSpec(
                made.exposed_by(config)["potential"], units, config.dtype, traits=(MeasuredFrom(made.rest(config)),)
            )
            for name, (made, config) in found.items()
            if "potential" in made.exposed_by(config)
        }
        if "spiked" in {specs.name for specs in self.parts_for(frozenset())}:
            known[PortMap("spiked", "fired")] = PortSpec(SpikeArray, units, "int8")
        return known

    def exposed(self) -> tuple[str, ...]:
        """Properties of the soma that are output ports."""
        return self.described().exposes

    def _measured(self, name: str) -> tuple[MeasuredFrom, ...]:
        soma, config = soma_of(self.described())
        in_millivolts = issubclass(soma.exposes[name], PotentialArray)
        return (MeasuredFrom(soma.zero_of(name, config)),) if in_millivolts else ()

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """Known before its inputs are; a property's shape and dtype are those of one number for each unit."""
        c, soma = self.config, soma_of(self.described())[0]
        made = {n: PortSpec(soma.exposes[n], c.units, c.dtype, traits=self._measured(n)) for n in self.exposed()}
        return {**super().output_contract(**known), **made}

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Which units are inhibitory; what properties are measured from, and what they are at the beginning."""
        found = super().describe_outputs(outputs)
        for name in self.exposed():
            begins = Begins(self.soma.behind(name).reset_value)
            found[name] = replace(outputs[name], traits=(*self._measured(name), begins))
        return found

    @property
    def parts_meet_at_ports(self) -> bool:
        """Components do, as long as nobody writes another step."""
        return type(self).__call__ is Pool.__call__ and type(self).advance is Pool.advance

    def by_feed(
        self,
        arriving: Mapping[str, Whole],
        elements: Callable[[Whole, int, int], Piece],
        join: Callable[[list[Piece]], Whole],
    ) -> dict[str, Whole]:
        """What arrives, by feed, whatever stands for it.

        Args:
            arriving: By input port: a payload, or where one lies.
            elements: `elements(whole, first, last)` is the piece of what arrives at a port, shape of so many elements.
            join: `join(pieces)` is what a feed takes, of shape (elements,).
        """
        found = {name: arriving[name] for name in self._modulators if name in arriving}
        for feed in self._feeds:
            whole = arriving[feed.port]
            found[feed.name] = whole if feed.whole else join([elements(whole, *range_) for range_ in feed.ranges])
        return found

    def __call__(self, **inputs: Payload) -> NeuronOutput:
        """Advance one step."""

        def elements(whole: Payload, first: int, last: int) -> Payload:
            return type(whole)(whole.value.reshape(-1)[first:last])

        def join(payloads: list[Payload]) -> Payload:
            if len(payloads) == 1:
                return payloads[0]
            return type(payloads[0])(jnp.concatenate([payload.value for payload in payloads]))

        made: Any = self.advance(**self.by_feed(inputs, elements, join))
        made |= {name: self.soma.read(name) for name in self.exposed()}
        return made

"""How each class of the catalogue comes to stand in a random brain: its ports, its config, and what it puts out.

A recipe is made with the shapes of what it puts out, so that wires may run in circles; once the wires are drawn, it
writes the config that fits them. Weights and drives are such that pools fire some tens of times a second.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fuzz.origins import Draw, Origin, Shape, connectivity, delays, positive_values
from spark import FloatArray, PortMap, Projection, SpikeArray
from spark.nn import connections, initializers, neurons, plasticity
from spark.nn.projections import Rewiring, TsodyksMarkramConfig

Wires = Sequence[Origin]


class Recipe:
    """A module to be.

    Attributes:
        ports: Payload type by input port.
        wires: How many wires at least and at most, by input port; one unless said.
        follows: The port whose shape its outputs have.
        module: The class.
    """

    module: ClassVar[type]
    ports: dict[str, type] = {}
    wires: dict[str, tuple[int, int]] = {}
    follows: ClassVar[str] = ""

    def __init__(self, draw: Draw, name: str) -> None:
        self.draw, self.name = draw, name
        self.prepare()

    def prepare(self) -> None:
        """Choose what the outputs depend on."""

    def outputs(self, inputs: dict[str, Wires]) -> list[Origin]:
        """What it puts out; `inputs` hold the port whose shape it `follows`, if there is one."""
        raise NotImplementedError

    def config(self, inputs: dict[str, Wires]) -> Any:
        """The config that fits these wires."""
        raise NotImplementedError

    def wired(self, port: str, wires: Wires) -> list[PortMap]:
        """The wires into a port."""
        return [origin.wire for origin in wires]

    def origin(self, port: str, payload: type, shape: Shape, dtype: str = "", signed: bool = False) -> Origin:
        """An output port of this module."""
        return Origin(PortMap(self.name, port), payload, shape, dtype or payload.default_dtype, signed)

    def common(self, **fields: Any) -> dict[str, Any]:
        """Fields of every config."""
        return {"dtype": self.draw.state_dtype(), **fields}


def joined(wires: Wires) -> Shape:
    """Shape of what several wires bring."""
    return wires[0].shape if len(wires) == 1 else (sum(o.size for o in wires),)


class Pool(Recipe):
    """A neuron: it puts out spikes of its own units."""

    def prepare(self) -> None:
        self.units = self.draw.units()
        self.inhibitory = self.draw.choice([0.0, 0.2, 0.5])

    def outputs(self, inputs):
        return [self.origin("out_spikes", SpikeArray, self.units, signed=self.inhibitory > 0)]


def rule_config(draw: Draw, kind: type, modulated: bool, greatest: float) -> Any:
    """A rule that changes weights visibly within some hundred steps, with room for first weights of `greatest`."""
    config = kind.config_class()
    fields: dict[str, Any] = {}
    if modulated:
        fields["eligibility_tau"] = draw.number_in(10.0, 80.0)
        if draw.chance(0.5):
            fields["consolidation"] = draw.dt * draw.whole(2, 9)
    if kind is plasticity.ZenkeRule:
        return config(gamma=draw.number_in(0.002, 0.02), **fields)
    if issubclass(kind, plasticity.ConnectionRule):
        return config(maximum=max(draw.number_in(40.0, 80.0), greatest), **_visibly(draw, kind), **fields)
    if draw.chance(0.3):
        fields["soft_bounds"] = True
    if draw.chance(0.3):
        fields |= {"minimum": 0.0, "maximum": 60.0}
    if "nearest" in config.model_fields and draw.chance(0.4):
        fields["nearest"] = True
    if kind is plasticity.OjaRule and draw.dt < 0.5:
        # Its decay goes with the square of a trace, which adds up to hundreds where a unit fires in each short step:
        # then weights overshoot, and a rounding error grows by a thousand with each spike.
        fields["post_tau"] = 4.0 * draw.dt
    if kind is plasticity.QuadrupletRule:
        fields |= {"a4_plus": 0.002, "a4_minus": 0.001}
    return config(rate=draw.number_in(1.0, 6.0), **fields)


def _visibly(draw: Draw, kind: type) -> dict[str, Any]:
    """Settings of a rule of connections with which weights of some tens change visibly."""
    if kind is plasticity.BCMRule:
        return {"amplitude": draw.number_in(5.0, 50.0), "tau": 50.0, "threshold_tau": 400.0, "target": 20.0}
    if kind is plasticity.ScalingRule:
        interval = draw.dt * draw.whole(1, 40)
        return {"amplitude": draw.number_in(0.5, 5.0), "tau": 100.0, "target": 20.0, "interval": interval}
    if kind is plasticity.PowerLawRule:
        return {"rate": draw.number_in(0.005, 0.05), "exponent": draw.choice([0.0, 0.4, 1.0])}
    if kind is plasticity.BTSPRule:
        rates = {"potentiation": draw.number_in(5.0, 50.0), "depression": draw.number_in(2.0, 20.0), "rate": 20.0}
        return {"threshold": -58.0, "pre_tau": 200.0, "post_tau": 100.0, "duration": 50.0, **rates}
    if kind is plasticity.EquationRule:
        return {"parameters": {"tau_x": "15 ms", "tau_y": "25 ms", "up": 0.5, "down": 0.4}}
    levels = {"theta_minus": -65.0, "theta_plus": -55.0}
    return {"depression": draw.number_in(0.01, 0.05), "potentiation": draw.number_in(0.002, 0.02), **levels}


def projection(
    draw: Draw, origin: Origin, name: str, units: Shape, weight: float, potential: bool = True, opens: bool = False
) -> Projection:
    """A wire into a receptor with settings of its own, whose weights are about so large; its rule may read a potential
    where there is one. Where it opens a conductance no spike counts as -1.
    """
    mean = weight * draw.number_in(0.5, 2.0)
    found = connectivity(draw, origin, units, mean)
    settings: dict[str, Any] = {"pattern": found}
    if not brings_weights(found):
        settings["weights"] = positive_values(draw, mean)
    if draw.chance(0.7):
        settings["delay"] = delays(draw)
    if len(origin.shape) == len(units) and draw.chance(0.2):
        settings |= by_distance(draw, mean, settings)
    if draw.chance(0.3):
        settings["signed"] = draw.chance(0.5) and not opens
    if draw.chance(0.4):
        rules = [rule for rule in PlasticPool.rules if potential or not issubclass(rule, plasticity.PotentialRule)]
        settings["rule"] = rule_config(draw, draw.choice(rules), False, 4.01 * mean)
        if leaves_room(found, origin.size) and draw.turn("rewired", (True, False)):
            settings["rewiring"] = rewiring(draw)
        return Projection(origin.wire.origin, origin.wire.port, name=name, **settings)
    if draw.chance(0.3):
        settings["weight_dtype"] = draw.choice(["float16", "bfloat16"])
    if draw.chance(0.3):
        facilitates = {"facilitation_tau": draw.number_in(20.0, 500.0)} if draw.chance(0.5) else {}
        used, recovers = draw.number_in(0.1, 0.9), draw.number_in(20.0, 800.0)
        if draw.turn("used", (False, True)):
            used = initializers.UniformInitializer(low=0.5 * used, high=used)
        settings["short_term"] = TsodyksMarkramConfig(utilization=used, recovery_tau=recovers, **facilitates)
    return Projection(origin.wire.origin, origin.wire.port, name=name, **settings)


def leaves_room(found: Any, pre: int) -> bool:
    """Whether some units have connections, and not all have all sources, whatever is drawn."""
    if isinstance(found, connections.FixedInDegree):
        return found.degree < pre - 1
    many = isinstance(found, connections.FixedProbability) and pre >= 12
    return many or (isinstance(found, connections.OneToOne) and pre > 2)


def rewiring(draw: Draw) -> Rewiring:
    """Connections go by chance, so that ways to run whose weights differ by rounding prune the same ones.

    Turns draw nothing: all else of a brain is as it would be without.
    """
    # Connections that change after every step are few: a pause takes as long as hundreds of steps.
    interval = draw.dt * draw.turn("interval", (7, 13, 40, 1, 61, 97, 29, 150))
    return Rewiring(interval=interval, prune="random", share=draw.turn("share", (0.6, 1.0)))


def by_distance(draw: Draw, mean: float, settings: dict[str, Any]) -> dict[str, Any]:
    """Weights and delays, where there are any, that follow from the distance of two units."""
    found: dict[str, Any] = {}
    if "weights" in settings:
        profile = draw.choice(["gaussian", "exponential", "linear"])
        given = {"peak": mean, "offset": 0.2 * mean, "width": draw.number_in(0.1, 0.6)}
        found["weights"] = initializers.DistanceInitializer(profile=profile, periodic=draw.chance(0.5), **given)
    if "delay" in settings:
        found["delay"] = initializers.ConductionInitializer(velocity=0.2 / draw.dt, offset=draw.dt)
    return found


class PlasticPool(Pool):
    """A pool whose bare wires are one projection with a rule; now and then there is another one beside it."""

    ports = {"in_spikes": SpikeArray}
    wires = {"in_spikes": (1, 3)}
    rules: ClassVar[tuple[type, ...]] = (
        plasticity.PairRule,
        plasticity.ZenkeRule,
        plasticity.HebbianRule,
        plasticity.TripletRule,
        plasticity.OjaRule,
        plasticity.QuadrupletRule,
        plasticity.VogelsRule,
        plasticity.PowerLawRule,
        plasticity.BCMRule,
        plasticity.ClopathRule,
        plasticity.EquationRule,
        plasticity.ScalingRule,
        plasticity.BTSPRule,
    )

    def prepare(self) -> None:
        super().prepare()
        self.rule = self.draw.turn("rule", self.rules, every=3)
        self.modulated = self.draw.chance(0.3)
        if self.modulated:
            self.ports = {**self.ports, "modulation": FloatArray}
        self.beside = self.draw.chance(0.4)

    def bare(self, wires: Wires) -> Wires:
        """The wires without settings of their own."""
        return wires[:-1] if self.beside and len(wires) > 1 else wires

    def wired(self, port, wires):
        bare = self.bare(wires) if port == "in_spikes" else wires
        own = [projection(self.draw, origin, "beside", self.units, 300.0) for origin in wires[len(bare) :]]
        return [*(origin.wire for origin in bare), *own]

    def kernel(self, pre: int) -> tuple[Any, float]:
        """Weights, and what none of them is above: of those that are scaled, what they sum up to at a unit."""
        post, total = int(np.prod(self.units)), self.draw.number_in(8_000.0, 30_000.0) / self.draw.dt**0.7
        if self.draw.turn("kernel", range(6)) == 0:
            there = self.draw.generator.random((post, pre)) < self.draw.choice([0.3, 1.0])
            drawn = self.draw.generator.uniform(0.2, 1.8, (post, pre)) * total / pre
            return initializers.ArrayInitializer(array=np.where(there, drawn, 0.0).astype(np.float32)), drawn.max()
        density = 1.0 if self.draw.chance(0.3) else self.draw.number_in(0.1, 0.9)
        mean = total / max(1, round(density * pre))
        return positive_values(self.draw, mean).updated(density=density, total=float(f"{total:.4g}")), 1.01 * total

    def config(self, inputs):
        draw, units = self.draw, self.units
        bare = self.bare(inputs["in_spikes"])
        pre = sum(o.size for o in bare)
        delayed = draw.chance(0.6)
        fields = self.common(units=units, inhibitory_rate=self.inhibitory, async_spikes=delayed)
        fields["synapses__kernel"], greatest = self.kernel(pre)
        fields |= {"soma__potential_tau": draw.quantity(15.0, units), "soma__cooldown": draw.number_in(0.0, 4.0)}
        if delayed:
            fields["max_delay"] = draw.dt * draw.number_in(1.0, 40.0)
            if draw.chance(0.3):
                most = np.ceil(fields["max_delay"] / draw.dt) * draw.dt
                shape = (*units, *joined(bare))
                fields["delays__delays"] = draw.generator.uniform(draw.dt, most, shape).astype(np.float32)
        # Without a rule weights are constants of the run; a modulated port must be used.
        if self.modulated or draw.chance(0.8):
            fields["learning_rule"] = rule_config(draw, self.rule, self.modulated, greatest)
        else:
            fields["learning_rule__gamma"] = 0.0
        return self.module.config_class()(**fields)


class LIF(PlasticPool):
    module = neurons.LIFNeuron


class ALIF(PlasticPool):
    module = neurons.ALIFNeuron

    def config(self, inputs):
        made = super().config(inputs)
        return made.updated(soma__threshold_delta=self.draw.number_in(2.0, 60.0))


class PointPool(Pool):
    """A pool of point neurons with sparse static synapses.

    Attributes:
        weight: Of a spike, in the unit of the synapses, for inputs that fire at some ten Hz.
        constant: Field of the soma and value of a constant drive that makes most units fire by themselves.
    """

    ports = {"excitation": SpikeArray, "inhibition": SpikeArray}
    wires = {"excitation": (1, 3), "inhibition": (1, 2)}
    weight: ClassVar[float]
    constant: ClassVar[tuple[str, float]]
    tau_bound: ClassVar[bool] = True

    def group(self, name: str, wires: Wires) -> dict[str, Any]:
        draw = self.draw
        mean = self.weight * draw.number_in(0.5, 2.0)
        if draw.chance(0.6):
            drawn = tuple(connectivity(draw, o, self.units, mean) for o in wires)
            settings = {
                "connections": drawn,
                "kernel": tuple(1.0 if brings_weights(each) else positive_values(draw, mean) for each in drawn),
                "delay": tuple(delays(draw) for _ in wires),
            }
        else:
            shape = Origin(PortMap("", ""), SpikeArray, joined(wires), "int8")
            one = shape if len(wires) == 1 else wires[int(np.argmin([o.size for o in wires]))]
            found = connectivity(draw, one, self.units, mean)
            if len(wires) > 1 and type(found).__name__ in ("OneToOne", "FromMatrix", "DistanceDependent"):
                found = connectivity_for_all(draw)
            settings = {"connections": found, "delay": delays(draw)}
            if not brings_weights(found):
                settings["kernel"] = positive_values(draw, mean)
        if draw.chance(0.3):
            settings["weight_dtype"] = draw.choice(["float16", "bfloat16"])
        if self.tau_bound:
            settings["tau"] = draw.number_in(2.0, 8.0)
        return {f"{name}__{key}": value for key, value in settings.items()}

    def config(self, inputs):
        draw = self.draw
        fields = self.common(units=self.units, inhibitory_rate=self.inhibitory)
        for name, port in (("excitatory", "excitation"), ("inhibitory", "inhibition")):
            fields |= self.group(name, inputs[port])
        field, value = self.constant
        fields[f"soma__{field}"] = draw.quantity(value * draw.choice([0.6, 1.3, 2.0]), self.units)
        fields["soma__cooldown"] = draw.number_in(0.0, 4.0)
        if draw.chance(0.4):
            rate = draw.number_in(500.0, 3_000.0)
            fields |= {"background__rate": rate, "background__weight": self.weight}
        return self.module.config_class()(**fields)


def connectivity_for_all(draw: Draw) -> Any:
    """A connectivity that fits whatever is wired."""
    from spark.nn.connections import FixedProbability

    return FixedProbability(probability=draw.number_in(0.1, 0.6))


def brings_weights(found: Any) -> bool:
    """Whether a kernel beside these connections would be refused."""
    return type(found).__name__ == "FromMatrix"


class CurrentLIF(PointPool):
    module, weight, constant = neurons.CurrentLIFNeuron, 30.0, ("background", 100.0)


class ConductanceLIF(PointPool):
    module, weight, constant = neurons.ConductanceLIFNeuron, 0.1, ("drive", 10.0)


class DeltaLIF(PointPool):
    module, weight, constant = neurons.DeltaLIFNeuron, 1.0, ("background", 100.0)
    tau_bound = False


class AdEx(PointPool):
    module, weight, constant = neurons.AdExNeuron, 150.0, ("background", 700.0)

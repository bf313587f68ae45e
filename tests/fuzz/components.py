"""Recipes of synapses, somas and backgrounds that stand in a brain themselves; within pools they are what pools are."""

from typing import Any, ClassVar

import numpy as np

from fuzz.origins import connectivity, delays, positive_values
from fuzz.recipes import Recipe, Wires, brings_weights
from spark import CurrentArray, PotentialArray, SpikeArray
from spark.nn import somas, synapses


class Synapses(Recipe):
    """Synapses that stand in the brain themselves, of a soma with units of the same shape."""

    ports = {"spikes": SpikeArray}
    wires = {"spikes": (1, 2)}
    put_out: ClassVar[tuple[str, type]] = ("current", CurrentArray)

    def prepare(self) -> None:
        self.units = self.draw.units()

    def outputs(self, inputs):
        return [self.origin(*self.put_out, self.units)]

    def static(self, wires: Wires, mean: float) -> dict[str, Any]:
        draw = self.draw
        mean *= draw.number_in(0.5, 2.0)
        drawn = tuple(connectivity(draw, o, self.units, mean) for o in wires)
        return self.common(
            units=self.units,
            connections=drawn,
            kernel=tuple(1.0 if brings_weights(c) else positive_values(draw, mean) for c in drawn),
            delay=tuple(delays(draw) for _ in wires),
            signed=draw.chance(0.5),
        )


class LinearGroup(Synapses):
    module = synapses.LinearSynapses

    def config(self, inputs):
        total = self.draw.number_in(6_000.0, 15_000.0) / np.sqrt(self.draw.dt)
        density, pre = self.draw.choice([0.3, 1.0]), sum(o.size for o in inputs["spikes"])
        mean = total / max(1, round(density * pre))
        kernel = positive_values(self.draw, mean).updated(density=density, total=float(f"{total:.4g}"))
        return synapses.LinearSynapsesConfig(**self.common(units=self.units, kernel=kernel))


class DeltaGroup(Synapses):
    module, put_out = synapses.DeltaSynapses, ("jump", PotentialArray)

    def config(self, inputs):
        return synapses.static.StaticSynapsesConfig(**self.static(inputs["spikes"], 2.0))


class ExponentialGroup(Synapses):
    module = synapses.ExponentialSynapses

    def config(self, inputs):
        tau = self.draw.number_in(2.0, 8.0)
        return synapses.ExponentialSynapsesConfig(tau=tau, **self.static(inputs["spikes"], 60.0))


class Background(Recipe):
    """Random events; exponential synapses of as many units take them."""

    module = synapses.PoissonBackground

    def prepare(self) -> None:
        self.units = self.draw.units()

    def outputs(self, inputs):
        return [self.origin("arrivals", CurrentArray, self.units)]

    def config(self, inputs):
        rate = self.draw.number_in(500.0, 3_000.0)
        return synapses.PoissonBackgroundConfig(**self.common(units=self.units, rate=rate, weight=200.0))


class Soma(Recipe):
    """A soma that stands in the brain itself; its current comes from synapses or from outside."""

    ports = {"current": CurrentArray}
    fields: ClassVar[dict[str, float]] = {"potential_tau": 15.0}
    follows = "current"

    def outputs(self, inputs):
        return [self.origin("spikes", SpikeArray, inputs[self.follows][0].shape)]

    def config(self, inputs):
        shape = inputs[self.follows][0].shape
        given = {name: self.draw.quantity(value, shape) for name, value in self.fields.items()}
        cooldown = self.draw.number_in(0.0, 4.0)
        return self.module.config_class()(**self.common(cooldown=cooldown, **given))


class LeakySoma(Soma):
    module = somas.LeakySoma


class AdaptiveSoma(Soma):
    module = somas.AdaptiveLeakySoma


class PointSoma(Soma):
    ports = {"excitation": CurrentArray}
    follows = "excitation"


class CurrentSoma(PointSoma):
    module = somas.CurrentSoma
    fields = {"potential_tau": 15.0, "background": 120.0}


class DeltaSoma(PointSoma):
    module, ports = somas.DeltaSoma, {"excitation": PotentialArray}
    fields = {"potential_tau": 15.0, "background": 120.0}


class ConductanceSoma(PointSoma):
    module = somas.ConductanceSoma
    fields = {"potential_tau": 15.0, "drive": 14.0}


class AdaptiveExponentialSoma(PointSoma):
    module = somas.AdaptiveExponentialSoma
    fields = {"background": 900.0}


# Which soma takes what which synapses put out. Where they stand alone, only the first run as a native program.
NATIVE_CHAIN: tuple[type[Synapses], type[Soma]] = (LinearGroup, LeakySoma)
CHAINS: tuple[tuple[type[Synapses], type[Soma]], ...] = (
    (ExponentialGroup, AdaptiveSoma),
    (ExponentialGroup, CurrentSoma),
    (DeltaGroup, DeltaSoma),
    (ExponentialGroup, AdaptiveExponentialSoma),
    (ExponentialGroup, ConductanceSoma),
)

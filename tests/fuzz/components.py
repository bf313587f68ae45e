"""Recipes of somas, receptors and backgrounds in a brain itself; within pools they are what pools are made of."""

from typing import Any, ClassVar

import numpy as np

from fuzz.recipes import Recipe
from spark import CurrentArray, FloatArray, SpikeArray
from spark.nn import receptors, somas, sources, synapses


class Background(Recipe):
    """Random events; a receptor of as many units takes them."""

    module = synapses.PoissonBackground

    def prepare(self) -> None:
        self.units = self.draw.units()

    def outputs(self, inputs):
        return [self.origin("arrivals", FloatArray, self.units)]

    def config(self, inputs):
        rate = self.draw.number_in(500.0, 3_000.0)
        return synapses.PoissonBackgroundConfig(**self.common(units=self.units, rate=rate, weight=200.0))


class Soma(Recipe):
    """A soma that stands in the brain itself; its current comes from a receptor or from outside."""

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


class IntegrateAndFireSoma(Soma):
    module = somas.IntegrateAndFireSoma
    fields = {"potential_tau": 15.0, "background": 120.0}


class AdaptiveExponentialSoma(Soma):
    module = somas.AdaptiveExponentialSoma
    fields = {"background": 900.0}


class Receptor(Recipe):
    """A receptor that stands in the brain itself; random events arrive at it."""

    ports = {"arrivals": FloatArray}
    module, follows = receptors.Current, "arrivals"

    def outputs(self, inputs):
        return [self.origin("current", CurrentArray, inputs["arrivals"][0].shape)]

    def config(self, inputs):
        return receptors.CurrentConfig(**self.common(units=inputs["arrivals"][0].shape))


class Source(Recipe):
    """A course in time; pools with a receptor for it take it, and somas in the brain itself."""

    def prepare(self) -> None:
        self.units = (1,)

    def outputs(self, inputs):
        return [self.origin("current", CurrentArray, self.units)]

    def config(self, inputs):
        return self.module.config_class()(dt=self.draw.dt, units=self.units, **self.course())

    def course(self) -> dict[str, Any]:
        """When which current."""
        raise NotImplementedError

    def level(self) -> float:
        """A current, pA."""
        return self.draw.number_in(20.0, 200.0)


class Steps(Source):
    module = sources.StepCurrent

    def course(self):
        times = self.draw.dt * np.cumsum([self.draw.whole(1, 100) for _ in range(4)])
        return {"times": times, "amplitudes": np.array([self.level() for _ in times])}


class Ramp(Source):
    module = sources.RampCurrent

    def course(self):
        begin = self.draw.dt * self.draw.whole(0, 100)
        return {"begin": begin, "end": begin + self.draw.dt * self.draw.whole(2, 200), "last": self.level()}


class Sine(Source):
    module = sources.SineCurrent

    def course(self):
        return {"amplitude": self.level(), "frequency": self.draw.number_in(2.0, 60.0), "offset": self.level()}


class Samples(Source):
    module = sources.SampledCurrent

    def course(self):
        samples = np.array([self.level() for _ in range(self.draw.whole(1, 20))])
        return {"samples": samples, "interval": self.draw.dt * self.draw.whole(1, 9), "repeats": self.draw.chance(0.7)}


class Noise(Source):
    module = sources.OrnsteinUhlenbeckCurrent

    def course(self):
        return {"mean": self.level(), "deviation": self.level(), "tau": self.draw.number_in(1.0, 10.0)}


SOURCES: tuple[type[Source], ...] = (Sine, Steps, Noise, Ramp, Samples)
# What takes what another puts out; the first soma takes a current from outside.
NATIVE_CHAIN: tuple[type[Recipe], ...] = (LeakySoma,)
CHAINS: tuple[tuple[type[Recipe], ...], ...] = (
    (Background, Receptor, AdaptiveSoma),
    (Background, Receptor, IntegrateAndFireSoma),
    (Background, Receptor, AdaptiveExponentialSoma),
)

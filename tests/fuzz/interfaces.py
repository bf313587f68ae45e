"""Recipes of interfaces: from numbers to spikes, from spikes to numbers, from numbers to numbers."""

from typing import Any, ClassVar

import numpy as np

from fuzz.recipes import Recipe, joined
from spark import FloatArray, SpikeArray
from spark.nn import interfaces


class Spiker(Recipe):
    """An interface from numbers to spikes, of the shape of its numbers."""

    ports = {"signal": FloatArray}
    wires = {"signal": (2, 3)}
    follows = "signal"

    def outputs(self, inputs):
        return [self.origin("spikes", SpikeArray, joined(inputs["signal"]))]

    def rate(self) -> float:
        return self.draw.number_in(60.0, min(400.0, 300.0 / self.draw.dt))


class Linear(Spiker):
    module = interfaces.LinearSpiker

    def config(self, inputs):
        cooldown = self.draw.number_in(0.0, 2.0)
        return interfaces.LinearSpikerConfig(**self.common(max_freq=self.rate(), cd=cooldown, tau=30.0))


class Poisson(Spiker):
    module = interfaces.PoissonSpiker

    def config(self, inputs):
        return interfaces.PoissonSpikerConfig(**self.common(max_freq=self.rate()))


class Topological(Spiker):
    """Lines and rings of units; one number, or one for each signal, says where they begin and end."""

    def prepare(self) -> None:
        self.resolution = self.draw.whole(4, 16)

    def outputs(self, inputs):
        return [self.origin("spikes", SpikeArray, (*joined(inputs["signal"]), self.resolution))]

    def topology(self, inputs) -> dict[str, Any]:
        draw = self.draw
        glue = 0 if draw.lowered else draw.choice([0, 0, 1])
        if not draw.lowered and draw.chance(0.2):
            glue = draw.generator.integers(0, 2, joined(inputs["signal"])).astype(np.int32)
        sigma = draw.number_in(0.02, 0.2)
        return self.common(
            glue=glue, mins=-0.2, maxs=1.2, resolution=self.resolution, sigma=sigma, max_freq=self.rate()
        )


class TopologicalLinear(Topological):
    module = interfaces.TopologicalLinearSpiker

    def config(self, inputs):
        return interfaces.TopologicalLinearSpikerConfig(tau=30.0, cd=1.0, **self.topology(inputs))


class TopologicalPoisson(Topological):
    module = interfaces.TopologicalPoissonSpiker

    def config(self, inputs):
        return interfaces.TopologicalPoissonSpikerConfig(**self.topology(inputs))


class Integrator(Recipe):
    module = interfaces.ExponentialIntegrator
    ports = {"spikes": SpikeArray}
    wires = {"spikes": (1, 2)}

    def prepare(self) -> None:
        self.groups = self.draw.whole(1, 4)

    def outputs(self, inputs):
        return [self.origin("signal", FloatArray, (self.groups,))]

    def config(self, inputs):
        draw = self.draw
        fields = self.common(num_outputs=self.groups, tau=draw.number_in(5.0, 40.0), shuffle=draw.chance(0.7))
        return interfaces.ExponentialIntegratorConfig(saturation_freq=40.0, smooth_trace=draw.chance(0.6), **fields)


class Code(Spiker):
    """A code of numbers that has no rate."""

    fields: ClassVar[dict[str, Any]]

    def config(self, inputs):
        return self.module.config_class()(**self.common(**self.settings()))

    def settings(self) -> dict[str, Any]:
        """What is set beside the usual."""
        raise NotImplementedError


class Latency(Code):
    module = interfaces.LatencySpiker

    def settings(self):
        return {"window": self.draw.dt * self.draw.whole(8, 60)}


class Phase(Code):
    module = interfaces.PhaseSpiker

    def settings(self):
        return {"phases": self.draw.whole(2, 12)}


class Delta(Code):
    module = interfaces.DeltaSpiker

    def outputs(self, inputs):
        return [self.origin("spikes", SpikeArray, joined(inputs["signal"]), signed=True)]

    def settings(self):
        return {"threshold": self.draw.number_in(0.01, 0.1)}


class Population(Spiker):
    """Fields on grids of pairs of numbers, or on single axes."""

    module = interfaces.PopulationEncoder

    def prepare(self) -> None:
        self.resolution, self.pairs = self.draw.whole(2, 5), self.draw.chance(0.5)

    def outputs(self, inputs):
        numbers = int(np.prod(joined(inputs["signal"])))
        pairs = self.pairs and numbers > 1
        fields = numbers * (numbers - 1) // 2 * self.resolution**2 if pairs else numbers * self.resolution
        return [self.origin("spikes", SpikeArray, (fields,))]

    def config(self, inputs):
        numbers = int(np.prod(joined(inputs["signal"])))
        shape = {"resolution": self.resolution, "pairs": self.pairs and numbers > 1}
        rate = {"max_freq": self.rate(), "random": self.draw.chance(0.5), "spans": self.draw.number_in(0.5, 1.5)}
        return interfaces.PopulationEncoderConfig(**self.common(**shape, **rate))


class Readout(Recipe):
    """From spikes to numbers."""

    ports = {"spikes": SpikeArray}
    wires = {"spikes": (1, 2)}


class Vector(Readout):
    module = interfaces.PopulationVector

    def outputs(self, inputs):
        return [self.origin("signal", FloatArray, (2,))]

    def config(self, inputs):
        return interfaces.PopulationVectorConfig(**self.common(tau=self.draw.number_in(5.0, 80.0)))


class Race(Readout):
    module, follows = interfaces.FirstToSpike, "spikes"

    def outputs(self, inputs):
        return [self.origin("signal", FloatArray, joined(inputs["spikes"]))]

    def config(self, inputs):
        return interfaces.FirstToSpikeConfig(**self.common(window=self.draw.dt * self.draw.whole(5, 60)))


class Filter(Recipe):
    """From numbers to as many numbers."""

    ports = {"signal": FloatArray}
    wires = {"signal": (1, 2)}
    follows = "signal"

    def outputs(self, inputs):
        return [self.origin("signal", FloatArray, joined(inputs["signal"]))]

    def config(self, inputs):
        return self.module.config_class()(**self.common(**self.settings()))

    def settings(self) -> dict[str, Any]:
        """What is set beside the usual."""
        return {}


class Gain(Filter):
    module = interfaces.Gain

    def settings(self):
        return {"gain": self.draw.number_in(0.5, 1.5), "offset": self.draw.number_in(-0.1, 0.1), "most": 1.2}


class Gate(Filter):
    module = interfaces.Gate
    ports = {"signal": FloatArray, "gate": FloatArray}

    def settings(self):
        return {"threshold": self.draw.number_in(-0.1, 0.1), "closed": self.draw.number_in(0.0, 0.5)}


class Accumulator(Filter):
    module = interfaces.Accumulator

    def settings(self):
        return {"tau": self.draw.number_in(1.0, 4.0)}


class Average(Filter):
    module = interfaces.Average

    def settings(self):
        return {"tau": self.draw.number_in(2.0, 60.0)}


class DelayLine(Filter):
    module = interfaces.DelayLine

    def settings(self):
        return {"delay": self.draw.dt * self.draw.whole(1, 12)}


class Decision(Filter):
    """One number of each, in a line."""

    def outputs(self, inputs):
        return [self.origin("signal", FloatArray, (sum(o.size for o in inputs["signal"]),))]


class Winner(Decision):
    module = interfaces.WinnerTakeAll


class Softmax(Decision):
    module = interfaces.SoftmaxChoice

    def outputs(self, inputs):
        shape = (sum(o.size for o in inputs["signal"]),)
        return [self.origin(port, FloatArray, shape) for port in ("choice", "probabilities")]

    def settings(self):
        return {"sharpness": self.draw.number_in(0.5, 5.0)}


SPIKERS: tuple[type[Spiker], ...] = (
    Poisson, Linear, TopologicalLinear, Latency, Population, Phase, Delta, TopologicalPoisson,
)  # fmt: skip
READOUTS: tuple[type[Recipe], ...] = (Integrator, Vector, Race)
FILTERS: tuple[type[Recipe], ...] = (Gain, Average, DelayLine, Gate, Accumulator, Winner, Softmax)

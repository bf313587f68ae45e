"""Receptors whose effect rises and falls with two time constants."""

from dataclasses import replace
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array
from spark.core.config import field
from spark.core.draws import require_numbers
from spark.core.errors import Problem
from spark.core.parameter import decay
from spark.core.payloads import ConductanceArray, CurrentArray, FloatArray
from spark.core.ports import PortSpec, Reverses
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.receptors.peak import scale_of_peak, slow_rises
from spark.nn.receptors.receptor import (
    ConductanceOutput,
    CurrentOutput,
    InhibitoryConfig,
    Receptor,
    ReceptorConfig,
    turned,
)


class DoubleExponentialConfig(ReceptorConfig):
    """Two time constants, of which the rise is the shorter."""

    rise: Quantity = field(1.0, unit="ms", above=0, time_constant="exact", description="Time constant of the rise.")
    tau: Quantity = field(5.0, unit="ms", above=0, time_constant="exact", description="Time constant of the decay.")

    def step_problems(self) -> list[Problem]:
        """A rise that is slower than the decay is none."""
        return [*super().step_problems(), *slow_rises(self.rise, self.tau)]

    def scale(self) -> Any:
        """What makes the peak of the difference of both exponentials 1: a number, or one for each unit.

        Raises:
            ArgumentError: `rise` or `tau` is still to be drawn.
        """
        require_numbers(f"scale.{type(self).__name__}", {"rise": self.rise, "tau": self.tau})
        found = scale_of_peak(self.rise, self.tau)
        return found if found.ndim else float(found)


class DoubleExponential(Receptor):
    """What both receptors share: two exponentials, whose difference acts."""

    config: DoubleExponentialConfig
    unit: ClassVar[str] = ""

    def build(self, arrivals: PortSpec) -> None:
        """The decays of a step, and both exponentials."""
        c = self.config
        self.falls = self.make("tau", decay(c.dt, c.tau), arrivals.shape)
        self.rises = self.make("rise", decay(c.dt, c.rise), arrivals.shape)
        self.scale = self.make("tau", c.scale(), arrivals.shape)
        self.falling, self.rising = (
            Variable(np.zeros(arrivals.shape, np.float32), unit=self.unit, description=f"The exponential that {what}.")
            for what in ("decays slowly", "decays with the rise")
        )

    def advanced(self, arriving: Array) -> Array:
        """The difference of this step, after which both decay."""
        arriving = arriving * self.scale.value
        falling, rising = self.falling.value + arriving, self.rising.value + arriving
        self.falling.value = falling * self.falls.value
        self.rising.value = rising * self.rises.value
        return falling - rising


class DoubleExponentialCurrentConfig(DoubleExponentialConfig, InhibitoryConfig):
    """How fast the current rises and decays."""


class DoubleExponentialCurrent(DoubleExponential):
    """A current that rises and falls, as the difference of two exponentials, whose peak is the weight.

        I(t) = weight s (exp(-t / tau) - exp(-t / rise))        t after the arrival; s makes the peak the weight

    Order of update in a step: what arrives is added to both exponentials; their difference is put out; then both decay
    exactly. So what arrives in a step acts from the next one on.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    Variables: `falling`, `rising` (pA), as the next step begins with.
    Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1007/BF00961734 (the time course).
    """

    config: DoubleExponentialCurrentConfig
    unit = "pA"
    unit_ports = ("arrivals", "current")

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        return {"current": CurrentArray(self.advanced(turned(self.config, arrivals)))}


class DoubleExponentialConductanceConfig(DoubleExponentialConfig):
    """How fast the conductance rises and decays, and where its current reverses."""

    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")


class DoubleExponentialConductance(DoubleExponential):
    """A conductance that rises and falls, as the difference of two exponentials, whose peak is the weight.

        g(t) = weight s (exp(-t / tau) - exp(-t / rise))        t after the arrival; s makes the peak the weight
        I = g (reversal - V)

    Order of update in a step as in `DoubleExponentialCurrent`.

    Input ports: `arrivals` (nS), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: `falling`, `rising` (nS), as the next step begins with.
    Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1007/BF00961734 (the time course).
    """

    config: DoubleExponentialConductanceConfig
    unit = "nS"
    signed = False
    unit_ports = ("arrivals", "conductance")

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        return {"conductance": ConductanceArray(self.advanced(arrivals.value.astype(jnp.float32)))}

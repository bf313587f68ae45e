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
from spark.nn.receptors.peak import passing, scale_of_peak, slow_rises
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
    """What both receptors share: two exponentials, whose difference acts and is kept, so that nothing cancels."""

    config: DoubleExponentialConfig
    unit: ClassVar[str] = ""

    def build(self, arrivals: PortSpec) -> None:
        """What a step makes of both, and the slow exponential."""
        c = self.config
        self.falls = self.make("tau", decay(c.dt, c.tau), arrivals.shape)
        self.rises = self.make("rise", decay(c.dt, c.rise), arrivals.shape)
        self.passing = self.make("rise", passing(c.rise, c.tau, c.dt), arrivals.shape)
        self.falling = Variable(
            np.zeros(arrivals.shape, np.float32), unit=self.unit, description="The exponential that decays slowly."
        )

    def advanced(self, acting: Array, arriving: Array) -> Array:
        """What acts in the next step, after what acts in this one and what arrives in it."""
        falling = self.falling.value + arriving
        self.falling.value = falling * self.falls.value
        return acting * self.rises.value + falling * self.passing.value


class DoubleExponentialCurrentConfig(DoubleExponentialConfig, InhibitoryConfig):
    """How fast the current rises and decays."""


class DoubleExponentialCurrent(DoubleExponential):
    """A current that rises and falls, as the difference of two exponentials, whose peak is the weight.

        I(t) = weight s (exp(-t / tau) - exp(-t / rise))        t after the arrival; s makes the peak the weight

    Order of update in a step: the current of this step is put out, 0 for what arrives in it; then both variables
    advance by the exact solution, after what arrives was added to `falling`.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    Variables: `current` (pA), that of the next step; `falling` (pA), the slow exponential, which jumps by the weight.
    Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1007/BF00961734 (the time course).
    """

    config: DoubleExponentialCurrentConfig
    unit = "pA"
    unit_ports = ("arrivals", "current")

    def build(self, arrivals: PortSpec) -> None:
        """A current beside it."""
        super().build(arrivals)
        self.current = Variable(
            np.zeros(arrivals.shape, np.float32), unit="pA", description="Current of the next step."
        )

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        current = self.current.value
        self.current.value = self.advanced(current, turned(self.config, arrivals))
        return {"current": CurrentArray(current)}


class DoubleExponentialConductanceConfig(DoubleExponentialConfig):
    """How fast the conductance rises and decays, and where its current reverses."""

    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")


class DoubleExponentialConductance(DoubleExponential):
    """A conductance that rises and falls, as the difference of two exponentials, whose peak is the weight.

        g(t) = weight s (exp(-t / tau) - exp(-t / rise))        t after the arrival; s makes the peak the weight
        I = g (reversal - V)

    Order of update in a step as in `DoubleExponentialCurrent`.

    Input ports: `arrivals` (nS), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: `conductance` (nS), that of the next step; `falling` (nS), the slow exponential, which jumps by the
    weight.
    Source: Destexhe, Mainen & Sejnowski 1994, doi:10.1007/BF00961734 (the time course).
    """

    config: DoubleExponentialConductanceConfig
    unit = "nS"
    signed = False
    unit_ports = ("arrivals", "conductance")

    def build(self, arrivals: PortSpec) -> None:
        """A conductance beside it."""
        super().build(arrivals)
        self.conductance = Variable(
            np.zeros(arrivals.shape, np.float32), unit="nS", description="Conductance of the next step."
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        conductance = self.conductance.value
        self.conductance.value = self.advanced(conductance, arrivals.value.astype(jnp.float32))
        return {"conductance": ConductanceArray(conductance)}

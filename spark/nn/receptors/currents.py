"""Receptors that turn arriving weights into currents."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from spark.core.arguments import checked
from spark.core.config import Config, field
from spark.core.draws import require_numbers
from spark.core.errors import ArgumentError, Problem
from spark.core.parameter import decay
from spark.core.payloads import CurrentArray, FloatArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.receptors.receptor import CurrentOutput, InhibitoryConfig, Receptor, ReceptorConfig, turned


class PulseCurrentConfig(InhibitoryConfig):
    """Nothing to set."""


class PulseCurrent(Receptor):
    """A current that lasts one step: the weights that arrive in it.

        I = sum of weight_k        over the spikes k that arrive in this step

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    """

    config: PulseCurrentConfig
    unit_ports = ("arrivals", "current")

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        return {"current": CurrentArray(turned(self.config, arrivals))}


class ExponentialCurrentConfig(InhibitoryConfig):
    """How fast the current decays."""

    tau: Quantity = field(
        5.0, unit="ms", above=0, time_constant="exact", description="Time constant with which the current decays."
    )

    @checked
    def weight_of_peak(self, peak: float, soma: Config) -> float | np.ndarray:
        """The weight of a spike after which the potential of a leaky soma peaks so far above rest.

        I(t) = w exp(-t / tau) on a membrane of time constant m and resistance R: the peak is
        w R (tau / m)^(m / (m - tau)), and w R / e where both are alike.

        Args:
            peak: Peak of the postsynaptic potential, mV.
            soma: Config of a leaky soma: its `potential_tau`, ms, and its `resistance`, MOhm, are read.

        Returns:
            The weight, pA; float64 of the shape of the units where one of both is given for each unit.

        Raises:
            ArgumentError: The soma has no membrane of these two, or a number of them or `tau` is still to be drawn.

        Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570.
        """
        membrane, resistance = soma.field_or_none("potential_tau"), soma.field_or_none("resistance")
        if membrane is None or resistance is None:
            lacks = " and ".join(n for n in ("potential_tau", "resistance") if soma.field_or_none(n) is None)
            text = f"has no {lacks}, got {type(soma).__name__}; expected a leaky soma, which has both"
            raise ArgumentError(Problem("weight_of_peak.soma", text, "Give a LeakySomaConfig", "type"))
        require_numbers(f"weight_of_peak.{type(self).__name__}", {"tau": self.tau})
        read = {"potential_tau": membrane, "resistance": resistance}
        require_numbers(f"weight_of_peak.{type(soma).__name__}", read)
        beyond = self.tau / np.asarray(membrane, np.float64) - 1.0
        # log1p(x) / x, which is 1 where both time constants are alike.
        power = np.divide(np.log1p(beyond), beyond, out=np.ones_like(beyond), where=beyond != 0.0)
        weight = 1000.0 * peak / (np.asarray(resistance, np.float64) * np.exp(-power))
        return weight if weight.ndim else float(weight)


class ExponentialCurrent(Receptor):
    """A current that jumps by the weights that arrive, and decays exponentially.

        tau dI/dt = -I        where a spike arrives:   I <- I + weight

    Order of update in a step: what arrives is added to the current; that is put out; then it decays by exp(-dt/tau). A
    soma that integrates exactly takes the decay within the step into account.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    Variables: `current` (pA), as the next step begins with.
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570.
    """

    config: ExponentialCurrentConfig
    unit_ports = ("arrivals", "current")

    def build(self, arrivals: PortSpec) -> None:
        """A current for each unit."""
        self.factor = self.make("tau", decay(self.config.dt, self.config.tau), arrivals.shape)
        self.current = Variable(
            np.zeros(arrivals.shape, np.float32), unit="pA", description="Current that the next step begins with."
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """The current decays."""
        return {name: replace(spec, traits=(Decays(self.config.tau),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        current = self.current.value + turned(self.config, arrivals)
        self.current.value = current * self.factor.value
        return {"current": CurrentArray(current)}


class AlphaCurrentConfig(InhibitoryConfig):
    """When the current is largest."""

    tau: Quantity = field(
        2.0,
        unit="ms",
        above=0,
        time_constant="exact",
        description="Time from a spike's arrival to the largest current.",
    )


class AlphaCurrent(Receptor):
    """A current that rises and falls as an alpha function, whose peak is the weight.

        I(t) = weight (t / tau) exp(1 - t / tau)        t after the arrival

    Order of update in a step: the current of this step is put out, 0 for what arrives in it; then both variables
    advance by the exact solution, after what arrives was added to `rise`.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    Variables: `current` (pA), `rise` (pA).
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (alpha functions as linear systems, integrated exactly).
    """

    config: AlphaCurrentConfig
    unit_ports = ("arrivals", "current")

    def build(self, arrivals: PortSpec) -> None:
        """Two numbers for each unit."""
        config = self.config
        factor = decay(config.dt, config.tau)
        self.factor = self.make("tau", factor, arrivals.shape)
        # From one step's `rise` to the next step's current: (dt / tau) e exp(-dt / tau).
        self.passing = self.make("tau", config.dt / np.asarray(config.tau, np.float64) * np.e * factor, arrivals.shape)
        self.current = Variable(
            np.zeros(arrivals.shape, np.float32), unit="pA", description="Current of the next step."
        )
        self.rise = Variable(
            np.zeros(arrivals.shape, np.float32), unit="pA", description="What the current rises with."
        )

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        current = self.current.value
        rise = self.rise.value + turned(self.config, arrivals)
        self.current.value = current * self.factor.value + rise * self.passing.value
        self.rise.value = rise * self.factor.value
        return {"current": CurrentArray(current)}


class CurrentConfig(ReceptorConfig):
    """Nothing to set."""


class Current(Receptor):
    """A current that is injected as it comes: what several wires bring adds up.

        I = sum of I_k        over the wires k

    A wire brings one number for all units, or one for each.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    """

    config: CurrentConfig
    takes = CurrentArray
    unit_ports = ("arrivals", "current")

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        return {"current": CurrentArray(arrivals.value.astype(jnp.float32))}

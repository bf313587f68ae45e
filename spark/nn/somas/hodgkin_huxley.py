"""Somas with the conductances of the action potential: the squid's axon, and a cell of the hippocampus."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import require_shapes
from spark.core.payloads import ConductanceArray, CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number, Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import bounded_exponential, exponential
from spark.nn.somas.single_precision import SinglePrecisionSomaConfig
from spark.nn.somas.soma import Soma, SomaOutput
from spark.nn.stepping import advanced

# The longest step, ms, that follows the upswing of a spike; schemes that balance nothing overshoot before.
_LONGEST, _LONGEST_EXPLICIT = 0.1, 0.025


class HodgkinHuxleySomaConfig(SinglePrecisionSomaConfig):
    """Parameters of the squid's axon, for an area of 10,000 square micrometres: 1 uA/cm^2 is 100 pA."""

    dt: Number = field(0.05, unit="ms", above=0, description="Length of one step.")
    capacitance: Quantity = field(100.0, unit="pF", above=0, description="Membrane capacitance.")
    leak: Quantity = field(30.0, unit="nS", above=0, description="Conductance of the leak.")
    sodium: Quantity = field(12000.0, unit="nS", least=0, description="Greatest conductance of sodium.")
    potassium: Quantity = field(3600.0, unit="nS", least=0, description="Greatest conductance of potassium.")
    reversal_leak: Quantity = field(-54.387, unit="mV", description="Reversal potential of the leak.")
    reversal_sodium: Quantity = field(50.0, unit="mV", description="Reversal potential of sodium.")
    reversal_potassium: Quantity = field(-77.0, unit="mV", description="Reversal potential of potassium.")
    potential_first: Quantity = field(
        -65.0, unit="mV", description="Potential at the start; gates are as if it had always been there."
    )
    threshold: Quantity = field(0.0, unit="mV", description="Potential that a spike crosses from below.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")
    scheme: Literal["exponential_euler", "midpoint", "runge_kutta_4"] = field(
        "exponential_euler",
        description="How a step is taken: exponential Euler (order 1), midpoint (order 2) or Runge-Kutta (order 4).",
    )

    def step_problems(self) -> list[Problem]:
        """A step that is too long for a spike."""
        found = super().step_problems()
        longest = _LONGEST if self.scheme == "exponential_euler" else _LONGEST_EXPLICIT
        if self.dt > longest * (1 + 1e-6):
            text = f"is too long for the course of a spike, got {self.dt:g} ms; expected at most {longest:g} ms"
            text += "" if self.scheme == "exponential_euler" else f" with scheme={self.scheme!r}"
            found.append(Problem("dt", text, "Shorten the brain's dt, or take a soma without these currents", "bounds"))
        return found


class HodgkinHuxleySoma(Soma):
    """Hodgkin and Huxley's model of the squid's giant axon.

        C dV/dt = g_L (E_L - V) + g_Na m^3 h (E_Na - V) + g_K n^4 (E_K - V) + I + I_background - g V
        dx/dt = alpha_x(V) (1 - x) - beta_x(V) x        x = m, h, n
        alpha_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10))      beta_m = 4 exp(-(V + 65) / 18)
        alpha_h = 0.07 exp(-(V + 65) / 20)                      beta_h = 1 / (1 + exp(-(V + 35) / 10))
        alpha_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10))     beta_n = 0.125 exp(-(V + 65) / 80)     V in mV, 1/ms

    Order of update in a step: all four take one step of the `scheme`, from their values before it; by
    `exponential_euler` each exactly for the others held. Jumps come on top of V. A unit fires in the step in which V
    reaches `threshold` from below; nothing is reset. The conductances' current at 0 mV is part of I.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: `potential` (mV), `sodium_open` (m), `sodium_ready` (h), `potassium_open` (n).
    Source: Hodgkin & Huxley 1952, doi:10.1113/jphysiol.1952.sp004764, equations 7 to 24, with a rest of -65 mV.
    """

    config: HodgkinHuxleySomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """The potential, and gates in balance with it."""
        c, shape = self.config, self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", c, shape)
        self.gain = self.make("capacitance", c.dt / np.asarray(c.capacitance), shape)
        self.leak = self.make("leak", c.leak, shape)
        self.sodium = self.make("sodium", c.sodium, shape)
        self.potassium = self.make("potassium", c.potassium, shape)
        self.reversal_leak = self.make("reversal_leak", c.reversal_leak, shape)
        self.reversal_sodium = self.make("reversal_sodium", c.reversal_sodium, shape)
        self.reversal_potassium = self.make("reversal_potassium", c.reversal_potassium, shape)
        self.level = self.make("threshold", c.threshold, shape)
        self.background = self.make("background", c.background, shape)
        first = np.broadcast_to(np.asarray(c.potential_first, np.float64), shape)
        balanced = [np.asarray(up / (up + down)) for up, down in self.rates(jnp.asarray(first, jnp.float32))]
        self.potential = Variable(np.array(first, c.dtype), unit="mV", description="Membrane potential.")
        self.sodium_open, self.sodium_ready, self.potassium_open = (
            Variable(np.array(gate, c.dtype), description=f"Share of {what}.", bounds=(0, 1))
            for gate, what in zip(
                balanced,
                ("sodium's gates that are open", "sodium's gates that are not inactivated", "potassium's open gates"),
                strict=True,
            )
        )

    def rates(self, potential: jax.Array) -> tuple[tuple[jax.Array, jax.Array], ...]:
        """Rates of opening and closing of m, h and n, 1/ms, at a `potential`, mV, all in the shape of the units."""
        v = potential
        return (
            (rising((v + 40.0) * 0.1), 4.0 * bounded_exponential((v + 65.0) * (-1.0 / 18.0))),
            (
                0.07 * bounded_exponential((v + 65.0) * (-1.0 / 20.0)),
                1.0 / (1.0 + bounded_exponential((v + 35.0) * -0.1)),
            ),
            (0.1 * rising((v + 55.0) * 0.1), 0.125 * bounded_exponential((v + 65.0) * (-1.0 / 80.0))),
        )

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        given = self.background.value if current is None else current.value.astype(jnp.float32) + self.background.value
        opened = None if conductance is None else conductance.value.astype(jnp.float32)
        kept = (self.potential, self.sodium_open, self.sodium_ready, self.potassium_open)
        before: tuple[jax.Array, ...] = tuple(variable.value.astype(jnp.float32) for variable in kept)

        def membrane(m: jax.Array, h: jax.Array, n: jax.Array) -> tuple[jax.Array, jax.Array]:
            """All conductance, nS, and the current that it would bring at 0 mV, pA."""
            leak, sodium = self.leak.value, self.sodium.value * (m * m * m * h)
            potassium = self.potassium.value * (n * n * n * n)
            total = leak + sodium + potassium
            inward = given + leak * self.reversal_leak.value + sodium * self.reversal_sodium.value
            inward = inward + potassium * self.reversal_potassium.value
            return total, inward

        def change(v: jax.Array, m: jax.Array, h: jax.Array, n: jax.Array) -> tuple[jax.Array, ...]:
            total, inward = membrane(m, h, n)
            gates = ((up * (1.0 - x) - down * x) for (up, down), x in zip(self.rates(v), (m, h, n), strict=True))
            return (self.gain.value * (inward - total * v), *(self.config.dt * slope for slope in gates))

        if self.config.scheme == "exponential_euler":
            total, inward = membrane(*before[1:])
            after = self._balanced(before, (total if opened is None else total + opened, inward))
        else:
            after = advanced(self.config.scheme, change, before, None if opened is None else self.gain.value * opened)
        now = after[0] if jump is None else after[0] + jump.value.astype(jnp.float32)
        fired = (before[0] < self.level.value) & (now >= self.level.value)
        for variable, value in zip(kept, (now, *after[1:]), strict=True):
            variable.value = value.astype(self.config.dtype)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}

    def _balanced(self, before: tuple[jax.Array, ...], membrane: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, ...]:
        """Each drawn towards its balance, exactly for the others held."""
        total, inward = membrane
        target = inward / total
        after = [target + exponential(-self.gain.value * total) * (before[0] - target)]
        for (up, down), gate in zip(self.rates(before[0]), before[1:], strict=True):
            both = up + down
            target = up / both
            after.append(target + exponential(jnp.float32(-self.config.dt) * both) * (gate - target))
        return tuple(after)


class TraubMilesSomaConfig(HodgkinHuxleySomaConfig):
    """Parameters of a cell of the hippocampus, as in the benchmark of Brette et al. 2007: 20,000 square micrometres."""

    capacitance: Quantity = field(200.0, unit="pF", above=0, description="Membrane capacitance.")
    leak: Quantity = field(10.0, unit="nS", above=0, description="Conductance of the leak.")
    sodium: Quantity = field(20000.0, unit="nS", least=0, description="Greatest conductance of sodium.")
    potassium: Quantity = field(6000.0, unit="nS", least=0, description="Greatest conductance of potassium.")
    reversal_leak: Quantity = field(-60.0, unit="mV", description="Reversal potential of the leak.")
    reversal_sodium: Quantity = field(50.0, unit="mV", description="Reversal potential of sodium.")
    reversal_potassium: Quantity = field(-90.0, unit="mV", description="Reversal potential of potassium.")
    potential_first: Quantity = field(
        -60.0, unit="mV", description="Potential at the start; gates are as if it had always been there."
    )
    threshold: Quantity = field(-20.0, unit="mV", description="Potential that a spike crosses from below.")
    knee: Quantity = field(-63.0, unit="mV", description="Potential V_T that the rates are measured from.")


class TraubMilesSoma(HodgkinHuxleySoma):
    """Traub and Miles' currents of a pyramidal cell of the hippocampus, as in the field's benchmark networks.

        C dV/dt and dx/dt as in `HodgkinHuxleySoma`, with v = V - V_T in mV, rates in 1/ms:
        alpha_m = 0.32 (13 - v) / (exp((13 - v) / 4) - 1)       beta_m = 0.28 (v - 40) / (exp((v - 40) / 5) - 1)
        alpha_h = 0.128 exp((17 - v) / 18)                      beta_h = 4 / (1 + exp((40 - v) / 5))
        alpha_n = 0.032 (15 - v) / (exp((15 - v) / 5) - 1)      beta_n = 0.5 exp((10 - v) / 40)

    Order of update, ports and variables are those of `HodgkinHuxleySoma`.
    Source: Traub & Miles 1991, doi:10.1017/CBO9780511895401; the numbers of Brette et al. 2007,
    doi:10.1007/s10827-007-0038-6, benchmark 3.
    """

    config: TraubMilesSomaConfig
    unit_ports = ("current", "conductance", "jump", "spikes")

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """The potential, and gates in balance with it."""
        shape = self.shape_of_units() if current is None else current.shape
        require_shapes(f"{self.path or type(self).__name__}.config", self.config, shape)
        self.knee = self.make("knee", self.config.knee, shape)
        super().build(current, conductance, jump)

    def rates(self, potential: jax.Array) -> tuple[tuple[jax.Array, jax.Array], ...]:
        """Rates of opening and closing of m, h and n, 1/ms, at a `potential`, mV, all in the shape of the units."""
        v = potential - self.knee.value
        return (
            (1.28 * rising((v - 13.0) * 0.25), 1.4 * rising((40.0 - v) * 0.2)),
            (
                0.128 * bounded_exponential((17.0 - v) * (1.0 / 18.0)),
                4.0 / (1.0 + bounded_exponential((40.0 - v) * 0.2)),
            ),
            (0.16 * rising((v - 15.0) * 0.2), 0.5 * bounded_exponential((10.0 - v) * (1.0 / 40.0))),
        )


def rising(x: jax.Array) -> jax.Array:
    """The function x / (1 - exp(-x)), which is 1 at 0; near it a series, since the difference would lose its digits."""
    near = jnp.abs(x) < np.float32(0.02)
    apart = jnp.where(near, np.float32(1), x)
    return jnp.where(near, 1.0 + 0.5 * x + x * x * np.float32(1.0 / 12.0), apart / (1.0 - bounded_exponential(-apart)))

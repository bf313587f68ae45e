"""Somas that hold their potential at the reset value while they are refractory, as the field's standard networks do."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.errors import Problem
from spark.core.parameter import Scalar, decay, require_shapes, steps
from spark.core.payloads import CurrentArray, PotentialArray, SpikeArray
from spark.core.ports import Decays, PortSpec
from spark.core.values import Number, Quantity
from spark.core.variable import Variable
from spark.kernels.exponential import exponential
from spark.kernels.program import POINT_SOMA, Place
from spark.nn.lowering import Lowering, Receptor, TakesReceptor
from spark.nn.somas.integration import exact_gain
from spark.nn.somas.soma import Soma, SomaConfig, SomaOutput

_MOST_BLOCKED = np.iinfo(np.int16).max


class PointSomaConfig(SomaConfig):
    """Parameters of a leaky integrate-and-fire point neuron; each one number, or one for every unit."""

    potential_rest: Quantity = field(-60.0, unit="mV", description="Resting potential.")
    potential_reset: Quantity = field(-60.0, unit="mV", description="Potential after a spike.")
    potential_first: Quantity = field(-60.0, unit="mV", description="Potential at the start and after a reset.")
    potential_tau: Quantity = field(
        20.0, unit="ms", above=0, time_constant="stored", description="Membrane time constant."
    )
    threshold: Quantity = field(-50.0, unit="mV", description="Potential at which a unit fires.")
    cooldown: Number = field(
        5.0, unit="ms", least=0, description="Refractory period: the potential is held at the reset value."
    )

    def problems(self) -> list[Problem]:
        """A reset at or above threshold would fire forever."""
        found = super().problems()
        if np.any(np.asarray(self.potential_reset) >= np.asarray(self.threshold)):
            found.append(
                Problem(
                    "potential_reset",
                    f"must be below threshold ({self.threshold} mV), got {self.potential_reset}",
                    "Lower the reset or raise the threshold",
                    "bounds",
                )
            )
        return found

    def step_problems(self) -> list[Problem]:
        """The refractory period has a longest."""
        found = super().step_problems()
        if self.cooldown / self.dt > _MOST_BLOCKED:
            found.append(
                Problem(
                    "cooldown",
                    f"is longer than {_MOST_BLOCKED} steps, got {self.cooldown:g} ms with dt={self.dt:g} ms",
                    "Shorten it, or lengthen dt",
                    "bounds",
                )
            )
        return found


class CurrentSomaConfig(PointSomaConfig):
    """A point neuron driven by currents."""

    resistance: Quantity = field(100.0, unit="MOhm", above=0, description="Membrane resistance.")
    background: Quantity = field(0.0, unit="pA", description="Constant current.")


class ConductanceSomaConfig(PointSomaConfig):
    """A point neuron driven by conductances."""

    reversal_excitation: Quantity = field(0.0, unit="mV", description="Reversal potential of excitation.")
    reversal_inhibition: Quantity = field(-80.0, unit="mV", description="Reversal potential of inhibition.")
    drive: Quantity = field(0.0, unit="mV", description="Constant current times the leak's resistance.")


class PointSoma(Soma, TakesReceptor):
    """What point neurons have in common: threshold, reset, and a refractory period in which the potential is held.

    Order of update in a step: the potential integrates what arrives, unless the unit is refractory; units above
    threshold fire, are set to `potential_reset` and are refractory for `ceil(cooldown / dt)` steps, this one counted
    as the first after the spike.
    """

    config: PointSomaConfig
    receptor_ports = ("excitation", "inhibition")
    works_on_others = True
    exposes = {"potential": PotentialArray}
    conductances = False
    instruction = POINT_SOMA

    def prepare_point(self, shape: tuple[int, ...]) -> None:
        """Variables and parameters of this shape."""
        config = self.config
        require_shapes(f"{self.path or type(self).__name__}.config", config, shape)
        rest = np.asarray(config.potential_rest)
        self.level = self.make("threshold", np.subtract(config.threshold, rest), shape)
        self.after = self.make("potential_reset", np.subtract(config.potential_reset, rest), shape)
        self.blocked = steps(config.cooldown, config.dt)
        first = np.broadcast_to(np.subtract(config.potential_first, rest), shape)
        self.potential = Variable(
            np.array(first, config.dtype), unit="mV", description="Membrane potential above rest."
        )
        self.refractory = Variable(
            np.zeros(shape, np.int16), unit="steps", description="Refractory steps left.", bounds=(0, None)
        )

    def fire(self, integrated: Any) -> SpikeArray:
        """Compare with the threshold, reset, count the refractory steps."""
        ready = self.refractory.value == 0
        before = self.potential.value.astype(jnp.float32)
        now = jnp.where(ready, integrated, before)
        fired = ready & (now > self.level.value)
        self.potential.value = jnp.where(fired, self.after.value, now).astype(self.config.dtype)
        left = self.refractory.value - jnp.where(ready, np.int16(0), np.int16(1))
        self.refractory.value = jnp.where(fired, np.int16(self.blocked), left)
        return SpikeArray(fired.astype(jnp.int8))

    def lower_point(
        self, lowering: Lowering, receptors: list[tuple[Receptor, Any]], gain: Any, target: Any
    ) -> dict[str, Place]:
        """One instruction; each receptor with what brings it to mV, or its reversal potential."""
        program = lowering.program
        spikes = program.scratch(self.potential.shape, "int8")
        places = (
            lowering.variable(self.potential),
            lowering.variable(self.refractory),
            spikes,
            lowering.entry("step"),
            None if isinstance(target, Scalar) else lowering.constant(target),
        )
        wholes = (spikes.size, len(receptors), int(self.conductances), self.blocked)
        same = target.value if isinstance(target, Scalar) else 0.0
        program.emit(self.instruction, places, wholes, (gain.value, same, self.level.value, self.after.value))
        for receptor, weight in receptors:
            program.extend((receptor.held, receptor.ring), (receptor.slots,), (receptor.factor, weight.value))
        return {"spikes": spikes}

    def scalars(self, *further: Any) -> bool:
        """Whether every parameter is one number for all units."""
        return all(isinstance(p, Scalar) for p in (self.level, self.after, *further))


class CurrentSoma(PointSoma):
    """Leaky integrate-and-fire units driven by synaptic currents, integrated exactly.

        dV/dt = (-V + R (I + I_background)) / tau        V in mV above rest, I in pA, R in MOhm

    A current from `ExponentialSynapses` decays within the step, and the exact solution for that is taken; any other
    current is constant within the step.

    Input ports: `excitation`, `inhibition` (pA). Output ports: `spikes`, int8, 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left).
    Source: Rotter & Diesmann 1999, doi:10.1007/s004220050570 (exact integration).
    """

    config: CurrentSomaConfig
    lowers = True

    def build(self, excitation: PortSpec, inhibition: PortSpec | None = None) -> None:
        """Variables of the current's shape."""
        self.prepare_point(excitation.shape)
        config, shape = self.config, excitation.shape
        gain = 1 - decay(config.dt, config.potential_tau)
        resistance = np.multiply(config.resistance, 1e-3)
        self.gain = self.make("potential_tau", gain, shape)
        self.target = self.make("background", np.multiply(resistance, config.background), shape)
        self.excited = self.make("resistance", self.brings(excitation, gain) * resistance, shape)
        if inhibition is not None:
            self.inhibited = self.make("resistance", self.brings(inhibition, gain) * resistance, shape)

    def brings(self, current: PortSpec, gain: Any) -> Any:
        """What a current of 1 at the step's beginning brings to the potential, times the resistance.

        One number, or one for each unit: wires that are joined may bring currents of several kinds.
        """
        dt, membrane = self.config.dt, self.config.potential_tau
        taus = [None if kind is None else kind.tau for kind in (wire.trait(Decays) for wire in current.wires)]
        if len(set(taus)) == 1:
            return gain if taus[0] is None else exact_gain(dt, membrane, taus[0])
        wholes = [gain if tau is None else exact_gain(dt, membrane, tau) for tau in taus]
        ends = np.cumsum([0, *(wire.size for wire in current.wires)])
        spread = [
            np.broadcast_to(whole, current.shape).reshape(-1)[first:last]
            for whole, first, last in zip(wholes, ends[:-1], ends[1:], strict=True)
        ]
        return np.concatenate(spread).reshape(current.shape)

    def can_lower(self) -> bool:
        """One number for all units in every parameter but the constant drive."""
        return self.scalars(self.gain, self.excited, getattr(self, "inhibited", Scalar(0.0)))

    def lower(self, lowering: Lowering, excitation: Receptor, inhibition: Receptor | None = None) -> dict[str, Place]:
        """One instruction."""
        receptors = [(excitation, self.excited)]
        if inhibition is not None:
            receptors.append((inhibition, self.inhibited))
        return self.lower_point(lowering, receptors, self.gain, self.target)

    def __call__(self, excitation: CurrentArray, inhibition: CurrentArray | None = None) -> SomaOutput:
        """Advance one step."""
        before = self.potential.value.astype(jnp.float32)
        now = before + self.gain.value * (self.target.value - before)
        now = now + self.excited.value * excitation.value.astype(jnp.float32)
        if inhibition is not None:
            now = now + self.inhibited.value * inhibition.value.astype(jnp.float32)
        return {"spikes": self.fire(now)}


class DeltaSoma(PointSoma):
    """Leaky integrate-and-fire units whose potential jumps at each spike that arrives.

        dV/dt = (-V + R I_background) / tau        plus the jumps        V in mV above rest

    Jumps that arrive while a unit is refractory are lost.

    Input ports: `excitation`, `inhibition` (mV). Output ports: `spikes`, int8, 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left).
    Source: Brunel 2000, doi:10.1023/A:1008925309027, section 2.
    """

    config: CurrentSomaConfig
    lowers = True

    def build(self, excitation: PortSpec, inhibition: PortSpec | None = None) -> None:
        """Variables of the jumps' shape."""
        self.prepare_point(excitation.shape)
        config, shape = self.config, excitation.shape
        self.gain = self.make("potential_tau", 1 - decay(config.dt, config.potential_tau), shape)
        constant = np.multiply(np.multiply(config.resistance, 1e-3), config.background)
        self.target = self.make("background", constant, shape)

    def can_lower(self) -> bool:
        """One number for all units in every parameter but the constant drive."""
        return self.scalars(self.gain)

    def lower(self, lowering: Lowering, excitation: Receptor, inhibition: Receptor | None = None) -> dict[str, Place]:
        """One instruction."""
        receptors = [(r, Scalar(1.0)) for r in (excitation, inhibition) if r is not None]
        return self.lower_point(lowering, receptors, self.gain, self.target)

    def __call__(self, excitation: PotentialArray, inhibition: PotentialArray | None = None) -> SomaOutput:
        """Advance one step."""
        before = self.potential.value.astype(jnp.float32)
        now = before + self.gain.value * (self.target.value - before)
        now = now + excitation.value.astype(jnp.float32)
        if inhibition is not None:
            now = now + inhibition.value.astype(jnp.float32)
        return {"spikes": self.fire(now)}


class ConductanceSoma(PointSoma):
    """Leaky integrate-and-fire units driven by synaptic conductances.

        dV/dt = (-V + drive + g_e (E_e - V) + g_i (E_i - V)) / tau      V and E in mV above rest, g relative to the leak

    Integrated by exponential Euler: conductances are constant during a step, and the solution for that is exact.

    Input ports: `excitation`, `inhibition`: conductances relative to the leak's, at least 0 (`signed=False` in their
    synapses). Output ports: `spikes`, int8, 1 where a unit fired.
    Variables: `potential` (mV above rest), `refractory` (int16, steps left).
    Source: Brette et al. 2007, doi:10.1007/s10827-007-0038-6, benchmark 1 (COBA).
    """

    config: ConductanceSomaConfig
    lowers = True
    conductances = True

    def build(self, excitation: PortSpec, inhibition: PortSpec | None = None) -> None:
        """Variables of the conductances' shape."""
        self.prepare_point(excitation.shape)
        config, shape, rest = self.config, excitation.shape, np.asarray(self.config.potential_rest)
        self.rate = self.make("potential_tau", config.dt / np.asarray(config.potential_tau), shape)
        self.target = self.make("drive", config.drive, shape)
        self.excited = self.make("reversal_excitation", np.subtract(config.reversal_excitation, rest), shape)
        self.inhibited = self.make("reversal_inhibition", np.subtract(config.reversal_inhibition, rest), shape)

    def can_lower(self) -> bool:
        """One number for all units in every parameter but the constant drive."""
        return self.scalars(self.rate, self.excited, self.inhibited)

    def lower(self, lowering: Lowering, excitation: Receptor, inhibition: Receptor | None = None) -> dict[str, Place]:
        """One instruction."""
        given = [(excitation, self.excited), (inhibition, self.inhibited)]
        return self.lower_point(lowering, [(r, e) for r, e in given if r is not None], self.rate, self.target)

    def __call__(self, excitation: CurrentArray, inhibition: CurrentArray | None = None) -> SomaOutput:
        """Advance one step."""
        arriving = [(excitation.value.astype(jnp.float32), self.excited.value)]
        if inhibition is not None:
            arriving.append((inhibition.value.astype(jnp.float32), self.inhibited.value))
        total = jnp.float32(1.0)
        driven = jnp.float32(self.target.value)
        for conductance, reversal in arriving:
            total = total + conductance
            driven = driven + reversal * conductance
        before = self.potential.value.astype(jnp.float32)
        factor = exponential(-self.rate.value * total)
        equilibrium = driven / total
        return {"spikes": self.fire(equilibrium + factor * (before - equilibrium))}

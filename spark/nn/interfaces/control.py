"""Modules between numbers: gain, accumulator, average, delay line, choice."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import InputError, Problem
from spark.core.module import Module
from spark.core.parameter import decay, parameter, steps
from spark.core.payloads import FloatArray
from spark.core.ports import PortSpec
from spark.core.ring import Ring
from spark.core.values import Number, Quantity
from spark.core.variable import RandomKey, Variable
from spark.nn.interfaces.integrator import IntegratorOutput


class GainConfig(ModuleConfig):
    """A straight line, and its ends."""

    gain: Quantity = field(1.0, description="Factor.")
    offset: Number = field(0.0, description="What is added, in the signal's unit.")
    least: Number | None = field(None, description="Least output, in the signal's unit; left out, any.")
    most: Number | None = field(None, description="Greatest output, in the signal's unit; left out, any.")

    def problems(self) -> list[Problem]:
        """The ends are in order."""
        found = super().problems()
        if self.least is not None and self.most is not None and self.least > self.most:
            text = f"must not be above most ({self.most:g}), got {self.least:g}"
            found.append(Problem("least", text, "Swap them, or leave one out", "bounds"))
        return found


class Gain(Module):
    """Numbers times a gain, and an offset.

        y = min(max(gain x + offset, least), most)

    Input ports: `signal`, any shape. Output ports: `signal`, float32, same shape.
    """

    config: GainConfig

    def build(self, signal: PortSpec) -> None:
        """No state."""
        address = f"{self.path or type(self).__name__}.config"
        self.factor = parameter(f"{address}.gain", self.config.gain, signal.shape)

    def __call__(self, signal: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        y = signal.value.astype(jnp.float32) * self.factor.value + np.float32(self.config.offset)
        if self.config.least is not None:
            y = jnp.maximum(y, np.float32(self.config.least))
        if self.config.most is not None:
            y = jnp.minimum(y, np.float32(self.config.most))
        return {"signal": FloatArray(y)}


class GateConfig(ModuleConfig):
    """When it is open, and what stands for numbers that do not pass."""

    threshold: Number = field(0.5, description="The gate is open where its number is above this; in its unit.")
    closed: Number = field(0.0, description="What is put out where it is closed, in the signal's unit.")


class Gate(Module):
    """Numbers that pass while a gate is open.

        y = x where gate > threshold, else closed

    Input ports: `signal`, any shape; `gate`, one number for all, or one for each. Output ports: `signal`, float32, the
    signal's shape.

    Raises:
        InputError: The gate has neither one number nor the signal's shape.
    """

    config: GateConfig

    def build(self, signal: PortSpec, gate: PortSpec) -> None:
        """No state."""
        if gate.size != 1 and gate.shape != signal.shape:
            raise InputError(
                Problem(
                    f"{self.path or type(self).__name__}.gate",
                    f"has the wrong shape, got {gate.shape}; expected one number or {signal.shape}",
                    "Open it for all numbers, or for each",
                    "shape",
                )
            )

    def __call__(self, signal: FloatArray, gate: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        opened = gate.value.astype(jnp.float32) > np.float32(self.config.threshold)
        opened = opened.reshape(()) if opened.size == 1 else opened
        x = signal.value.astype(jnp.float32)
        return {"signal": FloatArray(jnp.where(opened, x, np.float32(self.config.closed)))}


class AccumulatorConfig(ModuleConfig):
    """Whether the sum leaks."""

    tau: Number | None = field(
        None, unit="ms", above=0, time_constant="exact", description="Time constant of a leak; left out, none."
    )


class Accumulator(Module):
    """The sum of all numbers so far.

        y <- y exp(-dt/tau) + x dt        per ms; without `tau` no leak

    Input ports: `signal`, any shape. Output ports: `signal`, float32, same shape: with this step's number.
    Variables: `total`.
    """

    config: AccumulatorConfig

    def build(self, signal: PortSpec) -> None:
        """A sum for each number."""
        tau = self.config.tau
        self.kept = 1.0 if tau is None else float(decay(self.config.dt, tau))
        self.total = Variable(np.zeros(signal.shape, np.float32), description="The sum so far.")

    def __call__(self, signal: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        added = signal.value.astype(jnp.float32) * np.float32(self.config.dt)
        self.total.value = self.total.value * np.float32(self.kept) + added
        return {"signal": FloatArray(self.total.value)}


class AverageConfig(ModuleConfig):
    """How long numbers count."""

    tau: Number = field(20.0, unit="ms", above=0, time_constant="exact", description="Time constant of the average.")


class Average(Module):
    """An exponential average of numbers.

        y <- y + (1 - exp(-dt/tau)) (x - y)

    Input ports: `signal`, any shape. Output ports: `signal`, float32, same shape: with this step's number.
    Variables: `average`.
    """

    config: AverageConfig

    def build(self, signal: PortSpec) -> None:
        """An average for each number."""
        self.share = float(1 - decay(self.config.dt, self.config.tau))
        self.average = Variable(np.zeros(signal.shape, np.float32), description="The average so far.")

    def __call__(self, signal: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        before = self.average.value
        self.average.value = before + np.float32(self.share) * (signal.value.astype(jnp.float32) - before)
        return {"signal": FloatArray(self.average.value)}


class DelayLineConfig(ModuleConfig):
    """How late."""

    delay: Number = field(5.0, unit="ms", above=0, description="Time by which numbers come later, in whole steps.")


class DelayLine(Module):
    """Numbers as they were some steps ago; 0 before there were any.

        y(n) = x(n - round up(delay / dt))        beside the step that a wire takes

    Input ports: `signal`, any shape. Output ports: `signal`, float32, same shape.
    Variables: `ring`, float32, (steps, ...): the numbers on their way, each where its step's number points.
    """

    config: DelayLineConfig

    def build(self, signal: PortSpec) -> None:
        """Room for the numbers on their way."""
        self.length = max(1, steps(self.config.delay, self.config.dt))
        self.ring = Ring(np.zeros((self.length, *signal.shape), np.float32), description="Numbers on their way.")

    def __call__(self, signal: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        late = self.ring.read(self.step)
        self.ring.put(self.step, signal.value.astype(jnp.float32))
        return {"signal": FloatArray(late)}


class SoftmaxChoiceConfig(ModuleConfig):
    """How sharply the larger number is preferred."""

    sharpness: Number = field(
        1.0, least=0, description="Inverse temperature, per unit of the signal: 0 chooses evenly."
    )


class ChoiceOutput(TypedDict):
    """What was chosen, and how likely each was."""

    choice: FloatArray
    probabilities: FloatArray


class SoftmaxChoice(Module):
    """One of several numbers, drawn anew in each step with the probabilities of a softmax.

        p_k = exp(sharpness x_k) / sum exp(sharpness x_j)        the first k with u < p_1 + ... + p_k, u uniform

    Input ports: `signal`, numbers of any shape. Output ports: `choice`, float32, (numbers,): 1 for what was chosen,
    else 0; `probabilities`, float32, (numbers,).
    Source: Luce 1959, doi:10.1037/14396-000; Bridle 1990, doi:10.1007/978-3-642-76153-9_28 (the softmax).
    """

    config: SoftmaxChoiceConfig

    def build(self, signal: PortSpec) -> None:
        """A key."""
        self.key = RandomKey()

    def __call__(self, signal: FloatArray) -> ChoiceOutput:
        """Advance one step."""
        x = signal.value.reshape(-1).astype(jnp.float32) * np.float32(self.config.sharpness)
        raised = jnp.exp(x - x.max())
        probabilities = raised / raised.sum()
        passed = jnp.cumsum(probabilities) <= self.key.uniform((1,))
        # Rounding may leave the last sum just below 1.
        number = jnp.minimum(passed.astype(jnp.int32).sum(dtype=jnp.int32), np.int32(x.shape[0] - 1))
        chosen = (jnp.arange(x.shape[0], dtype=jnp.int32) == number).astype(jnp.float32)
        return {"choice": FloatArray(chosen), "probabilities": FloatArray(probabilities)}


class WinnerTakeAllConfig(ModuleConfig):
    """Nothing to set."""


class WinnerTakeAll(Module):
    """The largest of several numbers: 1 for it (the first, of equal ones), 0 for the others.

        y_k = 1 if k = argmax x, else 0

    Input ports: `signal`, numbers of any shape. Output ports: `signal`, float32, (numbers,).
    """

    config: WinnerTakeAllConfig

    def __call__(self, signal: FloatArray) -> IntegratorOutput:
        """Advance one step."""
        x = signal.value.reshape(-1).astype(jnp.float32)
        chosen = jnp.arange(x.shape[0], dtype=jnp.int32) == jnp.argmax(x).astype(jnp.int32)
        return {"signal": FloatArray(chosen.astype(jnp.float32))}

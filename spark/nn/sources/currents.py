"""Currents that follow a course in time: steps, a ramp, a sine, samples of an array."""

from fractions import Fraction
from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.counter import Counter
from spark.core.errors import Problem
from spark.core.module import Module
from spark.core.parameter import parameter
from spark.core.payloads import CurrentArray
from spark.core.ports import PortSpec
from spark.core.values import Array, Number, Quantity, Shape, Times
from spark.core.variable import Constant

# Steps are counted in 32 bits where a course is looked up.
_MOST_STEPS = 2**31 - 1


class SourceConfig(ModuleConfig):
    """Base of the configs of sources."""

    units: Shape = field(
        (1,), description="Shape of what is put out: (1,) for one number that all units of a pool take."
    )


class CurrentOutput(TypedDict):
    """What a source puts out."""

    current: CurrentArray


class Source(Module):
    """Base of sources: modules without inputs that put out a `current` in every step, from the brain's own time on.

    Their time is that of the brain, step times dt; what a step puts out acts in the next one, as over any wire. A
    current is in the unit in which the soma takes it, pA for those with a resistance or a conductance.
    """

    config: Any

    def output_contract(self, **known: PortSpec) -> dict[str, PortSpec]:
        """The shape is that of the config."""
        return {"current": PortSpec(CurrentArray, self.config.units, "float32")}

    def put_out(self, current: jax.Array) -> CurrentOutput:
        """A current of the shape of the config."""
        return {"current": CurrentArray(jnp.broadcast_to(current, self.config.units).astype(jnp.float32))}


def _in_steps(times: np.ndarray | list[float], dt: float) -> np.ndarray:
    # What is beyond all steps is as far away as one can count.
    return np.clip(np.rint(np.asarray(times, np.float64) / dt), -(2.0**53), 2.0**53).astype(np.int64)


class StepCurrentConfig(SourceConfig):
    """When the current changes, and to what."""

    times: Times = field(
        factory=lambda: np.array([100.0, 400.0]), unit="ms", description="When each step begins, ascending."
    )
    amplitudes: Array = field(
        factory=lambda: np.array([100.0, 0.0]),
        unit="pA",
        description="The current from then on, shape (times,), or (times, *units) for each unit its own.",
    )

    def step_problems(self) -> list[Problem]:
        """Times in order, with an amplitude each."""
        found = super().step_problems()
        times, amplitudes = np.asarray(self.times, np.float64), np.asarray(self.amplitudes, np.float64)
        if times.ndim != 1 or not times.size or amplitudes.shape[:1] != times.shape:
            text = f"are not one for each of the times, got shapes {amplitudes.shape} and {times.shape}"
            found.append(Problem("amplitudes", text, "Give as many as times", "shape"))
        elif amplitudes.ndim > 1 and amplitudes.shape[1:] != self.units:
            text = f"are for other units, got shape {amplitudes.shape}; expected {(*times.shape, *self.units)}"
            found.append(Problem("amplitudes", text, "Give one for each unit, or one for all", "shape"))
        elif not found:
            steps = _in_steps(times, self.dt)
            if times.min() < 0 or steps.max() > _MOST_STEPS or (np.diff(steps) <= 0).any():
                text = f"must be at least 0 and ascend by at least dt ({self.dt:g} ms), got {times.tolist()}"
                found.append(Problem("times", text, "Sort them, and leave out what falls into one step", "bounds"))
        return found


class StepCurrent(Source):
    """A current that is constant between some times, and 0 before the first of them.

        I(t) = amplitudes_k        from times_k on, up to the next

    Times are rounded to steps.

    Input ports: none. Output ports: `current`, float32, shape `units`.
    """

    config: StepCurrentConfig

    def build(self) -> None:
        """The course in steps."""
        c = self.config
        self.begins = Constant(_in_steps(c.times, c.dt).astype(np.int32))
        levels = np.asarray(c.amplitudes, np.float32)
        self.levels = Constant(np.concatenate([np.zeros((1, *levels.shape[1:]), np.float32), levels]))

    def __call__(self) -> CurrentOutput:
        """Advance one step."""
        now = _bounded(self.step)
        passed = (jnp.asarray(self.begins.value) <= now).astype(jnp.int32).sum()
        return self.put_out(jnp.asarray(self.levels.value)[passed])


class RampCurrentConfig(SourceConfig):
    """From where to where, and when."""

    begin: Number = field(0.0, unit="ms", least=0, description="When it begins to change.")
    end: Number = field(1000.0, unit="ms", above=0, description="When it has changed.")
    first: Quantity = field(0.0, unit="pA", description="The current until it begins.")
    last: Quantity = field(100.0, unit="pA", description="The current from the end on.")

    def step_problems(self) -> list[Problem]:
        """At least a step lies between."""
        found = super().step_problems()
        first, last = _in_steps([self.begin, self.end], self.dt)
        if last <= first or last > _MOST_STEPS:
            text = f"must be later than begin ({self.begin:g} ms) by at least dt ({self.dt:g} ms), got {self.end:g} ms"
            found.append(Problem("end", text, "Let it end later", "bounds"))
        return found


class RampCurrent(Source):
    """A current that changes evenly from one time to another, and is held before and after.

        I(t) = first + (last - first) (t - begin) / (end - begin)        begin <= t <= end

    Input ports: none. Output ports: `current`, float32, shape `units`.
    """

    config: RampCurrentConfig

    def build(self) -> None:
        """Both ends."""
        c, address = self.config, f"{self.path or type(self).__name__}.config"
        self.from_step, self.to_step = (int(n) for n in _in_steps([c.begin, c.end], c.dt))
        self.first = parameter(f"{address}.first", c.first, c.units)
        self.last = parameter(f"{address}.last", c.last, c.units)

    def __call__(self) -> CurrentOutput:
        """Advance one step."""
        done = jnp.clip(_bounded(self.step), self.from_step, self.to_step) - self.from_step
        part = done.astype(jnp.float32) / np.float32(self.to_step - self.from_step)
        first, last = (jnp.asarray(end.value, jnp.float32) for end in (self.first, self.last))
        return self.put_out(first + (last - first) * part)


class SineCurrentConfig(SourceConfig):
    """How large, how fast, from where on."""

    amplitude: Quantity = field(100.0, unit="pA", description="Size of the swing.")
    frequency: Number = field(10.0, unit="Hz", above=0, description="Frequency, to 2^-65 of a period in a step.")
    phase: Quantity = field(0.0, unit="rad", description="Phase at time 0.")
    offset: Quantity = field(0.0, unit="pA", description="Its mean.")

    def step_problems(self) -> list[Problem]:
        """At least two steps in a period."""
        found = super().step_problems()
        if self.frequency * self.dt > 500.0:
            text = f"is faster than half a period in dt ({self.dt:g} ms), got {self.frequency:g} Hz"
            found.append(Problem("frequency", text, "Shorten dt, or lower it", "bounds"))
        return found


class SineCurrent(Source):
    """A current that swings.

        I(t) = offset + amplitude sin(2 pi frequency t + phase)

    The phase is counted in 64 bits of a period: after a century of steps of 0.1 ms it is off by 1e-6 of a period at
    most.

    Input ports: none. Output ports: `current`, float32, shape `units`.
    """

    config: SineCurrentConfig

    def build(self) -> None:
        """The part of a period that a step is."""
        c, address = self.config, f"{self.path or type(self).__name__}.config"
        self.turn = round(Fraction(c.frequency) * Fraction(c.dt) * 2**64 / 1000) % 2**64
        self.amplitude = parameter(f"{address}.amplitude", c.amplitude, c.units)
        self.phase = parameter(f"{address}.phase", c.phase, c.units)
        self.offset = parameter(f"{address}.offset", c.offset, c.units)

    def __call__(self) -> CurrentOutput:
        """Advance one step."""
        amplitude, phase, offset = (
            jnp.asarray(held.value, jnp.float32) for held in (self.amplitude, self.phase, self.offset)
        )
        turned = _upper_word(self.step, self.turn).astype(jnp.float32)
        return self.put_out(offset + amplitude * jnp.sin(turned * np.float32(2 * np.pi / 2.0**32) + phase))


def _upper_word(step: Counter, turn: int) -> jax.Array:
    """The upper 32 of the 64 bits of step times turn, uint32: such products begin anew after 2^64, as periods do."""
    upper, lower = jnp.uint32(turn >> 32), turn & 0xFFFFFFFF
    low, half = step.astype(jnp.uint32), jnp.uint32(0xFFFF)
    # What the product of both lower words carries, from halves of words, whose products fit into one.
    a, b, c, d = low >> 16, low & half, jnp.uint32(lower >> 16), jnp.uint32(lower & 0xFFFF)
    inner = a * d + (b * d >> 16)
    carried = a * c + (inner >> 16) + (b * c + (inner & half) >> 16)
    return low * upper + carried + jnp.asarray(step.high, jnp.uint32) * jnp.uint32(lower)


class SampledCurrentConfig(SourceConfig):
    """The samples, and how fast they follow each other."""

    samples: Array = field(
        factory=lambda: np.array([0.0, 100.0]),
        unit="pA",
        description="The current, shape (samples,), or (samples, *units) for each unit its own.",
    )
    interval: Number = field(1.0, unit="ms", above=0, description="Time from one sample to the next, in whole steps.")
    repeats: bool = field(False, description="Whether it begins anew behind the last sample; else 0 follows.")

    @property
    def each(self) -> int:
        """How many steps a sample lasts."""
        return max(1, round(self.interval / self.dt))

    def step_problems(self) -> list[Problem]:
        """Samples there are, of these units, each for a whole number of steps."""
        samples = np.asarray(self.samples, np.float64)
        found = super().step_problems()
        if not samples.ndim or not samples.size or (samples.ndim > 1 and samples.shape[1:] != self.units):
            text = f"has the wrong shape, got {samples.shape}; expected (samples,) or (samples, *{self.units})"
            found.append(Problem("samples", text, "Give one for each unit, or one for all", "shape"))
        elif abs(self.interval / self.dt - self.each) > 1e-6 * self.each:
            text = f"is no whole number of steps, got {self.interval:g} ms with dt={self.dt:g} ms"
            found.append(Problem("interval", text, "Take a multiple of dt, or another dt", "bounds"))
        elif samples.shape[0] * self.each > _MOST_STEPS:
            found.append(Problem("samples", "last longer than 2^31 steps", "Shorten the interval", "bounds"))
        return found


class SampledCurrent(Source):
    """A current given as an array of samples, each of which lasts for an interval.

        I(t) = samples_k        k interval <= t < (k + 1) interval

    Input ports: none. Output ports: `current`, float32, shape `units`.
    """

    config: SampledCurrentConfig

    def build(self) -> None:
        """The samples, behind which stands a 0."""
        c = self.config
        samples = np.asarray(c.samples, np.float32)
        self.each = c.each
        self.count = samples.shape[0]
        self.course = Constant(np.concatenate([samples, np.zeros((1, *samples.shape[1:]), np.float32)]))

    def __call__(self) -> CurrentOutput:
        """Advance one step."""
        steps = self.count * self.each
        now = (self.step % steps).astype(jnp.int32) if self.config.repeats else jnp.minimum(_bounded(self.step), steps)
        return self.put_out(jnp.asarray(self.course.value)[now // np.int32(self.each)])


def _bounded(step: Counter) -> jax.Array:
    """The step as an int32, or the greatest of those."""
    return jnp.where(step > _MOST_STEPS, jnp.int32(_MOST_STEPS), step.astype(jnp.int32))

"""Numbers as the activity of units with bell-shaped fields, alone and in pairs."""

from itertools import combinations

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import Problem, WiringError
from spark.core.module import Module
from spark.core.parameter import parameter
from spark.core.payloads import FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.values import Number, Quantity, Whole
from spark.core.variable import Constant, RandomKey, Variable
from spark.nn.interfaces.linear import SpikerOutput
from spark.nn.interfaces.poisson import draw_spikes
from spark.nn.interfaces.rates import too_fast


class PopulationEncoderConfig(ModuleConfig):
    """The fields, and how fast their units fire."""

    spans: Quantity = field(1.0, above=0, description="Size of each number that maps to the end of its axis.")
    centers: Quantity = field(0.0, description="Each number that maps to the middle of its axis.")
    angle: bool = field(
        False, description="Whether the first two are cosine and sine of an angle, shown in their place."
    )
    resolution: Whole = field(10, least=2, description="Fields along an axis.")
    pairs: bool = field(True, description="Whether fields stand on grids of two numbers each; else on single axes.")
    width: Number = field(0.8, above=0, description="Width of a field, in units of the distance between neighbours.")
    max_freq: Number = field(200.0, unit="Hz", above=0, description="Rate in the middle of a field.")
    least_freq: Number = field(2.0, unit="Hz", least=0, description="Rate below which a unit is silent.")
    random: bool = field(False, description="Whether units fire at random times; else evenly.")

    def step_problems(self) -> list[Problem]:
        """At most one spike a step."""
        return [*super().step_problems(), *too_fast(self.max_freq, self.dt)]

    def problems(self) -> list[Problem]:
        """Some units are not silent."""
        found = super().problems()
        if self.least_freq > self.max_freq:
            text = f"must not be above max_freq ({self.max_freq:g} Hz), got {self.least_freq:g} Hz"
            found.append(Problem("least_freq", text, "Lower it: no unit would ever fire", "bounds"))
        return found


class PopulationEncoder(Module):
    """Every number, or every pair of numbers, is shown by units whose rate is highest where the number is theirs.

    A number x is scaled to (x - center) / span and clipped to -1 ... 1; of an angle that is given by its cosine and
    sine, -pi ... pi are shown as -1 ... 1, and neither center nor span of the two is read. Middles of the fields lie
    evenly from -1 to 1.

        rate = max_freq exp(-d^2 / (2 s^2))        d the distance to the middle of a unit's field, s the width

    Regular units carry a phase, and fire each time it reaches 1; random ones fire independently in each step.

    Input ports: `signal`, (numbers,). Output ports: `spikes`, int8, (units,): for pairs (0, 1), (0, 2) ... (1, 2)
    ..., a grid of resolution x resolution each, row by row; without pairs `resolution` for each number.
    Variables: `phase`, float32, (units,), of regular units.

    Source: population codes of Georgopoulos, Schwartz & Kettner 1986, doi:10.1126/science.3749885.
    """

    config: PopulationEncoderConfig

    def build(self, signal: PortSpec) -> None:
        """The fields.

        Raises:
            WiringError: There are pairs to make, or an angle to show, and one number only.
        """
        config, count = self.config, signal.size - self.config.angle
        if config.angle and signal.size < 2:
            raise WiringError(
                Problem(
                    f"{self.path or type(self).__name__}.signal",
                    f"holds no angle, got {signal.size} number; expected its cosine, its sine, and what else there is",
                    "Write `angle=False`",
                    "shape",
                )
            )
        if config.pairs and count < 2:
            raise WiringError(
                Problem(
                    f"{self.path or type(self).__name__}.signal",
                    f"makes no pairs, got {count} number; expected at least 2",
                    "Write `pairs=False`",
                    "shape",
                )
            )
        address = f"{self.path or type(self).__name__}.config.spans"
        self.span = parameter(address, config.spans, signal.shape)
        self.center = parameter(address.replace("spans", "centers"), config.centers, signal.shape)
        self.middles = Constant(np.linspace(-1.0, 1.0, config.resolution, dtype=np.float32))
        listed = np.array(list(combinations(range(count), 2)), np.int32).reshape(-1, 2)
        self.rows, self.columns = Constant(listed[:, 0]), Constant(listed[:, 1])
        self.units = (len(listed) * config.resolution**2,) if config.pairs else (count * config.resolution,)
        if config.random:
            self.key = RandomKey()
        else:
            # Units of one field each begin at another phase, so that they do not fire together.
            first = self.generator.random(self.units[0]).astype(np.float32)
            self.phase = Variable(first, bounds=(0, 1), description="What is left to the next spike is 1 minus this.")

    def __call__(self, signal: FloatArray) -> SpikerOutput:
        """Advance one step."""
        config = self.config
        numbers = signal.value.reshape(-1).astype(jnp.float32)
        x = jnp.clip((numbers - self.center.value) / self.span.value, -1.0, 1.0)
        if config.angle:
            x = jnp.concatenate([jnp.arctan2(numbers[1:2], numbers[:1]) / jnp.float32(np.pi), x[2:]])
        width = config.width * 2.0 / (config.resolution - 1)
        distance = (x[:, None] - jnp.asarray(self.middles.value)[None, :]) / width
        near = jnp.exp(-0.5 * distance * distance)
        if config.pairs:
            rows, columns = near[jnp.asarray(self.rows.value)], near[jnp.asarray(self.columns.value)]
            near = rows[:, :, None] * columns[:, None, :]
        chance = (config.max_freq * config.dt / 1000.0) * near.reshape(-1)
        chance = jnp.where(chance < config.least_freq * config.dt / 1000.0, 0.0, chance)
        if config.random:
            return {"spikes": draw_spikes(self.key, chance)}
        phase = self.phase.value + chance
        fired = phase >= 1.0
        self.phase.value = jnp.where(fired, phase - 1.0, phase)
        return {"spikes": SpikeArray(fired.astype(jnp.int8))}

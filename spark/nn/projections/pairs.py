"""What all bare wires into a plastic preset are together: one projection whose connections and delays are of pairs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory
from spark.core.module import Module
from spark.core.parameter import shorter_than_a_step, steps
from spark.core.ports import PortSpec
from spark.core.values import Array, Number, Shape
from spark.nn.initializers import AllPairs, AnyInitializer, UniformInitializer
from spark.nn.projections.draws import Made, require_opening
from spark.nn.sparse_way import SPARSE_WAY

# Bytes of a connection's place in the lists, in both orders.
_LISTED = 24
_MOST_LISTED = np.iinfo(np.int32).max
# How many delays are drawn at once, in 64 bits.
_AT_ONCE = 1 << 20


class PairSynapsesConfig(ModuleConfig):
    """Connections and first weights."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    kernel: AnyInitializer = field(
        factory=lambda: UniformInitializer(density=0.2, total=20_000.0),
        unit="pA",
        description="Which connections there are, and their first weights.",
    )


class PairDelaysConfig(ModuleConfig):
    """Delays of every pair of units."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    max_delay: Number = field(8.0, unit="ms", above=0, description="Longest delay.")
    delays: Array | None = field(
        None,
        unit="ms",
        description="Delay of every pair, shape (post..., pre...), rounded to the nearest step and at least dt; left "
        "out, drawn evenly from dt to max_delay.",
    )


@dataclass(frozen=True)
class Pairs:
    """The projection that all bare wires into a port are together, in the order in which their spikes are joined.

    Attributes:
        owner: Path of the pool, for errors.
        synapses: Its connections and weights.
        delays: Its delays; None lets spikes act in the step in which the wires bring them.
        rule: How its weights change.
        modulator: Input port of the pool that modulates the rule, if it is modulated.
    """

    owner: str
    synapses: PairSynapsesConfig
    delays: PairDelaysConfig | None
    rule: Any
    modulator: str | None
    # As the receptor has it: whether spikes of inhibitory units count as -1, whether it is a conductance, and the unit
    # in which it takes weights.
    signed: bool = True
    opens: bool = False
    unit: str = ""

    name = "synapses"
    rule_name = "learning_rule"
    together = True
    stays = False
    rewiring = None
    inhibits = False

    @property
    def seed(self) -> int | None:
        """Seed of its draws, where it has one of its own."""
        return self.synapses.seed

    @property
    def delayed(self) -> bool:
        """Whether connections have delays beyond the wires'."""
        return self.delays is not None

    def connect(self, module: Module, spikes: PortSpec) -> Made:
        """Draw connections, weights and delays; a pair's delay does not depend on which connections there are.

        Raises:
            ConfigError: They do not fit into memory or a list, a kernel is for other units, a weight into a
                conductance is negative, or a delay is out of bounds.
        """
        units: Any = self.synapses.units
        pre, post = spikes.size, int(np.prod(units))
        address = self._address("synapses", "kernel")
        self._require_room(address, pre, post)
        left, longest = self._delays(module, spikes, pre, post) if self.delays is not None else (None, 0)
        try:
            found = self.synapses.kernel.connect(module.generator, pre, post, np.dtype(self.synapses.dtype))
        except ConfigError as error:
            raise error.under(address) from error
        if self.opens:
            require_opening(address, self.synapses.kernel, found.values)
        if isinstance(found, AllPairs) and left is None:
            return Made(None, None, None, found.matrix, 0)
        steps_left = np.zeros(found.pre.shape, np.int64) if left is None else left[found.post, found.pre]
        return Made(found.pre, found.post, steps_left, found.values, longest)

    def _address(self, part: str, name: str) -> str:
        return f"{self.owner}.{part}.config.{name}" if self.owner else f"{part}.config.{name}"

    def _require_room(self, address: str, pre: int, post: int) -> None:
        """Refuse, before anything is drawn, what memory or 32 bits cannot hold."""
        number = self.synapses.kernel.expected_number(pre, post)
        listed = self.delayed or number < pre * post
        what = f"{number:,} connections" if listed else f"all {number:,} pairs of {pre:,} x {post:,} units"
        # Weights are kept as first values and as state.
        each = 2 * np.dtype(self.synapses.dtype).itemsize + (_LISTED if listed else 0)
        require_memory(address, f"needs too much memory for {what}", number * each, SPARSE_WAY)
        if listed and number > _MOST_LISTED:
            text = f"makes more connections than a list holds, got {number:,}; expected at most {_MOST_LISTED:,}"
            raise ConfigError(Problem(address, text, SPARSE_WAY, "size"))

    def _delays(self, module: Module, spikes: PortSpec, pre: int, post: int) -> tuple[np.ndarray, int]:
        """What is left of every pair's delay when its spike comes in, in steps, (post, pre); and the longest delay."""
        config: Any = self.delays
        longest = steps(config.max_delay, config.dt)
        needed = post * pre * (1 if longest < 256 else 2)
        require_memory(
            self._address("delays", "units"),
            f"needs too much memory for a delay of each of {pre:,} x {post:,} pairs",
            needed,
            SPARSE_WAY,
        )
        shape = (*config.units, *spikes.shape)
        generator = module.generator_beside("delays", config.seed)
        drawn = drawn_delays(generator, self._address("delays", "delays"), config, longest, shape)
        drawn -= spikes.lateness.astype(drawn.dtype)
        return drawn.reshape(post, pre), longest


def drawn_delays(
    generator: np.random.Generator, address: str, config: Any, longest: int, shape: tuple[int, ...]
) -> np.ndarray:
    """Delays of 1 to `longest` steps, of this shape, in the smallest unsigned type.

    Those given in ms are rounded to the nearest step; left out, they are drawn evenly.

    Raises:
        ConfigError: Given delays have another shape, are shorter than one step, or longer than the longest.
    """
    dtype = np.uint8 if longest < 256 else np.uint16
    given = config.delays
    if given is None:
        drawn = np.empty(shape, dtype)
        flat = drawn.reshape(-1)
        for first in range(0, flat.size, _AT_ONCE):
            part = flat[first : first + _AT_ONCE]
            part[:] = generator.integers(1, longest, part.size, endpoint=True)
        return drawn
    in_steps = np.rint(np.asarray(given, np.float64) / config.dt).astype(np.int64)
    if in_steps.ndim and in_steps.shape != shape:
        text = f"has the wrong shape, got {np.shape(given)}; expected {shape} or one number"
        raise ConfigError(Problem(address, text, "Give one delay for every element", "shape"))
    if shorter_than_a_step(given, config.dt) or in_steps.max() > longest:
        text = (
            f"must lie between dt ({config.dt:g} ms) and max_delay ({config.max_delay:g} ms), "
            f"got {' to '.join(f'{d:g}' for d in sorted({np.min(given), np.max(given)}))} ms"
        )
        raise ConfigError(Problem(address, text, "Raise max_delay, or change the delays", "bounds"))
    return np.broadcast_to(in_steps.astype(dtype), shape).copy()

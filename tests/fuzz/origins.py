"""Where a wire may begin, and random choices that the recipes share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from spark import PortMap, SpikeArray
from spark.nn import connections, initializers

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Origin:
    """An output port or an input of the brain, and what it carries.

    Attributes:
        signed: Whether some of its spikes are negative.
    """

    wire: PortMap
    payload: type
    shape: Shape
    dtype: str
    signed: bool = False

    @property
    def size(self) -> int:
        """How many elements."""
        return int(np.prod(self.shape))


# One brain of so many may hold what does not run as one native program.
_SLOW_EVERY = 5


class Draw:
    """Random choices of one brain.

    Attributes:
        number: How many brains of smaller seeds are `lowered` or not, as this one is; what must occur among any few
            brains in a row follows from it by turns.
        dt: Length of a step, ms.
        lowered: Whether only such modules and settings are chosen as run as one native program. Of the others one is
            enough for a brain to run in JAX, step by step, which takes seconds to compile: so they are few.
    """

    def __init__(self, seed: int) -> None:
        self.lowered = seed % _SLOW_EVERY != _SLOW_EVERY - 1
        self.number = seed - seed // _SLOW_EVERY if self.lowered else seed // _SLOW_EVERY
        self.generator = np.random.default_rng([20261126, seed])
        self.dt = float(self.choice([0.1, 0.25, 0.37, 0.5, 0.8, 1.0, 1.0]))
        self._turns: dict[str, int] = {}

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.generator.random() < probability)

    def choice(self, options):
        """One of these."""
        return options[int(self.generator.integers(len(options)))]

    def turn(self, what: str, options, every: int = 1):
        """One of these, by turns from `every` so many brains to the next, and from one asking to the next."""
        asked = self._turns[what] = self._turns.get(what, -1) + 1
        return options[(self.number // every + asked) % len(options)]

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        return int(self.generator.integers(low, high + 1))

    def number_in(self, low: float, high: float) -> float:
        """A number, rounded to four digits so that reports are short."""
        return float(f"{self.generator.uniform(low, high):.4g}")

    def units(self) -> Shape:
        """Shape of a pool of 5 to 60 units, on a line or a sheet."""
        if self.chance(0.25):
            return (self.whole(2, 6), self.whole(3, 9))
        return (self.whole(5, 60),)

    def quantity(self, value: float, shape: Shape):
        """A parameter near `value`: one number, or now and then one for each unit."""
        if not self.lowered and self.chance(0.1):
            return (value * self.generator.uniform(0.9, 1.1, shape)).astype(np.float32)
        return float(f"{value * self.generator.uniform(0.9, 1.1):.4g}")

    def state_dtype(self) -> str:
        """How floating state is stored: half precision is refused where steps are too fine for it."""
        return "float32" if self.lowered or self.dt < 0.25 else self.choice(["float32"] * 5 + ["float16"])


# Distributions that are drawn by the same code as others: `nn/test_initializers.py` looks at each of them.
DRAWN_ALIKE = ("ExponentialInitializer", "GammaInitializer", "TruncatedNormalInitializer")
# Values of pairs of units, for projections alone: see `projection` in `fuzz/recipes.py`.
OF_PAIRS = ("ConductionInitializer", "DistanceInitializer")


def built_in(kinds: Mapping[str, type]) -> dict[str, type]:
    """Those of the library: a seed is to draw the same whatever other tests of this process define of their own."""
    return {name: kind for name, kind in kinds.items() if kind.__module__.startswith("spark.")}


def positive_values(draw: Draw, mean: float):
    """An initializer of numbers above zero with about this mean.

    Of a normal distribution so little lies below zero that no unit gets nothing else: where its values are scaled to a
    sum, that is refused, whatever replica it happens in.
    """
    known = built_in(initializers.base.kinds)
    kind = draw.turn("values", sorted(set(known) - {"ArrayInitializer", *DRAWN_ALIKE, *OF_PAIRS}))
    made = known[kind]
    if kind == "ConstantInitializer":
        return made(value=mean)
    if kind == "UniformInitializer":
        return made(low=0.2 * mean, high=1.8 * mean)
    if kind == "NormalInitializer":
        return made(mean=mean, deviation=0.18 * mean, minimum=0.7 * mean)
    assert kind == "LogNormalInitializer", f"no recipe for {kind}"
    return made(mean=float(np.log(mean)), deviation=0.4, maximum=4 * mean)


def delays(draw: Draw):
    """An initializer of delays, ms: at least one step, some of them off the grid."""
    dt = draw.dt
    if draw.chance(0.4):
        return initializers.ConstantInitializer(value=dt * draw.whole(1, 9))
    if draw.chance(0.2):
        return initializers.NormalInitializer(mean=4 * dt, deviation=2 * dt, minimum=dt, maximum=12 * dt)
    return initializers.UniformInitializer(low=dt, high=dt * draw.number_in(1.5, 12))


def connectivity(draw: Draw, origin: Origin, units: Shape, weight: float):
    """Which units of `origin` reach which of a pool, about `weight` each where the connectivity brings weights."""
    pre, post = origin.size, int(np.prod(units))
    own = draw.chance(0.5)
    known = built_in(connections.base.kinds)
    for _ in range(len(known)):
        kind = draw.turn("connectivity", sorted(known))
        made = known[kind]
        if kind == "OneToOne" and pre == post:
            return made()
        if kind == "AllToAll":
            return made(self_connections=own)
        if kind in ("FixedProbability", "AtLeastOnce"):
            more = {"self_connections": own} if kind == "FixedProbability" else {}
            return made(probability=draw.number_in(0.05, 0.6), **more)
        if kind == "FixedInDegree" and pre > 2:
            return made(degree=draw.whole(1, pre - 1), multapses=draw.chance(0.5), self_connections=own)
        if kind == "FixedOutDegree" and post > 2:
            return made(degree=draw.whole(1, post - 1), multapses=draw.chance(0.5), self_connections=own)
        if kind == "FixedTotalNumber":
            return made(number=draw.whole(1, 4 * (pre + post)))
        if kind == "DistanceDependent" and len(origin.shape) == len(units):
            profile = draw.choice(["gaussian", "exponential", "box"])
            return made(width=draw.number_in(0.1, 0.5), profile=profile, periodic=draw.chance(0.5))
        if kind == "FromMatrix":
            there = draw.generator.random((post, pre)) < 0.4
            return made(matrix=np.where(there, draw.generator.uniform(0.2, 1.8, (post, pre)) * weight, 0.0))
    return connections.AllToAll()


def spikes_of(origins: list[Origin]) -> list[Origin]:
    """Those that carry spikes."""
    return [o for o in origins if issubclass(o.payload, SpikeArray)]

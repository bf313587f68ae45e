"""Teaching by selection: a population of brains acts, and the next one is drawn around those that did well."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import check_fields, checked
from spark.core.errors import ArgumentError, Problem
from spark.core.extras import need
from spark.core.pausing import require_no_pauses
from spark.core.transform import STEP, split
from spark.learn.keeping import BRAIN, EPISODES, SEED, Curve, Kept
from spark.learn.lesson import Callback, Lesson, check_seed, conduct
from spark.learn.parameters import Parameters
from spark.learn.placing import in_world, no_number, the_only
from spark.nn import Brain
from spark.sim.unroll import unroll
from spark.worlds.world import World

# Steps of the world after which it is seen whether all have ended.
_ROUNDS = 25
# From the first episode of a seed to that of the next.
_EPISODES = 1_000_003


@dataclass(frozen=True, eq=False)
class Evolution:
    """A teacher that changes weights by chance and keeps what does well: evolution strategies of evosax.

    In each generation a strategy draws as many brains as the population has, which differ in the weights that are
    learned alone; each has `trials` episodes of the world, the same for all; their mean returns tell the strategy where
    to draw the next from. Nothing needs a derivative, and nothing within an episode is looked at. The brain that was
    taught has the mean of the last distribution.

    All brains of a generation are one call in XLA. Weights that are drawn beyond what they may be, the bounds of their
    rule or variable or the sign that their receptor takes, act as the nearest that may be.

    Attributes:
        weights: Paths of what is learned, as in `spark.unroll`: projections, or variables such as `actor.weights`.
        population: How many brains a generation has.
        trials: Episodes of each brain, over which its return is averaged.
        settings: Of the strategy's parameters, such as `{"std_init": 0.5}`, how far apart the first brains are; each in
            the strategy's unit.
        strategy: A distribution-based strategy of evosax (`evosax.algorithms.CMA_ES`), or whatever makes one of the
            size of a population and an example of what is learned; left out, `Sep_CMA_ES`, which takes thousands of
            weights.
        learning: Whether the brains' own plasticity goes on in their episodes. What it learns there is not inherited.

    Raises:
        ArgumentError: A setting is out of bounds, or no weights are named.

    Source: Ros & Hansen 2008, doi:10.1007/978-3-540-87700-4_30 (`Sep_CMA_ES`); Lange 2022, arXiv:2212.04180 (evosax).
    """

    weights: tuple[str, ...]
    population: int = 32
    trials: int = 1
    settings: Mapping[str, float] = field(default_factory=dict)
    strategy: Callable[[int, Any], Any] | None = None
    learning: bool = False

    def __post_init__(self) -> None:
        check_fields(self, ArgumentError)
        problems = [
            Problem(f"Evolution.{name}", f"must be at least {least}, got {value!r}", "", "bounds")
            for name, value, least in (("population", self.population, 4), ("trials", self.trials, 1))
            if value < least
        ]
        if not self.weights:
            problems.append(Problem("Evolution.weights", "is empty", "Name a projection", "missing"))
        if problems:
            raise ArgumentError(problems)

    @checked
    def fit(
        self,
        brain: Brain,
        world: World | type[World] | None = None,
        *,
        episodes: int = 100,
        seed: int = 0,
        callbacks: Iterable[Callback] = (),
        to: str | Path | None = None,
        resume: bool = False,
    ) -> Lesson:
        """Teach a brain.

        Args:
            brain: A brain; it stays as it is. Every episode begins at its state.
            world: Where it acts, see `spark.learn.in_world`; left out, in its own.
            episodes: Generations. The curve has the mean `return` of each, and the `best` brain's.
            seed: Of what is drawn, and of the episodes.
            callbacks: Called with a `Progress` after each generation.
            to: See `Teacher.fit`.
            resume: See `Teacher.fit`.

        Raises:
            MissingError: evosax is not installed.
            ArgumentError: The world does not fit the brain, a setting is none of the strategy's, the strategy has no
                mean, or the seed is below 0 or so great that there are no steps for its episodes.
            RunError: The brain has no world, or several; or the world gives what is no number.
            ModuleError: With `learning`, the brain pauses between steps, as for a `rewiring`.
            FormatError: What was kept is of another brain, world, seed or other weights, or cannot be read.
            StateError: A path is not there, with the nearest.
        """
        need("evolution", "evosax")
        return conduct(_Search(self, in_world(brain, world), seed), episodes, callbacks, to, resume)


class _Search:
    """One lesson: generation after generation."""

    columns: tuple[str, ...] = ("return", "best")

    def __init__(self, teacher: Evolution, brain: Brain, seed: int) -> None:
        self.teacher, self.world = teacher, the_only(brain, World)
        specs = brain.config.modules_map[self.world]
        kind: Any = specs.module_cls
        self.config: Any = specs.config
        self.solved_return: float | None = kind.solved_return
        # Each seed has a million episodes of its own, and steps are counted in 64 bits.
        self.steps = self.config.every * (self.config.limit + _ROUNDS + 2)
        check_seed(seed, 2**62 // (self.steps * _EPISODES))
        self.held = Parameters(brain, teacher.weights)
        if teacher.learning:
            require_no_pauses(brain, "`Evolution`", "Give `learning=False`, or leave that out")
        self.key, self.seed, self.done = jax.random.key(seed), seed, 0
        with jax.numpy_dtype_promotion("standard"):
            self.strategy, self.settings = _strategy(teacher, self.held.first)
            self.state = self.strategy.init(self.key, self.held.first, self.settings)
        last, self.faults = (int(brain.state[f"{self.world}.{name}"]) for name in ("episodes", "faults"))
        last += 1
        self.graph, self.begin = split(brain)
        self.begin = self.begin.replace({f"{self.world}.most_episodes": last})
        self.last = last
        self.piece = jax.jit(jax.vmap(jax.vmap(self._some_rounds, (0, None)), (0, 0)))

    def brain(self) -> Brain:
        """A brain with the mean of the distribution."""
        return self.held.placed(self.strategy.get_mean(self.state))

    def memory(self) -> dict[str, np.ndarray]:
        """The distribution, and which lesson it is."""
        leaves = jax.tree.leaves(self.state)
        return {
            EPISODES: np.array(self.done, np.int64),
            SEED: np.array(self.seed, np.int64),
            BRAIN: self.held.digest,
            **{str(n): np.asarray(leaf) for n, leaf in enumerate(leaves)},
        }

    def recall(self, kept: Kept) -> int:
        """Take it over; what is drawn follows from the seed and the number of the generation."""
        found = kept.read_memory(self.memory())
        structure = jax.tree.structure(self.state)
        leaves = [jnp.asarray(found[str(n)]) for n in range(structure.num_leaves)]
        self.state = jax.tree.unflatten(structure, leaves)
        self.done = int(found[EPISODES])
        return self.done

    def go_on(self, most: int) -> tuple[Curve, str | None]:
        """One generation."""
        drawing, telling = jax.random.split(jax.random.fold_in(self.key, self.done))
        with jax.numpy_dtype_promotion("standard"):
            population, drawn = self.strategy.ask(drawing, self.state, self.settings)
            returns = self.returns(population)
            # What does best has the least fitness there.
            told, _ = self.strategy.tell(telling, population, -returns, drawn, self.settings)
        found = np.asarray(returns)
        curve = {"return": found.mean(keepdims=True), "best": found.max(keepdims=True)}
        # What interrupts a generation leaves the one before it.
        self.state, self.done = told, self.done + 1
        return curve, None

    def returns(self, population: Mapping[str, Any]) -> jax.Array:
        """The mean return of each brain of a population, float32."""
        trials, size = self.teacher.trials, self.teacher.population
        # Chance follows from the step: every trial begins at another one, the same for all brains.
        first = [(self.seed * _EPISODES + self.done * trials + n) * self.steps for n in range(trials)]
        begun = [self.begin.replace({STEP: number}) for number in first]
        states = jax.tree.map(lambda *leaves: jnp.stack([jnp.stack(leaves)] * size), *begun)
        while True:
            states, episodes, returns, faults = self.piece(states, population)
            if (np.asarray(faults) > self.faults).any():
                raise no_number(self.world, "Mend")
            if (np.asarray(episodes) >= self.last).all():
                return returns.mean(axis=1)

    def _some_rounds(self, state: Any, weights: Mapping[str, Any]) -> Any:
        steps = self.config.every * _ROUNDS
        within = self.held.within(weights)
        found = unroll(self.graph, state, steps, parameters=within, learning=self.teacher.learning).state
        return found, *(found[f"{self.world}.{name}"] for name in ("episodes", "last_return", "faults"))

    def leave(self) -> None:
        """Nothing is to be put back."""


def _strategy(teacher: Evolution, example: Any) -> tuple[Any, Any]:
    """The strategy, and its parameters."""
    from evosax.algorithms import Sep_CMA_ES
    from evosax.algorithms.distribution_based.base import DistributionBasedAlgorithm

    made = (teacher.strategy or Sep_CMA_ES)(teacher.population, example)
    if not isinstance(made, DistributionBasedAlgorithm):
        text = f"has no mean that could be taught, got {type(made).__name__}; expected a distribution-based strategy"
        raise ArgumentError(Problem("Evolution.strategy", text, "Take one such as `CMA_ES`", "type"))
    known: Any = made.default_params
    names = list(known.__dataclass_fields__)
    problems = [
        Problem(
            f"Evolution.settings.{name}",
            f"is no parameter of {type(made).__name__}; expected one of {names}",
            "",
            "unknown",
        )
        for name in teacher.settings
        if name not in names
    ]
    if problems:
        raise ArgumentError(problems)
    return made, known.replace(**teacher.settings)

"""The teacher that leaves all to the brain: episodes in a world with learning on; and how well it does with it off."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from spark.core.arguments import advise, checked
from spark.core.errors import Problem, RunError
from spark.learn.error import PredictionError
from spark.learn.evaluation import Evaluation, evaluation
from spark.learn.keeping import Curve, Kept
from spark.learn.lesson import Callback, Course, Lesson, conduct
from spark.learn.placing import in_world, no_number, the_only
from spark.nn import Brain
from spark.sim.records import Probe
from spark.sim.run import build, run
from spark.worlds.world import ENDLESS, World

# Steps of the world that are run at once at least, however short its episodes.
_ROUNDS = 25


@runtime_checkable
class Place(Protocol):
    """Where a brain may act that is no world of its graph, such as `spark.envs.Environment`."""

    def enter(self, brain: Brain, learning: bool, seed: int | None) -> Course:
        """Episodes of `brain` there, with `learning` on or off; chance there begins with `seed`, unless it is None."""
        ...


advise(Place, "Put an environment of Gymnasium into `spark.envs.Environment(...)`")


@dataclass(frozen=True)
class Plasticity:
    """A teacher that lets a brain act, and its plasticity do the rest."""

    @checked
    def fit(
        self,
        brain: Brain,
        world: World | type[World] | Place | None = None,
        *,
        episodes: int = 100,
        seed: int | None = None,
        callbacks: Iterable[Callback] = (),
        to: str | Path | None = None,
        resume: bool = False,
    ) -> Lesson:
        """Let a brain learn in a world for so many episodes; another `fit` goes on from there.

        The brain stands where its last episode ended. Saved there, or by a callback on the way, and loaded, it goes on
        to the same weights to the bit as one that was never interrupted. With Ctrl-C it ends early.

        Args:
            brain: A brain with one prediction error, and a world; see `spark.learn.actor_critic`. It is itself that
                learns, unless it is put into another world, or a seed is given.
            world: Where, see `spark.learn.in_world`; or an environment of Gymnasium, `spark.envs.Environment`. Left
                out, the brain's own world.
            episodes: See `Teacher.fit`.
            seed: A brain like this one with this seed learns, from nothing (`BrainConfig.with_new_seeds`); in a place
                such as an environment, chance begins with it too. Left out, this brain goes on.
            callbacks: Called with a `Progress` after some hundred steps of the world, over and over.
            to: See `Teacher.fit`.
            resume: See `Teacher.fit`. Of an environment of Gymnasium its chance is kept, nothing else.

        Raises:
            RunError: `episodes` is no whole number above 0; the brain has no world, or several, or none to learn from;
                or the world gives what is no number: then the brain has what it learned before.
            ArgumentError: The world does not fit the brain, or there is nothing to resume from.
            FormatError: What was kept cannot be gone on with.
        """
        pupil = brain if seed is None else type(brain)(brain.config.with_new_seeds(seed))
        course = _course(pupil, world, True, seed)
        the_only(brain, PredictionError)
        return conduct(course, episodes, callbacks, to, resume)


@checked
def evaluate(brain: Brain, world: World | type[World] | Place | None = None, *, episodes: int = 100) -> Evaluation:
    """How well a brain does with learning off, in episodes that it has not seen.

    What it learned stays as it is; see `spark.run` for what goes on.

    Args:
        brain: A brain that acts in a world, whoever taught it.
        world: As of `Plasticity.fit`.
        episodes: How many.

    Raises:
        RunError: As of `Plasticity.fit`; or Ctrl-C ended it before its first episode did.
    """
    found = conduct(_course(brain, world, False, None), episodes, ())
    if not found.returns.size:
        raise RunError(Problem("evaluate", "was interrupted before an episode ended", "Let it run longer", "stopped"))
    return evaluation(found.returns)


def _course(brain: Brain, world: Any, learning: bool, seed: int | None) -> Course:
    if world is None or isinstance(world, (World, type)):
        return _InWorld(in_world(brain, world), learning)
    return world.enter(brain, learning, seed)


class _InWorld:
    """Episodes of a brain in a world that is a module of it."""

    columns: tuple[str, ...] = ("return",)

    def __init__(self, brain: Brain, learning: bool) -> None:
        self.pupil, self.learning, self.world = brain, learning, the_only(brain, World)
        kind: Any = brain.config.modules_map[self.world].module_cls
        self.solved_return: float | None = kind.solved_return
        build(brain)

    def brain(self) -> Brain:
        """The brain, as it is."""
        return self.pupil

    def memory(self) -> dict[str, np.ndarray]:
        """A brain in its world remembers all itself."""
        return {}

    def recall(self, kept: Kept) -> int:
        """Take over the state of the brain that was kept."""
        self.pupil.load_state(kept.read_brain_like(self.pupil).state)
        return kept.read_episodes()

    def episodes(self) -> int:
        """How many the brain has had in its life."""
        return int(self.pupil.state[f"{self.world}.episodes"])

    def go_on(self, most: int) -> tuple[Curve, str | None]:
        """Run for as many steps of the world as an episode may last, or some more, or until so many have ended."""
        wanted = self.episodes() + most
        self.pupil.replace_state({f"{self.world}.most_episodes": wanted})
        before = self.pupil.state
        try:
            returns, stopped = _piece(self.pupil, self.world, wanted, self.learning)
        except KeyboardInterrupt:
            # Its episodes would be in the brain and not in the curve.
            self.pupil.load_state(before)
            raise
        # A brain that is saved between two pieces goes on without an end, as one that has left.
        self.leave()
        return {"return": returns}, stopped

    def leave(self) -> None:
        """The world goes on without an end."""
        self.pupil.replace_state({f"{self.world}.most_episodes": ENDLESS})


def _piece(brain: Brain, world: str, wanted: int, learning: bool) -> tuple[np.ndarray, str | None]:
    """Run a brain for as many steps of its world as an episode may last, at least some, or until so many have ended.

    Returns what the new episodes brought. It ends with the last episode that is wanted, so that whoever goes on from
    there misses no round, and makes none up: where it went further it is run again, up to there.
    """
    config: Any = brain.config.modules_map[world].config
    probes = [Probe(f"{world}.{name}", every=config.every) for name in ("episodes", "last_return")]
    rounds, before, ended_before = max(config.limit, _ROUNDS), brain.state, int(brain.state[f"{world}.episodes"])
    while True:
        recording = run(brain, config.every * rounds, record=probes, learning=learning, progress=False)
        if int(brain.state[f"{world}.faults"]) > int(before[f"{world}.faults"]):
            brain.load_state(before)
            raise no_number(world, "The brain is as it was before these steps: save it, and mend")
        ended, last = (np.asarray(recording[p.path]).reshape(-1) for p in probes)
        at = np.flatnonzero(np.diff(ended, prepend=ended_before))
        if at.size == 0 or ended[-1] < wanted or at[-1] + 1 == rounds or recording.stopped is not None:
            return last[at].astype(np.float32), recording.stopped
        brain.load_state(before)
        rounds = int(at[-1]) + 1

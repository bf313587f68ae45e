"""Teaching: episodes with learning on, and how well a brain does with learning off."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import Problem, RunError
from spark.learn.error import PredictionError
from spark.learn.evaluation import Evaluation, check_episodes, evaluation
from spark.nn import Brain
from spark.sim.records import Probe
from spark.sim.run import build, run
from spark.worlds.world import ENDLESS, World

# An episode counts as solved where the mean of so many, it among them, reaches the world's `solved_return`.
WINDOW = 10


@dataclass(frozen=True)
class Lesson:
    """How a brain did while it learned.

    Attributes:
        returns: float32, (episodes,): the return of each episode, in their order.
        first_solved: The first episode, counted from 1, at which the mean of the last ten was solved; None if none was.
        stopped: Why it ended before all episodes were done, or None.
        seconds: How long it took.
    """

    returns: np.ndarray
    first_solved: int | None
    stopped: str | None
    seconds: float


@dataclass
class Progress:
    """What callbacks are told, now and then, while a brain learns.

    Attributes:
        brain: The brain, with the state that it has now: saved here, it goes on from here.
        returns: float32: of the episodes so far.
        episodes: How many there shall be.
        stopped: Why the lesson ends here, or None; see `stop`.
    """

    brain: Brain
    returns: np.ndarray
    episodes: int
    stopped: str | None = None

    def stop(self, why: str = "a callback stopped it") -> None:
        """End the lesson here; what was learned stays."""
        self.stopped = why


@checked
def fit(brain: Brain, episodes: int = 100, *, callbacks: Iterable[Callable[[Progress], None]] = ()) -> Lesson:
    """Let a brain with a world learn for so many episodes; another `fit` goes on from there.

    The brain stands where its last episode ended. Saved there, or by a callback on the way, and loaded, it goes on to
    the same weights to the bit as one that was never interrupted. With Ctrl-C it ends early.

    Args:
        brain: A brain with one world in it, and one prediction error; see `spark.learn.actor_critic`.
        episodes: How many.
        callbacks: Called with a `Progress` after some hundred steps of the world, over and over.

    Raises:
        RunError: `episodes` is no whole number above 0; the brain has no world, or several, or none to learn from; or
            the world gives what is no number: then the brain has what it learned before.
    """
    return _run(brain, episodes, True, callbacks)


@checked
def evaluate(brain: Brain, episodes: int = 100) -> Evaluation:
    """How well a brain does with learning off, in episodes that it has not seen.

    What it learned stays as it is; see `spark.run` for what goes on.

    Args:
        brain: As of `fit`.
        episodes: How many.

    Raises:
        RunError: As of `fit`; or Ctrl-C ended it before its first episode did.
    """
    found = _run(brain, episodes, False, ())
    if not found.returns.size:
        raise RunError(Problem("evaluate", "was interrupted before an episode ended", "Let it run longer", "stopped"))
    return evaluation(found.returns)


def first_solved(returns: np.ndarray, solved_return: float) -> int | None:
    """The first episode, from 1, at which the mean of the last ten was the world's `solved_return`; None if none."""
    if returns.size < WINDOW:
        return None
    means = np.convolve(returns, np.full(WINDOW, 1 / WINDOW), "valid")
    solved = np.flatnonzero(means >= solved_return)
    return int(solved[0]) + WINDOW if solved.size else None


def the_only(brain: Brain, kind: type) -> str:
    """The name of the only module of a kind.

    Raises:
        RunError: There is none, or there are several.
    """
    names = [name for name, specs in brain.config.modules_map.items() if issubclass(specs.module_cls, kind)]
    if len(names) != 1:
        found = f"got {', '.join(names) or 'none'}; expected one"
        fix = "Assemble one with `spark.learn.actor_critic`"
        raise RunError(Problem("brain", f"needs one {kind.__name__} among its modules, {found}", fix, "modules"))
    return names[0]


def _run(brain: Brain, episodes: int, learning: bool, callbacks: Iterable[Callable[[Progress], None]]) -> Lesson:
    check_episodes(episodes)
    world, _ = the_only(brain, World), the_only(brain, PredictionError)
    begin = time.perf_counter()
    build(brain)
    wanted = int(brain.state[f"{world}.episodes"]) + episodes
    brain.replace_state({f"{world}.most_episodes": wanted})
    progress = Progress(brain, np.zeros(0, np.float32), episodes)
    try:
        while progress.returns.size < episodes and progress.stopped is None:
            new, progress.stopped = _piece(brain, world, wanted, learning)
            progress.returns = np.concatenate([progress.returns, new])
            for callback in callbacks:
                callback(progress)
    finally:
        brain.replace_state({f"{world}.most_episodes": ENDLESS})
    kind: Any = brain.config.modules_map[world].module_cls
    solved = first_solved(progress.returns, kind.solved_return)
    return Lesson(progress.returns, solved, progress.stopped, time.perf_counter() - begin)


def _piece(brain: Brain, world: str, wanted: int, learning: bool) -> tuple[np.ndarray, str | None]:
    """Run a brain for as many steps of its world as an episode may last, or until so many have ended; the new returns.

    It ends with the last episode that is wanted, so that whoever goes on from there misses no round, and makes none up:
    where it went further it is run again, up to there.
    """
    config: Any = brain.config.modules_map[world].config
    probes = [Probe(f"{world}.{name}", every=config.every) for name in ("episodes", "last_return")]
    rounds, before, ended_before = config.limit, brain.state, int(brain.state[f"{world}.episodes"])
    while True:
        recording = run(brain, config.every * rounds, record=probes, learning=learning, progress=False)
        if int(brain.state[f"{world}.faults"]) > int(before[f"{world}.faults"]):
            brain.load_state(before)
            text = "gave a reward or an observation that is no number; expected finite numbers"
            fix = "The brain is as it was before these steps: save it, and mend the world's `after` or `observed`"
            raise RunError(Problem(world, text, fix, "numbers"))
        ended, last = (np.asarray(recording[p.path]).reshape(-1) for p in probes)
        at = np.flatnonzero(np.diff(ended, prepend=ended_before))
        if at.size == 0 or ended[-1] < wanted or at[-1] + 1 == rounds or recording.stopped is not None:
            return last[at].astype(np.float32), recording.stopped
        brain.load_state(before)
        rounds = int(at[-1]) + 1

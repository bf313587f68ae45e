"""Lessons: what every teacher is asked for and gives, and how one is conducted, told about, kept and gone on with."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from spark.core.errors import ArgumentError, Problem
from spark.learn.evaluation import check_episodes
from spark.learn.keeping import Curve, Kept, length, named
from spark.nn import Brain
from spark.sim.interrupt import INTERRUPTED, NoneLost
from spark.sim.run import checked_callbacks

# An episode counts as solved where the mean of so many, it among them, reaches the world's `solved_return`.
WINDOW = 10


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a lesson gives.

    Attributes:
        brain: The brain with what it has learned.
        curve: How it went: by name (`return`, `loss` ...) float32, (episodes,), in their order.
        first_solved: The first episode, counted from 1, at which the mean return of the last ten was solved; None if
            none was, or where there are no returns.
        stopped: Why it ended before all episodes were done, or None.
        seconds: How long it took, seconds.
    """

    brain: Brain
    curve: Curve = field(repr=False)
    first_solved: int | None
    stopped: str | None
    seconds: float

    @property
    def returns(self) -> np.ndarray:
        """The return of each episode, float32 (episodes,): `curve["return"]`."""
        return self.curve["return"]


@dataclass
class Progress:
    """What callbacks are told, now and then, during a lesson.

    Attributes:
        curve: Of the episodes so far, as of `Lesson`: by name, float32 (episodes,).
        episodes: How many there shall be.
        before: How many of them were done before this lesson went on with what was kept.
        make_brain: Makes `brain`.
        stopped: Why the lesson ends here, or None; see `stop`.
    """

    curve: Curve
    episodes: int
    before: int
    make_brain: Callable[[], Brain] = field(repr=False)
    stopped: str | None = None

    @property
    def done(self) -> int:
        """How many episodes there were."""
        return length(self.curve)

    @property
    def brain(self) -> Brain:
        """A brain with what was learned so far; saved here, it goes on from here."""
        return self.make_brain()

    def rows(self, after: int = 0) -> list[tuple[int, dict[str, float]]]:
        """For each episode beyond the first `after`: its number, from 1, and its values by name."""
        return [(n + 1, {name: float(all_[n]) for name, all_ in self.curve.items()}) for n in range(after, self.done)]

    def stop(self, why: str = "a callback stopped it") -> None:
        """End the lesson here, and say `why`; what was learned stays."""
        self.stopped = why


Callback = Callable[[Progress], None]


class Teacher(Protocol):
    """What teaches brains: `Plasticity`, `Evolution`, `SurrogateGradients`, all in the same way."""

    def fit(
        self,
        brain: Brain,
        world: Any,
        *,
        episodes: int,
        seed: int,
        callbacks: Iterable[Callback] = (),
        to: str | Path | None = None,
        resume: bool = False,
    ) -> Lesson:
        """Teach a brain.

        `spark.save_checkpoint(lesson.brain, ...)` keeps all that was learned. A model file holds its config alone, and
        `reset()` goes back to it: weights that a rule changes, and variables, are not in it (`Brain.with_weights`).

        Args:
            brain: Who is to learn.
            world: Where.
            episodes: How many; of a lesson that is resumed, with those that it has had.
            seed: Of chance.
            callbacks: Called with a `Progress` over and over.
            to: Files that begin with this name keep the lesson, about once a second and at its end: `to.safetensors`
                the brain, `to.csv` the curve, and `to.memory.safetensors` what else the teacher must remember. After a
                crash they are whole. Their folder is made where there is none. Where there are such files already they
                are of another lesson, and refused unless it is resumed.
            resume: Go on where the files of `to` stand, to the same weights to the bit; where there are none, begin.
                Where the brain alone is missing, what is there is of another lesson, and refused.

        With Ctrl-C a lesson ends early, and `stopped` says so; what was learned stays. A brain in its own world stands
        where it stopped; otherwise the episode that was interrupted is as if it had never begun.
        """
        ...


class Course(Protocol):
    """One lesson of a teacher, episode by episode; how teachers are made.

    Attributes:
        columns: Names of what it says of an episode.
        solved_return: From this mean return on it is solved; None where there are no returns.
    """

    columns: tuple[str, ...]
    solved_return: float | None

    def brain(self) -> Brain:
        """The brain with what was learned so far."""
        ...

    def go_on(self, most: int) -> tuple[Curve, str | None]:
        """Some episodes more, at least one unless interrupted: how they were, and what interrupted it.

        Raises:
            KeyboardInterrupt: Ctrl-C interrupted it, and all is as it was before.
        """
        ...

    def memory(self) -> dict[str, np.ndarray]:
        """What it must remember beside the brain to go on; with `episodes`, how many it has done. May be empty."""
        ...

    def recall(self, kept: Kept) -> int:
        """Go on from what was kept; says how many episodes that were."""
        ...

    def leave(self) -> None:
        """Called at the end, whatever ended it."""
        ...


def conduct(
    course: Course, episodes: int, callbacks: Iterable[Callback], to: str | Path | None = None, resume: bool = False
) -> Lesson:
    """A whole lesson; see `Teacher.fit`.

    Raises:
        RunError: `episodes` is no whole number above 0, or a callback is no function.
        ArgumentError: It is to be resumed from nowhere, or its files cannot be written, or have no brain among them, or
            there are some and it is to begin.
        FormatError: What was kept cannot be read.
    """
    check_episodes(episodes)
    callbacks = checked_callbacks(callbacks, "Progress")
    if resume and to is None:
        text = "has nothing to go on from, got True; expected files"
        raise ArgumentError(Problem("fit.resume", text, "Name them: `to='folder/name'`", "missing"))
    begin, kept = time.perf_counter(), None if to is None else Kept(named(to))
    if kept is not None:
        kept.require_writable(resume)
    curve: Curve = {name: np.zeros(0, np.float32) for name in course.columns}
    if kept is not None and resume and kept.brain.exists():
        curve = kept.read_curve(course.recall(kept), course.columns)
    progress = Progress(curve, episodes, length(curve), course.brain)
    told = [*callbacks, *([] if kept is None else [kept.now_and_then(course.memory)])]
    try:
        while progress.done < episodes and progress.stopped is None:
            try:
                with NoneLost() as interrupts:
                    new, progress.stopped = course.go_on(episodes - progress.done)
            except KeyboardInterrupt:
                progress.stopped = INTERRUPTED
                break
            if interrupts.asked and progress.stopped is None:
                progress.stopped = INTERRUPTED
            progress.curve = {name: np.concatenate([progress.curve[name], new[name]]) for name in course.columns}
            for callback in told:
                callback(progress)
    finally:
        course.leave()
    brain = course.brain()
    if kept is not None and progress.done > progress.before:
        kept.write(brain, progress.curve, course.memory())
    solved = None
    if course.solved_return is not None:
        solved = first_solved(progress.curve["return"], course.solved_return)
    return Lesson(brain, progress.curve, solved, progress.stopped, time.perf_counter() - begin)


def check_seed(seed: int, most: int = 2**63 - 1) -> None:
    """See that a seed of chance is one.

    Raises:
        ArgumentError: It is less than 0, or more than that.
    """
    if not 0 <= seed <= most:
        raise ArgumentError(Problem("fit.seed", f"must be from 0 to {most}, got {seed}", "", "bounds"))


def first_solved(returns: np.ndarray, solved_return: float) -> int | None:
    """The first episode, from 1, at which the mean of the last ten was the world's `solved_return`; None if none."""
    if returns.size < WINDOW:
        return None
    means = np.convolve(returns, np.full(WINDOW, 1 / WINDOW), "valid")
    solved = np.flatnonzero(means >= solved_return)
    return int(solved[0]) + WINDOW if solved.size else None

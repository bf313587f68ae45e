"""`run`: many steps of a brain in compiled chunks, at constant memory, with what is recorded of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import jax
import numpy as np

from spark.core import calling
from spark.core.arguments import checked
from spark.core.errors import Problem, RecordError, RunError
from spark.core.keeper import Claim
from spark.core.numerics import raise_faults
from spark.core.part import NEW, graph_of, keeper_of
from spark.core.state import State
from spark.core.transform import STEP
from spark.engine.taps import Noted
from spark.engine.threads import check_threads, that_pay
from spark.nn import Brain
from spark.sim.bar import progress_bar
from spark.sim.chunk import run_chunk
from spark.sim.feed import Feed, Input
from spark.sim.interrupt import INTERRUPTED, Interrupt
from spark.sim.noting import ROOM_BYTES, Noting
from spark.sim.pace import Pace, most_steps
from spark.sim.recordable import recordables
from spark.sim.records import Probe, Recording
from spark.sim.records.disk import DiskStore
from spark.sim.records.memory import MemoryStore
from spark.sim.records.probe import resolve
from spark.sim.records.sieve import Sieve

_Told = TypeVar("_Told")

MOST_STEPS = 2**62  # Counted in 64 bits, with room for what was done before.


@dataclass
class Report:
    """What callbacks are told between two chunks.

    Attributes:
        brain: The brain, with the state it has now.
        done: Steps of this run that are done.
        steps: Steps that were asked for.
        stopped: Why the run ends here, or None; see `stop`.
        last: What is called after the last chunk; see `at_end`.
    """

    brain: Brain
    done: int
    steps: int
    stopped: str | None = field(default=None)
    last: list[Callable[["Report"], None]] = field(default_factory=list)

    @checked
    def stop(self, why: str = "a callback stopped it") -> None:
        """End the run here, and say `why`; everything that is done and recorded stays."""
        self.stopped = why

    def at_end(self, act: Callable[["Report"], None]) -> None:
        """Call `act` once, after the last chunk: when all steps are done, a callback stops the run, or Ctrl-C does."""
        if act not in self.last:
            self.last.append(act)


@checked
def run(
    brain: Brain,
    steps: int,
    inputs: Mapping[str, Input] | None = None,
    *,
    record: Iterable[str | Probe] | str | Probe = (),
    to: str | Path | None = None,
    append: bool = False,
    budget_mb: float = 1024.0,
    callbacks: Iterable[Callable[[Report], None]] = (),
    threads: int | None = None,
    learning: bool = True,
    progress: bool | None = None,
) -> Recording:
    """Advance a brain by many steps, as compiled chunks at constant memory.

    The brain is built if it never ran, and stands at the last step afterwards: another `run` goes on from there. Chunks
    of steps are chosen so that each takes about a fifth of a second: the first one by the speed of the brain's last
    run, or 64 steps where a function or an iterator is asked for each, which may take any time. Another number of steps
    or another input of the same shape compiles nothing; what is recorded is part of what is compiled.

    Args:
        brain: A brain.
        steps: How many steps.
        inputs: By name of input: a payload that all steps share; a payload with a first axis of `steps` rows, which
            are read as the run comes to them; a function of the step (0 to `steps - 1`) that returns a payload; an
            iterator of payloads; or `spark.SpikeEvents` (time in ms from the begin of the run, unit).
        record: What to record: paths, or a `spark.Probe` each. A path may hold `*`; a module's name means its spikes.
        to: Folder to which to stream what is recorded. It is readable while the run goes on, and after a crash:
            `spark.Recording.load(to)`. Left out, it is kept in memory.
        append: Whether a recording in `to` is continued: what it has from the brain's step on is cut off first.
        budget_mb: Most megabytes to record in memory.
        callbacks: Called with a `Report` after each chunk; `report.stop('why')` ends the run.
        threads: How many threads share the work, if the run is one native call; left out, as many as pay, at most as
            many as processors that this process may use: see `spark.explain`. The result is the same to the bit.
        learning: Whether anything is learned. Without it no weight changes, whatever rule it has; nor does what a rule
            has learned besides: an eligibility, which only decays, and a sliding threshold. What waits for its
            `consolidation` goes on waiting. Traces of spikes and averages of potentials go on, so that learning that
            goes on later pairs spikes with those that there were; so do all variables of a rule that is written as
            equations, a threshold among them too. On or off is the same compiled program.
        progress: Whether to show a progress bar; left out, where there is a terminal.

    Returns:
        What was recorded. Its `stopped` says why the run ended early, if it did: a callback, or Ctrl-C, which takes
        effect between two chunks. Whatever ends a run, a second Ctrl-C or an error too, the brain's state is that of a
        chunk's end, and another thread that reads it meanwhile gets that of the last one.

    Raises:
        RunError: `steps` is no whole number above zero, `threads` is none from 1 to 1,024, or the brain is being run by
            another thread.
        InputError: The inputs do not fit: names, shapes, kinds, numbers of rows; at once, or at the step at which a
            function returns something else.
        RecordError: What to record is not there, with the nearest names; or the budget or the disk is full: then the
            error's `recording` is what was recorded, and the brain stands at the last step that was run. Or a recording
            is to be continued, and `to` names none.
    """
    steps, asked_threads = check_steps(steps), check_threads(threads)
    if append and to is None:
        text, fix = "has no recording to go on with, got True without `to`", "Name its folder: `to='folder'`"
        raise RecordError(Problem("append", text, fix, "missing"))
    build(brain)
    channels = resolve(record, lambda: recordables(brain))
    keeper = keeper_of(brain)
    with Claim(keeper):
        first = int(keeper.peek()[STEP])
        dt = brain.config.step_length
        about = [c.to_dict() for c in channels]
        store = MemoryStore(about, budget_mb, first) if to is None else DiskStore(to, about, dt, first, append)
        try:
            with Interrupt() as interrupt, progress_bar(steps, progress) as tell:
                sieve = Sieve(channels, store, dt)
                by = that_pay(brain).number if asked_threads is None else asked_threads
                report = run_steps(
                    brain, steps, inputs, sieve, callbacks, tell, lambda: interrupt.asked, ROOM_BYTES, by, learning
                )
            store.close(report.stopped)
        except RecordError as error:
            done = int(keeper.peek()[STEP])
            error.recording = Recording(about, store, dt, store.first, done, "what is recorded had no more room")
            raise
        finally:
            store.release()
    return Recording(about, store, dt, store.first, first + report.done, report.stopped)


def run_steps(
    brain: Brain,
    steps: int,
    inputs: Mapping[str, Input] | None,
    sieve: Sieve,
    callbacks: Iterable[Callable[[Report], None]],
    tell: Callable[[int], object],
    asked: Callable[[], bool],
    room_bytes: int = ROOM_BYTES,
    threads: int = 1,
    learning: bool = True,
) -> Report:
    """Advance a built brain, chunk by chunk, by so many threads, learning or not; see `run`.

    `tell` is told how many steps a chunk did; where `asked` says yes, the run ends, as by Ctrl-C. A chunk ends early
    where the spikes it notes take more than `room_bytes`.
    """
    feed = Feed(brain, inputs, steps)
    noting = Noting(sieve.wanted, room_bytes)
    graph, keeper = graph_of(brain), keeper_of(brain)
    most = keeper.most_in_a_chunk(most_steps(feed.row_bytes + noting.row_bytes))
    taps, chosen = noting.taps(most), noting.chosen
    callbacks = checked_callbacks(callbacks)
    report = Report(brain, 0, steps)
    pace = Pace(most, keeper.steps_per_second if feed.known_ahead else 0.0)

    def chunk(state: State) -> tuple[State, tuple[dict[str, Noted], jax.Array]]:
        numbers = (np.int32(count), chosen, np.int32(threads), np.bool_(learning))
        after, noted, done, _ = run_chunk(graph, state, feed.constant, series, *numbers, taps=taps, most=most)
        return after, (noted, done)

    while report.done < steps and report.stopped is None:
        count = pace.begin(keeper.most_steps(steps - report.done, learning))
        series = feed.rows(report.done, count, most)
        # A callback, or what an input is fed from, may have changed the state.
        first, count = int(keeper.peek()[STEP]), keeper.most_steps(count, learning)
        noted, done = keeper.advance(chunk, count, learning)
        ran = int(done)
        pace.end(ran)
        if feed.known_ahead:
            keeper.steps_per_second = pace.steps_per_second
        report.done += ran
        tell(ran)
        noting.drain(noted, first, ran, sieve)
        sieve.end_chunk(first, first + ran, report.done >= steps)
        if brain.config.looks_at_numbers:
            raise_faults(graph, keeper.peek())
        for callback in callbacks:
            callback(report)
        if asked() and report.done < steps:
            report.stop(INTERRUPTED)
    for act in report.last:
        act(report)
    return report


def check_steps(steps: object) -> int:
    """The number of steps.

    Raises:
        RunError: It is no whole number, below 1, or more than a step counter counts.
    """
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise RunError(Problem("steps", f"must be a whole number of at least 1, got {steps!r}", "", "bounds"))
    if steps > MOST_STEPS:
        raise RunError(Problem("steps", f"must be at most {MOST_STEPS:,}, got {steps!r}", "", "bounds"))
    return int(steps)


def checked_callbacks(
    callbacks: Iterable[Callable[[_Told], None]], told: str = "Report"
) -> list[Callable[[_Told], None]]:
    """The callbacks as a list; `told` names what they take.

    Raises:
        RunError: One of them cannot be called.
    """
    listed = list(callbacks)
    for number, callback in enumerate(listed):
        if not callable(callback):
            message = f"is no function, got {type(callback).__name__}"
            raise RunError(Problem(f"callbacks[{number}]", message, f"Give functions that take a `{told}`", "type"))
    return listed


def build(brain: Brain) -> None:
    """Build a brain that was never called, without a step."""
    if brain._mode == NEW:
        calling.build(brain, dict(brain.declared_inputs()))

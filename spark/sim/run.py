"""`run`: many steps of a brain in compiled chunks, at constant memory, with what is recorded of them."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core import calling
from spark.core.errors import Problem, RunError
from spark.core.numerics import raise_faults
from spark.core.transform import STEP, split
from spark.nn import Brain
from spark.sim.chunk import run_chunk
from spark.sim.feed import Feed
from spark.sim.interrupt import Interrupt
from spark.sim.noting import Noting
from spark.sim.pace import Pace, most_steps


@dataclass
class Report:
    """What callbacks are told between two chunks.

    Attributes:
        brain: The brain, with the state it has now.
        done: Steps of this run that are done.
        steps: Steps that were asked for.
        stopped: Why the run ends here, or None; see `stop`.
    """

    brain: Brain
    done: int
    steps: int
    stopped: str | None = field(default=None)

    def stop(self, why: str = "a callback stopped it") -> None:
        """End the run here; everything that is done and recorded stays."""
        self.stopped = why


def run_steps(
    brain: Brain,
    steps: int,
    inputs: Mapping[str, Any] | None,
    noting: Noting,
    writer: Any,
    callbacks: Iterable[Callable[[Report], None]],
    progress: bool | None,
) -> Report:
    """Advance a built brain, chunk by chunk; see `run`."""
    feed = Feed(brain, inputs, steps)
    most = most_steps(feed.row_bytes + noting.row_bytes)
    taps, chosen = noting.taps(most), {n: jnp.asarray(c) for n, c in noting.chosen.items()}
    callbacks = list(callbacks)
    graph, state = split(brain)
    # Chunks use their state up; the brain keeps one that stays valid until the first chunk is over.
    state = jax.tree.map(jnp.copy, state)
    report = Report(brain, 0, steps)
    first = int(state[STEP])
    pace = Pace(most)
    with Interrupt() as interrupt, _bar(steps, progress) as bar:
        while report.done < steps and report.stopped is None:
            count = pace.begin(steps - report.done)
            series = feed.rows(report.done, count, most)
            state, noted, done = run_chunk(
                graph, state, feed.constant, series, np.int32(count), chosen, taps=taps, most=most
            )
            ran = int(done)
            brain.load_state(state)
            pace.end(ran)
            report.done += ran
            bar(ran)
            noting.drain(noted, first, ran, writer)
            first += ran
            if brain.config.check_numbers:
                raise_faults(graph, state)
            for callback in callbacks:
                callback(report)
            if interrupt.asked and report.done < steps:
                report.stop("interrupted by Ctrl-C")
            if callbacks:
                # A callback may have changed the brain's state, or kept it.
                state = jax.tree.map(jnp.copy, brain.state)
                first = int(state[STEP])
    return report


def check_steps(steps: Any) -> int:
    """The number of steps.

    Raises:
        RunError: It is no whole number, or below 1.
    """
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise RunError(Problem("steps", f"must be a whole number of at least 1, got {steps!r}", "", "bounds"))
    return int(steps)


def build(brain: Brain) -> None:
    """Build a brain that was never called, without a step."""
    if brain._mode == calling.NEW:
        calling.build(brain, dict(brain.declared_inputs()))


@contextlib.contextmanager
def _bar(steps: int, wanted: bool | None) -> Iterator[Callable[[int], Any]]:
    """A progress bar where there is a terminal, or as wanted."""
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        if wanted:
            raise RunError(
                Problem("progress", "needs tqdm, which is not installed", 'Install it: pip install "spark-brain[gym]"')
            ) from error
        yield lambda done: None
        return
    disable = None if wanted is None else not wanted
    with tqdm(total=steps, disable=disable, unit="step", unit_scale=True) as bar:
        yield bar.update

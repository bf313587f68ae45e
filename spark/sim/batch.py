"""`batch`: many brains at once, each as if it ran alone."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from numbers import Integral

import numpy as np

from spark.core.arguments import checked
from spark.core.errors import Problem, RunError, SparkError
from spark.core.keeper import Claim
from spark.core.part import keeper_of
from spark.core.transform import STEP
from spark.kernels.processors import processors
from spark.nn import Brain
from spark.sim.bar import progress_bar
from spark.sim.feed import Input
from spark.sim.interrupt import INTERRUPTED, Interrupt
from spark.sim.recordable import recordables
from spark.sim.records import Probe, Recording
from spark.sim.records.memory import MemoryStore
from spark.sim.records.probe import resolve
from spark.sim.records.sieve import Sieve
from spark.sim.run import build, check_steps, run_steps

MOST_REPLICAS = 1_000_000


@checked
def replicas(brain: Brain, number: int, seed: int = 0) -> list[Brain]:
    """Brains like this one, each with draws of its own: connections, weights, random spikes.

    Args:
        brain: The brain whose config they share.
        number: How many.
        seed: The seeds of the brains follow from this one.

    Raises:
        RunError: `number` is no whole number from 1 to a million, or `seed` is negative.
    """
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise RunError(Problem("number", f"must be a whole number of at least 1, got {number!r}", "", "bounds"))
    if number > MOST_REPLICAS:
        raise RunError(Problem("number", f"must be at most {MOST_REPLICAS:,}, got {number}", "", "bounds"))
    if seed < 0:
        raise RunError(Problem("seed", f"must be at least 0, got {seed}", "", "bounds"))
    seeds = np.random.SeedSequence(seed).generate_state(int(number), np.uint32)
    return [type(brain)(brain.config.with_new_seeds(int(own))) for own in seeds]


@checked
def batch(
    brains: Sequence[Brain],
    steps: int,
    inputs: Mapping[str, Input] | Sequence[Mapping[str, Input]] | None = None,
    *,
    record: Iterable[str | Probe] | str | Probe = (),
    budget_mb: float = 1024.0,
    threads: int | None = None,
    learning: bool = True,
    progress: bool | None = None,
) -> list[Recording]:
    """Advance many brains by as many steps, several at a time, each with the result that `run` would give.

    Brains may differ in seeds, parameters and inputs. Those whose configs differ in seeds alone share one compiled
    program. Each brain runs through all its steps before the next one of its thread begins, so that what it works on
    stays in the processor's cache.

    Args:
        brains: Brains, each once; `spark.replicas` makes many of one.
        steps: How many steps.
        inputs: As of `run`, for all brains; or a list with the inputs of each. An iterator is for one brain alone.
        record: As of `run`, from every brain.
        budget_mb: Most megabytes to record of each brain, in memory.
        threads: How many brains run at a time; left out, as many as there are processors.
        learning: As of `run`, for all brains.
        progress: Whether to show a progress bar; left out, where there is a terminal.

    Returns:
        A recording for each brain, in their order. With Ctrl-C each brain stops between two chunks, as in `run`;
        brains that had not begun have a recording of no steps.

    Raises:
        RunError: `steps` or `threads` is no whole number above zero, a brain is listed twice, or there are not as many
            inputs as brains, or several brains were to take payloads from the same iterator.
        InputError, RecordError: As of `run`, with the place of the brain in the list.
    """
    steps = check_steps(steps)
    brains = list(brains)
    each = _each(brains, inputs)
    at_once = _threads(threads)
    record = [record] if isinstance(record, (str, Probe)) else list(record)
    stop = threading.Event()

    def one(number: int) -> Recording:
        try:
            return _one(brains[number], steps, each[number], record, budget_mb, learning, tell, stop.is_set)
        except SparkError as error:
            stop.set()
            raise error.under(f"brains[{number}]") from error.__cause__
        except BaseException:
            stop.set()
            raise

    with (
        Interrupt() as interrupt,
        progress_bar(steps * len(brains), progress) as tell,
        ThreadPoolExecutor(at_once) as pool,
    ):
        try:
            waiting = [pool.submit(one, number) for number in range(len(brains))]
            # Signals reach only this thread, and only while it is not waiting for long.
            while wait(waiting, timeout=0.1).not_done:
                if interrupt.asked:
                    stop.set()
        except BaseException:
            # The pool waits for what runs, which is to end soon.
            stop.set()
            raise
        return [future.result() for future in waiting]


def _one(
    brain: Brain,
    steps: int,
    inputs: Mapping[str, Input] | None,
    record: list[str | Probe],
    budget_mb: float,
    learning: bool,
    tell: Callable[[int], object],
    asked: Callable[[], bool],
) -> Recording:
    build(brain)
    channels = resolve(record, lambda: recordables(brain))
    keeper = keeper_of(brain)
    with Claim(keeper):
        first, dt = int(keeper.peek()[STEP]), brain.config.step_length
        about = [c.to_dict() for c in channels]
        store = MemoryStore(about, budget_mb, first)
        if asked():
            return Recording(about, store, dt, first, first, INTERRUPTED)
        report = run_steps(brain, steps, inputs, Sieve(channels, store, dt), (), tell, asked, learning=learning)
    return Recording(about, store, dt, first, first + report.done, report.stopped)


def _each(
    brains: list[Brain], inputs: Mapping[str, Input] | Sequence[Mapping[str, Input]] | None
) -> list[Mapping[str, Input] | None]:
    """The inputs of each brain."""
    others = [i for i, brain in enumerate(brains) if not isinstance(brain, Brain)]
    if others:
        text = f"is no brain, got {type(brains[others[0]]).__name__}; expected Brain"
        raise RunError(Problem(f"brains[{others[0]}]", text, "Make it: `spark.nn.Brain(config)`", "type"))
    twice = sorted({i for i, brain in enumerate(brains) if any(brain is other for other in brains[:i])})
    if twice:
        raise RunError(
            Problem("brains", f"lists a brain twice, at {twice}", "Make copies: `spark.replicas(brain, n)`", "twice")
        )
    if inputs is None or isinstance(inputs, Mapping):
        inputs = [{} if inputs is None else inputs] * len(brains)
    if len(inputs) != len(brains):
        raise RunError(
            Problem(
                "inputs",
                f"has one entry for each brain, but not as many as brains, got {len(inputs)}; expected {len(brains)}",
                "Give one for each brain, or one for all",
                "length",
            )
        )
    _refuse_shared([given if isinstance(given, Mapping) else {} for given in inputs])
    return list(inputs)


def _refuse_shared(inputs: Sequence[Mapping[str, Input]]) -> None:
    """Refuse iterators of which each of several brains would get some payloads, whoever asks first.

    Raises:
        RunError: Names the inputs.
    """
    given = [(name, id(one)) for of in inputs for name, one in of.items() if isinstance(one, Iterator)]
    shared = sorted({name for name, one in given if sum(one == other for _, other in given) > 1})
    if shared:
        text = "is one iterator for several brains, each of which would get some of its payloads"
        fix = "Give a function of the step, or a list with inputs of its own for each brain"
        raise RunError(Problem(f"inputs.{name}", text, fix, "iterator") for name in shared)


def _threads(wanted: object) -> int:
    if wanted is None:
        return processors()
    if isinstance(wanted, bool) or not isinstance(wanted, Integral) or wanted < 1:
        raise RunError(Problem("threads", f"must be a whole number of at least 1, got {wanted!r}", "", "bounds"))
    return int(wanted)

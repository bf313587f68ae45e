"""What must be equal for every brain: each comparison runs a case in two ways and says what differs."""

import os
import traceback
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import spark
from fuzz import ways
from fuzz.case import Case
from fuzz.differences import Verdict, bits, rounding
from fuzz.elsewhere import Job, elsewhere
from fuzz.threshold import Onward
from fuzz.ways import Outcome
from spark.nn import Brain


class Workshop:
    """A case on the bench: its brain, built once, and its run, which all comparisons share.

    Attributes:
        full_chunks: How many chunks ended for want of room for notes.
    """

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        self.full_chunks = 0

    @cached_property
    def brain(self) -> Brain:
        """The brain; whoever runs it begins at step 0."""
        return ways.begun(self.case, None)

    @cached_property
    def whole(self) -> Outcome:
        """The run to which all others are compared."""
        return ways.run(self.case, self.brain)

    def steps(self, step: int) -> Onward:
        """Does this step, as the run to which all others are compared, from any state; who fires is left of it."""

        def onward(state: ways.State) -> ways.State:
            return {port: rows[0] for port, rows in ways.onward(self.case, self.brain, step, state).items()}

        return onward


def unrecorded(shop: Workshop) -> str | None:
    """Nothing is noted."""
    return bits(shop.whole, ways.unrecorded(shop.case, shop.brain))


def pieces(shop: Workshop) -> str | None:
    """Several runs, one after the other."""
    return bits(shop.whole, ways.run(shop.case, shop.brain, shop.case.pieces()))


def probed(shop: Workshop) -> str | None:
    """Other things are noted, and there is so little room for them that chunks end early."""
    with ways.little_room() as chunks:
        found = ways.probed(shop.case, shop.brain)
    shop.full_chunks += sum(done < asked for asked, done in chunks)
    return bits(shop.whole, Outcome(state=found.state))


def probed_in_pieces(shop: Workshop) -> str | None:
    """Probes hold the same when a run is cut; a trigger's window does not reach beyond its run."""
    with ways.little_room():
        cut = ways.probed(shop.case, shop.brain, shop.case.pieces())
    found = ways.probed(shop.case, shop.brain)
    for probe in shop.case.probes:
        if probe.trigger is not None:
            del cut.notes[probe.name], found.notes[probe.name]
    return bits(found, cut)


def threads(shop: Workshop) -> str | None:
    """Several threads share the work: all of it recorded, none of it, and chunks that end early.

    What is no single native call has one thread, however many are asked for: that is looked at by what is compiled.
    """
    case, brain, number = shop.case, shop.brain, (2, 3, 5, 8)[shop.case.seed % 4]
    if not spark.explain(brain).one_call:
        return bits(shop.whole, ways.run(case, brain, threads=number))
    with ways.little_room():
        full = ways.probed(case, brain, threads=number)
    return (
        bits(shop.whole, ways.run(case, brain, threads=number))
        or bits(shop.whole, ways.unrecorded(case, brain, threads=number))
        or bits(shop.whole, Outcome(state=full.state))
    )


def batch(shop: Workshop) -> str | None:
    """Several brains at once, each as if it ran alone."""
    (like, _), (together, other) = ways.batch(shop.case, shop.brain)
    return bits(shop.whole, like) or bits(ways.run(shop.case, other), together)


def resumed(shop: Workshop) -> str | None:
    """A checkpoint on the way, loaded as another brain."""
    return bits(shop.whole, ways.resumed(shop.case, shop.brain, shop.folder))


def calls(shop: Workshop) -> Verdict:
    """A call for each step."""

    def both(steps: int) -> tuple[Outcome, Outcome]:
        shorter = shop.case.shorter(steps)
        return ways.run(shorter, shop.brain), ways.calls(shorter, shop.brain)

    return rounding(shop.case, shop.whole, ways.calls(shop.case, shop.brain), both, shop.steps)


def reference(shop: Workshop) -> Verdict:
    """No native code anywhere."""

    def both(steps: int) -> tuple[Outcome, Outcome]:
        shorter = shop.case.shorter(steps)
        return ways.run(shorter, shop.brain), ways.reference(shorter)

    return rounding(shop.case, shop.whole, ways.reference(shop.case), both, shop.steps)


def widened(shop: Workshop) -> Verdict | str | None:
    """The same numbers come in other dtypes, alone and joined with others.

    Where numbers are checked, native code looks at no half precision: only one of the two is a native program then.
    """

    def both(steps: int) -> tuple[Outcome, Outcome]:
        shorter = shop.case.shorter(steps)
        return ways.run(shorter, shop.brain), ways.widened(shorter)

    found = ways.widened(shop.case)
    if not shop.case.config.check_numbers:
        return bits(shop.whole, found)
    return rounding(shop.case, shop.whole, found, both, shop.steps)


def steps(shop: Workshop) -> str | None:
    """A pure step, and another; to the bit what calls give, for both are the compiled step."""
    return bits(ways.calls(shop.case, shop.brain), ways.steps(shop.case, shop.brain))


COMPARISONS: dict[str, Callable[[Workshop], Verdict | str | None]] = {
    c.__name__: c
    for c in (unrecorded, pieces, probed, probed_in_pieces, threads, batch, resumed, calls, steps, reference, widened)
}

# Ways that need a process of their own, and its environment: one process does them all, for to begin one takes seconds.
ELSEWHERE = ("shards", "resumed_elsewhere")
_ENVIRONMENT = {"XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=3"}


def compared(name: str, shop: Workshop) -> Verdict:
    """One of `COMPARISONS`; an error is a difference too, since the brain ran in another way."""
    try:
        found = COMPARISONS[name](shop)
        return found if isinstance(found, Verdict) else Verdict(found)
    except Exception as error:
        return Verdict(told(error))


def compared_elsewhere(asked: list[tuple[str, Workshop]]) -> list[Verdict]:
    """Comparisons of `ELSEWHERE` for many cases at once, in one process."""
    jobs: list[Job] = []
    firsts: list[Outcome | None] = []
    try:
        for name, shop in asked:
            file = shop.folder / f"{shop.case.seed}.safetensors"
            firsts.append(ways.saved(shop.case, shop.brain, file) if name == "resumed_elsewhere" else None)
            jobs.append(Job(shop.case, name, str(file)))
        found = elsewhere(jobs, _ENVIRONMENT)
    except Exception as error:
        return [Verdict(told(error)) for _ in asked]
    return [_verdict(*one, first, other) for one, first, other in zip(asked, firsts, found, strict=True)]


def _verdict(name: str, shop: Workshop, first: Outcome | None, other: Outcome | str) -> Verdict:
    def both(steps: int) -> tuple[Outcome, Outcome]:
        shorter = shop.case.shorter(steps)
        (found,) = elsewhere([Job(shorter, name)], _ENVIRONMENT)
        assert isinstance(found, Outcome), found
        return ways.run(shorter, shop.brain), found

    if isinstance(other, str):
        return Verdict(other)
    if first is not None:
        return Verdict(bits(shop.whole, ways.joined([first, other])))
    return rounding(shop.case, shop.whole, other, both, shop.steps)


def told(error: Exception) -> str:
    """An error in one line, with where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"


def sharded(case: Case) -> bool:
    """Whether a brain can be spread over devices: not where numbers are checked or connections are replaced."""
    return not case.config.check_numbers and not case.rewires

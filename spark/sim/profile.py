"""`spark.profile`: where the time of a brain's steps goes, module by module."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from spark.core import calling
from spark.core.arguments import checked
from spark.core.part import NEW
from spark.core.transform import merge, split
from spark.engine.timing import nanoseconds_by_owner
from spark.nn.brain import Brain
from spark.sim.explain import Explanation, explain
from spark.sim.feed import Feed, Input
from spark.sim.report import Report, size_text
from spark.sim.run import check_steps, run

# What no module does: the cache takes the results, inputs come in, steps are counted.
REST = "the brain itself"


@dataclass(frozen=True)
class Spent:
    """What a module, a component, or several components that are computed in one loop, cost.

    Attributes:
        path: Dotted path; of several components, joined by ` + `.
        microseconds: Time of a step.
        spikes: Units that fired in a step, on average; None for what puts out no spikes.
        state_bytes: Size of its variables.
        constant_bytes: Size of its constants.
    """

    path: str
    microseconds: float
    spikes: float | None
    state_bytes: int
    constant_bytes: int


@dataclass(frozen=True)
class Profile(Report):
    """Where the time of a brain's steps goes; printed, and shown in a notebook, as a table.

    Attributes:
        parts: The costliest first. Empty where the brain is not one native call: then only the whole is known.
        microseconds: Time of a whole step by one thread, without looking at the clock in between.
        steps: How many steps were looked at.
        why_whole: Why nothing is known of the parts; empty where they are.
    """

    parts: tuple[Spent, ...]
    microseconds: float
    steps: int
    why_whole: str = ""

    def __getitem__(self, path: str) -> Spent:
        """What is at a path, or in one loop with others."""
        return next(p for p in self.parts if p.path == path or path in _paths(p.path))

    heads = ("module", "us a step", "share", "spikes a step", "state", "constants")

    def rows(self) -> list[tuple[str, ...]]:
        """One for each part."""
        total = sum(part.microseconds for part in self.parts) or 1.0
        return [
            (
                part.path,
                f"{part.microseconds:.2f}",
                f"{100 * part.microseconds / total:.0f} %",
                "" if part.spikes is None else f"{part.spikes:.2f}",
                size_text(part.state_bytes),
                size_text(part.constant_bytes),
            )
            for part in self.parts
        ]

    def summary(self) -> str:
        """How long a step takes."""
        whole = f"A step takes {self.microseconds:.2f} us, over {self.steps} steps by one thread."
        return f"{whole} {self.why_whole}" if self.why_whole else f"{whole} Looking at the clock adds to the parts."


def _paths(path: str) -> list[str]:
    """The paths of components that are computed together."""
    first, *others = path.split(" + ")
    return [first, *(f"{first.rpartition('.')[0]}.{other}" for other in others)]


@checked
def profile(brain: Brain, steps: int = 1000, inputs: Mapping[str, Input] | None = None) -> Profile:
    """Where the time of a brain's steps goes, and how much each module fires; the brain stays as it is.

    Copies of the brain go on from this one's state, by one thread: one to compile, one whose whole time is taken, one
    whose spikes are counted, and one with a clock at every instruction.

    Args:
        brain: A brain; one that never ran is built.
        steps: How many steps to look at.
        inputs: As of `spark.run`.

    Raises:
        RunError: `steps` is no whole number above 0.
        InputError: As of `spark.run`.
        WiringError: The brain cannot be built.
    """
    steps = check_steps(steps)
    if brain._mode == NEW:
        calling.build(brain, brain.declared_inputs())
    explained = explain(brain)
    run(_copy(brain), steps, inputs, progress=False, threads=1)
    fresh = _copy(brain)
    names = list(fresh._spike_ports)
    begin = time.perf_counter()
    run(fresh, steps, inputs, progress=False, threads=1)
    microseconds = (time.perf_counter() - begin) / steps * 1e6
    if not explained.one_call:
        why = f"It is not one native call, so its parts are not told apart: {_why(explained)}."
        return Profile((), microseconds, steps, why)
    fired = run(_copy(brain), steps, inputs, record=names, progress=False, threads=1) if names else None
    spikes = {name: fired.spikes(name)[0].size / steps for name in names} if fired is not None else {}
    spent = _spent(_copy(brain), steps, inputs)
    sizes = {module.path: (module.state_bytes, module.constant_bytes) for module in explained.modules}
    parts = []
    for path, nanoseconds in sorted(spent.items(), key=lambda item: -item[1]):
        known = [sizes.get(one, (0, 0)) for one in _paths(path)]
        state, constants = (sum(pair[n] for pair in known) for n in (0, 1))
        fires = next((n for n in names if not {n, f"{n}.soma"}.isdisjoint(_paths(path))), "")
        parts.append(Spent(path or REST, nanoseconds / steps / 1e3, spikes.get(fires), state, constants))
    return Profile(tuple(parts), microseconds, steps)


def _copy(brain: Brain) -> Brain:
    made = type(brain)(brain.config)
    calling.build(made, made.declared_inputs())
    made.load_state(brain.state)
    return made


def _why(explained: Explanation) -> str:
    return next(f"{m.path}: {m.reason}" for m in explained.modules if m.reason)


def _spent(brain: Brain, steps: int, inputs: Mapping[str, Input] | None) -> dict[str, int]:
    """Nanoseconds by path, in so many steps."""
    feed = Feed(brain, inputs, steps)
    graph, state = split(merge(*split(brain)))
    return nanoseconds_by_owner(graph, state, feed.constant, feed.rows(0, steps, steps), steps)

"""`spark.explain`: how each module of a brain runs, and why."""

from dataclasses import dataclass
from typing import overload

from spark.core import calling
from spark.core.arguments import checked
from spark.core.part import NEW
from spark.core.transform import merge, split
from spark.engine.how import XLA, HowItRuns, how_modules_run
from spark.engine.threads import Threads, that_pay
from spark.nn.brain import Brain
from spark.sim.explain_shares import ShardExplanation, explain_shares
from spark.sim.report import Report, size_text
from spark.sim.shard import ShardedBrain
from spark.sim.unsigned import unsigned


@dataclass(frozen=True)
class Explanation(Report):
    """How the modules of a brain run; printed, and shown in a notebook, as a table.

    Attributes:
        modules: Modules in the order of the config, each followed by its components.
        one_call: Whether many steps are one native call: every module is an op or compiled.
        threads: How many threads such a call takes, unless `spark.run` is told otherwise.
        unsigned: Modules that have inhibitory units, and receptors at which these act as all others, since the receptor
            has a sign of its own, as a conductance has.
    """

    modules: tuple[HowItRuns, ...]
    one_call: bool
    threads: Threads
    unsigned: tuple[tuple[str, str], ...] = ()

    def __getitem__(self, path: str) -> HowItRuns:
        """The module or component at a path."""
        return next(m for m in self.modules if m.path == path)

    heads = ("module", "class", "runs as", "state", "constants", "because")

    def rows(self) -> list[tuple[str, ...]]:
        """One for each module or component."""
        return [
            (m.path, m.kind, m.runs_as, size_text(m.state_bytes), size_text(m.constant_bytes), m.reason)
            for m in self.modules
        ]

    def summary(self) -> str:
        """Whether many steps are one call, by how many threads, and whose inhibitory units do not inhibit."""
        signs = [
            f"\nInhibitory units of {module!r} act at {receptor!r} as all others: the receptor has a sign of its own."
            for module, receptor in self.unsigned
        ]
        return self._calls() + "".join(signs)

    def _calls(self) -> str:
        if self.one_call:
            threads = "1 thread" if self.threads.number == 1 else f"{self.threads.number} threads"
            return f"Many steps are one native call, by {threads}: {self.threads.reason}."
        return "Each step is done apart: modules that run as array code stand between native calls."


@overload
def explain(brain: Brain) -> Explanation: ...
@overload
def explain(brain: ShardedBrain) -> ShardExplanation: ...
@checked
def explain(brain: Brain | ShardedBrain) -> Explanation | ShardExplanation:
    """How each module of `brain` runs on this machine, and why; a brain that never ran is built.

    Of a sharded brain it says besides on which devices the units of each module are, and why some lie whole on one.

    Raises:
        WiringError: It cannot be built.
    """
    if isinstance(brain, ShardedBrain):
        return explain_shares(brain)
    if brain._mode == NEW:
        calling.build(brain, brain.declared_inputs())
    copy = merge(*split(brain))
    found = how_modules_run(copy)
    one_call = all(m.runs_as != XLA for m in found)
    threads = that_pay(brain) if one_call else Threads(1, "modules that run as array code are not shared out")
    return Explanation(tuple(found), one_call, threads, unsigned(copy))

"""Many random brains, one after the other; as a program it is one of several processes that share them.

python -m fuzz.many FIRST LAST prints a line for each brain in which something differs, and at last a summary in JSON.
Every tenth brain takes part in all comparisons, which takes five times as long as when they are made by turns.
"""

import gc
import json
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import jax
import numpy as np

from fuzz.comparisons import COMPARISONS, ELSEWHERE, Workshop, compared, compared_elsewhere, sharded, told
from fuzz.origins import Draw
from fuzz.probes import random_probes
from fuzz.random_brains import random_case
from fuzz.ways import read


@dataclass
class Findings:
    """What many brains did.

    Attributes:
        brains: How many were run.
        compared: How often each comparison was made.
        wrong: By seed, what differed by name of comparison.
        excused: By comparison, how many were followed only up to a potential next to its threshold.
        spiked: How many fired at least as many spikes as half their units.
        full_chunks: In how many a chunk ended for want of room for notes.
        plastic: How many have weights that a rule may change.
        learned: In how many of those weights changed.
    """

    brains: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    wrong: dict[int, dict[str, str]] = field(default_factory=dict)
    excused: dict[str, int] = field(default_factory=dict)
    spiked: int = 0
    full_chunks: int = 0
    plastic: int = 0
    learned: int = 0

    def note(self, seed: int, name: str, wrong: str | None, excused: int | None) -> None:
        """Take note of one comparison."""
        self.compared[name] = self.compared.get(name, 0) + 1
        if excused is not None and wrong is None:
            self.excused[name] = self.excused.get(name, 0) + 1
        if wrong is not None:
            self.wrong.setdefault(seed, {})[name] = wrong

    def add(self, other: "Findings") -> None:
        """Take in what another process found."""
        for name in ("brains", "spiked", "full_chunks", "plastic", "learned"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong |= {int(seed): found for seed, found in other.wrong.items()}
        for ours, theirs in ((self.compared, other.compared), (self.excused, other.excused)):
            for name, count in theirs.items():
                ours[name] = ours.get(name, 0) + count

    def report(self) -> str:
        """What differed, with how to see it again."""
        return "\n".join(
            f"{seed}: {name}: {said}\n  python -m tests.fuzz.reproduce {seed}"
            for seed, found in sorted(self.wrong.items())
            for name, said in found.items()
        )


# Comparisons that brains take part in by turns where there is little time, beside that with a run in pieces, which
# costs nothing: of the many that run as one native program, and of the few whose every way takes seconds to compile.
# There are seven, for by no other number do brains take turns.
_TURNS = (
    ("probed", "unrecorded"),
    ("calls", "steps"),
    ("resumed", "widened"),
    ("probed", "probed_in_pieces"),
    ("batch",),
    ("widened",),
    ("threads",),
)
_SLOW_TURNS = (
    ("probed_in_pieces",),
    ("resumed",),
    ("calls", "steps"),
    ("widened",),
    ("unrecorded",),
    ("batch", "threads"),
    ("probed",),
)


def by_turns(seed: int) -> list[str]:
    """Which comparisons a brain takes part in where there is little time: what is noted is part of what is compiled."""
    draw = Draw(seed)
    turns = _TURNS if draw.lowered else _SLOW_TURNS
    chosen = ["pieces", *turns[draw.number % len(turns)]]
    # By numbers without a common divisor, so that in the long run every kind of brain takes part in each.
    chosen += ["reference"] * (seed % 7 == 1)
    return chosen + ["shards"] * (seed % 13 == 6) + ["resumed_elsewhere"] * (seed % 13 == 9)


def thoroughly(seed: int) -> list[str]:
    """Which comparisons a brain takes part in where there is time."""
    return [*COMPARISONS] + ["shards"] * (seed % 6 == 0) + ["resumed_elsewhere"] * (seed % 6 == 1)


def in_the_long_run(seed: int) -> list[str]:
    """Which comparisons a brain takes part in where there are many: every tenth in all of them."""
    return thoroughly(seed) if seed % 10 == 0 else by_turns(seed)


def shop_of(seed: int, folder: Path) -> Workshop:
    """A random brain on the bench, with its probes."""
    shop = Workshop(random_case(seed), folder)
    shop.case = replace(shop.case, probes=random_probes(shop.case, shop.brain))
    return shop


def compare(seeds: Iterable[int], choose=by_turns) -> Findings:
    """Run these brains in the ways that `choose` names for each."""
    found = Findings()
    with tempfile.TemporaryDirectory() as folder:
        waiting: list[tuple[str, Workshop]] = []
        for seed in seeds:
            found.brains += 1
            try:
                shop = shop_of(seed, Path(folder))
                _observe(shop, found)
            except Exception as error:
                found.note(seed, "run", told(error), None)
                continue
            for name in choose(seed):
                if name not in ELSEWHERE:
                    verdict = compared(name, shop)
                    found.note(seed, name, verdict.wrong, verdict.excused)
                elif name != "shards" or sharded(shop.case):
                    waiting.append((name, shop))
            found.full_chunks += shop.full_chunks > 0
        verdicts = compared_elsewhere(waiting) if waiting else []
        for (name, shop), verdict in zip(waiting, verdicts, strict=True):
            found.note(shop.case.seed, name, verdict.wrong, verdict.excused)
    return found


def _observe(shop: Workshop, found: Findings) -> None:
    """Whether the brain is alive: a comparison of brains in which nothing happens could not fail."""
    ruled = [path.partition(".learning_rule.")[0] for path in shop.whole.state if ".learning_rule." in path]
    shop.brain.reset()
    first = {path: value for path, value in read(shop.brain.state).items() if path.endswith(".synapses.weights")}
    first = {path: value for path, value in first.items() if path.removesuffix(".synapses.weights") in ruled}
    fired = sum(int(rows.sum()) for rows in shop.whole.spikes.values())
    units = sum(rows.shape[1] for rows in shop.whole.spikes.values())
    found.spiked += fired >= units / 2
    found.plastic += bool(first)
    found.learned += any(not np.array_equal(first[path], shop.whole.state[path]) for path in first)


def main() -> None:
    """Compare the brains of a range of seeds, some at a time."""
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    # As in tests/conftest.py: of what is traced hardly anything is a ring, and what was imported stays.
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    whole = Findings()
    first, last = int(sys.argv[1]), int(sys.argv[2])
    for begin in range(first, last, 25):
        found = compare(range(begin, min(begin + 25, last)), in_the_long_run)
        if found.wrong:
            print(found.report(), flush=True)
        whole.add(found)
        jax.clear_caches()
    print(json.dumps(asdict(whole)), flush=True)


if __name__ == "__main__":
    main()

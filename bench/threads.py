"""Threads of a run: two against one, small brains as they come, and two beside busy processes.

CUBA and COBA have 64,000 units, the microcircuit as many as `--scale` says. Each pair runs in turns, and its ratio is
the median of pairs. A small brain takes the threads that pay, which is one: it must not be slower for being asked.
Beside two processes that want a processor each, two threads may take at most 1.3 times as long as one.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path[:0] = [str(BENCH.parent), str(BENCH.parent / "examples" / "networks"), str(BENCH.parent / "tests")]
# Of each brain: how much faster, how many steps a piece, how many pairs.
LARGE = {"CUBA 64,000": (1.6, 5000, 9), "COBA 64,000": (1.6, 5000, 9), "microcircuit": (1.4, 300, 7)}
SMALL = {"tutorial": (0.95, 3000, 31), "CUBA 1,000": (0.95, 5000, 31), "CUBA 4,000": (0.95, 3000, 31)}
BUSY, MOST = 2, 1.3


def brain_of(name: str, scale: float) -> tuple[Any, dict[str, Any] | None]:
    """A brain and its inputs."""
    import balanced
    import microcircuit
    from builders import drive, tutorial_brain

    kind, _, units = name.partition(" ")
    if kind == "microcircuit":
        return microcircuit.microcircuit(scale), None
    if kind == "tutorial":
        return tutorial_brain(), {"drive": drive()}
    return getattr(balanced, kind.lower())(int(units.replace(",", "")), 1), None


class Pair:
    """A brain that runs by one number of threads and by another in turns, from the same state."""

    def __init__(self, name: str, scale: float, steps: int) -> None:
        import jax

        import spark

        self.brain, self.inputs = brain_of(name, scale)
        self.steps = steps
        self.record = ["*spikes"]
        spark.run(self.brain, 2000 if "A" in name else steps, self.inputs, record=self.record, progress=False)
        self.first = jax.tree.map(np.array, self.brain.state)

    def seconds(self, threads: int | None) -> float:
        """Of one piece."""
        import jax

        import spark

        self.brain.load_state(jax.tree.map(jax.numpy.array, self.first))
        begin = time.perf_counter()
        spark.run(self.brain, self.steps, self.inputs, record=self.record, threads=threads, progress=False)
        return time.perf_counter() - begin

    def measure(self, threads: int | None, pairs: int) -> dict[str, Any]:
        """Microseconds a step by one thread and by these, and the median, least and greatest ratio of pairs."""
        self.seconds(1), self.seconds(threads)
        taken = np.array([(self.seconds(1), self.seconds(threads)) for _ in range(pairs)])
        ratio = taken[:, 0] / taken[:, 1]
        each = np.median(taken, axis=0) / self.steps * 1e6
        return {
            "one_us": round(float(each[0]), 2),
            "these_us": round(float(each[1]), 2),
            "ratio": round(float(np.median(ratio)), 3),
            "least": round(float(ratio.min()), 3),
            "greatest": round(float(ratio.max()), 3),
        }


def main() -> None:
    """Measure, print, store; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.4, help="of the microcircuit (default 0.4)")
    parser.add_argument("--only", choices=("large", "small", "busy"), help="one part alone; nothing is stored")
    options = parser.parse_args()
    rows: dict[str, Any] = {"load": os.getloadavg()[0], "scale": options.scale}
    missed = []

    def note(name: str, found: dict[str, Any], must: float, unit: str) -> None:
        reached = found["ratio"] >= must if unit == "faster" else 1 / found["ratio"] <= must
        rows[name] = {**found, "must": must}
        shown = found["ratio"] if unit == "faster" else 1 / found["ratio"]
        print(
            f"{'PASS' if reached else 'FAIL'}  {name:<28} {found['one_us']:8.2f} us a step by one thread, "
            f"{found['these_us']:8.2f}: {shown:.2f} times as {'fast' if unit == 'faster' else 'long'}, must {must} "
            f"({found['least']:.2f} to {found['greatest']:.2f})",
            flush=True,
        )
        missed.extend([] if reached else [name])

    if options.only in (None, "large"):
        for name, (must, steps, pairs) in LARGE.items():
            note(name, Pair(name, options.scale, steps).measure(2, pairs), must, "faster")
    if options.only in (None, "small"):
        for name, (must, steps, pairs) in SMALL.items():
            note(name, Pair(name, options.scale, steps).measure(None, pairs), must, "faster")
    if options.only in (None, "busy"):
        pair = Pair("CUBA 64,000", options.scale, 1500)
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
        try:
            note(f"beside {BUSY} busy processes", pair.measure(2, 9), MOST, "longer")
        finally:
            for process in busy:
                process.kill()
    if options.only is None:
        (BENCH / "results" / "threads.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(f"FAIL  missed: {', '.join(missed)}" if missed else "PASS  threads pay where they are taken")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()

"""Every built-in soma that has a text, beside its class: CPU time of a step by one thread, in turns.

Texts and classes are those of `tests/nn/test_somas_as_text.py`, which fire in the same steps. Each of several processes
measures all of them, since the places of code and arrays in memory, which differ from process to process, count too: a
ratio is the median over processes of the median over turns. A step of the text must take at most 1.1 times that of the
class.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path[:0] = [str(BENCH.parent), str(BENCH.parent / "tests"), str(BENCH.parent / "tests" / "nn")]
MOST, PROCESSES, TURNS = 1.1, 7, 5
UNITS, SECONDS = (1_000, 16_000), 0.03


def seconds_of(brain: Any, steps: int, given: dict[str, Any]) -> float:
    """CPU time of some steps."""
    import spark

    began = time.process_time()
    spark.run(brain, steps, given, threads=1)
    return time.process_time() - began


def measured(text: Any, config: Any, mean: float, dt: float, units: int) -> list[float]:
    """The medians of the text's and the class's microseconds a step, and of their ratio."""
    import jax.numpy as jnp
    from test_somas_as_text import brain_of

    from spark import CurrentArray

    drawn = np.random.default_rng(0).normal(mean, 0.3 * mean, units)
    given = {"current": CurrentArray(jnp.asarray(drawn, jnp.float32))}
    brains = [brain_of(soma, units, dt) for soma in (text, config)]
    for brain in brains:
        seconds_of(brain, 1_000, given)
    steps = max(100, int(1_000 * SECONDS / seconds_of(brains[1], 1_000, given)))
    turns = np.array([[seconds_of(brain, steps, given) / steps * 1e6 for brain in brains] for _ in range(TURNS)])
    return [*np.median(turns, axis=0).tolist(), float(np.median(turns[:, 0] / turns[:, 1]))]


def of_this_process() -> dict[str, list[float]]:
    """What `measured` gives, by the name of the class and the number of units."""
    from test_somas_as_text import CASES

    return {f"{name} {units}": measured(*case, units) for name, case in CASES.items() for units in UNITS}


def main() -> int:
    """Measure, print, store; 1 where a text is too slow."""
    if sys.argv[1:] == ["--once"]:
        print(json.dumps(of_this_process()))
        return 0
    command = [sys.executable, __file__, "--once"]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(PROCESSES)]
    rows, worst = [], 0.0
    for key in runs[0]:
        (name, units), every = key.split(), np.array([run[key] for run in runs])
        text, written, ratio = np.median(every, axis=0).tolist()
        least, most = every[:, 2].min(), every[:, 2].max()
        row = {"soma": name, "units": int(units), "text_us": round(text, 2), "class_us": round(written, 2)}
        rows.append({**row, "ratio": round(ratio, 3), "ratios": [round(least, 3), round(most, 3)]})
        worst = max(worst, ratio)
        print(
            f"{name:<24}{int(units):>7,} units  text {text:7.2f} us a step  class {written:7.2f}  {ratio:.2f}"
            f"  ({least:.2f} to {most:.2f})"
        )
    stored = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "processes": PROCESSES, "worst": round(worst, 3), "rows": rows}
    (BENCH / "results" / "equations.json").write_text(json.dumps(stored, indent=1) + "\n")
    reached = worst <= MOST
    print(f"{'PASS' if reached else 'FAIL'}  a soma as text takes at most {worst:.2f} times its class, must {MOST}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())

"""How well a brain tells scikit-learn's digits that was only told right or wrong: splits and seeds tuned on by nobody.

    python bench/learning/digits_by_reward.py [--choices N] [--seeds N]

The example's setting; each seed has its own split, a quarter of which is shown to the brain only when it is judged.
Figures are kept after each seed; a second call goes on with the seeds that are missing.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
FIRST, AIM = 5100, 0.92


def main() -> int:
    """Print a row for each seed, keep them, and say whether their mean reaches the aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--choices", type=int, default=40_000)
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    # A brain is small: one core.
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    sys.path.insert(0, str(ROOT / "examples" / "learning"))
    import digits_by_reward

    path = ROOT / "bench" / "results" / "learning" / f"digits-by-reward-{asked.choices}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text())["rows"] if path.exists() else []
    for seed in range(FIRST, FIRST + asked.seeds):
        if seed in [row["seed"] for row in rows]:
            continue
        began = time.process_time()
        right = digits_by_reward.main(asked.choices, seed)
        rows.append({"seed": seed, "right": round(right, 4), "cpu_seconds": round(time.process_time() - began, 1)})
        print(rows[-1], flush=True)
        path.write_text(json.dumps({"choices": asked.choices, **summary(rows), "rows": rows}, indent=1) + "\n")
    told = summary(rows)
    print(f"{100 * told['mean']:.2f} % on average of {told['seeds']} splits; the aim is {100 * AIM:.0f} %")
    return 0 if told["mean"] >= AIM else 1


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What counts of all seeds."""
    right = [row["right"] for row in rows]
    return {
        "seeds": len(rows),
        "mean": round(float(np.mean(right)), 4),
        "least": min(right),
        "cpu_seconds_most": max(row["cpu_seconds"] for row in rows),
    }


if __name__ == "__main__":
    sys.exit(main())

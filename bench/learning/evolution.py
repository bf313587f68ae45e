"""How well evolution balances the pole: the example's setting, over seeds that nothing was tuned on.

python bench/learning/evolution.py [--generations N] [--seeds N]
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from spark import learn
from spark.worlds import CartPole

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples" / "learning"))

import evolution  # noqa: E402  The example, not this file: its folder is known only now.

JUDGED = 100


def main() -> None:
    """Print a row for each seed and keep them; seeds that are kept already are not run again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=20)
    asked = parser.parse_args()
    path = ROOT / "bench" / "results" / "learning" / f"evolution-{asked.generations}.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    for seed in range(5100 + len(rows), 5100 + asked.seeds):
        began = time.process_time()
        lesson = evolution.teacher().fit(evolution.brain(seed), episodes=asked.generations, seed=seed)
        found = learn.evaluate(lesson.brain, episodes=JUDGED)
        rows.append(
            {
                "seed": seed,
                "mean": round(found.mean, 3),
                "interval": [round(found.low, 3), round(found.high, 3)],
                "last_generation": round(float(lesson.returns[-1]), 3),
                "cpu_seconds": round(time.process_time() - began, 1),
            }
        )
        means = np.array([row["mean"] for row in rows])
        about = {
            "generations": asked.generations,
            "bar": CartPole.solved_return,
            "passed": int((means >= CartPole.solved_return).sum()),
            "seeds": len(rows),
            "mean": round(float(means.mean()), 2),
            "worst": float(means.min()),
        }
        path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
        print(rows[-1], about, flush=True)


if __name__ == "__main__":
    main()

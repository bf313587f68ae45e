"""Brains that learn by local plasticity: how many seeds of a task reach its bar, and what is missing without each part.

    python bench/learning/learning.py cartpole --seeds 5100-5199 --episodes 100
    python bench/learning/learning.py cartpole --variant "no plasticity" --seeds 5100-5119 --episodes 100

One setting serves all seeds of a task. Learning is off in the 100 episodes that count. Each seed's figures are added
to `bench/results/learning/` as soon as they are there; a second call goes on with the seeds that are missing.
"""

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "learning"
JUDGED = 100
TASKS = ("acrobot", "cartpole", "mountain-car", "pendulum")
# Parts taken away from the brain, or changed, one at a time: arguments of `spark.learn.actor_critic`.
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "no plasticity": {"actor": {"rate": 0.0}, "critic": {"rate": 0.0}},
    "no critic": {"critic": {"rate": 0.0}},
    "the winner alone": {"actor": {"winner": 1.0}},
    "no optimism": {"critic": {"baseline": 0.0}},
    "no eligibility of the actor": {"actor": {"trace": 0.0}},
    "no annealing": {"error": {"least_rate": 1.0}},
    "error clipped at 0.5": {"error": {"clip": 0.5}},
    "Poisson input": {"encoder": {"random": True}},
    "6 x 6 fields": {"encoder": {"resolution": 6}},
    "fields of single numbers": {"encoder": {"pairs": False}},
}


def code() -> str:
    """The commit that is measured; empty outside of a checkout."""
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def one(job: tuple[str, str, int, int]) -> dict[str, Any]:
    """Teach and judge the brain of one seed."""
    from spark import learn
    from spark.learn.tasks import SETTINGS
    from spark.nn import Brain

    task, variant, seed, episodes = job
    world, plain = SETTINGS[task]
    changed = VARIANTS[variant]
    settings = {part: {**plain.get(part, {}), **changed.get(part, {})} for part in {*plain, *changed}}
    begin, cpu = time.perf_counter(), time.process_time()
    brain = Brain(learn.actor_critic(world, seed=seed, **settings))
    lesson = learn.fit(brain, episodes)
    learned = time.process_time() - cpu
    found = learn.evaluate(brain, JUDGED)
    return {
        "seed": seed,
        "mean": round(found.mean, 2),
        "interval": [round(found.low, 2), round(found.high, 2)],
        "first_solved": lesson.first_solved,
        "training_mean": round(float(lesson.returns.mean()), 2),
        "learning_cpu_seconds": round(learned, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "wall_seconds": round(time.perf_counter() - begin, 2),
        "code": code(),
    }


def summary(rows: list[dict[str, Any]], bar: float) -> dict[str, Any]:
    """What counts of all seeds."""
    means = np.array([row["mean"] for row in rows])
    firsts = [np.inf if row["first_solved"] is None else row["first_solved"] for row in rows]
    middle, late = np.percentile(firsts, [50, 90], method="higher")
    return {
        "seeds": len(rows),
        "passed": int(np.sum(means >= bar)),
        "mean": round(float(means.mean()), 2),
        "worst": float(means.min()),
        "first_solved_median": None if np.isinf(middle) else int(middle),
        "first_solved_90_percent": None if np.isinf(late) else int(late),
        "cpu_seconds_median": round(float(np.median([row["cpu_seconds"] for row in rows])), 1),
        "cpu_seconds_most": max(row["cpu_seconds"] for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="")
    parser.add_argument("--seeds", default="5100-5199", help="first and last (5100-5199)")
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args()
    first, last = (int(seed) for seed in options.seeds.split("-"))
    if last >= 7000:
        sys.exit("Seeds of 7000 and above are kept for a test by others.")
    # A brain is small: one core each.
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    name = "-".join(filter(None, [options.task, options.variant.replace(" ", "-"), str(options.episodes)]))
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = json.loads(path.read_text())["seeds"] if path.exists() else []
    done = {row["seed"] for row in rows}
    from spark.learn.tasks import SETTINGS

    bar = SETTINGS[options.task][0].solved_return
    jobs = [(options.task, options.variant, s, options.episodes) for s in range(first, last + 1) if s not in done]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for row in pool.imap_unordered(one, jobs):
            rows = sorted([*rows, row], key=lambda r: r["seed"])
            about = {
                "task": options.task,
                "variant": options.variant or "as it is",
                "episodes": options.episodes,
                "bar": bar,
                "evaluation_episodes": JUDGED,
                "summary": summary(rows, bar),
                "machine": platform.machine(),
                "python": platform.python_version(),
                "load": round(os.getloadavg()[0], 1),
                "seeds": rows,
            }
            path.write_text(json.dumps(about, indent=1) + "\n")
            print(
                row["seed"], row["mean"], row["first_solved"], f"{row['cpu_seconds']} s", about["summary"], flush=True
            )
    print(json.dumps(summary(rows, bar)))


if __name__ == "__main__":
    main()

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
from variants import VARIANTS

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "bench" / "results" / "learning"
JUDGED = 100
TASKS = ("acrobot", "arm", "bandit", "cartpole", "maze", "mountain-car", "pendulum")


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

    task, name, seed, episodes = job
    world, plain = SETTINGS[task]
    variant = VARIANTS[name]
    settings = dict(plain)
    for part, changed in variant.settings.items():
        settings[part] = {**plain.get(part, {}), **changed}
    begin, cpu = time.perf_counter(), time.process_time()
    config = learn.actor_critic(variant.world or world, seed=seed, **settings)
    brain = Brain(config if variant.change is None else variant.change(config))
    place = None if variant.taught_in is None else variant.taught_in(seed)
    lesson = learn.Plasticity().fit(brain, place, episodes=episodes)
    first = lesson.first_solved
    if variant.then is not None:
        lesson = learn.Plasticity().fit(brain, variant.then, episodes=variant.more)
        brain = lesson.brain
        first = lesson.first_solved
    if variant.after is not None:
        variant.after(brain, seed)
    learned = time.process_time() - cpu
    # Other episodes than those that it learned from, and none that anybody else is to be judged by.
    place = None if variant.judged_in is None else variant.judged_in(seed + 1000)
    found = learn.evaluate(brain, place, episodes=JUDGED)
    beside = {} if place is None else {"mean_in_its_world": round(learn.evaluate(brain, episodes=JUDGED).mean, 3)}
    return {
        "seed": seed,
        "mean": round(found.mean, 3),
        "interval": [round(found.low, 3), round(found.high, 3)],
        **beside,
        "first_solved": first,
        "training_mean": round(float(lesson.returns.mean()), 3),
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
    parser.add_argument("--variant", choices=list(VARIANTS), default="")
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

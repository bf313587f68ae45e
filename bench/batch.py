"""256 of the tutorial's brains by `spark.batch` on all cores, and one alone in `spark.run`, in turns.

A brain-step of the batch must cost at most half of one alone, on two cores. Beside it stands what two processes reach
that know nothing of each other: the machine's own limit.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path.insert(0, str(BENCH.parent))
BRAINS, STEPS, ROUNDS, MUST = 256, 5_000, 3, 0.5


def made():
    import spark

    text = (BENCH.parent / "tests" / "contract" / "seed_tutorial.py").read_text()
    names = {}
    exec(text[: text.index("brain = spark.nn.Brain(")], names)
    return spark.nn.Brain(names["brain_config"]), {"drive": spark.FloatArray(np.float16([0.1, -0.2, 0.3, -0.1]))}


def alone(brain, inputs):
    """Microseconds a step."""
    import spark

    begin = time.perf_counter()
    spark.run(brain, STEPS, inputs, progress=False)
    return (time.perf_counter() - begin) / STEPS * 1e6


def process():
    """One of several processes: say how long a step takes while the others run as well."""
    brain, inputs = made()
    alone(brain, inputs)
    print(json.dumps([alone(brain, inputs) for _ in range(30)]))


def main():
    import spark

    cores = os.cpu_count() or 1
    one, inputs = made()
    brains = spark.replicas(one, BRAINS)
    spark.batch(brains, 64, inputs, progress=False)
    alone(one, inputs)
    singles, together = [], []
    for _ in range(ROUNDS):
        singles.append(statistics.median(alone(brain, inputs) for brain in brains[:9]))
        begin = time.perf_counter()
        spark.batch(brains, STEPS, inputs, progress=False)
        together.append((time.perf_counter() - begin) / STEPS / BRAINS * 1e6)
    ratios = sorted(b / a for a, b in zip(singles, together, strict=True))
    command = [sys.executable, str(BENCH / "batch.py"), "process"]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(cores)]
    apart = [statistics.median(json.loads(other.communicate()[0])) for other in others]
    limit = 1 / sum(1 / us for us in apart) / statistics.median(singles)
    ratio = statistics.median(ratios)
    print(f"one alone          {statistics.median(singles):8.2f} us a step")
    print(f"{BRAINS} in a batch     {statistics.median(together):8.2f} us a brain-step")
    spread = f"{ratios[0]:.3f} to {ratios[-1]:.3f}"
    print(f"{'PASS' if ratio <= MUST else 'FAIL'}  ratio {ratio:.3f} ({spread}), must be {MUST}")
    print(f"      {cores} processes apart: {limit:.3f}")
    report = {"alone_us": singles, "batch_us": together, "ratio": ratio, "processes_apart": limit, "cores": cores}
    (BENCH / "results" / "batch.json").write_text(json.dumps(report, indent=1) + "\n")
    sys.exit(ratio > MUST)


if __name__ == "__main__":
    process() if sys.argv[1:] == ["process"] else main()

"""The cortical microcircuit at full scale on two cores, beside this project's own version of November 24 on one.

That version (commit 393b9ee) knew no threads. It is taken out of the repository, and each version builds and runs the
example `microcircuit.py` of its own in a process of its own; they run in turns, after half a second of biological time,
and the ratio is the median of pairs. Memory is the most that a process held, while it was built too.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1].absolute()
COMMIT = "393b9eeef54a8c3e608f506d5fe8319e26ad2313"
MUST, MOST_BYTES = 3.5, 6e9
# Populations whose rates are held within so much of the published ones, as in engine/workloads.py.
WITHIN, LOWEST_WITHIN = 0.1, 0.2


def work(root: str, scale: float, threads: str) -> None:
    """Build the network of the version at `root`; run so many steps for each line of the input."""
    sys.path[:0] = [root, str(Path(root) / "examples" / "networks")]
    import microcircuit

    import spark

    more = {"threads": int(threads)} if threads != "-" else {}
    begin = time.perf_counter()
    brain = microcircuit.microcircuit(scale)
    spark.run(brain, 1, progress=False)
    print(json.dumps({"build_s": time.perf_counter() - begin}), flush=True)
    for line in sys.stdin:
        steps = int(line)
        begin = time.perf_counter()
        recording = spark.run(brain, steps, record=["*.out_spikes"], progress=False, **more)
        seconds = time.perf_counter() - begin
        rates = {name: float(np.mean(recording.rates(name))) for name in microcircuit.POPULATIONS}
        held = (
            int(next(v for v in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in v).split()[1]) * 1024
        )
        print(json.dumps({"seconds": seconds, "rates": rates, "bytes": held}), flush=True)


class Version:
    """One version in its process."""

    def __init__(self, root: Path, scale: float, threads: str) -> None:
        command = [sys.executable, __file__, "--work", str(root), "--scale", str(scale), "--threads", threads]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
        )
        self.build_s = self.answer()["build_s"]

    def answer(self) -> dict[str, Any]:
        """What it says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"FAIL  a version ended with {self.process.wait()}")
        return json.loads(line)

    def run(self, steps: int) -> dict[str, Any]:
        """So many steps."""
        assert self.process.stdin is not None
        print(steps, file=self.process.stdin, flush=True)
        return self.answer()


def old_version(folder: Path) -> Path:
    """The files of the old version."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True)
    if archive.returncode:
        sys.exit(f"microcircuit: commit {COMMIT[:7]} is needed. {archive.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def main() -> None:
    """Measure, print, store; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(options.work, options.scale, options.threads)
    sys.path.append(str(ROOT / "bench" / "engine"))
    from workloads import Microcircuit

    with tempfile.TemporaryDirectory() as folder:
        new = Version(ROOT, options.scale, options.threads)
        old = Version(old_version(Path(folder)), options.scale, "-")
        old.run(5000), new.run(5000)
        pairs = [(old.run(options.steps), new.run(options.steps)) for _ in range(options.pairs)]
    ratios = np.array([before["seconds"] / now["seconds"] for before, now in pairs])
    factors = [float(np.median([p[n]["seconds"] for p in pairs])) / (options.steps * 1e-4) for n in (0, 1)]
    bytes_held = [pairs[-1][n]["bytes"] for n in (0, 1)]
    rates = {name: float(np.mean([now["rates"][name] for _, now in pairs])) for name in pairs[0][1]["rates"]}
    low = sorted(Microcircuit.published)[:2]
    wrong = [
        f"{name} {rates[name]:.2f} Hz, published {published}"
        for name, published in zip(Microcircuit.populations, Microcircuit.published, strict=True)
        if abs(rates[name] / published - 1) > (LOWEST_WITHIN if published in low else WITHIN)
    ]
    ratio = float(np.median(ratios))
    checks = {
        f"{ratio:.2f} times as fast as the old version (must {MUST}; {ratios.min():.2f} to {ratios.max():.2f}); "
        f"real-time factors {factors[1]:.2f} by {options.threads} threads and {factors[0]:.2f}": ratio >= MUST,
        f"{bytes_held[1] / 1e9:.2f} GB (at most {MOST_BYTES / 1e9:.0f}), old {bytes_held[0] / 1e9:.2f}": (
            bytes_held[1] <= MOST_BYTES
        ),
        f"built in {new.build_s:.1f} s, old {old.build_s:.1f}": new.build_s <= old.build_s,
        f"rates as published{': ' if wrong else ''}{'; '.join(wrong)}": options.scale < 1 or not wrong,
    }
    for text, holds in checks.items():
        print(f"{'PASS' if holds else 'FAIL'}  {text}")
    if options.scale == 1:
        found = {
            "load": os.getloadavg()[0],
            "ratio": ratio,
            "ratios": ratios.round(3).tolist(),
            "real_time_factors": {"old": factors[0], "new": factors[1]},
            "bytes": {"old": bytes_held[0], "new": bytes_held[1]},
            "build_s": {"old": old.build_s, "new": new.build_s},
            "rates_hz": rates,
        }
        (ROOT / "bench" / "results" / "microcircuit.json").write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(not all(checks.values()))


if __name__ == "__main__":
    main()

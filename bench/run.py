"""Everything that `make bench` prints: each benchmark in a process of its own, one after another.

Exits with 1 where one of them failed or missed a must. Options are passed on by running the scripts themselves.
"""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.absolute()
COMMANDS = (
    ("imports.py",),
    ("tutorial.py",),
    ("checking.py", "--json", "bench/results/checking.json"),
    ("kernels.py", "--json", "bench/results/kernels.json"),
    ("engine/engine.py",),
    ("engine/engine.py", "--peers", "spark-snn", "--workloads", "tutorial"),
    ("batch.py",),
    ("scaling.py",),
)


def main():
    """Run all; say at the end which did not pass."""
    (BENCH / "results").mkdir(exist_ok=True)
    missed = []
    for script, *arguments in COMMANDS:
        print(f"\n{script}\n", flush=True)
        result = subprocess.run([sys.executable, str(BENCH / script), *arguments], cwd=BENCH.parent)
        if result.returncode:
            missed.append(script)
    print(f"\nNot passed: {', '.join(missed)}." if missed else "\nAll passed.")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()

"""Everything that `make bench` prints: each benchmark in a process of its own, one after another.

Exits with 1 where one of them failed or missed a must. Options are passed on by running the scripts themselves.
"""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.absolute()
COMMANDS = (
    ("imports.py",),
    ("editor.py", "--json", "bench/results/editor.json"),
    ("tutorial.py",),
    ("checking.py", "--json", "bench/results/checking.json"),
    ("kernels.py", "--json", "bench/results/kernels.json"),
    ("engine/engine.py",),
    ("engine/engine.py", "--peers", "nest", "--workloads", "cuba:4000,coba:4000,brunel-like,plastic:1.0,adex:100"),
    (
        "engine/engine.py",
        "--peers",
        "brainevent",
        "--workloads",
        "cuba:4000,cuba:16000,coba:4000,coba:16000,plastic:1.0",
    ),
    ("engine/engine.py", "--peers", "spark-snn", "--workloads", "tutorial"),
    # The peer's own default type; its best, float32, is printed beside it.
    ("engine/engine.py", "--peers", "spark-snn", "--workloads", "plastic:1.0", "--setting", "float16"),
    ("engine/engine.py", "--peers", "spark-snn", "--workloads", "plastic:1.0", "--setting", "float32"),
    ("batch.py",),
    ("scaling.py",),
    ("editor_running.py",),
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

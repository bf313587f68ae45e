"""Everything that `make bench` prints, or what is named: each benchmark in a process of its own, one after another.

A name is one of those below, or a workload of `engine/workloads.py`, such as `coba` or `cuba:64000`. Exits with 1 where
one of them failed or missed a must. Options are passed on by running the scripts themselves.
"""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent.absolute()
sys.path.append(str(BENCH / "engine"))
COMMANDS = {
    "imports": ("imports.py",),
    "editor": ("editor.py", "--json", "bench/results/editor.json"),
    "tutorial": ("tutorial.py",),
    "checking": ("checking.py", "--json", "bench/results/checking.json"),
    "kernels": ("kernels.py", "--json", "bench/results/kernels.json"),
    "own-soma": ("own_soma.py",),
    "adex": ("adex.py",),
    "equations": ("equations.py",),
    "first-result": ("first_result.py",),
    "engine": ("engine/engine.py",),
    "nest": (
        "engine/engine.py",
        "--peers",
        "nest",
        "--workloads",
        "cuba:4000,coba:4000,brunel-like,plastic:1.0,adex:100",
    ),
    "brainevent": (
        "engine/engine.py",
        "--peers",
        "brainevent",
        "--workloads",
        "cuba:4000,cuba:16000,coba:4000,coba:16000,plastic:1.0",
    ),
    "spark-snn": ("engine/engine.py", "--peers", "spark-snn", "--workloads", "tutorial"),
    # The peer's own default type; its best, float32, is printed beside it.
    "spark-snn-float16": (
        "engine/engine.py",
        "--peers",
        "spark-snn",
        "--workloads",
        "plastic:1.0",
        "--setting",
        "float16",
    ),
    "spark-snn-float32": (
        "engine/engine.py",
        "--peers",
        "spark-snn",
        "--workloads",
        "plastic:1.0",
        "--setting",
        "float32",
    ),
    "connectome": ("engine/engine.py", "--workloads", "connectome"),
    "threads": ("threads.py",),
    "shares": ("shares.py",),
    "microcircuit-threads": ("microcircuit.py",),
    "batch": ("batch.py",),
    "scaling": ("scaling.py",),
    "editor-running": ("editor_running.py",),
    "learning-speed": ("learning/speed.py",),
    "cost": ("cost.py", "--json", "bench/results/cost.json"),
    "traces": ("traces/traces.py", "--json", "bench/results/traces.json"),
}


# Workloads whose sizes are several, all of which their name alone stands for.
SEVERAL = {
    "cuba": "cuba:4000,cuba:16000,cuba:64000,cuba:256000",
    "coba": "coba:4000,coba:16000,coba:64000,coba:256000",
    "plastic": "plastic:1.0,plastic:0.1",
}


def command_of(name):
    """The script and its options; None where there is no such benchmark."""
    from workloads import WORKLOADS

    if name in COMMANDS or name.partition(":")[0] not in WORKLOADS:
        return COMMANDS.get(name)
    return ("engine/engine.py", "--workloads", SEVERAL.get(name, name))


def main():
    """Run those that are named, or all; say at the end which did not pass."""
    wanted = sys.argv[1:] or list(COMMANDS)
    unknown = [name for name in wanted if command_of(name) is None]
    if unknown:
        sys.exit(f"{unknown[0]}: no such benchmark; expected one of {', '.join(COMMANDS)}")
    (BENCH / "results").mkdir(exist_ok=True)
    missed = []
    for name in wanted:
        script, *arguments = command_of(name)
        print(f"\n{name}\n", flush=True)
        result = subprocess.run([sys.executable, str(BENCH / script), *arguments], cwd=BENCH.parent)
        if result.returncode:
            missed.append(name)
    if len(wanted) > 1:
        print(f"\nNot passed: {', '.join(missed)}." if missed else "\nAll passed.")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()

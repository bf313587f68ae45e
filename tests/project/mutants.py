"""Does a test fail where the code is wrong? Makes a hundred small faults, one at a time, and runs what concerns each.

    make mutants

Which faults is decided by a seed, so another run makes the same ones. Each runs in a copy of the checkout, in a
process of its own that a process with JAX in memory has split off. Results go to `tests/project/mutants.json` after
each mutant; those that it knows already, of the same text, are not run again. `why` is written by hand: why a
survivor changes nothing that anybody could notice, or which test was added for it.
"""

import argparse
import contextlib
import difflib
import hashlib
import importlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from mutations import Mutation, mutations

ROOT = Path(__file__).absolute().parents[2]
RESULTS = Path(__file__).with_suffix(".json")
SEED = 9
# Areas: how many mutants, and of which files; what must be compiled comes last.
AREAS = {
    "kernels": (22, "spark/kernels/*.py"),
    "graph": (16, "spark/graph/*.py"),
    "io": (22, "spark/io/*.py"),
    "guard": (12, "spark/editor/guard.py"),
    "native": (28, "native/*"),
}
# What concerns a file, quickest first; of an area where the file is not named.
PLASTIC = ["tests/kernels/test_stdp.py", "tests/nn/test_zenke_rule.py", "tests/nn/test_event_rules.py"]
LOWERED = ["tests/nn/test_lowering.py", "tests/nn/test_point_neurons.py", "tests/nn/test_adaptive_exponential.py"]
EDGES = ["tests/kernels/test_edge_lists.py", "tests/kernels/test_deliver_edges.py", "tests/kernels/test_zenke_edges.py"]
RUNS = ["tests/sim/test_full_chunks.py", "tests/sim/test_run.py", "tests/sim/test_probes.py"]
LIBRARY = ["tests/kernels/test_native_library.py", "tests/kernels/test_cache.py"]
TESTS = {
    "kernels": ["tests/kernels", *PLASTIC, "tests/nn/test_lowering.py"],
    "native": ["tests/kernels", *LOWERED, *PLASTIC, "tests/nn/test_spikers.py", *RUNS],
    "graph": ["tests/graph", "tests/io/test_graph_config.py", "tests/nn/test_brain.py", "tests/core/test_names.py"],
    "io": ["tests/io", "tests/docs/test_pages.py"],
    "guard": ["tests/editor/test_guard_passes_on.py", "tests/editor/test_guard.py", "tests/editor/test_server.py"],
    "spark/kernels/bits.py": ["tests/kernels/test_spike_history.py", *EDGES[1:], "tests/sim/test_shard_errors.py"],
    "spark/kernels/check.py": ["tests/kernels/test_deliver_dense.py", *EDGES, "tests/kernels/test_scatter.py"],
    "spark/kernels/choice.py": ["tests/kernels/test_deliver_dense.py"],
    "spark/kernels/dense.py": ["tests/kernels/test_deliver_dense.py"],
    "spark/kernels/edges.py": EDGES,
    "spark/kernels/exponential.py": ["tests/nn/test_adaptive_exponential.py"],
    "spark/kernels/history.py": ["tests/kernels/test_spike_history.py", "tests/nn/test_delays.py"],
    "spark/kernels/sparse.py": EDGES,
    "spark/kernels/zenke.py": ["tests/kernels/test_zenke_edges.py", *PLASTIC],
    "spark/kernels/build.py": LIBRARY,
    "spark/kernels/carried.py": ["tests/kernels/test_carried_library.py"],
    "spark/kernels/compiler.py": LIBRARY,
    "spark/kernels/cache.py": LIBRARY,
    "spark/kernels/native.py": [*LIBRARY, "tests/kernels/test_deliver_dense.py"],
    "spark/kernels/program.py": [*LOWERED, *RUNS, *PLASTIC],
    "spark/kernels/stdp.py": PLASTIC,
    "spark/kernels/consolidate.py": PLASTIC,
    "spark/kernels/rule_table.py": PLASTIC,
    "spark/kernels/edge_parts.py": [*EDGES, "tests/sim/test_shard_errors.py", "tests/sim/test_shard_spikes.py"],
    "spark/kernels/scatter.py": ["tests/kernels/test_scatter.py", "tests/nn/test_point_neurons.py"],
    "spark/io/checkpoint.py": ["tests/io/test_checkpoint.py"],
    "spark/io/rotation.py": ["tests/io/test_checkpoint.py"],
    "spark/io/atomic.py": ["tests/io/test_atomic.py", "tests/io/test_checkpoint.py", "tests/io/test_model_file.py"],
    "spark/io/events.py": ["tests/sim/test_events.py", "tests/io"],
    "spark/io/code.py": ["tests/io/test_code.py"],
    "spark/io/code_inputs.py": ["tests/io/test_code.py"],
    "spark/io/pictures.py": ["tests/io/test_model_pictures.py", "tests/editor/test_nothing_lost.py"],
    "native/arrivals.h": ["tests/nn/test_point_neurons.py", "tests/kernels/test_scatter.py"],
    "native/deliver.h": ["tests/kernels/test_deliver_edges.py", *LOWERED],
    "native/past.h": [*EDGES[1:], *LOWERED],
    "native/program.h": [*LOWERED, *RUNS, "tests/nn/test_event_rules.py"],
    "native/random.inc": ["tests/nn/test_spikers.py", *LOWERED],
    "native/units.h": LOWERED,
    "native/units.inc": LOWERED,
    "native/unit_operations.inc": LOWERED,
    "native/zenke.h": ["tests/kernels/test_zenke_edges.py", *PLASTIC],
    "native/scatter.h": ["tests/kernels/test_scatter.py", *LOWERED],
    "native/dense.inc": ["tests/kernels/test_deliver_dense.py", *LOWERED, *PLASTIC],
    "native/stdp.h": [*PLASTIC, *RUNS],
    "native/stdp.inc": [*PLASTIC, *RUNS],
    "native/stdp_step.h": [*PLASTIC, *RUNS],
    "native/stdp_handlers.h": [*PLASTIC, *RUNS],
    "native/stdp_operations.inc": [*PLASTIC, *RUNS],
    "native/soma.inc": LOWERED,
    "native/replay.h": RUNS,
    "native/replay.inc": RUNS,
}
# Of the processor's time: what runs for longer hangs. Of the clock: for what waits for ever.
SECONDS, PATIENCE = 600, 3600


def drawn() -> list[tuple[str, str, Mutation]]:
    """Area, file and fault of every candidate, those of an area in the order in which they are tried."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for area, (_, pattern) in AREAS.items():
        names = sorted(name for name in listed if Path(name).match(pattern))
        every = [(area, name, m) for name in names for m in mutations(name, (ROOT / name).read_text("utf-8"))]
        random.Random(f"{SEED} {area}").shuffle(every)
        found += every
    return found


def copied(target: Path) -> None:
    """The checkout as it is, in another folder."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def prepared(folder: Path) -> None:
    """Load what every mutant's tests need and no mutant changes; what is compiled is shared by all."""
    os.environ |= {
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PLATFORMS": "cpu",
        "MPLBACKEND": "Agg",
    }
    for name in ("jax", "jax.numpy", "pydantic", "pytest"):
        importlib.import_module(name)


def difference(name: str, old: str, new: str) -> list[str]:
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=1)
    return list(lines)[2:]


def tests_of(area: str, name: str) -> list[str]:
    return [path for path in TESTS.get(name, TESTS[area]) if (ROOT / path).exists()]


def tested(folder: Path, paths: list[str], log: Path) -> int:
    """Run tests in a copy of this process; what it returns: 0 all passed, 1 one failed, 2 no test could run."""
    child = os.fork()
    if child:
        return waited(child)
    with contextlib.suppress(BaseException):
        os._exit(_ran(folder, paths, log))
    os._exit(3)


def _ran(folder: Path, paths: list[str], log: Path) -> int:
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    import pytest

    sys.path[:0] = [str(folder)]
    os.environ["PYTHONPATH"] = str(folder)
    return int(pytest.main(["-x", "-q", "-m", "not slow", "-p", "no:xdist", "--hypothesis-seed=0", *paths]))


def waited(child: int) -> int:
    """The exit status of a process, which is ended with its children when it takes too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.2)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def all_pass(folder: Path, area: str, names: set[str]) -> None:
    """Stop where a test of an area fails without any fault: it would kill every mutant."""
    paths = list(dict.fromkeys(path for name in sorted(names) for path in tests_of(area, name)))
    log = folder.parent / f"log of {area} without a fault"
    if tested(folder, paths, log):
        sys.exit(f"a test of {area} fails without a fault: {named_failure(log)}; see {log}")


def builds(folder: Path) -> bool:
    """Whether the C++ of a copy compiles; its library then lies in a cache of its own."""
    cache = folder.parent / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(mode=0o700)
    os.environ["SPARK_CACHE"] = str(cache)
    code = "from spark.kernels import status; raise SystemExit(not status().available)"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return (
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True).returncode == 0
    )


def named_failure(log: Path) -> str:
    """The first test that failed, or how the process ended."""
    lines = log.read_text("utf-8", "replace").splitlines()
    return next((line.split(" ")[1] for line in lines if line.startswith(("FAILED ", "ERROR "))), "the process ended")


def one(folder: Path, area: str, name: str, fault: Mutation) -> dict[str, Any] | None:
    """Make one fault in the copy, run what concerns it, and take it back; None where it does not compile."""
    path = folder / name
    text = path.read_text("utf-8")
    path.write_text(fault.applied(text), "utf-8")
    log = folder.parent / "log"
    try:
        if area == "native" and not builds(folder):
            return None
        ended = tested(folder, tests_of(area, name), log)
    finally:
        path.write_text(text, "utf-8")
    found = {"area": area, "file": name, "kind": fault.kind, "diff": difference(name, text, fault.applied(text))}
    return found | ({"killed": False} if ended == 0 else {"killed": True, "by": named_failure(log)})


def key(name: str, fault: Mutation) -> str:
    """What names a fault of a file's text."""
    text = (ROOT / name).read_text("utf-8")
    return hashlib.sha256(f"{name} {fault} {text}".encode()).hexdigest()[:16]


def main() -> int:
    """Run the mutants; returns 1 where fewer are killed than must be, or a survivor is not explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants", help="where the copy is made")
    parser.add_argument("--areas", nargs="*", default=list(AREAS), help="areas to run now")
    parser.add_argument("--list", action="store_true", help="only say how many faults there are to draw from")
    parser.add_argument("--trust", action="store_true", help="do not first run the tests without a fault")
    options = parser.parse_args()
    every = drawn()
    if options.list:
        for area in AREAS:
            print(area, sum(a == area for a, *_ in every))
        return 0
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"mutants": {}}
    known, results = stored["mutants"], {}
    shutil.rmtree(options.folder, ignore_errors=True)
    folder = options.folder / "copy"
    copied(folder)
    prepared(options.folder)
    counts, sound = dict.fromkeys(AREAS, 0), set()
    for area, name, fault in every:
        if counts[area] == AREAS[area][0]:
            continue
        found = known.get(key(name, fault))
        if found is None and area in options.areas:
            if area not in sound and not options.trust:
                sound.add(area)
                all_pass(folder, area, {of for other, of, _ in every if other == area})
            found = one(folder, area, name, fault)
            print(area, name, fault.kind, found and ("killed" if found["killed"] else "SURVIVED"), flush=True)
        if found is None:
            continue
        counts[area] += 1
        results[key(name, fault)] = found
        RESULTS.write_text(json.dumps(summary(known | results), indent=1) + "\n")
    RESULTS.write_text(json.dumps(summary(results), indent=1) + "\n")
    return verdict(results)


def summary(mutants: dict[str, Any]) -> dict[str, Any]:
    killed = sum(m["killed"] for m in mutants.values())
    return {"seed": SEED, "killed": killed, "of": len(mutants), "mutants": mutants}


def verdict(mutants: dict[str, Any]) -> int:
    """Print what is left, and say whether it is enough."""
    survivors = [m for m in mutants.values() if not m["killed"]]
    for mutant in survivors:
        print("\n".join([f"\n{mutant['file']}: {mutant.get('why', 'NOT EXPLAINED')}", *mutant["diff"]]))
    killed = len(mutants) - len(survivors)
    print(f"\n{killed} of {len(mutants)} mutants killed")
    return int(killed < 0.85 * len(mutants) or any("why" not in m for m in survivors))


if __name__ == "__main__":
    sys.exit(main())

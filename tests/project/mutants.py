"""Does a test fail where the code is wrong? Makes a hundred small faults, one at a time, and runs what concerns each.

    make mutants

Which faults is decided by a seed and by the lines around each, so another run makes the same ones, whatever else
changed in their files. Each runs in a copy of the checkout, in a process of its own that a process with JAX in memory
has split off, against the few tests that concern its file (`concerns.py`). Results go to `tests/project/mutants.json`
after each mutant; those that it knows already are not run again, unless all are asked for anew. `why` is written by
hand: why a survivor changes nothing that anybody could notice, or which test was added for it.
"""

import argparse
import contextlib
import difflib
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from concerns import tests_of
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
# Of the processor's time: what runs for longer hangs. Of the clock: for what waits for ever, which uses none of the
# processor's time for so long where the system says how much.
SECONDS, PATIENCE, IDLE = 600, 3600, 180
COMPILER = os.environ.get("CXX", "c++")


def drawn() -> list[tuple[str, str, Mutation, str]]:
    """Area, file, fault and key of every candidate, those of an area in the order in which they are tried."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    found = []
    for area, (_, pattern) in AREAS.items():
        names = sorted(name for name in listed if Path(name).match(pattern))
        every = [(area, name, *one) for name in names for one in keyed(name, (ROOT / name).read_text("utf-8"))]
        found += sorted(every, key=lambda one: one[-1])
    return found


def keyed(name: str, text: str) -> list[tuple[Mutation, str]]:
    """The faults of a file, each with a key that stays as long as the lines around it do."""
    found, times = [], Counter[str]()
    for fault in mutations(name, text):
        begin = text.rfind("\n", 0, max(text.rfind("\n", 0, fault.begin), 0)) + 1
        end = text.find("\n", text.find("\n", fault.end) + 1)
        there = f"{fault.begin - begin} {fault.new}\0{text[begin:end]}"
        times[there] += 1
        found.append((fault, hashlib.sha256(f"{SEED} {name} {there} {times[there]}".encode()).hexdigest()[:16]))
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
    begun = moved = time.monotonic()
    before: int | None = None
    while time.monotonic() < min(begun + PATIENCE, moved + IDLE):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        ticks = used(child)
        if ticks is None or ticks != before:
            moved, before = time.monotonic(), ticks
        time.sleep(1)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -signal.SIGKILL


def used(leader: int) -> int | None:
    """Ticks of the processor that a session's processes have used so far; None where the system does not say."""
    ticks = None
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # Behind the name: state, parent, group, session, ...; user's and system's time, then the children's.
            said = stat.read_text().rpartition(")")[2].split()
            if int(said[3]) == leader:
                ticks = (ticks or 0) + sum(map(int, said[11:15]))
    return ticks


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
    # Faults show however fast the code is, and to optimise it takes a minute: the last option counts.
    # What a fault leaves unset holds a pattern, since what lies there by chance is often the right number.
    compiler = folder.parent / "c++"
    compiler.write_text(f'#!/bin/sh\nexec {COMPILER} "$@" -O1 -ftrivial-auto-var-init=pattern\n')
    compiler.chmod(0o700)
    os.environ |= {"SPARK_CACHE": str(cache), "CXX": str(compiler)}
    # A busy machine may take minutes for it: only what the compiler says counts.
    code = f"import spark.kernels.compiler as c; c._PATIENCE = {PATIENCE}; "
    code += "from spark.kernels import status; raise SystemExit(not status().available)"
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


def main() -> int:
    """Run the mutants; returns 1 where fewer are killed than must be, or a survivor is not explained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutants", help="where the copy is made")
    parser.add_argument("--areas", nargs="*", default=list(AREAS), help="areas to run now")
    parser.add_argument("--list", action="store_true", help="only say how many faults there are to draw from")
    parser.add_argument("--trust", action="store_true", help="do not first run the tests without a fault")
    parser.add_argument("--most", type=int, default=1000, help="stop after so many faults; the next call goes on")
    parser.add_argument("--anew", action="store_true", help="run those again whose results are known")
    options = parser.parse_args()
    every = drawn()
    if options.list:
        for area in AREAS:
            print(area, sum(a == area for a, *_ in every))
        return 0
    stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"mutants": {}}
    known: dict[str, Any] = {} if options.anew else stored["mutants"]
    shutil.rmtree(options.folder, ignore_errors=True)
    folder = options.folder / "copy"
    copied(folder)
    prepared(options.folder)
    results: dict[str, Any] = {}
    for area in AREAS:
        faults = [(name, fault, key) for of, name, fault, key in every if of == area]
        results |= run_area(folder, area, faults, known, results, options)
    RESULTS.write_text(json.dumps(summary(results), indent=1) + "\n")
    return verdict(results)


def run_area(
    folder: Path,
    area: str,
    faults: list[tuple[str, Mutation, str]],
    known: dict[str, Any],
    before: dict[str, Any],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Results of the first of these faults, as many as the area has, by their keys."""
    found: dict[str, Any] = {}
    count, _ = AREAS[area]
    if area in options.areas and not options.trust and any(key not in known for *_, key in faults[:count]):
        all_pass(folder, area, {name for name, _, key in faults[:count] if key not in known})
    for name, fault, key in faults:
        if len(found) == count:
            break
        made = known.get(key)
        if made is None and area in options.areas and options.most > 0:
            options.most -= 1
            begun = time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
            made = one(folder, area, name, fault)
            took = time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - begun
            said = made and ("killed" if made["killed"] else "SURVIVED")
            print(area, name, fault.kind, said, f"{took:.0f} s of the processor", flush=True)
        if made is not None:
            found[key] = made
            RESULTS.write_text(json.dumps(summary(known | before | found), indent=1) + "\n")
    return found


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

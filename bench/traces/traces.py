"""Traces of Spark beside those of other simulators, in their own environments: `python bench/traces/traces.py`.

Prints the largest deviation of each case, and with `--json` writes it down. Exits with 1 where one is larger than its
bound in `tests/tolerances.py`, or where spikes differ.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent.absolute()
sys.path[:0] = [str(HERE), str(HERE.parent / "engine"), str(HERE.parents[1] / "tests")]

# Their folders are known only now.
import cases  # noqa: E402
import ours  # noqa: E402
from environments import provide  # noqa: E402
from peer import PeerError  # noqa: E402
from tolerances import BRIAN2_TRACES, NEST_TRACES  # noqa: E402

SCRIPTS = {"brian2": "brian2_traces.py", "nest": "nest_traces.py"}
BOUNDS = {"brian2": BRIAN2_TRACES, "nest": NEST_TRACES}
# The packages whose versions are told.
SHOWN = {"brian2": ("Brian2", "numpy"), "nest": ("nest-simulator",)}


def theirs(peer, names):
    """The arrays of cases as a peer computes them, and the versions of its packages.

    Raises:
        PeerError: Its environment cannot be made.
        RuntimeError: It failed.
    """
    environment = provide(peer)
    with tempfile.TemporaryDirectory() as folder:
        command = [environment.python, str(HERE / SCRIPTS[peer]), folder, *names]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{peer} failed: {done.stderr.strip()[-2000:]}")
        return {path.stem: dict(np.load(path)) for path in Path(folder).glob("*.npz")}, environment.versions


def compared(here, there, dt):
    """Largest deviation of a case, beside the range that it has; as a shift in time, ms; and how far spikes are apart.

    Where a spike comes in another step, a unit is compared up to there.
    """
    name = "weights" if "weights" in here else "potential"
    other = there[name]
    # Some bring weights up to date at the end only.
    one = here[name][-len(other) :] if name == "weights" else here[name]
    if one.shape != other.shape:
        raise ValueError(f"{name}: shapes {one.shape} and {other.shape}")
    apart = np.abs(one - other)
    found = {"quantity": name, "range": float(other.max() - other.min())}
    same = np.ones(apart.shape, bool)
    if "spikes" in there:
        same = np.cumsum(here["spikes"] != there["spikes"], axis=0) == 0
        apart = np.where(same, apart, 0.0)
        found |= {"spikes": int(there["spikes"].sum()), "steps_apart": steps_apart(here["spikes"], there["spikes"])}
    step, unit = np.unravel_index(np.argmax(apart), apart.shape)
    slopes = np.abs(np.diff(other[max(step - 1, 0) : step + 2, unit])) / dt
    shift = float(apart.max() / slopes.max()) if name == "potential" else None
    return {**found, "deviation": float(apart.max()), "typical": float(np.median(apart[same])), "shift": shift}


def steps_apart(one, other):
    """How many steps the same spike of a unit is apart at most; None where there are more spikes in one of them."""
    if (one.sum(axis=0) != other.sum(axis=0)).any():
        return None
    pairs = zip(one.T, other.T, strict=True)
    return max(int(np.abs(np.flatnonzero(a) - np.flatnonzero(b)).max(initial=0)) for a, b in pairs)


def within(peer, name, found):
    """Whether a comparison holds: the deviation is small, and no spike is more steps apart than it may be."""
    bound = BOUNDS[peer][name]
    return found["deviation"] <= bound["relative"] * found["range"] and found.get("steps_apart", 0) in range(
        bound["steps"] + 1
    )


def beside(peer, names, here):
    """Rows of a peer's table, its versions, and whether all of them hold; prints each row."""
    there, versions = theirs(peer, names)
    rows, hold = {}, True
    for name in names:
        found = compared(here[name], there[name], cases.STEPS[name][0])
        rows[name] = {**found, "how": cases.HOW[peer][name]}
        close = within(peer, name, found)
        hold &= close
        more = f", {found['spikes']} spikes, {found['steps_apart']} steps apart" if "spikes" in found else ""
        more += f", {1e3 * found['shift']:.2g} us" if found["shift"] is not None else ""
        sizes = f"{found['deviation']:.1e} (median {found['typical']:.1e}) of {found['range']:.4g}"
        print(f"{peer:8}{name:25}{sizes}{more}{'' if close else '  TOO FAR'}", flush=True)
    return {"versions": versions, "shown": SHOWN[peer], "cases": rows}, hold


def main():
    """Compare what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="cases; all of them if none is named")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    wanted = options.names or list(cases.STEPS)
    here = {name: ours.result(name) for name in wanted}
    written = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "peers": {}, "missing": {}}
    passed = True
    for peer in SCRIPTS:
        try:
            written["peers"][peer], hold = beside(peer, [name for name in cases.HOW[peer] if name in wanted], here)
            passed &= hold
        except PeerError as error:
            print(f"{peer}: {error}")
            written["missing"][peer] = str(error)
            passed = False
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    sys.exit(not passed)


if __name__ == "__main__":
    main()

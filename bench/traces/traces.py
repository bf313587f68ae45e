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

import cases  # noqa: E402  The folder is known only now.
import ours  # noqa: E402
from environments import provide  # noqa: E402
from peer import PeerError  # noqa: E402
from tolerances import PEER_TRACES  # noqa: E402

SCRIPTS = {"brian2": "brian2_traces.py"}
# The packages whose versions are told.
SHOWN = {"brian2": ("Brian2", "numpy")}


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
    one, other = here[name], there[name]
    if one.shape != other.shape:
        raise ValueError(f"{name}: shapes {one.shape} and {other.shape}")
    apart = np.abs(one - other)
    found = {"quantity": name, "range": float(other.max() - other.min())}
    if "spikes" in here:
        apart = np.where(np.cumsum(here["spikes"] != there["spikes"], axis=0) == 0, apart, 0.0)
        found |= {"spikes": int(there["spikes"].sum()), "steps_apart": steps_apart(here["spikes"], there["spikes"])}
    step, unit = np.unravel_index(np.argmax(apart), apart.shape)
    slopes = np.abs(np.diff(other[max(step - 1, 0) : step + 2, unit])) / dt
    shift = float(apart.max() / slopes.max()) if name == "potential" else None
    return {**found, "deviation": float(apart.max()), "typical": float(np.median(apart)), "shift": shift}


def steps_apart(one, other):
    """How many steps the same spike of a unit is apart at most; None where there are more spikes in one of them."""
    if (one.sum(axis=0) != other.sum(axis=0)).any():
        return None
    pairs = zip(one.T, other.T, strict=True)
    return max(int(np.abs(np.flatnonzero(a) - np.flatnonzero(b)).max(initial=0)) for a, b in pairs)


def within(name, found):
    """Whether a comparison holds: the deviation is small, and spikes come in the same step or in the next one."""
    bound = PEER_TRACES[name]
    return found["deviation"] <= bound["relative"] * found["range"] and found.get("steps_apart", 0) in range(
        bound["steps"] + 1
    )


def main():
    """Compare what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="cases; all of them if none is named")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = options.names or list(cases.STEPS)
    here = {name: ours.result(name) for name in names}
    written = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "peers": {}, "missing": {}}
    failed = False
    for peer in SCRIPTS:
        try:
            there, versions = theirs(peer, names)
        except PeerError as error:
            print(f"{peer}: {error}")
            written["missing"][peer] = str(error)
            failed = True
            continue
        rows = {}
        for name in names:
            if name in there:
                found = compared(here[name], there[name], cases.STEPS[name][0])
                rows[name] = {**found, "how": cases.HOW[peer][name]}
                failed |= not within(name, found)
                more = f", {found['spikes']} spikes, {found['steps_apart']} steps apart" if "spikes" in found else ""
                more += f", {1e3 * found['shift']:.2g} us" if found["shift"] is not None else ""
                sizes = f"{found['deviation']:.1e} (median {found['typical']:.1e}) of {found['range']:.4g}"
                print(f"{peer:8}{name:25}{sizes}{more}{'' if within(name, found) else '  TOO FAR'}", flush=True)
        written["peers"][peer] = {"versions": versions, "shown": SHOWN[peer], "cases": rows}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()

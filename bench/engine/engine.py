"""The standard workloads in this package and in its peers, in turns, in one run.

`python bench/engine/engine.py --peers brian2,nest --workloads cuba:4000,plastic` builds each network in each system,
each in a process of its own, then lets them simulate one after another, round by round. Ratios are taken round by
round. Small networks are drawn with several seeds, in turns too, for their rates differ from draw to draw; rates are
compared by their means. Writes `bench/results/engine.json`, entry by entry, so that a part may be measured again. Exits
with 1 where a must is missed.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import workloads
from environments import ENGINE, RECIPES, provide

sys.path.append(str(ENGINE.parent))
from peer import PeerError

RESULT = ENGINE.parent / "results" / "engine.json"
STANDARD = (
    *(f"cuba:{n}" for n in workloads.Cuba.sizes),
    *(f"coba:{n}" for n in workloads.Coba.sizes),
    "brunel-like",
    "plastic:1.0",
    "plastic:0.1",
    "brunel2000:C",
    *(f"adex:{n}" for n in (1, 10, 100, 500)),
)
# Times as fast as a peer, and by how much rates (Hz) may differ from its: of a workload, or of one of its sizes.
MUSTS = {
    ("cuba", "brian2"): (2.5, 0.5),
    ("coba", "brian2"): (2.5, 1.0),
    **{(f"cuba:{n}", "brian2"): (4.0, 0.5) for n in (64_000, 256_000)},
    **{(f"coba:{n}", "brian2"): (3.5, 1.0) for n in (64_000, 256_000)},
    ("brunel-like", "brian2"): (3.5, 0.5),
    ("plastic:1.0", "brian2"): (8.0, 1.0),
    ("plastic:0.1", "brian2"): (5.0, 1.0),
    ("connectome", "brian2"): (3.0, 0.5),
    ("plastic", "spark-snn"): (40.0, None),
    ("tutorial", "spark-snn"): (15.0, None),
}
AHEAD = (1.0, None)
# Seconds from the call of `run` to the first result, with all that is compiled for it.
FIRST_RESULT = {"cuba": 2.0, "coba": 2.0}
# Seconds from a table of connections to a brain that runs.
LOADED = {"connectome": 30.0}
# Draws of networks of up to so many units. COBA's rate differs by half a hertz from draw to draw with 64,000.
SEEDS, SMALL = 3, 64_000


class System:
    """A system's process, which has built one workload and waits for rounds."""

    def __init__(self, name, python, script, request):
        self.name = name
        command = [python, str(ENGINE / script), json.dumps({**request, "serve": True})]
        # A peer has its own packages: one of them has our name.
        own = {k: v for k, v in os.environ.items() if name == "ours" or k != "PYTHONPATH"}
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, **pipes, text=True, cwd=ENGINE, env=own)
        self.built = self._answer()
        self.rounds = []

    def _answer(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        return {"error": self.process.stderr.read().strip().splitlines()[-1:] or "it ended without a word"}

    @property
    def works(self):
        return "error" not in self.built

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            self.built = answer
        else:
            self.rounds.append(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="brian2")
    parser.add_argument("--workloads", default=",".join(STANDARD))
    parser.add_argument("--rounds", type=int, default=3, help="of each draw")
    parser.add_argument("--setting", help="a setting for the peers, in place of their best")
    options = parser.parse_args()
    environments, missing = {}, {}
    for peer in filter(None, options.peers.split(",")):
        try:
            environments[peer] = provide(peer)
        except PeerError as error:
            missing[peer] = str(error)
            print(f"{peer}: not installed: {error}")
    missed = []
    print(f"{'':22}{'ours, s':>10}  {'peer, s':>30}  {'times as fast':>20}  {'rates, Hz':>14}  {'before, s':>12}")
    for text in options.workloads.split(","):
        missed += measure(text, environments, options)
    print(f"\nMissed: {'; '.join(missed)}." if missed else "\nAll musts reached.")
    sys.exit(bool(missed))


def measure(text, environments, options):
    """Measure one workload in all systems; print and store it; return what was missed."""
    request = workloads.parse(text)
    small = workloads.make(request).units <= SMALL
    seeds = range(1, 1 + (SEEDS if small else 1))
    found = {}
    for seed in seeds:
        for system in measured({**request, "seed": seed}, environments, options):
            found.setdefault(system.name, []).append(system)
    entry = {"load_average": os.getloadavg(), **{name: report(runs) for name, runs in found.items()}}
    ours, missed = found.pop("ours"), late(text, request["workload"], entry["ours"])
    for name, runs in found.items():
        peer = name.partition(" ")[0]
        failed = [s for s in (*ours, *runs) if not s.works]
        if failed:
            print(f"{text:22}{name}: {failed[0].built['error']}")
            missed.append(f"{text} was not measured beside {name}")
            continue
        pairs = [
            theirs["run_s"] / own["run_s"]
            for mine, other in zip(ours, runs, strict=True)
            for own, theirs in zip(mine.rounds, other.rounds, strict=True)
        ]
        ratio = statistics.median(pairs)
        entry[name]["ratio"] = {"median": ratio, "least": min(pairs), "greatest": max(pairs)}
        own, theirs = (entry[n]["rates"].get("all") for n in ("ours", name))
        missed += judge(text, request["workload"], peer, ratio, own, theirs)
        show(text, peer, entry["ours"], entry[name])
    store(text, entry)
    return missed


def measured(request, environments, options):
    """One draw of a workload, in all systems, after all rounds."""
    systems = [System("ours", sys.executable, "ours.py", request)]
    for peer, environment in environments.items():
        own = {**request, **({"setting": options.setting} if options.setting else {})}
        name = f"{peer} {options.setting}" if options.setting else peer
        systems.append(System(name, environment.python, RECIPES[peer].script, own))
    for _ in range(options.rounds):
        for system in systems:
            if system.works:
                system.measure()
    for system in systems:
        system.close()
    return systems


def report(runs):
    """What all draws of one system gave."""
    failed = [system for system in runs if not system.works]
    if failed:
        return failed[0].built
    times = [answer["run_s"] for system in runs for answer in system.rounds]
    rates = [system.rounds[-1]["rates"] for system in runs]
    return {
        **runs[0].built,
        "run_s": {"median": statistics.median(times), "least": min(times), "greatest": max(times)},
        "rates": {name: statistics.mean(rate[name] for rate in rates) for name in rates[0]},
        "rates_of_draws": rates,
        "peak_mb": max(answer["peak_mb"] for system in runs for answer in system.rounds),
    }


def late(text, workload, ours):
    """Whether our first result, or a brain from a table, came too late, as a list of what is missed."""
    missed = []
    for limits, key, what in ((FIRST_RESULT, "first_result_s", "first result"), (LOADED, "load_s", "brain of a table")):
        most, took = limits.get(workload), ours.get(key)
        if most is None or took is None:
            continue
        print(f"{text:22}{what} after {took:.2f} s")
        missed += [f"{text} has its {what} after {took:.2f} s, must {most}"] if took > most else []
    return missed


def judge(text, workload, peer, ratio, own, theirs):
    """What of the musts is missed; the last two are the rates, Hz, or None."""
    fast, near = MUSTS.get((text, peer), MUSTS.get((workload, peer), AHEAD))
    missed = [f"{text} {ratio:.2f} times {peer}, must {fast}"] if ratio < fast else []
    if near is not None and own is not None and abs(own - theirs) > near:
        missed.append(f"{text} fires at {own:.2f} Hz, {peer} at {theirs:.2f}")
    return missed


def show(text, peer, ours, theirs):
    ratio, times = theirs["ratio"], theirs["run_s"]
    rates = f"{ours['rates'].get('all', float('nan')):.2f} {theirs['rates'].get('all', float('nan')):.2f}"
    spread = f"{ratio['median']:.2f} ({ratio['least']:.2f}-{ratio['greatest']:.2f})"
    before = f"{ours['build_s']:.1f} {theirs['build_s']:.1f}"
    system = f"{times['median']:.3f} {peer} {theirs['setting']}"
    print(
        f"{text:22}{ours['run_s']['median']:10.4f}  {system:>22}  {spread:>20}  {rates:>14}  {before:>12}", flush=True
    )


def store(text, entry):
    """Put the entry beside those that are there."""
    RESULT.parent.mkdir(exist_ok=True)
    report = json.loads(RESULT.read_text()) if RESULT.exists() else {"workloads": {}}
    report["machine"] = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    report["workloads"].setdefault(text, {}).update(entry)
    RESULT.write_text(json.dumps(report, indent=1) + "\n")


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()

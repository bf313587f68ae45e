"""The tutorial's workload for this package and for spark-snn, in turns, in one run.

Each system has its own process. They measure piece by piece in turns, ours, peer, ours, peer, while the other waits,
so that a machine that slows down slows both; ratios are taken pair by pair. Writes `bench/results/tutorial.json`.
Exits with 1 where a figure misses what it must reach.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from peer import PeerError, provide_peer
from tutorial_loop import PIECES

BENCH = Path(__file__).parent.absolute()
RESULT = BENCH / "results" / "tutorial.json"

TRAINING_MUST_BE_FASTER_BY = 10
CALL_MUST_STAY_BELOW, CALL_AIM = 10, 7
RUN_MUST_BE_FASTER_BY, RUN_AIM = 30, 60

ROWS = (  # name in the report, what to print, whether more is better
    ("training_it_s", "training loop, iterations/s", True),
    ("own_us", "  of it the loop's own code, us/iteration", False),
    ("brain_us", "  of it the brain, us/iteration", False),
    ("training_steps_s", "training loop, brain steps/s", True),
    ("readout_it_s", "loop with spike read-out, iterations/s", True),
    ("run_model_us", "run_model, each call awaited, us", False),
    ("run_model_queued_us", "run_model, the last call awaited, us", False),
    ("empty_us", "empty jitted call, awaited, us", False),
    ("empty_queued_us", "empty jitted call, the last awaited, us", False),
    ("run_model_per_empty", "run_model / empty call, awaited", False),
    ("run_model_per_empty_queued", "run_model / empty call, the last awaited", False),
    ("scan_step_us", "a step inside lax.scan, us", False),
    ("run_step_us", "a step inside run; the peer's jitted step, us", False),
    ("compile_s", "first call of run_model, s", False),
    ("prepare_s", "imports and building two brains, s", False),
)


def main():
    """Measure, print, store; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two rounds of few iterations, for a look")
    parser.add_argument("--without-peer", action="store_true", help="measure only this package")
    options = parser.parse_args()
    peer = None if options.without_peer else find_peer()
    ours, theirs = measure(2 if options.quick else options.rounds, options.quick, peer)
    table = [row(ours, theirs, *description) for description in ROWS]
    musts = judge({line["name"]: line for line in table})
    show(table, musts, peer)
    if options.quick:
        print("Quick figures are not stored.")
    else:
        store(table, musts, peer, ours, theirs)
    sys.exit(any(must["reached"] is False for must in musts))


def find_peer():
    """Return the peer, or None with the reason printed."""
    try:
        return provide_peer()
    except PeerError as error:
        print(f"Without the peer: {error}", flush=True)
        return None


class Worker:
    """A process that has prepared and compiled the tutorial and measures a piece of it when asked."""

    def __init__(self, python, quick, is_peer):
        self.name = "the peer" if is_peer else "this package"
        print(f"preparing {self.name} ...", flush=True)
        command = [python, str(BENCH / "tutorial_loop.py"), "--serve"] + ["--quick"] * quick + ["--peer"] * is_peer
        self.process = subprocess.Popen(
            command,
            env=variables(is_peer),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.report = self.answer()
        self.rounds = []

    def start_round(self):
        """Begin a new round; what was measured once counts in each."""
        self.rounds.append({name: self.report[name] for name in ("compile_s", "prepare_s")})

    def measure(self, piece):
        """Measure one piece of the current round."""
        self.process.stdin.write(f"{piece}\n")
        self.process.stdin.flush()
        figures = self.answer()
        if piece == "training":
            steps_an_iteration = self.report["brain_steps"]["training"] / self.report["training_iterations"]
            figures["training_steps_s"] = figures["training_it_s"] * steps_an_iteration
        self.rounds[-1].update(figures)

    def answer(self):
        """Return the process's next answer, or end where it has failed."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"Measuring {self.name} failed; the error stands above.")
        return json.loads(line)

    def close(self):
        """Let the process end."""
        self.process.stdin.close()
        self.process.wait()


def measure(rounds, quick, peer):
    """Return our worker and the peer's, or None for it, after all rounds."""
    ours = Worker(sys.executable, quick, is_peer=False)
    theirs = Worker(peer.python, quick, is_peer=True) if peer else None
    workers = [ours, theirs] if peer else [ours]
    for index in range(rounds):
        print(f"round {index + 1} of {rounds}", flush=True)
        for worker in workers:
            worker.start_round()
        for piece in PIECES:
            for worker in workers:
                worker.measure(piece)
    for worker in workers:
        worker.close()
    return ours, theirs


def variables(is_peer):
    """Return the variables for a worker: the processor unless asked otherwise, and the path to its own package."""
    chosen = {**os.environ, "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "cpu")}
    path = chosen.pop("PYTHONPATH", "")
    if not is_peer:
        chosen["PYTHONPATH"] = os.pathsep.join(filter(None, [str(BENCH.parent), path]))
    return chosen


def row(ours, theirs, name, text, more_is_better):
    """Return one line of the table: both sides' spread and how many times better ours is, pair by pair."""
    our_values = [figures[name] for figures in ours.rounds]
    their_values = [figures[name] for figures in theirs.rounds] if theirs else []
    times_better = None
    if their_values and None not in our_values + their_values:
        pairs = zip(our_values, their_values, strict=True)
        times_better = spread([mine / other if more_is_better else other / mine for mine, other in pairs])
    return {
        "name": name,
        "text": text,
        "ours": spread(our_values),
        "peer": spread(their_values),
        "times_better": times_better,
    }


def spread(values):
    """Return median, least and greatest, or None where a value is missing."""
    if not values or None in values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def judge(rows):
    """Return what must be reached, and whether it is; None where there is no peer to compare with."""
    faster = rows["training_it_s"]["times_better"]
    share = rows["brain_us"]["times_better"]
    call = rows["run_model_per_empty"]["ours"]["median"]
    run = rows["run_step_us"]["times_better"]
    must_faster = f"training loop at least {TRAINING_MUST_BE_FASTER_BY} times the peer's iterations a second"
    must_call = f"run_model at most {CALL_MUST_STAY_BELOW} empty jitted calls (aim {CALL_AIM})"
    return [
        {
            "must": must_faster,
            "got": faster and faster["median"],
            "reached": faster and faster["median"] >= TRAINING_MUST_BE_FASTER_BY,
        },
        {
            "must": f"the brain's share of that loop at least {TRAINING_MUST_BE_FASTER_BY} times faster",
            "got": share and share["median"],
            "reached": share and share["median"] >= TRAINING_MUST_BE_FASTER_BY,
        },
        {"must": must_call, "got": call, "reached": call <= CALL_MUST_STAY_BELOW},
        {
            "must": f"a step inside run at least {RUN_MUST_BE_FASTER_BY} times the peer's own (aim {RUN_AIM})",
            "got": run and run["median"],
            "reached": run and run["median"] >= RUN_MUST_BE_FASTER_BY,
        },
    ]


def show(table, musts, peer):
    """Print the table and the musts."""
    print(f"\nThe tutorial's brain: this package, and {peer.label if peer else 'no peer'}; medians")
    print(f"{'':42}{'ours':>10}{'peer':>10}   times better (least to greatest)")
    for line in table:
        better = line["times_better"]
        ratio = f"{better['median']:8.2f}   ({better['min']:.2f} to {better['max']:.2f})" if better else ""
        print(f"{line['text']:42}{number(line['ours'])}{number(line['peer'])}{ratio}")
    print()
    for must in musts:
        verdict = {True: "PASS", False: "FAIL", None: "----"}[must["reached"]]
        got = "no peer" if must["got"] is None else f"{must['got']:.2f}"
        print(f"{verdict}  {must['must']}: {got}")
    rows = {line["name"]: line for line in table}
    if peer:
        own, other = rows["own_us"]["ours"]["median"], rows["training_it_s"]["peer"]["median"]
        print(f"      (with a brain that costs nothing, the loop would be {1e6 / own / other:.1f} times the peer's)")


def number(figures):
    """Return a median for the table, four digits or so."""
    if figures is None:
        return f"{'-':>10}"
    median = figures["median"]
    return f"{median:10,.0f}" if median >= 1000 else f"{median:10.1f}" if median >= 10 else f"{median:10.2f}"


def store(table, musts, peer, ours, theirs):
    """Write everything that a later reader needs to judge the figures."""
    RESULT.parent.mkdir(exist_ok=True)
    kept = ("versions", "scan_error", "brain_steps")
    report = {
        "peer": peer.label if peer else None,
        **{name: {"ours": ours.report[name], "peer": theirs and theirs.report[name]} for name in kept},
        "load_average": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "musts": musts,
        "table": table,
        "rounds": {"ours": ours.rounds, "peer": theirs and theirs.rounds},
    }
    RESULT.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nWritten to {RESULT.relative_to(BENCH.parent)}.")


if __name__ == "__main__":
    main()

"""What every system's script has in common: a request as JSON in, measurements as JSON out.

`python peer_x.py '{"workload": "cuba", "units": 4000, "repetitions": 3}'` prints one line with everything. With
`"serve": true` the script prints what it built, then measures once for each line it reads, so that several systems
can measure in turns. What a system itself prints goes to the standard error.
"""

import dataclasses
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import workloads


@dataclasses.dataclass
class Ready:
    """A built network: `run` simulates `seconds` and returns seconds of wall time and rates by population, Hz.

    `not_building_s` is what building spent on a first run that could not be left out.
    """

    run: Callable[[], tuple[float, dict[str, float]]]
    synapses: int | None
    versions: dict[str, str]
    setting: str
    timing: str
    not_building_s: float = 0.0
    more: dict[str, Any] = dataclasses.field(default_factory=dict)


class Unavailable(Exception):
    """This system cannot run the workload; the message says why."""


def main(builders, import_system):
    """Answer the request on the command line.

    Args:
        builders: Functions `(workload, request) -> Ready` by the workload's name.
        import_system: Imports the system, so that imports are timed apart from building.
    """
    answers = redirect_output()
    request = json.loads(sys.argv[1])

    def say(message):
        print(json.dumps(message), file=answers, flush=True)

    name = request["workload"]
    try:
        if name not in builders:
            raise Unavailable(f"workload not available: {name}")
        begin = time.perf_counter()
        import_system()
        import_s = time.perf_counter() - begin
        ready = builders[name](workloads.make(request), request)
    except Unavailable as error:
        say({"error": str(error)})
        return
    built = {
        **{"import_s": import_s, "build_s": time.perf_counter() - begin - import_s - ready.not_building_s},
        **{"synapses": ready.synapses, "versions": ready.versions, "setting": ready.setting},
        **{"timing": ready.timing, **ready.more},
    }
    if request.get("serve"):
        say(built)
        for _ in sys.stdin:
            seconds, rates = ready.run()
            say({"run_s": seconds, "rates": rates, "peak_mb": peak_mb()})
        return
    runs = [ready.run() for _ in range(request.get("repetitions", 3))]
    say({**built, "run_s": [run[0] for run in runs], "rates": runs[-1][1], "peak_mb": peak_mb()})


def redirect_output():
    """Keep the standard output for the answers; return it as a file."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def peak_mb():
    """Greatest resident memory so far, of this process or of one it waited for, MB."""
    used = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(max(used) / 1024)


def mean_rates(seconds, parts):
    """Mean rates, Hz, of populations given as (name, number of spikes, number of units), and of all."""
    rates = {name: spikes / units / seconds for name, spikes, units in parts}
    spikes, units = sum(part[1] for part in parts), sum(part[2] for part in parts)
    return {**rates, "all": spikes / units / seconds}

"""Steps of the world a second, with the brain that learns in it: 1, 16 and 256 in one native call, and in Gymnasium.

    python bench/learning/speed.py

Each step of CartPole is 20 steps of its brain, learning on. Beside them the existing system's CartPole tutorial, whose
brain makes about 2.7 steps for each of its world (one, and 16 after a fall); steps of the brain are compared with steps
of the brain, and steps of the world with steps of the world. The figures are printed last. It exits with 1 where either
is less than 100 times as many.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parents[1]
sys.path.insert(0, str(BENCH))

from peer import PeerError, provide_peer  # noqa: E402 (beside this folder)

RESULT = BENCH / "results" / "learning" / "speed.json"
EVERY, TIMES = 20, 3
ROUNDS = {1: 20_000, 16: 2_000, 256: 200}
EPISODES = 10
MUST_BE_FASTER_BY = 100


def native(number: int) -> list[float]:
    """Steps of all worlds a second, several times."""
    import spark
    from spark import learn
    from spark.nn import Brain
    from spark.worlds import CartPole

    brain = Brain(learn.actor_critic(CartPole, seed=1))
    learn.Plasticity().fit(brain, episodes=EPISODES)
    brains = spark.replicas(brain, number) if number > 1 else [brain]
    rounds, rates = ROUNDS[number], []

    def go(rounds: int) -> None:
        if number == 1:
            spark.run(brain, rounds * EVERY, progress=False)
        else:
            spark.batch(brains, rounds * EVERY, progress=False)

    go(10)
    for _ in range(TIMES):
        begin = time.perf_counter()
        go(rounds)
        rates.append(number * rounds / (time.perf_counter() - begin))
    return rates


def gymnasium_loop() -> list[float]:
    """Steps a second of one environment of Gymnasium, taught by the same brain."""
    import gymnasium

    from spark import learn
    from spark.envs import Environment
    from spark.nn import Brain
    from spark.worlds import CartPole

    brain, environment = Brain(learn.actor_critic(CartPole, seed=1)), gymnasium.make("CartPole-v1")
    learn.Plasticity().fit(brain, Environment(environment), episodes=EPISODES)
    rates = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        found = learn.Plasticity().fit(brain, Environment(environment), episodes=EPISODES)
        rates.append(float(found.returns.sum()) / (time.perf_counter() - begin))
    return rates


def tutorial_of_the_peer() -> dict[str, Any] | None:
    """Steps a second of the existing system's tutorial, of its world and of its brain, where it can be installed."""
    try:
        peer = provide_peer()
    except PeerError as error:
        print(f"Without the existing system: {error}", flush=True)
        return None
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [peer.python, str(BENCH / "tutorial_loop.py"), "--peer", "--rounds", str(TIMES)]
    told = json.loads(subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout)
    worlds = [one["training_it_s"] for one in told["rounds"]]
    brains = told["brain_steps"]["training"] / told["training_iterations"]
    return {"label": peer.label, "world": worlds, "brain": [brains * rate for rate in worlds]}


def main() -> int:
    rates: dict[str, Any] = {f"{number} in one native call": native(number) for number in ROUNDS}
    rates["one in Gymnasium's loop"] = gymnasium_loop()
    about: dict[str, Any] = {"steps_a_second": rates, "cores": os.cpu_count()}
    peer, missed = tutorial_of_the_peer(), False
    if peer is not None:
        most = statistics.median(rates["256 in one native call"])
        about["existing_system"] = peer
        about["times_faster"] = {
            "steps of the brain": round(most * EVERY / statistics.median(peer["brain"]), 1),
            "steps of the world": round(most / statistics.median(peer["world"]), 1),
        }
        print(f"{peer['label']}: {about['times_faster']} times faster; must be {MUST_BE_FASTER_BY}")
        missed = min(about["times_faster"].values()) < MUST_BE_FASTER_BY
    about["load"] = round(os.getloadavg()[0], 1)
    RESULT.write_text(json.dumps(about, indent=1) + "\n")
    for name, found in rates.items():
        middle, low, high = (f(found) / 1000 for f in (statistics.median, min, max))
        print(f"{name:28s} {middle:8.2f} ({low:.2f} to {high:.2f}) thousand steps of the world a second")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Steps of the world a second, with the brain that learns in it: 1, 16 and 256 in one native call, and in Gymnasium.

    python bench/learning/speed.py

Each step of CartPole is 20 steps of its brain, learning on. The figures are printed last.
"""

import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

RESULT = Path(__file__).parents[1] / "results" / "learning" / "speed.json"
EVERY, TIMES = 20, 3
ROUNDS = {1: 20_000, 16: 2_000, 256: 200}
EPISODES = 10


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


def main() -> None:
    rates: dict[str, Any] = {f"{number} in one native call": native(number) for number in ROUNDS}
    rates["one in Gymnasium's loop"] = gymnasium_loop()
    about = {"steps_a_second": rates, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    RESULT.write_text(json.dumps(about, indent=1) + "\n")
    for name, found in rates.items():
        middle, low, high = (f(found) / 1000 for f in (statistics.median, min, max))
        print(f"{name:28s} {middle:8.2f} ({low:.2f} to {high:.2f}) thousand steps of the world a second")


if __name__ == "__main__":
    main()

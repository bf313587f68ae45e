"""A spiking brain learns which arm of a machine pays most often, by plasticity alone.

python examples/learning/bandit.py [episodes] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import Bandit


def brain(seed: int) -> Brain:
    """Nothing comes after a pull, so nothing later counts: all discounts are 0."""
    return Brain(
        learn.actor_critic(
            Bandit,
            seed=seed,
            acting=learn.ActorRace,
            encoder={"resolution": 3},
            actor={"discount": 0.0, "winner": 0.3, "rate": 1.6},
            critic={"discount": 0.0},
            error={"discount": 0.0, "least_rate": 1.0},
        )
    )


def main(episodes: int = 150, seed: int = 1, judged: int = 50) -> None:
    """Teach, and judge with learning off, beside chance and a policy that was written by hand."""
    pupil = brain(seed)
    lesson = learn.Plasticity().fit(pupil, episodes=episodes)
    first, last = lesson.returns[:10].mean(), lesson.returns[-10:].mean()
    print(f"The first ten episodes brought {first:.2f} on average, the last ten {last:.2f}; {lesson.seconds:.0f} s.")
    print(f"With learning off: {learn.evaluate(pupil, episodes=judged)}.")
    for name, other in learn.yardsticks(Bandit(), judged).items():
        print(f"A {name} policy: {other}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

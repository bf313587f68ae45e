"""A spiking brain learns to swing a pendulum up and to hold it there, by plasticity alone.

python examples/learning/pendulum.py [episodes] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import Pendulum


def brain(seed: int) -> Brain:
    """Cosine and sine are shown as the angle that they are; its costs are up to 16 a step."""
    return Brain(
        learn.actor_critic(
            Pendulum,
            seed=seed,
            acting=learn.ActorRace,
            encoder={"resolution": 24, "width": 1.5, "angle": True},
            actor={"winner": 0.3, "trace": 0.95, "rate": 4.0},
            error={"least_rate": 1.0, "reward_size": 16.0},
        )
    )


def main(episodes: int = 600, seed: int = 1, judged: int = 50) -> None:
    """Teach, and judge with learning off, beside chance and a policy that was written by hand."""
    pupil = brain(seed)
    lesson = learn.Plasticity().fit(pupil, episodes=episodes)
    first, last = lesson.returns[:10].mean(), lesson.returns[-10:].mean()
    print(f"The first ten episodes brought {first:.2f} on average, the last ten {last:.2f}; {lesson.seconds:.0f} s.")
    print(f"With learning off: {learn.evaluate(pupil, episodes=judged)}.")
    for name, other in learn.yardsticks(Pendulum(), judged).items():
        print(f"A {name} policy: {other}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

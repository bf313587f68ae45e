"""A spiking brain learns to bring a hand to what it sees, by plasticity alone.

python examples/learning/arm.py [episodes] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import ReachingArm


def brain(seed: int) -> Brain:
    """As at the links, at half the learning rate."""
    return Brain(
        learn.actor_critic(
            ReachingArm,
            seed=seed,
            acting=learn.ActorRace,
            actor={"winner": 0.3, "trace": 0.9, "rate": 0.8},
            error={"least_rate": 1.0},
        )
    )


def main(episodes: int = 600, seed: int = 1, judged: int = 50) -> None:
    """Teach, and judge with learning off, beside chance and a policy that was written by hand."""
    pupil = brain(seed)
    lesson = learn.Plasticity().fit(pupil, episodes=episodes)
    first, last = lesson.returns[:10].mean(), lesson.returns[-10:].mean()
    print(f"The first ten episodes brought {first:.2f} on average, the last ten {last:.2f}; {lesson.seconds:.0f} s.")
    print(f"With learning off: {learn.evaluate(pupil, episodes=judged)}.")
    for name, other in learn.yardsticks(ReachingArm(), judged).items():
        print(f"A {name} policy: {other}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

"""A spiking brain learns to swing a weak car out of its valley, by plasticity alone.

python examples/learning/mountain_car.py [episodes] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import MountainCar


def brain(seed: int) -> Brain:
    """The car looks farther ahead, and sees finer, than the pole, and learns ever less, so that what it knows stays."""
    return Brain(
        learn.actor_critic(
            MountainCar,
            seed=seed,
            acting=learn.ActorRace,
            encoder={"resolution": 24, "width": 1.5, "centers": [-0.3, 0.0], "spans": [0.9, 0.07]},
            actor={
                "size": 8,
                "winner": 0.3,
                "trace": 0.9,
                "rate": 8.0,
                "settling": 100.0,
                "homeostasis": 0.001,
                "consolidation": 120_000.0,
                "discount": 0.99,
            },
            critic={"discount": 0.99},
            error={"least_rate": 1.0, "discount": 0.99},
        )
    )


def main(episodes: int = 600, seed: int = 1, judged: int = 50) -> None:
    """Teach, and judge with learning off, beside chance and a policy that was written by hand."""
    pupil = brain(seed)
    lesson = learn.Plasticity().fit(pupil, episodes=episodes)
    first, last = lesson.returns[:10].mean(), lesson.returns[-10:].mean()
    print(f"The first ten episodes brought {first:.2f} on average, the last ten {last:.2f}; {lesson.seconds:.0f} s.")
    print(f"With learning off: {learn.evaluate(pupil, episodes=judged)}.")
    for name, other in learn.yardsticks(MountainCar(), judged).items():
        print(f"A {name} policy: {other}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

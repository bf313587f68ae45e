"""A spiking brain learns the shortest ways through a maze to its food, by plasticity alone.

python examples/learning/maze.py [episodes] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import Maze


def brain(seed: int) -> Brain:
    """Cells beside each other want different moves: what was seen before is forgotten soon, in 5 ms."""
    return Brain(
        learn.actor_critic(
            Maze,
            seed=seed,
            acting=learn.ActorRace,
            encoder={"resolution": 24, "width": 1.1},
            actor={"winner": 1.0, "trace": 0.8, "rate": 30.0, "size": 8, "tau": 5.0, "discount": 0.99},
            critic={"rate": 0.04, "tau": 5.0, "discount": 0.99},
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
    for name, other in learn.yardsticks(Maze(), judged).items():
        print(f"A {name} policy: {other}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

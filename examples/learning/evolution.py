"""A spiking brain balances a pole with weights that were selected, not learned: evolution over batches of brains.

In each generation 32 brains, which differ in 192 weights, have three episodes each, all in one call; the next are drawn
around those whose poles stood longest.

    pip install "spark-brain[evolution]"
    python examples/learning/evolution.py [generations] [seed] [judged]
"""

import sys

from spark import learn
from spark.nn import Brain
from spark.worlds import CartPole


def brain(seed: int) -> Brain:
    """24 units show single numbers to two pools of four that act; there is a step of the world every 8 ms."""
    shown = {"pairs": False, "resolution": 6}
    return Brain(learn.actor_critic(CartPole, seed=seed, every=8, encoder=shown))


def teacher() -> learn.Evolution:
    """One setting for all seeds."""
    return learn.Evolution(("actor.weights",), population=32, trials=3, settings={"std_init": 2.0})


def main(generations: int = 50, seed: int = 1, judged: int = 50) -> None:
    """Select, and judge the mean of the last distribution."""

    def tell(progress: learn.Progress) -> None:
        number, values = progress.rows()[-1]
        if number % 10 == 0:
            print(f"generation {number}: {values['return']:.0f} on average, the best {values['best']:.0f}")

    lesson = teacher().fit(brain(seed), episodes=generations, seed=seed, callbacks=[tell])
    print(f"The brain that was found, in {lesson.seconds:.0f} s: {learn.evaluate(lesson.brain, episodes=judged)}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

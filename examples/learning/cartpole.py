"""A spiking brain learns to balance a pole, by plasticity that is local to each connection and one signal for all.

The world is a module of the brain: it shows where cart and pole are, an encoder turns that into the spikes of 600
units, two pools of four units compete for the next push, and a critic learns what each observation is worth. How wrong
it was goes to every connection, which changes by how much it took part in what was done. Nothing is propagated
backwards.

    python examples/learning/cartpole.py [episodes] [seed] [judged]
"""

import sys

import numpy as np

import spark
from spark import learn
from spark.nn import Brain
from spark.worlds import CartPole


def curve(returns: np.ndarray, width: int = 50) -> str:
    """The return of every fifth episode as a bar."""
    rows = [(n, returns[n : n + 5].mean()) for n in range(0, returns.size, 5)]
    return "\n".join(f"{n + 1:4d} {'#' * round(width * r / CartPole.best_return)} {r:.0f}" for n, r in rows)


def brain(seed: int) -> Brain:
    """Every setting is as it comes."""
    return Brain(learn.actor_critic(CartPole, seed=seed))


def main(episodes: int = 60, seed: int = 1, judged: int = 20) -> None:
    """Teach, show how it went, and see how well the brain does with learning off."""
    pupil = brain(seed)
    print(spark.explain(pupil))
    lesson = learn.Plasticity().fit(pupil, episodes=episodes)
    print(curve(lesson.returns))
    print(f"{lesson.seconds:.1f} s; with learning off: {learn.evaluate(pupil, episodes=judged)}.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

"""A spiking brain learns handwritten digits by plasticity alone, from being told right or wrong, never what is right.

Each image is an episode of one choice between ten pools of spiking units; the reward is 1 where the choice was right.

    python examples/learning/digits_by_reward.py [choices] [seed] [judged]
"""

import sys
from typing import Any

import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from spark import learn
from spark.nn import Brain
from spark.worlds import World, WorldConfig

FOUND = load_digits()
SEEN, UNSEEN = train_test_split(np.arange(1797), test_size=0.25, random_state=0, stratify=FOUND.target)
IMAGES, CLASSES = jnp.asarray(FOUND.data / 8 - 1, jnp.float32), jnp.asarray(FOUND.target, jnp.int32)


class DigitsConfig(WorldConfig):
    """How long an image is shown."""


class Digits(World):
    """Which digit is it? It keeps the number of an image that is to be learned from, and shows its pixels."""

    config: DigitsConfig
    actions, numbers, observations, spans, drawn_from = 10, 1, 64, (1.0,) * 64, SEEN
    best_return, worst_return, solved_return, best_value = 1.0, 0.0, 0.92, 1.0
    first = classmethod(lambda cls, x: jnp.asarray(cls.drawn_from, jnp.float32)[jnp.int32(x * len(cls.drawn_from))])
    after = staticmethod(lambda kept, action: (kept, (CLASSES[jnp.int32(kept[0])] == action) * 1.0, jnp.bool_(True)))
    observed = staticmethod(lambda kept: IMAGES[jnp.int32(kept[0])])


class UnseenDigits(Digits):
    """Images that it is judged by."""

    config: DigitsConfig
    drawn_from = UNSEEN


def main(choices: int = 150_000, seed: int = 1, judged: int = 2000) -> float:
    """Teach, and judge by images that were never shown: the share of right choices."""
    alone, actor, critic = {"discount": 0.0}, {"rate": 0.1, "winner": 0.0}, {"rate": 0.02, "baseline": 0.1}
    parts: Any = {"actor": alone | actor, "critic": alone | critic, "error": alone | {"least_rate": 1.0, "clip": None}}
    encoder = {"pairs": False, "resolution": 4}
    brain = Brain(learn.actor_critic(Digits, seed=seed, acting=learn.ActorRace, encoder=encoder, **parts))
    lesson = learn.Plasticity().fit(brain, episodes=choices)
    found = learn.evaluate(brain, UnseenDigits, episodes=judged)
    print(f"{lesson.seconds:.0f} s; the last 500 seen: {lesson.returns[-500:].mean():.3f}; unseen: {found}.")
    return found.mean


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

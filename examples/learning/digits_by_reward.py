"""A spiking brain learns handwritten digits by plasticity alone: python digits_by_reward.py [choices] [seed] [judged].

Each image is a choice between ten pools; where it is right the reward is 1. Homeostasis brings back pools that lost.
"""

import sys

import jax.numpy as jnp
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from spark import Whole, field, learn
from spark.nn import Brain
from spark.worlds import World, WorldConfig

FOUND = load_digits()
IMAGES, CLASSES = jnp.asarray(FOUND.data / 8 - 1, jnp.float32), jnp.asarray(FOUND.target, jnp.int32)


class DigitsConfig(WorldConfig):
    """Which images are to be learned from."""

    split: Whole = field(0, least=0, description="By which seed a quarter is drawn that is kept to be judged by.")


class Digits(World):
    """Which digit is it? It keeps the number of an image that is to be learned from, and shows its pixels."""

    config: DigitsConfig
    actions, numbers, observations, spans, part = 10, 1, 64, (1.0,) * 64, 0
    best_return, worst_return, solved_return, best_value = 1.0, 0.0, 0.92, 1.0
    after = staticmethod(lambda x, action: (x, jnp.float32(CLASSES[jnp.int32(x[0])] == action), jnp.bool_(True)))
    observed = staticmethod(lambda x: IMAGES[jnp.int32(x[0])])

    def first(self, drawn: jnp.ndarray) -> jnp.ndarray:
        """Any image of its part."""
        parts = train_test_split(range(1797), random_state=self.config.split, stratify=FOUND.target)
        return jnp.asarray(parts[self.part], jnp.float32)[jnp.int32(drawn * len(parts[self.part]))]


class UnseenDigits(Digits):
    """Images that it is judged by."""

    config: DigitsConfig
    part = 1


def main(choices: int = 40_000, seed: int = 1, judged: int = 2000) -> float:
    """Teach, and judge by unseen images: the share of right choices."""
    actor = {"rate": 0.6, "winner": 0.0, "homeostasis": 0.02, "size": 16, "discount": 0.0}
    critic, error = {"rate": 0.05, "baseline": 0.1, "discount": 0.0}, {"least_rate": 1.0, "clip": None, "discount": 0.0}
    parts: dict = {"actor": actor, "critic": critic, "error": error, "encoder": {"pairs": False, "resolution": 4}}
    brain = Brain(learn.actor_critic(Digits, seed=seed, split=seed, acting=learn.ActorRace, **parts))
    seen, found = learn.Plasticity().fit(brain, episodes=choices), learn.evaluate(brain, UnseenDigits, episodes=judged)
    print(f"{seen.seconds:.0f} s; the last 500 seen: {seen.returns[-500:].mean():.3f}; unseen: {found}.")
    return found.mean


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))

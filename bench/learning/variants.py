"""What is taken away from the brain that learns CartPole, or changed, one thing at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig
from spark.core.module import Module
from spark.core.payloads import BooleanMask, FloatArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.variable import Constant, RandomKey, Variable
from spark.graph.specs import ModuleSpecs, PortMap
from spark.learn import ActorPools, ActorPoolsConfig, PredictionError, PredictionErrorConfig
from spark.learn.error import ErrorOutput
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces.linear import SpikerOutput
from spark.worlds import CartPole, CartPoleConfig


class OnlyFallsConfig(CartPoleConfig):
    """As CartPole's."""


class OnlyFalls(CartPole):
    """CartPole whose only reward is -1 at a fall."""

    config: OnlyFallsConfig
    best_value = 0.0

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        moved, _, fell = CartPole.after(physical, action)
        return moved, jnp.where(fell, -1.0, 0.0), fell

    @staticmethod
    def counted(physical: Any, reward: Any, terminated: Any) -> Any:
        return jnp.float32(1.0)


class ReversedConfig(CartPoleConfig):
    """As CartPole's."""


class Reversed(CartPole):
    """CartPole whose cart goes the other way."""

    config: ReversedConfig

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        return CartPole.after(physical, 1 - action)


class NoExpectationConfig(ActorPoolsConfig):
    """As of the actor."""


class NoExpectation(ActorPools):
    """An actor that learns from who won, expected or not."""

    config: NoExpectationConfig

    def surprise(self, won: Any, probability: Any) -> Any:
        return won


class ShuffledErrorConfig(PredictionErrorConfig):
    """As of the error."""


class ShuffledError(PredictionError):
    """Puts out errors of the last 500 rounds in random order."""

    config: ShuffledErrorConfig

    def build(self, value: PortSpec, **others: PortSpec) -> None:
        super().build(value, **others)
        self.past = Variable(np.zeros(500, np.float32))
        self.at = Variable(np.zeros((), np.int32))
        self.key = RandomKey()

    def __call__(
        self,
        value: FloatArray,
        reward: FloatArray,
        terminated: BooleanMask,
        truncated: BooleanMask,
        started: BooleanMask,
        episode_return: FloatArray,
    ) -> ErrorOutput:
        outputs = super().__call__(value, reward, terminated, truncated, started, episode_return)
        found = outputs["error"].value
        now, places = found[0] != 0.0, jnp.arange(500)
        self.past.value = jnp.where(now & (places == self.at.value), found[0], self.past.value)
        self.at.value = jnp.where(now, (self.at.value + 1) % 500, self.at.value)
        drawn = jnp.floor(self.key.uniform(()) * 500).astype(jnp.int32)
        old = jnp.sum(jnp.where(places == drawn, self.past.value, 0.0))
        return {"error": type(outputs["error"])(jnp.where(now, old, 0.0)[None])}


class DelaysConfig(ModuleConfig):
    """Delays of 1 to 3 ms."""


class Delays(Module):
    """Each unit's spikes arrive 1, 2 or 3 ms after they left; the wire is the first of them."""

    config: DelaysConfig

    def build(self, spikes: PortSpec) -> None:
        self.delay = Constant(self.generator.integers(1, 4, spikes.size).astype(np.int32))
        self.last, self.older = (Variable(np.zeros(spikes.size, np.int8)) for _ in range(2))

    def __call__(self, spikes: SpikeArray) -> SpikerOutput:
        delay, now = jnp.asarray(self.delay.value), spikes.value
        late = jnp.where(delay == 2, self.last.value, self.older.value)
        arriving = jnp.where(delay == 1, now, late)
        self.older.value, self.last.value = self.last.value, now
        return {"spikes": SpikeArray(arriving)}


def delayed(config: BrainConfig) -> BrainConfig:
    """The same brain, with delays between the encoder and whoever reads it."""
    late = PortMap("delays", "spikes")
    modules = [
        replace(specs, inputs={p: [late if w.origin == "encoder" else w for w in ws] for p, ws in specs.inputs.items()})
        for specs in config.modules_map.values()
    ]
    modules.append(ModuleSpecs("delays", Delays, {"spikes": [PortMap("encoder", "spikes")]}, DelaysConfig()))
    return config.updated(modules_map=modules)


def with_class(name: str, cls: Any, kind: Any) -> Callable[[BrainConfig], BrainConfig]:
    """What puts a class of one's own in the place of a module's."""

    def changed(config: BrainConfig) -> BrainConfig:
        modules = []
        for specs in config.modules_map.values():
            if specs.name == name:
                fields = {field: getattr(specs.config, field) for field in type(specs.config).model_fields}
                specs = replace(specs, module_cls=cls, config=kind(**fields))
            modules.append(specs)
        return config.updated(modules_map=modules)

    return changed


def fewer_weights(brain: Brain, seed: int) -> None:
    """Take every fifth connection away, by chance."""
    generator = np.random.default_rng(seed)
    for path in ("actor.weights", "critic.weights"):
        weights = np.array(brain.state[path])
        weights[generator.random(weights.shape) < 0.2] = 0.0
        brain.replace_state({path: weights})


def gymnasiums_pole(seed: int) -> Any:
    """CartPole-v1 of Gymnasium, moved by its own loop."""
    import gymnasium

    from spark.envs import Environment

    return Environment(gymnasium.make("CartPole-v1"), seed=seed)


@dataclass(frozen=True)
class Variant:
    """One of them.

    Attributes:
        settings: Arguments of `spark.learn.actor_critic`.
        world: Its world, where that is another.
        change: What changes the brain's config.
        after: What is done to the brain between learning and judging.
        then: The world in which it goes on learning, for `more` episodes.
        taught_in: Where it is taught, from its seed; else in its world.
        judged_in: Where it is judged, from a seed; else in its world.
    """

    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    world: Any = None
    change: Callable[[BrainConfig], BrainConfig] | None = None
    after: Callable[[Brain, int], None] | None = None
    then: Any = None
    more: int = 300
    taught_in: Callable[[int], Any] | None = None
    judged_in: Callable[[int], Any] | None = None


VARIANTS: dict[str, Variant] = {
    "": Variant(),
    "no plasticity": Variant({"actor": {"rate": 0.0}, "critic": {"rate": 0.0}}),
    "no critic": Variant({"critic": {"rate": 0.0, "baseline": 0.0}}),
    "error shuffled in time": Variant(change=with_class("error", ShuffledError, ShuffledErrorConfig)),
    "no expectation": Variant(change=with_class("actor", NoExpectation, NoExpectationConfig)),
    "the winner alone": Variant({"actor": {"winner": 1.0}}),
    "no optimism": Variant({"critic": {"baseline": 0.0}}),
    "no eligibility of the actor": Variant({"actor": {"trace": 0.0}}),
    "no annealing": Variant({"error": {"least_rate": 1.0}}),
    "error not clipped": Variant({"error": {"clip": None}}),
    # A reward that comes once, not in every step, counts as 1 where it is divided by 1 - discount.
    "reward only at the fall": Variant({"error": {"reward_size": 1.0 - 0.98}}, world=OnlyFalls),
    "force reversed": Variant({"actor": {"bound": 0.3}, "error": {"memory": 0.3}}, then=Reversed),
    "delays and refractory periods": Variant({"actor": {"refractory": 2.0}}, change=delayed),
    "delays": Variant(change=delayed),
    "refractory periods": Variant({"actor": {"refractory": 2.0}}),
    "Poisson input": Variant({"encoder": {"random": True}}),
    "a fifth of the weights removed": Variant(after=fewer_weights),
    "judged in Gymnasium": Variant(judged_in=gymnasiums_pole),
    "in Gymnasium": Variant(taught_in=gymnasiums_pole, judged_in=gymnasiums_pole),
    "6 x 6 fields": Variant({"encoder": {"resolution": 6}}),
    "fields of single numbers": Variant({"encoder": {"pairs": False}}),
}

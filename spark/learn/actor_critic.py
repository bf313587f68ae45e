"""A brain that learns from reward, assembled: world, encoder, actor, critic and the error that teaches both."""

from typing import Any

import numpy as np

from spark.core.arguments import checked
from spark.core.payloads import FloatArray, IntegerArray
from spark.graph.specs import ModuleSpecs, OutputSpec, PortMap
from spark.learn.actor import ActorPools
from spark.learn.critic import Critic, CriticConfig
from spark.learn.error import PredictionError, PredictionErrorConfig
from spark.nn import BrainConfig
from spark.nn.interfaces import PopulationEncoder, PopulationEncoderConfig
from spark.worlds.world import WRITTEN, World
from spark.worlds.written import require_described


@checked
def actor_critic(
    world: type[World],
    *,
    seed: int = 0,
    every: int = 20,
    acting: type[ActorPools] = ActorPools,
    encoder: dict[str, Any] | None = None,
    actor: dict[str, Any] | None = None,
    critic: dict[str, Any] | None = None,
    error: dict[str, Any] | None = None,
    **settings: Any,
) -> BrainConfig:
    """A brain that learns to act in a world, by plasticity that is local to each connection, and one signal for all.

    Modules: `world`, `encoder` (spikes of what the world shows), `actor` (a pool of spiking units for each action),
    `critic` (what an observation is worth), `error` (by how much the critic was wrong: what both learn from).

    Args:
        world: The class of the world.
        seed: The brain's seed: of the world's beginnings, and of all chance in the brain.
        every: Steps of the brain, ms, for each step of the world.
        acting: The class of the actor: `ActorPools`, or `ActorRace`.
        encoder: Further settings of the encoder.
        actor: Of the actor.
        critic: Of the critic.
        error: Of the error. Neither it nor the actor nor the critic may keep another `every`: whoever builds such a
            brain is told by a `WiringError`.
        **settings: Of the world.

    Raises:
        ConfigError: A setting is wrong.
        ModuleError: The class of the world lacks something that every world has.
    """
    require_described(world, World, WRITTEN)
    spans = {"spans": np.asarray(world.spans, np.float32), **(encoder or {})}
    encoding = PopulationEncoderConfig(**spans)

    def gain(part: dict[str, Any] | None) -> dict[str, Any]:
        tau = (part or {}).get("tau", 10.0)
        return {"gain": unit_energy(encoding, world.observations - encoding.angle, every - 2, tau)}

    returns = {"best_return": world.best_return, "worst_return": world.worst_return}
    parts = {
        "world": (world, world.config_class()(every=every, **settings), {"action": "actor.action"}),
        "encoder": (PopulationEncoder, encoding, {"signal": "world.observation"}),
        "actor": (
            acting,
            acting.config_class()(**{"actions": world.actions, "every": every, **gain(actor), **(actor or {})}),
            {"spikes": "encoder.spikes", "error": "error.error", "started": "world.started"},
        ),
        "critic": (
            Critic,
            CriticConfig(**{"every": every, "baseline": world.best_value, **gain(critic), **(critic or {})}),
            {"spikes": "encoder.spikes", "error": "error.error", "started": "world.started"},
        ),
        "error": (
            PredictionError,
            PredictionErrorConfig(**{"every": every, **returns, **(error or {})}),
            {
                "value": "critic.value",
                **{p: f"world.{p}" for p in ("reward", "terminated", "truncated", "started", "episode_return")},
            },
        ),
    }
    specs = [
        ModuleSpecs(name, cls, {port: [PortMap(*origin.split("."))] for port, origin in wires.items()}, config)
        for name, (cls, config, wires) in parts.items()
    ]
    outputs = {
        "action": {"input": PortMap("actor", "action"), "spec": OutputSpec(IntegerArray, (1,), "int32")},
        "episode_return": {
            "input": PortMap("world", "episode_return"),
            "spec": OutputSpec(FloatArray, (1,), "float32"),
        },
    }
    return BrainConfig(input_map={}, output_map=outputs, modules_map=specs, seed=seed)


def unit_energy(encoder: PopulationEncoderConfig, numbers: int, window: int, tau: float) -> float:
    """What a spike must add to a trace so that the squares of all traces sum to 1 at the end of a window.

    With it one learning rate serves any number of units, rate and window. The numbers shown are those near the
    middle of their ranges; spikes of regular units are taken as evenly spread in time, with phases at random.
    """
    middles = np.linspace(-1.0, 1.0, encoder.resolution)
    width = encoder.width * 2.0 / (encoder.resolution - 1)
    generator = np.random.default_rng(0)
    energies = []
    for _ in range(20):
        x = generator.uniform(-0.25, 0.25, numbers)
        near = np.exp(-0.5 * ((x[:, None] - middles) / width) ** 2)
        if encoder.pairs:
            first, second = np.triu_indices(numbers, 1)
            near = near[first][:, :, None] * near[second][:, None, :]
        rate = encoder.max_freq * near.reshape(-1)
        chance = np.where(rate < encoder.least_freq, 0.0, rate) * encoder.dt / 1000.0
        phase, traces = generator.random(chance.size), np.zeros(chance.size)
        for _ in range(window):
            phase += chance
            fired = generator.random(chance.size) < chance if encoder.random else phase >= 1.0
            phase -= fired
            traces = np.exp(-encoder.dt / tau) * traces + fired
        energies.append((traces**2).sum())
    return float(1.0 / np.sqrt(np.mean(energies)))

"""The demo: the tutorial's brain at CartPole, and one that learns it. Needs the extra `demo`."""

import time
from pathlib import Path

import gymnasium as gym
import jax.numpy as jnp
import numpy as np

from spark import learn, nn
from spark.core.payloads import FloatArray
from spark.envs import Loop
from spark.graph.specs import InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.nn.interfaces import (
    ExponentialIntegrator,
    ExponentialIntegratorConfig,
    TopologicalLinearSpiker,
    TopologicalLinearSpikerConfig,
)
from spark.nn.neurons import ALIFNeuron, ALIFNeuronConfig
from spark.worlds import CartPole

NAMES = ["cart position", "cart speed", "pole angle", "pole speed"]
SCALES = np.array([2.4, 2.5, 0.2095, 3.5])


def tutorial_config() -> nn.BrainConfig:
    """The tutorial's brain: four numbers, a spiker, a recurrent pool of 256, two outputs."""
    return nn.BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (4,), jnp.float16)},
        output_map={
            "action": {
                "input": PortMap("integrator", "signal"),
                "spec": OutputSpec(FloatArray, (2,), jnp.float16),
            }
        },
        modules_map={
            "spiker": ModuleSpecs(
                "spiker",
                TopologicalLinearSpiker,
                {"signal": [PortMap("__call__", "drive")]},
                TopologicalLinearSpikerConfig(mins=-1, maxs=1, resolution=128, max_freq=200.0, tau=30.0),
            ),
            "neurons_pool": ModuleSpecs(
                "neurons_pool",
                ALIFNeuron,
                {"in_spikes": [PortMap("spiker", "spikes"), PortMap("neurons_pool", "out_spikes")]},
                ALIFNeuronConfig(units=(256,), async_spikes=True),
            ),
            "integrator": ModuleSpecs(
                "integrator",
                ExponentialIntegrator,
                {"spikes": [PortMap("neurons_pool", "out_spikes")]},
                ExponentialIntegratorConfig(num_outputs=2),
            ),
        },
    )


def scaled(observation: np.ndarray) -> np.ndarray:
    """CartPole's four numbers, about -1 to 1."""
    return np.clip(observation / SCALES, -1, 1)


def run_demo(iterations: int, picture: Path, progress: bool = True) -> dict[str, float]:
    """Run the tutorial's brain, write the picture, and return what was measured."""
    from spark.plot import loop_picture  # Who only wants the config needs no matplotlib.

    environment = gym.make("CartPole-v1")
    brain = nn.Brain(tutorial_config())

    def observe(observation: np.ndarray) -> dict[str, FloatArray]:
        return {"drive": FloatArray(scaled(observation).astype(np.float16))}

    loop = Loop(brain, environment, observe=observe, steps_per_action=1)
    # Long enough for an episode to end, so that both the step and the rest after it are compiled.
    loop.run(40, seed=42)
    begin = time.perf_counter()
    log = loop.run(iterations, progress=progress)
    seconds = time.perf_counter() - begin
    slow = Loop(brain, environment, observe=observe, steps_per_action=16, rest_steps=50)
    seen = slow.run(100, seed=43, spikes=True, progress=progress)
    environment.close()
    spikes = np.concatenate(
        [np.concatenate(seen.spikes[name]).reshape(1600, -1) for name in ("spiker", "neurons_pool")], axis=1
    )
    figure = loop_picture(
        spikes,
        [scaled(o) for o in seen.observations],
        seen.actions,
        breaks=np.flatnonzero(np.logical_or(seen.terminated, seen.truncated)),
        names=NAMES,
    )
    figure.savefig(picture, dpi=100)
    pool = np.abs(spikes[:, 512:]).mean() * 1000
    return {
        "iterations_per_second": iterations / seconds,
        "pool_rate": float(pool),
        "episodes": float(len(log.returns())),
        "mean_return": float(np.mean(log.returns() or [np.nan])),
    }


# Episodes at a lesson's begin and at its end that are set side by side.
_ENDS = 10


def run_lesson(episodes: int, seed: int = 0) -> str:
    """Teach a brain CartPole by plasticity; a sentence of what its episodes brought, and how long it took."""
    lesson = learn.Plasticity().fit(nn.Brain(learn.actor_critic(CartPole, seed=seed)), episodes=episodes)
    return told(lesson.returns, lesson.seconds)


def told(returns: np.ndarray, seconds: float) -> str:
    """How a lesson went, in a sentence: the first ten episodes beside the last ten, where these are others.

    Args:
        returns: Steps for which the pole was held, by episode.
        seconds: How long it took.
    """
    episodes = returns.size
    if not episodes:
        return "A brain that learns by plasticity ended no episode."
    if episodes < 2 * _ENDS:
        which = "its only episode" if episodes == 1 else f"each of its {episodes} episodes on average"
        more = f"From {2 * _ENDS} episodes on you see it learn"
        went = f"{returns.mean():.0f} steps in {which}, after {seconds:.0f} s. {more}; "
    else:
        first, last = returns[:_ENDS].mean(), returns[-_ENDS:].mean()
        went = f"{first:.0f} steps in its first ten episodes, and for {last:.0f} in the last ten of {episodes}, "
        went += f"after {seconds:.0f} s. "
    return f"A brain that learns by plasticity held the pole for {went}`spark learn cartpole` teaches one in full."

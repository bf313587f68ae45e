"""The gallery: example brains, each with a picture and what one should see."""

from functools import partial
from typing import Any

from spark.core.errors import FormatError, Problem
from spark.core.names import suggestion
from spark.core.payloads import FloatArray
from spark.graph.specs import InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.io.graph_of import document_of
from spark.io.model_file import Document
from spark.io.pictures import svg
from spark.learn.actor import ActorPoolsConfig
from spark.learn.tasks import TASKS
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import (
    ExponentialIntegrator,
    ExponentialIntegratorConfig,
    PoissonSpiker,
    PoissonSpikerConfig,
    TopologicalLinearSpiker,
    TopologicalLinearSpikerConfig,
)
from spark.nn.neurons import ALIFNeuron, ALIFNeuronConfig, LIFNeuron, LIFNeuronConfig
from spark.nn.plasticity import ZenkeRuleConfig

CALL = "__call__"


def _cartpole() -> tuple[BrainConfig, dict[str, Any], dict[str, Any]]:
    config = BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (4,), "float16")},
        output_map={
            "action": {"input": PortMap("integrator", "signal"), "spec": OutputSpec(FloatArray, (2,), "float16")}
        },
        modules_map=[
            ModuleSpecs(
                "spiker",
                TopologicalLinearSpiker,
                {"signal": [PortMap(CALL, "drive")]},
                TopologicalLinearSpikerConfig(mins=-1, maxs=1, resolution=128, max_freq=200.0, tau=30.0),
            ),
            ModuleSpecs(
                "neurons_pool",
                ALIFNeuron,
                {"in_spikes": [PortMap("spiker", "spikes"), PortMap("neurons_pool", "out_spikes")]},
                ALIFNeuronConfig(units=(256,), async_spikes=True),
            ),
            ModuleSpecs(
                "integrator",
                ExponentialIntegrator,
                {"spikes": [PortMap("neurons_pool", "out_spikes")]},
                ExponentialIntegratorConfig(num_outputs=2),
            ),
        ],
    )
    run = {"environment": "CartPole-v1", "observation": "drive", "action": "action", "steps_per_action": 16}
    probes = {"p1": ("spiker.spikes", "raster"), "p2": ("neurons_pool.out_spikes", "raster")}
    return config, run, {**probes, "p3": ("neurons_pool.soma.potential", "trace")}


def _poisson_drive() -> tuple[BrainConfig, dict[str, Any], dict[str, Any]]:
    config = BrainConfig(
        input_map={"level": InputSpec(FloatArray, (50,), "float32")},
        modules_map=[
            ModuleSpecs(
                "noise", PoissonSpiker, {"signal": [PortMap(CALL, "level")]}, PoissonSpikerConfig(max_freq=100.0)
            ),
            ModuleSpecs(
                "pool",
                LIFNeuron,
                {"in_spikes": [PortMap("noise", "spikes")]},
                LIFNeuronConfig(
                    units=(50,), async_spikes=False, inhibitory_rate=0.0, learning_rule=ZenkeRuleConfig(gamma=0.0)
                ),
            ),
        ],
    )
    probes = {
        "p1": ("noise.spikes", "raster"),
        "p2": ("pool.out_spikes", "raster"),
        "p3": ("pool.soma.potential", "trace"),
    }
    return config, {"inputs": {"level": {"value": 0.3}}}, probes


def _plastic() -> tuple[BrainConfig, dict[str, Any], dict[str, Any]]:
    config = BrainConfig(
        input_map={"level": InputSpec(FloatArray, (100,), "float32")},
        modules_map=[
            ModuleSpecs(
                "sources", PoissonSpiker, {"signal": [PortMap(CALL, "level")]}, PoissonSpikerConfig(max_freq=50.0)
            ),
            ModuleSpecs(
                "pool",
                LIFNeuron,
                {"in_spikes": [PortMap("sources", "spikes")]},
                LIFNeuronConfig(
                    units=(20,), async_spikes=False, inhibitory_rate=0.0, learning_rule=ZenkeRuleConfig(gamma=0.01)
                ),
            ),
        ],
    )
    probes = {
        "p1": ("pool.out_spikes", "raster"),
        "p2": ("pool.synapses.kernel", "matrix"),
        "p3": ("pool.synapses.kernel", "histogram"),
    }
    return config, {"inputs": {"level": {"value": 0.4}}}, probes


def _nested() -> tuple[BrainConfig, dict[str, Any], dict[str, Any]]:
    config, run, _ = _cartpole()
    outer = BrainConfig(
        input_map=config.input_map,
        output_map={"action": {"input": PortMap("inner", "action"), "spec": OutputSpec(FloatArray, (2,), "float16")}},
        modules_map=[ModuleSpecs("inner", Brain, {"drive": [PortMap(CALL, "drive")]}, config)],
    )
    return outer, run, {"p1": ("inner.neurons_pool.out_spikes", "raster")}


def _learning(task: str) -> tuple[BrainConfig, dict[str, Any], dict[str, Any]]:
    probes = {
        "p1": ("world.last_return", "trace"),
        "p2": ("actor.spikes", "raster"),
        "p3": ("world.physical", "trace"),
        "p4": ("actor.weights", "matrix"),
    }
    config = TASKS[task](0)
    actor = config.modules_map["actor"].config
    if isinstance(actor, ActorPoolsConfig) and actor.consolidation is not None:
        probes["p5"] = ("actor.consolidated", "matrix")
    # Twenty times as fast as the world's own time: some hundred thousand steps are learned in before long.
    return config, {"speed": 20}, probes


EXAMPLES: dict[str, tuple[Any, str, str]] = {
    "cartpole": (
        _cartpole,
        "The tutorial's brain at CartPole",
        "Four bands of spikes follow cart and pole; the pool answers; the pole falls, since nothing teaches it yet.",
    ),
    "learning": (
        partial(_learning, "cartpole"),
        "CartPole, learning",
        "The world is a module, and the brain learns in it: the return of each episode rises to 500 within a minute.",
    ),
    **{
        f"learning-{name}": (partial(_learning, name), f"{title}, learning", f"{what} Watch the returns of episodes.")
        for name, title, what in (
            ("acrobot", "Acrobot", "Two links swing up to their bar: from -500 to some -85 in 300 episodes."),
            ("arm", "Reaching arm", "A hand is brought to its target by turns of two joints, in ever fewer steps."),
            ("bandit", "Bandit", "Four arms, one of which pays most often; a return is 1 where it was pulled."),
            ("maze", "Maze", "Food lies in a corner of a maze; a return is 1 where no move was wasted."),
            ("mountain-car", "Mountain car", "A weak car leaves its valley: from -200 to some -105 in 600 episodes."),
            ("pendulum", "Pendulum", "A pendulum is swung up and held: from -1,400 to some -170 in 600 episodes."),
        )
    },
    "noise": (
        _poisson_drive,
        "Noise into a pool",
        "Move the slider: more input spikes, and the potentials cross their threshold more often.",
    ),
    "plastic": (
        _plastic,
        "A plastic pool",
        "The matrix of weights changes while the pool fires, and its histogram spreads.",
    ),
    "nested": (
        _nested,
        "A brain in a brain",
        "Double-click the brain to go inside: the same tutorial's brain, as one module.",
    ),
}


def listing() -> list[dict[str, str]]:
    """Names, titles, what one should see, and a picture."""
    return [{"name": n, "title": t, "see": s, "svg": svg(document(n))} for n, (_, t, s) in EXAMPLES.items()]


def document(name: str) -> Document:
    """The document of an example.

    Raises:
        FormatError: There is none of this name.
    """
    if name not in EXAMPLES:
        raise FormatError(Problem(str(name)[:80], "is no example", suggestion(str(name)[:80], EXAMPLES), "unknown"))
    make, title, see = EXAMPLES[name]
    config, run, probes = make()
    made = document_of(config, name)
    nodes = {n["name"]: k for k, n in made["nodes"].items() if n.get("parent") is None}
    made["meta"] |= {"description": f"{title}. {see}"}
    made["run"] = run
    made["probes"] = {
        key: {"path": path, "view": view, "node": nodes.get(path.split(".")[0]), "settings": {}}
        for key, (path, view) in probes.items()
    }
    return made

"""A brain with an actor, whose observations and rewards come from a loop."""

import spark
from spark.learn import ActorPools, ActorPoolsConfig, Critic, CriticConfig
from spark.nn.interfaces import PopulationEncoder, PopulationEncoderConfig


def actor_brain(every: int, critic_every: int | None = None, actions: int = 2) -> spark.nn.Brain:
    """A brain whose `actor` chooses one of some actions in each round of `every` steps; with a `critic` if asked."""
    wires = {"spikes": "encoder.spikes", "error": "__call__.reward", "started": "__call__.terminated"}
    parts = {
        "encoder": (PopulationEncoder, PopulationEncoderConfig(resolution=3), {"signal": "__call__.observation"}),
        "actor": (ActorPools, ActorPoolsConfig(every=every, size=2, actions=actions), wires),
    }
    if critic_every is not None:
        parts["critic"] = (Critic, CriticConfig(every=critic_every), wires)
    return spark.nn.Brain(
        spark.nn.BrainConfig(
            input_map={
                "observation": spark.InputSpec(spark.FloatArray, (4,), "float32"),
                "reward": spark.InputSpec(spark.FloatArray, (1,), "float32"),
                "terminated": spark.InputSpec(spark.BooleanMask, (1,), "bool"),
            },
            output_map={
                "action": {
                    "input": spark.PortMap("actor", "action"),
                    "spec": spark.OutputSpec(spark.IntegerArray, (1,), "int32"),
                }
            },
            modules_map=[
                spark.ModuleSpecs(
                    name, kind, {port: [spark.PortMap(*origin.split("."))] for port, origin in ports.items()}, config
                )
                for name, (kind, config, ports) in parts.items()
            ],
        )
    )

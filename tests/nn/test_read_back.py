"""Configs of brains that were written are read back as the same brains."""

import numpy as np
import pytest
from builders import poisson, relay, spiking_brain

from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, interfaces, neurons
from spark.sim.run import build


def inner(**given) -> ModuleSpecs:
    config = BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (3,), "float32")},
        output_map={},
        modules_map=[poisson("spiker")],
        **given,
    )
    return ModuleSpecs("inner", Brain, {"drive": PortMap("__call__", "drive")}, config)


def around(*modules: ModuleSpecs, **given) -> BrainConfig:
    return BrainConfig(
        input_map={"drive": InputSpec(FloatArray, (3,), "float32")}, output_map={}, modules_map=list(modules), **given
    )


@pytest.mark.parametrize("given", [{}, {"dt": None}, {"dt": 0.25}])
def test_a_brain_within_a_brain_is_read_back_with_the_step_that_it_was_handed(given) -> None:
    config = around(inner(**given), dt=0.25)
    again = BrainConfig.from_dict(config.to_dict())
    assert again == config
    for one in (config, again):
        brain = Brain(one)
        build(brain)
        assert (brain.inner.config.dt, brain.inner.spiker.config.dt) == (0.25, 0.25)


def test_a_pool_with_a_longest_delay_is_read_back() -> None:
    config = neurons.LIFNeuronConfig(units=(4,), async_spikes=True, max_delay=12.0)
    again = type(config).from_dict(config.to_dict())
    assert again == config
    assert again.delays.max_delay == 12.0


def test_modules_whose_output_follows_from_their_config_may_stand_in_a_circle() -> None:
    spiker = ModuleSpecs(
        "spiker",
        interfaces.LinearSpiker,
        {"signal": [PortMap("__call__", "drive"), PortMap("reader", "signal")]},
        interfaces.LinearSpikerConfig(max_freq=100.0, cd=1.0),
    )
    reader = ModuleSpecs(
        "reader",
        interfaces.ExponentialIntegrator,
        {"spikes": PortMap("spiker", "spikes")},
        interfaces.ExponentialIntegratorConfig(num_outputs=2),
    )
    brain = Brain(around(spiker, reader, dt=0.5))
    for _ in range(3):
        brain(drive=FloatArray(np.ones(3, np.float32)))
    fired = brain.get_spikes_from_cache()
    assert all(isinstance(found, SpikeArray) for found in fired.values())
    assert brain.state["step"] == 3


def test_settings_for_each_wire_count_the_wires_that_end_at_a_port() -> None:
    own = PortMap("__call__", "spikes")
    both = {"excitation": [PortMap("both", "spikes"), own]}
    config = neurons.DeltaLIFNeuronConfig(units=(3,), excitatory__connections=("all_to_all", "all_to_all"))
    modules = [
        relay("both", ("__call__", "spikes"), ("__call__", "spikes")),
        ModuleSpecs("pool", neurons.DeltaLIFNeuron, both, config),
    ]
    brain = spiking_brain(modules)
    build(brain)
    assert brain.pool.input_specs["excitation"].shape == (12,)

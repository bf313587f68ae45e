"""A spike of step n acts in step n + round(delay / dt), wherever it comes from and whatever delays it."""

from typing import Any

import numpy as np
import pytest
from builders import Relay

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig
from spark.nn.neurons import (
    CurrentLIFNeuron,
    CurrentLIFNeuronConfig,
    DeltaLIFNeuron,
    DeltaLIFNeuronConfig,
    LIFNeuron,
    LIFNeuronConfig,
)

SENT = 2
DT = (1.0, 0.1, 0.25)
# Delays in steps, and the whole steps that they are rounded to.
LENGTHS = {1.0: 1, 1.4: 1, 2.0: 2, 3.4: 3, 3.6: 4, 33.0: 33}


def delta(name: str, wires: list[PortMap], delay: float) -> ModuleSpecs:
    """A unit that jumps when a spike arrives."""
    config = DeltaLIFNeuronConfig(
        units=(1,), _s_connections="all_to_all", _s_delay=delay, _s_kernel=1.0, soma__potential_tau=20.0
    )
    return ModuleSpecs(name, DeltaLIFNeuron, {"excitation": wires}, config)


def current(name: str, wires: list[PortMap], delay: float) -> ModuleSpecs:
    """A unit into which a current flows when a spike arrives."""
    config = CurrentLIFNeuronConfig(units=(1,), _s_connections="all_to_all", _s_delay=delay, _s_kernel=1.0)
    return ModuleSpecs(name, CurrentLIFNeuron, {"excitation": wires}, config)


def pairs(name: str, wires: list[PortMap], delay: float) -> ModuleSpecs:
    """A unit with a delay for each pair."""
    config = LIFNeuronConfig(
        units=(1,),
        async_spikes=True,
        synapses__kernel=10.0,
        delays__delays=delay,
        max_delay=100.0,
        learning_rule__gamma=0.0,
    )
    return ModuleSpecs(name, LIFNeuron, {"in_spikes": wires}, config)


POOLS = {"delta": delta, "current": current, "pairs": pairs}
INPUT = [PortMap("__call__", "spikes")]
SILENT = PortMap("__call__", "silent")
RELAY = ModuleSpecs("relay", Relay, {"spikes": INPUT})


def nested(inner: list[ModuleSpecs], wires: list[PortMap]) -> ModuleSpecs:
    """Pools in a brain of their own."""
    config = BrainConfig(input_map={"spikes": InputSpec(SpikeArray, (1,), "int8")}, output_map={}, modules_map=inner)
    return ModuleSpecs("b", Brain, {"spikes": wires}, config)


def source(kind: str, make: Any, delays: list[float]) -> tuple[list[ModuleSpecs], list[str]]:
    """Modules in which a spike of step `SENT` reaches a pool for each delay, and where the pools are."""
    relayed = [PortMap("relay", "spikes")]
    names = [f"pool_{n}" for n in range(len(delays))]

    def pools(wires: list[PortMap]) -> list[ModuleSpecs]:
        return [make(name, wires, delay) for name, delay in zip(names, delays, strict=True)]

    inside = [f"b.{name}" for name in names]
    match kind:
        case "input":
            return pools(INPUT), names
        case "module":
            return [RELAY, *pools(relayed)], names
        case "input beside a module":
            quiet = ModuleSpecs("quiet", Relay, {"spikes": [SILENT]})
            return [quiet, *pools([PortMap("quiet", "spikes"), *INPUT])], names
        case "module beside an input":
            return [RELAY, *pools([SILENT, *relayed])], names
        case "input of a brain in a brain":
            return [nested(pools(INPUT), INPUT)], inside
        case "module outside of a brain in a brain":
            return [RELAY, nested(pools(INPUT), relayed)], inside
    raise AssertionError(kind)


SOURCES = (
    "input",
    "module",
    "input beside a module",
    "module beside an input",
    "input of a brain in a brain",
    "module outside of a brain in a brain",
)


def first_effects(modules: list[ModuleSpecs], paths: list[str], dt: float, steps: int = 60) -> list[int]:
    """The step in which each pool's potential first moves."""
    inputs = {n: InputSpec(SpikeArray, (1,), "int8") for n in ("spikes", "silent")}
    made = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=modules, dt=dt))
    sent = np.zeros((steps, 1), np.int8)
    sent[SENT] = 1
    given = {"spikes": SpikeArray(sent), "silent": SpikeArray(np.zeros_like(sent))}
    potentials = [f"{path}.soma.potential" for path in paths]
    found = spark.run(made, steps, given, record=potentials)
    return [int(np.flatnonzero(found[potential])[0]) for potential in potentials]


FEW = (1.4, 3.6)
# In the quick run each source with one kind of pool and one dt, since every one compiles anew, and all of each; in a
# brain in a brain, whose pools compile long, with a delay that is rounded down and one that is rounded up.
QUICK = [(kind, n % len(POOLS), n % len(DT)) for n, kind in enumerate(SOURCES)]
CASES = [
    pytest.param(kind, make, dt, lengths, id=f"{kind}-{name}-{dt}-{len(lengths)}", marks=marks)
    for kind in SOURCES
    for p, (name, make) in enumerate(POOLS.items())
    for d, dt in enumerate(DT)
    for lengths, marks in {
        FEW if "brain in a brain" in kind else tuple(LENGTHS): [] if (kind, p, d) in QUICK else pytest.mark.slow,
        **({tuple(LENGTHS): pytest.mark.slow} if "brain in a brain" in kind else {}),
    }.items()
]


@pytest.mark.parametrize(("kind", "make", "dt", "lengths"), CASES)
def test_a_spike_acts_after_its_delay_wherever_it_comes_from(
    kind: str, make: Any, dt: float, lengths: tuple[float, ...]
) -> None:
    modules, paths = source(kind, make, [round(length * dt, 6) for length in lengths])
    assert first_effects(modules, paths, dt) == [SENT + LENGTHS[length] for length in lengths]


@pytest.mark.parametrize("make", [delta, current])
@pytest.mark.parametrize("whole", [1, 2, 7])
def test_a_pools_own_spike_acts_on_it_after_its_delay(whole: int, make: Any) -> None:
    """It starts above its threshold, so that it fires in step 0."""
    specs = make("pool", [PortMap("pool", "out_spikes")], float(whole))
    soma = {"cooldown": 0.0, "potential_first": 0.0}
    specs = specs.with_config(specs.config.updated(soma=soma, inhibitory={"kernel": 0.0, "delay": float(whole)}))
    specs = specs.with_config(specs.config.updated(inhibitory__connections="all_to_all"))
    made = Brain(BrainConfig(input_map={}, output_map={}, modules_map=[specs]))
    found = spark.run(made, 20, record=["pool", "pool.soma.potential"])
    assert np.flatnonzero(found["pool"])[0] == 0
    assert np.flatnonzero(found["pool.soma.potential"])[0] == whole


@pytest.mark.parametrize("whole", [1, 2, 7])
def test_a_pools_own_spike_acts_on_it_after_the_delay_of_the_pair(whole: int) -> None:
    """The input, which also takes its delay, makes it fire once."""
    config = LIFNeuronConfig(
        units=(1,),
        async_spikes=True,
        synapses__kernel=np.array([[1e6, 10.0]], np.float32),
        delays__delays=float(whole),
        inhibitory_rate=0.0,
        soma={"cooldown": 0.0, "potential_reset": -60.0},
        learning_rule__gamma=0.0,
    )
    specs = ModuleSpecs("pool", LIFNeuron, {"in_spikes": [*INPUT, PortMap("pool", "out_spikes")]}, config)
    assert first_effects([specs], ["pool"], 1.0) == [SENT + 2 * whole]


def test_a_spike_of_a_spiker_acts_after_its_delay() -> None:
    spiker = ModuleSpecs(
        "spiker", LinearSpiker, {"signal": PortMap("__call__", "x")}, LinearSpikerConfig(max_freq=20.0)
    )
    for make in POOLS.values():
        pool = make("pool", [PortMap("spiker", "spikes")], 5.0)
        inputs = {"x": InputSpec(FloatArray, (1,), "float32")}
        made = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[spiker, pool]))
        given = {"x": FloatArray(np.ones(1, np.float32))}
        found = spark.run(made, 80, given, record=["spiker", "pool.soma.potential"])
        sent, moved = (np.flatnonzero(found[name])[0] for name in ("spiker", "pool.soma.potential"))
        assert moved == sent + 5


@pytest.mark.parametrize("delay", [0.4, 0.7, 0.99])
@pytest.mark.parametrize("make", POOLS.values(), ids=POOLS)
def test_a_delay_below_one_step_is_refused(make: Any, delay: float) -> None:
    with pytest.raises(spark.ConfigError, match="dt"):
        first_effects([make("pool", INPUT, delay)], ["pool"], 1.0)

"""Short-term plasticity of a projection against its equations from spike to spike, and its steady states."""

from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import DT, SOURCES, UNITS, brain_of, delivered, traces, trains
from reference.short_term import steady, tsodyks_markram
from tolerances import INTEGRATED

import spark
from spark import InputSpec, ModuleSpecs, Projection, SpikeArray, catalogue
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, plasticity, receptors
from spark.nn.projections import TsodyksMarkramConfig
from spark.sim.run import build

RNG = np.random.default_rng(8)
WEIGHTS = RNG.uniform(0.5, 3.0, (UNITS, SOURCES)).round(3)
LATER = RNG.integers(1, 7, (UNITS, SOURCES))
SPIKES = trains(600, signed=True)
USE, RECOVERY, FACILITATION = (RNG.uniform(*range_, SOURCES) for range_ in ((0.1, 0.9), (30, 300), (20, 500)))
JUMPS = {"r": receptors.JumpConfig()}
# By name: what is configured, and U, recovery and facilitation of each source.
KINDS: dict[str, Any] = {
    "depressing": (TsodyksMarkramConfig(), (0.5, 800.0, None)),
    "facilitating": (
        TsodyksMarkramConfig(utilization=0.15, recovery_tau=130.0, facilitation_tau=530.0),
        (0.15, 130.0, 530.0),
    ),
    "each": (
        TsodyksMarkramConfig(utilization=USE, recovery_tau=RECOVERY, facilitation_tau=FACILITATION),
        (USE, RECOVERY, FACILITATION),
    ),
}


def brought(numbers: Any) -> np.ndarray:
    """Of every spike what it brings, with its sign, float64 (steps, sources)."""
    found = np.zeros(SPIKES.shape)
    for source in range(SOURCES):
        at = np.flatnonzero(SPIKES[:, source])
        own = [None if n is None else float(np.broadcast_to(n, SOURCES)[source]) for n in numbers]
        found[at, source] = SPIKES[at, source] * tsodyks_markram(at * DT, *own)
    return found


def brain(**given: Any) -> Brain:
    """A pool that all kinds reach, each with delays of its own, beside a projection whose weights count whole."""
    wires = [
        Projection("__call__", "s", name=name, weights=WEIGHTS * 4**n, delay=np.roll(LATER, n) * DT, short_term=config)
        for n, (name, (config, _)) in enumerate(KINDS.items())
    ]
    return brain_of({"r": [*wires, Projection("__call__", "s", name="whole", weights=WEIGHTS)]}, JUMPS, **given)


def test_every_spike_brings_what_those_before_it_left_at_its_own_delay() -> None:
    expected = delivered(SPIKES, WEIGHTS, 0)
    for n, (_, numbers) in enumerate(KINDS.values()):
        expected = expected + delivered(brought(numbers), WEIGHTS * 4**n, np.roll(LATER, n))
    found, resources = traces(brain(), SPIKES, "pool.soma.jump", "pool.facilitating_short_term.resources")
    np.testing.assert_allclose(found, expected, rtol=INTEGRATED["float32"]["rtol"], atol=2e-4)
    assert 0 < resources.min() < 0.5 < resources.max() <= 1
    with array_code():
        (written,) = traces(brain(), SPIKES, "pool.soma.jump")
    np.testing.assert_allclose(written, found, rtol=1e-6, atol=1e-5)
    shared = brain()
    spark.run(shared, len(SPIKES), {"s": SpikeArray(SPIKES)}, threads=2, progress=False)
    np.testing.assert_array_equal(shared.state["pool.soma.jump"], found[-1].astype(np.float32))


@pytest.mark.parametrize("kind", ["depressing", "facilitating"])
@pytest.mark.parametrize("rate", [10.0, 50.0])
def test_a_regular_train_ends_in_the_steady_state_of_the_paper(kind: str, rate: float) -> None:
    config, numbers = KINDS[kind]
    every = round(1e3 / rate / DT)
    steps = every * 200
    spikes = (np.arange(steps) % every == 0).astype(np.int8)[:, None]
    wire = Projection("__call__", "s", name="w", weights=1.0, short_term=config)
    (jumps,) = traces(brain_of({"r": wire}, JUMPS, sources=1), spikes, "pool.soma.jump")
    np.testing.assert_allclose(jumps[steps - every], steady(rate, *numbers), rtol=INTEGRATED["float32"]["rtol"])


@pytest.mark.thorough
def test_it_goes_with_every_receptor_natively() -> None:
    kinds = {
        cls.__name__.lower(): cls.config_class()() for cls in catalogue.BUILT_IN["receptor"] if cls.takes is SpikeArray
    }
    wires = {n: Projection("__call__", "s", delay=1.0, short_term=TsodyksMarkramConfig()) for n in kinds}
    made = Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (5,), "int8")},
            output_map={},
            modules_map=[ModuleSpecs("pool", Pool, wires, PoolConfig(units=(7,), receptors=kinds))],
        )
    )
    build(made)
    explained = spark.explain(made)
    assert explained.one_call, str(explained)
    table = made.connections("pool.s_nmda")
    assert len(table) == 35 and (table.weights == 1).all()


def test_what_does_not_go_together_is_named() -> None:
    text = (
        "Projection(__call__.s).short_term: is for weights that stay, got TsodyksMarkramConfig beside "
        "a rule. Give each a projection of its own"
    )
    with refused(spark.ConfigError, text):
        Projection("__call__", "s", short_term=TsodyksMarkramConfig(), rule=plasticity.PairRuleConfig())
    text = (
        f"pool.w_short_term.config.utilization: has the wrong shape, got (3,); expected one number or ({SOURCES},). "
        "Give one number for all units, or one for each"
    )
    wire = Projection("__call__", "s", name="w", short_term=TsodyksMarkramConfig(utilization=[0.1, 0.2, 0.3]))
    with refused(spark.ConfigError, text):
        brain_of({"r": wire}, JUMPS)
    text = (
        "TsodyksMarkramConfig.utilization: must be <= 1, got 1.5. Part of the resources that a first spike uses, U; "
        "weights are what all bring."
    )
    with refused(spark.ConfigError, text):
        TsodyksMarkramConfig(utilization=1.5)

"""Weights and delays that follow from the distance of two units."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from builders import refused
from pool_brains import brain_of, trains
from tolerances import WEIGHTS

import spark
from spark import InputSpec, ModuleSpecs, Projection, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, neurons, plasticity, receptors, somas
from spark.nn.connections import AllToAll, DistanceDependent, FixedProbability
from spark.nn.initializers import ConductionInitializer, DistanceInitializer
from spark.nn.somas import IntegrateAndFireSomaConfig

PRE, POST = (3, 4), (5, 2)
PROFILES: dict[str, Any] = {
    "gaussian": lambda r: 0.5 + 2.0 * math.exp(-(r**2) / (2 * 0.3**2)),
    "exponential": lambda r: 0.5 + 2.0 * math.exp(-r / 0.3),
    "linear": lambda r: 0.5 + 2.0 * max(0.0, 1.0 - r / 0.3),
}


def connected(weights: Any = 1.0, delay: Any = None, pattern: Any = None, pre: Any = PRE, **wire: Any) -> Brain:
    """A sheet of inputs onto a sheet of units."""
    learns = Projection(
        "__call__", "s", name="wire", weights=weights, delay=delay, pattern=pattern or AllToAll(), **wire
    )
    pool = PoolConfig(units=POST, soma=somas.IntegrateAndFireSomaConfig(), receptors={"r": receptors.JumpConfig()})
    config = BrainConfig(
        input_map={"s": InputSpec(SpikeArray, pre, "int8")}, output_map={}, seed=3, dt=0.5,
        modules_map=[ModuleSpecs("pool", Pool, {"r": learns}, pool)],
    )  # fmt: skip
    made = Brain(config)
    spark.sim.run.build(made)
    return made


def distance(source: int, target: int, periodic: bool = False) -> float:
    """Of two units in sides, written anew from where they lie."""
    one = [(number + 0.5) / size for number, size in zip(divmod(source, PRE[1]), PRE, strict=True)]
    other = [(number + 0.5) / size for number, size in zip(divmod(target, POST[1]), POST, strict=True)]
    apart = [abs(a - b) for a, b in zip(one, other, strict=True)]
    return math.hypot(*(min(d, 1.0 - d) if periodic else d for d in apart))


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig()])
@pytest.mark.parametrize("pattern", [AllToAll(), FixedProbability(probability=0.6)])
@pytest.mark.parametrize("profile", PROFILES)
def test_weights_fall_with_distance_as_their_profile_says(
    profile: str, pattern: Any, rule: Any, periodic: bool
) -> None:
    weights = DistanceInitializer(profile=profile, width=0.3, peak=2.0, offset=0.5, periodic=periodic)
    table = connected(weights, pattern=pattern, rule=rule).connections("pool.wire")
    expected = [PROFILES[profile](distance(*pair, periodic)) for pair in zip(table.sources, table.targets, strict=True)]
    np.testing.assert_allclose(table.weights, expected, **WEIGHTS["float32"])
    assert np.ptp(expected) > 0.5


@pytest.mark.parametrize("rule", [None, plasticity.PairRuleConfig()])
@pytest.mark.parametrize("periodic", [False, True])
def test_delays_are_the_way_by_the_velocity_and_an_offset_to_the_nearest_step(periodic: bool, rule: Any) -> None:
    delay = ConductionInitializer(velocity=0.2, side=1.5, offset=0.7, periodic=periodic)
    table = connected(delay=delay, rule=rule).connections("pool.wire")
    pairs = zip(table.sources, table.targets, strict=True)
    exact = np.array([0.7 + 1.5 * distance(*pair, periodic) / 0.2 for pair in pairs])
    np.testing.assert_allclose(table.delays, 0.5 * np.rint(exact / 0.5))
    assert np.unique(table.delays).size > 3


def test_a_spike_arrives_when_its_way_is_done() -> None:
    delay = ConductionInitializer(velocity=0.2, offset=0.5)
    made = connected(2.0, delay)
    sent = np.zeros((20, *PRE), np.int8)
    sent[0, 0, 0] = 1
    potential = spark.run(made, 20, {"s": SpikeArray(sent)}, record="pool.soma.potential")["pool.soma.potential"]
    first = (potential.reshape(20, -1) > 1.0).argmax(axis=0)
    expected = [round((0.5 + distance(0, target) / 0.2) / 0.5) for target in range(10)]
    np.testing.assert_array_equal(first, expected)


def test_totals_and_bounds_hold_as_for_what_is_drawn() -> None:
    given = {"profile": "gaussian", "width": 0.2, "peak": 3.0}
    table = connected(DistanceInitializer(total=4.0, **given)).connections("pool.wire")
    np.testing.assert_allclose(np.bincount(table.targets, table.weights), 4.0, rtol=1e-6)
    plain = connected(DistanceInitializer(**given)).connections("pool.wire").weights
    for unit in range(10):
        mine = table.targets == unit
        np.testing.assert_allclose(table.weights[mine] / plain[mine], (table.weights[mine] / plain[mine])[0], rtol=1e-5)
    bounded = connected(DistanceInitializer(minimum=0.4, maximum=1.9, **given)).connections("pool.wire").weights
    np.testing.assert_array_equal(bounded, np.clip(plain, np.float32(0.4), np.float32(1.9)))


def test_values_by_distance_change_no_other_draw() -> None:
    pattern = FixedProbability(probability=0.5)
    one = connected(1.0, pattern=pattern).connections("pool.wire")
    other = connected(DistanceInitializer(), pattern=pattern).connections("pool.wire")
    np.testing.assert_array_equal(one.targets, other.targets)


def test_a_sheet_wired_to_itself_by_distance_in_all_three() -> None:
    net = spark.Network(dt=0.5, seed=2)
    sheet = net.pool("sheet", (6, 6), soma=IntegrateAndFireSomaConfig(), receptors={"r": receptors.JumpConfig()})
    net.connect(
        sheet, sheet.r, DistanceDependent(width=0.2, self_connections=False), name="near",
        weights=DistanceInitializer(profile="exponential", width=0.4), delay=ConductionInitializer(),
    )  # fmt: skip
    made = net.build()
    spark.run(made, 1, progress=False)
    table = made.connections("sheet.near")
    places = np.array(list(itertools.product((np.arange(6) + 0.5) / 6, repeat=2)))
    r = np.linalg.norm(places[table.sources] - places[table.targets], axis=1)
    np.testing.assert_allclose(table.weights, np.exp(-r / 0.4), **WEIGHTS["float32"])
    # What a unit sends is there a step later.
    np.testing.assert_allclose(table.delays, np.maximum(0.5 * np.rint((1.0 + r / 0.3) / 0.5), 0.5))


@pytest.mark.parametrize("made", [DistanceInitializer(profile="linear", width=0.4), ConductionInitializer(side=2.0)])
def test_it_survives_json_and_files(made: Any, tmp_path: Any) -> None:
    assert spark.nn.initializers.base.to_initializer(made.to_dict()) == made
    brain = connected(DistanceInitializer(), ConductionInitializer(side=2.0))
    spark.save_model(brain, tmp_path / "m.spark.json")
    loaded = spark.load_model(tmp_path / "m.spark.json")
    spark.sim.run.build(loaded)
    for one, other in zip(brain.connections("pool").to_matrix(), loaded.connections("pool").to_matrix(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_where_no_pair_is_it_is_refused() -> None:
    text = (
        "takes the distance of two units, and here are no pairs of units on sheets. "
        "Give it as the weights or the delay of a `Projection`"
    )
    with refused(spark.ConfigError, f"IntegrateAndFireSomaConfig.threshold: {text}"):
        IntegrateAndFireSomaConfig(threshold=DistanceInitializer())
    config = neurons.LIFNeuronConfig(units=(4,), async_spikes=False, synapses__kernel=DistanceInitializer())
    wires = {"in_spikes": [spark.PortMap("__call__", "s")]}
    specs = [ModuleSpecs("pool", neurons.LIFNeuron, wires, config)]
    with refused(spark.ConfigError, f"pool.synapses.config.kernel: {text}"):
        spark.sim.run.build(
            Brain(BrainConfig(input_map={"s": InputSpec(SpikeArray, (3,), "int8")}, output_map={}, modules_map=specs))
        )


def test_sheets_of_other_dimensions_are_refused() -> None:
    text = (
        "pool.wire.weights: needs pools of as many dimensions, got shapes (12,) and (5, 2). "
        "Give both pools grids of as many dimensions: `units=(rows, columns)`"
    )
    with refused(spark.ConfigError, text):
        connected(DistanceInitializer(), pre=(12,))


def test_a_delay_below_a_step_is_refused() -> None:
    with pytest.raises(spark.ConfigError, match=r"pool.wire.delay: must be at least dt and at most 65535 steps"):
        connected(delay=ConductionInitializer(offset=0.0, velocity=100.0))
    connected(delay=ConductionInitializer(offset=0.0, velocity=100.0, minimum=0.5))


def test_brains_with_values_by_distance_run_natively() -> None:
    sent = SpikeArray(trains(50, 6, rate=0.2))
    wire = Projection("__call__", "s", weights=DistanceInitializer(peak=3.0), delay=ConductionInitializer())
    made = brain_of({"r": wire}, {"r": receptors.JumpConfig()}, soma=IntegrateAndFireSomaConfig())
    spark.run(made, 50, {"s": sent}, progress=False)
    assert spark.explain(made).one_call

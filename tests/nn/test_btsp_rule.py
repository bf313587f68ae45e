"""Behavioural time scale plasticity: its published shape, where plateaus are seen, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import brain_of, source, trains
from reference.btsp import NETWORK, btsp
from tolerances import INTEGRATED, SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, Projection, SpikeArray
from spark.nn import Brain, dendrites, plasticity, receptors, somas
from spark.nn.connections import AllToAll, FixedProbability
from spark.nn.initializers import UniformInitializer as Uniform

DT = 2.0
INSTRUCTED = plasticity.BTSPRuleConfig(plateaus="modulation")
TOLERANCE = {name: 10 * value for name, value in INTEGRATED["float32"].items()}


def instructed(
    weights: Any, sources: int, rule: Any = INSTRUCTED, units: int = 1, number: int = 1, **wire: Any
) -> Brain:
    """A pool whose input `plateaus` says where plateaus are."""
    learns = Projection("__call__", "s", name="learns", weights=weights, rule=rule, modulator="plateaus", **wire)
    return brain_of(
        {"r": learns, "plateaus": source("plateaus")}, {"r": receptors.JumpConfig()}, units=(units,), dt=DT,
        soma=somas.IntegrateAndFireSomaConfig(), sources=sources, modulators=("plateaus",),
        inputs={"plateaus": InputSpec(FloatArray, (number,), "float32")},
    )  # fmt: skip


def place_fields(intervals: np.ndarray, steps: int, at: float) -> np.ndarray:
    """Spikes of sources that fire at about 10 Hz for a second, whose middle lies so long after a time, s."""
    fired = np.zeros((steps, len(intervals)), np.int8)
    for number, interval in enumerate(intervals):
        times = 1000.0 * (at + interval) + 100.0 * np.arange(-5, 6)
        fired[np.round(times / DT).astype(int), number] = 1
    return fired


def test_the_change_is_seconds_wide_asymmetric_and_goes_against_the_weight_as_published() -> None:
    """Figure 5 of the paper; the same as a loop in float64 from its equations."""
    intervals = np.arange(-7.0, 7.01, 0.5)
    steps = round(20_000.0 / DT)
    plateau = np.zeros((steps, 1), np.float32)
    plateau[round(10_000.0 / DT) : round(10_300.0 / DT)] = 1.0
    sent = place_fields(intervals, steps, at=10.0)
    changes = {}
    for first in (0.05, 0.9):
        made = instructed(first, len(intervals))
        spark.run(made, steps, {"s": SpikeArray(sent), "plateaus": FloatArray(plateau)}, progress=False)
        found = made.connections("pool.learns").weights
        expected = btsp(sent[:, None].astype(float), plateau, np.full((1, len(intervals)), first), DT)[0]
        np.testing.assert_allclose(found, expected, **TOLERANCE)
        changes[first] = found - first
    weak, strong = changes[0.05], changes[0.9]
    peak = float(weak.max())
    assert peak > 0.1 and -1.5 <= intervals[weak.argmax()] <= 0.5
    wide = intervals[weak > peak / 2]
    # Inputs before the plateau change more, and further away from it, than those that come after.
    assert 1.5 <= wide.max() - wide.min() <= 5.0 and -wide.min() > wide.max()
    assert (weak[intervals < -5.5] < 0.1 * peak).all() and (weak[intervals > 3.0] < 0.1 * peak).all()
    assert strong.min() < -0.03 and strong.max() < 0.02
    assert ((weak > 0) >= (strong < -0.01)).all()


@pytest.mark.parametrize("first", [0.1, 0.95])
def test_without_end_weights_meet_where_growth_and_decline_are_even(first: float) -> None:
    steps = round(30_000.0 / DT)
    sent = np.zeros((steps, 1), np.int8)
    sent[:: round(20.0 / DT)] = 1
    made = instructed(first, 1)
    spark.run(made, steps, {"s": SpikeArray(sent), "plateaus": FloatArray(np.ones((steps, 1), np.float32))})
    even = NETWORK["k_plus"] / (NETWORK["k_plus"] + NETWORK["k_minus"])
    np.testing.assert_allclose(made.connections("pool.learns").weights, even, **TOLERANCE)


def test_a_plateau_of_a_dendrite_instructs_its_unit_alone() -> None:
    rule = plasticity.BTSPRuleConfig(plateaus="apical", threshold=-38.0)
    learns = Projection("__call__", "s", name="learns", weights=0.1, rule=rule)
    made = brain_of(
        {"r": learns, "top": source("i")}, {"r": receptors.JumpConfig(), "top": receptors.CurrentConfig()},
        units=(2,), soma=somas.IntegrateAndFireSomaConfig(), dendrites={"apical": dendrites.PlateauDendriteConfig()},
        onto={"top": "apical"}, sources=3, inputs={"i": InputSpec(spark.CurrentArray, (2,), "float32")},
    )  # fmt: skip
    steps = 8000
    sent, current = np.zeros((steps, 3), np.int8), np.zeros((steps, 2), np.float32)
    sent[1000:4000:100, 0] = 1
    sent[6500::100, 1] = 1
    current[4200:4800, 1] = 1500.0
    given = {"s": SpikeArray(sent), "i": spark.CurrentArray(current)}
    potential = spark.run(made, steps, given, record="pool.apical.potential", progress=False)["pool.apical.potential"]
    plateaus = (potential - 70.0 > -38.0).astype(float)
    assert plateaus[:, 0].sum() == 0 and plateaus[:, 1].sum() > 400
    before = np.full((2, 3), 0.1)
    expected = btsp(np.repeat(sent[:, None], 2, axis=1).astype(float), plateaus, before, 0.5)
    found = made.connections("pool.learns").to_matrix()
    np.testing.assert_allclose(found, expected, **TOLERANCE)
    assert (found[0] == np.float32(0.1)).all() and found[1, 0] > 0.2 and found[1, 2] == np.float32(0.1)
    assert spark.explain(made).one_call


LAYOUTS: dict[str, Any] = {
    "all": {"pattern": AllToAll()},
    "listed": {"pattern": FixedProbability(probability=0.6)},
    "late": {"pattern": FixedProbability(probability=0.6), "delay": Uniform(low=2.0, high=20.0)},
}
QUICK = (("all", 1), ("late", 150))


@pytest.mark.parametrize(
    ("layout", "number"),
    [
        pytest.param(layout, number, marks=[] if (layout, number) in QUICK else pytest.mark.thorough)
        for layout in LAYOUTS
        for number in (1, 150)
    ],
)
def test_plateaus_of_a_modulator_are_the_same_on_every_layout_by_threads_and_in_array_code(
    layout: str, number: int
) -> None:
    faster: Any = {"pre_tau": 200.0, "post_tau": 100.0, "duration": 60.0, "potentiation": 20.0, "depression": 9.0}
    rule = INSTRUCTED.updated(rate=60.0, **faster)
    plateaus = (np.random.default_rng(2).random((300, number)) < 0.1).astype(np.float32)
    given = {"s": SpikeArray(trains(300, 7, rate=0.05)), "plateaus": FloatArray(plateaus)}

    def learned(steps: int = 300, **how: Any) -> np.ndarray:
        made = instructed(Uniform(low=0.1, high=0.9), 7, rule, 150, number, **LAYOUTS[layout])
        assert spark.explain(made).one_call == bool(how)
        spark.run(made, steps, given if steps == 300 else {n: type(p)(p.value[:1]) for n, p in given.items()}, **how)
        return np.asarray(made.connections("pool.learns").weights)

    alone = learned(threads=1)
    np.testing.assert_array_equal(learned(threads=2), alone)
    with array_code():
        np.testing.assert_allclose(learned(), alone, rtol=100 * SAME_BRAIN["float32"], atol=1e-5)
    assert np.abs(alone - learned(1, threads=1)).max() > 0.1


def test_plateaus_are_seen_somewhere_that_is() -> None:
    text = (
        "pool.learns_rule: reads the potential of a part that the pool does not have, got 'apicl'; "
        "expected one of ['soma', 'apical']. Did you mean 'apical'?"
    )
    learns = Projection("__call__", "s", name="learns", weights=0.1, rule=plasticity.BTSPRuleConfig(plateaus="apicl"))
    with refused(spark.ConfigError, text):
        brain_of(
            {"r": learns}, {"r": receptors.JumpConfig()}, soma=somas.IntegrateAndFireSomaConfig(),
            dendrites={"apical": dendrites.PlateauDendriteConfig()},
        )  # fmt: skip
    text = (
        "Projection(__call__.s).modulator: is missing, got a rule that is modulated; expected the "
        "name of an input port of the pool. Name one of the pool's `modulators`"
    )
    with refused(spark.ConfigError, text):
        Projection("__call__", "s", rule=INSTRUCTED)


def test_settings_that_would_have_no_effect_beside_plateaus_of_a_modulator_are_refused() -> None:
    text = "BTSPRuleConfig.threshold: has no effect on plateaus that the modulation brings, got -40. Leave it out"
    with refused(spark.ConfigError, text):
        plasticity.BTSPRuleConfig(plateaus="modulation", threshold=-40.0)
    text = (
        "BTSPRuleConfig.eligibility_tau: has no modulation left, got 100 ms beside plateaus='modulation'. Leave it "
        "out, or let plateaus be seen at the soma or a dendrite"
    )
    with refused(spark.ConfigError, text):
        plasticity.BTSPRuleConfig(plateaus="modulation", eligibility_tau=100.0)


def test_a_brain_whose_plateaus_a_modulator_brings_is_loaded_again(tmp_path: Path) -> None:
    assert plasticity.BTSPRuleConfig.from_dict(INSTRUCTED.to_dict()) == INSTRUCTED
    brain = instructed(0.5, 4)
    spark.run(brain, 9, {"plateaus": FloatArray(np.ones(1, np.float32)), "s": SpikeArray(np.ones(4, np.int8))})
    spark.save_checkpoint(brain, tmp_path / "brain.safetensors")
    found = spark.load_checkpoint(tmp_path / "brain.safetensors")
    assert found.config == brain.config
    np.testing.assert_array_equal(found.state["pool.learns.weights"], brain.state["pool.learns.weights"])
    assert (np.asarray(brain.state["pool.learns.weights"]) != 0.5).all()


def test_plateaus_of_a_wrong_shape_are_refused() -> None:
    text = (
        "pool.learns_rule.modulation: has the wrong shape, got (3,); expected one number, or one for each of 2 units. "
        "Give a scalar for all units"
    )
    with refused(spark.InputError, text):
        instructed(0.1, 4, units=2, number=3)


def test_a_signal_below_nothing_counts_as_nothing() -> None:
    rule = plasticity.BTSPRule(INSTRUCTED.updated(dt=1.0))
    spikes, weights = SpikeArray(np.ones(1, np.int8)), FloatArray(np.full((1, 1), 0.5, np.float32))
    for _ in range(20):
        out = rule(pre_spikes=spikes, post_spikes=spikes, weights=weights, modulation=FloatArray(np.float32(-3.0)))
    assert out["weights"].value[0, 0] == 0.5 and rule.instructive.value[0] == 0

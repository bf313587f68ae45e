"""One switch for learning: without it no weight changes, whatever rule a brain has and however it runs."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code
from pool_brains import DT, SOURCES, UNITS, brain_of, source, trains
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, InputSpec, Projection, SpikeArray
from spark.nn import Brain, plasticity, receptors, somas
from spark.sim import advance
from spark.sim.chunk import run_chunk

STEPS = 120
SPIKES = trains(STEPS, rate=0.2)
FIRST = np.full((UNITS, SOURCES), 4.0)
PAIR: Any = {"weight_unit": 1.0, "maximum": 40.0, "pre_tau": 15.0, "post_tau": 15.0}
RULES = {
    "dense": (plasticity.TripletRuleConfig(rate=20.0, **PAIR), None),
    "late": (plasticity.PairRuleConfig(rate=20.0, **PAIR), 3 * DT),
    "zenke": (plasticity.ZenkeRuleConfig(gamma=0.05), 2 * DT),
    "taught": (plasticity.PairRuleConfig(rate=20.0, eligibility_tau=30.0, consolidation=8 * DT, **PAIR), None),
}
SOMA = somas.IntegrateAndFireSomaConfig(threshold=-55.0, cooldown=1.0)


def brain(rules: Any = RULES, **given: Any) -> Brain:
    """A pool with a projection for each rule."""
    wires = [
        Projection(
            "__call__", "s", name=name, weights=FIRST, delay=delay, rule=rule, modulator="dopamine" * rule.modulated
        )
        if rule.modulated
        else Projection("__call__", "s", name=name, weights=FIRST, delay=delay, rule=rule)
        for name, (rule, delay) in rules.items()
    ]
    modulated = any(rule.modulated for rule, _ in rules.values())
    inputs = {"dopamine": InputSpec(FloatArray, (1,), "float32")} if modulated else {}
    ports = {"dopamine": [source("dopamine")]} if modulated else {}
    receptor = {"r": receptors.JumpConfig()}
    modulators = ("dopamine",) if modulated else ()
    return brain_of({"r": wires, **ports}, receptor, soma=SOMA, inputs=inputs, modulators=modulators, **given)


def given(steps: slice = slice(None)) -> dict[str, Any]:
    """Spikes, and a modulation in some steps."""
    teaches = (np.arange(STEPS) % 7 == 3).astype(np.float32)[:, None]
    return {"s": SpikeArray(SPIKES[steps]), "dopamine": FloatArray(teaches[steps])}


def learned(made: Brain) -> dict[str, np.ndarray]:
    """What learning changes, by path."""
    kept = (".weights", ".eligibility", ".pending", ".moved", ".waiting")
    return {path: np.asarray(made.state[path]) for path in made.state.paths() if path.endswith(kept)}


def in_parts(made: Brain, way: Any) -> Brain:
    """Learn, then do not, then learn again."""
    for part, learning in ((slice(0, 43), True), (slice(43, 90), False), (slice(90, STEPS), True)):
        way(made, part, learning)
    return made


def by_run(made: Brain, part: slice, learning: bool, **others: Any) -> None:
    """One part in `spark.run`."""
    spark.run(made, part.stop - part.start, given(part), learning=learning, progress=False, **others)


@pytest.fixture(scope="module")
def native() -> Brain:
    """The brain after all parts."""
    return in_parts(brain(), by_run)


def test_what_another_brain_has_left_in_memory_means_nothing_without_learning() -> None:
    """Programs of a thread use the same memory for what waits: that of a larger brain is full of numbers of its own."""

    def pool(units: int) -> Brain:
        first = np.full((units, SOURCES), 4.0)
        wires = [Projection("__call__", "s", name="p", weights=first, rule=RULES["dense"][0])]
        return brain_of({"r": wires}, {"r": receptors.JumpConfig()}, soma=SOMA, units=(units,))

    small, large = pool(UNITS), pool(8 * UNITS)
    before = np.array(small.state["pool.p.weights"])
    for made, learning in ((large, True), (small, False)):
        spark.run(made, STEPS, {"s": SpikeArray(SPIKES)}, learning=learning, progress=False)
    np.testing.assert_array_equal(small.state["pool.p.weights"], before)
    spark.run(small, STEPS, {"s": SpikeArray(SPIKES)}, progress=False)
    assert np.any(np.asarray(small.state["pool.p.weights"]) != before)


def test_without_learning_no_weight_changes_and_traces_go_on() -> None:
    made = brain()
    by_run(made, slice(0, 43), True)
    before, traces = learned(made), np.asarray(made.state["pool.dense_rule.post_traces"])
    compiled = run_chunk._cache_size()
    by_run(made, slice(43, 86), False)
    assert run_chunk._cache_size() == compiled, "another value of the switch compiles nothing"
    after = learned(made)
    for path in (path for path in before if path.endswith(".weights")):
        np.testing.assert_array_equal(after[path], before[path], err_msg=path)
    assert (np.asarray(made.state["pool.dense_rule.post_traces"]) != traces).any()
    by_run(made, slice(77, STEPS), True)
    for path in (path for path in before if path.endswith(".weights")):
        assert (np.asarray(made.state[path]) != before[path]).any(), path


@pytest.mark.thorough
def test_the_switch_is_the_same_in_array_code_by_threads_in_a_batch_and_step_by_step(native: Brain) -> None:
    by_threads = in_parts(brain(), lambda made, part, on: by_run(made, part, on, threads=3))
    in_batch = in_parts(
        brain(), lambda made, part, on: spark.batch([made], part.stop - part.start, given(part), learning=on)
    )

    def by_steps(made: Brain, part: slice, on: bool) -> None:
        for at in range(part.start, part.stop):
            inputs = {name: type(p)(p.value[at]) for name, p in given().items()}
            graph, state = spark.split(made)
            made.load_state(advance(graph, jax.tree.map(jnp.copy, state), inputs, on)[2])

    for other in (by_threads, in_batch, in_parts(brain(), by_steps)):
        for path, value in learned(native).items():
            np.testing.assert_array_equal(np.asarray(other.state[path]), value, err_msg=path)
    with array_code():
        written = in_parts(brain(), by_run)
    for path, value in learned(native).items():
        np.testing.assert_allclose(np.asarray(written.state[path]), value, rtol=SAME_BRAIN["float32"], atol=1e-5)


def test_what_waits_for_its_consolidation_waits_until_learning_goes_on() -> None:
    tau, interval = 30.0, 8
    rules = {"taught": RULES["taught"]}
    made = brain(rules)
    by_run(made, slice(0, 40), True)  # Five intervals.
    eligible, weights = (np.asarray(made.state[f"pool.taught{p}"]) for p in ("_rule.eligibility", ".weights"))
    quiet = np.zeros((1, SOURCES), np.int8)

    def go(steps: int, learning: bool, teaches: float = 0.0) -> None:
        inputs = {"s": SpikeArray(quiet[0]), "dopamine": FloatArray(np.array([teaches], np.float32))}
        spark.run(made, steps, inputs, learning=learning, progress=False)

    go(2, True, 0.5)  # Two steps of modulation, then the switch, over renewals and moves.
    go(3000, False, 7.0)
    np.testing.assert_array_equal(made.state["pool.taught.weights"], weights)
    np.testing.assert_allclose(made.state["pool.taught_rule.eligibility"], 0.0, atol=1e-12)
    go(interval, True)
    expected = weights + 0.5 * sum(eligible * np.exp(-n * DT / tau) for n in (1, 2))
    np.testing.assert_allclose(made.state["pool.taught.weights"], np.clip(expected, 0, 40), rtol=SAME_BRAIN["float32"])
    assert np.abs(expected - weights).max() > 0.01


class DriftRuleConfig(plasticity.RuleConfig):
    """Nothing to say."""


class DriftRule(plasticity.Rule):
    """Array code of an author, which changes all weights in every step, and counts the steps in which it learns."""

    config: DriftRuleConfig

    def build(self, pre_spikes: spark.PortSpec, post_spikes: spark.PortSpec, kernel: spark.PortSpec) -> None:
        """No step yet."""
        self.steps_learned = spark.Variable(np.zeros((), np.int32))

    def __call__(self, pre_spikes: SpikeArray, post_spikes: SpikeArray, kernel: FloatArray) -> plasticity.KernelOutput:
        """Advance one step."""
        self.steps_learned.value = jnp.where(self.is_learning, self.steps_learned.value + 1, self.steps_learned.value)
        return {"kernel": FloatArray(kernel.value + 1.0)}


def test_weights_that_an_authors_array_code_changes_are_held_too() -> None:
    made = brain({"drifts": (DriftRuleConfig(), None)})
    for steps, learning in ((3, True), (5, False), (2, True)):
        spark.run(made, steps, {"s": SpikeArray(SPIKES[0])}, learning=learning, progress=False)
    np.testing.assert_array_equal(made.state["pool.drifts.weights"], FIRST.T + 5)
    assert made.state["pool.drifts_rule.steps_learned"] == 5


def test_a_brain_of_the_same_config_goes_on_to_the_bit() -> None:
    """Also what is kept in units that decay: to show it and to keep it again rounds."""
    made = brain()
    spark.run(made, 60, given(slice(0, 60)), progress=False)
    same, slower = made.with_config({}), made.with_config({"pool.soma.cooldown": 2.0})
    for path in made.state:
        np.testing.assert_array_equal(same.state[path], made.state[path])
        np.testing.assert_array_equal(slower.state[path], made.state[path])
    for one in (made, same):
        spark.run(one, 60, given(slice(60, 120)), progress=False)
    for path in made.state:
        np.testing.assert_array_equal(same.state[path], made.state[path])

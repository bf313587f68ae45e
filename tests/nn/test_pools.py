"""Pools: the sums that their somas integrate, all ways to run them, their files and their errors."""

import weakref

import numpy as np
import pytest
from builders import array_code, compiled_apart
from pool_brains import DT, SOURCES, UNITS, MeterConfig, brain_of, config_of, source, traces, trains
from tolerances import SAME_BRAIN

import spark
from spark import CurrentArray, InputSpec, PortMap, SpikeArray
from spark.engine import fusion
from spark.nn import (
    Brain,
    Projection,
    connections,
    initializers,
    plasticity,
    receptors,
    somas,
)
from spark.sim.run import build

STEPS = 300
SPIKES = trains(STEPS, signed=True)
CURRENT = np.random.default_rng(3).uniform(0, 60, (STEPS, 1)).astype(np.float32)
EACH = np.linspace(-1.0, 1.0, UNITS)
UNIFORM = initializers.UniformInitializer(low=1.0, high=4.0)
REST, RESISTANCE, MEMBRANE = -60.0 + EACH, 100.0 + 10 * EACH, 20.0 + 5 * EACH


def everything(soma=None, **given):
    """A pool with every receptor, with and without rules and delays, that excites itself."""
    rule = plasticity.PairRuleConfig(weight_unit=1.0, maximum=9.0)
    wires = {
        "ampa": [
            Projection("__call__", "s", weights=UNIFORM, delay=1.5),
            Projection("pool", "out_spikes", name="own", weights=0.5, delay=UNIFORM, rule=rule),
            Projection("__call__", "s", name="more", pattern=connections.FixedInDegree(degree=2), rule=rule),
        ],
        "nmda": Projection("__call__", "s", pattern=connections.FixedInDegree(degree=3), weights=0.3),
        "gaba": Projection("pool", "out_spikes", pattern=connections.FixedProbability(probability=0.5), delay=1.0),
        "fast": Projection("__call__", "s", weights=20.0, signed=False),
        "slow": Projection("__call__", "s", weights=UNIFORM, weight_dtype="float16"),
        "pulse": Projection("pool", "out_spikes", weights=3.0),
        "jump": Projection("__call__", "s", weights=0.5),
        "stimulus": PortMap("__call__", "i"),
    }
    kinds = {
        "ampa": receptors.ExponentialConductanceConfig(tau=5.0),
        "nmda": receptors.NMDAConfig(),
        "gaba": receptors.ExponentialConductanceConfig(tau=10.0, reversal=-80.0),
        "fast": receptors.ExponentialCurrentConfig(tau=3.0),
        "slow": receptors.AlphaCurrentConfig(tau=2.0),
        "pulse": receptors.PulseCurrentConfig(inhibitory=True),
        "jump": receptors.JumpConfig(),
        "stimulus": receptors.CurrentConfig(),
    }
    inputs = {"i": InputSpec(CurrentArray, (1,), "float32")}
    soma = soma or somas.IntegrateAndFireSomaConfig(
        potential_rest=REST, threshold=-52.0 + EACH, resistance=RESISTANCE, potential_tau=MEMBRANE, cooldown=1.0
    )
    return config_of(wires, kinds, inputs=inputs, soma=soma, **{"inhibitory_rate": 0.4, **given})


def built(config):
    made = Brain(config)
    build(made)
    return made


def inputs(first=0, last=STEPS):
    return {"s": SpikeArray(SPIKES[first:last]), "i": CurrentArray(CURRENT[first:last])}


def ran(made, first=0, last=STEPS):
    """Spikes of a run, and the state after it."""
    recording = spark.run(made, last - first, inputs(first, last), record="pool", progress=False)
    return recording["pool"], {path: np.asarray(made.state[path]) for path in made.state}


def same(one, other):
    np.testing.assert_array_equal(one[0], other[0])
    for path, array in one[1].items():
        np.testing.assert_array_equal(other[1][path], array, err_msg=path)


def alike(one, other):
    np.testing.assert_array_equal(one[0], other[0])
    for path, array in one[1].items():
        if array.dtype.kind != "f":
            np.testing.assert_array_equal(other[1][path], array, err_msg=path)
            continue
        largest = np.abs(array.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(
            other[1][path], array, rtol=0, atol=SAME_BRAIN[array.dtype.name] * largest, err_msg=path
        )


def test_conductances_are_integrated_by_exponential_euler():
    kinds = {
        "open": receptors.ExponentialConductanceConfig(tau=4.0, reversal=0.0),
        "shut": receptors.ExponentialConductanceConfig(tau=9.0, reversal=-80.0),
        "jump": receptors.JumpConfig(),
    }
    rng = np.random.default_rng(5)
    weights = {name: rng.uniform(0, scale, (UNITS, SOURCES)) for name, scale in zip(kinds, (3, 2, 1), strict=True)}
    soma = somas.IntegrateAndFireSomaConfig(
        potential_rest=REST,
        threshold=-50.0 + EACH,
        resistance=RESISTANCE,
        potential_tau=MEMBRANE,
        cooldown=2.0,
        background=20.0,
        potential_reset=-61.0,
        potential_first=-58.0,
    )
    made = brain_of({n: Projection("__call__", "s", weights=w) for n, w in weights.items()}, kinds, soma=soma)
    spikes = np.abs(SPIKES)
    potential, fired = traces(made, spikes, "pool.soma.potential", "pool")
    opened, shut, left = np.zeros(UNITS), np.zeros(UNITS), np.zeros(UNITS, int)
    v = np.full(UNITS, -58.0)
    for step, row in enumerate(spikes):
        opened, shut = opened + weights["open"] @ row, shut + weights["shut"] @ row
        scaled = RESISTANCE * 1e-3
        total = 1 + scaled * (opened + shut)
        target = (REST + scaled * (20.0 + opened * 0.0 + shut * -80.0)) / total
        moved = target + (v - target) * np.exp(-DT / MEMBRANE * total) + weights["jump"] @ row
        ready = left == 0
        v = np.where(ready, moved, v)
        spiked = ready & (v > -50.0 + EACH)
        v, left = np.where(spiked, -61.0, v), np.where(spiked, 4, np.maximum(left - 1, 0))
        np.testing.assert_array_equal(fired[step], spiked, err_msg=str(step))
        np.testing.assert_allclose(potential[step], v - REST, rtol=1e-4, atol=1e-4, err_msg=str(step))
        opened, shut = opened * np.exp(-DT / 4.0), shut * np.exp(-DT / 9.0)
    assert fired.sum() > 50


def test_a_pool_fires_where_its_units_reach_thresholds_of_their_own():
    soma = somas.IntegrateAndFireSomaConfig(threshold=-58.0 + 2.0 * np.arange(UNITS), potential_tau=20.0, cooldown=0.0)
    inputs = {"i": InputSpec(CurrentArray, (1,), "float32")}
    made = brain_of({"r": source("i")}, {"r": receptors.CurrentConfig()}, inputs=inputs, soma=soma)
    strong = CurrentArray(np.full((STEPS, 1), 150.0, np.float32))
    (fired,) = traces(made, np.zeros((STEPS, SOURCES), np.int8), "pool", i=strong)
    # V(t) = 15 mV (1 - exp(-t / 20 ms)) above a rest of -60 mV, from every reset on.
    levels = 2.0 + 2.0 * np.arange(UNITS)
    between = np.ceil(-20.0 * np.log(1 - levels / 15.0) / DT)
    np.testing.assert_array_equal(fired.sum(axis=0), STEPS // between)


def test_every_receptor_with_and_without_rules_and_delays_runs_in_one_native_call():
    made = built(everything())
    found = spark.explain(made)
    assert found.one_call and not [m for m in found.modules if m.runs_as == "XLA"]
    assert ran(made)[0].sum() > 100


SOMAS = {
    "integrate and fire": None,
    "leaky": somas.LeakySomaConfig(threshold=-52.0 + EACH),
    "adaptive": somas.AdaptiveLeakySomaConfig(threshold=-52.0),
    "exponential": somas.AdaptiveExponentialSomaConfig(),
    "meter": MeterConfig(held=EACH, resting=-60.0),
}


# One of one's own; pools of the others are among the random ones of `make test`.
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n == "meter" else pytest.mark.slow) for n in SOMAS],
)
def test_native_code_gives_what_array_code_gives(name):
    native = ran(built(everything(SOMAS[name])))
    with array_code():
        made = built(everything(SOMAS[name]))
        assert {m.runs_as for m in spark.explain(made).modules} == {"XLA"}
        alike(native, ran(made))


def test_a_run_gives_what_calls_give_step_by_step():
    made = built(everything())
    whole = ran(made)
    made.reset()
    fired = []
    for step in range(STEPS):
        made(s=SpikeArray(SPIKES[step]), i=CurrentArray(CURRENT[step]))
        fired.append(np.asarray(made.get_spikes_from_cache()["pool"].value) != 0)
    state = {path: np.asarray(made.state[path]) for path in made.state}
    same(whole, (np.array(fired).astype(whole[0].dtype), state))


def test_formulas_computed_together_give_what_they_give_apart(monkeypatch):
    fused, found = fusion._fused, []
    # What is known of a structure stays as long as it.
    monkeypatch.setattr(fusion, "_known", weakref.WeakKeyDictionary())
    monkeypatch.setattr(fusion, "_fused", lambda *given: found.append(fused(*given)) or found[-1])
    with compiled_apart("one formula for all components"):
        expected = ran(built(everything()))
    assert found and None not in found
    with compiled_apart("one formula for each component"):
        monkeypatch.setattr(fusion, "_known", weakref.WeakKeyDictionary())
        monkeypatch.setattr(fusion, "_fused", lambda neuron, members: found.clear())
        made = built(everything())
        assert spark.explain(made).one_call
        alike(expected, ran(made))
    assert not found


def test_a_run_in_pieces_and_one_resumed_from_a_checkpoint_are_the_whole_run(tmp_path):
    whole = ran(built(everything()))
    made = built(everything())
    pieces = [ran(made, 0, 70)[0], ran(made, 70, 150)[0]]
    spark.save_checkpoint(made, tmp_path / "half.safetensors")
    rest, state = ran(made, 150, STEPS)
    same(whole, (np.concatenate([*pieces, rest]), state))
    resumed = ran(spark.load_checkpoint(tmp_path / "half.safetensors"), 150, STEPS)
    same(whole, (np.concatenate([*pieces, resumed[0]]), resumed[1]))


def test_recording_does_not_change_the_run():
    bare = built(everything())
    spark.run(bare, STEPS, inputs(), progress=False)
    loud = built(everything())
    recorded = [*(path for path in loud.state if path.startswith("pool.") and "history" not in path), "pool"]
    spark.run(loud, STEPS, inputs(), record=recorded, progress=False)
    for path in bare.state:
        np.testing.assert_array_equal(np.asarray(loud.state[path]), np.asarray(bare.state[path]), err_msg=path)


def test_a_batch_gives_what_each_brain_gives_alone():
    brains = [built(everything(seed=seed)) for seed in (3, 4)]
    alone = [ran(made) for made in brains]
    for made in brains:
        made.reset()
    found = spark.batch(brains, STEPS, inputs(), record="pool", threads=2, progress=False)
    for one, made, recording in zip(alone, brains, found, strict=True):
        same(one, (recording["pool"], {path: np.asarray(made.state[path]) for path in made.state}))
    assert (alone[0][0] != alone[1][0]).any()

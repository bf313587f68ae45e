"""Gap junctions against closed forms and NumPy, and what they have no meaning for."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, refused
from reference.gap_junctions import coupled
from tolerances import INTEGRATED

import spark
from spark import ConfigError, Projection
from spark.nn import Brain, connections, dendrites, plasticity, receptors, somas
from spark.nn.projections import TsodyksMarkramConfig
from spark.nn.synapses.background import PoissonBackgroundConfig
from spark.sim.run import build

RNG = np.random.default_rng(12)
GAP = {"gap": receptors.GapJunctionConfig()}
# Two pools: potentials at rest and at the beginning, currents; conductances within the first and between them.
RESTS = RNG.uniform(-70, -60, 12), RNG.uniform(-65, -55, 7)
FIRSTS = RESTS[0] + RNG.uniform(-5, 5, 12), RESTS[1] + RNG.uniform(-5, 5, 7)
CURRENTS = RNG.uniform(0, 50, 12), RNG.uniform(0, 50, 7)
BETWEEN = RNG.uniform(0, 0.4, (7, 12)) * (RNG.random((7, 12)) < 0.5)


def leaky(rest: Any, first: Any, current: Any = 0.0) -> somas.IntegrateAndFireSomaConfig:
    """Units of 20 ms and 100 MOhm that never fire."""
    given = {"potential_rest": rest, "potential_first": first, "background": current, "threshold": 100.0}
    return somas.IntegrateAndFireSomaConfig(potential_tau=20.0, resistance=100.0, **given)


def pair(dt: float, conductance: float) -> Brain:
    """Two units, 10 and 4 mV above rest, with a junction that is given in one direction."""
    net = spark.Network(dt=dt, seed=1)
    soma = leaky(-60.0, np.array([-50.0, -56.0]))
    pool = net.pool("pool", 2, soma=soma, receptors=GAP, exposes=("potential",))
    net.connect(pool.potential, pool.gap, weights=np.array([[0.0, conductance], [0.0, 0.0]]))
    return net.build()


def potentials(brain: Brain, steps: int, name: str = "pool", **given: Any) -> np.ndarray:
    """Above rest, mV (steps, units)."""
    return spark.run(brain, steps, record=[f"{name}.soma.potential"], progress=False, **given)[f"{name}.soma.potential"]


def test_two_units_decay_together_as_alone_and_apart_faster_by_twice_their_coupling() -> None:
    """V1 + V2 falls with tau, V1 - V2 with tau / (1 + 2 R g); the step is of the first order."""
    conductance, time = 2.0, np.array([5.0, 10.0, 20.0])
    together, apart = 14.0 * np.exp(-time / 20.0), 6.0 * np.exp(-time / 20.0 * (1.0 + 2.0 * 0.1 * conductance))
    errors = []
    for dt in (0.2, 0.1):
        found = potentials(pair(dt, conductance), round(20.0 / dt))[np.rint(time / dt).astype(int) - 1]
        np.testing.assert_allclose(found.sum(axis=1), together, **INTEGRATED["float32"])
        errors.append(np.abs(found[:, 0] - found[:, 1] - apart).max())
    assert errors[1] < 0.02 and 1.8 < errors[0] / errors[1] < 2.2


def two_pools() -> Brain:
    """Random junctions within the first pool, a table of them between the two."""
    net = spark.Network(dt=0.1, seed=2)
    settings: dict[str, Any] = {"receptors": GAP, "exposes": ("potential",)}
    a, b = (
        net.pool(name, rest.size, soma=leaky(rest, first, current), **settings)
        for name, rest, first, current in zip("ab", RESTS, FIRSTS, CURRENTS, strict=True)
    )
    net.connect(a.potential, a.gap, connections.FixedProbability(probability=0.4), weights=0.3, name="within")
    net.connect(b.potential, a.gap, weights=BETWEEN.T)
    net.connect(a.potential, b.gap, weights=BETWEEN)
    return net.build()


def conductances(brain: Brain) -> np.ndarray:
    """Of all units of both pools, nS, (unit, source)."""
    all_of = np.zeros((19, 19))
    all_of[:12, :12] = brain.connections("a.within").to_matrix()
    all_of[:12, 12:] = brain.connections("a.b_gap").to_matrix()
    all_of[12:, :12] = brain.connections("b.gap").to_matrix()
    return all_of


def test_junctions_within_a_pool_join_both_ways_and_no_unit_with_itself() -> None:
    brain = two_pools()
    build(brain)
    found = conductances(brain)
    np.testing.assert_array_equal(found, found.T)
    within = found[:12, :12]
    assert set(np.unique(within)) == {0.0, np.float32(0.3)} and not np.diag(within).any()
    assert 0.45 < (within > 0).mean() < 0.8  # Drawn in one direction of two, or in both.
    np.testing.assert_allclose(found[12:, :12], BETWEEN, rtol=1e-6)


@pytest.mark.thorough
def test_pools_whose_rests_differ_run_as_in_numpy_compiled_as_array_code_and_by_threads() -> None:
    brain = two_pools()
    build(brain)
    expected = coupled(
        np.concatenate(FIRSTS), np.concatenate(RESTS), conductances(brain), np.concatenate(CURRENTS), 300, 0.1
    )
    paths = ["a.soma.potential", "b.soma.potential"]

    def run(**given: Any) -> np.ndarray:
        recording = spark.run(two_pools(), 300, record=paths, progress=False, **given)
        return np.hstack([recording[path] + rest for path, rest in zip(paths, RESTS, strict=True)])

    np.testing.assert_allclose(run(), expected, rtol=1e-6, atol=1e-4)
    assert spark.explain(brain).one_call
    ways = {module.path: module.runs_as for module in spark.explain(brain).modules}
    assert (ways["a.gap_projections"], ways["a.gap"]) == ("op", "compiled")
    np.testing.assert_array_equal(run(threads=2), run(threads=1))
    with array_code():
        np.testing.assert_allclose(run(), expected, rtol=1e-6, atol=1e-4)


def test_files_and_new_conductances_keep_what_is_coupled(tmp_path: Path) -> None:
    brain = two_pools()
    first = potentials(brain, 50, "a")
    spark.save_model(brain.config, tmp_path / "coupled.spark.json")
    loaded = spark.load_model(tmp_path / "coupled.spark.json")
    assert loaded.config == brain.config
    np.testing.assert_array_equal(potentials(loaded, 50, "a"), first)
    spark.save_checkpoint(brain, tmp_path / "coupled.safetensors")
    again = spark.load_checkpoint(tmp_path / "coupled.safetensors")
    np.testing.assert_array_equal(potentials(again, 50, "a"), potentials(brain, 50, "a"))
    table = brain.connections("a.within")
    other = two_pools()
    build(other)
    stronger = other.with_weights({"a.within": 2.0 * table.weights})
    np.testing.assert_allclose(stronger.connections("a.within").weights, 0.6, rtol=1e-6)
    doubled = conductances(brain)
    doubled[:12, :12] *= 2.0
    expected = coupled(np.concatenate(FIRSTS), np.concatenate(RESTS), doubled, np.concatenate(CURRENTS), 50, 0.1)
    np.testing.assert_allclose(potentials(stronger, 50, "a") + RESTS[0], expected[:, :12], rtol=1e-6, atol=1e-4)


def test_new_conductances_within_a_pool_are_the_same_both_ways() -> None:
    brain = pair(0.1, 2.0)
    build(brain)
    text = "a gap junction conducts as well either way, got 1 from 0 to 1 and 3 from 1 to 0. Give both the same"
    for path in ("pool.gap", "pool.pool_gap"):
        with refused(spark.ArgumentError, f"with_weights.{path}: {text} conductance, in nS"):
            brain.with_weights({path: np.array([1.0, 3.0])})
    # Between two pools each direction is its own.
    made = two_pools()
    build(made)
    with pytest.raises(spark.StateError, match="means several projections"):
        made.with_weights({"a.gap": made.connections("a.gap").weights})
    assert made.with_weights({"b.gap": 2.0 * made.connections("b.gap").weights})


@pytest.mark.thorough
def test_derivatives_pass_through_a_junction_also_where_the_source_is_exactly_at_rest() -> None:
    """The system is linear, so that a difference of any size is the derivative."""
    net = spark.Network(dt=0.1, seed=1)
    one = net.pool(
        "one", 1, soma=leaky(-60.0, -60.0), receptors={"c": receptors.CurrentConfig()}, exposes=("potential",)
    )
    two = net.pool("two", 1, soma=leaky(-60.0, -60.0), receptors=GAP)
    net.connect(net.input("c", 1, spark.CurrentArray), one.c)
    net.connect(one.potential, two.gap, weights=5.0)
    brain = net.build()
    build(brain)
    graph, state = spark.split(brain)

    def last(current: Any) -> Any:
        given = {"c": spark.CurrentArray(current * jnp.ones(1))}
        return spark.unroll(graph, state, 50, given, record=["two.soma.potential"]).recorded["two.soma.potential"][
            -1, 0
        ]

    expected = last(10.0) / 10.0
    assert expected > 1e-4
    np.testing.assert_allclose(jax.vmap(jax.grad(last))(jnp.array([0.0, 1.0])), expected, rtol=1e-4)


def test_conductances_are_no_parameters_of_unroll_which_would_change_a_half_of_the_current() -> None:
    brain = two_pools()
    build(brain)
    text = (
        "{}: is of gap junctions, of whose current a half is known at build: derivatives would miss it. Give other "
        "conductances by `brain.with_weights`, which builds both halves"
    )
    for path, array in (
        ("a.within", brain.connections("a.within").weights),
        ("a.gap_projections.rows_weights", np.ones(brain.connections("a.gap").weights.shape)),
        ("a.gap.total", np.ones(12)),
    ):
        with refused(spark.ArgumentError, text.format(f"unroll.parameters.{path}")):
            spark.unroll(*spark.split(brain), 1, parameters={path: array})


SETTINGS = [
    ({"delay": 1.0}, "delay", "ConstantInitializer"),
    ({"rule": plasticity.PairRuleConfig()}, "rule", "PairRuleConfig"),
    ({"short_term": TsodyksMarkramConfig()}, "short_term", "TsodyksMarkramConfig"),
    ({"signed": True}, "signed", "True"),
    ({"weight_dtype": "float16"}, "weight_dtype", "float16"),
]


@pytest.mark.parametrize(("given", "name", "got"), SETTINGS, ids=[name for _, name, _ in SETTINGS])
def test_settings_of_spikes_are_refused(given: Any, name: str, got: str) -> None:
    net = spark.Network(dt=0.1, seed=1)
    pool = net.pool("pool", 3, receptors=GAP, exposes=("potential",))
    net.connect(pool.potential, pool.gap, name="own", **given)
    text = f"pool.own.{name}: is for projections of spikes, got {got} where potentials arrive. Leave it out"
    with refused(ConfigError, text):
        build(net.build())


def test_negative_conductances_are_refused() -> None:
    text = "pool.own.weights: must be at least 0 nS at gap junctions, got -1. Give conductances; a current flows either"
    net = spark.Network(dt=0.1, seed=1)
    pool = net.pool("pool", 3, receptors=GAP, exposes=("potential",))
    net.connect(pool.potential, pool.gap, name="own", weights=-1.0)
    with refused(ConfigError, f"{text} way through them"):
        build(net.build())


def test_what_a_soma_does_not_have_is_not_exposed() -> None:
    text = "PoolConfig.exposes: is no property of IntegrateAndFireSomaConfig's soma, got 'potentials'; expected one of"
    with refused(ConfigError, f"{text} ['potential']. Did you mean 'potential'?"):
        spark.nn.PoolConfig(units=(3,), exposes=("potentials",))


def test_gap_junctions_lie_on_no_dendrite() -> None:
    text = "PoolConfig.onto.gap: couples potentials of somas, got GapJunctionConfig on the dendrite 'apical', whose own"
    apical = {"apical": dendrites.LeakyDendriteConfig()}
    with refused(ConfigError, f"{text} is another; charge would be lost. Leave it on the soma"):
        spark.nn.PoolConfig(units=(3,), receptors=GAP, dendrites=apical, onto={"gap": "apical"})


@pytest.mark.parametrize(
    ("kind", "takes"), [(receptors.GapJunctionConfig, "PotentialArray"), (receptors.CurrentConfig, "CurrentArray")]
)
def test_random_spikes_do_not_fit_receptors_of_potentials_and_currents(kind: Any, takes: str) -> None:
    text = f"PoolConfig.background.r: is of spikes, got the receptor {kind.__name__}, which takes {takes}; expected one"
    with refused(ConfigError, f"{text} that takes spikes. Leave it out"):
        spark.nn.PoolConfig(
            units=(3,), receptors={"r": kind()}, background={"r": PoissonBackgroundConfig(rate=5.0, weight=1.0)}
        )


def test_what_a_dendrite_in_a_soma_and_a_threshold_are_measured_from_is_known_to_a_junction() -> None:
    """A unit at -60 mV, joined to a dendrite at rest at -60 mV, stays; joined to a threshold of -40 mV it rises."""
    for soma, exposed, other in (
        (somas.TwoCompartmentSomaConfig(potential_rest=-60.0, potential_first=-60.0), "dendrite", -60.0),
        (somas.AdaptiveLeakySomaConfig(threshold=-40.0), "threshold", -40.0),
    ):
        net = spark.Network(dt=0.1, seed=1)
        one = net.pool("one", 1, soma=soma, receptors={"c": receptors.CurrentConfig()}, exposes=(exposed,))
        two = net.pool("two", 1, soma=leaky(-60.0, -60.0), receptors=GAP)
        net.connect(net.input("c", 1, spark.CurrentArray), one.c)
        net.connect(one.port(exposed), two.gap, weights=10.0)
        given = {"c": spark.CurrentArray(np.zeros((1, 1), np.float32))}
        found = potentials(net.build(), 1, "two", inputs=given)[0, 0]
        expected = -np.expm1(-0.1 / 20.0) * 0.1 * 10.0 * (other + 60.0)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_spikes_do_not_fit_a_gap_junction() -> None:
    net = spark.Network(dt=0.1, seed=1)
    pool = net.pool("pool", 3, receptors=GAP)
    net.connect(pool, pool.gap)
    with refused(
        spark.WiringError,
        "pool.gap[0]: has the wrong payload type, got SpikeArray from 'pool.out_spikes'; expected PotentialArray. "
        "Wire a port of that type, or put an interface between",
    ):
        build(net.build())


def test_a_projection_of_potentials_survives_json() -> None:
    wire = Projection("pool", "potential", name="own", weights=0.5)
    net = spark.Network(dt=0.1, seed=1)
    net.pool("pool", 3, receptors=GAP, exposes=("potential",)).inputs["gap"] = [wire]
    config = net.config()
    assert type(config).from_json(config.to_json()) == config


def test_a_soma_written_as_text_exposes_its_potential_whatever_it_calls_it() -> None:
    soma = somas.from_equations(
        "dv/dt = (I*100*MOhm - v)/(20*ms) : mV", threshold="v > 90*mV", reset="v = 0*mV", first={"v": "5*mV"}
    )
    net = spark.Network(dt=0.1, seed=1)
    pool = net.pool("pool", 2, soma=soma, receptors=GAP, exposes=("potential",))
    net.connect(pool.potential, pool.gap, weights=1.0)
    brain = net.build()
    spark.run(brain, 5, progress=False)
    assert spark.explain(brain).one_call
    np.testing.assert_array_equal(brain.state["cache.pool.potential"], brain.state["pool.soma.v"])

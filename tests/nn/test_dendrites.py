"""Dendrites against closed forms and NumPy, in pools with receptors, and in files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from drawing import some
from reference import dendrites as reference
from tolerances import INTEGRATED

import spark
from spark import ConfigError, CurrentArray, InputSpec, ModuleSpecs, PortMap, Projection, SpikeArray
from spark.nn import Brain, BrainConfig, Pool, PoolConfig, dendrites, receptors, somas
from spark.sim.run import build

DT, STEPS, UNITS = 0.1, 1500, 4
RNG = np.random.default_rng(5)
SPIKES = (RNG.random((STEPS, 6)) < 0.02).astype(np.int8)
WEIGHTS = RNG.uniform(0.5, 2.0, (UNITS, 6))
# A current into the dendrite: nothing, then more for each unit, then nothing.
DRIVE = np.zeros((STEPS, UNITS), np.float32)
DRIVE[200:900] = np.linspace(100.0, 900.0, UNITS)
SOMA = somas.IntegrateAndFireSomaConfig(
    potential_rest=-65.0, potential_first=-65.0, potential_reset=-65.0, threshold=-50.0, background=60.0
)


def brain(dendrite: Any, **given: Any) -> Brain:
    """A pool whose dendrite `apical` gets a current, and conductances by spikes; the soma gets nothing else."""
    kinds = {"drive": receptors.CurrentConfig(), "synapses": receptors.ExponentialConductanceConfig(tau=5.0)}
    wires = {"drive": PortMap("__call__", "drive"), "synapses": Projection("__call__", "s", weights=WEIGHTS)}
    onto = {"drive": "apical", "synapses": "apical"}
    config = PoolConfig(
        units=(UNITS,), **{"soma": SOMA, "receptors": kinds, "dendrites": {"apical": dendrite}, "onto": onto, **given}
    )
    inputs = {"s": InputSpec(SpikeArray, (6,), "int8"), "drive": InputSpec(CurrentArray, (UNITS,), "float32")}
    specs = [ModuleSpecs("pool", Pool, wires, config)]
    return Brain(BrainConfig(input_map=inputs, modules_map=specs, dt=DT, seed=1))


def traces(of: Brain, *paths: str, **given: Any) -> list[np.ndarray]:
    """What is recorded at these paths, float64."""
    inputs = {"s": SpikeArray(SPIKES), "drive": CurrentArray(DRIVE)}
    found = spark.run(of, STEPS, inputs, record=list(paths), progress=False, **given)
    return [found[path].astype(np.float64) for path in paths]


KINDS: dict[str, tuple[Any, Any]] = {
    "leaky": (dendrites.LeakyDendriteConfig(potential_rest=-70.0, coupling=15.0), reference.leaky),
    "plateau": (dendrites.PlateauDendriteConfig(), reference.plateau),
    "backpropagating": (dendrites.BackpropagatingDendriteConfig(), reference.backpropagating),
}


@pytest.mark.parametrize("kind", some(KINDS, 3, 1, thorough=1))
def test_a_pool_with_a_dendrite_runs_as_in_numpy_compiled_and_as_array_code(kind: str) -> None:
    config, by_hand = KINDS[kind]
    arriving = SPIKES @ WEIGHTS.T
    made = brain(config)
    paths = ["pool.apical.potential", "pool.soma.potential", "pool"]
    fired = traces(made, *paths)[2]
    dendrite, soma, spikes = by_hand(DRIVE, arriving, DT)
    np.testing.assert_array_equal(fired, spikes)
    if kind != "plateau":
        assert fired.sum() > 3
    found = traces(brain(config), *paths)
    np.testing.assert_allclose(found[0], dendrite, rtol=1e-4, atol=2e-3)
    np.testing.assert_allclose(found[1], soma, rtol=1e-4, atol=2e-3)
    build(made)
    explained = spark.explain(made)
    assert explained.one_call and {m.runs_as for m in explained.modules} == {"op", "compiled"}
    np.testing.assert_array_equal(traces(brain(config), *paths, threads=2)[0], found[0])
    with array_code():
        np.testing.assert_allclose(traces(brain(config), *paths)[0], dendrite, rtol=1e-4, atol=2e-3)


def quiet(dendrite: Any, kinds: Any, **given: Any) -> Brain:
    """One unit whose soma never fires by itself, with these receptors on its dendrite."""
    soma = somas.IntegrateAndFireSomaConfig(potential_rest=-65.0, potential_first=-65.0, threshold=100.0)
    onto = dict.fromkeys(kinds, "apical")
    config = PoolConfig(
        units=(1,), **{"soma": soma, "receptors": kinds, "dendrites": {"apical": dendrite}, "onto": onto, **given}
    )
    inputs: dict[str, InputSpec] = {
        name: InputSpec(CurrentArray, (1,), "float32") if "drive" in name else InputSpec(SpikeArray, (6,), "int8")
        for name in config.receptors
    }
    wires = {name: PortMap("__call__", name) for name in config.receptors}
    return Brain(BrainConfig(input_map=inputs, modules_map=[ModuleSpecs("pool", Pool, wires, config)], dt=DT, seed=1))


def pulse(picoamperes: float, first: int, last: int, steps: int = 1000) -> CurrentArray:
    """A current between two steps."""
    found = np.zeros((steps, 1), np.float32)
    found[first:last] = picoamperes
    return CurrentArray(found)


def test_a_leaky_dendrite_and_its_soma_settle_where_ohms_law_has_them() -> None:
    """Of 100 pA into the dendrite a part flows on into the soma: two leaks of 10 nS, joined by 15 nS."""
    made = quiet(
        dendrites.LeakyDendriteConfig(potential_rest=-65.0, coupling=15.0), {"drive": receptors.CurrentConfig()}
    )
    given = {"drive": pulse(100.0, 0, 4000, 4000)}
    paths = ["pool.apical.potential", "pool.soma.potential"]
    found = spark.run(made, 4000, given, record=paths, progress=False)
    expected = np.linalg.solve([[25.0, -15.0], [-15.0, 25.0]], [100.0, 0.0])
    np.testing.assert_allclose([found[path][-1, 0] for path in paths], expected, **INTEGRATED["float32"])


def test_a_leaky_dendrite_comes_near_the_exact_two_compartments_by_the_first_order() -> None:
    errors = []
    for dt in (0.2, 0.1):
        steps = round(30.0 / dt)
        kinds = {"drive": receptors.CurrentConfig()}
        shared = {"potential_rest": -65.0, "potential_first": -65.0, "threshold": 100.0}
        exact = PoolConfig(units=(1,), soma=somas.TwoCompartmentSomaConfig(**shared, coupling=15.0), receptors=kinds)
        ours = PoolConfig(
            units=(1,),
            soma=somas.IntegrateAndFireSomaConfig(**shared),
            receptors=kinds,
            dendrites={"apical": dendrites.LeakyDendriteConfig(potential_rest=-65.0, coupling=15.0)},
            onto={"drive": "apical"},
        )
        wires = {"drive": PortMap("__call__", "drive")}
        specs = [ModuleSpecs("exact", Pool, wires, exact), ModuleSpecs("ours", Pool, wires, ours)]
        inputs = {"drive": InputSpec(CurrentArray, (1,), "float32")}
        both = Brain(BrainConfig(input_map=inputs, modules_map=specs, dt=dt, seed=1))
        paths = ["exact.soma.potential", "ours.soma.potential"]
        found = spark.run(both, steps, {"drive": pulse(200.0, 0, steps, steps)}, record=paths, progress=False)
        errors.append(np.abs(found[paths[0]] - found[paths[1]]).max())
    assert errors[1] < 0.1 and 1.8 < errors[0] / errors[1] < 2.2


def test_a_plateau_answers_more_than_in_proportion_and_outlasts_its_input() -> None:
    made = quiet(dendrites.PlateauDendriteConfig(), {"drive": receptors.CurrentConfig()})

    def response(picoamperes: float) -> np.ndarray:
        path = "pool.apical.potential"
        made.reset()
        return spark.run(made, 1000, {"drive": pulse(picoamperes, 100, 150)}, record=path, progress=False)[path][:, 0]

    weak, strong = response(800.0), response(2000.0)
    assert strong.max() > 1.15 * 2.5 * weak.max()
    # 10 ms after the end of 5 ms of current.
    assert strong[250] > 0.7 * strong.max() and weak[250] < 0.25 * weak.max()
    assert abs(strong[-1]) < 1.0


def test_a_plateau_is_shut_however_far_below_its_onset_a_dendrite_lies() -> None:
    """By a slope far below what is missing to the onset, and by a potential of below -500 mV."""
    paths = ["pool.apical.potential", "pool.soma.potential"]
    steep, low = dendrites.PlateauDendriteConfig(slope=0.2), dendrites.PlateauDendriteConfig()
    for dendrite, picoamperes in ((steep, 0.0), (low, -18000.0)):
        made = quiet(dendrite, {"drive": receptors.CurrentConfig()})
        found = spark.run(made, 500, {"drive": pulse(picoamperes, 0, 500, 500)}, record=paths, progress=False)
        apical, soma = (found[path] for path in paths)
        assert np.isfinite(apical).all() and apical.max() < 1e-12
        assert picoamperes == 0.0 or apical.min() < -500.0
        # The soma falls as it does alone.
        np.testing.assert_allclose(soma[101:], soma[100:-1] * np.exp(-DT / 20.0), rtol=1e-5, atol=1e-12)


def alone(tau: float, membrane: float, megaohm: float, steps: int) -> np.ndarray:
    """Potential after each step from a current of 1 pA that decays from the first step's beginning on."""
    t = DT * np.arange(1, steps + 1)
    return 1e-3 * megaohm * tau / (tau - membrane) * (np.exp(-t / tau) - np.exp(-t / membrane))


@pytest.mark.parametrize(
    ("dendrite", "membrane", "megaohm"),
    [
        (dendrites.LeakyDendriteConfig(potential_rest=-65.0, coupling=15.0), 20.0 / 2.5, 100.0 / 2.5),
        (dendrites.PlateauDendriteConfig(resistance=40.0, regenerative=0.0, adaptation=0.0), 7.0, 40.0),
    ],
    ids=["leaky", "plateau"],
)
def test_a_decaying_current_into_a_dendrite_is_integrated_exactly(
    dendrite: Any, membrane: float, megaohm: float
) -> None:
    """The soma's resistance is so low that its potential stays."""
    soma = somas.IntegrateAndFireSomaConfig(potential_rest=-65.0, potential_first=-65.0, resistance=1e-6)
    made = quiet(dendrite, {"synapses": receptors.ExponentialCurrentConfig(tau=1.5)}, soma=soma)
    spikes = np.zeros((100, 6), np.int8)
    spikes[0, 0] = 1
    path = "pool.apical.potential"
    found = spark.run(made, 100, {"synapses": SpikeArray(spikes)}, record=path, progress=False)[path][:, 0]
    weight = made.connections("pool.synapses").weights[0]
    np.testing.assert_allclose(found, weight * alone(1.5, membrane, megaohm, 100), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dendrite_on_which_nothing_lies_runs_as_with_no_input(kind: str) -> None:
    config, by_hand = KINDS[kind]
    paths = ["pool.apical.potential", "pool.soma.potential"]
    nothing = {"receptors": {"drive": receptors.CurrentConfig()}, "onto": {}}
    pool = PoolConfig(units=(UNITS,), soma=SOMA, dendrites={"apical": config}, **nothing)
    inputs = {"drive": InputSpec(CurrentArray, (UNITS,), "float32")}
    specs = [ModuleSpecs("pool", Pool, {"drive": PortMap("__call__", "drive")}, pool)]
    made = Brain(BrainConfig(input_map=inputs, modules_map=specs, dt=DT, seed=1))
    given = {"drive": CurrentArray(np.zeros((200, UNITS), np.float32))}
    found = spark.run(made, 200, given, record=paths, progress=False)
    expected = by_hand(np.zeros((200, UNITS)), np.zeros((200, UNITS)), DT)
    for path, potential in zip(paths, expected, strict=False):
        np.testing.assert_allclose(found[path], potential, rtol=1e-4, atol=2e-3)


def test_an_action_potential_that_runs_back_makes_a_plateau_of_input_that_alone_makes_none() -> None:
    """Neither the input nor the spike does by itself (Larkum, Zhu & Sakmann 1999)."""
    soma = somas.IntegrateAndFireSomaConfig(potential_rest=-65.0, potential_first=-65.0, potential_reset=-65.0)
    kinds = {"drive": receptors.CurrentConfig(), "soma_drive": receptors.CurrentConfig()}
    weak = dendrites.BackpropagatingDendriteConfig(into_soma=0.0)
    made = quiet(weak, kinds, soma=soma, onto={"drive": "apical"})

    def high_for(dendrite: float, fires: float) -> float:
        """How long, ms, the dendrite is above -40 mV; the soma is made to fire once, or not."""
        made.reset()
        given = {"drive": pulse(dendrite, 100, 200), "soma_drive": pulse(fires, 140, 145)}
        record = ["pool.apical.potential", "pool"]
        found = spark.run(made, 1000, given, record=record, progress=False)
        assert (found["pool"] != 0).sum() == (fires > 0)
        return float((found["pool.apical.potential"] > 30.0).sum() * DT)

    alone, spike, both = high_for(600.0, 0.0), high_for(0.0, 8000.0), high_for(600.0, 8000.0)
    assert alone == 0.0 and both > spike + 5.0


def test_nmda_receptors_read_the_dendrite_they_lie_on_and_many_make_a_spike_of_it() -> None:
    """Six inputs at once raise a dendrite with NMDA receptors by more than six times one; with AMPA alone by less."""
    dendrite = dendrites.LeakyDendriteConfig(potential_rest=-70.0, coupling=0.2, resistance=2000.0)

    def peak(kind: Any, inputs: int) -> float:
        spikes = np.zeros((1000, 6), np.int8)
        spikes[100, :inputs] = 1
        made = quiet(dendrite, {"synapses": kind})
        record = "pool.apical.potential"
        given = {"synapses": SpikeArray(spikes)}
        return float(spark.run(made, 1000, given, record=record, progress=False)[record].max())

    nmda, ampa = receptors.NMDAConfig(tau=50.0), receptors.ExponentialConductanceConfig(tau=5.0)
    assert peak(nmda, 6) > 7.0 * peak(nmda, 1)
    assert peak(ampa, 6) < 5.5 * peak(ampa, 1)


def test_a_pool_with_dendrites_survives_json_and_files(tmp_path: Path) -> None:
    made = brain(dendrites.BackpropagatingDendriteConfig(back=np.linspace(1000.0, 3000.0, UNITS)))
    first = traces(made, "pool.apical.potential")[0]
    assert type(made.config).from_json(made.config.to_json()) == made.config
    spark.save_model(made.config, tmp_path / "dendrite.spark.json")
    again = spark.load_model(tmp_path / "dendrite.spark.json")
    assert again.config == made.config
    np.testing.assert_array_equal(traces(again, "pool.apical.potential")[0], first)


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"onto": {"driv": "apical"}},
        "PoolConfig.onto: names no receptor, got 'driv'; expected one of ['drive', 'synapses'].",
    ),
    ({"onto": {"drive": "apcal"}}, "PoolConfig.onto: names no dendrite, got 'apcal'; expected one of ['apical']."),
    (
        {"dendrites": {"drive": dendrites.LeakyDendriteConfig()}, "onto": {}},
        "PoolConfig.dendrites: has the name of a receptor, got 'drive'.",
    ),
]


@pytest.mark.parametrize(("given", "text"), WRONG, ids=["receptor", "dendrite", "name"])
def test_what_does_not_fit_together_is_refused(given: Any, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        brain(dendrites.LeakyDendriteConfig(), **given)
    assert str(caught.value).startswith(text)


def test_a_leaky_dendrite_wants_a_soma_that_has_a_potential() -> None:
    text = (
        "pool.config.dendrites.apical: reads the potential of the soma, and PoissonSoma exposes none. "
        "Take another dendrite, or let the soma expose `potential`"
    )
    with refused(ConfigError, text):
        build(brain(dendrites.LeakyDendriteConfig(), soma=somas.PoissonSomaConfig()))

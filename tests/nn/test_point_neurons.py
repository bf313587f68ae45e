"""Point neurons with sparse synapses: exact integration, delays, refractoriness, and native equal to JAX."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest
from builders import array_code, refused
from drawing import examples
from hypothesis import given
from hypothesis import strategies as st
from tolerances import INTEGRATED, SAME_BRAIN

import spark
from spark import ModuleSpecs, PortMap, kernels
from spark.nn import Brain, BrainConfig
from spark.nn.connections import FixedProbability
from spark.nn.initializers import UniformInitializer
from spark.nn.neurons import (
    AdExNeuron,
    AdExNeuronConfig,
    ConductanceLIFNeuron,
    ConductanceLIFNeuronConfig,
    CurrentLIFNeuron,
    CurrentLIFNeuronConfig,
    DeltaLIFNeuron,
    DeltaLIFNeuronConfig,
)
from spark.nn.somas import AdaptiveExponentialSoma, IntegrateAndFireSoma
from spark.nn.synapses import PoissonBackground, poisson_bounds

needs_native = pytest.mark.skipif(not kernels.status().available, reason="no native kernels on this machine")
KINDS = {
    "current": (CurrentLIFNeuron, CurrentLIFNeuronConfig, {"potential_rest": -49.0, "resistance": 1000.0}, (1.62, 9.0)),
    "conductance": (ConductanceLIFNeuron, ConductanceLIFNeuronConfig, {"drive": 20.0}, (0.6, 6.7)),
    "adaptive": (AdExNeuron, AdExNeuronConfig, {"background": 900.0}, (40.0, 200.0)),
    "delta": (DeltaLIFNeuron, DeltaLIFNeuronConfig, {"background": 120.0}, (0.3, 1.5)),
}


def network(kind, delay=0.1, weights=None, background=0.0, units=200, spread=0.0, **settings):
    """An excitatory and an inhibitory pool, each wired to both."""
    neuron, config, soma, strengths = KINDS[kind]
    synapses = {"connections": FixedProbability(probability=0.1), "delay": delay, **settings}
    strengths = weights or strengths
    drive = "drive" if kind == "conductance" else "background"
    driven = {drive: soma.get(drive, 0.0) + np.linspace(0, spread, units)} if spread else {}
    wires = {"excitation": [PortMap("exc", "out_spikes")], "inhibition": [PortMap("inh", "out_spikes")]}
    pools = {
        name: ModuleSpecs(
            name,
            neuron,
            wires,
            config(
                units=(size,),
                dt=0.1,
                inhibitory_rate=sign,
                background__rate=background,
                background__weight=KINDS[kind][3][0],
                soma={
                    **soma,
                    **{name: values[:size] for name, values in driven.items()},
                    "potential_first": np.linspace(-65, -51, size),
                },
                **{f"excitatory__{k}": v for k, v in {**synapses, "kernel": strengths[0]}.items()},
                **{f"inhibitory__{k}": v for k, v in {**synapses, "kernel": strengths[1]}.items()},
            ),
        )
        for name, size, sign in (("exc", units * 4 // 5, 0.0), ("inh", units // 5, 1.0))
    }
    return Brain(BrainConfig(input_map={}, output_map={}, modules_map=pools, dt=0.1, seed=5))


def spikes_of(brain, steps):
    fired = []
    for _ in range(steps):
        brain()
        fired.append(np.concatenate([np.asarray(s.value).ravel() for s in brain.get_spikes_from_cache().values()]))
    return np.array(fired)


CHANGES = {
    "plain": {},
    "delayed": {"delay": 1.5},
    "delays of each": {"delay": UniformInitializer(low=0.1, high=3.0)},
    "random weights": {"weights": (UniformInitializer(low=0.0, high=2.0), 4.0)},
    "background": {"background": 900.0},
    "driven apart": {"spread": 3.0},
    "half precision": {"background": 900.0, "delay": 0.4, "weight_dtype": "float16"},
}
# Of the changes two that have parts of most others (half precision has a delay and a background), with the two kinds
# that have most parts, one of them among the thorough tests; all pairs, each of which compiles, in `make verify`.
ALL = [(kind, change) for change in CHANGES for kind in KINDS]
SOME = {("conductance", "delays of each"): [], ("adaptive", "half precision"): pytest.mark.thorough}


@pytest.mark.thorough
@needs_native
@pytest.mark.parametrize(
    ("kind", "change"), [pytest.param(*pair, marks=SOME.get(pair, pytest.mark.slow)) for pair in ALL]
)
def test_native_steps_equal_array_code(kind, change):
    changes = CHANGES[change]
    native = network(kind, **changes)
    expected = spikes_of(native, 400)
    assert expected.any()
    with array_code():
        plain = network(kind, **changes)
        np.testing.assert_array_equal(spikes_of(plain, 400), expected)
    for path in native.state:
        found, wanted = (np.asarray(brain.state[path]) for brain in (native, plain))
        largest = np.abs(wanted.astype(np.float64)).max(initial=1.0)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=SAME_BRAIN["float32"] * largest, err_msg=path)


def built(cls, inputs, **given):
    """A module of one pool, and a function that steps it."""
    return cls(**given), inputs


@pytest.mark.parametrize("tau", [0.5, 5.0, 20.0, 20.0 + 1e-9])
def test_an_exponential_current_is_integrated_exactly(tau):
    """Closed form of a leaky membrane after one presynaptic spike; tau = 20 ms is the singular case."""
    dt, membrane, weight, steps = 0.1, 20.0, 50.0, 2000
    config = CurrentLIFNeuronConfig(
        units=(1,),
        dt=dt,
        excitatory__tau=tau,
        excitatory__connections="all_to_all",
        excitatory__kernel=weight,
        excitatory__delay=dt,
        inhibitory__connections="all_to_all",
        soma__potential_tau=membrane,
        soma__resistance=100.0,
    )
    wires = {"excitation": PortMap("__call__", "spikes"), "inhibition": PortMap("__call__", "silence")}
    inputs = {name: spark.InputSpec(spark.SpikeArray, (1,), "int8") for name in ("spikes", "silence")}
    pools = [ModuleSpecs("pool", CurrentLIFNeuron, wires, config)]
    brain = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=pools, dt=dt))
    given = {
        "spikes": spark.SpikeArray((np.arange(steps) == 0).astype(np.int8)[:, None]),
        "silence": spark.SpikeArray(np.zeros(1, np.int8)),
    }
    found = spark.run(brain, steps, given, record=["pool.soma.potential"])["pool.soma.potential"][:, 0]
    # The delay of one step counts from the input's own step.
    t = dt * np.arange(steps)
    current = weight * 1e-3 * 100.0
    if abs(tau - membrane) < 1e-6:
        expected = current * t / membrane * np.exp(-t / membrane)
    else:
        expected = current * tau / (tau - membrane) * (np.exp(-t / tau) - np.exp(-t / membrane))
    np.testing.assert_allclose(found, expected, **INTEGRATED["float32"])


@given(st.floats(0.1, 3.0))
@examples(5, 30)
def test_a_spike_takes_effect_after_its_delay(delay):
    """Of an input no wire takes a step: the potential jumps in the step at which the whole delay has passed."""
    config = DeltaLIFNeuronConfig(
        units=(1,),
        dt=0.1,
        excitatory__connections="all_to_all",
        excitatory__kernel=2.0,
        excitatory__delay=delay,
        inhibitory__connections="all_to_all",
    )
    pool = DeltaLIFNeuron(config)
    nothing = spark.SpikeArray(jnp.zeros(1, jnp.int8))
    for step in range(round(delay / 0.1) + 1):
        assert step == 0 or float(pool.state["soma.potential"][0]) == 0.0
        pool(excitation=spark.SpikeArray(jnp.array([step == 0], jnp.int8)), inhibition=nothing)
    assert float(pool.state["soma.potential"][0]) == 2.0


def test_the_potential_is_held_while_refractory():
    driven = {"potential_tau": 10.0, "background": 500.0}
    soma = IntegrateAndFireSoma(units=(1,), dt=1.0, cooldown=3.0, potential_reset=-55.0, **driven)
    fired, potentials = [], []
    for _ in range(12):
        out = soma(current=spark.CurrentArray(jnp.zeros(1)))
        fired.append(int(out["spikes"].value[0]))
        potentials.append(float(soma.state["potential"][0]))
    first = fired.index(1)
    assert potentials[first : first + 4] == [5.0] * 4
    assert potentials[first + 4] != 5.0
    assert not any(fired[first + 1 : first + 4])


def test_conductances_settle_at_the_weighted_mean_of_the_reversal_potentials():
    soma = IntegrateAndFireSoma(units=(1,), dt=0.1, resistance=1000.0, background=5.0, threshold=1000.0)
    at_rest = spark.CurrentArray(jnp.full(1, 0.5 * 60.0 + 2.0 * -20.0))
    for _ in range(4000):
        soma(current=at_rest, conductance=spark.ConductanceArray(jnp.full(1, 2.5)))
    expected = (5.0 + 0.5 * 60.0 + 2.0 * -20.0) / (1 + 0.5 + 2.0)
    np.testing.assert_allclose(soma.state["potential"], [expected], **INTEGRATED["float32"])


# The first ones are also checked with their example configs, among all modules, in core/test_check_module.py.
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: IntegrateAndFireSoma(units=(5,)), marks=pytest.mark.slow),
        pytest.param(lambda: AdaptiveExponentialSoma(units=(5,)), marks=pytest.mark.slow),
        lambda: PoissonBackground(units=(5,), rate=100.0),
    ],
)
def test_components_keep_the_contract_of_a_module(made):
    module = made()
    spark.check_module(type(module), config=module.config)


def test_background_events_have_a_poisson_distribution():
    bounds = poisson_bounds(2.0)
    chance = np.diff(np.concatenate([[0], bounds.astype(float), [2.0**32]])) / 2.0**32
    expected = np.array([np.exp(-2.0) * 2.0**k / np.prod(np.arange(1, k + 1, dtype=float)) for k in range(12)])
    np.testing.assert_allclose(chance[:12], expected, atol=1e-9)


def test_background_events_come_at_the_rate_that_was_asked_for():
    background = PoissonBackground(units=(500,), rate=3000.0, weight=0.5, dt=0.1)
    counts = np.array([np.asarray(background()["arrivals"].value) for _ in range(400)]) / 0.5
    mean = 0.3
    assert abs(counts.mean() - mean) < 5 * np.sqrt(mean / counts.size)
    assert abs(counts.var() - mean) < 0.01
    lag = np.corrcoef(counts[1:].ravel(), counts[:-1].ravel())[0, 1]
    assert abs(lag) < 5 / np.sqrt(counts.size)


def test_each_wire_may_have_settings_of_its_own():
    """Weights of two origins differ; the sum says which one fired."""
    config = DeltaLIFNeuronConfig(
        units=(2,),
        excitatory__connections=("all_to_all", "one_to_one"),
        excitatory__kernel=(1.0, 0.25),
        excitatory__delay=1.0,
        inhibitory__connections="all_to_all",
    )
    source = {"a": [PortMap("__call__", "a")], "b": [PortMap("__call__", "b")]}
    pool = ModuleSpecs(
        "pool", DeltaLIFNeuron, {"excitation": source["a"] + source["b"], "inhibition": source["a"]}, config
    )
    brain = Brain(
        BrainConfig(
            input_map={n: spark.InputSpec(spark.SpikeArray, (2,), "int8") for n in "ab"},
            output_map={},
            modules_map=[pool],
        )
    )
    quiet, loud = (spark.SpikeArray(jnp.array(v, jnp.int8)) for v in ([0, 0], [1, 0]))
    brain(a=quiet, b=loud)
    brain(a=quiet, b=quiet)
    np.testing.assert_array_equal(brain.state["pool.soma.potential"], [0.25, 0.0])
    assert type(config).from_json(config.to_json()) == config


def test_as_many_settings_as_wires_are_needed():
    text = (
        "excitatory.config.kernel: has one value for each wire, but not as many as there are wires, "
        "got 2; expected 1. Give one for each wire in the order of the wires, or one for all"
    )
    pool = DeltaLIFNeuron(units=(3,), excitatory__kernel=(1.0, 2.0))
    spikes = spark.SpikeArray(jnp.zeros(3, jnp.int8))
    with refused(spark.ConfigError, text):
        pool(excitation=spikes, inhibition=spikes)


def test_a_delay_below_dt_is_refused():
    text = (
        "excitatory.config.delay: must be at least dt and at most 65535 steps, got 0.2 to 0.2 ms with dt=1 ms. "
        "Raise the delay (an initializer's `minimum` bounds what is drawn), or change dt"
    )
    pool = DeltaLIFNeuron(units=(3,), excitatory__delay=0.2)
    spikes = spark.SpikeArray(jnp.zeros(3, jnp.int8))
    with refused(spark.ConfigError, text):
        pool(excitation=spikes, inhibition=spikes)


def test_a_reset_above_threshold_is_refused():
    text = (
        "IntegrateAndFireSomaConfig.potential_reset: must be below threshold (-50.0 mV), got -40.0. "
        "Lower the reset or raise the threshold"
    )
    with refused(spark.ConfigError, text):
        IntegrateAndFireSoma(potential_reset=-40.0)


def test_a_background_of_too_many_events_a_step_is_refused():
    text = (
        "PoissonBackgroundConfig.rate: makes more than 50 events a step, got 1e+06 Hz with dt=1 ms; "
        "expected at most 50000 Hz. Lower the rate, or give a constant current: the soma's `background`"
    )
    with refused(spark.ConfigError, text):
        PoissonBackground(rate=1e6)


def one_sided(kind, wired, silent, background=900.0):
    """A driven pool that feeds another over one port; the other port brings spikes of no weight, or has no wire."""
    neuron, config, soma, strengths = KINDS[kind]
    strength = dict(zip(("excitation", "inhibition"), strengths, strict=True))
    group = {"excitation": "excitatory", "inhibition": "inhibitory"}
    source = {f"{group[p]}__{k}": v for p in group for k, v in (("delay", 0.1), ("kernel", strength[p]))}
    target = {**source, f"{group[wired]}__connections": FixedProbability(probability=0.1)}
    other = "inhibition" if wired == "excitation" else "excitation"
    target[f"{group[other]}__kernel"] = 0.0
    inputs = {
        wired: [PortMap("source", "out_spikes")],
        **({other: [PortMap("source", "out_spikes")]} if silent else {}),
    }
    drive = {"background__rate": background, "background__weight": strengths[0], "inhibitory_rate": 0.0, "dt": 0.1}
    pools = [
        ModuleSpecs(
            "source",
            neuron,
            {"excitation": [PortMap("source", "out_spikes")]},
            config(units=(60,), soma=soma, **drive, **source),
        ),
        ModuleSpecs("pool", neuron, inputs, config(units=(40,), soma=soma, **drive, **target)),
    ]
    return Brain(BrainConfig(modules_map=pools, dt=0.1, seed=5))


@functools.cache
def steps_of_one_sided(kind, wired):
    """The spikes of its steps, shared by the tests below."""
    return spikes_of(one_sided(kind, wired, False), 300)


# One port of one kind with conductances; every pair of them, which compiles anew, in `make verify`.
SIDES = [
    pytest.param(kind, port, marks=[] if number == side == 1 else pytest.mark.slow)
    for number, kind in enumerate(KINDS)
    for side, port in enumerate(("excitation", "inhibition"))
]


@pytest.mark.parametrize(("kind", "wired"), SIDES)
def test_a_port_without_a_wire_is_as_silent_as_one_that_brings_nothing(kind, wired):
    found, expected = steps_of_one_sided(kind, wired), spikes_of(one_sided(kind, wired, True), 300)
    assert expected[:, :40].any()
    np.testing.assert_array_equal(found, expected)
    with array_code():
        np.testing.assert_array_equal(spikes_of(one_sided(kind, wired, False), 300), expected)


@needs_native
@pytest.mark.parametrize(("kind", "wired"), SIDES)
def test_a_run_of_a_pool_with_one_wire_equals_its_steps(kind, wired):
    steps = steps_of_one_sided(kind, wired)[:200]
    recording = spark.run(one_sided(kind, wired, False), 200, record="pool.out_spikes", progress=False)
    times, units = recording.spikes("pool.out_spikes")
    whole = np.zeros((200, 40), bool)
    whole[np.rint(np.asarray(times) / 0.1).astype(int), units] = True
    np.testing.assert_array_equal(whole, steps[:, :40] != 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pool_without_any_wire_is_refused_and_says_which_ports_it_has(kind):
    neuron, config, *_ = KINDS[kind]
    brain = Brain(BrainConfig(modules_map=[ModuleSpecs("pool", neuron, {}, config(units=(4,)))]))
    with refused(
        spark.WiringError,
        "pool.excitation: no input port is fed, got no wire; expected one into at least one of "
        "['excitation', 'inhibition']. Add `'excitation': [spark.PortMap(origin=..., port=...)]` to its inputs",
    ):
        brain()
    with refused(
        spark.InputError,
        f"{neuron.__name__}: no input is given; expected at least one of ['excitation', 'inhibition']. "
        "Call with `excitation=spark.SpikeArray(...)`",
    ):
        neuron(config(units=(4,)))()


TAU, RESISTANCE, CURRENT, CONDUCTANCE = 20.0, 100.0, 90.0, 30.0


def potential_at(time: float, dt: float, scheme: str, conductance: bool) -> float:
    """Potential above rest after a time under a constant current, and a conductance where one arrives."""
    soma = IntegrateAndFireSoma(dt=dt, potential_tau=TAU, resistance=RESISTANCE, threshold=0.0, scheme=scheme)
    given = {"current": spark.CurrentArray(jnp.full(1, CURRENT))}
    if conductance:
        given["conductance"] = spark.ConductanceArray(jnp.full(1, CONDUCTANCE))
    for _ in range(round(time / dt)):
        soma(**given)
    return float(soma.potential.value[0])


@pytest.mark.parametrize("conductance", [False, True])
def test_exponential_euler_is_exact_under_constant_input_and_forward_euler_has_the_first_order(conductance):
    total = 1 + RESISTANCE * CONDUCTANCE * 1e-3 if conductance else 1.0
    exact = RESISTANCE * CURRENT * 1e-3 / total * (1 - np.exp(-8.0 * total / TAU))
    assert potential_at(8.0, 1.0, "exponential_euler", conductance) == pytest.approx(exact, rel=1e-5)
    errors = [potential_at(8.0, dt, "euler", conductance) - exact for dt in (1.0, 0.5)]
    assert errors[0] > 0.01 and 0.85 < np.log2(errors[0] / errors[1]) < 1.2
    # The step as the equation says it, with plain numbers.
    potential = 0.0
    for _ in range(8):
        potential += 1.0 / TAU * (RESISTANCE * CURRENT * 1e-3 - total * potential)
    assert potential_at(8.0, 1.0, "euler", conductance) == pytest.approx(potential, rel=1e-5)

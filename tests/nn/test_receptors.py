"""Receptors against the time courses of their papers (`reference.receptors`), for given spikes."""

from functools import partial
from typing import Any, TypedDict

import numpy as np
import pytest
from builders import refused
from drawing import some
from pool_brains import DT, SOURCES, UNITS, CurrentMeterConfig, MeterConfig, brain_of, delivered, source, traces, trains
from reference import receptors as course
from reference.receptors import arrivals_over_time
from tolerances import INTEGRATED, OPERATION

import spark
from spark import CurrentArray, FloatArray, InputSpec
from spark.nn import Projection, receptors, somas
from spark.nn.receptors import Receptor, ReceptorConfig

STEPS = 90
# Exact in float32, so that only what a receptor does is compared.
WEIGHTS = np.random.default_rng(8).integers(-8, 8, (UNITS, SOURCES)) / 4.0
# Those of conductances, which are not negative.
OPENING = np.abs(WEIGHTS)
SPIKES = trains(STEPS, signed=True)
SINCE = DT * np.arange(STEPS)
CLOSE = INTEGRATED["float32"]


def into(receptor: ReceptorConfig, weights: Any = None, **given: Any) -> Any:
    """A pool with this receptor, called `r`, from the brain's input."""
    if weights is None:
        weights = OPENING if "conductance" in receptor.made().ports().outputs else WEIGHTS
    return brain_of({"r": Projection("__call__", "s", weights=weights)}, {"r": receptor}, **given)


CURRENTS = {
    "exponential": (receptors.ExponentialCurrentConfig(tau=4.0), partial(course.exponential, tau=4.0)),
    "alpha": (receptors.AlphaCurrentConfig(tau=3.0), partial(course.alpha, tau=3.0)),
    "double exponential": (
        receptors.DoubleExponentialCurrentConfig(rise=1.5, tau=6.0),
        partial(course.double_exponential, rise=1.5, tau=6.0),
    ),
    "pulse": (receptors.PulseCurrentConfig(), course.pulse),
}


SPANS = pytest.mark.parametrize("steps", [STEPS, pytest.param(round(10_000 / DT), marks=pytest.mark.thorough)])


@SPANS
@pytest.mark.parametrize("name", CURRENTS)
def test_a_current_is_the_sum_of_its_time_course_over_all_spikes(name, steps):
    receptor, shape = CURRENTS[name]
    spikes = trains(steps, signed=True)
    (current,) = traces(into(receptor), spikes, "pool.soma.current")
    expected = arrivals_over_time(delivered(spikes, WEIGHTS, 0), shape(DT * np.arange(steps)))
    np.testing.assert_allclose(current, expected, **CLOSE)
    assert np.abs(current).max() > 1


CONDUCTANCES = {
    "alpha": (receptors.AlphaConductanceConfig(tau=3.0, reversal=-20.0), CURRENTS["alpha"][1]),
    "double exponential": (
        receptors.DoubleExponentialConductanceConfig(rise=1.5, tau=6.0, reversal=-20.0),
        CURRENTS["double exponential"][1],
    ),
}


@SPANS
@pytest.mark.parametrize("name", CONDUCTANCES)
def test_a_conductance_is_the_sum_of_its_time_course_over_all_spikes(name, steps):
    receptor, shape = CONDUCTANCES[name]
    spikes = trains(steps, signed=True)
    given = into(receptor, soma=MeterConfig(resting=-65.0))
    conductance, current = traces(given, spikes, "pool.soma.conductance", "pool.soma.current")
    expected = arrivals_over_time(delivered(np.abs(spikes), OPENING, 0), shape(DT * np.arange(steps)))
    np.testing.assert_allclose(conductance, expected, **CLOSE)
    np.testing.assert_allclose(current, expected * (-20.0 + 65.0), rtol=1e-5, atol=1e-3)


def test_gaba_b_opens_as_the_equations_of_its_kinetics_do_and_bursts_open_more_than_their_spikes():
    """Weights are whole pulses, of which each binds its share."""
    steps, pulses = 700, np.ones((UNITS, SOURCES))
    pulses[1] = 2.0
    spikes = np.zeros((steps, SOURCES), np.int8)
    spikes[20, 0] = 1
    spikes[300:320, 1] = 1
    made = into(receptors.GABABConfig(conductance=3.0), pulses)
    (found,) = traces(made, spikes, "pool.soma.conductance")
    expected = course.gaba_b(spikes @ pulses.T, DT, conductance=3.0)
    np.testing.assert_allclose(found, expected, rtol=5e-3, atol=1e-6)
    single, burst = expected[:300].max(axis=0), expected.max(axis=0)
    assert (burst[:1] > 100 * single[:1]).all()


def test_the_peak_of_an_alpha_current_is_the_weight_after_its_time_constant():
    weights = np.full((UNITS, SOURCES), 7.0)
    spikes = np.zeros((STEPS, SOURCES), np.int8)
    spikes[10, 2] = 1
    (current,) = traces(into(receptors.AlphaCurrentConfig(tau=4.0), weights), spikes, "pool.soma.current")
    assert int(current[:, 0].argmax()) == 10 + round(4.0 / DT)
    np.testing.assert_allclose(current.max(axis=0), 7.0, **CLOSE)


def test_jumps_are_the_weights_that_arrive():
    (jump,) = traces(into(receptors.JumpConfig()), SPIKES, "pool.soma.jump")
    np.testing.assert_array_equal(jump, delivered(SPIKES, WEIGHTS, 0))


def test_a_conductance_decays_and_takes_spikes_of_inhibitory_units_as_any_other():
    given = into(receptors.ExponentialConductanceConfig(tau=6.0, reversal=-20.0), soma=MeterConfig(resting=-65.0))
    conductance, current = traces(given, SPIKES, "pool.soma.conductance", "pool.soma.current")
    expected = arrivals_over_time(delivered(np.abs(SPIKES), OPENING, 0), course.exponential(SINCE, 6.0))
    np.testing.assert_allclose(conductance, expected, **CLOSE)
    # What it brings where the potential is at rest.
    np.testing.assert_allclose(current, expected * (-20.0 + 65.0), rtol=1e-5, atol=1e-3)


HELD = np.array([-30.0, -5.0, 0.0, 20.0, 65.0])


@pytest.mark.parametrize("magnesium", [0.0, 0.7, 1.5])
@pytest.mark.parametrize("resting", some([0.0, -65.0, np.linspace(-70.0, -60.0, UNITS)], 3, 2, thorough=1))
def test_nmda_opens_slowly_and_is_blocked_as_the_potential_asks(magnesium, resting):
    config = receptors.NMDAConfig(rise=3.0, tau=40.0, magnesium=magnesium)
    given = into(config, soma=MeterConfig(held=HELD, resting=resting))
    conductance, current = traces(given, SPIKES, "pool.soma.conductance", "pool.soma.current")
    block = course.magnesium_block(HELD + resting, magnesium)
    opened = arrivals_over_time(delivered(np.abs(SPIKES), OPENING, 0), course.double_exponential(SINCE, 3.0, 40.0))
    expected = block * opened
    np.testing.assert_allclose(conductance, expected, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(current, expected * (0.0 - resting), rtol=2e-5, atol=2e-3)


def test_nmda_is_shut_however_low_the_potential_is():
    given = into(receptors.NMDAConfig(rise=3.0, tau=40.0), soma=MeterConfig(held=HELD - 3000.0, resting=-65.0))
    (conductance,) = traces(given, SPIKES, "pool.soma.conductance")
    np.testing.assert_allclose(conductance, 0.0, atol=1e-12)


@pytest.mark.parametrize("shape", [(), (1,), (UNITS,)])
def test_injected_currents_of_several_wires_add_up(shape):
    given = np.random.default_rng(2).normal(size=(STEPS, *shape)).astype(np.float32)
    each = np.arange(UNITS, dtype=np.float32)
    inputs = {"i": InputSpec(CurrentArray, shape, "float32"), "more": InputSpec(CurrentArray, (UNITS,), "float32")}
    made = brain_of({"r": [source("i"), source("more")]}, {"r": receptors.CurrentConfig()}, inputs=inputs)
    series = {"i": CurrentArray(given), "more": CurrentArray(np.tile(each, (STEPS, 1)))}
    (current,) = traces(made, SPIKES, "pool.soma.current", **series)
    expected = np.broadcast_to(given.reshape(STEPS, -1), (STEPS, UNITS)) + each
    np.testing.assert_allclose(current, expected, **CLOSE)


def test_an_inhibitory_receptor_takes_the_size_of_every_weight_away():
    made = into(receptors.PulseCurrentConfig(inhibitory=True))
    (current,) = traces(made, SPIKES, "pool.soma.current")
    np.testing.assert_array_equal(current, -delivered(np.abs(SPIKES), np.abs(WEIGHTS), 0))


def test_a_current_of_another_number_of_units_is_refused():
    inputs = {"i": InputSpec(CurrentArray, (3,), "float32")}
    text = (
        "pool.i_r: has the wrong shape, got (3,); expected one number or (5,). "
        "Inject one number for all units, or one for each"
    )
    with refused(spark.WiringError, text):
        brain_of({"r": source("i")}, {"r": receptors.CurrentConfig()}, inputs=inputs)


def test_what_several_receptors_bring_adds_up():
    kinds = {
        "fast": receptors.ExponentialCurrentConfig(tau=2.0),
        "slow": receptors.AlphaCurrentConfig(tau=5.0),
        "open": receptors.ExponentialConductanceConfig(tau=3.0, reversal=10.0),
        "shut": receptors.ExponentialConductanceConfig(tau=8.0, reversal=-80.0),
        "jumps": receptors.JumpConfig(),
    }
    rng = np.random.default_rng(3)
    weights = {name: rng.integers(0, 8, (UNITS, SOURCES)) / 8.0 for name in kinds}
    wires = {name: Projection("__call__", "s", weights=weights[name]) for name in kinds}
    made = brain_of(wires, kinds, soma=MeterConfig(resting=-60.0))
    paths = [f"pool.soma.{name}" for name in ("current", "conductance", "jump")]
    current, conductance, jump = traces(made, np.abs(SPIKES), *paths)
    arriving = {name: delivered(np.abs(SPIKES), weights[name], 0) for name in kinds}
    opened = arrivals_over_time(arriving["open"], course.exponential(SINCE, 3.0))
    shut = arrivals_over_time(arriving["shut"], course.exponential(SINCE, 8.0))
    brought = arrivals_over_time(arriving["fast"], course.exponential(SINCE, 2.0))
    brought += arrivals_over_time(arriving["slow"], course.alpha(SINCE, 5.0))
    np.testing.assert_allclose(conductance, opened + shut, **CLOSE)
    np.testing.assert_allclose(current, brought + opened * 70.0 + shut * -20.0, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(jump, arriving["jumps"])


@pytest.mark.parametrize("resting", [-60.0, np.linspace(-70.0, -50.0, UNITS)])
def test_conductances_become_a_current_for_a_soma_that_takes_no_others(resting):
    soma = CurrentMeterConfig(held=HELD, resting=resting)
    made = into(receptors.ExponentialConductanceConfig(tau=6.0, reversal=-20.0), soma=soma)
    (current,) = traces(made, SPIKES, "pool.soma.current")
    opened = arrivals_over_time(delivered(np.abs(SPIKES), OPENING, 0), course.exponential(SINCE, 6.0))
    np.testing.assert_allclose(current, opened * (-20.0 - (HELD + resting)), rtol=1e-5, atol=1e-3)


def test_nmda_reaches_a_soma_that_takes_currents_only():
    made = into(receptors.NMDAConfig(rise=3.0, tau=40.0), soma=CurrentMeterConfig(held=HELD, resting=-60.0))
    (current,) = traces(made, SPIKES, "pool.soma.current")
    block = course.magnesium_block(HELD - 60.0, 1.0)
    opened = block * arrivals_over_time(
        delivered(np.abs(SPIKES), OPENING, 0), course.double_exponential(SINCE, 3.0, 40.0)
    )
    np.testing.assert_allclose(current, -opened * (HELD - 60.0), rtol=2e-5, atol=1e-3)


MEMBRANE, RESISTANCE = np.array([10.0, 15.0, 20.0, 30.0, 4.0]), np.array([80.0, 100.0, 120.0, 90.0, 100.0])


def decayed(tau: float, membrane: np.ndarray) -> np.ndarray:
    """Potential after each step from a current exp(-t/tau) of 1 that began at the first, (steps, units)."""
    t = (SINCE + DT)[:, None]
    same = t / membrane * np.exp(-t / membrane)
    apart = tau / np.where(tau == membrane, np.inf, tau - membrane) * (np.exp(-t / tau) - np.exp(-t / membrane))
    return np.where(tau == membrane, same, apart)


@pytest.mark.parametrize("soma", [somas.IntegrateAndFireSomaConfig, somas.LeakySomaConfig])
@pytest.mark.parametrize("each", [True, False])
def test_currents_of_several_time_constants_are_integrated_exactly(soma, each):
    membrane, resistance = (MEMBRANE, RESISTANCE) if each else (np.full(UNITS, 4.0), np.full(UNITS, 100.0))
    given = {} if each else {"potential_tau": 4.0, "resistance": 100.0}
    given = given or {"potential_tau": membrane, "resistance": resistance}
    weights = np.abs(WEIGHTS) * 16
    wires = {
        "fast": Projection("__call__", "s", weights=weights),
        "slow": Projection("__call__", "s", weights=-weights),
    }
    kinds = {"fast": receptors.ExponentialCurrentConfig(tau=4.0), "slow": receptors.ExponentialCurrentConfig(tau=15.0)}
    inputs = {"i": InputSpec(CurrentArray, (1,), "float32")}
    wires["held"], kinds["held"] = source("i"), receptors.CurrentConfig()
    made = brain_of(wires, kinds, inputs=inputs, soma=soma(threshold=1e6, **given))
    constant = CurrentArray(np.full((STEPS, 1), 30.0, np.float32))
    (potential,) = traces(made, np.abs(SPIKES), "pool.soma.potential", i=constant)
    arriving = delivered(np.abs(SPIKES), weights, 0) * resistance * 1e-3
    course = decayed(4.0, membrane) - decayed(15.0, membrane)
    expected = np.stack([np.convolve(a, c)[:STEPS] for a, c in zip(arriving.T, course.T, strict=True)], axis=1)
    expected += 30.0e-3 * resistance * (1 - np.exp(-(SINCE + DT)[:, None] / membrane))
    np.testing.assert_allclose(potential, expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("near", [0.99, 0.9999, 1 - 1e-7, 1 - 1e-15, np.array([0.2, 0.9, 0.999, 1 - 1e-6, 1 - 3e-7])])
def test_a_rise_that_is_nearly_as_slow_as_the_decay_leads_to_an_alpha_function(near):
    """Where a difference of two exponentials in float32 would hold nothing but rounding errors."""
    tau, weights = 8.0, np.full((UNITS, SOURCES), 6.0)
    spikes = np.zeros((STEPS, SOURCES), np.int8)
    spikes[10, 2] = 1
    t = np.maximum(np.arange(STEPS) - 10, 0)[:, None] * DT
    shares = np.broadcast_to(near, UNITS)
    # In the limit that of an alpha function; else a fine axis has the peak.
    expected = np.stack(
        [
            course.alpha(t[:, 0], tau) if r > 0.9995 else course.double_exponential(t[:, 0], r * tau, tau)
            for r in shares
        ],
        1,
    )
    double = receptors.DoubleExponentialConductanceConfig(rise=near * tau, tau=tau)
    nmda = receptors.NMDAConfig(rise=near * tau, tau=tau, magnesium=0.0)
    current = receptors.DoubleExponentialCurrentConfig(rise=near * tau, tau=tau)
    for config, path in ((double, "conductance"), (nmda, "conductance"), (current, "current")):
        (found,) = traces(into(config, weights), spikes, f"pool.soma.{path}")
        np.testing.assert_allclose(found, 6.0 * expected, rtol=2e-5 if np.min(near) > 0.999999 else 2e-4, atol=2e-5)


def test_a_rise_that_is_no_rise_is_refused():
    text = "PoolConfig.receptors.r.rise: must be below tau (5 ms), got 6 ms. Shorten the rise, or lengthen the decay"
    with refused(spark.ConfigError, text):
        into(receptors.NMDAConfig(rise=6.0, tau=5.0))


class GateOutput(TypedDict):
    """A name that no pool knows."""

    gate: FloatArray


class GatingConfig(ReceptorConfig):
    """Nothing to set."""


class Gating(Receptor):
    """A receptor whose output no pool knows."""

    config: GatingConfig

    def __call__(self, arrivals: FloatArray) -> GateOutput:
        """As it comes."""
        return {"gate": FloatArray(arrivals.value)}


def test_a_receptor_whose_output_no_pool_knows_is_refused():
    text = (
        "pool.config.receptors.r: puts out ['gate']; expected one of ['current', 'conductance', 'jump']. "
        "Name its only output port so"
    )
    with refused(spark.ConfigError, text):
        into(GatingConfig())


@pytest.mark.parametrize(("tau", "membrane"), [(0.5, 10.0), (10.0, 10.0), (30.0, 12.0)])
def test_a_weight_of_a_peak_makes_the_potential_peak_there(tau: float, membrane: float) -> None:
    """The potential by quadrature of the current through the membrane, not by the formula."""
    soma = somas.IntegrateAndFireSomaConfig(potential_tau=membrane, resistance=40.0)
    weight = receptors.ExponentialCurrentConfig(tau=tau).weight_of_peak(0.15, soma)
    time = np.linspace(0.0, 100.0, 100_001)
    current = weight * np.exp(-time / tau)
    kicked = np.concatenate([[0.0], np.cumsum((current * np.exp(time / membrane))[:-1] * np.diff(time))])
    potential = kicked * np.exp(-time / membrane) * 40.0 / membrane / 1000.0
    assert abs(potential.max() - 0.15) < 2e-4


def test_a_weight_of_a_peak_is_one_for_each_unit_where_the_membrane_is() -> None:
    receptor, membranes = receptors.ExponentialCurrentConfig(tau=10.0), np.array([5.0, 10.0, 30.0], np.float32)
    one_each = [
        receptor.weight_of_peak(0.15, somas.IntegrateAndFireSomaConfig(potential_tau=float(m), resistance=40.0))
        for m in membranes
    ]
    soma = somas.IntegrateAndFireSomaConfig(potential_tau=membranes, resistance=np.full(3, 40.0))
    np.testing.assert_allclose(receptor.weight_of_peak(0.15, soma), one_each, **OPERATION["float64"])
    assert one_each[1] == pytest.approx(1000.0 * 0.15 * np.e / 40.0)


def test_a_weight_of_a_peak_asks_for_a_leaky_soma() -> None:
    text = (
        "weight_of_peak.soma: has no potential_tau and resistance, got IzhikevichSomaConfig; expected a leaky soma, "
        "which has both. Give a LeakySomaConfig"
    )
    with refused(spark.ArgumentError, text):
        receptors.ExponentialCurrentConfig().weight_of_peak(0.15, somas.IzhikevichSomaConfig())

"""Currents made inside of a brain against their courses in NumPy, injected into a pool; and the gate."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import DT, UNITS, brain_of
from tolerances import INTEGRATED, OPERATION

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, OutputSpec, PortMap, SpikeArray
from spark.nn import Brain, BrainConfig, receptors
from spark.nn.interfaces import Gate
from spark.nn.interfaces.control import GateConfig
from spark.nn.sources import (
    OrnsteinUhlenbeckCurrent,
    RampCurrent,
    SampledCurrent,
    SineCurrent,
    SourceConfig,
    StepCurrent,
)

STEPS = 400
TIME = DT * np.arange(STEPS)
EACH = np.linspace(1.0, 2.0, UNITS)
SAMPLES = np.random.default_rng(5).normal(size=(37, UNITS)).round(3)


def stairs(t: np.ndarray) -> np.ndarray:
    """Levels of 3, -1 and 5 from 10, 50 and 120 ms on."""
    return np.select([t >= 120, t >= 50, t >= 10], [5.0, -1.0, 3.0], 0.0)


# By name: module, settings, and the course, (steps,) or (steps, units).
COURSES: dict[str, Any] = {
    "steps": (StepCurrent, {"times": [10.0, 50.0, 120.0], "amplitudes": [3.0, -1.0, 5.0]}, stairs(TIME)),
    "steps of each": (
        StepCurrent,
        {"times": [10.0, 50.0, 120.0], "amplitudes": np.outer([3.0, -1.0, 5.0], EACH), "units": (UNITS,)},
        stairs(TIME)[:, None] * EACH,
    ),
    "ramp": (
        RampCurrent,
        {"begin": 20.0, "end": 150.0, "first": -2.0, "last": 7.0},
        np.interp(TIME, [20.0, 150.0], [-2.0, 7.0]),
    ),
    "sine": (
        SineCurrent,
        {"amplitude": 4.0, "frequency": 37.3, "phase": 0.4, "offset": 1.5},
        1.5 + 4.0 * np.sin(2 * np.pi * 37.3e-3 * TIME + 0.4),
    ),
    "samples": (
        SampledCurrent,
        {"samples": SAMPLES, "interval": 2.0, "units": (UNITS,)},
        np.vstack([np.repeat(SAMPLES, 4, axis=0), np.zeros((STEPS, UNITS))])[:STEPS],
    ),
    "samples again": (
        SampledCurrent,
        {"samples": SAMPLES[:, 0], "interval": 1.0, "repeats": True},
        np.tile(np.repeat(SAMPLES[:, 0], 2), 10)[:STEPS],
    ),
}


def injected(*sources: Any, steps: int = STEPS, begin: int = 0) -> tuple[Brain, np.ndarray]:
    """A pool into which sources inject, each (class, settings), and the current that it took in each step."""
    names = [f"source{n}" for n in range(len(sources))]
    modules = [
        ModuleSpecs(name, made, {}, made.config_class()(**settings))
        for name, (made, settings) in zip(names, sources, strict=True)
    ]
    wires = {"r": [PortMap("__call__", "s")], "i": [PortMap(name, "current") for name in names]}
    made = brain_of(wires, {"r": receptors.JumpConfig(), "i": receptors.CurrentConfig()}, *modules)
    if begin:
        made.replace_state({"step": begin})
    quiet = {"s": SpikeArray(np.zeros(6, np.int8))}
    recorded = spark.run(made, steps, quiet, record="pool.soma.current", progress=False)
    return made, recorded["pool.soma.current"].astype(float)


@pytest.mark.parametrize("name", COURSES)
def test_a_current_follows_its_course_one_step_late(name: str) -> None:
    made, settings, course = COURSES[name]
    brain, found = injected((made, settings))
    expected = np.zeros((STEPS, UNITS))
    expected[1:] = (course if course.ndim > 1 else course[:, None])[:-1]
    np.testing.assert_allclose(found, expected, **INTEGRATED["float32"])
    explained = spark.explain(brain)
    assert explained.one_call, str(explained)


def test_several_currents_add_up_and_array_code_gives_the_same() -> None:
    chosen = [COURSES[name][:2] for name in ("steps", "sine", "samples")]
    _, together = injected(*chosen)
    apart = sum(injected(one)[1] for one in chosen)
    np.testing.assert_allclose(together, apart, **INTEGRATED["float32"])
    with array_code():
        _, written = injected(*chosen)
    np.testing.assert_allclose(written, together, **INTEGRATED["float32"])


def test_a_sine_is_as_exact_after_years_as_at_the_begin_and_other_courses_stay_at_their_end() -> None:
    late = 2**32 * 3 + 77
    found = {name: injected(COURSES[name][:2], steps=20, begin=late)[1][1:, 0] for name in ("ramp", "steps")}
    assert np.all(found["ramp"] == 7.0) and np.all(found["steps"] == 5.0)
    for frequency, begin in ((37.3, late), (1e-6, 2**40 + 12345)):
        sine = (SineCurrent, {**COURSES["sine"][1], "frequency": frequency})
        phase = [Fraction(frequency) * Fraction(DT) / 1000 * (begin + n) % 1 for n in range(19)]
        expected = 1.5 + 4.0 * np.sin(2 * np.pi * np.array(phase, float) + 0.4)
        found_sine = injected(sine, steps=20, begin=begin)[1][1:, 0]
        np.testing.assert_allclose(found_sine, expected, **INTEGRATED["float32"], err_msg=str(frequency))


def test_a_step_after_an_hour_begins_in_its_step_though_its_time_is_given_in_a_list() -> None:
    for given in ([3600000.3], (3600000.3,), np.array([3600000.3])):
        config = StepCurrent.config_class()(times=given, amplitudes=[1.0], dt=0.1)
        module = StepCurrent(config)
        module()
        assert np.asarray(module.begins.value).tolist() == [36000003]
        again = type(config).from_dict(config.to_dict())
        assert again.times.dtype == np.float64 and again == config


def test_noise_has_the_mean_deviation_and_memory_of_its_equation() -> None:
    units, steps, tau = 4000, 60, 8.0
    settings = {"mean": 3.0, "deviation": 2.0, "tau": tau, "units": (units,)}
    made = Brain(
        BrainConfig(
            input_map={"x": InputSpec(FloatArray, (1,), "float32")},
            output_map={},
            modules_map=[
                ModuleSpecs("noise", OrnsteinUhlenbeckCurrent, {}, OrnsteinUhlenbeckCurrent.config_class()(**settings))
            ],
            dt=DT,
        )
    )
    given = {"x": FloatArray(np.zeros(1, np.float32))}
    x = spark.run(made, steps, given, record="noise.current", progress=False)["noise.current"].astype(float)
    error = 5 / np.sqrt(units)  # Five standard errors of a mean over independent units.
    for row in (x[0], x[-1]):
        assert abs(row.mean() - 3.0) < 2.0 * error and abs(row.std() - 2.0) < 2.0 * error
        assert abs(((row - row.mean()) ** 3).mean() / row.std() ** 3) < 3 * error
    for lag in (1, 10, 40):
        memory = np.mean((x[0] - 3.0) * (x[lag] - 3.0)) / 4.0
        assert abs(memory - np.exp(-lag * DT / tau)) < 1.5 * error
    steps_apart = np.diff(x, axis=0) + (1 - np.exp(-DT / tau)) * (x[:-1] - 3.0)
    kicks = steps_apart / (2.0 * np.sqrt(1 - np.exp(-2 * DT / tau)))
    np.testing.assert_allclose(kicks.std(), 1.0, atol=0.01)
    assert abs(np.mean(kicks[0] * kicks[1])) < error and abs(np.mean(kicks[5, 1:] * kicks[5, :-1])) < error


def test_a_gate_lets_numbers_pass_where_it_is_open() -> None:
    x, gate = np.random.default_rng(1).normal(size=(2, 30, 4)).astype(np.float32)
    for opens in (gate, gate[:, :1]):
        ports = {"signal": InputSpec(FloatArray, (4,), "float32"), "gate": InputSpec(FloatArray, opens.shape[1:], "f4")}
        wires = {name: [PortMap("__call__", name)] for name in ports}
        output = {"y": {"input": PortMap("g", "signal"), "spec": OutputSpec(FloatArray, (4,), "float32")}}
        specs = [ModuleSpecs("g", Gate, wires, GateConfig(threshold=0.2, closed=-1.0))]
        made = Brain(BrainConfig(input_map=ports, output_map=output, modules_map=specs))
        for signal, opened in zip(x, opens, strict=True):
            found = made(signal=FloatArray(signal), gate=FloatArray(opened))["y"].value
            np.testing.assert_allclose(found, np.where(opened > 0.2, signal, -1.0), **OPERATION["float32"])
    text = "Gate.gate: has the wrong shape, got (3,); expected one number or (4,). Open it for all numbers, or for each"
    with refused(spark.InputError, text):
        Gate(GateConfig())(signal=FloatArray(x[0]), gate=FloatArray(gate[0, :3]))


@pytest.mark.parametrize(
    ("made", "settings", "text"),
    [
        (StepCurrent, {"times": [1.0, 1.25]}, "StepCurrentConfig.times: must be at least 0 and ascend by at least dt "
         "(1 ms), got [1.0, 1.25]. Sort them, and leave out what falls into one step"),
        (StepCurrent, {"times": [1.0]}, "StepCurrentConfig.amplitudes: are not one for each of the times, got shapes "
         "(2,) and (1,). Give as many as times"),
        (StepCurrent, {"amplitudes": [1.0, np.nan]}, "StepCurrentConfig.amplitudes: expected finite numbers, got NaN "
         "or infinity. The current from then on, shape (times,), or (times, *units) for each unit its own."),
        (RampCurrent, {"begin": 50.0, "end": 50.2}, "RampCurrentConfig.end: must be later than begin (50 ms) by at "
         "least dt (1 ms), got 50.2 ms. Let it end later"),
        (SineCurrent, {"frequency": 600.0}, "SineCurrentConfig.frequency: is faster than half a period in dt (1 ms), "
         "got 600 Hz. Shorten dt, or lower it"),
        (SampledCurrent, {"interval": 1.5}, "SampledCurrentConfig.interval: is no whole number of steps, got 1.5 ms "
         "with dt=1 ms. Take a multiple of dt, or another dt"),
        (SampledCurrent, {"interval": 0.15, "dt": 0.1}, "SampledCurrentConfig.interval: is no whole number of steps, "
         "got 0.15 ms with dt=0.1 ms. Take a multiple of dt, or another dt"),
        (SampledCurrent, {"samples": np.ones((3, 2))}, "SampledCurrentConfig.samples: has the wrong shape, got (3, 2); "
         "expected (samples,) or (samples, *(1,)). Give one for each unit, or one for all"),
    ],
)  # fmt: skip
def test_what_is_no_course_is_refused(made: Any, settings: dict[str, Any], text: str) -> None:
    with refused(spark.ConfigError, text):
        made(made.config_class()(**settings))
    assert issubclass(made.config_class(), SourceConfig)

"""Built-in somas as text fire in the same steps as their classes.

`bench/equations.py` measures these texts beside their classes.
"""

from math import exp
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from drawing import some

import spark
from spark import CurrentArray, InputSpec, ModuleSpecs, PortMap, catalogue
from spark.nn import Brain, BrainConfig, somas
from spark.nn.pools import Pool, PoolConfig
from spark.nn.receptors import CurrentConfig
from spark.nn.somas import EquationSomaConfig, from_equations

# An equation soma is its text.
WITHOUT = {"EquationSoma"}
UNITS = 5

LEAKY = from_equations(
    "dv/dt = (v_rest - v + R*I)/tau : mV",
    threshold="v > theta",
    reset="v = v_reset",
    parameters={"v_rest": "-60 mV", "v_reset": "-65 mV", "theta": "-50 mV", "R": "100 MOhm", "tau": "15 ms"},
    first={"v": "v_rest"},
)
LEAKY_CLASS = {"potential_rest": -60.0, "potential_reset": -65.0, "threshold": -50.0, "resistance": 100.0}
LEAKY_CLASS |= {"potential_tau": 15.0, "cooldown": 0.0}
ADAPTIVE = from_equations(
    "dv/dt = (v_rest - v + R*I)/tau : mV\ndrise/dt = -rise/tau_rise : mV",
    threshold="v > theta + rise",
    reset="v = v_reset; rise += jump",
    parameters={**LEAKY.parameters, "tau_rise": "40 ms", "jump": "3 mV"},
    first={"v": "v_rest"},
)
ESCAPE = from_equations(
    "dv/dt = (v_rest - v + R*I)/tau : mV (unless refractory)\nrho = rate*exp((v - theta)/width) : Hz",
    threshold="rand() < rho*dt*exprel(-rho*dt)",
    reset="v = v_reset",
    refractory=3.0,
    parameters={**LEAKY.parameters, "rate": "100 Hz", "width": "2 mV"},
    first={"v": "v_rest"},
)
POISSON = from_equations(
    "rate = clip(spontaneous + gain*I, 0*Hz, ceiling) : Hz",
    threshold="rand() < 1 - exp(-rate*dt)",
    parameters={"spontaneous": "10 Hz", "gain": "0.1 Hz/pA", "ceiling": "200 Hz"},
    potential="",
)
HELD = from_equations(
    "dv/dt = (v_rest - v + R*I)/tau : mV (unless refractory)",
    threshold="v > theta",
    reset="v = v_reset",
    refractory=3.0,
    parameters=LEAKY.parameters,
    first={"v": "v_rest"},
)
QUADRATIC = from_equations(
    "dv/dt = (k*(minimum(v, peak) - v_rest)*(minimum(v, peak) - v_c) + R*I)/tau : mV",
    threshold="v > peak",
    reset="v = v_rest",
    parameters={
        "k": "0.1 1/mV", "v_rest": "-60 mV", "v_c": "-50 mV", "R": "100 MOhm", "tau": "10 ms", "peak": "30 mV",
    },
    first={"v": "v_rest"},
    scheme="rk2",
)  # fmt: skip
EXPONENTIAL = from_equations(
    """
    u = minimum(v, peak) : mV
    dv/dt = (e - u + slope*exp((u - v_t)/slope) + R*I)/tau : mV (unless refractory)
    """,
    threshold="v > peak",
    reset="v = e",
    refractory=2.0,
    parameters={"e": "-70 mV", "slope": "2 mV", "v_t": "-50 mV", "R": "33 MOhm", "tau": "9 ms", "peak": "20 mV"},
    first={"v": "e"},
    scheme="euler",
)
POINT = {"potential_rest": -70.0, "potential_first": -70.0, "potential_reset": -70.0, "threshold": 20.0}
POINT |= {"potential_tau": 9.0, "resistance": 33.0, "knee": -50.0, "sharpness": 2.0}
ADEX = from_equations(
    """
    u = minimum(v, peak) : mV
    dv/dt = (e - u + slope*exp((u - v_t)/slope) + R*(I - w))/tau : mV
    dw/dt = (a*(u - e) - w)/tau_w : pA
    """,
    threshold="v > peak",
    reset="v = e; w += b",
    parameters={**EXPONENTIAL.parameters, "a": "4 nS", "tau_w": "144 ms", "b": "80.5 pA"},
    first={"v": "e"},
    scheme="rk4",
)
IZHIKEVICH = from_equations(
    "dv/dt = 0.04/mV/ms*v**2 + 5/ms*v + 140*mV/ms - u + I*r : mV\ndu/dt = a*(b*v - u) : mV/ms",
    threshold="v >= peak",
    reset="v = c; u += d",
    parameters={"a": "0.02 1/ms", "b": "0.2 1/ms", "c": "-65 mV", "d": "8 mV/ms", "peak": "30 mV", "r": "1 GOhm/ms"},
    first={"v": "-65*mV", "u": "b*(-65*mV)"},
    scheme="euler",
)
# Potentials above rest.
CORTICAL = from_equations(
    """
    x = minimum(v, peak) : mV
    dv/dt = (k*x*(x - v_t) - u + I)/C : mV
    du/dt = a*(b*x - u) : pA
    """,
    threshold="v >= peak",
    reset="v = c; u += d",
    parameters={
        "k": "0.7 nS/mV", "v_t": "20 mV", "C": "100 pF", "a": "0.03 1/ms", "b": "-2 nS", "c": "10 mV", "d": "100 pA",
        "peak": "95 mV",
    },
    scheme="euler",
)  # fmt: skip
GLIF = from_equations(
    """
    dv/dt = (e - v + R*(I + i_1 + i_2))/tau : mV (unless refractory)
    di_1/dt = -i_1/tau_1 : pA (unless refractory)
    di_2/dt = -i_2/tau_2 : pA (unless refractory)
    ds/dt = -s/tau_s : mV (unless refractory)
    dp/dt = follows*(v - e) - p/tau_p : mV (unless refractory)
    """,
    threshold="v > theta + s + p",
    reset="""
    v = v_reset + kept*(v - e); s = s*exp(-held/tau_s) + s_jump;
    i_1 = i_1*exp(-held/tau_1) + jump_1; i_2 = i_2*exp(-held/tau_2) + jump_2
    """,
    refractory=3.75,
    parameters={
        "e": "-78.85 mV", "v_reset": "-60.34 mV", "theta": "-51.68 mV", "R": "106.0445 MOhm", "tau": "6.22694 ms",
        "kept": 0.2, "tau_s": "111.1 ms", "s_jump": "0.37 mV", "tau_1": "333.3 ms", "jump_1": "-9.18 pA",
        "tau_2": "10 ms", "jump_2": "-198.94 pA", "tau_p": "11.11 ms", "follows": "0.005 1/ms", "held": "3.75 ms",
    },
    first={"v": "e"},
)  # fmt: skip
RESONATE = from_equations(
    "dx/dt = -x/damping - omega*v + I/C : mV\ndv/dt = omega*x - v/damping : mV",
    threshold="v > theta",
    reset="x = 0*mV; v = v_reset",
    parameters={"damping": "20 ms", "omega": "0.25 1/ms", "C": "50 pF", "theta": "10 mV", "v_reset": "10 mV"},
)
SQUID = """
    dv/dt = (g_l*(e_l - v) + g_na*m**3*h*(e_na - v) + g_k*n**4*(e_k - v) + I)/C : mV
    dm/dt = a_m*(1 - m) - b_m*m : 1
    dh/dt = a_h*(1 - h) - b_h*h : 1
    dn/dt = a_n*(1 - n) - b_n*n : 1
"""
HUXLEY_RATES = """
    a_m = 1/ms/exprel(-(v + 40*mV)/(10*mV)) : 1/ms
    b_m = 4/ms*exp(-(v + 65*mV)/(18*mV)) : 1/ms
    a_h = 0.07/ms*exp(-(v + 65*mV)/(20*mV)) : 1/ms
    b_h = 1/ms/(1 + exp(-(v + 35*mV)/(10*mV))) : 1/ms
    a_n = 0.1/ms/exprel(-(v + 55*mV)/(10*mV)) : 1/ms
    b_n = 0.125/ms*exp(-(v + 65*mV)/(80*mV)) : 1/ms
"""
TRAUB_RATES = """
    a_m = 1.28/ms/exprel((13*mV - v + v_t)/(4*mV)) : 1/ms
    b_m = 1.4/ms/exprel((v - v_t - 40*mV)/(5*mV)) : 1/ms
    a_h = 0.128/ms*exp((17*mV - v + v_t)/(18*mV)) : 1/ms
    b_h = 4/ms/(1 + exp((40*mV - v + v_t)/(5*mV))) : 1/ms
    a_n = 0.16/ms/exprel((15*mV - v + v_t)/(5*mV)) : 1/ms
    b_n = 0.5/ms*exp((10*mV - v + v_t)/(40*mV)) : 1/ms
"""


def gated(rates: str, numbers: dict[str, str], *balanced: tuple[float, float]) -> EquationSomaConfig:
    """Currents of Hodgkin and Huxley; nothing is reset, so that a unit is refractory until its spike is over.

    Args:
        balanced: Rates of m, h and n up and down at the potential at the start.
    """
    gates = {x: repr(up / (up + down)) for x, (up, down) in zip("mhn", balanced, strict=True)}
    return from_equations(
        rates + SQUID,
        threshold="v >= theta",
        refractory=3.0,
        parameters=numbers,
        first={"v": "first", **gates},
        scheme="exponential_euler",
    )


HUXLEY = gated(
    HUXLEY_RATES,
    {
        "C": "100 pF", "g_l": "30 nS", "g_na": "12000 nS", "g_k": "3600 nS", "e_l": "-54.387 mV", "e_na": "50 mV",
        "e_k": "-77 mV", "theta": "0 mV", "first": "-65 mV",
    },
    (2.5 / (exp(2.5) - 1), 4.0),
    (0.07, 1 / (1 + exp(3.0))),
    (0.1 / (exp(1.0) - 1), 0.125),
)  # fmt: skip
TRAUB = gated(
    TRAUB_RATES,
    {
        "C": "200 pF", "g_l": "10 nS", "g_na": "20000 nS", "g_k": "6000 nS", "e_l": "-60 mV", "e_na": "50 mV",
        "e_k": "-90 mV", "theta": "-20 mV", "first": "-60 mV", "v_t": "-63 mV",
    },
    (3.2 / (exp(2.5) - 1), 0.28 * 37 / (1 - exp(-7.4))),
    (0.128 * exp(14 / 18), 4 / (1 + exp(7.4))),
    (0.032 * 12 / (exp(2.4) - 1), 0.5 * exp(7 / 40)),
)  # fmt: skip
TWO = from_equations(
    """
    dv/dt = (e - v + R*g*(d - v))/tau : mV
    dd/dt = (e - d + R_d*(I + g*(v - d)))/tau_d : mV
    """,
    threshold="v > theta",
    reset="v = v_reset",
    parameters={
        "e": "-60 mV", "v_reset": "-60 mV", "theta": "-50 mV", "tau": "20 ms", "tau_d": "20 ms", "R": "100 MOhm",
        "R_d": "100 MOhm", "g": "20 nS",
    },
    first={"v": "e", "d": "e"},
)  # fmt: skip

# As text, the class's config, the mean of the currents in pA, dt in ms.
CASES: dict[str, tuple[EquationSomaConfig, Any, float, float]] = {
    "LeakySoma": (LEAKY, somas.LeakySomaConfig(**LEAKY_CLASS), 200.0, 1.0),
    "AdaptiveLeakySoma": (
        ADAPTIVE,
        somas.AdaptiveLeakySomaConfig(**LEAKY_CLASS, threshold_tau=40.0, threshold_delta=3.0),
        300.0,
        0.5,
    ),
    "IntegrateAndFireSoma": (
        HELD,
        somas.IntegrateAndFireSomaConfig(
            potential_rest=-60.0, potential_first=-60.0, potential_reset=-65.0, threshold=-50.0, resistance=100.0,
            potential_tau=15.0, cooldown=3.0,
        ),
        300.0,
        0.5,
    ),
    "EscapeRateSoma": (
        ESCAPE,
        somas.EscapeRateSomaConfig(
            potential_rest=-60.0, potential_first=-60.0, potential_reset=-65.0, threshold=-50.0, resistance=100.0,
            potential_tau=15.0, cooldown=3.0, rate=100.0, width=2.0,
        ),
        100.0,
        0.5,
    ),
    "PoissonSoma": (POISSON, somas.PoissonSomaConfig(rate=10.0, gain=0.1, ceiling=200.0), 500.0, 0.5),
    "QuadraticSoma": (QUADRATIC, somas.QuadraticSomaConfig(scheme="midpoint"), 60.0, 0.1),
    "ExponentialSoma": (EXPONENTIAL, somas.ExponentialSomaConfig(**POINT, cooldown=2.0), 900.0, 0.1),
    "AdaptiveExponentialSoma": (
        ADEX,
        somas.AdaptiveExponentialSomaConfig(**POINT, scheme="runge_kutta_4"),
        900.0,
        0.1,
    ),
    "IzhikevichSoma": (IZHIKEVICH, somas.IzhikevichSomaConfig(scheme="euler"), 8.0, 0.5),
    "IzhikevichCorticalSoma": (CORTICAL, somas.IzhikevichCorticalSomaConfig(), 250.0, 0.1),
    "GeneralizedLeakySoma": (GLIF, somas.GeneralizedLeakySomaConfig(), 500.0, 0.25),
    "ResonateSoma": (
        RESONATE,
        somas.ResonateSomaConfig(damping_tau=20.0, frequency=250.0 / (2 * np.pi), capacitance=50.0),
        200.0,
        0.1,
    ),
    "HodgkinHuxleySoma": (HUXLEY, somas.HodgkinHuxleySomaConfig(), 1000.0, 0.05),
    "TraubMilesSoma": (TRAUB, somas.TraubMilesSomaConfig(), 300.0, 0.05),
    "TwoCompartmentSoma": (TWO, somas.TwoCompartmentSomaConfig(cooldown=0.0), 400.0, 0.5),
}  # fmt: skip


def brain_of(soma: Any, units: int, dt: float) -> Brain:
    """A pool that takes a current for each unit."""
    pool = PoolConfig(units=(units,), soma=soma, receptors={"stimulus": CurrentConfig()})
    specs = ModuleSpecs("pool", Pool, {"stimulus": PortMap("__call__", "current")}, pool)
    inputs = {"current": InputSpec(CurrentArray, (units,), "float32")}
    return Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[specs], dt=dt))


def spikes_of(soma: Any, current: np.ndarray, dt: float) -> np.ndarray:
    given = {"current": CurrentArray(jnp.asarray(current, jnp.float32))}
    return spark.run(brain_of(soma, UNITS, dt), len(current), given, record="pool")["pool"]


def test_every_soma_is_written_here() -> None:
    assert set(CASES) == {cls.__name__ for cls in catalogue.BUILT_IN["soma"]} - WITHOUT


# Every fourth in the quick run.
@pytest.mark.parametrize("name", some(CASES, 4, thorough=1))
def test_a_built_in_soma_as_text_fires_in_the_same_steps_as_its_class(name: str) -> None:
    text, config, mean, dt = CASES[name]
    steps = 10_000
    # Currents that stay for 10 ms, of another strength for each unit.
    held = round(10.0 / dt)
    drawn = np.random.default_rng(5100).normal(1.0, 0.5, (steps // held, UNITS)) * np.linspace(0.5, 1.5, UNITS)
    current = mean * np.repeat(drawn, held, axis=0)
    expected = spikes_of(config, current, dt)
    assert expected.sum() > 50 and np.count_nonzero(expected.sum(axis=0)) >= 3
    np.testing.assert_array_equal(spikes_of(text, current, dt), expected)

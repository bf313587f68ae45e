"""Conductances act on every soma as its equation says, and draw its potential no further than to their reversal."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from builders import run
from scipy.integrate import solve_ivp

import spark
from spark import ConductanceArray, CurrentArray, SpikeArray
from spark.nn import receptors, somas

# Opened for all of a course: nS, and the current that they bring at rest or at 0 mV, pA.
OPENED = 4.0


def potential_after(made: Any, steps: int, current: float) -> float:
    """The potential of one unit after steps under a constant current and a constant conductance."""
    made(current=CurrentArray(jnp.full(1, current)), conductance=ConductanceArray(jnp.full(1, OPENED)))
    made.reset()
    currents = CurrentArray(jnp.full((steps, 1), current))
    given = {"current": currents, "conductance": ConductanceArray(jnp.full((steps, 1), OPENED))}
    return float(run(made, given)[2]["potential"][0])


def exponential(c: Any, current: float) -> Callable[..., Any]:
    """Of Fourcaud-Trocme et al. 2003, and of Brette & Gerstner 2005 with an adaptation w."""
    knee = c.knee - c.potential_rest
    a, tau_w = (c.adaptation_coupling, c.adaptation_tau) if "adaptation_tau" in type(c).model_fields else (0.0, 1.0)

    def slopes(v: float, w: float) -> tuple[float, float]:
        flows = current - OPENED * v - w
        upswing = c.sharpness * np.exp((v - knee) / c.sharpness)
        return (upswing - v + 1e-3 * c.resistance * flows) / c.potential_tau, (a * v - w) / tau_w

    return slopes


def quadratic(c: Any, current: float) -> Callable[..., Any]:
    """Of Latham et al. 2000, equation 1."""
    critical = c.critical - c.potential_rest

    def slopes(v: float) -> tuple[float]:
        flows = current - OPENED * v
        return ((c.curvature * v * (v - critical) + 1e-3 * c.resistance * flows) / c.potential_tau,)

    return slopes


def cortical(c: Any, current: float) -> Callable[..., Any]:
    """Of Izhikevich 2007, equations 8.5 and 8.6, in mV above rest."""

    def slopes(v: float, u: float) -> tuple[float, float]:
        onset = c.k * v * (v - (c.onset - c.potential_rest))
        return (onset - u + current - OPENED * v) / c.capacitance, c.a * (c.b * v - u)

    return slopes


def simple(c: Any, current: float) -> Callable[..., Any]:
    """Of Izhikevich 2003."""

    def slopes(v: float, u: float) -> tuple[float, float]:
        return 0.04 * v * v + 5 * v + 140 - u + current - OPENED * v, c.a * (c.b * v - u)

    return slopes


def leaky(c: Any, current: float) -> Callable[..., Any]:
    def slopes(v: float) -> tuple[float]:
        return ((-v + 1e-3 * c.resistance * (current - OPENED * v)) / c.potential_tau,)

    return slopes


def two(c: Any, current: float) -> Callable[..., Any]:
    """The soma and its dendrite, on which the conductance lies."""

    def slopes(v: float, d: float) -> tuple[float, float]:
        inner, outer = 1e-3 * c.resistance, 1e-3 * c.dendrite_resistance
        into = inner * c.coupling * (d - v), outer * (c.coupling * (v - d) + current - OPENED * d)
        return (-v + into[0]) / c.potential_tau, (-d + into[1]) / c.dendrite_tau

    return slopes


def turning(c: Any, current: float) -> Callable[..., Any]:
    """Of Izhikevich 2001: V, and x."""
    b, omega = -1 / c.damping_tau, 2e-3 * np.pi * c.frequency

    def slopes(v: float, x: float) -> tuple[float, float]:
        return omega * x + b * v, b * x - omega * v + (current - OPENED * v) / c.capacitance

    return slopes


PLAIN = {"reset_rules": False, "afterspike_currents": False, "adapting_threshold": False}
# The soma, its config, its slopes, the state at the begin, the current, the order of the error in dt; None if exact.
CASES: dict[str, tuple[Any, dict[str, Any], Any, tuple[float, ...], float, int | None]] = {
    "leaky": (somas.IntegrateAndFireSoma, {}, leaky, (0.0,), 60.0, None),
    "generalized leaky": (somas.GeneralizedLeakySoma, PLAIN, leaky, (0.0,), 100.0, None),
    "resonate": (somas.ResonateSoma, {}, turning, (0.0, 0.0), 100.0, None),
    "two compartments": (somas.TwoCompartmentSoma, {}, two, (0.0, 0.0), 200.0, 1),
    "Izhikevich, published": (somas.IzhikevichSoma, {}, simple, (-65.0, -13.0), -250.0, 1),
    "Izhikevich, euler": (somas.IzhikevichSoma, {"scheme": "euler"}, simple, (-65.0, -13.0), -250.0, 1),
}
ORDERS = {"euler": 1, "midpoint": 2, "runge_kutta_4": 4}
for _name, _order in ORDERS.items():
    _scheme = {"scheme": _name}
    CASES |= {
        f"exponential, {_name}": (somas.ExponentialSoma, _scheme, exponential, (0.0, 0.0), 60.0, _order),
        f"adaptive, {_name}": (somas.AdaptiveExponentialSoma, _scheme, exponential, (0.0, 0.0), 400.0, _order),
        f"quadratic, {_name}": (somas.QuadraticSoma, _scheme, quadratic, (0.0,), 60.0, _order),
        f"cortical, {_name}": (somas.IzhikevichCorticalSoma, _scheme, cortical, (0.0, 0.0), 150.0, _order),
    }


@pytest.mark.parametrize("name", CASES)
def test_a_conductance_acts_as_the_equation_says_to_the_order_of_the_scheme(name: str) -> None:
    cls, config, slopes, first, current, order = CASES[name]
    time, longest = 8.0, 0.25 if "Izhikevich" in name else 4.0 if order == 4 else 1.0
    right = slopes(cls.config_class()(dt=1.0, **config), current)
    exact = solve_ivp(lambda t, y: right(*y), (0.0, time), first, "LSODA", rtol=1e-10, atol=1e-10).y[0, -1]
    errors = []
    for dt in (longest, longest / 2):
        errors.append(abs(potential_after(cls(dt=dt, **config), round(time / dt), current) - exact))
    if order is None:
        assert max(errors) < 1e-4, errors
    else:
        # Below 1e-5 mV an error is that of 32 bits.
        assert errors[0] < 3.0 and (np.log2(errors[0] / errors[1]) > order - 0.4 or errors[1] < 1e-5), errors


def takers() -> list[Any]:
    """All somas of the catalogue that take a current and have a potential."""
    found = [one for name, one in sorted(vars(somas).items()) if name.endswith("Soma") and name != "Soma"]
    return [one for one in found if "current" in ports_of(one) and "potential" in one.exposes]


def ports_of(kind: Any) -> set[str]:
    return {*kind.ports().inputs, *kind.ports().optional}


TAKERS = takers()
UPSWING = "dv/dt = (E - v + D*exp((v - T)/D) + R*I)/tau : mV"
NUMBERS = {"E": "-60 mV", "D": "2 mV", "T": "-50 mV", "R": "100 MOhm", "tau": "10 ms", "top": "0 mV"}


def upswing(scheme: str) -> Any:
    return somas.from_equations(
        UPSWING, threshold="v > top", reset="v = E", parameters=NUMBERS, first={"v": "E"}, scheme=scheme
    )


STABLE = {f"{kind.__name__}": (kind.config_class(), {}) for kind in TAKERS if kind.__name__ != "EquationSoma"}
# An oscillator has no potential that is drawn: its conductance turns it faster.
del STABLE["ResonateSoma"]
for _kind in ("ExponentialSoma", "AdaptiveExponentialSoma", "QuadraticSoma", "IzhikevichCorticalSoma"):
    for _name in ("midpoint", "runge_kutta_4"):
        STABLE[f"{_kind}, {_name}"] = (getattr(somas, f"{_kind}Config"), {"scheme": _name})
STABLE |= {f"a text, {_name}": (upswing, {"scheme": _name}) for _name in ("auto", "euler", "rk2", "rk4")}


@pytest.mark.parametrize("kind", TAKERS, ids=lambda kind: kind.__name__)
def test_a_soma_with_a_potential_that_takes_a_current_takes_conductances(kind: Any) -> None:
    assert "conductance" in ports_of(kind)


@pytest.mark.parametrize("weight", [500.0, 50_000.0])
@pytest.mark.parametrize("name", STABLE)
def test_inhibition_draws_no_potential_beyond_its_reversal_however_strong_it_is(name: str, weight: float) -> None:
    make, config = STABLE[name]
    soma, dt = make(**config), 0.02 if name in ("HodgkinHuxleySoma", "TraubMilesSoma") else 1.0
    rest = float(np.max(soma.component.rest(soma)))
    reversal = (rest or -65.0) - 20.0
    net = spark.Network(dt=dt, seed=1)
    gaba = receptors.ExponentialConductanceConfig(tau=10.0, reversal=reversal)
    pool = net.pool("p", 1, soma=soma, receptors={"gaba": gaba})
    net.connect(net.input("s", 1, SpikeArray), pool.gaba, weights=weight)
    spikes = (np.random.default_rng(3).random((300, 1)) < 0.2).astype(np.int8)
    # It is the dendrite that receptors of the one with two compartments lie on.
    variable = "v" if name.startswith("a text") else "dendrite" if name == "TwoCompartmentSoma" else "potential"
    path = f"p.soma.{variable}"
    found = spark.run(net.build(), 300, {"s": SpikeArray(spikes)}, record=[path], progress=False)[path] + rest
    # A dendrite takes it that the soma stays while it is drawn; that is what the tenth of a mV is for.
    assert np.isfinite(found).all() and reversal - 0.1 < found.min() < reversal + 2.0, found.min()

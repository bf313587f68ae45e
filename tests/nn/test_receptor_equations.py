"""Receptors as text: what the class brings, and errors that point into the text."""

import random
from typing import Any

import jax
import numpy as np
import pytest
from builders import array_code, refused
from pool_brains import UNITS, brain_of, traces, trains
from tolerances import SAME_BRAIN

import spark
from spark import FloatArray, Projection
from spark.nn import receptors
from spark.nn.equations.expression import parse
from spark.nn.equations.signs import ANY, POSITIVE, ZERO, sign
from spark.nn.initializers import UniformInitializer
from spark.nn.receptors import EquationConductanceConfig, EquationCurrentConfig, from_equations

TAU = np.linspace(3.0, 9.0, UNITS)
RISES: Any = {
    "equations": "ds/dt = -s/fall : nS\ndr/dt = -r/rise : nS\nopen = s - r : nS",
    "on_spike": "s += w*scale; r += w*scale",
    "output": "open",
    "reversal": -10.0,
}
SCALE = receptors.DoubleExponentialConductanceConfig(tau=20.0, rise=2.0).scale()
# By name: the text, and the class that is the same.
RECEPTORS: dict[str, tuple[Any, Any]] = {
    "current": (
        from_equations("dg/dt = -g/tau : pA", on_spike="g += w", output="g", parameters={"tau": "7 ms"}),
        receptors.ExponentialCurrentConfig(tau=7.0),
    ),
    "conductance": (
        from_equations(
            "dg/dt = -g/tau : nS", on_spike="g += w", output="g", parameters={"tau": "7 ms"}, reversal=-80.0
        ),
        receptors.ExponentialConductanceConfig(tau=7.0, reversal=-80.0),
    ),
    "rising": (
        from_equations(**RISES, parameters={"fall": "20 ms", "rise": "2 ms", "scale": SCALE}),
        receptors.DoubleExponentialConductanceConfig(tau=20.0, rise=2.0, reversal=-10.0),
    ),
}


@pytest.mark.parametrize("name", ["conductance", "rising"])
def test_a_receptor_as_text_brings_what_its_class_brings(name: str) -> None:
    found = []
    for receptor in RECEPTORS[name]:
        made = brain_of({"r": Projection("__call__", "s", weights=2.0, delay=1.0)}, {"r": receptor})
        found.append(traces(made, trains(120), "pool.soma.conductance", "pool.soma.current"))
        assert spark.explain(made).one_call
    for text, made in zip(*found, strict=True):
        np.testing.assert_allclose(text, made, rtol=SAME_BRAIN["float32"], atol=1e-4)
    assert np.ptp(found[0][0]) > 1
    with array_code():
        made = brain_of({"r": Projection("__call__", "s", weights=2.0, delay=1.0)}, {"r": RECEPTORS[name][0]})
        np.testing.assert_allclose(traces(made, trains(120), "pool.soma.conductance")[0], found[0][0], rtol=1e-5)


def test_a_current_as_text_decays_exactly_with_a_time_constant_of_each_unit() -> None:
    text = from_equations("dg/dt = -g/tau : pA", on_spike="g += w", output="g", parameters={"tau": (TAU, "ms")})
    made = brain_of({"r": Projection("__call__", "s", weights=3.0)}, {"r": text})
    spikes = trains(80)
    (current,) = traces(made, spikes, "pool.soma.current")
    expected, now = [], np.zeros(UNITS)
    for row in spikes:
        now = now + 3.0 * row.sum()
        expected.append(now)
        now = now * np.exp(-0.5 / TAU)
    np.testing.assert_allclose(current, expected, rtol=SAME_BRAIN["float32"])


def test_what_a_spike_does_is_done_where_weights_arrive_and_do_not_cancel() -> None:
    text = from_equations(
        "dg/dt = -g/tau : pA\ndn/dt = 0*n/tau : pA", on_spike="n += 1*pA; g = w + n", output="g",
        parameters={"tau": "7 ms"},
    )  # fmt: skip
    weights = np.array([[2.0, -2.0, 0.0, 0.0, 0.0, 0.0]] * UNITS)
    spikes = np.zeros((6, 6), np.int8)
    spikes[1, :2], spikes[2, 0], spikes[3, 5], spikes[4, 1] = 1, 1, 1, 1
    expected, g, n = [], 0.0, 0.0
    for row in spikes:
        w = float(weights[0] @ row)
        if w:
            n += 1.0
            g = w + n
        expected.append([g] * UNITS)
        g *= np.exp(-0.5 / 7.0)

    def found() -> np.ndarray:
        made = brain_of({"r": Projection("__call__", "s", weights=weights)}, {"r": text})
        return traces(made, spikes, "pool.soma.current")[0]

    np.testing.assert_allclose(found(), expected, rtol=SAME_BRAIN["float32"])
    with array_code():
        np.testing.assert_allclose(found(), expected, rtol=SAME_BRAIN["float32"])


@pytest.mark.parametrize(
    ("on_spike", "slope"), [("g += w", 1.0), ("g += 2*w*(tau/ms - g/pA)", 14.0), ("g -= -w/2", 0.5), ("g = w", 0.0)]
)
def test_weights_that_add_have_a_derivative_where_none_arrive(on_spike: str, slope: float) -> None:
    text = from_equations("dg/dt = -g/tau : pA", on_spike=on_spike, output="g", parameters={"tau": "7 ms"})
    made = receptors.EquationCurrent(text.updated(units=(3,)))
    none = np.zeros(3, np.float32)
    made(arrivals=FloatArray(none))
    found = jax.grad(lambda w: made.advanced(FloatArray(w)).sum())(none)
    np.testing.assert_allclose(found, slope, rtol=SAME_BRAIN["float32"])


def test_a_receptor_as_text_is_its_text_in_a_file() -> None:
    for text, kind in (
        (RECEPTORS["current"][0], EquationCurrentConfig),
        (RECEPTORS["rising"][0], EquationConductanceConfig),
    ):
        again = receptors.ReceptorConfig.from_dict(text.to_dict())
        assert type(again) is kind and again == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"equations": "dg/dt = -g : nS"}, "equations: line 1, column 9: dg/dt is in nS, got the unit 'nS'; expected"),
        ({"on_spike": "g += h"}, "on_spike: line 1, column 6: 'h' is no variable, and none of `parameters`"),
        ({"equations": "dg/dt = -g/tau : nS\nw = 2*g : nS"},
         "equations: line 2, column 1: 'w' is the name of something"),
        ({"on_spike": "g += 1*nS"}, "on_spike: line 1, column 1: does not read 'w', the sum of the weights that "
         "arrive, got 'g += 1*nS'. Write how it acts: `g += w`"),
        ({"on_spike": ""},
         "on_spike: line 1, column 1: does not read 'w', the sum of the weights that arrive, got ''."),
        ({"on_spike": "tau += w"}, "on_spike: line 1, column 1: 'tau' is no variable. Known: g"),
        ({"output": "g*tau"}, "output: line 1, column 1: is in "),
        ({"parameters": {"tau": "5 ms", "k": 1.0}}, "parameters: no expression names 'k'. Leave it out, or name it"),
        ({"parameters": {"tau": "5 ms", "w": 1.0}}, "parameters: 'w' cannot be the name of a parameter"),
        ({"parameters": {"tau": "5 ms", "nS": "2 nS"}}, "parameters: 'nS' cannot be the name of a parameter: it is a "),
        ({"equations": "dconfig/dt = -config/tau : nS"}, "equations: line 1, column 1: 'config' is the name of some"),
        ({"on_spike": "g += w\ntau += w"}, "on_spike: line 2, column 1: 'tau' is no variable. Known: g"),
        ({"parameters": {"tau": "5 ms", "rand": 1.0}}, "parameters: 'rand' cannot be the name of a parameter"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_text_is_said_with_its_place(change: dict[str, Any], text: str) -> None:
    usual = {"equations": "dg/dt = -g/tau : nS", "on_spike": "g += w", "output": "g", "parameters": {"tau": "5 ms"}}
    with pytest.raises(spark.ConfigError) as caught:
        from_equations(**{**usual, **change}, reversal=0.0)
    assert f"EquationConductanceConfig.{text}" in str(caught.value), str(caught.value)


def test_a_reversal_potential_is_written_as_parameters_are() -> None:
    usual: dict[str, Any] = {
        "equations": "dg/dt = -g/tau : nS",
        "on_spike": "g += w",
        "output": "g",
        "parameters": {"tau": "5 ms"},
    }
    assert from_equations(**usual, reversal="-0.08 V") == from_equations(**usual, reversal=-80.0)
    with pytest.raises(spark.ConfigError, match=r"reversal: is in ms, got '2 ms'; expected mV\. Write it as '2 mV'"):
        from_equations(**usual, reversal="2 ms")


def test_a_conductance_without_a_reversal_is_no_current() -> None:
    text = "EquationCurrentConfig.output: line 1, column 1: is in nS; expected pA. Give a `reversal`"
    with refused(spark.ConfigError, text):
        from_equations("dg/dt = -g/tau : nS", on_spike="g += w", output="g", parameters={"tau": "5 ms"})


@pytest.mark.parametrize("number", [150, pytest.param(1000, marks=pytest.mark.thorough)])
def test_a_mutated_text_is_a_receptor_or_a_clear_error(number: int) -> None:
    chance, errors = random.Random(6), 0
    for _ in range(number):
        field = chance.choice(["equations", "on_spike", "output"])
        text = RISES[field]
        at = chance.randrange(len(text))
        new = text[:at] + chance.choice(["", "(", "*", "s", "w", ";", ":", "1e", "\n", "^", "é", "nS"]) + text[at + 1 :]
        parameters = {"fall": "20 ms", "rise": "2 ms", "scale": SCALE}
        try:
            made: Any = receptors.EquationConductance(from_equations(**{**RISES, field: new}, parameters=parameters))
            brought = made(arrivals=FloatArray(np.float32([0.0, 2.0])))["conductance"].value
        except spark.ConfigError as error:
            errors += 1
            assert str(error).startswith("EquationConductance"), error
            continue
        assert brought.shape == (2,) and brought.dtype == np.float32, new
    assert number / 3 < errors < number


# What arrives, what acts, and whether it stays at or above 0 whatever weights arrive.
SIGNS = {
    "as it comes": ("g += w", "g", False),
    "taken away": ("g -= w", "g", False),
    "its size": ("g += abs(w)", "g", True),
    "its square": ("g += w*w/(1*nS)", "g", True),
    "a power of it": ("g += w**2/(1*nS)", "2*g", True),
    "an odd power": ("g += w**3/(1*nS)**2", "g", False),
    "cut at the end": ("g += w", "maximum(g, 0*nS)", True),
    "cut where it arrives": ("g += maximum(w, 0*nS)", "g", True),
    "cut from above": ("g += w", "minimum(g, 5*nS)", False),
    "between bounds": ("g += w", "clip(g, 0*nS, 5*nS)", True),
    "where it is negative": ("g += where(w < 0*nS, abs(w), 0*nS)", "g", True),
    "saturated": ("g += 5*nS*tanh(w/(1*nS))", "g", False),
    "an exponential": ("g += 1*nS*exp(w/(1*nS))", "g", True),
}


@pytest.mark.parametrize("name", SIGNS)
def test_a_conductance_as_text_takes_negative_weights_where_it_stays_above_zero(name: str) -> None:
    on_spike, output, stays = SIGNS[name]
    receptor = from_equations(
        "dg/dt = -g/tau : nS", on_spike=on_spike, output=output, parameters={"tau": "5 ms"}, reversal=0.0
    )
    wire = Projection("__call__", "s", name="a", weights=-0.7)
    if not stays:
        text = (
            "pool.a.weights: must be at least 0 at a conductance, got -0.7. Give the size alone: the receptor's "
            "reversal potential says whether it excites or inhibits"
        )
        with refused(spark.ConfigError, text):
            brain_of({"r": wire}, {"r": receptor})
        return
    variable, brought = traces(brain_of({"r": wire}, {"r": receptor}), trains(120), "pool.r.g", "pool.soma.conductance")
    assert brought.min() >= 0 and np.abs(variable).max() > (0 if "maximum(w" not in on_spike else -1)


SATURATES = {
    "equations": "dg/dt = -30*nS*g/(tau*(1*nS + abs(g))) : nS", "on_spike": "g += abs(w)",
    "parameters": {"tau": "1 ms"}, "reversal": 0.0,
}  # fmt: skip
STEEP = {
    "equations": "dg/dt = -g/tau : nS", "on_spike": "g += abs(w)", "parameters": {"tau": "0.2 ms"}, "reversal": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "scheme", "stays"),
    [(STEEP, scheme, scheme in ("auto", "exact", "exponential_euler"))
     for scheme in ("auto", "exact", "exponential_euler", "euler", "rk2", "rk4")]
    + [(SATURATES, "auto", False), (SATURATES, "euler", False)],
)  # fmt: skip
def test_a_scheme_that_may_step_across_zero_takes_negative_weights_only_where_the_output_is_cut(
    text: dict[str, Any], scheme: str, stays: bool
) -> None:
    def conductance(output: str, weights: float) -> np.ndarray:
        receptor = from_equations(**text, output=output, scheme=scheme)
        wire = Projection("__call__", "s", name="a", weights=weights)
        return traces(brain_of({"r": wire}, {"r": receptor}), trains(120), "pool.soma.conductance")[0]

    if stays:
        assert conductance("g", -10.0).min() >= 0
    else:
        with pytest.raises(spark.ConfigError, match=r"must be at least 0 at a conductance, got -10\."):
            conductance("g", -10.0)
        # Most of them do step across 0 here, and what is cut does not.
        assert (conductance("g", 10.0).min() < 0) == (scheme in ("euler", "auto"))
    cut = conductance("maximum(g, 0*nS)", -10.0)
    assert cut.min() >= 0 and cut.max() > 0


def test_what_is_divided_by_zero_has_no_sign() -> None:
    known = {"k": ZERO, "x": POSITIVE}
    for text in ("x/k", "k/k", "x/0"):
        assert sign(parse(text).tree, known) == ANY, text
    assert sign(parse("k/x").tree, known) == sign(parse("k*x").tree, known) == ZERO


def test_negative_weights_are_refused_where_the_course_leads_below_zero() -> None:
    falls = from_equations(
        "dg/dt = -(g + x)/tau : nS\ndx/dt = -x/tau : nS",
        on_spike="x += abs(w)", output="g", parameters={"tau": "5 ms"}, reversal=0.0,
    )  # fmt: skip
    with pytest.raises(spark.ConfigError, match="must be at least 0 at a conductance, got -0.7"):
        brain_of({"r": Projection("__call__", "s", name="a", weights=-0.7)}, {"r": falls})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("low", [-0.01, 0.5])
def test_whether_negative_weights_are_allowed_does_not_follow_from_what_a_seed_draws(low: float, seed: int) -> None:
    def built(on_spike: str) -> Any:
        scaled = from_equations(
            "dg/dt = -g/tau : nS", on_spike=on_spike, output="g", reversal=0.0,
            parameters={"tau": "5 ms", "k": (UniformInitializer(low=low, high=1.0), "1")},
        ).updated(seed=seed)  # fmt: skip
        return brain_of({"r": Projection("__call__", "s", name="a", weights=-0.7)}, {"r": scaled})

    # Of these seeds none draws a number below 0.
    drawn = built("g += abs(k*w)").pool.r.config.parameters["k"][0]
    assert drawn.shape == (UNITS,) and drawn.min() > 0
    with pytest.raises(spark.ConfigError, match="must be at least 0 at a conductance, got -0.7"):
        built("g += k*abs(w)")

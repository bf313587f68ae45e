"""Conductances act on a soma that is written as text as on the built-in one of the same equation, however large."""

import numpy as np
import pytest

import spark
from spark import ConfigError, CurrentArray, SpikeArray
from spark.nn import receptors, somas

STEPS, SOURCES = 400, 8
LEAKY = "dv/dt = (v_rest - v + R*I)/tau : mV"
NUMBERS = {"R": "100 MOhm", "tau": "20 ms", "theta": "-50 mV", "v_rest": "-60 mV"}
AT_REST = {"v": "v_rest"}


def text(equations=LEAKY, **settings):
    given = {"threshold": "v > theta", "reset": "v = v_rest", "parameters": NUMBERS, "first": AT_REST, **settings}
    return somas.from_equations(equations, **given)


def potential(soma, kinds, weights, rate=0.05, dt=1.0):
    """The potential, mV, of two units while trains of spikes reach each of these receptors."""
    net = spark.Network(dt=dt, seed=1)
    pool = net.pool("p", 2, soma=soma, receptors=kinds)
    for name, weight in weights.items():
        net.connect(net.input(name, SOURCES, SpikeArray), getattr(pool, name), weights=weight)
    trains = np.random.default_rng(3).random((len(weights), STEPS, SOURCES)) < rate
    given = {name: SpikeArray(train.astype(np.int8)) for name, train in zip(weights, trains, strict=True)}
    of_text = isinstance(soma, somas.EquationSomaConfig)
    brain = net.build()
    path = "p.soma.v" if of_text else "p.soma.potential"
    found = spark.run(brain, STEPS, given, record=[path, "p"], progress=False)
    # The built-in one says how far it is above rest.
    return found[path] - (0.0 if of_text else 60.0), found["p"], brain


AMPA = receptors.ExponentialConductanceConfig(tau=5.0, reversal=0.0)
GABA = receptors.ExponentialConductanceConfig(tau=10.0, reversal=-80.0)


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize("sizes", [(0.6, 6.7), (6.0, 67.0), (600.0, 6700.0)])
def test_a_text_is_as_exact_and_as_stable_as_the_built_in_soma(sizes, dt):
    kinds, weights = {"ampa": AMPA, "gaba": GABA}, dict(zip(("ampa", "gaba"), sizes, strict=True))
    written, fired, brain = potential(text(scheme="exponential_euler"), kinds, weights, dt=dt)
    built, also, _ = potential(somas.IntegrateAndFireSomaConfig(cooldown=0.0), kinds, weights, dt=dt)
    assert written.min() > -80.001 and written.max() <= 0.0
    np.testing.assert_allclose(written, built, atol=2e-3)
    np.testing.assert_array_equal(fired, also)
    assert spark.explain(brain)["p.soma"].runs_as == "compiled"


def test_without_a_word_on_schemes_the_stable_one_is_taken():
    weights = {"gaba": 670.0}
    left_out, _, _ = potential(text(), {"gaba": GABA}, weights)
    said, _, _ = potential(text(scheme="exponential_euler"), {"gaba": GABA}, weights)
    np.testing.assert_array_equal(left_out, said)


def test_inhibition_whose_reversal_lies_below_never_lifts_the_potential():
    found, fired, _ = potential(text(), {"gaba": GABA}, {"gaba": 67.0})
    assert not fired.any() and found.max() <= -59.99 and found.min() >= -80.001


def test_a_current_beside_a_conductance_acts_in_the_same_step():
    net, trains = spark.Network(dt=1.0, seed=1), np.ones((50, 1), np.int8)
    kinds = {"gaba": GABA, "more": receptors.CurrentConfig()}
    pools = [net.pool("a", 1, soma=text(), receptors=kinds)]
    pools += [net.pool("b", 1, soma=somas.IntegrateAndFireSomaConfig(cooldown=0.0), receptors=kinds)]
    spikes, current = net.input("s", 1, SpikeArray), net.input("i", 1, CurrentArray)
    for pool in pools:
        net.connect(spikes, pool.gaba, weights=2.0)
        net.connect(current, pool.more)
    given = {"s": SpikeArray(trains), "i": CurrentArray(np.full((50, 1), 90.0, np.float32))}
    found = spark.run(net.build(), 50, given, record=["a.soma.v", "b.soma.potential"])
    np.testing.assert_allclose(found["a.soma.v"], found["b.soma.potential"] - 60.0, atol=2e-3)


def test_a_threshold_sees_the_current_that_flows():
    """`I` is what receptors bring at the potential that there is: 0 where a conductance's reversal is reached."""
    soma = text("dv/dt = 0*I/tau : mV", threshold="I < theta", reset="", first={"v": "v_rest"}, parameters={
        "tau": "20 ms*pA/mV", "theta": "-100 pA", "v_rest": "-60 mV"})  # fmt: skip
    _, fired, _ = potential(soma, {"gaba": GABA}, {"gaba": 10.0}, rate=1.0)
    assert fired[3:].all()
    at_reversal = receptors.ExponentialConductanceConfig(tau=10.0, reversal=-60.0)
    _, fired, _ = potential(soma, {"gaba": at_reversal}, {"gaba": 10.0}, rate=1.0)
    assert not fired.any()


@pytest.mark.parametrize(
    ("soma", "kind", "said"),
    [
        (text("dv/dt = (v_rest - v)/tau : mV", parameters={k: NUMBERS[k] for k in ("tau", "theta", "v_rest")}), AMPA,
         "p.config.receptors.r: brings a conductance, and the soma EquationSoma makes no use of it as it is written. "
         "Name `I` in the equations, the current in pA"),
        (text("dv/dt = (v_rest - v)/tau : mV", parameters={k: NUMBERS[k] for k in ("tau", "theta", "v_rest")}),
         receptors.CurrentConfig(),
         "p.config.receptors.r: brings a current, and the soma EquationSoma makes no use of it as it is written. "
         "Name `I` in the equations, the current in pA"),
        (text(potential=""), AMPA,
         "p.config.receptors.r: brings a conductance, and the soma EquationSoma makes no use of it as it is written. "
         "Name the potential: `potential='v'`"),
        (text(scheme="exact"), AMPA,
         "p.soma.config.scheme: 'exact' is for linear equations whose coefficients stay, which these are not. "
         "Leave it at 'auto': conductances arrive"),
    ],
)  # fmt: skip
def test_what_would_vanish_or_cannot_be_integrated_is_refused(soma, kind, said):
    net = spark.Network(dt=1.0, seed=1)
    pool = net.pool("p", 1, soma=soma, receptors={"r": kind})
    payload = CurrentArray if isinstance(kind, receptors.CurrentConfig) else SpikeArray
    net.connect(net.input("s", 1, payload), pool.r)
    with pytest.raises(ConfigError) as error:
        spark.run(net.build(), 1)
    assert str(error.value) == said


def test_jumps_alone_need_no_current_in_the_text():
    soma = text("dv/dt = (v_rest - v)/tau : mV", parameters={k: NUMBERS[k] for k in ("tau", "theta", "v_rest")})
    _, fired, _ = potential(soma, {"r": receptors.JumpConfig()}, {"r": 20.0})
    assert fired.any()

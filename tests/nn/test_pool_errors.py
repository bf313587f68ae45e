"""What a pool refuses, in which words; and that its config comes back from a file."""

import numpy as np
import pytest
from builders import refused
from pool_brains import UNITS, CurrentMeterConfig, MeterConfig, brain_of, config_of, source, trains

import spark
from spark import ConfigError, CurrentArray, FloatArray, InputSpec, SpikeArray, WiringError
from spark.nn import (
    Brain,
    BrainConfig,
    PoolConfig,
    Projection,
    connections,
    dendrites,
    initializers,
    plasticity,
    receptors,
    somas,
)
from spark.nn.projections.projection import ProjectionConfig
from spark.nn.receptors import ReceptorConfig
from spark.nn.somas import Soma, SomaConfig, SomaOutput
from spark.sim.run import build

JUMPS = {"r": receptors.JumpConfig()}
RULE = plasticity.PairRuleConfig(maximum=5.0, weight_unit=1.0)
MODULATED = RULE.updated(eligibility_tau=100.0)


def wire(**settings):
    """A projection from the brain's input."""
    return Projection("__call__", "s", **settings)


def test_two_projections_of_one_name_are_refused():
    fix = "Give each a `name=...` of its own"
    with refused(WiringError, f"pool.a: is the name of two projections. {fix}"):
        brain_of({"r": [wire(name="a"), wire(), wire(name="a")]}, JUMPS)
    kinds = {**JUMPS, "other": receptors.PulseCurrentConfig()}
    with refused(WiringError, f"pool.a: is the name of two projections. {fix}"):
        brain_of({"r": wire(name="a"), "other": wire(name="a", rule=RULE)}, kinds)


def test_projections_without_names_are_told_apart():
    made = brain_of({"r": [wire(), wire(rule=RULE), source()]}, JUMPS)
    assert all(len(made.connections(f"pool.{name}")) == 6 * UNITS for name in ("s_r", "s_r_2", "s_r_3"))


@pytest.mark.parametrize("name", ["r", "soma", "total", "reward"])
def test_a_projection_that_is_called_like_another_part_is_refused(name):
    text = f"pool.{name}: is the name of a projection and of another part or input. Give each a `name=...` of its own"
    inputs = {"reward": InputSpec(FloatArray, (), "float32")}
    wires = {"r": [wire(name=name, rule=RULE)], "reward": source("reward")}
    with refused(WiringError, text):
        brain_of(wires, JUMPS, inputs=inputs, modulators=("reward",))


@pytest.mark.parametrize("name", ["soma", "total"])
def test_a_receptor_that_is_called_like_a_part_of_every_pool_is_refused(name):
    with pytest.raises(
        ConfigError, match=f"'{name}' cannot be the name of a receptor: every pool has a part of this name"
    ):
        PoolConfig(units=(3,), receptors={name: receptors.JumpConfig()})


@pytest.mark.parametrize("name", ["step", "config", "signs", "units"])
def test_a_receptor_that_is_called_like_what_every_module_has_is_refused(name):
    text = f"pool.{name}: {name!r} is the name of something that every module has. Choose another name"
    with refused(WiringError, text):
        brain_of({name: wire()}, {name: receptors.JumpConfig()})


def test_a_rule_names_a_modulator_that_is_wired():
    head = "Projection(__call__.s).modulator: "
    text = "is missing, got a rule that is modulated; expected the name of an input port of the pool. "
    with refused(ConfigError, f"{head}{text}Name one of the pool's `modulators`"):
        wire(rule=MODULATED)
    text = "has no effect without a rule that is modulated, got 'reward'. "
    text += "Give the rule an `eligibility_tau`, or leave it out"
    for rule in (None, RULE):
        with refused(ConfigError, f"{head}{text}"):
            wire(rule=rule, modulator="reward")
    text = "pool.s_r.modulator: is no wired modulator of the pool, got 'reward'; expected one of []. "
    for modulators in ((), ("reward",)):
        with refused(WiringError, f"{text}List it in `modulators` of pool, and wire it"):
            brain_of({"r": wire(rule=MODULATED, modulator="reward")}, JUMPS, modulators=modulators)


def test_a_rule_of_ones_own_with_a_port_for_modulation_is_told_to_say_that_it_is_modulated():
    class OwnRuleConfig(plasticity.RuleConfig):
        """It does not say that its rule is modulated."""

    class OwnRule(plasticity.Rule):
        """A rule of somebody's own."""

        config: OwnRuleConfig

    head = "Projection(__call__.s).modulator: "
    text = "has no effect without a rule that is modulated, got 'reward'. "
    mend = "Write a property `modulated` that is True in OwnRuleConfig, if its rule has a port `modulation`"
    with refused(ConfigError, f"{head}{text}{mend}"):
        wire(rule=OwnRuleConfig(), modulator="reward")


@pytest.mark.parametrize("number", [2, UNITS])
def test_a_modulator_takes_one_wire(number):
    names = [f"reward_{place}" for place in range(number)]
    inputs = {name: InputSpec(FloatArray, (), "float32") for name in names}
    wires = {"r": wire(rule=MODULATED, modulator="reward"), "reward": [source(name) for name in names]}
    text = f"pool.reward: is wired {number} times, and would take what each wire brings for other units; "
    text += "expected one wire. Add the modulations up in a module of your own, and wire that; "
    with refused(WiringError, f"{text}or give each projection a modulator of its own"):
        brain_of(wires, JUMPS, inputs=inputs, modulators=("reward",))


@pytest.mark.parametrize("weight_unit", [None, 2.0])
def test_a_first_weight_beyond_its_bound_is_named_in_units_that_every_receptor_has(weight_unit):
    rule = plasticity.PairRuleConfig(maximum=0.5, weight_unit=weight_unit)
    text = "pool.s_r_rule.config.maximum: the greatest first weight lies outside, got 1; the bound is 0.5, "
    with refused(ConfigError, f"{text}in units of 2, the `weight_unit`. Change the bound, or draw other first weights"):
        brain_of({"r": wire(rule=rule, weights=2.0)}, JUMPS)


def test_a_modulator_is_no_receptor():
    with refused(ConfigError, "PoolConfig.modulators: 'r' is a receptor. Choose another name"):
        PoolConfig(units=(3,), receptors=JUMPS, modulators=("r",))


def test_half_precision_is_for_weights_that_stay():
    text = "Projection(__call__.s).weight_dtype: is for weights that stay, got float16 beside a rule. "
    with refused(ConfigError, f"{text}Leave it out: weights that change are of the pool's `dtype`"):
        wire(rule=RULE, weight_dtype="float16")


@pytest.mark.parametrize("rule", [None, RULE], ids=["static", "plastic"])
def test_settings_of_a_projection_are_refused_by_its_name(rule):
    cases = {
        "delay: must be at least dt and at most 65535 steps, got 0.1 to 0.1 ms with dt=0.5 ms": {"delay": 0.1},
        "pattern: connects unit by unit, but the pools differ in size, got 6 and 5 units": {"pattern": "one_to_one"},
        r"pattern.matrix: has the wrong shape, got \(2, 2\); expected \(5, 6\): \(post, pre\)": {"pattern": np.eye(2)},
        "weights: has no effect beside connections that bring their own weights, got ConstantInitializer": {
            "pattern": np.eye(UNITS, 6),
            "weights": 2.0,
        },
        r"weights.density: has no effect .*, and write `pattern=FixedProbability\(probability=0.5\)`": {
            "weights": initializers.UniformInitializer(density=0.5)
        },
    }
    for text, settings in cases.items():
        with pytest.raises(ConfigError, match=f"^pool.mine.{text}"):
            brain_of({"r": wire(name="mine", rule=rule, **settings)}, JUMPS)


def test_an_unknown_setting_names_the_nearest():
    with refused(ConfigError, "Projection(__call__.s).weight: is unknown. Did you mean 'weights'?"):
        wire(weight=3.0)


class DeafConfig(SomaConfig):
    """Nothing to set."""


class Deaf(Soma):
    """A soma without a potential, that takes currents and fires where they are strong."""

    config: DeafConfig

    def __call__(self, current: CurrentArray) -> SomaOutput:
        """No state."""
        return {"spikes": SpikeArray((current.value > 2.0).astype(np.int8))}


def test_a_soma_without_a_potential_is_reached_by_currents():
    made = brain_of({"r": wire(weights=2.5)}, {"r": receptors.PulseCurrentConfig()}, soma=DeafConfig())
    spikes = trains(40)
    fired = spark.run(made, 40, {"s": SpikeArray(spikes)}, record="pool")["pool"]
    np.testing.assert_array_equal(fired, np.repeat(spikes.any(axis=1)[:, None], UNITS, axis=1))


def test_a_receptor_that_brings_what_the_soma_does_not_take_is_refused():
    head = "pool.config.receptors.r: brings a"
    fix = "Take another receptor, or a soma with this input port"
    with refused(ConfigError, f"{head} jump, and the soma CurrentMeter takes current. {fix}"):
        brain_of({"r": wire()}, JUMPS, soma=CurrentMeterConfig())
    text = f"{head} conductance, and the soma Deaf takes current. {fix}; "
    with refused(ConfigError, f"{text}or let the soma expose `potential`, and its pool makes a current of it"):
        brain_of({"r": wire()}, {"r": receptors.ExponentialConductanceConfig()}, soma=DeafConfig())


class OpenConfig(SomaConfig):
    """Nothing to set."""


class Open(Soma):
    """A soma that takes conductances, and keeps its potential to itself."""

    config: OpenConfig

    def __call__(self, conductance: spark.ConductanceArray) -> SomaOutput:
        """No state."""
        return {"spikes": SpikeArray((conductance.value > 2.0).astype(np.int8))}


def test_a_receptor_that_reads_the_potential_needs_one():
    text = "pool.config.receptors.r: reads the potential of the soma, and Open exposes none. "
    with refused(ConfigError, f"{text}Take another receptor, or let the soma expose `potential`"):
        brain_of({"r": wire()}, {"r": receptors.NMDAConfig()}, soma=OpenConfig())
    made = brain_of({"r": wire(weights=2.5)}, {"r": receptors.ExponentialConductanceConfig()}, soma=OpenConfig())
    assert spark.run(made, 9, {"s": SpikeArray(np.ones(6, np.int8))}, record="pool")["pool"].all()


def test_parameters_for_another_number_of_units_are_refused_by_their_names():
    text = "has the wrong shape, got (3,); expected one number or (5,). Give one number for all units, or one for each"
    with refused(ConfigError, f"pool.r.config.reversal: {text}"):
        brain_of({"r": wire()}, {"r": receptors.ExponentialConductanceConfig(reversal=np.zeros(3))})
    soma = somas.IntegrateAndFireSomaConfig(potential_tau=np.full(3, 10.0))
    with refused(ConfigError, f"pool.soma.config.potential_tau: {text}"):
        brain_of({"r": wire()}, {"r": receptors.ExponentialCurrentConfig()}, soma=soma)


class HomelessConfig(ReceptorConfig):
    """A config that no class has."""


def test_a_config_without_a_module_is_refused():
    text = "is the config of no module; expected a class that says `config: HomelessConfig`"
    with pytest.raises(ConfigError, match=text):
        brain_of({"r": wire()}, {"r": HomelessConfig()})


def test_plain_data_says_of_which_kind_it_is():
    with pytest.raises(ConfigError, match=r"'NMDAConfg' is no receptor. Did you mean 'NMDAConfig'\?"):
        PoolConfig(units=(3,), receptors={"r": {"receptor": "NMDAConfg"}})
    with pytest.raises(ConfigError, match="is no receptor. Known: 'AlphaConductanceConfig', "):
        PoolConfig(units=(3,), receptors={"r": {"tau": 5.0}})
    with pytest.raises(ConfigError, match="'IntegrateConfig' is no soma"):
        PoolConfig(units=(3,), soma={"soma": "IntegrateConfig"})
    with pytest.raises(ConfigError, match="'PairRule' is no rule"):
        ProjectionConfig(rule={"rule": "PairRule"})
    made = PoolConfig(
        units=(3,), receptors={"r": {"receptor": "NMDAConfig", "tau": 50.0}}, soma={"soma": "MeterConfig"}
    )
    assert made.receptors["r"] == receptors.NMDAConfig(tau=50.0) and type(made.soma) is MeterConfig


def test_no_receptor_and_what_is_none_are_refused():
    for given, text in (({}, "expected at least one receptor, got none"), ({"r": 3}, "config of a receptor, got int")):
        with pytest.raises(ConfigError, match=text):
            PoolConfig(units=(3,), receptors=given)
    text = "pool.r: input port is not fed, got no wire; expected SpikeArray. "
    with refused(WiringError, f"{text}Add `'r': [spark.PortMap(origin=..., port=...)]` to its inputs"):
        brain_of({}, JUMPS)


def test_the_shape_and_the_step_are_the_pools():
    for name, value, got in (("units", (4,), "(4,); expected (5,)"), ("dt", 0.1, "0.1; expected 0.5")):
        text = f"pool.config.receptors.r.{name}: differs from its owner's, got {got}. "
        with refused(ConfigError, f"{text}Set `{name}` in one place: give it to the owner only"):
            brain_of({"r": wire()}, {"r": receptors.JumpConfig(**{name: value})})


def test_a_pool_comes_back_from_json_and_runs_as_before():
    each = np.linspace(0.0, 1.0, UNITS)
    wires = {
        "ampa": [
            wire(name="drawn", pattern=connections.FixedInDegree(degree=2), weights=1.5, delay=2.0, rule=RULE),
            wire(name="given", pattern=np.eye(UNITS, 6), delay=initializers.UniformInitializer(low=0.5, high=3.0)),
            source(),
        ],
        "nmda": Projection("pool", "out_spikes", weights=each[:, None] * each, weight_dtype="bfloat16"),
        "stimulus": source("i"),
    }
    kinds = {
        "ampa": receptors.ExponentialConductanceConfig(),
        "nmda": receptors.NMDAConfig(),
        "stimulus": receptors.CurrentConfig(),
    }
    inputs = {"i": InputSpec(CurrentArray, (UNITS,), "float32")}
    soma = somas.IntegrateAndFireSomaConfig(threshold=-55.0 + each)
    config = config_of(wires, kinds, inputs=inputs, soma=soma)
    back = BrainConfig.from_json(config.to_json())
    assert back == config and back.to_json() == config.to_json()
    given = {"s": SpikeArray(trains(60)), "i": CurrentArray(np.full((60, UNITS), 90.0, np.float32))}
    fired = []
    for one in (config, back):
        made = Brain(one)
        build(made)
        fired.append(spark.run(made, 60, given, record="pool")["pool"])
    np.testing.assert_array_equal(*fired)
    assert fired[0].any()


def test_a_config_of_ones_own_cannot_take_the_name_of_one_of_ours():
    with pytest.raises(ConfigError) as caught:
        type("LeakySomaConfig", (spark.SomaConfig,), {"__module__": "mine"})
    assert str(caught.value) == (
        "LeakySomaConfig: is the name of a built-in soma already. Give the class another name: files find it by that"
    )
    assert type(PoolConfig(units=(3,), soma={"soma": "LeakySomaConfig"}).soma) is somas.LeakySomaConfig


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (
            {"exposes": ("potential",)},
            "PoolConfig.exposes: is no property of EquationSomaConfig's soma, got 'potential'; expected one of []. ",
        ),
        (
            {"receptors": {"r": receptors.ExponentialConductanceConfig()}},
            "pool.config.receptors.r: brings a conductance, and the soma EquationSoma makes no use of it as it is "
            "written. ",
        ),
        (
            {"dendrites": {"d": dendrites.LeakyDendriteConfig()}},
            "pool.config.dendrites.d: reads the potential of the soma, and EquationSoma exposes none. ",
        ),
    ],
    ids=["exposed", "conductance", "dendrite"],
)
def test_a_soma_written_as_text_without_a_potential_exposes_none(given, text):
    soma = somas.from_equations("dx/dt = (I/pA - x)/(20*ms) : 1", threshold="x > 10", potential="")
    kinds = given.get("receptors", {"r": receptors.ExponentialCurrentConfig()})
    with pytest.raises(ConfigError) as caught:
        build(brain_of({"r": wire()}, kinds, soma=soma, **{k: v for k, v in given.items() if k != "receptors"}))
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("soma", [somas.EscapeRateSomaConfig(), somas.PoissonSomaConfig()])
def test_a_probability_is_exposed_in_the_dtype_of_the_pool(soma):
    net = spark.Network(dt=0.1, seed=1)
    kinds = {"r": receptors.ExponentialCurrentConfig()}
    pool = net.pool("pool", 2, soma=soma, receptors=kinds, exposes=("probability",), dtype="float16")
    net.connect(pool.out_spikes, pool.r)
    made = net.build()
    spark.run(made, 2, progress=False)
    assert made.state["pool.soma.probability"].dtype == np.float16

"""What a config says is done, or refused with what to write."""

from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import NoConfig, refused, spiking_brain

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray, catalogue
from spark.graph.check import check_names
from spark.nn import Brain, BrainConfig, plasticity, somas
from spark.nn.interfaces import (
    GainConfig,
    LinearSpiker,
    LinearSpikerConfig,
    PoissonSpiker,
    PoissonSpikerConfig,
    PopulationEncoderConfig,
)
from spark.nn.neurons import (
    AdExNeuron,
    CurrentLIFNeuron,
    CurrentLIFNeuronConfig,
    DeltaLIFNeuron,
    LIFNeuron,
    LIFNeuronConfig,
)


@pytest.mark.parametrize("number", [np.int64(3), np.int32(3), np.uint8(3)])
def test_whole_numbers_of_numpy_are_whole_numbers(number: Any) -> None:
    made = CurrentLIFNeuronConfig(units=number, excitatory__kernel=number)
    assert made.units == (3,) and type(made.units[0]) is int
    assert made.excitatory.units == (3,) and made.excitatory.kernel.value == 3.0
    assert CurrentLIFNeuronConfig(units=(number, 2)).units == (3, 2)


@pytest.mark.parametrize("dt", [0, 0.0, -1.0])
@pytest.mark.parametrize("cls", [c for f in catalogue.BUILT_IN.values() for c in f], ids=lambda c: c.__name__)
def test_a_step_without_length_is_a_config_error(cls: type, dt: float) -> None:
    required = {"units": (3,), "num_outputs": 1, "async_spikes": False, "modules_map": []}
    fields = cls.config_class().model_fields
    given = {name: value for name, value in required.items() if name in fields and fields[name].is_required()}
    with pytest.raises(spark.ConfigError, match=r"\bdt: must be > 0 ms"):
        cls.config_class()(**given, dt=dt)


def spiking(config: Any, cls: type, **brain: Any) -> BrainConfig:
    """A brain of one spiker."""
    specs = ModuleSpecs("spiker", cls, {"signal": PortMap("__call__", "x")}, config)
    return BrainConfig(
        input_map={"x": InputSpec(FloatArray, (2,), "float32")}, output_map={}, modules_map=[specs], **brain
    )


@pytest.mark.parametrize(
    ("cls", "config"),
    [
        (LinearSpiker, LinearSpikerConfig(max_freq=2000.0, cd=0.0)),
        (PoissonSpiker, PoissonSpikerConfig(max_freq=2000.0)),
    ],
)
def test_bounds_are_those_of_the_brains_step(cls: type, config: Any) -> None:
    made = Brain(spiking(config, cls, dt=0.1))
    made(x=FloatArray(np.ones(2, np.float32)))
    with pytest.raises(spark.ConfigError, match=r"modules_map\.spiker\.config\.max_freq"):
        spiking(config, cls)
    with pytest.raises(spark.ConfigError, match="max_freq"):
        cls(config)


def test_nested_bounds_are_those_of_the_brains_step() -> None:
    config = CurrentLIFNeuronConfig(units=(2,), soma__potential_tau=0.01)
    wires = {port: PortMap("pool", "out_spikes") for port in ("excitation", "inhibition")}
    specs = ModuleSpecs("pool", CurrentLIFNeuron, wires, config)
    Brain(BrainConfig(input_map={}, output_map={}, modules_map=[specs], dt=0.1))()
    text = (
        "BrainConfig.modules_map.pool.config.soma.potential_tau: is too far below dt (1 ms), got 0.01 ms; "
        "expected at least 0.0125 ms (dt / 80). "
        "Within one step nothing would be left to compute with: shorten dt, or lengthen the constant"
    )
    with refused(spark.ConfigError, text):
        BrainConfig(input_map={}, output_map={}, modules_map=[specs])


def time_constants(cls: type) -> list[str]:
    """Fields that are declared as time constants."""
    fields = cls.config_class().model_fields
    return [
        n for n, f in fields.items() if isinstance(f.json_schema_extra, dict) and "time_constant" in f.json_schema_extra
    ]


WITH_TAU = [(c, n) for family in catalogue.BUILT_IN.values() for c in family for n in time_constants(c)]


@pytest.mark.parametrize(("cls", "name"), WITH_TAU, ids=lambda v: getattr(v, "__name__", v))
def test_a_time_constant_far_below_the_step_and_one_that_is_not_above_0_are_refused(cls: type, name: str) -> None:
    needed = {"num_outputs": 1, "cd": 2.0, "max_freq": 495.0}
    fields = cls.config_class().model_fields
    given = {n: v for n, v in needed.items() if n in fields and ("cd" in fields or n != "max_freq")}
    with pytest.raises(spark.ConfigError, match=rf"{name}: is too far below dt \(0.5 ms\), got 0.006 ms"):
        cls.config_class()(**given, dt=0.5, **{name: 0.006})
    for value in (-20.0, 0.0):
        with pytest.raises(spark.ConfigError, match=rf"{name}: must be > 0 ms, got {value}"):
            cls.config_class()(**given, **{name: value})


def test_every_time_constant_is_declared_as_one() -> None:
    """By its name and unit: a new one cannot be forgotten."""
    for cls in (c for family in catalogue.BUILT_IN.values() for c in family):
        fields = cls.config_class().model_fields
        named = [n for n in fields if n == "tau" or n.endswith("_tau")]
        assert set(named) <= set(time_constants(cls)), cls.__name__


@pytest.mark.parametrize(("dtype", "longest"), [("float16", 1000.0), ("bfloat16", 25.0)])
def test_a_state_in_half_precision_keeps_its_time_constant(dtype: str, longest: float) -> None:
    """Refused beyond; at the greatest that is taken, it decays to 1/e in its time, within 5 %."""
    somas.LeakySomaConfig(dtype=dtype, dt=1.0, potential_tau=longest)
    value, count = jnp.ones((), dtype), 0
    factor = np.float32(np.exp(-1.0 / longest))
    while float(value) > np.exp(-1.0):
        value, count = (value.astype(jnp.float32) * factor).astype(dtype), count + 1
    assert abs(count - longest) <= 0.05 * longest
    text = (
        f"LeakySomaConfig.potential_tau: is too long for a state in {dtype}, got {2 * longest:g} ms; expected at most "
        f"{longest:g} ms ({longest:g} steps of 1 ms). "
        "A step's decay would be lost in rounding: keep the state in float32, or lengthen dt"
    )
    with refused(spark.ConfigError, text):
        somas.LeakySomaConfig(dtype=dtype, dt=1.0, potential_tau=2 * longest)


def test_a_step_beyond_a_time_constant_of_eulers_method_is_refused() -> None:
    with pytest.raises(spark.ConfigError, match=r"adaptation_tau: is shorter than a step, got 0.5 ms with dt=1 ms"):
        somas.AdaptiveExponentialSomaConfig(dt=1.0, adaptation_tau=0.5)


def test_a_refractory_period_beyond_its_counter_is_refused() -> None:
    with pytest.raises(spark.ConfigError, match="cooldown: is longer than 2,147,483,647 steps"):
        somas.LeakySomaConfig(dt=1.0, cooldown=1e12)


def test_the_config_of_what_is_built_cannot_be_set() -> None:
    made = somas.LeakySoma()
    made.config = somas.LeakySomaConfig(threshold=-45.0)
    made(current=CurrentArray(np.zeros(2, np.float32)))
    text = (
        "LeakySoma.config: cannot be set: what was built from it would stay as it is. Build another brain: "
        "`Brain(brain.config.updated(...))`, or go on from this one's state with "
        "`brain.with_config({'module.field': value})`"
    )
    with refused(spark.ModuleError, text):
        made.config = somas.LeakySomaConfig()


def test_64_bits_are_refused_where_jax_has_32() -> None:
    made = somas.LeakySoma(dtype="float64")
    text = (
        "LeakySoma.config.dtype: cannot be had: JAX narrows it to float32, got 'float64'. "
        "Write `jax.config.update('jax_enable_x64', True)` before anything is built, or choose float32"
    )
    with refused(spark.ConfigError, text):
        made(current=CurrentArray(np.zeros(2, np.float32)))


def test_64_bits_work_where_jax_has_them() -> None:
    with jax.enable_x64(True):
        specs = ModuleSpecs(
            "s", somas.LeakySoma, {"current": PortMap("__call__", "i")}, somas.LeakySomaConfig(dtype="float64")
        )
        inputs = {"i": InputSpec(CurrentArray, (2,), "float32")}
        made = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[specs]))
        spark.run(made, 3, {"i": CurrentArray(np.full(2, 100.0, np.float32))})
        potential = made.state["s.potential"]
        assert potential.dtype == np.float64
        np.testing.assert_allclose(potential, 10.0 * -np.expm1(-3 / 20.0), rtol=1e-6)


@pytest.mark.parametrize("cls", [CurrentLIFNeuron, DeltaLIFNeuron, AdExNeuron])
@pytest.mark.parametrize(("sign", "weight"), [(1, 5.0), (-1, 5.0), (1, -5.0), (-1, -5.0)])
def test_inhibition_lowers_the_potential_whatever_the_signs(cls: type, sign: int, weight: float) -> None:
    soma = {} if cls is not AdExNeuron else {"potential_first": -70.6}
    config = cls.config_class()(units=(1,), inhibitory={"kernel": weight, "delay": 1.0}, soma=soma)
    config = config.updated(inhibitory__connections="all_to_all", excitatory__kernel=0.0)
    wires = {"excitation": PortMap("__call__", "s"), "inhibition": PortMap("__call__", "s")}
    made = Brain(
        BrainConfig(
            input_map={"s": InputSpec(SpikeArray, (1,), "int8")},
            output_map={},
            modules_map=[ModuleSpecs("pool", cls, wires, config)],
        )
    )
    sent = np.zeros((4, 1), np.int8)
    sent[0] = sign
    found = spark.run(made, 4, {"s": SpikeArray(sent)}, record=["pool.soma.potential"])["pool.soma.potential"]
    silent = cls.config_class()(units=(1,), soma=soma, _s_kernel=0.0)
    made = Brain(made.config.updated(modules_map=[ModuleSpecs("pool", cls, wires, silent)]))
    plain = spark.run(made, 4, {"s": SpikeArray(sent)}, record=["pool.soma.potential"])["pool.soma.potential"]
    assert np.asarray(found)[-1, 0] < np.asarray(plain)[-1, 0] - 1e-3


@pytest.mark.parametrize(("value", "dtype"), [(2, "int8"), (300, "int32"), (0.5, "float32"), (np.nan, "float32")])
def test_numbers_that_are_no_spikes_are_refused_where_they_are_seen(value: float, dtype: str) -> None:
    made = LIFNeuron(units=(2,), async_spikes=False)
    with pytest.raises(spark.InputError, match="holds numbers that are no spikes"):
        made(in_spikes=SpikeArray(np.array([0, value], dtype)))


NO_SPIKES = [(2, "int8"), (-7, "int32"), (0.5, "float32"), (np.nan, "float32")]


@pytest.mark.parametrize(("value", "dtype"), NO_SPIKES)
def test_numbers_that_are_no_spikes_are_seen_on_a_device_by_a_run_and_by_the_call_that_builds(
    value: float, dtype: str
) -> None:
    config = LIFNeuronConfig(units=(2,), async_spikes=False)
    pool = ModuleSpecs("pool", LIFNeuron, {"in_spikes": PortMap("__call__", "spikes")}, config)
    given = SpikeArray(jnp.asarray([0, value], dtype))
    with pytest.raises(spark.InputError, match=r"Brain\.spikes: holds numbers that are no spikes"):
        spiking_brain([pool], 2)(spikes=given)
    with pytest.raises(spark.InputError, match=r"Brain\.spikes: holds numbers that are no spikes"):
        spark.run(spiking_brain([pool], 2), 3, {"spikes": given})
    with pytest.raises(spark.InputError, match=r"Brain\.spikes: holds numbers that are no spikes"):
        spark.run(spiking_brain([pool], 2), 3, {"spikes": lambda step: given})


@pytest.mark.parametrize(("value", "dtype"), NO_SPIKES)
def test_later_calls_and_traced_functions_read_the_sign_of_what_a_device_holds(value: float, dtype: str) -> None:
    made = LIFNeuron(units=(2,), async_spikes=False, synapses__kernel=3.0, learning_rule__gamma=0.0)
    made(in_spikes=SpikeArray(jnp.zeros(2, dtype)))
    graph, state = spark.split(made)

    def potential(given: Any) -> tuple[Any, Any]:
        made.load_state(state)
        made(in_spikes=SpikeArray(given))
        traced = jax.jit(lambda now, seen: spark.step(graph, now, {"in_spikes": SpikeArray(seen)}))(state, given)
        return np.asarray(made.state["soma.potential"]), np.asarray(traced[1]["soma.potential"])

    sign = np.nan_to_num(np.sign(value))
    for found, expected in zip(
        potential(jnp.asarray([0, value], dtype)), potential(jnp.asarray([0, sign], dtype)), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
        assert found.any() == bool(sign)


class Loud(spark.Module):
    """Puts out spikes of a number."""

    class Config(spark.ModuleConfig):
        """Which."""

        value: float = spark.field(2.0, description="The number.")
        kind: str = spark.field("int8", description="Its dtype.")

    config: Config

    class Output(TypedDict):
        """Spikes."""

        spikes: SpikeArray

    def __call__(self, spikes: SpikeArray) -> Output:
        loud = jnp.asarray(self.config.value, self.config.kind)
        return {"spikes": SpikeArray(spikes.value.astype(self.config.kind) * loud)}


@pytest.mark.parametrize(("value", "kind"), [(2, "int8"), (0.5, "float32"), (-7, "int32")])
@pytest.mark.parametrize("pairs", [False, True])
def test_every_reader_takes_the_sign_of_a_number_that_is_no_spike(value: float, kind: str, pairs: bool) -> None:
    def potential(number: float, dtype: str) -> np.ndarray:
        config = LIFNeuronConfig(units=(2,), async_spikes=pairs, synapses__kernel=3.0, learning_rule__gamma=0.0)
        loud = ModuleSpecs("loud", Loud, {"spikes": PortMap("__call__", "s")}, Loud.Config(value=number, kind=dtype))
        pool = ModuleSpecs("pool", LIFNeuron, {"in_spikes": PortMap("loud", "spikes")}, config)
        inputs = {"s": InputSpec(SpikeArray, (2,), "int8")}
        made = Brain(BrainConfig(input_map=inputs, output_map={}, modules_map=[loud, pool]))
        spark.run(made, 12, {"s": SpikeArray(np.array([1, 0], np.int8))})
        return np.asarray(made.state["pool.soma.potential"])

    np.testing.assert_allclose(potential(value, kind), potential(np.sign(value), "int8"), rtol=1e-6)
    assert potential(value, kind).any()


def test_modulated_rules_of_equal_configs_share_a_structure() -> None:
    rule = plasticity.PairRuleConfig(eligibility_tau=100.0)
    wires = {"in_spikes": PortMap("__call__", "s"), "modulation": PortMap("__call__", "m")}
    inputs = {"s": InputSpec(SpikeArray, (3,), "int8"), "m": InputSpec(FloatArray, (), "float32")}

    def made() -> Any:
        config = LIFNeuronConfig(units=(2,), async_spikes=False, learning_rule=rule)
        brain = Brain(
            BrainConfig(input_map=inputs, output_map={}, modules_map=[ModuleSpecs("pool", LIFNeuron, wires, config)])
        )
        brain(s=SpikeArray(np.zeros(3, np.int8)), m=FloatArray(np.zeros((), np.float32)))
        return spark.split(brain)[0].structure

    assert made() is made()


class Kept(spark.Module):
    """Keeps a dict of its own under a name that a brain uses."""

    config: NoConfig

    class Output(TypedDict):
        """A number."""

        y: FloatArray

    def build(self, x: spark.PortSpec) -> None:
        self.cache = {"a": 1, "sum": spark.Variable(np.zeros(x.shape, np.float32))}

    def __call__(self, x: FloatArray) -> Output:
        self.cache["sum"].value = self.cache["sum"].value + x.value * self.cache["a"]
        return {"y": FloatArray(self.cache["sum"].value)}


def test_an_author_may_call_an_attribute_cache() -> None:
    made = Kept()
    for _ in range(3):
        out = made(x=FloatArray(np.ones(2, np.float32)))
    np.testing.assert_array_equal(out["y"].value, [3.0, 3.0])


@pytest.mark.parametrize("owner", [Brain, LIFNeuron, CurrentLIFNeuron], ids=lambda c: c.__name__)
def test_no_part_may_hide_what_its_owner_has(owner: type) -> None:
    for name in (n for n in dir(owner) if not n.startswith("_")):
        assert check_names([name], owner), name
    for name in (n for n in dir(Brain) if not n.startswith("_")):
        assert check_names([name]), f"{name} is not known to a config of a brain"


def test_ends_in_the_wrong_order_are_refused() -> None:
    text = "GainConfig.least: must not be above most (1), got 2. Swap them, or leave one out"
    with refused(spark.ConfigError, text):
        GainConfig(least=2.0, most=1.0)
    assert GainConfig(least=1.0, most=1.0).least == 1.0
    text = "PopulationEncoderConfig.least_freq: must not be above max_freq (50 Hz), got 60 Hz. "
    with refused(spark.ConfigError, text + "Lower it: no unit would ever fire"):
        PopulationEncoderConfig(max_freq=50.0, least_freq=60.0)

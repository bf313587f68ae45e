"""What a config says is done, or refused with what to write."""

from typing import Any, TypedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import NoConfig, prepared, refused, spiking_brain
from drawing import some

import spark
from spark import CurrentArray, FloatArray, InputSpec, ModuleSpecs, PortMap, SpikeArray, catalogue
from spark.graph.check import check_names
from spark.nn import Brain, BrainConfig, plasticity, somas
from spark.nn.connection_table import ConnectionTable, connection_table
from spark.nn.connections import FixedProbability
from spark.nn.initializers import (
    ArrayInitializer,
    ConstantInitializer,
    LogNormalInitializer,
    NormalInitializer,
    UniformInitializer,
)
from spark.nn.initializers.base import kinds
from spark.nn.interfaces import LinearSpiker, LinearSpikerConfig, PoissonSpiker, PoissonSpikerConfig
from spark.nn.neurons import (
    AdExNeuron,
    CurrentLIFNeuron,
    CurrentLIFNeuronConfig,
    DeltaLIFNeuron,
    DeltaLIFNeuronConfig,
    LIFNeuron,
    LIFNeuronConfig,
)

DRAWN = {
    "constant": ConstantInitializer,
    "uniform": UniformInitializer,
    "normal": lambda **given: NormalInitializer(mean=2.0, deviation=0.5, **given),
    "log-normal": LogNormalInitializer,
}


def synapses(pre: int = 12, units: int = 8, **given: Any) -> DeltaLIFNeuron:
    """A built pool with these synapses, all to all unless said otherwise."""
    made = DeltaLIFNeuron(units=(units,), excitatory={"connections": "all_to_all", **given})
    return prepared(made, excitation=SpikeArray(np.zeros(pre, np.int8)))


def table_of(made: DeltaLIFNeuron) -> ConnectionTable:
    """Its connections; of the pool alone no wire takes a step."""
    return connection_table(spark.merge(*spark.split(made)), "excitation")


def weights_of(made: DeltaLIFNeuron) -> np.ndarray:
    """Weights of every connection, (pre, post) where all are connected."""
    return table_of(made).weights


@pytest.mark.parametrize("kind", DRAWN.values(), ids=DRAWN)
def test_bounds_hold_for_what_was_scaled(kind: Any, rng: np.random.Generator) -> None:
    values = kind(total=60.0, minimum=2.0, maximum=9.0).connect(rng, 12, 5).values.reshape(12, 5)
    assert values.min() >= 2.0 and values.max() <= 9.0
    np.testing.assert_allclose(values.sum(axis=0), 60.0, rtol=1e-6)


@pytest.mark.parametrize("kind", DRAWN.values(), ids=DRAWN)
def test_sparse_synapses_scale_to_the_total(kind: Any) -> None:
    made = synapses(kernel=kind(total=30.0))
    np.testing.assert_allclose(weights_of(made).reshape(12, 8).sum(axis=0), 30.0, rtol=1e-5)


@pytest.mark.parametrize("kind", DRAWN.values(), ids=DRAWN)
def test_sparse_synapses_keep_weights_and_delays_within_bounds(kind: Any) -> None:
    made = synapses(kernel=kind(minimum=1.25, maximum=1.5), delay=kind(minimum=3.0, maximum=3.0))
    assert weights_of(made).min() >= 1.25 and weights_of(made).max() <= 1.5
    assert set(table_of(made).delays.tolist()) == {3.0}


def test_a_total_that_bounds_do_not_allow_is_refused(rng: np.random.Generator) -> None:
    text = (
        "total: does not fit the bounds, got 100; the values of unit 0 within no minimum and maximum=10 add up to 0 "
        "to 60. Widen the bounds, or change `total`"
    )
    with refused(spark.ConfigError, text):
        UniformInitializer(total=100.0, maximum=10.0).connect(rng, 6, 4)


@pytest.mark.parametrize(
    "kernel",
    [
        ConstantInitializer(value=0.0, total=1.0),
        NormalInitializer(total=10.0),
    ],
    ids=["zeros", "both signs"],
)
def test_values_that_nearly_cancel_are_not_scaled(kernel: Any, rng: np.random.Generator) -> None:
    with pytest.raises(spark.ConfigError, match="add up to almost nothing"):
        kernel.connect(rng, 4, 2000)
    with pytest.raises(spark.ConfigError, match=r"config\.kernel\.total: cannot be reached"):
        synapses(pre=4, units=2000, kernel=kernel)


@pytest.mark.parametrize(
    ("bounds", "mean", "named"), [({"minimum": 0.05}, -9.0, "minimum=0.05"), ({"maximum": 0.0}, 9.0, "maximum=0")]
)
def test_a_unit_all_of_whose_values_the_bounds_exclude_is_named(
    bounds: dict[str, float], mean: float, named: str, rng: np.random.Generator
) -> None:
    text = (
        f"total: cannot be reached: with {named} no value of unit 0 has a sign that is allowed, got 10 to scale to; "
        "expected values that keep their sign. Draw from a distribution of one sign, such as LogNormalInitializer, "
        "or leave out `total`"
    )
    with refused(spark.ConfigError, text):
        NormalInitializer(mean=mean, total=10.0, **bounds).connect(rng, 1, 5)


def test_a_minimum_above_the_maximum_is_refused() -> None:
    text = "UniformInitializer.minimum: must not be above maximum (2), got 3. Swap them, or leave one out"
    with refused(spark.ConfigError, text):
        UniformInitializer(minimum=3.0, maximum=2.0)


@pytest.mark.parametrize("setting", ["kernel", "delay"])
def test_a_density_of_drawn_connections_is_refused(setting: str) -> None:
    text = (
        f"excitatory.config.{setting}.density: has no effect on synapses whose connections are drawn apart, "
        "got 0.2. Leave it out, and write `connections=FixedProbability(probability=0.2)`"
    )
    with refused(spark.ConfigError, text):
        synapses(**{setting: ConstantInitializer(value=2.0, density=0.2)})


PATTERNS = {
    "a matrix": np.arange(1.0, 97.0).reshape(8, 12),
    "by chance": FixedProbability(probability=0.5),
    "all to all": "all_to_all",
}
CHANGED: dict[str, Any] = {
    "density": 0.5,
    "total": 30.0,
    "minimum": 40.0,
    "maximum": -40.0,
    "value": 3.0,
    "low": -2.0,
    "high": 2.0,
    "mean": 3.0,
    "deviation": 2.0,
    "order": 5.0,
    "array": np.full((8, 12), 3.0),
    "profile": "linear",
    "width": 0.5,
    "peak": 3.0,
    "offset": 2.0,
    "periodic": True,
    "velocity": 3.0,
    "side": 3.0,
}


@pytest.mark.parametrize("pattern", some(PATTERNS.values(), 2, thorough=1), ids=[*PATTERNS])
@pytest.mark.parametrize("kind", [*kinds.values()], ids=lambda kind: kind.__name__)
def test_every_setting_of_a_kernel_changes_the_weights_or_is_refused(pattern: Any, kind: Any) -> None:
    fields = kind.model_fields
    assert set(fields) <= set(CHANGED)
    needed = {"array": np.full((8, 12), 2.0)} if "array" in fields else {}
    plain = weights_of(synapses(connections=pattern)) if needed else None
    for name in fields:
        try:
            made = weights_of(synapses(connections=pattern, kernel=kind(**{**needed, name: CHANGED[name]})))
            plain = weights_of(synapses(connections=pattern, kernel=kind(**needed)))
        except spark.ConfigError:
            continue
        assert not np.array_equal(made, plain), name


def test_a_kernel_beside_a_matrix_of_weights_is_refused_and_one_for_other_wires_is_not() -> None:
    matrix = np.arange(1.0, 97.0).reshape(8, 12)
    unused = "has no effect beside connections that bring their own weights, got UniformInitializer."
    text = (
        f"excitatory.config.kernel: {unused} "
        "Leave it out and scale the matrix itself, or give connections without weights"
    )
    with refused(spark.ConfigError, text):
        synapses(connections=matrix, kernel=UniformInitializer())
    np.testing.assert_array_equal(weights_of(synapses(connections=matrix)).reshape(12, 8).T, matrix)

    def pool(kernel: Any, connections: Any) -> Brain:
        config = DeltaLIFNeuronConfig(units=(8,), excitatory={"kernel": kernel, "connections": connections})
        wires = {"excitation": [PortMap("__call__", "spikes"), PortMap("__call__", "spikes")]}
        return prepared(spiking_brain([ModuleSpecs("pool", DeltaLIFNeuron, wires, config)], 12))

    found = pool(7.0, (matrix, "all_to_all")).connections("pool.excitation").weights
    np.testing.assert_array_equal(found, [*matrix.T.ravel(), *[7.0] * 96])
    pool((1.0, 7.0), (matrix, "all_to_all"))
    text = (
        f"pool.excitatory.config.kernel[0]: {unused} "
        "Write 1 in its place, the default, or give connections without weights"
    )
    with refused(spark.ConfigError, text):
        pool((UniformInitializer(), 7.0), (matrix, "all_to_all"))


def test_delays_have_no_total() -> None:
    with pytest.raises(spark.ConfigError, match="has no meaning for delays"):
        synapses(delay=ConstantInitializer(value=2.0, total=9.0))


def test_an_array_takes_no_settings_that_it_would_ignore() -> None:
    with pytest.raises(spark.ConfigError, match="does not apply to an array"):
        ArrayInitializer(array=np.ones((2, 2)), total=3.0)


def test_a_matrix_gives_each_connection_that_exists_its_weight_and_delay(rng: np.random.Generator) -> None:
    matrix = rng.uniform(1.0, 2.0, (8, 12)).astype(np.float32)
    delays = rng.integers(1, 5, (8, 12)).astype(np.float32)
    made = synapses(connections=FixedProbability(probability=0.4), kernel=matrix, delay=delays)
    table = table_of(made)
    np.testing.assert_array_equal(table.weights, matrix[table.targets, table.sources])
    np.testing.assert_array_equal(table.delays, delays[table.targets, table.sources])


def test_a_list_gives_each_connection_its_delay() -> None:
    made = synapses(3, 3, connections="one_to_one", delay=np.array([1.0, 2.0, 3.0]), kernel=np.array([5.0, 6.0, 7.0]))
    np.testing.assert_array_equal(table_of(made).delays, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(weights_of(made), [5.0, 6.0, 7.0])


def test_an_array_of_another_shape_is_refused_with_the_right_one() -> None:
    with pytest.raises(spark.ConfigError, match=r"config\.delay\.array: has the wrong shape, got \(5,\)"):
        synapses(3, 3, connections="one_to_one", delay=np.ones(5))


def test_weights_beyond_their_dtype_are_refused() -> None:
    with pytest.raises(spark.ConfigError, match="cannot hold the weights, got 100000 in float16"):
        synapses(kernel=1e5, weight_dtype="float16")


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

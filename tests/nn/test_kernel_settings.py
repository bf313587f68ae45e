"""What a config says of weights, delays and connections is done, or refused with what to write."""

from typing import Any

import numpy as np
import pytest
from builders import prepared, refused, spiking_brain
from drawing import some

import spark
from spark import ModuleSpecs, PortMap, SpikeArray
from spark.nn import Brain
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
from spark.nn.neurons import (
    DeltaLIFNeuron,
    DeltaLIFNeuronConfig,
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

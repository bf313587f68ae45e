"""States in 64 bits, where JAX has them: every module runs, as in 32."""

from typing import Any

import jax
import numpy as np
import pytest
from tolerances import INTEGRATED

import spark
from spark import catalogue
from spark.core.check_examples import example_config, example_inputs
from spark.nn import neurons, somas
from spark.nn.plasticity import Rule
from spark.worlds import World

QUICK = (neurons.LIFNeuron, somas.LeakySoma)
CLASSES = [
    pytest.param(cls, id=cls.__name__, marks=[] if cls in QUICK else pytest.mark.slow)
    for name, family in catalogue.BUILT_IN.items()
    if name != "brain"
    for cls in family
]


def put_out(cls: type[spark.Module], dtype: str) -> list[np.ndarray]:
    """What a module of this dtype puts out in 40 steps."""
    made = cls(example_config(cls).updated(dtype=dtype))
    given: dict[str, Any] = {}
    if issubclass(cls, Rule):
        held, scale = ("kernel", 0.25) if "kernel" in cls.ports().inputs else ("weights", 1.0)
        given[held] = spark.FloatArray(scale * np.linspace(2.0, 3.5, 36, dtype=np.float32).reshape(6, 6))
    if issubclass(cls, World):
        given["action"] = spark.IntegerArray(np.ones(1, np.int32))
    found = [made(**inputs) for inputs in example_inputs(made, given, 40)]
    return [np.asarray(leaf) for leaf in jax.tree.leaves(found)]


@pytest.mark.parametrize("cls", CLASSES)
def test_a_module_in_64_bits_does_as_in_32(cls: Any) -> None:
    narrow = put_out(cls, "float32")
    with jax.enable_x64(True):
        wide = put_out(cls, "float64")
    for one, other in zip(narrow, wide, strict=True):
        np.testing.assert_allclose(other, one, **INTEGRATED["float32"])


# Each delay and each density once in the quick run.
@pytest.mark.parametrize(
    ("delayed", "density"),
    [pytest.param(d, s, marks=[] if d == (s < 1) else pytest.mark.slow) for d in (False, True) for s in (0.5, 1.0)],
)
def test_a_run_of_a_pool_in_64_bits_equals_its_steps(delayed: bool, density: float) -> None:
    with jax.enable_x64(True):
        kernel = spark.nn.initializers.UniformInitializer(density=density, total=20_000.0)
        config = neurons.ALIFNeuronConfig(units=(9,), async_spikes=delayed, dtype="float64", synapses__kernel=kernel)
        wires = {"in_spikes": [spark.PortMap("__call__", "spikes"), spark.PortMap("pool", "out_spikes")]}
        brains = [
            spark.nn.Brain(
                spark.nn.BrainConfig(
                    input_map={"spikes": spark.InputSpec(spark.SpikeArray, (5,), "int8")},
                    output_map={},
                    modules_map=[spark.ModuleSpecs("pool", neurons.ALIFNeuron, wires, config)],
                )
            )
            for _ in range(2)
        ]
        given = (np.random.default_rng(2).random((30, 5)) < 0.3).astype(np.int8)
        found = spark.run(brains[0], 30, {"spikes": spark.SpikeArray(given)}, record=["pool"])["pool"]
        for row in given:
            brains[1](spikes=spark.SpikeArray(row))
        assert found.any() and brains[0].state["pool.synapses.weights"].dtype == np.float64
        for path in brains[0].state:
            np.testing.assert_array_equal(brains[0].state[path], brains[1].state[path], err_msg=path)

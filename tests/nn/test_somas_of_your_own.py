"""What the author of a soma gets wrong is said at the soma, with what to write instead."""

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import CurrentArray, SpikeArray
from spark.core.errors import ModuleError, WiringError
from spark.nn import Pool, receptors, somas


def brain_of(spikes_of):
    """A pool of five units whose soma puts out what a function makes of itself and its current."""

    class OwnConfig(spark.SomaConfig):
        """Of a soma that keeps its potential."""

    class Own(spark.Soma):
        """Puts out what it is asked for."""

        config: OwnConfig

        def build(self, current: spark.PortSpec) -> None:
            self.potential = spark.Variable(np.zeros(current.shape, np.float32), unit="mV")

        def __call__(self, current: CurrentArray) -> somas.SomaOutput:
            return {"spikes": SpikeArray(spikes_of(self, current.value))}

    net = spark.Network(dt=0.5, seed=1)
    sent = net.input("sent", 4, SpikeArray)
    pool = net.pool("pool", 5, Pool, soma=OwnConfig(), receptors={"r": receptors.ExponentialCurrentConfig()})
    net.connect(sent, pool.r, weights=100.0)
    return net.build()


def run(brain):
    return spark.run(brain, 3, {"sent": SpikeArray(np.ones(4, np.int8))}, record="pool")["pool"]


def test_spikes_that_are_floats_are_refused():
    text = (
        "pool.soma.spikes: has the wrong dtype, got float32; expected int8. Write `SpikeArray(fired.astype(jnp.int8))`"
    )
    with refused(WiringError, text):
        run(brain_of(lambda soma, current: (current > 0).astype(jnp.float32)))


def test_truth_values_are_spikes():
    np.testing.assert_array_equal(run(brain_of(lambda soma, current: current > 0))[-1], np.ones(5))


@pytest.mark.parametrize(
    "ask",
    [
        lambda soma, current: jnp.ones(5, jnp.int8) if soma.potential.value[0] > 0 else jnp.zeros(5, jnp.int8),
        lambda soma, current: np.asarray(current) > 0,
        lambda soma, current: current > float(current.sum()),
        lambda soma, current: jnp.arange(5) < [1, 2][current.sum().astype(int)],
    ],
    ids=["if", "array", "float", "index"],
)
def test_what_python_asks_of_a_number_that_is_not_there_yet_is_said_at_the_module(ask):
    with pytest.raises(ModuleError) as caught:
        run(brain_of(ask))
    said = str(caught.value)
    assert said.startswith("pool.soma: asks in Python for a value that is known only while it runs, got ")
    assert said.endswith("Choose with `jnp.where` or `jax.lax.cond`, and compute with jax.numpy instead of NumPy")
    assert caught.value.__cause__ is not None

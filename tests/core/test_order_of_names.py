"""A config's dict keeps its order, except where names say the same in any order."""

from typing import TypedDict

import jax.numpy as jnp
import numpy as np

import spark
from spark.nn.somas import EquationSomaConfig


class SignalOutput(TypedDict):
    """The signal."""

    signal: spark.FloatArray


class OrderedConfig(spark.ModuleConfig):
    """A dict of a user's, whose order says something."""

    gains: dict[str, float] = spark.field(description="One after the other.")


class Ordered(spark.Module):
    """Numbers to which one gain after another is applied, each behind an offset of 1."""

    config: OrderedConfig

    def __call__(self, signal: spark.FloatArray) -> SignalOutput:
        """Advance one step."""
        value = signal.value
        for gain in self.config.gains.values():
            value = (value + np.float32(1.0)) * np.float32(gain)
        return {"signal": spark.FloatArray(value)}


def test_a_dict_keeps_its_order_and_is_computed_in_it() -> None:
    one, other = {"b": 2.0, "a": 3.0}, {"a": 3.0, "b": 2.0}
    config = OrderedConfig(gains=one)
    assert config != OrderedConfig(gains=other)
    assert list(OrderedConfig.from_json(config.to_json()).gains) == ["b", "a"]
    found = [
        float(Ordered(gains=gains)(signal=spark.FloatArray(jnp.float32(0.0)))["signal"].value) for gains in (one, other)
    ]
    assert found == [9.0, 8.0]


def test_what_says_the_same_in_any_order_is_equal_in_any_order() -> None:
    first = {"v": "v_rest", "n": "0"}
    given = {"equations": "dv/dt = (v_rest - v)/tau : mV\ndn/dt = -n/tau : 1", "reset": "v = v_rest"}
    parameters = {"v_rest": "-60 mV", "theta": "-50 mV", "tau": "20 ms"}
    one = EquationSomaConfig(**given, first=first, parameters=parameters)
    backwards = [dict(reversed(names.items())) for names in (first, parameters)]
    assert one == EquationSomaConfig(**given, first=backwards[0], parameters=backwards[1])
    assert EquationSomaConfig() == EquationSomaConfig(
        parameters=dict(reversed(EquationSomaConfig().parameters.items()))
    )

"""What a module exposes is a variable, an attribute or any property of its class, or is refused by name."""

import functools
from typing import ClassVar, TypedDict

import jax.numpy as jnp
import numpy as np
import pytest
from builders import refused

import spark
from spark import FloatArray


class Exposed(TypedDict):
    """What came in."""

    signal: FloatArray


class ExposingConfig(spark.ModuleConfig):
    """Nothing to set."""


class Exposing(spark.Module):
    """Exposes what it keeps, and what follows from it; and something that it has not."""

    config: ExposingConfig
    exposes: ClassVar = dict.fromkeys(("kept", "doubled", "once", "fixed", "absent", "failing"), FloatArray)
    fixed = np.float32(3.0)

    def build(self, signal: spark.PortSpec) -> None:
        """One number."""
        self.kept = spark.Variable(np.full(signal.shape, 2.0, np.float32))

    @property
    def doubled(self) -> object:
        """Twice what is kept."""
        return self.kept.value * np.float32(2.0)

    @functools.cached_property
    def once(self) -> float:
        """What follows from the config."""
        return self.config.dt * 5.0

    @property
    def failing(self) -> object:
        """Asks for what is not there."""
        return self.fixed.nothing  # type: ignore[attr-defined]

    def __call__(self, signal: FloatArray) -> Exposed:
        """Advance one step."""
        return {"signal": signal}


def exposing() -> Exposing:
    module = Exposing()
    module(signal=FloatArray(jnp.zeros(1, jnp.float32)))
    return spark.merge(*spark.split(module))


@pytest.mark.parametrize(("name", "value"), [("kept", 2.0), ("doubled", 4.0), ("once", 5.0), ("fixed", 3.0)])
def test_what_is_exposed_may_be_a_variable_or_any_attribute(name: str, value: float) -> None:
    assert np.asarray(exposing().read(name).value).item() == value


def test_what_is_exposed_and_not_there_is_refused() -> None:
    text = (
        "Exposing.absent: is exposed, and Exposing has nothing of this name. Set `self.absent = spark.Variable(...)` "
        "in `build`, or write a property; or leave it out of `exposes`"
    )
    with refused(spark.ModuleError, text):
        exposing().read("absent")


def test_what_a_property_raises_is_raised() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        exposing().read("failing")

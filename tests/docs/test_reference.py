"""Every public name says what a newcomer needs: its parameters with units and shapes, its ports, what it raises."""

from typing import Any, TypedDict

import numpy as np
import pytest
from pages import reference
from pages.documented import lacks

import spark
from spark.core.config import field
from spark.core.values import Number

DESCRIBED = reference.described()


@pytest.mark.parametrize("module", DESCRIBED)
def test_every_public_name_is_documented_with_units_shapes_ports_and_errors(module: str) -> None:
    assert [lack for name, value in DESCRIBED[module].own.items() for lack in lacks(name, value)] == []


class DimConfig(spark.ModuleConfig):
    """How bright a lamp is and how fast it fades."""

    brightness: Number = field(1.0, description="How bright.")
    tau: Number = field(1.0, unit="ms", description="How long it glows.")
    contrast: Number = field(1.0, description="A factor of the brightness.")


class Glow(TypedDict):
    """What a lamp puts out."""

    light: spark.FloatArray


class Lamp(spark.Module):
    """A lamp that fades.

    Input ports: `signal`. Output ports: `light`, shape of the signal.
    """

    config: DimConfig

    def build(self, signal: spark.PortSpec, gate: spark.PortSpec) -> None:
        """Refuse a gate that fits no signal."""
        raise spark.ModuleError("never")

    def __call__(self, signal: spark.FloatArray, gate: spark.FloatArray) -> Glow:
        """Advance one step."""
        return {"light": signal}

    def bright(self) -> Any:
        """Bright."""


def shine(level: float, where: np.ndarray, often: int) -> np.ndarray:
    """Light up for a while.

    Args:
        level: How strong.
        where: Which lamps.
    """
    raise spark.RunError("never")


class Undocumented:
    pass


def test_what_a_docstring_leaves_out_is_named() -> None:
    assert lacks("DimConfig", DimConfig) == [
        "DimConfig.brightness: no unit, nor a word that it has none: 'How bright.'"
    ]
    assert lacks("Lamp", Lamp) == [
        "Lamp: no input port `gate`",
        "Lamp: input ports have no shape: '`signal`. '",
        "Lamp: output ports have no dtype: '`light`, shape of the signal.'",
        "Lamp.build: raises ModuleError, and does not say so",
        "bright: says nothing but its name: 'Bright.'",
    ]
    assert lacks("shine", shine) == [
        "shine(level): no unit: 'How strong.'",
        "shine(where): no shape: 'Which lamps.'",
        "shine(often): not described",
        "shine: gives an array, of no shape",
        "shine: raises RunError, and does not say so",
    ]
    assert lacks("Undocumented", Undocumented) == ["Undocumented: says nothing but its name: None"]
    assert lacks("NUMBER", 3) == ["NUMBER: a value or type that `reference.DATA` says nothing of"]

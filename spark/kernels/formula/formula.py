"""A formula, ready to be an instruction of a native program."""

from dataclasses import dataclass

from jax.extend import core

from spark.kernels.formula import compile as machine
from spark.kernels.formula.emit import Loop, Slot
from spark.kernels.jaxprs import Code


@dataclass(frozen=True)
class Formula:
    """Array code over units as a loop in LLVM's intermediate language.

    Attributes:
        text: The loop.
        inputs: What it reads, in the order of its arrays.
        numbers: What it reads after them: floats that are written in the code.
        outputs: What it writes, after both.
        units: How many units there are.
    """

    text: str
    inputs: tuple[Slot, ...]
    numbers: tuple[float, ...]
    outputs: tuple[Slot, ...]
    units: int

    def key(self) -> int:
        """By which the native library knows the machine code; compiled at the first need."""
        return machine.load(self.text)


def formula(
    closed: core.ClosedJaxpr | Code,
    inputs: list[Slot],
    outputs: list[Slot],
    units: int,
    asks: tuple[int, bool] | None = None,
) -> Formula:
    """The formula of a closed jaxpr whose arguments and results are these arrays.

    Args:
        closed: What it computes.
        inputs: Its arguments.
        outputs: Its results.
        units: How many units there are.
        asks: Number of an argument of one boolean, and which value it has where anything is to be done.

    Raises:
        Unsupported: It is no formula; the text says what stands in the way.
    """
    loop = Loop(closed, inputs, outputs, units, machine.lanes(), asks)
    text = loop.text()
    return Formula(text, tuple(inputs), tuple(map(float, loop.numbers)), tuple(outputs), units)

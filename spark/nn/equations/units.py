"""Units: what an expression may add up, and numbers in one system whose units are mV, ms and pA.

In that system 1 mV / 1 pA is 1 GOhm, 1 pA / 1 mV is 1 nS, and 1 pA ms / mV is 1 pF; so formulas need no factors.
"""

import functools
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

# A name in an expression that is no variable or parameter may be one of these, with a prefix: no other unit is meant.
UNIT_NAME = re.compile(r"[pnumkMG]?(V|A|S|s|F|Ohm|ohm|Hz)")
_MILLI, _PICO = 1e3, 1e12
# Base quantities of the registry, and how they make up powers of volt, second and ampere.
_MASS, _LENGTH, _TIME, _CURRENT = "[mass]", "[length]", "[time]", "[current]"
_SHOWN: dict[tuple[Any, ...], str] = {
    (0, 0, 0): "1",
    (1, 0, 0): "mV",
    (0, 1, 0): "ms",
    (0, 0, 1): "pA",
    (1, 0, -1): "MOhm",
    (-1, 0, 1): "nS",
    (-1, 1, 1): "pF",
    (0, -1, 0): "1/ms",
    (1, -1, 0): "mV/ms",
    (0, -1, 1): "pA/ms",
}


@dataclass(frozen=True)
class Dimension:
    """Powers of voltage, time and current."""

    volts: Fraction = Fraction(0)
    seconds: Fraction = Fraction(0)
    amperes: Fraction = Fraction(0)

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(self.volts + other.volts, self.seconds + other.seconds, self.amperes + other.amperes)

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return self * other**-1

    def __pow__(self, power: float | Fraction) -> "Dimension":
        # Powers such as 0.1 are meant as one tenth.
        exact = Fraction(power).limit_denominator(1000)
        return Dimension(self.volts * exact, self.seconds * exact, self.amperes * exact)

    def __str__(self) -> str:
        powers = (self.volts, self.seconds, self.amperes)
        return _SHOWN.get(powers) or self.system_unit

    @property
    def system_unit(self) -> str:
        """The unit of this dimension in which everything is computed."""
        powers = (self.volts, self.seconds, self.amperes)
        named = zip(("mV", "ms", "pA"), powers, strict=True)
        return " ".join(unit if power == 1 else f"{unit}^{power}" for unit, power in named if power) or "1"


NUMBER = Dimension()
VOLTAGE, TIME, CURRENT = Dimension(volts=Fraction(1)), Dimension(seconds=Fraction(1)), Dimension(amperes=Fraction(1))


class UnitError(ValueError):
    """A text that is no unit, or none of electricity and time."""


@functools.cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry()
    registry.define("@alias ohm = Ohm")
    return registry


@functools.lru_cache(maxsize=4096)
def unit(text: str) -> tuple[float, Dimension]:
    """A unit's factor to the units of this system, and its dimension.

    Raises:
        UnitError: There is no such unit, or it measures something else than powers of voltage, time and current.
    """
    if len(text) > 100 or not re.fullmatch(r"[A-Za-z0-9 */^().ΩµμÅ+-]*", text):
        raise UnitError(f"{text[:40]!r} is no unit")
    if text.strip() in ("", "1"):
        return 1.0, NUMBER
    registry = _registry()
    try:
        parsed = registry.parse_units(text.replace("^", "**"))
        size = registry.Quantity(1.0, parsed).to_base_units()
        powers = {name: Fraction(power).limit_denominator(1000) for name, power in size.dimensionality.items()}
    except Exception as error:  # The registry raises errors of many kinds for what is no unit.
        raise UnitError(f"{text!r} is no unit") from error
    volts = powers.pop(_MASS, Fraction(0))
    length, seconds = powers.pop(_LENGTH, Fraction(0)), powers.pop(_TIME, Fraction(0)) + 3 * volts
    amperes = powers.pop(_CURRENT, Fraction(0)) + volts
    if powers or length != 2 * volts:
        raise UnitError(f"{text!r} is no unit made of mV, ms and pA")
    scale = _MILLI ** float(volts) * _MILLI ** float(seconds) * _PICO ** float(amperes)
    return float(size.magnitude) * scale, Dimension(volts, seconds, amperes)


def quantity(text: str) -> tuple[float, Dimension]:
    """A number with its unit, such as '-60 mV', in the units of this system.

    Raises:
        UnitError: It is no number, or its unit is none.
    """
    match = re.fullmatch(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\*?\s*(.*?)\s*", text)
    if match is None or len(text) > 200:
        raise UnitError(f"{text[:40]!r} is no number with a unit")
    factor, dimension = unit(match[2])
    value = float(match[1]) * factor
    if not abs(value) < float("inf"):
        raise UnitError(f"{text[:40]!r} is too large")
    return value, dimension


def is_unit(name: str) -> bool:
    """Whether a name in an expression is that of a unit with a prefix, or of several letters, and of nothing else.

    One letter, as V for a potential or s for an open gate, may be called so: nobody writes quantities of the nerve in
    whole volts, and where there is no such name it is the unit.
    """
    return len(name) > 1 and unit_of(name) is not None


def unit_of(name: str) -> tuple[float, Dimension] | None:
    """The unit of this name, if an expression may mean it."""
    if not UNIT_NAME.fullmatch(name):
        return None
    try:
        return unit(name)
    except UnitError:
        return None

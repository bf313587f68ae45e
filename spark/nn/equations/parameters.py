"""Parameters of equations: quantities with units by name."""

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, WithJsonSchema

from spark.arrays import Numeric
from spark.core.draws import Draw, is_draw, to_draw
from spark.core.errors import ConfigError, Problem
from spark.core.values import by_name, to_array
from spark.nn.equations.expression import TextError
from spark.nn.equations.text import Equations
from spark.nn.equations.units import NUMBER, Dimension, UnitError, is_unit, quantity, unit
from spark.nn.equations.values import no_number


def _to_parameters(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a dict from names to quantities, got {type(value).__name__}")
    made: dict[str, object] = {}
    for name, given in value.items():
        if not isinstance(name, str):
            raise ValueError(f"expected names that are strings, got {name!r}")
        made[name] = _to_quantity(name, given)
    return by_name(made)


def _to_quantity(name: str, given: object) -> object:
    try:
        if isinstance(given, str):
            quantity(given)
            return given
        if isinstance(given, (int, float)) and not isinstance(given, bool):
            if not np.isfinite(given):
                raise UnitError(f"{given} is no number")
            return float(given)
        if isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[1], str):
            unit(given[1])
            if is_draw(given[0]):
                return to_draw(given[0]), given[1]
            array = np.asarray(to_array(given[0]), np.float64)
            if not np.isfinite(array).all():
                raise UnitError("an element is no number")
            return array, given[1]
    except ConfigError as error:
        raise ConfigError(_of_parameter(name, problem) for problem in error.problems) from error
    except (UnitError, TypeError, ValueError) as error:
        raise ValueError(f"{name!r}: {error}; expected a number with its unit, such as '20 ms'") from error
    raise ValueError(
        f"{name!r}: expected a text such as '20 ms', a number, or (array or initializer, unit), "
        f"got {type(given).__name__}"
    )


def _of_parameter(name: str, problem: Problem) -> Problem:
    """The problem of an initializer under the name of its parameter, which goes behind the class at the head."""
    head, _, rest = problem.address.partition(".")
    return replace(problem, address=".".join(filter(None, (head, name, rest))))


AnyParameters = Annotated[dict[str, Any], BeforeValidator(_to_parameters), WithJsonSchema({"type": "object"})]


def values_of(parameters: Mapping[str, Any]) -> tuple[dict[str, Numeric], dict[str, Dimension]]:
    """Values in the units of this system (mV, ms, pA), numbers or arrays float64, and dimensions; both by name.

    For a parameter that is to be drawn its median stands, of which nothing is asked but its dimension.
    """
    values: dict[str, Numeric] = {}
    dimensions: dict[str, Dimension] = {}
    for name, given in parameters.items():
        if isinstance(given, str):
            values[name], dimensions[name] = quantity(given)
        elif isinstance(given, tuple):
            factor, dimensions[name] = unit(given[1])
            values[name] = (given[0].median() if isinstance(given[0], Draw) else given[0]) * factor
        else:
            values[name], dimensions[name] = given, NUMBER
    return values, dimensions


def check_names(parameters: Iterable[str], taken: Collection[str]) -> None:
    """Refuse names of parameters that are those of something else.

    Raises:
        ConfigError: One is taken, or is a unit, which no expression could name any more.
    """
    for name in sorted(parameters):
        if name in taken:
            text = f"{name!r} cannot be the name of a parameter: it is that of something else"
            raise ConfigError(Problem("parameters", text, "Choose another name", "name"))
        if is_unit(name):
            text = f"{name!r} cannot be the name of a parameter: it is a unit"
            raise ConfigError(Problem("parameters", text, "Choose another name", "name"))


# What a module keeps of equations under these names with that of a parameter or a variable behind.
_PREFIXES = ("parameter_", "coefficient_")


def check_variables(equations: Equations, taken: Collection[str]) -> None:
    """Refuse names of variables that are those of something that the module keeps.

    Raises:
        TextError: One is.
    """
    for one in equations.differentials:
        if one.name in taken or one.name.startswith(_PREFIXES):
            text = f"{one.name!r} is the name of something else"
            raise TextError(text, "Choose another", one.rate.line, 1)


def amount(name: str, given: object, wanted: Dimension) -> object:
    """What was given for a quantity, in the unit of this system: text with a unit as a number, all else as it is.

    Args:
        name: What the quantity is called.
        given: A number, or text such as '2 ms'.
        wanted: The dimension.

    Raises:
        ConfigError: The text is no number with such a unit.
    """
    if not isinstance(given, str):
        return given
    try:
        value, found = quantity(given)
    except UnitError as error:
        raise ConfigError(Problem(name, str(error), f"Write it as '2 {wanted}'", "unit")) from error
    if found != wanted:
        text = f"is in {found}, got {given!r}; expected {wanted}"
        raise ConfigError(Problem(name, text, f"Write it as '2 {wanted}'", "unit"))
    return value


def text_problem(name: str, error: TextError) -> Problem:
    """What is wrong with the text of a field."""
    return Problem(name, str(error), error.fix, "equation")


def number_problems(texts: Mapping[str, Iterable[ast.expr]], values: Mapping[str, Numeric]) -> list[Problem]:
    """What of the texts of fields is known at build and no number: in a step it would be infinite, or none.

    Args:
        texts: Trees of each field.
        values: What is known, by name.
    """
    said = ((name, no_number(tree, values)) for name, trees in texts.items() for tree in trees)
    fix = "Look at its numbers and parameters"
    return [Problem(name, f"cannot be computed: {text}", fix, "equation") for name, text in said if text]

"""The texts of a soma that is written as equations: read, with their units checked."""

import ast
from collections.abc import Mapping

import numpy as np

from spark.arrays import Numeric
from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.values import Quantity, Texts, by_name
from spark.nn.equations import schemes
from spark.nn.equations.dimensions import TRUTH, Kind, dimension
from spark.nn.equations.expression import DRAWN, WORDS, Expression, TextError, names_in, parse
from spark.nn.equations.parameters import (
    AnyParameters,
    check_names,
    check_variables,
    number_problems,
    text_problem,
    values_of,
)
from spark.nn.equations.text import Equations, put_in, read_equations, read_statements
from spark.nn.equations.units import CURRENT, NUMBER, TIME, VOLTAGE, Dimension, UnitError, quantity
from spark.nn.equations.values import at_build
from spark.nn.somas.soma import SomaConfig

INPUT = "I"
# The sum of all conductances, nS, which no text can name.
OPENED = "the sum of conductances"
# The length of a step, in a threshold.
STEP = "dt"
# What the soma keeps beside its variables, which therefore cannot be called so.
_OWN = ("config", "coefficients", "blocked", "refracts", "key", "shape")
_MOST_BLOCKED = np.iinfo(np.int16).max


_DEFAULTS = {"v_rest": "-60 mV", "v_reset": "-60 mV", "theta": "-50 mV", "R": "100 MOhm", "tau": "20 ms"}


class EquationSomaConfig(SomaConfig):
    """A soma as text; the defaults are a leaky integrate-and-fire unit."""

    equations: str = field(
        "dv/dt = (v_rest - v + R*I)/tau : mV",
        description="A line for each: `dv/dt = ... : mV` for a variable, with `(unless refractory)` behind the unit if "
        "it stays meanwhile, or `x = ... : mV` for an expression with a name. `I` is the current, pA.",
        lines=True,
    )
    threshold: str = field(
        "v > theta",
        description="A unit fires where this holds. `rand()` in it is a number between 0 and 1, drawn for each unit in "
        "each step, and `dt` the step: `rand() < 1 - exp(-rate*dt)`.",
    )
    reset: str = field(
        "v = v_reset",
        description="What a spike does: `v = v_reset; w += b`, or each on a line of its own.",
        lines=True,
    )
    refractory: Quantity = field(0.0, unit="ms", least=0, description="Refractory period, in which no unit fires.")
    parameters: AnyParameters = field(
        factory=lambda: by_name(_DEFAULTS),
        description="Parameters by name: '20 ms', a number, or (array or initializer, unit) for one of each unit.",
    )
    first: Texts = field(
        factory=dict, description="What variables begin with: '-60 mV', or expressions of parameters; left out, 0."
    )
    potential: str = field("v", description="The membrane potential: what receptors read, and jumps come on top of.")
    scheme: schemes.Scheme = field(
        "auto",
        description="exact (linear equations), exponential_euler, euler, rk2 or rk4; auto takes the first that fits of "
        "exact, exponential_euler and rk2.",
    )

    def problems(self) -> list[Problem]:
        """Every text is read, and its units are checked."""
        found = super().problems()
        try:
            read = SomaEquations(self)
        except ConfigError as error:
            return [*found, *error.problems]
        return [*found, *read.further_problems()]

    def step_problems(self) -> list[Problem]:
        """The refractory period has a longest."""
        found = super().step_problems()
        longest = float(np.max(self.refractory))
        if longest / self.dt > _MOST_BLOCKED:
            text = f"is longer than {_MOST_BLOCKED:,} steps, got {longest:g} ms with dt={self.dt:g} ms"
            found.append(Problem("refractory", text, "Shorten it, or lengthen dt", "bounds"))
        try:
            read = SomaEquations(self)
        except ConfigError:
            # What cannot be read is told by `problems`.
            return found
        told = {problem.address for problem in read.number_problems()}
        return [*found, *(p for p in read.number_problems(self.dt) if p.address not in told)]


class SomaEquations:
    """The texts of a config, read.

    Attributes:
        equations: The equations.
        threshold: The condition.
        reset: What is assigned at a spike.
        values: Parameters in the units of this system (mV, ms, pA): numbers, or arrays float64.

    Raises:
        ConfigError: A text cannot be read, or its units do not fit; where.
    """

    def __init__(self, config: EquationSomaConfig) -> None:
        self.config = config
        self.values, dimensions = values_of(config.parameters)
        self.threshold_text = self._parsed_threshold()
        taken = {*dir(Module), *WORDS, INPUT, STEP, "refractory"}
        check_names(config.parameters, taken)
        try:
            given = {**dimensions, INPUT: CURRENT}
            equations = read_equations(config.equations, given, {STEP}, changes=not self.draws)
            check_variables(equations, {*taken, *_OWN})
        except TextError as error:
            raise ConfigError(text_problem("equations", error)) from error
        self.equations: Equations = equations
        self.threshold = self._condition()
        try:
            self.reset = read_statements(config.reset, equations, self.variables)
        except TextError as error:
            raise ConfigError(text_problem("reset", error)) from error

    @property
    def variables(self) -> set[str]:
        """Names of what changes."""
        return {one.name for one in self.equations.differentials}

    def problem(self, opened: bool = False) -> schemes.Problem:
        """What is to be integrated.

        Args:
            opened: Whether conductances arrive: then `I` is the current less their sum times the potential, so that
                schemes know how it follows the potential within a step.
        """
        rates = {one.name: one.rate for one in self.equations.differentials}
        inputs, put = {INPUT}, dict[str, ast.expr]()
        if opened:
            inputs.add(OPENED)
            flows = ast.BinOp(ast.Name(OPENED), ast.Mult(), ast.Name(self.config.potential))
            put[INPUT] = ast.BinOp(ast.Name(INPUT), ast.Sub(), flows)
        trees = {name: put_in(rate, put) for name, rate in rates.items()}
        drawing = (self.config.potential, OPENED) if opened else None
        return schemes.Problem(trees, self.values, frozenset(inputs), self.config.dt, drawing)

    @property
    def takes_current(self) -> bool:
        """Whether any expression names `I`."""
        return INPUT in names_in(self._trees())

    def _trees(self) -> list[ast.expr]:
        """All that is computed in a step."""
        rates = [one.rate.tree for one in self.equations.differentials]
        return [*rates, self.threshold.tree, *(assigned.tree for _, assigned in self.reset)]

    @property
    def draws(self) -> bool:
        """Whether the threshold draws a number."""
        return DRAWN in self.threshold_text.names

    def _parsed_threshold(self) -> Expression:
        try:
            return parse(self.config.threshold, may_draw=True)
        except TextError as error:
            raise ConfigError(text_problem("threshold", error)) from error

    def _condition(self) -> Expression:
        found = self.threshold_text
        try:
            if dimension(found, {**self.equations.dimensions, STEP: TIME, DRAWN: NUMBER}) != TRUTH:
                raise TextError(f"{found.source[:60]!r} is no comparison", "Write `v > theta`")
            return self.equations.expanded(found)
        except TextError as error:
            raise ConfigError(text_problem("threshold", error)) from error

    def first_values(self) -> dict[str, Numeric]:
        """What variables begin with, in the units of this system.

        Raises:
            ConfigError: An expression is none of parameters, or no number.
        """
        found = {}
        dimensions = {n: d for n, d in self.equations.dimensions.items() if n in self.values}
        for one in self.equations.differentials:
            text = self.config.first.get(one.name)
            try:
                if text is None:
                    found[one.name] = 0.0
                    continue
                found[one.name], kind = self._first(text, dimensions)
                if kind != one.dimension:
                    raise TextError(f"is in {kind}, and {one.name} is in {one.dimension}")
            except TextError as error:
                raise ConfigError(text_problem(f"first.{one.name}", error)) from error
            except (ArithmeticError, ValueError) as error:
                raise ConfigError(Problem(f"first.{one.name}", f"is no number: {error}", "", "equation")) from error
        return found

    def _first(self, text: str, dimensions: Mapping[str, Dimension]) -> tuple[Numeric, Kind]:
        """The value and the dimension of an expression of parameters, or of a quantity as parameters have it."""
        try:
            read = parse(text)
        except TextError:
            try:
                return quantity(text)
            except UnitError:
                pass
            raise
        kind = dimension(read, dimensions)
        return at_build(read.tree, self.values), kind

    def further_problems(self) -> list[Problem]:
        """What is wrong beyond the texts themselves."""
        config, found = self.config, []
        for name in sorted(config.first.keys() - self.variables):
            text = f"{name!r} is no variable"
            found.append(Problem("first", text, suggestion(name, self.variables, "variable"), "unknown"))
        if config.potential and config.potential not in self.variables:
            fix = suggestion(config.potential, self.variables, "variable")
            found.append(Problem("potential", f"{config.potential!r} is no variable", fix, "unknown"))
        elif config.potential and self.equations.dimensions[config.potential] != VOLTAGE:
            text = f"{config.potential!r} is in {self.equations.dimensions[config.potential]}; expected mV"
            found.append(Problem("potential", text, "", "unit"))
        unused = self._unused()
        if unused:
            known = ", ".join(repr(name) for name in unused)
            found.append(Problem("parameters", f"no expression names {known}", "Leave it out, or name it", "setting"))
        why = schemes.refusal(self.problem(), config.scheme)
        if why:
            found.append(Problem("scheme", why, "Leave it at 'auto'", "scheme"))
        try:
            self.first_values()
        except ConfigError as error:
            found += error.problems
        return [*found, *self.number_problems()]

    def number_problems(self, dt: float | None = None) -> list[Problem]:
        """What is no number whatever the variables are, nor the step, or in steps of this length, ms."""
        texts = {
            "equations": [one.rate.tree for one in self.equations.differentials],
            "threshold": [self.threshold.tree],
            "reset": [assigned.tree for _, assigned in self.reset],
        }
        return number_problems(texts, self.values if dt is None else {**self.values, STEP: dt})

    def _unused(self) -> list[str]:
        trees: list[ast.expr] = [one.rate.tree for one in self.equations.differentials]
        trees += [*self.equations.named.values(), self.threshold.tree, *(e.tree for _, e in self.reset)]
        named = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for text in self.config.first.values():
            try:
                named |= parse(text).names
            except TextError:
                continue
        return sorted(self.config.parameters.keys() - named)

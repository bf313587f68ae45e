"""Receptors written as equations."""

import ast
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from spark.arrays import Array, Numeric
from spark.core.arguments import checked
from spark.core.config import field
from spark.core.draws import Draw
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.parameter import parameter
from spark.core.payloads import ConductanceArray, CurrentArray, FloatArray
from spark.core.ports import PortSpec, Reverses
from spark.core.tree import leaf_named
from spark.core.values import Quantity
from spark.core.variable import Variable
from spark.nn.equations import schemes
from spark.nn.equations.dimensions import dimension
from spark.nn.equations.expression import WORDS, Expression, TextError, names_in, parse
from spark.nn.equations.parameters import (
    AnyParameters,
    amount,
    check_names,
    check_variables,
    number_problems,
    text_problem,
    values_of,
)
from spark.nn.equations.signs import ANY, POSITIVE, ZERO, Sign, sign
from spark.nn.equations.text import Equations, read_equations, read_statements
from spark.nn.equations.units import CURRENT, VOLTAGE, Dimension
from spark.nn.equations.values import evaluate
from spark.nn.receptors.receptor import ConductanceOutput, CurrentOutput, Receptor, ReceptorConfig

WEIGHT = "w"
# What the receptor keeps beside its variables, which therefore cannot be called so.
_OWN = ("config", "coefficients")
# Schemes by which a variable that cannot fall at 0 stays above it, whatever the step.
_KEEPS_SIGN = ("exact", "exponential_euler")
CONDUCTANCE = CURRENT / VOLTAGE


class EquationReceptorConfig(ReceptorConfig):
    """What receptors as text share."""

    brings: ClassVar[Dimension]
    equations: str = field(
        description="A line for each: `dg/dt = -g/tau : nS` for a variable; `x = ... : nS`, an expression with a name.",
        lines=True,
    )
    on_spike: str = field(
        "g += w",
        description="What weights that arrive do; `w` is their sum. Where that is 0 nothing is done.",
        lines=True,
    )
    output: str = field("g", description="What acts on the soma.")
    parameters: AnyParameters = field(
        factory=lambda: {"tau": "5 ms"},
        description="Parameters by name: '5 ms', a number, or (array or initializer, unit) for one of each unit.",
    )
    scheme: schemes.Scheme = field("auto", description="How the variables are integrated; see the soma of equations.")

    def problems(self) -> list[Problem]:
        """Every text is read, and its units are checked."""
        found = super().problems()
        try:
            return [*found, *ReceptorEquations(self).further_problems()]
        except ConfigError as error:
            return [*found, *error.problems]


class EquationCurrentConfig(EquationReceptorConfig):
    """A current as text; the defaults are one that decays exponentially."""

    brings = CURRENT
    equations: str = field("dg/dt = -g/tau : pA", description="As of any receptor as text, in pA.", lines=True)


class EquationConductanceConfig(EquationReceptorConfig):
    """A conductance as text; the defaults are one that decays exponentially."""

    brings = CONDUCTANCE
    equations: str = field("dg/dt = -g/tau : nS", description="As of any receptor as text, in nS.", lines=True)
    reversal: Quantity = field(0.0, unit="mV", description="Reversal potential.")


class ReceptorEquations:
    """The texts of a receptor, read.

    Attributes:
        equations: The equations.
        arrives: What is assigned where weights arrive, in its order.
        output: What acts on the soma.
        values: Parameters in the units of this system.

    Raises:
        ConfigError: A text cannot be read, or its units do not fit; where.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        self.values, dimensions = values_of(config.parameters)
        taken = {*dir(Module), *WORDS, WEIGHT}
        check_names(config.parameters, taken)
        where = "equations"
        try:
            self.equations: Equations = read_equations(config.equations, dimensions, {WEIGHT})
            check_variables(self.equations, {*taken, *_OWN})
            for one in self.equations.differentials:
                if one.held:
                    raise TextError("'(unless refractory)' is for somas", "Leave it out", one.rate.line, 1)
            where = "output"
            read = parse(config.output)
            found = dimension(read, self.equations.dimensions)
            if found != config.brings:
                fix = "Give a `reversal`" if found == CONDUCTANCE else "Name what acts on the soma"
                raise TextError(f"is in {found}; expected {config.brings}", fix)
            self.output: Expression = self.equations.expanded(read)
            where = "on_spike"
            known = replace(self.equations, dimensions={**self.equations.dimensions, WEIGHT: config.brings})
            self.arrives = read_statements(config.on_spike, known, set(self.names))
            if WEIGHT not in names_in([assigned.tree for _, assigned in self.arrives]):
                text = f"does not read {WEIGHT!r}, the sum of the weights that arrive, got {config.on_spike[:60]!r}"
                raise TextError(text, "Write how it acts: `g += w`")
        except TextError as error:
            raise ConfigError(text_problem(where, error)) from error

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return tuple(one.name for one in self.equations.differentials)

    def problem(self) -> schemes.Problem:
        """What is to be integrated."""
        rates = {one.name: one.rate.tree for one in self.equations.differentials}
        return schemes.Problem(rates, self.values, frozenset(), self.config.dt)

    def never_below_zero(self) -> bool:
        """Whether the output is at least 0 whatever weights arrive, as far as the text and the scheme show."""
        # Of what is drawn the numbers follow from a seed, on which it shall not depend what is allowed.
        written = self.config.as_written.parameters
        known = {n: Sign(bool(np.all(v >= 0)), bool(np.all(v <= 0))) for n, v in values_of(written)[0].items()}
        known |= {name: ANY for name, given in written.items() if _is_drawn(given)}
        # An explicit scheme may step across 0 where the course itself does not.
        kept = schemes.chosen(self.problem(), self.config.scheme) in _KEEPS_SIGN
        known |= dict.fromkeys(self.names, POSITIVE if kept else ANY)
        # What cannot be shown of one variable may have been said of others: until nothing is taken back.
        while True:
            lost = [name for name in self.names if known[name] == POSITIVE and not self._stays_above(name, known)]
            if not lost:
                return sign(self.output.tree, known).at_least
            known |= dict.fromkeys(lost, ANY)

    def _stays_above(self, variable: str, known: Mapping[str, Sign]) -> bool:
        """Whether neither what arrives nor the course from 0 on brings a variable below 0."""
        if not all(sign(assigned.tree, known).at_least for name, assigned in self.arrives if name == variable):
            return False
        rates = {one.name: one.rate.tree for one in self.equations.differentials}
        return sign(rates[variable], {**known, variable: ZERO}).at_least

    def further_problems(self) -> list[Problem]:
        """What is wrong beyond the texts themselves."""
        trees = [one.rate.tree for one in self.equations.differentials]
        trees += [*self.equations.named.values(), self.output.tree, *(e.tree for _, e in self.arrives)]
        unused, found = sorted(self.config.parameters.keys() - names_in(trees)), []
        if unused:
            known = ", ".join(repr(name) for name in unused)
            found.append(Problem("parameters", f"no expression names {known}", "Leave it out, or name it", "setting"))
        why = schemes.refusal(self.problem(), self.config.scheme)
        if why:
            found.append(Problem("scheme", why, "Leave it at 'auto'", "scheme"))
        texts = {
            "equations": [one.rate.tree for one in self.equations.differentials],
            "on_spike": [assigned.tree for _, assigned in self.arrives],
            "output": [self.output.tree],
        }
        return [*found, *number_problems(texts, self.values)]


def _is_drawn(given: object) -> bool:
    return isinstance(given, tuple) and isinstance(given[0], Draw)


def _adds(name: str, tree: ast.expr, variables: Collection[str]) -> bool:
    """Whether a statement adds to the variable what is 0 without weights, whatever the other variables are."""
    match tree:
        case ast.BinOp(ast.Name(added), ast.Add() | ast.Sub(), term):
            return added == name and _vanishes(term, variables)
    return False


def _vanishes(tree: ast.expr, variables: Collection[str]) -> bool:
    match tree:
        case ast.Name(name):
            return name == WEIGHT
        case ast.UnaryOp(_, operand):
            return _vanishes(operand, variables)
        case ast.BinOp(left, ast.Mult(), right):
            return any(
                _vanishes(one, variables) and _is_finite(other, variables)
                for one, other in ((left, right), (right, left))
            )
        case ast.BinOp(left, ast.Div(), right):
            return _vanishes(left, variables) and not names_in([right]) & {WEIGHT, *variables}
        case ast.BinOp(left, ast.Add() | ast.Sub(), right):
            return _vanishes(left, variables) and _vanishes(right, variables)
    return False


def _is_finite(tree: ast.expr, variables: Collection[str]) -> bool:
    """Whether it is a number of finite variables: sums and products of them, or something without any."""
    match tree:
        case ast.UnaryOp(_, operand):
            return _is_finite(operand, variables)
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult(), right):
            return _is_finite(left, variables) and _is_finite(right, variables)
        case ast.BinOp(left, ast.Div(), right):
            return _is_finite(left, variables) and not names_in([right]) & {WEIGHT, *variables}
    return isinstance(tree, ast.Name) or not names_in([tree]) & {WEIGHT, *variables}


class EquationReceptor(Receptor):
    """What receptors as text share: variables that arriving weights change, and that go their way."""

    config: EquationReceptorConfig
    signed = False

    def build(self, arrivals: PortSpec) -> None:
        """Variables begin at 0; what is known before the first step is made."""
        owner = f"{self.path or type(self).__name__}.config"
        read = ReceptorEquations(self.config)
        for name, value in read.values.items():
            setattr(self, f"parameter_{name}", parameter(f"{owner}.parameters.{name}", value, arrivals.shape))
        self.coefficients: tuple[str, ...] = ()

        def keep(label: str, value: Numeric) -> None:
            setattr(self, f"coefficient_{label}", parameter(f"{owner}.parameters", value, arrivals.shape))
            self.coefficients += (label,)

        try:
            schemes.prepare(read.problem(), self.config.scheme, keep)
        except (ArithmeticError, ValueError) as error:
            text = f"has a coefficient that is no number: {error}"
            raise ConfigError(Problem(f"{owner}.equations", text, "Look at the parameters", "equation")) from error
        for name in read.names:
            zeros = np.zeros(arrivals.shape, np.float32)
            setattr(self, name, Variable(zeros, description=f"{name} of the equations."))

    def advanced(self, arrivals: FloatArray) -> Array:
        """What acts in this step, after which the variables go on."""
        read = ReceptorEquations(self.config)
        values = {name: leaf_named(self, f"parameter_{name}").value for name in read.values}
        now = {name: leaf_named(self, name).value for name in read.names}
        arriving = {**values, WEIGHT: arrivals.value.astype(jnp.float32)}
        for name, assigned in read.arrives:
            changed = evaluate(assigned.tree, {**arriving, **now})
            # What adds nothing without weights needs no choice: that would cut derivatives by spikes that are not sent.
            adds = _adds(name, assigned.tree, read.names)
            now[name] = changed if adds else jnp.where(arriving[WEIGHT] != 0, changed, now[name])
        acts = evaluate(read.output.tree, {**values, **now})

        def coefficient(label: str) -> Numeric | None:
            return leaf_named(self, f"coefficient_{label}").value if label in self.coefficients else None

        for name, value in schemes.advance(read.problem(), self.config.scheme, now, values, coefficient).items():
            leaf_named(self, name).value = jnp.broadcast_to(value, arrivals.value.shape).astype(jnp.float32)
        return jnp.broadcast_to(acts, arrivals.value.shape).astype(jnp.float32)


class EquationCurrent(EquationReceptor):
    """A current that is written as text: variables, and what the weights that arrive do to them.

        dg/dt = -g/tau : pA        on_spike:  g += w

    Nothing in the text is run; see `EquationSoma`. Order of update in a step: `on_spike`, with `w`, the sum of what
    arrives, at units where that is not 0 (weights that cancel are no arrival); `output` is put out; then the variables
    advance by the scheme of the config.

    Input ports: `arrivals` (pA), shape of the units. Output ports: `current` (pA), float32, same shape.
    Variables: those of the equations, in mV, ms, pA and their products, as the next step begins with.
    Source: after the way of writing models of Brian 2, Stimberg, Brette & Goodman 2019, doi:10.7554/eLife.47314.
    """

    config: EquationCurrentConfig
    signed = True
    unit_ports = ("arrivals", "current")

    def __call__(self, arrivals: FloatArray) -> CurrentOutput:
        """Advance one step."""
        return {"current": CurrentArray(self.advanced(arrivals))}


class EquationConductance(EquationReceptor):
    """A conductance that is written as text.

        dg/dt = -g/tau : nS        on_spike:  g += w

    Order of update in a step as in `EquationCurrent`. Weights are at least 0, as at every conductance, unless the text
    shows that its output is never below 0 whatever arrives: the output `maximum(g, 0*nS)`; or, where the scheme is
    `exact` or `exponential_euler`, what arrives, as in `g += abs(w)`. Other schemes may step across 0, and a
    parameter that is drawn may have any sign.

    Input ports: `arrivals` (nS), shape of the units. Output ports: `conductance` (nS), float32, same shape.
    Variables: those of the equations, in mV, ms, pA and their products, as the next step begins with.
    Source: after the way of writing models of Brian 2, Stimberg, Brette & Goodman 2019, doi:10.7554/eLife.47314.
    """

    config: EquationConductanceConfig
    unit_ports = ("arrivals", "conductance")

    @classmethod
    def only_opens(cls, config: ReceptorConfig) -> bool:
        """Whether negative weights could bring a negative conductance, as far as the text shows.

        Args:
            config: Config of the receptor.
        """
        return not ReceptorEquations(config).never_below_zero()

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Where the current reverses."""
        return {name: replace(spec, traits=(Reverses(self.config.reversal),)) for name, spec in outputs.items()}

    def __call__(self, arrivals: FloatArray) -> ConductanceOutput:
        """Advance one step."""
        return {"conductance": ConductanceArray(self.advanced(arrivals))}


@checked
def from_equations(
    equations: str,
    *,
    on_spike: str,
    output: str,
    parameters: Mapping[str, object] | None = None,
    reversal: object = None,
    scheme: str = "auto",
) -> EquationCurrentConfig | EquationConductanceConfig:
    """The config of a receptor from its equations: any pool takes it, `PoolConfig(receptors={"ampa": ...})`.

    Args:
        equations: A line for each, in any order: `dg/dt = -g/tau : nS` for a variable; or `x = ... : nS`, an expression
            with a name.
        on_spike: What weights that arrive do, such as `g += w`; `w` is their sum, which it reads. Where that is 0
            nothing is done.
        output: What acts on the soma: a current, or with `reversal` a conductance.
        parameters: By name: '5 ms', a number, or (array or initializer, unit) for one of each unit.
        reversal: Reversal potential of a conductance: '-80 mV', or mV, one number or one for each unit; left out, it is
            a current.
        scheme: As of `spark.nn.somas.from_equations`.

    Raises:
        ConfigError: A text cannot be read, a name is not known, or units do not fit; with line and column.
    """
    given: dict[str, Any] = {"parameters": dict(parameters or {}), "scheme": scheme}
    if reversal is None:
        return EquationCurrentConfig(equations=equations, on_spike=on_spike, output=output, **given)
    given["reversal"] = amount("reversal", reversal, VOLTAGE)
    return EquationConductanceConfig(equations=equations, on_spike=on_spike, output=output, **given)

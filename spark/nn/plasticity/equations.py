"""A rule written as equations."""

import ast
from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.arguments import checked
from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.parameter import Scalar
from spark.core.ports import PortSpec
from spark.core.tree import leaf_named
from spark.core.values import Number
from spark.nn.equations import schemes
from spark.nn.equations.expression import WORDS, Expression, TextError, names_in
from spark.nn.equations.parameters import (
    AnyParameters,
    amount,
    check_names,
    check_variables,
    number_problems,
    text_problem,
    values_of,
)
from spark.nn.equations.text import Equations, put_in, read_equations, read_statements
from spark.nn.equations.units import CURRENT, NUMBER, TIME, VOLTAGE, Dimension, UnitError, unit
from spark.nn.equations.values import evaluate
from spark.nn.plasticity.connection_rule import ConnectionRule, ConnectionRuleConfig, UnitValues

WEIGHT = "w"
_WEIGHTS = (NUMBER, CURRENT, CURRENT / VOLTAGE, VOLTAGE)
# What a rule keeps beside the variables of its text.
_KEPT = {"delayed", "listed", "slots", "pre_units", "post_units", "known", "coefficients", "ringed", "pre_ring"}
_KEPT |= {"third", "kept_eligibility", "eligibility", "pending", "moved", "waiting", "pre_values", "post_values"}
_KEPT |= {"config", "scalars", WEIGHT, *WORDS}


class EquationRuleConfig(ConnectionRuleConfig):
    """A rule as text; the defaults are the pair rule."""

    pre: str = field(
        "dx/dt = -x/tau_x : 1", description="A line for each variable of a source: `dx/dt = ... : 1`.", lines=True
    )
    post: str = field("dy/dt = -y/tau_y : 1", description="Likewise of the variables of a target.", lines=True)
    on_pre: str = field(
        "w -= down*y; x += 1",
        description="What a spike does that arrives: to `w`, and to variables of its source.",
        lines=True,
    )
    on_post: str = field(
        "w += up*x; y += 1",
        description="What a spike of the target does: to `w`, and to variables of the target.",
        lines=True,
    )
    parameters: AnyParameters = field(
        factory=lambda: {"down": 0.0105, "tau_x": "20 ms", "tau_y": "20 ms", "up": 0.01},
        description="Parameters by name: '20 ms', or a number without unit.",
    )
    # Of a text the greatest weight may be left out; classes whose formulas read it have a number.
    maximum: Number | None = field(  # type: ignore[assignment]
        None, description="Greatest weight, in the receptor's unit; left out, twice the greatest first weight."
    )
    weight: str = field("1", description="Unit of `w`: that of the receptor, pA, nS or mV; 1 for a plain number.")
    scheme: schemes.Scheme = field("auto", description="How the variables are integrated; see the soma of equations.")

    def bounds(self, first: np.ndarray) -> tuple[float, float]:
        """As they are said; no greatest stands for twice that of `first`, or 1 above the least if that is less."""
        most = 2.0 * float(first.max()) if first.size else 0.0
        usual = most if most > self.minimum else self.minimum + 1.0
        return self.minimum, usual if self.maximum is None else self.maximum

    def problems(self) -> list[Problem]:
        """Every text is read, and its units are checked."""
        found = super().problems()
        try:
            return [*found, *RuleEquations(self).further_problems()]
        except ConfigError as error:
            return [*found, *error.problems]


class RuleEquations:
    """The texts of a rule, read.

    Attributes:
        sides: The equations of a source, and of a target, by `pre` and `post`.
        events: What `on_pre` and `on_post` assign, in their order, by the same names.
        values: Parameters in the units of this system.

    Raises:
        ConfigError: A text cannot be read, or its units do not fit; where.
    """

    def __init__(self, config: EquationRuleConfig) -> None:
        self.config = config
        self.values, given = values_of(config.parameters)
        for name, value in config.parameters.items():
            if isinstance(value, tuple) or name in _KEPT | set(dir(ConnectionRule)):
                text = f"{name!r} must be one number for all connections, under a name that nothing else has"
                raise ConfigError(Problem("parameters", text, "Give one number, or choose another name", "name"))
        check_names(config.parameters, ())
        dimensions = dict(given)
        self.sides: dict[str, Equations] = {}
        for side in ("pre", "post"):
            self.sides[side] = self._side(side, given, dimensions)
            dimensions |= self.sides[side].dimensions
        dimensions[WEIGHT] = self._weight()
        named = {**self.sides["pre"].named, **self.sides["post"].named}
        self.all = Equations((), named, dimensions)
        self.events = {side: self._events(side) for side in self.sides}

    def _side(self, side: str, given: Mapping[str, Dimension], taken: Mapping[str, Dimension]) -> Equations:
        text = {"pre": self.config.pre, "post": self.config.post}[side]
        if not text.strip():
            return Equations((), {}, dict(given))
        try:
            found = read_equations(text, given, {WEIGHT, *taken} - given.keys())
            check_variables(found, _KEPT | set(dir(ConnectionRule)))
            for one in found.differentials:
                if one.held:
                    raise TextError("'(unless refractory)' is for somas", "Leave it out", one.rate.line, 1)
        except TextError as error:
            raise ConfigError(text_problem(side, error)) from error
        return found

    def _weight(self) -> Dimension:
        try:
            factor, found = unit(self.config.weight)
        except UnitError as error:
            raise ConfigError(Problem("weight", str(error), "Write pA, nS, mV or 1", "unit")) from error
        if factor != 1 or found not in _WEIGHTS:
            text = f"is no unit in which a receptor takes weights, got {self.config.weight!r}"
            raise ConfigError(Problem("weight", text, "Write pA, nS, mV or 1", "unit"))
        return found

    def _events(self, side: str) -> tuple[tuple[str, Expression], ...]:
        text = {"pre": self.config.on_pre, "post": self.config.on_post}[side]
        own = self.names(side)
        try:
            found = read_statements(text, self.all, {WEIGHT, *own})
            for name, assigned in found:
                foreign = sorted(names_in([assigned.tree]) - {*own, *self.values} if name != WEIGHT else ())
                foreign = [one for one in foreign if one in self.all.dimensions]
                if foreign:
                    where = {"pre": "source", "post": "target"}[side]
                    message = f"{name!r} is one number for a {where}, and {foreign[0]!r} is not"
                    raise TextError(message, "Only the weight may depend on both", assigned.line, assigned.column)
            _put_in_turn(found)
        except TextError as error:
            raise ConfigError(text_problem(f"on_{side}", error)) from error
        return found

    def names(self, side: str) -> tuple[str, ...]:
        """The variables of a source, or of a target."""
        return tuple(one.name for one in self.sides[side].differentials)

    def problem(self, side: str) -> schemes.Problem:
        """What is to be integrated."""
        rates = {one.name: one.rate.tree for one in self.sides[side].differentials}
        return schemes.Problem(rates, self.values, frozenset(), self.config.dt)

    def change(self, side: str) -> ast.expr | None:
        """What an event makes of the weight, with all that it assigned before put in; None if it leaves it."""
        return _put_in_turn(self.events[side]).get(WEIGHT)

    def further_problems(self) -> list[Problem]:
        """What is wrong beyond the texts themselves."""
        trees = [one.rate.tree for side in self.sides.values() for one in side.differentials]
        trees += [*self.all.named.values(), *(e.tree for events in self.events.values() for _, e in events)]
        unused = sorted(self.config.parameters.keys() - names_in(trees))
        found = []
        if unused:
            known = ", ".join(repr(name) for name in unused)
            found.append(Problem("parameters", f"no expression names {known}", "Leave it out, or name it", "setting"))
        for side in self.sides:
            why = schemes.refusal(self.problem(side), self.config.scheme) if self.names(side) else None
            if why:
                found.append(Problem("scheme", why, "Leave it at 'auto'", "scheme"))
        texts = {side: [one.rate.tree for one in self.sides[side].differentials] for side in self.sides}
        texts |= {f"on_{side}": [assigned.tree for _, assigned in events] for side, events in self.events.items()}
        return [*found, *number_problems(texts, self.values)]


def _put_in_turn(statements: Iterable[tuple[str, Expression]]) -> dict[str, ast.expr]:
    """What each name holds in the end, with all that was assigned before put in.

    Raises:
        TextError: It is too long, or nested too deeply.
    """
    known: dict[str, ast.expr] = {}
    for name, assigned in statements:
        known[name] = put_in(assigned, known)
    return known


class EquationRule(ConnectionRule):
    """A rule that is written as text: variables of sources and targets, and what their spikes do to a weight.

        dx/dt = -x/tau_x : 1        on_pre:  w -= down*y; x += 1        on_post:  w += up*x; y += 1

    Nothing in the text is run; see `EquationSoma`. Order of update in a step: all variables advance by the scheme of
    the config; where a spike arrives `on_pre` changes the weight, then at targets that fired `on_post`, each with the
    variables before this step's spikes; then spikes change the variables. Within one text assignments follow each
    other: `x += 1; w += x` adds the new x. Weights are clipped after each event.

    Input ports: `pre_spikes`, `post_spikes`, `weights`, and `modulation` of a modulated rule. Output ports: `weights`.
    Variables: those of the equations, (pre,) and (post,), in mV, ms, pA and their products; those of `ConnectionRule`.
    Source: after the way of writing models of Brian 2, Stimberg, Brette & Goodman 2019, doi:10.7554/eLife.47314.
    """

    config: EquationRuleConfig

    def build(
        self, pre_spikes: PortSpec, post_spikes: PortSpec, weights: PortSpec, modulation: PortSpec | None = None
    ) -> None:
        """Variables begin at 0; what is known before the first step is made."""
        read = RuleEquations(self.config)
        self.pre_values, self.post_values = read.names("pre"), read.names("post")
        super().build(pre_spikes, post_spikes, weights, modulation)
        makers = {"pre": self.pre_trace_of, "post": self.post_trace_of}
        self.scalars: dict[str, Scalar] = {}
        for side, make in makers.items():
            for one in read.sides[side].differentials:
                setattr(self, one.name, make(f"{one.name} of the equations."))

            def keep(label: str, value: Numeric, side: str = side) -> None:
                self.scalars[f"{side}.{label}"] = Scalar(float(value))

            if read.names(side):
                schemes.prepare(read.problem(side), self.config.scheme, keep)

    def units(self, pre: jax.Array, post: jax.Array) -> UnitValues:
        """Variables before this step's spikes, which then change them."""
        read, found = RuleEquations(self.config), {}
        for side, fired in (("pre", pre), ("post", post)):
            before = {name: leaf_named(self, name).value for name in read.names(side)}

            def coefficient(label: str, side: str = side) -> Numeric | None:
                held = self.scalars.get(f"{side}.{label}")
                return None if held is None else held.value

            after = {}
            if before:
                after = schemes.advance(read.problem(side), self.config.scheme, before, read.values, coefficient)
            found[side] = dict(after)
            for name, assigned in read.events[side]:
                if name != WEIGHT:
                    after[name] = jnp.where(fired != 0, evaluate(assigned.tree, {**read.values, **after}), after[name])
            for name, value in after.items():
                leaf_named(self, name).value = jnp.asarray(value).astype(jnp.float32)
        return UnitValues(found["pre"], found["post"], post != 0)

    def at_pre(self, weight: jax.Array, **values: jax.Array) -> Numeric | None:
        """As `on_pre` says."""
        return self._changed("pre", weight, values)

    def at_post(self, weight: jax.Array, **values: jax.Array) -> Numeric | None:
        """As `on_post` says."""
        return self._changed("post", weight, values)

    def _changed(self, side: str, weight: jax.Array, values: dict[str, jax.Array]) -> Numeric | None:
        read = RuleEquations(self.config)
        tree = read.change(side)
        if tree is None:
            return None
        known = {**read.values, **values, WEIGHT: weight}
        match tree:
            case ast.BinOp(left=ast.Name(id=name), op=ast.Add() | ast.Sub() as sign, right=added) if name == WEIGHT:
                return evaluate(added, known, 1.0 if isinstance(sign, ast.Add) else -1.0)
        return evaluate(tree, known) - weight


@checked
def from_equations(
    *,
    pre: str = "",
    post: str = "",
    on_pre: str = "",
    on_post: str = "",
    parameters: Mapping[str, object] | None = None,
    weight: str = "1",
    minimum: float = 0.0,
    maximum: float | None = None,
    eligibility_tau: float | str | None = None,
    scheme: str = "auto",
) -> EquationRuleConfig:
    """A rule from its equations, for any projection: `Projection(..., rule=from_equations(...))`.

    Args:
        pre: A line for each variable of a source: `dx/dt = -x/tau_x : 1`; or `a = ... : 1`, an expression with a name.
        post: Likewise of the variables of a target.
        on_pre: What a spike does that arrives: `w -= down*y; x += 1`. `w` is the weight.
        on_post: What a spike of the target does.
        parameters: By name: '20 ms', or a number without unit.
        weight: Unit of `w`: that of the receptor, pA, nS or mV; 1 for a plain number.
        minimum: Least weight, in the unit of `w`.
        maximum: Greatest weight, in the unit of `w`; left out, twice the greatest first weight.
        eligibility_tau: Given, '500 ms' or a number of ms, changes go to an eligibility, and weights move with a
            modulation.
        scheme: As of `spark.nn.somas.from_equations`.

    Raises:
        ConfigError: A text cannot be read, a name is not known, or units do not fit; with line and column.
    """
    return EquationRuleConfig(
        pre=pre,
        post=post,
        on_pre=on_pre,
        on_post=on_post,
        parameters=dict(parameters or {}),
        weight=weight,
        minimum=minimum,
        maximum=maximum,
        eligibility_tau=amount("eligibility_tau", eligibility_tau, TIME),  # type: ignore[arg-type]
        scheme=scheme,  # type: ignore[arg-type]
    )

"""A soma written as equations."""

import ast
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.arguments import checked
from spark.core.config import field
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.parameter import counted
from spark.core.payloads import ConductanceArray, CurrentArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.tree import leaf_named
from spark.core.values import Quantity, Texts, by_name
from spark.core.variable import RandomKey, Variable
from spark.nn.equations import schemes
from spark.nn.equations.dimensions import TRUTH, Kind, dimension
from spark.nn.equations.expression import DRAWN, WORDS, Expression, TextError, names_in, parse
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
from spark.nn.equations.units import CURRENT, NUMBER, TIME, VOLTAGE, Dimension, UnitError, quantity
from spark.nn.equations.values import at_build, evaluate
from spark.nn.somas.soma import Soma, SomaConfig, SomaOutput

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


class EquationSoma(Soma):
    """A soma that is written as text: equations with units, a threshold, and what a spike does.

        dv/dt = (v_rest - v + R*I)/tau : mV        v > theta:  spike,  v <- v_reset

    Nothing in the text is run: it is read into a tree of arithmetic, its units are checked, and it is computed like any
    array code, by the scheme of the config. Order of update in a step: all variables advance together, with the current
    as it is in this step; jumps come on top of the potential; units for which the threshold holds fire, unless they
    are refractory; then the assignments of `reset`, in their order. A variable that stays `(unless refractory)` neither
    advances nor takes jumps meanwhile. Where receptors open conductances, `I` is the current less their sum times the
    potential: a variable that is linear in itself stays between its targets however large they are, of the schemes
    `exponential_euler` and `auto`; of `euler`, `rk2` and `rk4` the potential follows conductances exactly within a step
    where its equation is linear in `I`. A threshold with `rand()` draws a number, uniform in [0, 1), for every unit in
    every step.

    Input ports: `current` (pA), `conductance` (nS), `jump` (mV), shape of the units. Output ports: `spikes`, int8, same
    shape: 1 where a unit fired.
    Variables: those of the equations, in mV, ms, pA and their products (a conductance in nS, a resistance in GOhm);
    `refractory` (steps left), if there is a refractory period.
    Source: after the way of writing models of Brian 2, Stimberg, Brette & Goodman 2019, doi:10.7554/eLife.47314.

    Raises:
        ConfigError: The text cannot be read, with line and column; or jumps or conductances arrive, and no potential is
            named; or the scheme is `exact`, and conductances arrive.
    """

    config: EquationSomaConfig
    exposes = {"potential": PotentialArray}
    unit_ports = ("current", "conductance", "jump", "spikes")
    any_of = ("current",)

    @classmethod
    def exposed_by(cls, config: EquationSomaConfig) -> dict[str, type[Payload]]:
        """The potential, if the text has one."""
        return cls.exposes if config.potential else {}

    @classmethod
    def fires_alone(cls, config: EquationSomaConfig) -> bool:
        """What a text does without a current is the text's own affair."""
        return True

    @classmethod
    def ignores(cls, config: EquationSomaConfig) -> dict[str, str]:
        """Currents, where no expression names `I`, and conductances also where no potential is named."""
        fix = f"Name `{INPUT}` in the equations, the current in pA"
        ignored = {} if config.potential else {"conductance": "Name the potential: `potential='v'`"}
        if not SomaEquations(config).takes_current:
            ignored |= {"current": fix, "conductance": fix}
        return ignored

    def build(
        self, current: PortSpec | None = None, conductance: PortSpec | None = None, jump: PortSpec | None = None
    ) -> None:
        """Variables of the shape of what arrives, and everything that is known before the first step."""
        config, shape = self.config, self.shape_of_units() if current is None else current.shape
        owner = f"{self.path or type(self).__name__}.config"
        try:
            read = SomaEquations(config)
            firsts = read.first_values()
        except ConfigError as error:
            raise error.under(owner) from error
        if jump is not None and not config.potential:
            text = "is needed where jumps arrive, got no name"
            raise ConfigError(Problem(f"{owner}.potential", text, "Name the membrane potential", "missing"))
        problem = read.problem(conductance is not None)
        why = schemes.refusal(problem, config.scheme)
        if why:
            fix = "Leave it at 'auto': conductances arrive" if conductance is not None else "Leave it at 'auto'"
            raise ConfigError(Problem(f"{owner}.scheme", why, fix, "scheme"))
        for name, value in read.values.items():
            setattr(self, f"parameter_{name}", self.make(f"parameters.{name}", value, shape))
        self.coefficients: tuple[str, ...] = ()

        def keep(label: str, value: Numeric) -> None:
            setattr(self, f"coefficient_{label}", self.make("parameters", value, shape))
            self.coefficients += (label,)

        try:
            schemes.prepare(problem, config.scheme, keep)
        except (ArithmeticError, ValueError) as error:
            text = f"has a coefficient that is no number: {error}"
            raise ConfigError(Problem(f"{owner}.equations", text, "Look at the parameters", "equation")) from error
        self.shape = shape
        if read.draws:
            self.key = RandomKey()
        for one in read.equations.differentials:
            array = np.array(np.broadcast_to(np.asarray(firsts[one.name]), shape), config.dtype)
            label = one.unit if one.factor == 1 else one.dimension.system_unit
            text = f"{one.name} of the equations."
            setattr(self, one.name, Variable(array, unit="" if label == "1" else label, description=text))
        self.blocked = counted(f"{owner}.refractory", config.refractory, config.dt, shape, "int16")
        self.refracts = bool(np.any(self.blocked.value))
        if self.refracts:
            self.refractory = Variable(
                np.zeros(shape, np.int16), unit="steps", description="Refractory steps left.", bounds=(0, None)
            )

    def __getattr__(self, name: str) -> Any:
        """The potential's variable, where the text calls it something else."""
        if name != "potential" or not self.config.potential:
            raise AttributeError(name)
        return leaf_named(self, self.config.potential)

    def behind(self, name: str) -> Any:
        """The potential's variable, under its own name."""
        return super().behind(self.config.potential if name == "potential" else name)

    def __call__(
        self,
        current: CurrentArray | None = None,
        conductance: ConductanceArray | None = None,
        jump: PotentialArray | None = None,
    ) -> SomaOutput:
        """Advance one step."""
        read, config = SomaEquations(self.config), self.config
        held = {one.name for one in read.equations.differentials if one.held}
        before = {
            one.name: leaf_named(self, one.name).value.astype(jnp.float32) for one in read.equations.differentials
        }
        values = {name: leaf_named(self, f"parameter_{name}").value for name in read.values}
        values[INPUT] = 0.0 if current is None else current.value.astype(jnp.float32)

        def coefficient(label: str) -> Numeric | None:
            return leaf_named(self, f"coefficient_{label}").value if label in self.coefficients else None

        whole = values
        if conductance is not None:
            opened = conductance.value.astype(jnp.float32)
            values = {**values, INPUT: values[INPUT] - opened * before[config.potential]}
            whole = {**whole, OPENED: opened}
        after = schemes.advance(read.problem(conductance is not None), config.scheme, before, whole, coefficient)
        if jump is not None:
            after[config.potential] = after[config.potential] + jump.value.astype(jnp.float32)
        ready = self.refractory.value == 0 if self.refracts else None
        if ready is not None:
            after = {n: jnp.where(ready, v, before[n]) if n in held else v for n, v in after.items()}
        known = {**values, **after, STEP: config.dt}
        # Of the share of the units that a device holds, their number is that of what arrives.
        shape = self.shape if current is None else current.value.shape
        shape = next((value.shape for value in before.values()), shape)
        if read.draws:
            known[DRAWN] = self.key.uniform(shape)
        # What holds of numbers alone holds for every unit.
        fired = jnp.broadcast_to(jnp.asarray(evaluate(read.threshold.tree, known)), shape)
        fired = fired if ready is None else ready & fired
        for name, assigned in read.reset:
            after[name] = jnp.where(fired, evaluate(assigned.tree, {**values, **after}), after[name])
        for name, value in after.items():
            leaf_named(self, name).value = jnp.asarray(value).astype(self.config.dtype)
        if ready is not None:
            left = self.refractory.value - jnp.where(ready, np.int16(0), np.int16(1))
            self.refractory.value = jnp.where(fired, self.blocked.value, left)
        return {"spikes": SpikeArray(jnp.asarray(fired).astype(jnp.int8))}


@checked
def from_equations(
    equations: str,
    *,
    threshold: str,
    reset: str = "",
    refractory: float | str = 0.0,
    parameters: Mapping[str, object] | None = None,
    first: Mapping[str, str] | None = None,
    potential: str = "v",
    scheme: str = "auto",
) -> EquationSomaConfig:
    """A soma from its equations, for any pool: `PoolConfig(units=(100,), soma=from_equations(...))`.

    Args:
        equations: A line for each: `dv/dt = (v_rest - v + R*I)/tau : mV` for a variable, with `(unless refractory)`
            behind the unit if it stays meanwhile; or `x = ... : mV`, an expression with a name. Their order does not
            matter. `I` is the current. Known are `+ - * / **`, comparisons, `exp log sqrt abs minimum maximum clip
            where exprel` and others, and units with their prefixes, as in `25*mV`.
        threshold: A unit fires where this holds, such as `v > theta`. `rand()` in it, at most once, is a number between
            0 and 1 that is drawn for each unit in each step, and `dt` the length of a step: `rand() < 1 -
            exp(-rate*dt)`. With it there need be no variable.
        reset: What a spike does: `v = v_reset; w += b`, or each on a line of its own; left out, nothing.
        refractory: Refractory period: '2 ms', or a number, ms.
        parameters: By name: '20 ms', a number, or (array or initializer, unit) for one of each unit.
        first: What variables begin with, as '-60 mV' or expressions of parameters, `{"v": "v_rest"}`; left out, 0.
        potential: Which variable is the membrane potential; '' if none is.
        scheme: exact, exponential_euler, euler, rk2 or rk4; auto takes the first that fits of exact, exponential_euler
            and rk2.

    Raises:
        ConfigError: A text cannot be read, a name is not known, or units do not fit; with line and column.
    """
    return EquationSomaConfig(
        equations=equations,
        threshold=threshold,
        reset=reset,
        refractory=amount("refractory", refractory, TIME),
        parameters=dict(parameters or {}),
        first=dict(first or {}),
        potential=potential,
        scheme=scheme,  # type: ignore[arg-type]
    )

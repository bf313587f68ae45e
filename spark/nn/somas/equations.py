"""A soma written as equations."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.arrays import Numeric
from spark.core.arguments import checked
from spark.core.errors import ConfigError, Problem
from spark.core.parameter import counted
from spark.core.payloads import ConductanceArray, CurrentArray, Payload, PotentialArray, SpikeArray
from spark.core.ports import PortSpec
from spark.core.tree import leaf_named
from spark.core.variable import RandomKey, Variable
from spark.nn.equations import schemes
from spark.nn.equations.expression import DRAWN
from spark.nn.equations.parameters import amount
from spark.nn.equations.units import TIME
from spark.nn.equations.values import evaluate
from spark.nn.somas.equation_texts import INPUT, OPENED, STEP, EquationSomaConfig, SomaEquations
from spark.nn.somas.soma import Soma, SomaOutput


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

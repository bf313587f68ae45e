"""A jaxpr without jaxprs inside: calls are opened, and of branches every one is computed and the wanted one picked."""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from jax.extend import core

from spark.kernels.formula.values import Unsupported
from spark.kernels.jaxprs import CALLS, Named, Typed


@dataclass(frozen=True, eq=False)
class Name:
    """An array that an equation reads or writes."""

    aval: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return tuple(self.aval.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.aval.shape, dtype=np.int64))


@dataclass(frozen=True)
class Operator:
    """A primitive by its name."""

    name: str


@dataclass(frozen=True, eq=False)
class Equation:
    """One primitive of a flat jaxpr, as `Walk` reads those of JAX."""

    primitive: Named
    invars: tuple[Typed, ...]
    outvars: tuple[Name, ...]
    params: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Flat:
    """A jaxpr whose equations hold no other; `Walk` takes it as one of JAX.

    Attributes:
        invars: What it takes.
        outvars: What it gives.
        eqns: In an order in which they can be computed.
        constants: Arrays that were written into the code, by the name that stands for each.
    """

    invars: tuple[Name, ...]
    outvars: tuple[Typed, ...]
    eqns: tuple[Equation, ...]
    constants: dict[Name, np.ndarray] = field(default_factory=dict)
    constvars: tuple[Name, ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared(Flat):
    """A flat jaxpr each of whose results has a name of its own, which an equation makes."""

    outvars: tuple[Name, ...]


def size_of(atom: Typed) -> int:
    """Number of elements."""
    return int(np.prod(atom.aval.shape, dtype=np.int64))


def broadcast(atom: Typed, shape: tuple[int, ...]) -> Equation:
    """The equation that stretches axes of length 1."""
    name = Name(jax.ShapeDtypeStruct(shape, atom.aval.dtype))
    params = {"shape": shape, "broadcast_dimensions": tuple(range(len(shape)))}
    return Equation(Operator("broadcast_in_dim"), (atom,), (name,), params)


def flatten(closed: core.ClosedJaxpr) -> Flat:
    """A closed jaxpr without jaxprs inside."""
    opened = _Opened()
    invars = tuple(Name(v.aval) for v in closed.jaxpr.invars)
    outvars = opened.walk(closed, invars)
    return Flat(invars, tuple(outvars), tuple(opened.equations), opened.constants)


class _Opened:
    """The equations that were seen so far, with names of their own: a jaxpr that is called twice is there twice."""

    def __init__(self) -> None:
        self.equations: list[Equation] = []
        self.constants: dict[Name, np.ndarray] = {}

    def walk(self, closed: core.ClosedJaxpr | core.Jaxpr, given: tuple[Typed, ...]) -> list[Typed]:
        """Append the equations of a jaxpr for these arguments; returns its results."""
        jaxpr = closed.jaxpr if isinstance(closed, core.ClosedJaxpr) else closed
        consts = closed.consts if isinstance(closed, core.ClosedJaxpr) else []
        known: dict[core.Var | core.Literal, Typed] = dict(zip(jaxpr.invars, given, strict=True))
        for variable, array in zip(jaxpr.constvars, consts, strict=True):
            known[variable] = name = Name(variable.aval)
            self.constants[name] = np.asarray(array)

        def read(atom: core.Var | core.Literal) -> Typed:
            return atom if isinstance(atom, core.Literal) else known[atom]

        for equation in jaxpr.eqns:
            name, values = equation.primitive.name, tuple(read(atom) for atom in equation.invars)
            if name in CALLS:
                found = self.walk(equation.params[CALLS[name]], values)
            elif name == "cond":
                found = self._choose(equation, values)
            else:
                found = self._append(name, values, equation)
            known.update(zip(equation.outvars, found, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _append(self, name: str, values: tuple[Typed, ...], equation: core.JaxprEqn) -> list[Typed]:
        outvars = tuple(Name(v.aval) for v in equation.outvars)
        self.equations.append(Equation(Operator(name), values, outvars, dict(equation.params)))
        return list(outvars)

    def _choose(self, equation: core.JaxprEqn, values: tuple[Typed, ...]) -> list[Typed]:
        which, *given = values
        results = [self.walk(branch, tuple(given)) for branch in equation.params["branches"]]
        outvars = tuple(Name(v.aval) for v in equation.outvars)
        for outvar, *cases in zip(outvars, *results, strict=True):
            if any(str(case.aval.dtype).startswith("key<") for case in cases):
                raise Unsupported("a choice between random keys")
            self.equations.append(Equation(Operator("select_n"), (which, *cases), (outvar,), {}))
        return list(outvars)

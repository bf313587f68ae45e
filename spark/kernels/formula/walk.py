"""Walks a jaxpr and writes what it computes: few numbers once before the loop, those of units in every round."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from jax.extend import core
from llvmlite import ir

from spark.kernels.formula import draws
from spark.kernels.formula.arithmetic import BOUNDS, OPERATIONS, Operation, contracted
from spark.kernels.formula.functions import threefry
from spark.kernels.formula.shapes import MOVES, concatenate, numbers, spread
from spark.kernels.formula.values import (
    FEW,
    PLAIN,
    Builder,
    Each,
    Few,
    Numbers,
    Params,
    Unsupported,
    is_float,
    params_of,
    same,
)
from spark.kernels.jaxprs import CALLS, Applied, Code, Typed

Value = Each | Few
Equations = TypeVar("Equations", bound=Applied)
REDUCTIONS = {"reduce_sum": "add", "reduce_max": "max", "reduce_min": "min", "reduce_and": "and", "reduce_or": "or"}


class Walk:
    """One pass over a jaxpr.

    Args:
        once: Writes what is computed once.
        each: Writes what is computed for `lanes` units at once.
        index: Number of the first of these units, int32.
        units: How many units there are.
        lanes: How many are computed at once.
        number: A float that is written in the code, as one that is read from memory.
    """

    def __init__(
        self,
        once: Builder,
        each: Builder,
        index: Numbers,
        units: int,
        lanes: int,
        number: Callable[[float | np.floating, str], Few],
    ) -> None:
        self.once, self.each, self.index, self.units, self.lanes = once, each, index, units, lanes
        self._number = number
        # Products that one sum reads and nothing else, by the identity of LLVM's value.
        self._products: dict[int, Numbers] = {}
        # Floats that are written in the code and are not NaN, likewise.
        self._written: dict[int, Numbers] = {}

    def run(self, closed: core.ClosedJaxpr | Code, values: list[Value]) -> list[Value]:
        """The results of a closed jaxpr for these values.

        Raises:
            Unsupported: It does something that is not elementwise.
        """
        jaxpr = closed.jaxpr if isinstance(closed, core.ClosedJaxpr) else closed
        consts = closed.consts if isinstance(closed, core.ClosedJaxpr) else []
        known: dict[Typed, Value] = dict(zip(jaxpr.invars, values, strict=True))
        for variable, array in zip(jaxpr.constvars, consts, strict=True):
            if np.size(array) > FEW:
                raise Unsupported(f"an array of {np.size(array)} numbers that is written into the code")
            known[variable] = numbers(array, _dtype(variable))

        def read(atom: Typed) -> Value:
            return self._literal(atom) if isinstance(atom, core.Literal) else known[atom]

        # Nobody knows how often what comes from outside is read there.
        for value in values:
            self._note_readers(value, 2, False)
        equations = needed(jaxpr.eqns, jaxpr.outvars)
        uses = Counter(atom for e in equations for atom in e.invars if not isinstance(atom, core.Literal))
        uses.update(atom for atom in (*jaxpr.outvars, *jaxpr.outvars) if not isinstance(atom, core.Literal))
        for equation in equations:
            values = [read(atom) for atom in equation.invars]
            inverse = _inverse(equation)
            if inverse is None:
                found = self._equation(equation, values)
            else:
                factor = self._number(inverse, "float32")
                found = [self._operation("mul", [values[0], factor], equation)]
            for variable, value in zip(equation.outvars, found, strict=True):
                self._note_readers(value, uses[variable], equation.primitive.name == "mul")
            known.update(zip(equation.outvars, found, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _literal(self, atom: core.Literal) -> Few:
        dtype = _dtype(atom)
        if not is_float(dtype):
            return numbers(atom.val, dtype)
        found = self._number(atom.val, dtype)
        if not np.isnan(atom.val):
            self._written.update((id(cell), cell) for cell in found.cells.reshape(-1))
        return found

    def _equation(self, equation: Applied, values: list[Value]) -> list[Value]:
        name, params = equation.primitive.name, params_of(equation.params)
        new = tuple(equation.outvars[0].aval.shape)
        if name in CALLS:
            return self.run(params[CALLS[name]], values)
        if name == "cond":
            return self._choose(params["branches"], values)
        if name in OPERATIONS:
            return [self._operation(name, values, equation)]
        if name in MOVES and len(values) == 1:
            return [MOVES[name](values[0], tuple(equation.invars[0].aval.shape), new, params)]
        if name == "concatenate":
            shapes = [tuple(atom.aval.shape) for atom in equation.invars]
            return [concatenate(values, shapes, params["dimension"])]
        if name == "stack":
            axis = params["axis"]
            shapes = [(*new[:axis], 1, *new[axis + 1 :])] * len(values)
            return [concatenate(values, shapes, axis)]
        if name == "iota":
            return [self._iota(new, str(params["dtype"]), params["dimension"])]
        if name in REDUCTIONS:
            return [self._reduction(REDUCTIONS[name], values[0], tuple(equation.invars[0].aval.shape), params["axes"])]
        if name == "threefry2x32":
            return self._hash(values, new)
        return [self._draw(name, params, values, new)]

    def _draw(self, name: str, params: Params, values: list[Value], new: tuple[int, ...]) -> Value:
        if not name.startswith("random_") or not all(isinstance(value, Few) for value in values):
            raise Unsupported(f"`{name}`")
        few: list[Any] = values
        if name == "random_wrap":
            return draws.wrapped(params, few[0])
        if name == "random_unwrap":
            return few[0]
        if name == "random_fold_in":
            return draws.folded(self.once, *few)
        if name == "random_bits" and params["bit_width"] == 32:
            return draws.bits(self.once, self.each, few[0], tuple(params["shape"]), self.units, self._numbers)
        raise Unsupported(f"`{name}`")

    def _hash(self, values: list[Value], shape: tuple[int, ...]) -> list[Value]:
        """Two words for each element, from the two of a key and two numbers."""
        if any(isinstance(value, Each) for value in values):
            first, second, high, low = (self.lanes_of(value) for value in values)
            return [Each(word, "uint32") for word in threefry(self.each, (first, second), (high, low))]
        few: list[Any] = values
        size = int(np.prod(shape))
        if size > FEW:
            raise Unsupported(f"{size} random numbers for {self.units} units")
        cells = np.empty((2, size), object)
        rows = zip(*(spread(value, shape).reshape(-1) for value in few), strict=True)
        for number, (first, second, high, low) in enumerate(rows):
            cells[:, number] = threefry(self.once, (first, second), (high, low))
        return [Few(words.reshape(shape), "uint32") for words in cells]

    def _numbers(self) -> Numbers:
        """The numbers of the units of this round, uint32."""
        kind = ir.VectorType(ir.IntType(32), self.lanes)
        steps = ir.Constant(kind, [ir.Constant(ir.IntType(32), lane) for lane in range(self.lanes)])
        return self.each.add(draws.splat(self.each, self.index, self.lanes), steps)

    def _iota(self, shape: tuple[int, ...], dtype: str, axis: int) -> Value:
        size = int(np.prod(shape))
        if size != self.units:
            if size > FEW:
                raise Unsupported(f"`iota` of {size} numbers for {self.units} units")
            along = np.arange(shape[axis]).reshape([-1] + [1] * (len(shape) - axis - 1))
            return numbers(np.broadcast_to(along, shape), dtype)
        at = self._numbers()
        inner = int(np.prod(shape[axis + 1 :]))
        at = at if inner == 1 else self.each.udiv(at, same(inner, at.type))
        at = at if axis == 0 or size == inner * shape[axis] else self.each.urem(at, same(shape[axis], at.type))
        found = OPERATIONS["convert_element_type"](self.each, [at], "int32", params_of({"new_dtype": dtype}))
        return Each(found, dtype)

    def _note_readers(self, value: Value, readers: int, is_product: bool) -> None:
        """Note a product that one sum may read; a move gives the same numbers on, and may give them to several."""
        if value.dtype != "float32":
            return
        for number in [value.lanes] if isinstance(value, Each) else value.cells.reshape(-1):
            if readers != 1:
                self._products.pop(id(number), None)
            elif is_product:
                self._products[id(number)] = number

    def _run_of(self, name: str, values: list[Value]) -> Operation:
        """How an operation is written; a sum with one product becomes one operation, as does a bound that is no NaN.

        Where both are products they are rounded alike, so that equal ones cancel: x * y - y * x is 0.
        """
        dtype, last = values[0].dtype, values[-1]
        if name in BOUNDS and isinstance(last, Few) and all(id(c) in self._written for c in last.cells.flat):
            return BOUNDS[name]
        if dtype != "float32" or name not in ("add", "add_any", "sub"):
            return OPERATIONS[name]

        def run(b: Builder, x: list[Numbers], dtype: str, params: Params) -> Numbers:
            products = [id(one) in self._products for one in x]
            if products.count(True) != 1:
                return OPERATIONS[name](b, x, dtype, params)
            return contracted(b, x, products.index(True), name == "sub")

        return run

    def _operation(self, name: str, values: list[Value], equation: Applied) -> Value:
        dtype = values[0].dtype
        run = self._run_of(name, values)
        out, shape = _dtype(equation.outvars[0]), tuple(equation.outvars[0].aval.shape)
        if out.startswith("key<"):
            out, shape = "uint32", (*shape, 2)
        if any(isinstance(value, Each) for value in values):
            return Each(
                run(self.each, [self.lanes_of(value) for value in values], dtype, params_of(equation.params)), out
            )
        few: list[Any] = values
        if all(value.cells.size == 1 for value in few):
            cells = np.empty((), object)
            cells[()] = run(self.once, [value.cells.reshape(-1)[0] for value in few], dtype, params_of(equation.params))
            return Few(cells, out)
        if int(np.prod(shape)) > FEW:
            raise Unsupported(f"`{name}` of an array of shape {shape} that is not one for each unit")
        wide = [spread(value, shape).reshape(-1) for value in few]
        cells = np.empty(len(wide[0]), object)
        cells[:] = [run(self.once, list(row), dtype, params_of(equation.params)) for row in zip(*wide, strict=True)]
        return Few(cells.reshape(shape), out)

    def lanes_of(self, value: Value) -> Numbers:
        """A value in every lane."""
        if isinstance(value, Each):
            return value.lanes
        if value.cells.size != 1:
            raise Unsupported(f"an array of shape {value.cells.shape} beside one with a number for each unit")
        return draws.splat(self.once, value.cells.reshape(-1)[0], self.lanes)

    def _choose(self, branches: Sequence[core.ClosedJaxpr], values: list[Value]) -> list[Value]:
        """Every branch is computed, and the one that is wanted picked."""
        which, *given = values
        results = [self.run(branch, given) for branch in branches]
        select = OPERATIONS["select_n"]

        def pick(cases: list[Value]) -> Value:
            dtype = which.dtype
            if any(isinstance(value, Each) for value in (which, *cases)):
                return Each(
                    select(self.each, [self.lanes_of(v) for v in (which, *cases)], dtype, PLAIN), cases[0].dtype
                )
            few: list[Any] = [which, *cases]
            shape = max((value.cells.shape for value in few), key=lambda s: int(np.prod(s)))
            rows = zip(*(spread(value, shape).reshape(-1) for value in few), strict=True)
            cells = np.empty(int(np.prod(shape)), object)
            cells[:] = [select(self.once, list(row), dtype, PLAIN) for row in rows]
            return Few(cells.reshape(shape), cases[0].dtype)

        return [pick(list(cases)) for cases in zip(*results, strict=True)]

    def _reduction(self, name: str, value: Value, shape: tuple[int, ...], axes: tuple[int, ...]) -> Value:
        if isinstance(value, Each):
            if self.units == 1:
                return value
            raise Unsupported("a reduction over units")
        cells = spread(value, shape)
        if not cells.size or int(np.prod(shape)) > FEW:
            raise Unsupported(f"a reduction of an array of shape {shape}")

        def both(x: Numbers, y: Numbers) -> Numbers:
            return OPERATIONS[name](self.once, [x, y], value.dtype, PLAIN)

        for axis in sorted(axes, reverse=True):
            rows = np.moveaxis(cells, axis, 0)
            total = np.empty(rows.shape[1:], object)
            total[...] = rows[0]
            for row in rows[1:]:
                total = np.frompyfunc(both, 2, 1)(total, row)
            boxed = np.empty(rows.shape[1:], object)
            boxed[...] = total
            cells = boxed
        return Few(cells, value.dtype)


def _inverse(equation: Applied) -> np.float32 | None:
    """What a division by a number in the code multiplies with, as XLA does it; None for everything else."""
    if equation.primitive.name != "div" or _dtype(equation.outvars[0]) != "float32":
        return None
    divisor = equation.invars[1]
    if not isinstance(divisor, core.Literal) or isinstance(equation.invars[0], core.Literal):
        return None
    with np.errstate(divide="ignore", over="ignore"):
        inverse = np.float32(1) / np.float32(divisor.val)
    # Where the inverse is no normal number, a product would not be the quotient.
    return inverse if np.isfinite(inverse) and abs(inverse) >= np.finfo(np.float32).tiny else None


def _dtype(atom: Typed) -> str:
    return str(atom.aval.dtype)


def needed(equations: Sequence[Equations], results: Iterable[object]) -> list[Equations]:
    """The equations that results follow from."""
    wanted = {v for v in results if not isinstance(v, core.Literal)}
    found = []
    for equation in reversed(equations):
        if wanted.intersection(equation.outvars):
            found.append(equation)
            wanted.update(v for v in equation.invars if not isinstance(v, core.Literal))
    return found[::-1]

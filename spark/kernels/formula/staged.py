"""A formula in stages: loops over arrays of several sizes, with what moves numbers and adds them up between them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import jax
import numpy as np
from jax.extend import core

from spark.kernels.formula.arithmetic import OPERATIONS
from spark.kernels.formula.emit import Slot
from spark.kernels.formula.flat import Equation, Flat, Name, Operator, Prepared, broadcast, flatten, size_of
from spark.kernels.formula.formula import Formula, formula
from spark.kernels.formula.indexed import INDEXED
from spark.kernels.formula.moved import MOVED
from spark.kernels.formula.nest import Nest, nonempty
from spark.kernels.formula.shapes import MOVES
from spark.kernels.formula.totals import TOTALS
from spark.kernels.formula.values import Unsupported
from spark.kernels.formula.walk import REDUCTIONS, needed
from spark.kernels.jaxprs import Typed

# Arrays up to this size are computed number by number, wherever they are needed.
SMALL = 8
_NESTS: dict[str, Callable[[Nest, Equation], None]] = {**MOVED, **TOTALS, **INDEXED}
# Leave every element where it lies.
_KEEP = ("reshape", "squeeze", "expand_dims", "copy", "copy_p", "stop_gradient", "optimization_barrier")


@dataclass(frozen=True)
class Stage:
    """One formula of several.

    Attributes:
        formula: What it computes.
        inputs: Numbers of the arrays that it reads.
        outputs: Numbers of those that it writes.
    """

    formula: Formula
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Staged:
    """Array code as a row of formulas.

    Arrays are numbered: what it takes, what it gives, `constants`, then `between`.

    Attributes:
        stages: In the order in which they run.
        constants: Arrays that were written into the code.
        between: What one stage leaves for a later one.
    """

    stages: tuple[Stage, ...]
    constants: tuple[np.ndarray, ...] = ()
    between: tuple[Slot, ...] = ()


def staged(closed: core.ClosedJaxpr, words: Iterable[int], shared: dict[int, int]) -> Staged:
    """The stages of a closed jaxpr.

    Args:
        closed: What is to be computed.
        words: Which of its arguments are the words of random keys, or of a counter.
        shared: By the number of a result, that of the argument in whose memory it shall lie.

    Raises:
        Unsupported: It does something that is none of what stages do.
    """
    flat = _prepared(flatten(closed))
    late: set[int] = set()
    # A result that would be written before its memory was read for the last time goes there at the end.
    while True:
        plan = _Plan(flat, set(words), late, shared)
        found = plan.conflicts(shared)
        if not found:
            return plan.staged()
        late |= found


def _prepared(flat: Flat) -> Prepared:
    """The equations that results follow from, with every stretch of an axis an equation of its own; each result has a
    name of its own, which an equation makes.
    """
    equations: list[Equation] = []
    for equation in needed(flat.eqns, flat.outvars):
        nonempty(equation)
        shape = tuple(equation.outvars[0].aval.shape)
        values = list(equation.invars)
        if equation.primitive.name in OPERATIONS:
            for number, atom in enumerate(values):
                if size_of(atom) not in (1, size_of(equation.outvars[0])):
                    equations.append(broadcast(atom, shape))
                    values[number] = equations[-1].outvars[0]
        equations.append(Equation(equation.primitive, tuple(values), equation.outvars, equation.params))
    made = {name for equation in equations for name in equation.outvars}
    results: list[Name] = []
    for atom in flat.outvars:
        if not isinstance(atom, Name) or atom not in made or atom in results:
            equations.append(_copied(atom))
            atom = equations[-1].outvars[0]
        results.append(atom)
    return Prepared(flat.invars, tuple(results), tuple(equations), flat.constants)


def _copied(atom: Typed) -> Equation:
    name = Name(jax.ShapeDtypeStruct(tuple(atom.aval.shape), atom.aval.dtype))
    return Equation(Operator("copy"), (atom,), (name,), {})


def _names(equation: Equation) -> list[Name]:
    return [atom for atom in equation.invars if isinstance(atom, Name)]


def _keeps(equation: Equation) -> bool:
    """Whether an equation leaves every element where it lies, or gives one number to all."""
    if not equation.invars:
        return False
    name, before, after = equation.primitive.name, size_of(equation.invars[0]), size_of(equation.outvars[0])
    if name in _KEEP:
        return equation.params.get("dimensions") is None or name != "reshape"
    if name == "broadcast_in_dim":
        return before in (1, after)
    if name == "slice":
        return before == after and all(n in (None, 1) for n in equation.params["strides"] or ())
    if name == "transpose":
        shape = equation.invars[0].aval.shape
        wide = [axis for axis in equation.params["permutation"] if shape[axis] != 1]
        return wide == sorted(wide)
    return False


# A boolean, and which value it has where something is to be done.
Asks = tuple[Name, bool]


@dataclass(frozen=True, eq=False)
class _Loop:
    """Equations that are computed together.

    Attributes:
        flat: What they take, give and compute.
        units: How many elements each array has; 0 for a few numbers.
        asks: When; None for always.
    """

    flat: Prepared
    units: int
    asks: Asks | None


class _Plan:
    """Which equation is computed in which loop, at which level: levels are what nests come between.

    A result that shall lie where an argument lies, and is that argument unless a boolean says otherwise, is computed
    only where it does: `jnp.where(now, changed, weights)` costs nothing in other steps, nor does what only it needs.
    """

    def __init__(self, flat: Prepared, words: set[int], late: set[int], shared: dict[int, int]) -> None:
        self.flat = flat
        self.results = list(flat.outvars)
        equations = list(flat.eqns)
        for number in sorted(late):
            equations.append(_copied(self.results[number]))
            self.results[number] = equations[-1].outvars[0]
        self.late = {self.results[number] for number in late}
        self.few = {name for n, name in enumerate(flat.invars) if n in words or name.size <= SMALL}
        self.few |= {name for name in flat.constants if name.size <= SMALL}
        self.level: dict[Name, int] = dict.fromkeys((*flat.invars, *flat.constants), 0)
        self.maker: dict[Name, Equation] = {}
        self.stored: set[Name] = set(self.level)
        self.nests: dict[int, list[Equation]] = defaultdict(list)
        self.order = {equation: n for n, equation in enumerate(equations)}
        for equation in equations:
            self._place(equation)
        last = max(self.level.values(), default=0) + 1
        for name in self.late:
            self.level[name] = last
        self.last = last
        self.sinks: dict[int, list[Name]] = defaultdict(list)
        self.groups: dict[int, list[_Loop]] = {}
        asked = ((self.results[number], self._asked(number, argument)) for number, argument in shared.items())
        self.asked: dict[Name, Asks] = {name: asks for name, asks in asked if asks is not None}
        self.sources = {self.results[number]: flat.invars[argument] for number, argument in shared.items()}
        self.nest_asks: dict[Equation, Asks] = {}
        self._collect()

    def _place(self, equation: Equation) -> None:
        values = _names(equation)
        level = max((self.level[name] for name in values), default=0)
        name, outs = equation.primitive.name, equation.outvars
        keyed = any(str(out.aval.dtype).startswith("key<") for out in outs)
        draws = name.startswith("random_")
        element = draws or name in ("iota", "threefry2x32") or name in OPERATIONS or _keeps(equation)
        by_number = element or name in MOVES or name in REDUCTIONS or name in ("concatenate", "stack")
        if by_number and self.few.issuperset(values) and all(keyed or out.size <= SMALL for out in outs):
            self.few.update(outs)
        elif element and not keyed:
            if draws and not self.few.issuperset(values):
                raise Unsupported(f"`{name}` of many keys")
        elif name in _NESTS and not keyed:
            self.nests[level].append(equation)
            self.stored.update(outs)
            self.few.update(out for out in outs if out.size <= SMALL)
            level += 1
        else:
            raise Unsupported(f"`{name}`")
        for out in outs:
            self.level[out] = level
            self.maker[out] = equation

    def _home(self, name: Name) -> Name:
        """Whose memory holds it: another shape of the same elements needs none of its own."""
        while name not in self.stored and name not in self.few and name not in self.results:
            equation = self.maker[name]
            source = next(iter(equation.invars), None)
            if not isinstance(source, Name) or source.size != name.size or not _keeps(equation):
                break
            name = source
        return name

    def _asked(self, number: int, argument: int) -> Asks | None:
        """When a result is something else than the argument in whose memory it lies; None if that is never known."""
        name, source = self.results[number], self.flat.invars[argument]
        equation = self.maker[name]
        if name in self.few or equation.primitive.name != "select_n" or len(equation.invars) != 3:
            return None
        which, *cases = equation.invars
        while isinstance(which, Name) and which.size != 1 and self.maker.get(which) and _keeps(self.maker[which]):
            which = self.maker[which].invars[0]
        if not isinstance(which, Name) or which.size != 1 or str(which.aval.dtype) != "bool":
            return None
        for case, value in zip(cases, (True, False), strict=True):
            if isinstance(case, Name) and self._home(case) is source:
                return which, value
        return None

    def _want(self, name: Name) -> None:
        name = self._home(name)
        if name not in self.stored and name not in self.sinks[self.level[name]]:
            self.sinks[self.level[name]].append(name)

    def _collect(self) -> None:
        wanted = [name for nests in self.nests.values() for nest in nests for name in _names(nest)]
        for name in (*self.results, *wanted, *(which for which, _ in self.asked.values())):
            self._want(name)
        # Of what is stored, when it is read; None for in every step.
        readers: dict[Name, set[Asks | None]] = defaultdict(set)
        for name in self.results:
            readers[name].add(None)
        for level in range(self.last, -1, -1):
            for nest in self.nests[level]:
                asks = self._asked_by_all(readers, nest.outvars, level)
                if asks is not None:
                    self.nest_asks[nest] = asks
                for name in _names(nest):
                    readers[self._home(name)].add(asks)
            loops = self._loops(level, readers)
            for loop in loops:
                for name in loop.flat.invars:
                    readers[name].add(loop.asks)
            self.groups[level] = self._readers_first(loops)

    def _loops(self, level: int, readers: dict[Name, set[Asks | None]]) -> list[_Loop]:
        """The loops of a level: a few numbers first, among which is what others ask for."""
        together: dict[tuple[int, Asks | None], list[Name]] = defaultdict(list)
        for name in self.sinks[level]:
            is_few, asks = name in self.few, self.asked.get(name)
            if asks is None and not is_few:
                asks = self._asked_by_all(readers, (name,), level)
            together[0 if is_few else name.size, asks].append(name)
        ordered = sorted(together.items(), key=lambda item: item[0][0])
        return [_Loop(self._loop(level, names, asks), size, asks) for (size, asks), names in ordered]

    def _asked_by_all(self, readers: dict[Name, set[Asks | None]], names: Iterable[Name], level: int) -> Asks | None:
        """When any of these names is read; None if that is in every step, or known too late."""
        asked = set[Asks | None]().union(*(readers[name] for name in names))
        asks = next(iter(asked)) if len(asked) == 1 else None
        return None if asks is None or self.level[asks[0]] > level else asks

    def _readers_first(self, loops: list[_Loop]) -> list[_Loop]:
        """Loops of a level, those that read an argument before the one that writes a result where it lies."""
        waiting, ordered = [loop for loop in loops if loop.units], [loop for loop in loops if not loop.units]
        while waiting:
            free = [loop for loop in waiting if not any(self._overwrites(loop, other) for other in waiting)]
            ordered.append((free or waiting)[0])
            waiting.remove(ordered[-1])
        return ordered

    def _overwrites(self, loop: _Loop, other: _Loop) -> bool:
        """Whether a loop writes a result where an argument lies that another loop reads."""
        written = {self.sources[name] for name in loop.flat.outvars if name in self.sources}
        return other is not loop and not written.isdisjoint(other.flat.invars)

    def _loop(self, level: int, sinks: list[Name], asks: Asks | None) -> Prepared:
        """What a loop takes, and computes in which order."""
        waiting, inside = list(sinks), set[Equation]()
        loads = dict[Name, None]() if asks is None else {asks[0]: None}
        while waiting:
            name = waiting.pop()
            equation = self.maker.get(name)
            if name in self.stored or equation is None or name in loads:
                loads[name] = None
                continue
            if name not in self.few and self.level[name] < level and not self._is_cheap(equation):
                self._want(name)
                loads[name] = None
                continue
            if equation not in inside:
                inside.add(equation)
                waiting += _names(equation)
        ordered = sorted(inside, key=lambda equation: self.order[equation])
        return Prepared(tuple(loads), tuple(sinks), tuple(ordered))

    def _is_cheap(self, equation: Equation) -> bool:
        """Whether computing it again costs less than reading it, or nothing."""
        if self._home(equation.outvars[0]) is not equation.outvars[0]:
            return True
        values = _names(equation)
        return self.few.issuperset(values) and not equation.primitive.name.startswith("random_")

    def conflicts(self, shared: dict[int, int]) -> set[int]:
        """Results whose memory is still read when they are written, by another stage or for another element."""
        found = set()
        for number, argument in shared.items():
            name, source = self.results[number], self.flat.invars[argument]
            level = self.level[name] - (name in self.stored)
            nests = [nest for at in range(level, self.last + 1) for nest in self.nests[at]]
            # In its own loop each element is read before it is written; loops of a level come before its nests.
            if name not in self.late and (
                any(source in loop.flat.invars for loop in self._later(name, level))
                or any(source in map(self._home, self._read_by(nest)) for nest in nests)
            ):
                found.add(number)
        return found

    def _later(self, name: Name, level: int) -> Iterator[_Loop]:
        """Loops that run once a name of this level is written."""
        written = False
        for at in range(level, self.last + 1):
            for loop in self.groups[at]:
                if name in loop.flat.outvars:
                    written = True
                elif at > level or written:
                    yield loop

    def _read_by(self, nest: Equation) -> list[Name]:
        """What a nest reads, also in order to know whether it is asked."""
        asks = self.nest_asks.get(nest)
        return [*_names(nest), *([] if asks is None else asks[:1])]

    def staged(self) -> Staged:
        """The formulas, and where their arrays lie."""
        numbers: dict[Name, int] = {name: n for n, name in enumerate(self.flat.invars)}
        for name in (*self.results, *self.flat.constants):
            numbers[name] = len(numbers)
        between: list[Slot] = []

        def number(name: Name) -> int:
            name = self._home(name)
            if name not in numbers:
                numbers[name] = len(numbers)
                between.append(Slot(name.shape, str(name.aval.dtype), False))
            return numbers[name]

        stages: list[Stage] = []

        def add(made: Formula, inputs: Iterable[Name], outputs: Iterable[Name]) -> None:
            stages.append(Stage(made, tuple(map(number, inputs)), tuple(map(number, outputs))))

        for level in range(self.last + 1):
            for loop in self.groups[level]:
                flat, units = loop.flat, loop.units
                slots = self._slots(flat.invars, units), self._slots(flat.outvars, units)
                asks = None if loop.asks is None else (flat.invars.index(loop.asks[0]), loop.asks[1])
                # In a loop over no units everything is computed number by number, once, for whom asks for one unit.
                made = formula(flat, *slots, units, asks)
                add(replace(made, units=max(units, 1)), flat.invars, flat.outvars)
            for equation in self.nests[level]:
                nest = Nest(equation, self.nest_asks.get(equation))
                _NESTS[equation.primitive.name](nest, equation)
                inputs, outputs = self._slots(nest.operands, 0), self._slots(equation.outvars, 0)
                add(Formula(nest.text(), tuple(inputs), (), tuple(outputs), 1), nest.operands, equation.outvars)
        return Staged(tuple(stages), tuple(self.flat.constants.values()), tuple(between))

    def _slots(self, names: Iterable[Name], units: int) -> list[Slot]:
        return [self._slot(name, units) for name in names]

    def _slot(self, name: Name, units: int) -> Slot:
        return Slot(name.shape, str(name.aval.dtype), name not in self.few and name.size == units)

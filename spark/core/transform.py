"""`split` and `merge`: a module as a pair (Graph, State), and back.

A built module leaves behind a *template*: its objects without arrays. Templates are kept in a table, so
that modules built from equal configs share one structure and therefore one compiled step.
"""

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from spark.core import compiled, fingerprint
from spark.core.arguments import checked
from spark.core.counter import MOST, STEP, Counter
from spark.core.decaying import Shown
from spark.core.errors import ArgumentError, ModuleError, NotBuiltError, Problem
from spark.core.keeper import Keeper
from spark.core.packing import Layout, plan
from spark.core.part import Form, Part
from spark.core.pauses import Pauses
from spark.core.pausing import intervals
from spark.core.state import Graph, Handle, State, StateLayout, checksum
from spark.core.tree import CACHE, Clock, constants_of, reader_of_step, variables_of, walk
from spark.core.variable import Constant, RandomKey, Variable

FAULT = "fault"


@dataclass(frozen=True, eq=False)
class Structure:
    """The static half of a graph: a template, and where variables and constants lie.

    `graphs` are those of the built modules that have this structure.
    """

    template: Any
    about: StateLayout
    constants: Layout
    key: tuple[Any, ...] = field(repr=False)
    graphs: "weakref.WeakSet[Graph]" = field(repr=False, default_factory=weakref.WeakSet)

    handle: Handle = field(init=False, repr=False)
    forms: tuple[Form, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "handle", Handle(self))
        object.__setattr__(self, "forms", tuple(Form() for _ in walk(self.template)))

    def __repr__(self) -> str:
        return f"{type(self.template).__name__}: {len(self.about.layout.slots)} variables"


_structures: "weakref.WeakValueDictionary[Any, Structure]" = weakref.WeakValueDictionary()
# Those for which something compiled may be kept, so that a brain built again soon uses it.
_kept: "set[Structure]" = set()


def seal(module: Part) -> None:
    """Turn a freshly built outermost module into the owner of a packed state."""
    pauses = _pauses(module)
    variables = variables_of(module)
    constants = constants_of(module)
    structure = structure_of(module, plan)
    packed = structure.constants.pack({p: c.initial for p, c in constants.items()})
    identity = {path: checksum(c.value) for path, c in constants.items() if c.identifies}
    module._graph = Graph(jax.device_put(packed), structure.handle, identity)
    structure.graphs.add(module._graph)
    _kept.add(structure)
    module._keeper = Keeper(type(module).__name__, first_state(module), module._calls_back, pauses)
    for path, constant in constants.items():
        constant._load = _constant_loader(module._graph, path)
        constant._value = constant.initial = None
    for variable in variables.values():
        variable._value = None
        variable._root = module
    module._clock = _ShellClock(module)
    for _, part in walk(module):
        part._clock = module._clock


def _pauses(module: Part) -> Pauses | None:
    every = intervals(module)
    held = weakref.ref(module)
    known: list[Pausing] = []

    def act(state: State, done: int) -> State:
        owner = held()
        assert owner is not None and owner._graph is not None
        if not known or known[0].graph is not owner._graph:
            known[:] = [Pausing(owner._graph, state)]
        return known[0].act(state, done)

    return Pauses(every, act) if every else None


class Pausing:
    """A view whose parts pause. Every pause uses it again, for to make one takes longer than most pauses."""

    def __init__(self, graph: Graph, state: State) -> None:
        self.graph = graph
        self._view = merge(graph, state)
        self._variables = variables_of(self._view)
        self._parts = [part for _, part in walk(self._view) if part.pauses()]

    def act(self, state: State, done: int) -> State:
        """The state after the pauses that are due once `done` steps are; it stays as it is where none is."""
        held = self._view._held
        held.state = _fitted(self.graph, state)
        _forget_values(self._view, self._variables)
        try:
            for part in self._parts:
                if any(done % every == 0 for every in part.pauses()):
                    part.pause(done)
            written = {path: variable.value for path, variable in self._variables.items() if variable._written}
            return State(held.state.about.layout.replace_all(held.state.leaves, written), held.state.about)
        finally:
            # No array outlives its pause.
            held.state = State((), held.state.about)
            for variable in self._variables.values():
                variable._value, variable._written = None, False


def replace_constants(module: Part, arrays: tuple[Any, ...]) -> None:
    """Give a built, outermost module other constants of the same layout, packed."""
    assert module._graph is not None
    structure = module._graph.structure
    identity = {path: checksum(structure.constants.read(arrays, path)) for path in module._graph.identity or ()}
    module._graph = Graph(jax.device_put(arrays), module._graph.handle, identity)
    structure.graphs.add(module._graph)
    for path, constant in constants_of(module).items():
        constant._load, constant._value = _constant_loader(module._graph, path), None


def structure_of(module: Part, lay_out: Callable[[Any], Layout]) -> Structure:
    """The structure that a built module shares with all that are equal to it but for the values of their arrays."""
    variables = variables_of(module)
    entries = {p: (v.shape, str(v.dtype)) for p, v in variables.items()}
    entries[STEP] = ((), "int64")
    if module._checked:
        entries[FAULT] = ((2,), "int32")
    fixed = {p: (c.shape, str(c.dtype)) for p, c in constants_of(module).items()}
    key = (*fingerprint.of(walk(module), entries, fixed), lay_out)
    structure = _structures.get(key)
    if structure is None:
        _forget_what_is_gone()
        units = {p: variables[p].unit if p in variables else "" for p in sorted(entries)}
        template = clone(module, _blank_variable, _blank_constant)
        bounds = {p: v.bounds for p, v in variables.items() if v.bounds != (None, None)} | {STEP: (0, MOST)}
        about = StateLayout(lay_out(entries), units, bounds, _shown(variables))
        structure = Structure(template, about, lay_out(fixed), key)
        _structures[key] = structure
    return structure


def _shown(variables: dict[str, Variable]) -> dict[str, Shown]:
    """Variables that are read under another name than they are kept by, by path of that name."""
    found = {}
    for path, variable in variables.items():
        if variable.shown_as is not None:
            name, how = variable.shown_as
            found[".".join([*path.split(".")[:-1], name])] = Shown(path, how, variable.unit)
    return found


def _forget_what_is_gone() -> None:
    """Let go of what was compiled for modules that are gone: in a sweep over configs, it would fill the memory."""
    gone = [structure for structure in _kept if not structure.graphs]
    if len(gone) >= compiled.GONE:
        compiled.forget()
        _kept.difference_update(gone)


class _ShellClock:
    """The step counter of an outermost module, read from its state."""

    settled = True

    def __init__(self, root: Part) -> None:
        self._root = root
        self.learns, self.asked = True, False

    @property
    def step(self) -> Any:
        return self._root.state[STEP]


def first_state(module: Part) -> State:
    """The state at reset values."""
    assert module._graph is not None
    about = module._graph.structure.about
    values: dict[str, Any] = {p: v.reset_value for p, v in variables_of(module).items()}
    values[STEP] = Counter.of(0)
    if FAULT in about.layout.slots:
        values[FAULT] = np.full((2,), -1, np.int32)
    return State(jax.device_put(about.layout.pack(values)), about, module._graph.identity)


def split(module: Part) -> tuple[Graph, State]:
    """A built `module` as a static graph and a state.

    Both are pytrees: pass them to functions under `jax.jit`, `vmap` or `scan` and bring the module back
    with `merge`. Splitting copies nothing.

    Raises:
        ArgumentError: It is no module.
        NotBuiltError: The module was not called yet.
    """
    if not isinstance(module, Part):
        message = f"is no module, got {type(module).__name__}"
        raise ArgumentError(Problem("split.module", message, "Give a built brain or module", "type"))
    if module._graph is None:
        raise NotBuiltError(
            Problem(
                module._path or type(module).__name__,
                "cannot be split: it is not built, or is a part of another module",
                "Call the outermost module once; the first call builds it",
            )
        )
    if module._keeper is not None:
        return module._graph, module.state
    variables = variables_of(module)
    structure, held = module._graph.structure, module._held
    if held.current and not any(v._written for v in variables.values()):
        return module._graph, held.state
    values = {path: v.value for path, v in variables.items()}
    values[STEP] = module._clock.step
    if FAULT in structure.about.layout.slots:
        values[FAULT] = module._fault  # type: ignore[attr-defined]
    return module._graph, State(structure.about.layout.pack(values), structure.about, module._graph.identity)


@checked
def merge(graph: Graph, state: State) -> Any:
    """The module that `split` took apart: a view whose variables start at `state`.

    Calling the view advances the view, not the module that was split; take its state with `split`.

    Args:
        graph: What `split` gave.
        state: What `split` gave, or what a step made of it.

    Raises:
        ModuleError: The state is of another graph, or of other connections whose weights are in it.
    """
    structure, state = graph.structure, _fitted(graph, state)
    held = Held(state)

    def variable(blank: Variable, path: str) -> Variable:
        made = _blank_variable(blank, path)
        made._load = lambda: held.state[path]
        return made

    def constant(blank: Constant, path: str) -> Constant:
        made = _blank_constant(blank, path)
        made._load = _constant_loader(graph, path)
        return made

    module = clone(structure.template, variable, constant)
    module._graph = graph
    module._held = held
    module._mode = "view"
    module._clock.step = state[STEP]
    if FAULT in state:
        module._fault = state[FAULT]
    for (_, part), form in zip(walk(module), structure.forms, strict=True):
        part._form = form
        for value in vars(part).values():
            if isinstance(value, RandomKey):
                value._step = reader_of_step(part)
    return module


def _fitted(graph: Graph, state: State) -> State:
    structure = graph.structure
    fitted, other = state.fitted(structure.about), state.unlike(graph.identity)
    if fitted is None or other is not None:
        whose = "another graph" if fitted is None else f"other connections, got another `{other}`"
        raise ModuleError(
            Problem(
                type(structure.template).__name__,
                f"this state belongs to {whose}",
                "Pass the graph and the state that one `split` returned",
            )
        )
    return replace(fitted, identity=graph.identity)


class Held:
    """The packed state that a view's variables are read from; `current` while the step counter agrees with it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.current = True


def take_leaves(module: Part, leaves: tuple[Any, ...]) -> None:
    """Let a view go on from these leaves, which a whole step has made from its state."""
    held = module._held
    held.state = State(leaves, held.state.about)
    held.current = True
    _forget_values(module, variables_of(module))


def _forget_values(module: Part, variables: Mapping[str, Variable]) -> None:
    """Let a view's variables be read from its packed state, and its step."""
    for variable in variables.values():
        variable._value, variable._written = None, False
    module._clock.step = module._held.state[STEP]
    if FAULT in module._held.state:
        module._fault = module._held.state[FAULT]  # type: ignore[attr-defined]


def _constant_loader(graph: Graph, path: str) -> Callable[[], Any]:
    return lambda: graph.structure.constants.read(graph.constants, path)


def _blank_variable(variable: Variable, path: str) -> Variable:
    made = object.__new__(type(variable))
    # Only the shape and dtype of the reset value are everybody's; its numbers may follow from a seed, and may be many.
    shape_only = np.broadcast_to(np.zeros((), variable.dtype), variable.shape)
    made.__dict__.update(vars(variable), _value=None, _load=None, _root=None, _written=False, reset_value=shape_only)
    return made


def _blank_constant(constant: Constant, path: str) -> Constant:
    made = object.__new__(type(constant))
    made.__dict__.update(vars(constant), _value=None, _load=None, initial=None)
    if isinstance(made, RandomKey):
        # What reads the step of the module that this is a copy of, and would keep all of that alive.
        made._step = None
    return made


def _copied(value: Any, variable: Any, constant: Any, path: str) -> Any:
    if isinstance(value, Variable):
        return variable(value, path)
    return constant(value, path) if isinstance(value, Constant) else value


def clone(module: Part, variable: Any, constant: Any, clock: Any = None, prefix: str = "") -> Any:
    """A copy of the tree of objects, with each variable and constant replaced by a function of it."""
    made = object.__new__(type(module))
    clock = clock if clock is not None else Clock()
    for name, value in vars(module).items():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(value, Part):
            value = clone(value, variable, constant, clock, path)
        elif isinstance(value, Variable):
            value = variable(value, path)
        elif isinstance(value, Constant):
            value = constant(value, path)
        elif name == CACHE and isinstance(value, dict):
            value = {k: _copied(v, variable, constant, f"{path}.{k}") for k, v in value.items()}
        elif name in ("_inputs", "_outputs"):
            # Where an input comes from is known while a module is built.
            value = {port: replace(spec, source=None) for port, spec in value.items()}
        made.__dict__[name] = value
    made.__dict__.update(_clock=clock, _graph=None, _keeper=None, _mode="inner", _form=None, _inferred=None)
    made.__dict__["config"] = fingerprint.without_seed(vars(module)["config"])
    return made

"""How a module runs: by instructions, compiled, or as array code; what `explain` says of a brain and of shares."""

from dataclasses import dataclass

import jax

from spark.core.module import Module
from spark.core.tree import constants_of, part_named, variables_of
from spark.core.variable import Constant, Variable
from spark.engine.formulas import ModuleFormula
from spark.engine.fusion import Fused, stages_of
from spark.engine.native import runs_natively
from spark.engine.ways import Refusal, Way, refusal_of, ways_of_modules, ways_of_parts
from spark.kernels import native
from spark.nn.brain import Brain
from spark.nn.neurons.neuron import Neuron

OP, COMPILED, XLA = "op", "compiled", "XLA"


@dataclass(frozen=True)
class HowItRuns:
    """One module of a brain, or one component of a pool.

    Attributes:
        path: Dotted path.
        kind: Name of its class.
        runs_as: 'op': by instructions in C++. 'compiled': what its `__call__` does was compiled to a loop over its
            units. 'XLA': as array code, between native calls.
        reason: Why it runs as array code; empty where it does not.
        state_bytes: Size of its variables, those of its components included.
        constant_bytes: Size of its constants: connections, parameters of units, delays.
    """

    path: str
    kind: str
    runs_as: str
    reason: str
    state_bytes: int
    constant_bytes: int


def how_modules_run(view: Brain) -> list[HowItRuns]:
    """How the modules of a merged brain run, each followed by its components."""
    everywhere = _why_no_native(view)
    found: list[HowItRuns] = []
    for name, way in ways_of_modules(view).items():
        found += _module(name, part_named(view, name), Refusal(everywhere) if everywhere else way)
    return found


def _why_no_native(view: Brain) -> str:
    """Why nothing of a brain runs natively; empty where it may."""
    if jax.default_backend() != "cpu":
        return f"this process runs on {jax.default_backend()}"
    status = native.status()
    if not status.available:
        return status.reason
    if not view.parts_meet_at_ports:
        return f"{type(view).__name__} does more than its modules"
    return "" if runs_natively(view) else "check_numbers looks at dtypes that native code does not check"


def _module(path: str, module: Module, way: Way) -> list[HowItRuns]:
    if isinstance(module, Brain):
        inside = ways_of_modules(module).items()
        rows = [
            _module(f"{path}.{n}", part_named(module, n), way if isinstance(way, Refusal) else w) for n, w in inside
        ]
        return [_row(path, module, way), *(row for found in rows for row in found)]
    if not isinstance(module, Neuron):
        return [_row(path, module, way)]
    parts = ways_of_parts(module)
    if isinstance(way, Refusal):
        # A pool runs whole, so what stands in the way of one component does in that of all.
        reason = refusal_of(module, parts) or way
        return [
            _row(path, module, reason),
            *(_row(f"{path}.{n}", part_named(module, n), reason) for n in module._order),
        ]
    # What has instructions of its own is compiled where it runs in one loop with others.
    loops = [stage for stage in stages_of(module) if isinstance(stage, Fused)]
    parts = {**parts, **{name: loop.formula for loop in loops for name in loop.names}}
    return [_row(path, module, way), *(_row(f"{path}.{n}", part_named(module, n), w) for n, w in parts.items())]


def _row(path: str, module: Module, way: Way) -> HowItRuns:
    runs_as = XLA if isinstance(way, Refusal) else COMPILED if isinstance(way, ModuleFormula) else OP
    reason = way.reason if isinstance(way, Refusal) else ""
    sizes = [sum(_bytes(leaf) for leaf in of(module).values()) for of in (variables_of, constants_of)]
    return HowItRuns(path, type(module).__name__, runs_as, reason, *sizes)


def _bytes(leaf: Variable | Constant) -> int:
    size = leaf.dtype.itemsize
    for length in leaf.shape:
        size *= length
    return size

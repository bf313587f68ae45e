"""What happens when a module is called: bind and check inputs, build on the first call, run one step."""

import threading
from typing import Any

import jax
from jax.core import Tracer

from spark.core import binding, engine, naming, numerics, transform
from spark.core.assigning import kept, refuse_changed
from spark.core.build_arguments import arguments_of_build, forgotten_build
from spark.core.compiled import forgetful
from spark.core.draws import Unread
from spark.core.errors import ModuleError, NotBuiltError, Problem, SparkError
from spark.core.inference import infer_outputs
from spark.core.keeper import Claim
from spark.core.part import INNER, NEW, SHELL, Part, graph_of, keeper_of
from spark.core.payloads import Payload, with_signs
from spark.core.ports import PortSpec
from spark.core.state import State

_building = threading.Lock()


def invoke(module: Part, written: Any, args: tuple[Any, ...], inputs: dict[str, Any]) -> Any:
    """Run one step of `module`, whose author wrote `written`."""
    if module._mode == INNER:
        return with_signs(written(module, *args, **inputs)) if module._stand_in is None else module._stand_in
    payloads = binding.bind(module, args, inputs)
    if module._mode == NEW:
        require_concrete(module, payloads)
        binding.look_at_numbers(module, payloads)
        build(module, {name: PortSpec.of(p) for name, p in payloads.items()})
    binding.check(module, payloads)
    if module._mode == SHELL:
        return _advance_shell(module, payloads)
    outputs = engine.step(module, payloads)
    return step_as_written(module, payloads) if outputs is None else outputs


def step_as_written(module: Part, payloads: dict[str, Payload]) -> Any:
    """One step of a merged view by what its author wrote; returns its outputs."""
    before = module._clock.step
    outputs = with_signs(type(module).__call__.__wrapped__(module, **with_signs(payloads)))  # type: ignore[attr-defined]
    module._clock.step = before + 1
    module._held.current = False
    if module._checked:
        numerics.watch(module, payloads, before)
    return outputs


@forgetful
@jax.jit
def _advance(graph: Any, state: Any, payloads: dict[str, Payload]) -> Any:
    module = transform.merge(graph, state)
    outputs = module(**payloads)
    return outputs, transform.split(module)[1]


def _advance_shell(module: Part, payloads: dict[str, Payload]) -> Any:
    # The eager shell runs the same compiled step that a user's own jit would, so both give the same bits.
    graph = graph_of(module)

    def call(state: State) -> tuple[State, Any]:
        outputs, after = _advance(graph, state, payloads)
        if any(isinstance(leaf, Tracer) for leaf in after.leaves):
            raise ModuleError(
                Problem(
                    type(module).__name__,
                    "owns its state, and is called inside a function that JAX traces, which would lose it",
                    "Split it outside: `graph, state = spark.split(module)`; inside, call `spark.merge(graph, state)`",
                    "traced",
                )
            )
        return after, outputs

    keeper = keeper_of(module)
    with Claim(keeper):
        outputs = keeper.take(call)
        if module._checked:
            numerics.raise_faults(graph, keeper.peek())
    return outputs


def build(module: Part, inputs: dict[str, PortSpec]) -> None:
    """Build an outermost module and make it the owner of its state."""
    with _building:
        # Another thread may have built it meanwhile.
        if module._mode == NEW:
            prepare(module, binding.build_specs(module, inputs))
            transform.seal(module)
            module._mode = SHELL


def prepare(module: Part, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
    """Call the author's `build`, then infer outputs abstractly: nothing is run."""
    module._inputs = dict(inputs)
    binding.require_dtype(f"{binding.owner(module)}.config.dtype", module.config.field_or_none("dtype"))
    try:
        given = arguments_of_build(module, inputs)
        module.draw_parameters()
        module.open_generator(True)
        before = kept(module)
        module.build(**given)
        refuse_changed(module, before)
        module.open_generator(False)
        naming.name_parts(module)
        module._outputs = module.describe_outputs(_infer_as_written(module, inputs))
    except SparkError as error:
        found = error.within(module.path)
        if found is error:
            raise
        raise found from error
    except Exception as error:
        forgotten = forgotten_build(module, error)
        if forgotten is not None:
            raise ModuleError(forgotten) from error
        # What contains the module adds nothing: its path is a part of this one.
        if module.path and not getattr(error, "__notes__", None):
            error.add_note(f"In the module '{module.path}' ({type(module).__name__}).")
        raise
    return module._outputs


def _infer_as_written(module: Part, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
    """Infer outputs where the config holds draws, not the numbers: those belong to one seed, and a compiled step to all
    brains that differ in nothing else. A step that computes with such a parameter from the config, or asks how it
    compares or whether it is 0, fails here.
    """
    made = module.config
    written, draws = made.as_written, made.as_written.draws()
    vars(module)["config"] = written.model_copy(update=dict.fromkeys(draws, Unread())) if draws else written
    try:
        return infer_outputs(module, inputs)
    except Exception as error:  # A step that somebody wrote may raise anything.
        if made.as_written is not made and not isinstance(error, SparkError):
            error.add_note("Where numbers are drawn for each unit, a step reads what `build` made of them: a constant.")
        raise
    finally:
        vars(module)["config"] = made


def reset(module: Part) -> None:
    """Put every variable of an outermost module back to its reset value."""
    if module._mode == NEW:
        return
    if module._mode != SHELL:
        raise ModuleError(
            Problem(
                module._path or type(module).__name__,
                "cannot be reset on its own: it is a part or a merged view",
                "Reset the outermost module, or keep the first state and pass it in again",
            )
        )
    keeper_of(module).replace(transform.first_state(module))


def require_concrete(module: Part, payloads: dict[str, Payload]) -> None:
    """Refuse to build from tracers: the state would be lost when the trace ends."""
    for name, payload in payloads.items():
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(payload)):
            raise NotBuiltError(
                Problem(
                    f"{type(module).__name__}.{name}",
                    "is a traced array, but the module is not built yet",
                    "Call the module once outside of `jax.jit`, then `split` it",
                )
            )

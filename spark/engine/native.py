"""The engine of CPUs: steps and runs of brains as native programs."""

import jax

from spark.core.calling import step_as_written
from spark.core.part import Part
from spark.core.payloads import Payload, with_signs
from spark.core.state import Graph, State
from spark.core.transform import merge, split, take_leaves
from spark.core.tree import variables_of
from spark.engine.lowered_run import LoweredRun, loops
from spark.engine.lowered_step import LoweredStep
from spark.engine.lowering import Lowering
from spark.engine.taps import Noted, Tap
from spark.engine.ways import Refusal, ways_of_modules
from spark.kernels import available
from spark.kernels.choice import derived_from
from spark.nn.brain import Brain

# Half precision is checked in JAX; whole numbers need no check.
CHECKED_NATIVELY = ("float32", "int8", "uint8", "int32", "uint32", "bool")


def runs_natively(brain: Brain) -> bool:
    """Whether anything of a brain may be native where this process runs."""
    if not brain.parts_meet_at_ports:
        return False
    if brain._checked and not all(v.dtype.name in CHECKED_NATIVELY for v in variables_of(brain).values()):
        return False
    return jax.default_backend() == "cpu" and available()


def as_declared(brain: Brain, payloads: dict[str, Payload]) -> dict[str, Payload]:
    """Inputs of a brain in the dtypes that its config declares."""
    specs = brain.config.input_map
    return {n: specs[n].payload_type(p.value.astype(specs[n].dtype)) for n, p in payloads.items()}


class NativeEngine:
    """Does a step of a brain as one native program, if any of its modules is native and this process runs on CPUs."""

    def step(self, module: Part, payloads: dict[str, Payload]) -> dict[str, Payload] | None:
        """See `spark.core.engine.Engine`."""
        if not isinstance(module, Brain) or not runs_natively(module):
            return None
        lowered = [name for name, way in ways_of_modules(module).items() if not isinstance(way, Refusal)]
        return _step(module, payloads, lowered) if lowered else None


def _step(brain: Brain, payloads: dict[str, Payload], lowered: list[str]) -> dict[str, Payload]:
    graph, state = split(brain)
    handle, about = graph.handle, graph.structure.about
    # Whoever learns always needs no array that says so.
    always = brain._clock.learns is True

    def view(
        constants: tuple[jax.Array, ...], leaves: tuple[jax.Array, ...], learning: jax.Array | bool | None
    ) -> Brain:
        found = merge(Graph(constants, handle), State(leaves, about))
        found._clock.learns = True if always else learning
        return found

    def as_program(
        constants: tuple[jax.Array, ...],
        leaves: tuple[jax.Array, ...],
        payloads: dict[str, Payload],
        learning: jax.Array | bool | None,
    ) -> tuple[dict[str, Payload], tuple[jax.Array, ...]]:
        found = view(constants, leaves, learning)
        lowering = Lowering(*split(found), learning=None if always else learning)
        return LoweredStep(found, lowering, as_declared(found, with_signs(payloads)), lowered).run()

    def as_written(
        constants: tuple[jax.Array, ...],
        leaves: tuple[jax.Array, ...],
        payloads: dict[str, Payload],
        learning: jax.Array | bool | None,
    ) -> tuple[dict[str, Payload], tuple[jax.Array, ...]]:
        found = view(constants, leaves, learning)
        outputs = step_as_written(found, payloads)
        return outputs, split(found)[1].leaves

    learning = None if always else brain._clock.learns
    outputs, leaves = derived_from(as_written, as_program)(graph.constants, state.leaves, payloads, learning)
    take_leaves(brain, leaves)
    return outputs


def native_run(
    brain: Brain,
    payloads: dict[str, Payload],
    series: dict[str, Payload],
    steps: jax.Array,
    taps: tuple[Tap, ...],
    chosen: dict[str, jax.Array],
    most: int,
    threads: jax.Array,
    learning: jax.Array | bool | None,
) -> tuple[dict[str, Noted], jax.Array] | None:
    """Many steps of a merged view as one native call, if all its modules lower and this process runs on CPUs.

    Args:
        brain: The view, which takes the state after them.
        payloads: Inputs that stay, by port.
        series: Inputs with a first axis of steps, by port; spikes are -1, 0 or 1.
        steps: How many steps, int32 of shape ().
        taps: What is noted.
        chosen: Flat indices by name of tap, where it notes only some elements.
        most: Greatest number of steps in a call.
        threads: How many share the work, int32 of shape ().
        learning: Whether plasticity goes on, a boolean of shape ().

    Returns:
        What was noted and how many steps were done; see `LoweredRun`. None where they are to be done one by one.
    """
    if not runs_natively(brain) or not loops(brain):
        return None
    graph, state = split(brain)
    # What looks at weights or at spikes under way in the middle of a run must find them up to date.
    lazy = not brain._checked and not any(tap.path.endswith((".weights", ".arriving")) for tap in taps)
    lowering = Lowering(graph, state, lazy, learning)
    # Rows are looked at when they are fed: most of them, beyond the steps of a short run, are never touched.
    inputs, rows = as_declared(brain, with_signs(payloads)), as_declared(brain, series)
    run = LoweredRun(brain, lowering, inputs, brain._names, series=rows)
    noted, done, leaves = run.run_steps(steps, taps, chosen, most, threads)
    take_leaves(brain, leaves)
    return noted, done

"""Instructions of somas."""

from spark.core.parameter import Scalar
from spark.core.variable import Variable
from spark.engine.instructions.instructions import Instructions, Table
from spark.engine.lowering import Arriving, Lowering
from spark.kernels.instructions import SOMA
from spark.kernels.place import Place
from spark.nn.somas.adaptive import AdaptiveLeakySoma
from spark.nn.somas.leaky import LeakySoma


def _has_numbers_for_all(soma: LeakySoma) -> bool:
    """One number for all units in every parameter, and nothing but a current."""
    return set(soma.input_specs) == {"current"} and all(
        isinstance(p, Scalar) for p in (soma.gain, soma.resistance, soma.level, soma.after, soma.blocked)
    )


def _adapts_alike(soma: AdaptiveLeakySoma) -> bool:
    return _has_numbers_for_all(soma) and isinstance(soma.fall, Scalar) and isinstance(soma.rise, Scalar)


def _leaky(soma: LeakySoma, lowering: Lowering, current: Arriving) -> dict[str, Place]:
    return _one_instruction(soma, lowering, current, None, (0.0, 0.0))


def _adaptive(soma: AdaptiveLeakySoma, lowering: Lowering, current: Arriving) -> dict[str, Place]:
    return _one_instruction(soma, lowering, current, soma.threshold, (soma.fall.value, soma.rise.value))


def _one_instruction(
    soma: LeakySoma,
    lowering: Lowering,
    current: Arriving,
    threshold: Variable | None,
    adaptation: tuple[float, float],
) -> dict[str, Place]:
    """One instruction, with a threshold that adapts or not.

    Args:
        soma: The soma.
        lowering: What instructions are emitted to.
        current: Where the current arrives.
        threshold: Rise of the threshold, if it adapts.
        adaptation: Its factor in a step, and what a spike adds, mV.
    """
    program = lowering.program
    spikes = program.scratch(soma.potential.shape, "int8")
    variables = (lowering.variable(soma.potential), lowering.variable(soma.refractory))
    adapts = None if threshold is None else lowering.variable(threshold)
    fixed = (soma.gain.value, soma.resistance.value, soma.level.value, soma.after.value)
    places = (*variables, adapts, current.place, spikes)
    program.emit(SOMA, places, (spikes.size, int(soma.blocked.value)), (*fixed, *adaptation))
    return {"spikes": spikes}


TABLE: Table = {
    LeakySoma: Instructions(_leaky, _has_numbers_for_all),
    AdaptiveLeakySoma: Instructions(_adaptive, _adapts_alike),
}

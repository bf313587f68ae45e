"""Instructions of interfaces: spikers, and integrators of groups."""

import numpy as np

from spark.core.parameter import Scalar
from spark.engine.instructions.instructions import Instructions, Table
from spark.engine.lowering import Arriving, Lowering
from spark.kernels.instructions import BUMP, DRAW_SPIKES, INTEGRATOR, SPIKER
from spark.kernels.place import Place
from spark.nn.interfaces.integrator import ExponentialIntegrator
from spark.nn.interfaces.linear import LinearSpiker
from spark.nn.interfaces.poisson import PoissonSpiker
from spark.nn.interfaces.topological import TopologicalLinearSpiker


def _linear(spiker: LinearSpiker, lowering: Lowering, signal: Arriving) -> dict[str, Place]:
    return _integrating(spiker, lowering, signal.place)


def _integrating(spiker: LinearSpiker | TopologicalLinearSpiker, lowering: Lowering, drive: Place) -> dict[str, Place]:
    """The units that all linear spikers share, fed by a drive."""
    program, of = lowering.program, spiker.integration
    spikes = program.scratch(spiker.potential.shape, "int8")
    variables = (lowering.variable(spiker.potential), lowering.variable(spiker.refractory))
    places = (*variables, drive, spikes)
    program.emit(SPIKER, places, (spikes.size, of.blocked), (of.factor, of.gain, spiker.config.tau))
    return {"spikes": spikes}


def _lies_on_a_line(spiker: TopologicalLinearSpiker) -> bool:
    """Whether units lie on lines, with one range for all numbers; rings, and ranges for each number, are formulas."""
    return isinstance(spiker.low, Scalar) and isinstance(spiker.span, Scalar) and spiker.ring == Scalar(0.0)


def _topological(spiker: TopologicalLinearSpiker, lowering: Lowering, signal: Arriving) -> dict[str, Place]:
    """Two instructions: the drive by the distance from the number, and the units."""
    program, arriving, resolution = lowering.program, signal.place, spiker.config.resolution
    drive = program.scratch((*arriving.shape, resolution), "float32")
    numbers = (spiker.low.value, spiker.span.value, np.pi, -0.5 / spiker.config.sigma)
    program.emit(BUMP, (arriving, lowering.constant(spiker.place), drive), (arriving.size, resolution), numbers)
    return _integrating(spiker, lowering, drive)


def _draws_for_all(spiker: PoissonSpiker) -> bool:
    """Whether it holds all its units: a share of them is a formula."""
    return spiker.key.units is None


def _poisson(spiker: PoissonSpiker, lowering: Lowering, signal: Arriving) -> dict[str, Place]:
    program = lowering.program
    spikes = program.scratch(signal.place.shape, "int8")
    places = (lowering.constant(spiker.key), lowering.entry("step"), signal.place, spikes)
    program.emit(DRAW_SPIKES, places, (spikes.size,), (spiker.chance,))
    return {"spikes": spikes}


def _integrator(integrator: ExponentialIntegrator, lowering: Lowering, spikes: Arriving) -> dict[str, Place]:
    program, groups = lowering.program, integrator.config.num_outputs
    signal = program.scratch((groups,), "float32")
    smooth = lowering.variable(integrator.smooth) if integrator.config.smooth_trace else None
    places = (
        lowering.variable(integrator.average),
        smooth,
        spikes.place,
        lowering.constant(integrator.group),
        lowering.constant(integrator.share),
        program.scratch((groups,), "int32"),
        signal,
    )
    program.emit(INTEGRATOR, places, (groups, spikes.place.size), (integrator.gain, integrator.smooth_gain))
    return {"signal": signal}


TABLE: Table = {
    LinearSpiker: Instructions(_linear),
    TopologicalLinearSpiker: Instructions(_topological, _lies_on_a_line),
    PoissonSpiker: Instructions(_poisson, _draws_for_all),
    ExponentialIntegrator: Instructions(_integrator),
}

"""Instructions of projections, and of random events that come on top of what they bring."""

import numpy as np

from spark.core.own_draws import draws_unit_by_unit
from spark.engine.instructions.instructions import Instructions, Table
from spark.engine.lowering import Arriving, Background, Change, Lowering, Postponed, RingInput
from spark.kernels import Edges
from spark.kernels.instructions import (
    ADD_COUNTS,
    DELIVER_AND_CHANGE,
    DELIVER_DENSE,
    DELIVER_EDGES,
    DELIVER_WAITING,
    PUSH,
    SIGN,
)
from spark.kernels.place import Place
from spark.kernels.scatter import emit_arrive, emit_scatter, emit_spread
from spark.nn.projections.gap import GapProjections
from spark.nn.projections.plastic import PlasticProjection
from spark.nn.projections.static import StaticProjections
from spark.nn.synapses.background import PoissonBackground


def _static(
    projections: StaticProjections,
    lowering: Lowering,
    spikes: Arriving | None = None,
    amplitudes: Arriving | None = None,
    arrivals: Background | None = None,
) -> dict[str, RingInput]:
    """An instruction for each wire, one for random events; whoever reads what arrives takes it out of the ring."""
    ring, step = lowering.variable(projections.arriving), lowering.entry("step")
    arriving = RingInput(ring, projections.slots)
    if spikes is not None:
        rows, at, signed = projections.rows(lowering.constant), (step, projections.further), projections.signed
        brings = None if amplitudes is None else amplitudes.place
        if lowering.lazy and projections.by_delay:
            block = emit_spread(lowering.program, spikes.parts, rows, ring, at, signed, brings)
            arriving = RingInput(block, block.shape[0])
        # How much of a weight a spike brings is known when it comes in.
        elif not lowering.lazy or projections.several or projections.further == 0 or amplitudes is not None:
            emit_scatter(lowering.program, spikes.parts, rows, ring, at, signed, brings)
        else:
            row = emit_arrive(lowering.program, spikes.parts, rows, ring, at, signed)
            arriving = RingInput(row, 1)
    if arrivals is not None:
        places = (arrivals.key, step, arrivals.bounds, arriving.ring)
        wholes = (projections.post, arrivals.bounds.size, arriving.slots, arrivals.key.size == 3)
        lowering.program.emit(ADD_COUNTS, places, wholes, (arrivals.weight,))
    return {"arrivals": arriving}


def _gap(projections: GapProjections, lowering: Lowering, potentials: Arriving) -> dict[str, RingInput]:
    """An instruction that adds what every source sends; whoever reads what arrives takes it out of the ring."""
    ring, step = lowering.variable(projections.arriving), lowering.entry("step")
    parts, rows = (lowering.constant(projections.all_send),), projections.rows(lowering.constant)
    emit_scatter(lowering.program, parts, rows, ring, (step, 0), False, potentials.place)
    return {"arrivals": RingInput(ring, 1)}


def _draws_as_jax(background: PoissonBackground) -> bool:
    """Native code draws as JAX's default generator does."""
    return draws_unit_by_unit()


def _background(background: PoissonBackground, lowering: Lowering) -> dict[str, Background]:
    """Nothing yet: the projections let it be added where their arrivals go."""
    key, bounds = lowering.constant(background.key), lowering.constant(background.bounds)
    return {"arrivals": Background(key, bounds, background.config.weight)}


def _plastic(
    projection: PlasticProjection, lowering: Lowering, spikes: Arriving, change: Change | Postponed | None = None
) -> dict[str, Place]:
    """One instruction, after one that remembers the spikes where there are delays.

    With a `Change`, the connections that deliver are changed in the same walk, as the rule asks; with what is
    `Postponed`, rows that deliver are brought up to date first.
    """
    program, place = lowering.program, _counted(projection, lowering, spikes)
    if not projection.listed:
        assert not isinstance(change, Change)
        return {"arrivals": _deliver_rows(projection, lowering, place, change)}
    assert not isinstance(change, Postponed)
    if projection.config.delayed:
        history = lowering.variable(projection.history)
        outputs = {"arriving": history}
    else:
        history, outputs = program.scratch((2, 1, place.size), "uint32"), {}
    program.emit(PUSH, (history, place), history.shape[1:])
    return {"arrivals": _deliver_edges(projection, lowering, history, change), **outputs}


def _counted(projection: PlasticProjection, lowering: Lowering, spikes: Arriving) -> Place:
    """Spikes with the sign that counts: a spike times itself is +1."""
    if projection.config.projection.signed:
        return spikes.place
    place = lowering.program.scratch((spikes.place.size,), "int8")
    lowering.program.emit(SIGN, (place, spikes.place, spikes.place), (spikes.place.size,))
    return place


def _deliver_rows(projection: PlasticProjection, lowering: Lowering, spikes: Place, change: Postponed | None) -> Place:
    program, weights = lowering.program, lowering.variable(projection.weights)
    pre, post = projection.weights.shape
    arrivals = program.scratch((post,), "float32")
    if change is None:
        program.emit(DELIVER_DENSE, (spikes, weights, arrivals), (pre, post))
    else:
        waiting = change.waiting
        places = (spikes, weights, arrivals, change.coefficients, change.baseline)
        program.emit(DELIVER_WAITING, places, (pre, post, *change.traces))
        program.extend((waiting.memory,), (waiting.room, waiting.steps), change.factors)
    return arrivals


def _deliver_edges(projection: PlasticProjection, lowering: Lowering, history: Place, change: Change | None) -> Place:
    program, post = lowering.program, int(np.prod(projection.units))
    arrivals = program.scratch((post,), "float32")
    edges = Edges(*(lowering.constant(c) for c in projection.edge_arrays()))
    sizes = (*history.shape[1:], edges.starts.shape[1] - 1, post)
    places = (history, lowering.variable(projection.weights), edges.post, edges.starts, arrivals)
    if change is None:
        program.emit(DELIVER_EDGES, places, sizes)
    else:
        program.emit(DELIVER_AND_CHANGE, (*places, *change.places, lowering.learning), sizes, (change.factor,))
    return arrivals


TABLE: Table = {
    StaticProjections: Instructions(_static, beside_others=True, gives_in_place=True, takes_in_place=("arrivals",)),
    GapProjections: Instructions(_gap, beside_others=True, gives_in_place=True),
    PoissonBackground: Instructions(_background, _draws_as_jax, beside_others=True, gives_in_place=True),
    PlasticProjection: Instructions(_plastic),
}

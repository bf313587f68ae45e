"""The compiled loop of a brain on many devices: compute, then tell each other the spikes, once a step."""

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from spark.core.payloads import Payload, SpikeArray
from spark.core.state import Graph, State
from spark.core.transform import STEP, Structure, merge
from spark.core.tree import variables_of
from spark.engine.shares.exchange import exchange
from spark.engine.shares.message import Letter
from spark.engine.shares.parts import input_name
from spark.graph.specs import CALL, InputSpec, OutputSpec, PortMap
from spark.nn.brain import Brain
from spark.nn.wiring import gather

# A port of a module, the wires that feed it, what they bring joined, and whether a part takes its own units' only.
Feed = tuple[str, str, tuple[PortMap, ...], Any]


@dataclass(frozen=True)
class Piece:
    """What some devices compute: the same structure, with values of their own.

    Attributes:
        structure: Of the part brain.
        state_leaves: Which of the joint leaves are those of its state.
        constant_leaves: Which of the joint leaves are those of its constants.
        feeds: Where its inputs come from.
        sends: For each output, the first word in the device's row.
    """

    structure: Structure
    state_leaves: tuple[int, ...]
    constant_leaves: tuple[int, ...]
    feeds: tuple[Feed, ...]
    sends: tuple[tuple[PortMap, int], ...]


@dataclass(frozen=True)
class Program:
    """Everything static of a brain on many devices; compared by value, so equal brains share a compiled loop.

    Attributes:
        mesh: The devices, along one axis.
        pieces: The different things that devices compute.
        piece_of: Which of them each device computes.
        letters: What travels.
        length: Words of a device's row.
        inputs: The brain's inputs by name.
        outputs: The brain's outputs: name, origin, spec.
        spikes: Modules whose output is spikes, and the port.
        modules: All modules' names, in the order of `Fixed.firsts`.
    """

    mesh: Mesh
    pieces: tuple[Piece, ...]
    piece_of: tuple[int, ...]
    letters: tuple[Letter, ...]
    length: int
    inputs: tuple[tuple[str, InputSpec], ...]
    outputs: tuple[tuple[str, PortMap, OutputSpec], ...]
    spikes: tuple[tuple[str, PortMap], ...]
    modules: tuple[str, ...]

    @property
    def axis(self) -> str:
        """Name of the devices' axis."""
        return self.mesh.axis_names[0]


@functools.partial(jax.tree_util.register_dataclass, data_fields=["constants", "firsts", "ends"], meta_fields=[])
@dataclass(frozen=True)
class Fixed:
    """Arrays that a step reads only, a row for each device: constants, first units, and sockets to the others.

    Without sockets `ends` is None, and devices exchange what they say by an operation of JAX.
    """

    constants: tuple[jax.Array, ...]
    firsts: jax.Array
    ends: jax.Array | None = None


@functools.partial(jax.tree_util.register_dataclass, data_fields=["leaves", "message"], meta_fields=[])
@dataclass(frozen=True)
class ShardedState:
    """The state of a brain on many devices; a pytree.

    Attributes:
        leaves: All variables, packed, (devices, length): each device holds its row.
        message: What all devices sent in the last step, uint32 (devices, words): on every device.
    """

    leaves: tuple[jax.Array, ...]
    message: jax.Array


@functools.partial(jax.jit, static_argnames=("program", "steps", "spikes"), donate_argnames="state")
def advance_program(
    program: Program,
    fixed: Fixed,
    state: ShardedState,
    inputs: dict[str, Payload],
    learning: jax.Array | bool,
    turn: jax.Array,
    *,
    steps: int,
    spikes: bool,
) -> tuple[dict[str, Payload], dict[str, Payload], ShardedState]:
    """Run `steps` steps with constant inputs; see `ShardedBrain.advance`.

    `turn`, uint32, is how many steps these devices have exchanged before.
    """
    rows = P(program.axis)
    run = jax.shard_map(
        functools.partial(_run, program, steps, spikes),
        mesh=program.mesh,
        in_specs=(Fixed(rows, rows, rows), ShardedState(rows, P()), P(), P(), P()),  # type: ignore[arg-type]
        out_specs=(P(), P(), ShardedState(rows, P())),  # type: ignore[arg-type]
        # What comes out of the exchange is the same on all devices, which the checker cannot know.
        check_vma=False,
    )
    outputs, messages, after = run(fixed, state, inputs, learning, turn)
    letters = {letter.wire: letter for letter in program.letters}
    if messages is None:
        return outputs, {}, after
    read = {name: jax.vmap(letters[wire].read)(messages) for name, wire in program.spikes}
    return outputs, {name: SpikeArray(value) for name, value in read.items()}, after


def _run(
    program: Program,
    steps: int,
    spikes: bool,
    fixed: Fixed,
    state: ShardedState,
    inputs: dict[str, Payload],
    learning: jax.Array | bool,
    turn: jax.Array,
) -> tuple[dict[str, Payload], jax.Array | None, ShardedState]:
    """One device's loop."""
    mine = Fixed(tuple(c[0] for c in fixed.constants), fixed.firsts[0])
    own = {PortMap(CALL, n): s.payload_type(inputs[n].value.astype(s.dtype)) for n, s in program.inputs}

    def step(
        carried: tuple[tuple[jax.Array, ...], jax.Array], turn: jax.Array
    ) -> tuple[tuple[tuple[jax.Array, ...], jax.Array], tuple[dict[str, Payload], jax.Array | None]]:
        leaves, message = carried
        leaves, row = _compute(program, mine, leaves, _Reader(program, own, message), learning)
        message = jax.lax.all_gather(row, program.axis) if fixed.ends is None else exchange(row, fixed.ends[0], turn)
        read = _Reader(program, own, message)
        outputs = {name: spec.payload_type(read(wire).value.astype(spec.dtype)) for name, wire, spec in program.outputs}
        return (leaves, message), (outputs, message if spikes else None)

    first = (tuple(leaf[0] for leaf in state.leaves), state.message)
    (leaves, message), (outputs, messages) = jax.lax.scan(step, first, turn + jnp.arange(steps, dtype=jnp.uint32))
    return outputs, messages, ShardedState(tuple(leaf[None] for leaf in leaves), message)


class _Reader:
    """Reads ports out of the brain's inputs and a message, each once."""

    def __init__(self, program: Program, own: dict[PortMap, Payload], message: jax.Array) -> None:
        self._letters = {letter.wire: letter for letter in program.letters}
        self._known, self._message = dict(own), message

    def __call__(self, wire: PortMap) -> Payload:
        if wire not in self._known:
            letter = self._letters[wire]
            self._known[wire] = letter.payload_type(letter.read(self._message))
        return self._known[wire]

    def fresh(self) -> "_Reader":
        """The same, without what was read: values read within a loop stay there."""
        made = object.__new__(_Reader)
        made.__dict__.update(vars(self), _known=dict(self._known))
        return made


def _compute(
    program: Program, fixed: Fixed, leaves: tuple[jax.Array, ...], read: _Reader, learning: jax.Array | bool
) -> tuple[tuple[jax.Array, ...], jax.Array]:
    """This device's step: its new leaves, and its row of the message."""
    if len(program.pieces) == 1:
        return _compute_piece(program, program.pieces[0], fixed, leaves, read, learning)
    which = jnp.asarray(np.array(program.piece_of, np.int32))[jax.lax.axis_index(program.axis)]
    carried = (leaves, jnp.zeros(program.length, jnp.uint32))
    for number, piece in enumerate(program.pieces):

        def once(
            _: jax.Array, now: tuple[tuple[jax.Array, ...], jax.Array], piece: Piece = piece
        ) -> tuple[tuple[jax.Array, ...], jax.Array]:
            return _compute_piece(program, piece, fixed, now[0], read.fresh(), learning)

        # A loop of no or one turn: XLA copies what a conditional changes in place, but not what a loop does.
        carried = jax.lax.fori_loop(jnp.int32(0), (which == number).astype(jnp.int32), once, carried)
    return carried


def _compute_piece(
    program: Program,
    piece: Piece,
    fixed: Fixed,
    leaves: tuple[jax.Array, ...],
    read: _Reader,
    learning: jax.Array | bool,
) -> tuple[tuple[jax.Array, ...], jax.Array]:
    structure = piece.structure
    letters = {letter.wire: letter for letter in program.letters}
    arriving = {}
    for module, port, wires, spec in piece.feeds:
        payload = gather(wires, read, spec)
        wanted = structure.template._inputs[input_name(module, port)]
        if wanted.shape != payload.shape:
            first = fixed.firsts[program.modules.index(module)]
            flat = jax.lax.dynamic_slice(payload.value.reshape(-1), (first,), wanted.shape)
            payload = type(payload)(flat)
        arriving[input_name(module, port)] = payload
    state = State(tuple(leaves[n] for n in piece.state_leaves), structure.about)
    brain = merge(Graph(tuple(fixed.constants[n] for n in piece.constant_leaves), structure.handle), state)
    brain._clock.learns = learning
    outputs = brain(**arriving)
    row = jnp.zeros(program.length, jnp.uint32)
    for wire, word in piece.sends:
        words = letters[wire].pack(outputs[input_name(wire.origin, wire.port)].value)
        row = jax.lax.dynamic_update_slice(row, words, (word,))
    changed = dict(zip(piece.state_leaves, _leaves_after(brain, state), strict=True))
    return tuple(changed.get(n, leaf) for n, leaf in enumerate(leaves)), row


def _leaves_after(brain: Brain, state: State) -> tuple[jax.Array, ...]:
    """The leaves after a step; only what was written is touched, for a leaf is as large as all weights of a part."""
    if brain._held.current:
        return brain._held.state.leaves
    leaves, layout = state.leaves, state.about.layout
    for path, variable in variables_of(brain).items():
        if variable._written:
            leaves = layout.replace(leaves, path, variable.value)
    return layout.replace(leaves, STEP, brain._clock.step)

"""`shard`: a brain spread over several devices, or over the devices of several processes."""

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import DTypeLike

from spark.core import binding
from spark.core.arguments import checked
from spark.core.errors import InputError, ModuleError, Problem, ShardError
from spark.core.module import Module
from spark.core.own_draws import draws_unit_by_unit
from spark.core.pausing import require_no_pauses
from spark.core.payloads import Payload
from spark.core.rows import joint_leaves
from spark.core.state import Graph, State
from spark.core.transform import STEP, merge, split
from spark.core.tree import part_named
from spark.engine.shares.cutting import Cutting, Row, cut, identity, modules_of, plan_of
from spark.engine.shares.exchange import lost
from spark.engine.shares.meeting import connect
from spark.engine.shares.message import Letter
from spark.engine.shares.parts import DevicePart
from spark.engine.shares.placement import Plan, place, whole_because
from spark.graph.specs import PortMap
from spark.nn.brain import Brain
from spark.sim.shard_step import Fixed, Piece, Program, ShardedState, advance_program

Devices = int | Sequence[Any] | Mesh | None


class ShardedBrain:
    """A brain on many devices: each holds and computes its own units and the connections that end at them.

    In a step every device computes its units from the spikes of the step before; then all tell each other this step's
    spikes, as bits, in one exchange. Since every wire between modules costs one step, nothing else need travel, and
    the spikes are those of the brain on one device.

    `shard` makes one.

    Args:
        brain: The brain, which stays as it is.
        mesh: The devices.
        by: As of `shard`.

    Attributes:
        state: The state that the brain had when it was sharded. `advance` uses it up, so pass it on once.
        mesh: The devices.
        placement: For every module, how many of its units each device computes: `{module: {device number: units}}`.
        plan: The same as `by` takes it.
        whole: Of every module that lies whole on one device, why.
        identity: A number that tells brains apart whose states do not fit: other variables, or other connections.
    """

    def __init__(self, brain: Brain, mesh: Mesh, by: str | Plan) -> None:
        graph, state = split(brain)
        _check(brain)
        whole = merge(graph, state)
        modules = modules_of(whole)
        placed = place(modules, mesh.size, by)
        self.mesh, self.whole = mesh, whole_because(modules, placed, by)
        self.placement = {
            name: {d: s.count if s else _elements(modules[name]) for d, s in shares} for name, shares in placed.items()
        }
        # Without arrays: it only says which inputs the brain takes.
        self._border = Brain(brain.config)
        self._border._inputs = self._border.declared_inputs()
        self._cutting, parts, letters = cut(whole, placed, state[STEP], self._own_devices(), mesh.size)
        self.identity, self.plan = identity(graph), plan_of(placed, mesh.size)
        self._program = _program(whole, mesh, parts, letters, self._cutting)
        firsts = [np.array([part.firsts.get(n, 0) for n in self._program.modules], np.int32) for part in parts]
        # Kept, since its sockets are open as long as it is.
        self._exchange, self._turn = connect(mesh), 0
        ends = None if self._exchange is None else self._stack([(self._exchange.ends,)] * mesh.size)[0]
        self._fixed = Fixed(
            self._stack([part.constants for part in parts]), self._stack([(f,) for f in firsts])[0], ends
        )
        self.state = self._lain([part.state for part in parts], self._cutting.message(whole))

    def advance(
        self,
        state: ShardedState,
        inputs: Mapping[str, Payload],
        *,
        steps: int = 1,
        spikes: bool = False,
        learning: bool = True,
    ) -> tuple[dict[str, Payload], dict[str, Payload], ShardedState]:
        """Run for `steps` steps with constant inputs, as one compiled loop.

        Args:
            state: `self.state`, or from the last call. It is donated: its arrays are used up.
            inputs: A payload for every input port of the brain; the same in every process.
            steps: Number of steps, at least 1; another number compiles anew.
            spikes: Whether to return the spikes of every module.
            learning: As of `spark.run`.

        Returns:
            Outputs of every step (a leading axis of length `steps`), spikes of every step by module (empty unless
            asked for), both on every device, and the new state.

        Raises:
            InputError: Wrong inputs, or fewer steps than one.
            ShardError: Another process has ended, cannot be reached any more, or has done something else. The state is
                lost, as it was used up.
        """
        payloads = binding.bind(self._border, (), dict(inputs))
        binding.check(self._border, payloads)
        if isinstance(steps, bool) or not hasattr(steps, "__index__") or operator.index(steps) < 1:
            raise InputError(
                Problem(
                    "steps", f"must be a whole number of at least 1, got {steps!r}", "Give steps=1 or more", "steps"
                )
            )
        copied, learns = jax.tree.map(self._copy, payloads), self._copy(np.bool_(learning))
        count = operator.index(steps)
        turn, self._turn = self._copy(np.uint32(self._turn)), (self._turn + count) % 2**32
        run = functools.partial(advance_program, self._program, self._fixed, steps=count, spikes=spikes)
        if self._exchange is None:
            return run(state, copied, learns, turn)
        try:
            # What one run tells the other processes must not come between what another one does.
            return jax.block_until_ready(run(state, copied, learns, turn))
        except jax.errors.JaxRuntimeError as error:
            why = lost(error)
            if why is None:
                raise
            mend = "Begin again from a checkpoint, in all processes: the state is lost"
            raise ShardError(Problem("processes", f"have lost each other, got: {why}", mend, "processes")) from error

    def gather(self, brain: Brain, state: ShardedState) -> State:
        """The state that the brain would have on one device, for `brain.load_state(...)` or a checkpoint.

        Args:
            brain: The brain that was sharded, or one built from an equal config and seed; it is not changed.
            state: The state on many devices; it is not used up. All processes must call.

        Raises:
            ShardError: It is another brain.
        """
        graph, first = self._halves(brain)
        leaves = tuple(_everywhere(leaf) for leaf in state.leaves)
        return self._cutting.gather(merge(graph, first), first.about, leaves, np.asarray(state.message))

    def scatter(self, brain: Brain, state: State | None = None) -> ShardedState:
        """A brain's state, spread over these devices: to go on from a checkpoint, or from more or fewer devices.

        Args:
            brain: The brain that was sharded, or one built from an equal config and seed; it is not changed.
            state: Of it, such as `gather` of another sharded brain gives; the brain's own if left out. The same in
                every process.

        Returns:
            The state for `advance`, which compiles nothing anew for it.

        Raises:
            ShardError: It is another brain.
            ModuleError: It is a state of another one.
        """
        graph, own = self._halves(brain)
        whole = merge(graph, own if state is None else state)
        rows = self._cutting.scatter(whole, split(whole)[1], self._own_devices())
        return self._lain(rows, self._cutting.message(whole))

    def _halves(self, brain: Brain) -> tuple[Graph, State]:
        """A brain as graph and state, if it is the one that was sharded."""
        graph, state = split(brain)
        if identity(graph) != self.identity:
            raise ShardError(
                Problem(
                    "brain",
                    "is another one than was sharded, got other variables, connections or settings",
                    "Give the brain that was sharded, or one built from an equal config and seed",
                    "brain",
                )
            )
        return graph, state

    @property
    def bytes_per_device(self) -> list[int]:
        """Bytes of state and constants that each device holds, with what fills up rows of different length."""
        rows = sum(leaf.nbytes // self.mesh.size for leaf in (*self.state.leaves, *self._fixed.constants))
        return [rows + self.state.message.nbytes] * self.mesh.size

    @property
    def exchanges_by_sockets(self) -> bool:
        """Whether processes tell each other over sockets of their own; else by JAX's operation."""
        return self._exchange is not None

    def _own_devices(self) -> set[int]:
        """Numbers of this process's devices."""
        here = jax.process_index()
        return {number for number, device in enumerate(self.mesh.devices.flat) if device.process_index == here}

    def _lain(self, rows: list[Row], message: np.ndarray) -> ShardedState:
        """A state of a row for each device, and of what all have said."""
        return ShardedState(self._stack(rows), self._copy(message))

    def _stack(self, rows: list[tuple[np.ndarray, ...]]) -> tuple[jax.Array, ...]:
        """Arrays with a row for each device, filled up with zeros to the longest; see `joint_leaves`."""
        slots = joint_leaves(rows)
        sharding = NamedSharding(self.mesh, P(self.mesh.axis_names[0]))
        stacked = []
        for number in range(max((n for row in slots for n in row), default=-1) + 1):
            column = [
                dict(zip(row_slots, row, strict=True)).get(number) for row_slots, row in zip(slots, rows, strict=True)
            ]
            found = [part for part in column if part is not None]
            length, dtype = max(part.size for part in found), found[0].dtype

            def row_of(
                index: tuple[slice, ...] | None,
                column: list[np.ndarray | None] = column,
                length: int = length,
                dtype: DTypeLike = dtype,
            ) -> np.ndarray:
                part = column[(index[0].start or 0) if index else 0]
                made = np.zeros((1, length), dtype)
                if part is not None:
                    made[0, : part.size] = part
                return made

            stacked.append(jax.make_array_from_callback((len(rows), length), sharding, row_of))
        return tuple(stacked)

    def _copy(self, value: np.ndarray | np.generic) -> jax.Array:
        """The same array on every device."""
        sharding = NamedSharding(self.mesh, P())
        if jax.process_count() == 1:
            return jax.device_put(value, sharding)
        held = np.asarray(value)
        return jax.make_array_from_callback(held.shape, sharding, lambda _: held)

    def __repr__(self) -> str:
        return f"ShardedBrain({len(self.placement)} modules on {self.mesh.size} devices)"


@checked
def shard(brain: Brain, devices: Devices = None, by: str | Plan = "unit") -> ShardedBrain:
    """Spread a brain over devices, with the same spikes.

    Args:
        brain: A built, outermost brain; its present state is where the sharded one begins. It is not changed.
        devices: A number of devices, a list of them, or a mesh with one axis; all there are if left out. With
            `jax.distributed`, those of all processes: every process makes the same brain and the same call.
        by: 'unit' cuts every pool that can be cut into even shares. 'module' puts every module whole on one device,
            balanced by their synapses and units. A plan says it module by module: the number of a device, or the
            number of units on each device, such as `{"pool": (100, 156), "spiker": 0}`.

    Raises:
        ShardError: More devices than there are, or than units; a plan that does not fit the brain.
        NotBuiltError: The brain was not called yet.
        ModuleError: It is no brain, or it checks its numbers.
    """
    return ShardedBrain(brain, _mesh(devices), by)


def _mesh(devices: Devices) -> Mesh:
    if isinstance(devices, Mesh):
        if len(devices.axis_names) != 1:
            text = f"is a mesh with several axes, got {devices.axis_names}; expected one"
            raise ShardError(Problem("devices", text, "Give the devices as a list, or a mesh with one axis", "mesh"))
        return devices
    known = jax.devices()
    if devices is None:
        devices = known
    elif isinstance(devices, int | np.integer):
        if isinstance(devices, bool) or not 1 <= devices <= len(known):
            raise ShardError(
                Problem(
                    "devices",
                    f"are not all there, got {devices}; expected 1 to {len(known)}",
                    "On CPUs, set XLA_FLAGS=--xla_force_host_platform_device_count=8 before JAX starts to have 8",
                    "devices",
                )
            )
        devices = known[:devices]
    devices = list(devices)
    absent = set(range(jax.process_count())) - {device.process_index for device in devices}
    if absent:
        text = f"leave processes without one, got none of process {sorted(absent)[0]}"
        raise ShardError(Problem("devices", text, "Give every process at least one device", "process"))
    return Mesh(np.array(devices), ("devices",))


def _check(brain: Brain) -> None:
    if not isinstance(brain, Brain):
        text = f"cannot be sharded, got {type(brain).__name__}; expected spark.nn.Brain"
        raise ModuleError(Problem(type(brain).__name__, text, "Put the module into a brain", "brain"))
    if not brain.parts_meet_at_ports:
        text = "does more than its modules, of which alone devices do shares, got a `__call__` of its own"
        raise ModuleError(Problem(type(brain).__name__, text, "Put what it does into a module", "brain"))
    if brain._checked:
        raise ModuleError(
            Problem(
                "check_numbers",
                "cannot be watched on many devices, got True; expected False",
                "Look for the fault on one device, or build the brain with check_numbers=False",
                "numerics",
            )
        )
    require_no_pauses(brain, "`spark.shard`", "Run it on one device, or leave that out")
    if not draws_unit_by_unit():
        raise ModuleError(
            Problem(
                "jax_threefry_partitionable",
                "is off, and then a unit's random numbers depend on how many units are drawn together",
                "Leave JAX's setting at its default, True",
                "draws",
            )
        )


def _elements(module: Module) -> int:
    """Size of a module's largest output: its units, if it has any."""
    return max((spec.size for spec in module.output_specs.values()), default=0)


def _program(
    whole: Brain, mesh: Mesh, parts: list[DevicePart], letters: Mapping[PortMap, Letter], cutting: Cutting
) -> Program:
    structures = list(dict.fromkeys(part.structure for part in parts))
    constant_slots = joint_leaves([part.constants for part in parts])
    pieces = []
    for structure in structures:
        number = next(n for n, part in enumerate(parts) if part.structure is structure)
        feeds = tuple(
            (name, port, tuple(wires), replace(part_named(whole, name)._inputs[port], source=None, signs=None))
            for name in parts[number].firsts
            for port, wires in whole._wires[name].items()
            if wires
        )
        sends = tuple((w, s.word) for w, letter in letters.items() for s in letter.segments if s.device == number)
        pieces.append(Piece(structure, cutting.slots[number], constant_slots[number], feeds, sends))
    return Program(
        mesh=mesh,
        pieces=tuple(pieces),
        piece_of=tuple(structures.index(part.structure) for part in parts),
        letters=tuple(letters.values()),
        length=cutting.length,
        inputs=tuple(whole.config.input_map.items()),
        outputs=tuple((name, wire, spec) for name, (wire, spec) in whole._output_wires.items()),
        spikes=tuple((name, PortMap(name, port)) for name, port in whole._spike_ports.items()),
        modules=tuple(whole._names),
    )


def _everywhere(leaf: jax.Array) -> np.ndarray:
    """All rows of an array, also those of other processes."""
    if leaf.is_fully_addressable:
        return np.asarray(leaf)
    from jax.experimental.multihost_utils import process_allgather

    return np.asarray(process_allgather(leaf, tiled=True))

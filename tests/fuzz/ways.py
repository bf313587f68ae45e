"""Ways to run a case: each gives the spikes of every module, the outputs of every step, and the state at the end."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import numpy as np
from builders import array_code

import spark
from fuzz.case import Case
from fuzz.wide import widened_case
from spark import Probe
from spark.core.rows import read_host
from spark.core.transform import Pausing
from spark.engine.formulas import UNFORESEEN
from spark.engine.taps import Tap
from spark.nn import Brain
from spark.sim.chunk import run_chunk
from spark.sim.noting import Noting
from spark.sim.recordable import recordables
from spark.sim.run import build

# Variables by their paths.
State = dict[str, np.ndarray]


@dataclass
class Outcome:
    """What a run led to.

    Attributes:
        spikes: By path of a port, whether each unit fired, int8 (steps, units).
        outputs: By name of an output, its values (steps, ...).
        state: By path of a variable, its value after the last step.
        notes: What else was recorded, by name of probe: steps and values.
    """

    spikes: dict[str, np.ndarray] = field(default_factory=dict)
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    state: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def spike_paths(brain: Brain) -> list[str]:
    """Ports of modules that carry spikes, in this brain and in those inside it."""
    return sorted(name for name, what in recordables(brain).items() if what.spikes and what.output is None)


def read(state: spark.State, paths: Iterable[str] | None = None) -> dict[str, np.ndarray]:
    """Variables of a state, all unless said; nothing is compiled for them."""
    leaves = tuple(np.asarray(leaf) for leaf in state.leaves)
    return {path: np.array(read_host(state.about.layout, leaves, path)) for path in paths or state}


def begun(case: Case, brain: Brain | None) -> Brain:
    """A brain at the case's first step; one that exists is set back."""
    if brain is None:
        brain = case.brain()
        build(brain)
        unforeseen = [m for m in spark.explain(brain).modules if UNFORESEEN in m.reason]
        assert not unforeseen, unforeseen
    brain.reset()
    if case.first:
        brain.replace_state({"step": case.first})
    return brain


def everything(brain: Brain) -> list[Probe]:
    """Probes of the spikes of every module and of every output."""
    return [Probe(path) for path in spike_paths(brain)] + [Probe(name) for name in brain.config.output_map]


def run(
    case: Case, brain: Brain | None = None, pieces: list[tuple[int, int]] | None = None, threads: int = 1
) -> Outcome:
    """`spark.run` with the spikes and outputs of every step, in one go or in pieces, by so many threads."""
    brain = begun(case, brain)
    probes = everything(brain)
    found = [
        _outcome(brain, _ran(case, brain, first, count, probes, threads))
        for first, count in pieces or [(0, case.steps)]
    ]
    return joined(found)


def onward(case: Case, brain: Brain, step: int, state: State) -> State:
    """Who fires in this step, by path of a port, from a state that some run led to."""
    begun(case, brain)
    brain.replace_state(state)
    return _outcome(brain, _ran(case, brain, step, 1, everything(brain))).spikes


def unrecorded(case: Case, brain: Brain, pieces: list[tuple[int, int]] | None = None, threads: int = 1) -> Outcome:
    """`spark.run` that notes nothing."""
    brain = begun(case, brain)
    for first, count in pieces or [(0, case.steps)]:
        _ran(case, brain, first, count, [], threads)
    return Outcome(state=read(brain.state))


def probed(case: Case, brain: Brain, pieces: list[tuple[int, int]] | None = None, threads: int = 1) -> Outcome:
    """`spark.run` that notes what the case's probes say."""
    brain = begun(case, brain)
    found = []
    for first, count in pieces or [(0, case.steps)]:
        recording = _ran(case, brain, first, count, list(case.probes), threads)
        found.append(Outcome(notes={name: noted(recording, name) for name in recording.names}))
    whole = joined(found)
    whole.state = read(brain.state)
    return whole


def reference(case: Case) -> Outcome:
    """`spark.run` of a brain without any native code, built anew since a brain keeps to the code it was built for."""
    with array_code():
        return run(case)


def widened(case: Case) -> Outcome:
    """`spark.run` of the brain whose inputs come in the widest dtypes; without what the state holds of inputs."""
    found = run(widened_case(case))
    found.state = {path: value for path, value in found.state.items() if "__call__" not in path}
    return found


def noted(recording: spark.Recording, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a channel."""
    spikes = recording.describe(name)["kind"] == "spikes"
    return recording.spikes(name) if spikes else recording.trace(name)


def calls(case: Case, brain: Brain | None = None) -> Outcome:
    """A call of the brain for each step."""
    brain = begun(case, brain)
    return _step_by_step(case, brain, lambda inputs: (brain(**inputs), brain.state))


def steps(case: Case, brain: Brain | None = None) -> Outcome:
    """`spark.step` for each step; it knows no pauses, which are made beside it."""
    brain = begun(case, brain)
    graph, state = spark.split(brain)
    held = [jax.tree.map(jax.numpy.copy, state)]

    def advance(inputs):
        outputs, after = spark.step(graph, held[0], inputs)
        held[0] = Pausing(graph, after).act(after, int(after["step"])) if case.rewires else after
        return outputs, held[0]

    found = _step_by_step(case, brain, advance)
    brain.load_state(held[0])
    return found


def _step_by_step(case: Case, brain: Brain, advance) -> Outcome:
    paths = spike_paths(brain)
    entries = {path: recordables(brain)[path].entry for path in paths}
    found = Outcome()
    spikes: dict[str, list] = {path: [] for path in paths}
    outputs: dict[str, list] = {name: [] for name in brain.config.output_map}
    state = None
    for step in range(case.steps):
        put_out, state = advance(case.row(step))
        now = read(state, entries.values())
        for path, entry in entries.items():
            spikes[path].append(now[entry].reshape(-1) != 0)
        for name, payload in put_out.items():
            outputs[name].append(np.array(payload.value))
    found.spikes = {path: np.array(rows).astype(np.int8) for path, rows in spikes.items()}
    found.outputs = {n: _as_recorded(np.array(rows), brain.output_specs[n].payload_type) for n, rows in outputs.items()}
    assert state is not None
    found.state = read(state)
    return found


def spread(brain: Brain, devices: int) -> spark.ShardedBrain:
    """The brain cut by units, or where no module of it can be cut, shared out by modules."""
    try:
        return spark.shard(brain, devices, "unit")
    except spark.ShardError:
        return spark.shard(brain, devices, "module")


def _as_recorded(rows: np.ndarray, payload: type) -> np.ndarray:
    """A recording keeps of spikes whether units fired."""
    if issubclass(payload, spark.SpikeArray):
        return (rows.reshape(len(rows), -1) != 0).astype(np.int8)
    return rows.astype(np.float32) if rows.dtype.name == "bfloat16" else rows


def batch(case: Case, brain: Brain) -> list[tuple[Outcome, Brain]]:
    """`spark.batch` of this brain and one of other draws at once, and those brains, set back by nobody."""
    brains = [case.brain(), *spark.replicas(brain, 1, seed=case.seed)]
    for one in brains:
        build(one)
        begun(case, one)
    recordings = spark.batch(
        brains, case.steps, case.inputs(0, case.steps), record=everything(brain), threads=2, progress=False
    )
    return [(_outcome(one, found), one) for one, found in zip(brains, recordings, strict=True)]


def resumed(case: Case, brain: Brain, folder: Path) -> Outcome:
    """Saved on the way, loaded as another brain, and gone on with."""
    path = folder / f"{case.seed}.safetensors"
    first = saved(case, brain, path)
    return joined([first, rest(case, spark.load_checkpoint(path))])


def saved(case: Case, brain: Brain, path: Path) -> Outcome:
    """The steps up to a checkpoint, and the checkpoint."""
    brain = begun(case, brain)
    found = _outcome(brain, _ran(case, brain, 0, case.saved, everything(brain)))
    spark.save_checkpoint(brain, path)
    return found


def rest(case: Case, brain: Brain) -> Outcome:
    """The steps from a checkpoint on."""
    return _outcome(brain, _ran(case, brain, case.saved, case.steps - case.saved, everything(brain)))


def shards(case: Case, brain: Brain, devices: int) -> Outcome:
    """`spark.shard`, a step at a time since its inputs are constants of a call."""
    brain = begun(case, brain)
    many = spread(brain, devices)
    state = many.state
    spikes: dict[str, list] = {}
    outputs: dict[str, list] = {name: [] for name in brain.config.output_map}
    for step in range(case.steps):
        put_out, fired, state = many.advance(state, case.row(step), steps=1, spikes=True)
        for name, payload in fired.items():
            spikes.setdefault(name, []).append(np.asarray(payload.value).reshape(-1) != 0)
        for name, payload in put_out.items():
            outputs[name].append(np.array(payload.value)[0])
    ports = {path.partition(".")[0]: path for path in reversed(spike_paths(brain)) if path.count(".") == 1}
    last = many.gather(brain, state)
    return Outcome(
        {ports[name]: np.array(rows).astype(np.int8) for name, rows in spikes.items()},
        {n: _as_recorded(np.array(rows), brain.output_specs[n].payload_type) for n, rows in outputs.items()},
        read(last),
    )


@contextmanager
def little_room() -> Iterator[list[tuple[int, int]]]:
    """Runs in which a chunk has room for hardly more than one step's spikes, so that many end early.

    Yields:
        Of each chunk, how many steps it was asked for and how many it did.
    """
    chunks: list[tuple[int, int]] = []

    class LittleRoom(Noting):
        """Room for one spike more than the units of a port have."""

        def __init__(self, wanted: list[Any], room_bytes: int) -> None:
            super().__init__(wanted, room_bytes=0)

        def taps(self, most: int) -> tuple[Tap, ...]:
            # Without bytes there is room for twice the units, the least that a run ever gives.
            return tuple(replace(t, room=t.room // 2 + 1) if t.spikes else t for t in super().taps(most))

    def watched(graph: Any, state: Any, inputs: Any, series: Any, steps: Any, *rest: Any, **settings: Any) -> Any:
        found = run_chunk(graph, state, inputs, series, steps, *rest, **settings)
        chunks.append((int(steps), int(found[2])))
        return found

    # `spark.sim.run` names the function, not the module.
    module = sys.modules["spark.sim.run"]
    with (
        mock.patch.object(module, "Noting", LittleRoom),
        mock.patch.object(module, "run_chunk", watched),
    ):
        yield chunks


def _ran(case: Case, brain: Brain, first: int, count: int, probes: list[Probe], threads: int = 1) -> spark.Recording:
    return spark.run(brain, count, case.inputs(first, count), record=probes, threads=threads, progress=False)


def _outcome(brain: Brain, recording: spark.Recording) -> Outcome:
    spikes = {name: recording[name] for name in recording.names if name not in brain.config.output_map}
    outputs = {name: recording[name] for name in recording.names if name in brain.config.output_map}
    return Outcome(spikes, outputs, read(brain.state))


def joined(found: list[Outcome]) -> Outcome:
    """One run from its pieces."""

    def rows(of):
        return {name: np.concatenate([of(piece)[name] for piece in found]) for name in of(found[0])}

    notes = {
        name: tuple(np.concatenate([piece.notes[name][k] for piece in found]) for k in (0, 1))
        for name in found[0].notes
    }
    return Outcome(rows(lambda o: o.spikes), rows(lambda o: o.outputs), found[-1].state, notes)  # type: ignore[arg-type]

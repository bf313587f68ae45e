"""Many steps of a brain as one native call: the program of a step in a loop, with what is to be noted."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.transform import STEP as STEP_PATH
from spark.engine.lowered_step import LoweredStep
from spark.engine.lowering import Arriving, native_dtype
from spark.engine.taps import Noted, Tap
from spark.engine.ways import Refusal, reads_as_kept, ways_of_modules
from spark.graph.specs import CALL, PortMap
from spark.kernels.instructions import STEP
from spark.kernels.place import Place
from spark.nn.brain import Brain


def loops(brain: Brain) -> bool:
    """Whether all modules of a brain lower, and in a loop of steps."""
    return reads_as_kept(brain) and not any(isinstance(way, Refusal) for way in ways_of_modules(brain).values())


class LoweredRun(LoweredStep):
    """Emits a step and what notes it, and runs both in a loop."""

    def __init__(self, *arguments: Any, series: dict[str, Payload]) -> None:
        super().__init__(*arguments)
        self.series = {PortMap(CALL, name): payload for name, payload in series.items()}
        self._taken: dict[tuple[PortMap, str], Place] = {}

    def _single(self, wire: PortMap, spec: PortSpec) -> Arriving:
        if wire in self.series:
            return Arriving(self._row(wire, native_dtype(spec)))
        return super()._single(wire, spec)

    def _place(self, wire: PortMap) -> Place:
        # An output may be an input as it comes.
        if wire in self.series:
            return self._row(wire, str(self.series[wire].value.dtype))
        return super()._place(wire)

    def _row(self, wire: PortMap, dtype: str) -> Place:
        if (wire, dtype) not in self._taken:
            value = self.series[wire].value
            self._taken[wire, dtype] = self.program.take(value.astype(dtype), value.shape[1:])
        return self._taken[wire, dtype]

    def _checked_input(self, wire: PortMap) -> Place | None:
        if wire not in self.series:
            return super()._checked_input(wire)
        if not jnp.issubdtype(self.series[wire].value.dtype, jnp.floating):
            return None
        return self._row(wire, "float32")

    def run_steps(
        self, steps: jax.Array, taps: tuple[Tap, ...], chosen: dict[str, jax.Array], most: int, threads: jax.Array
    ) -> tuple[dict[str, Noted], jax.Array, tuple[jax.Array, ...]]:
        """Run up to `steps` steps.

        Args:
            steps: int32 of shape (), at most `most`.
            taps: What to note.
            chosen: Flat indices by name of tap, where it notes only some elements.
            most: Length of results that hold one entry for each step.
            threads: How many do them, int32 of shape ().

        Returns:
            What was noted by name of tap, how many steps were done, and the changed leaves of the state.
        """
        noted, results, leaves = self._ran(steps, threads, taps, chosen, most)
        return noted, results[-1], leaves

    def times(self, steps: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        """How long each instruction takes in so many steps, with nothing noted; and the changed leaves of the state.

        See `Program.run`; `Program.owners` says whose instructions they are.
        """
        _, results, leaves = self._ran(steps, None, (), {}, 0, timed=True)
        return results[-1], leaves

    def _ran(
        self,
        steps: jax.Array,
        threads: jax.Array | None,
        taps: tuple[Tap, ...],
        chosen: dict[str, jax.Array],
        most: int,
        timed: bool = False,
    ) -> tuple[dict[str, Noted], tuple[jax.Array, ...], tuple[jax.Array, ...]]:
        rooms = {tap.name: self.program.room_for_spikes(self._units(tap), tap.room) for tap in taps if tap.spikes}
        self.emit()
        kept = []
        for tap in taps:
            place = self._tapped(tap)
            if tap.spikes:
                kept.append(self.program.note_spikes(place, most, rooms[tap.name]))
            else:
                picked = self.program.argument(chosen[tap.name]) if tap.name in chosen else None
                step = self.lowering.entry(STEP_PATH)
                kept.append((self.program.note_rows(place, step, tap.every, tap.room, picked),))
        self.program.notes()
        self.program.emit(STEP, (self.lowering.entry(STEP_PATH),))
        leaves, results = self.program.run(steps, threads, timed)
        noted = {
            tap.name: Noted(*(results[place.number] for place in places))
            for tap, places in zip(taps, kept, strict=True)
        }
        return noted, results, leaves

    def _units(self, tap: Tap) -> int:
        if tap.output is not None:
            return int(np.prod(self.brain.output_specs[tap.output].shape))
        return self.lowering.entry(tap.path).size

    def _tapped(self, tap: Tap) -> Place:
        if tap.output is not None:
            wire, _ = self.brain._output_wires[tap.output]
            return self._place(wire)
        origin, _, port = tap.path.removeprefix("cache.").partition(".")
        if tap.path.startswith("cache.") and PortMap(origin, port) in self.places:
            # What the cache takes in this step; there it can be noted while the cache is still being written.
            return self.places[PortMap(origin, port)]
        return self.lowering.entry(tap.path)

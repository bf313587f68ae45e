"""One delay for each pair of units."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.delayed import DelayedSpikes
from spark.core.errors import ConfigError, Problem
from spark.core.memory import require_memory
from spark.core.module import Module
from spark.core.parameter import steps
from spark.core.payloads import SpikeArray
from spark.core.ports import PortSpec
from spark.core.share import Cut, Share
from spark.core.values import Array, Number, Shape
from spark.core.variable import Constant, Variable
from spark.kernels import history_words, push_history
from spark.kernels.instructions import PUSH
from spark.kernels.place import Place
from spark.nn.delays.draw import drawn_delays
from spark.nn.delays.input_delays import DelaysOutput
from spark.nn.lowering import Arriving, Lowering
from spark.nn.sparse_way import SPARSE_WAY


class N2NDelaysConfig(ModuleConfig):
    """Delays of every pair of units."""

    units: Shape | None = field(None, description="Shape of the pool; a neuron hands it down.")
    max_delay: Number = field(8.0, unit="ms", above=0, description="Longest delay.")
    delays: Array | None = field(
        None,
        unit="ms",
        description="Delay of every pair, shape (post..., pre...), rounded to the nearest step and at least dt; left "
        "out, drawn evenly from dt to max_delay.",
    )


class N2NDelays(Module):
    """Delays spikes between every input unit and every unit of the pool by a number of steps of their own.

    A spike that was sent in step t with a delay of k steps, 1 <= k <= ceil(max_delay/dt), arrives in step t + k with
    the sign it came with; the step that a wire of a brain takes is one of them. The output is a `DelayedSpikes`: bits
    and delays, of which synapses walk only what arrives.

    Input ports: `in_spikes`. Output ports: `out_spikes`, shape (units..., inputs...).
    Variables: `history`, uint32 (2, words, inputs): fired bits and sign bits of the last steps.
    """

    config: N2NDelaysConfig
    lowers = True
    works_on_others = True
    unit_ports = ()

    def build(self, in_spikes: PortSpec) -> None:
        """Draw the delays."""
        if self.config.units is None:
            raise ConfigError(
                Problem(
                    f"{self.path or type(self).__name__}.config.units",
                    "is missing",
                    "Give `units=(...)`: the shape of the pool that the spikes go to",
                    "missing",
                )
            )
        self.units = self.config.units
        post = int(np.prod(self.units))
        self.longest = steps(self.config.max_delay, self.config.dt)
        shape = (*self.units, *in_spikes.shape)
        # Drawn in the order of the pool's units, kept in that of the inputs.
        needed = 2 * post * in_spikes.size * (1 if self.longest < 256 else 2)
        require_memory(
            f"{self.path or type(self).__name__}.config.units",
            f"needs too much memory for a delay of each of {in_spikes.size:,} x {post:,} pairs",
            needed,
            SPARSE_WAY,
        )
        drawn = drawn_delays(self, self.config.delays, self.longest, shape, in_spikes.lateness)
        self.delays = Constant(np.ascontiguousarray(drawn.reshape(post, in_spikes.size).T), unit="steps")
        self.history = Variable(
            np.zeros((2, history_words(self.longest), in_spikes.size), np.uint32),
            description="Fired and sign bits of the last steps.",
        )

    def cut(self, share: Share, sources: Mapping[str, Any]) -> Cut:
        """The delays of the pairs that end at these units; every share keeps the history of all inputs."""
        return Cut({"delays": share.columns(self.delays.shape[0])}, attributes={"units": (share.count,)})

    def lower(self, lowering: Lowering, in_spikes: Arriving) -> dict[str, Place]:
        """One instruction; the spikes of all pairs are the history."""
        history = lowering.variable(self.history)
        lowering.program.emit(PUSH, (history, in_spikes.place), history.shape[1:])
        return {"out_spikes": history}

    def __call__(self, in_spikes: SpikeArray) -> DelaysOutput:
        """Advance one step."""
        spikes = in_spikes.value.reshape(-1).astype(jnp.int8)
        self.history.value = push_history(self.history.value, spikes)
        shape = (*self.units, *in_spikes.shape)
        return {"out_spikes": DelayedSpikes(self.history.value, self.delays.value, shape)}

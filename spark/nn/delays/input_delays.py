"""One delay for each input unit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

import jax.numpy as jnp
import numpy as np

from spark.core.config import ModuleConfig, field
from spark.core.module import Module
from spark.core.parameter import steps
from spark.core.payloads import SpikeArray
from spark.core.ports import PortSpec
from spark.core.share import Cut, Share
from spark.core.values import Array, Number
from spark.core.variable import Constant, Variable
from spark.kernels import history_words, push_history
from spark.nn.delays.draw import drawn_delays


class NDelaysConfig(ModuleConfig):
    """Delays of the input units."""

    max_delay: Number = field(8.0, unit="ms", above=0, description="Longest delay.")
    delays: Array | None = field(
        None,
        unit="ms",
        description="Delay of each input unit, rounded to the nearest step and at least dt; left out, drawn evenly "
        "from dt to max_delay.",
    )


class DelaysOutput(TypedDict):
    """What delays put out."""

    out_spikes: SpikeArray


class NDelays(Module):
    """Delays every input unit's spikes by a number of steps of its own.

    A spike that was sent in step t with a delay of k steps, 1 <= k <= ceil(max_delay/dt), leaves in step t + k with the
    sign it came with; the step that a wire of a brain takes is one of them.

    Input ports: `in_spikes`. Output ports: `out_spikes`, int8, of the same shape.
    Variables: `history`, uint32 (2, words, inputs): fired bits and sign bits of the last steps.
    """

    config: NDelaysConfig
    unit_ports = ()

    def build(self, in_spikes: PortSpec) -> None:
        """Draw the delays."""
        longest = steps(self.config.max_delay, self.config.dt)
        delays = drawn_delays(self, self.config.delays, longest, in_spikes.shape, in_spikes.lateness)
        self.delays = Constant(delays, unit="steps")
        self.history = Variable(
            np.zeros((2, history_words(longest), in_spikes.size), np.uint32),
            description="Fired and sign bits of the last steps.",
        )

    def describe_outputs(self, outputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
        """Signs and wires of what comes in; none of it is late, since delays count from when it was sent."""
        given = self.input_specs["in_spikes"]
        parts = tuple(replace(part, late=0) for part in given.parts)
        return {name: replace(spec, signs=given.signs, parts=parts) for name, spec in outputs.items()}

    def cut(self, share: Share, sources: Mapping[str, Any]) -> Cut:
        """Everything: its elements are a pool's inputs, not its units."""
        return Cut()

    def __call__(self, in_spikes: SpikeArray) -> DelaysOutput:
        """Advance one step."""
        history = push_history(self.history.value, in_spikes.value.reshape(-1).astype(jnp.int8))
        self.history.value = history
        delays = jnp.asarray(self.delays.value).reshape(-1).astype(jnp.uint32)
        unit = jnp.arange(delays.shape[0])
        word = (delays // 32).astype(jnp.int32)
        fired, negative = ((history[row][word, unit] >> (delays % 32)) & jnp.uint32(1) for row in (0, 1))
        signed = fired.astype(jnp.int8) * (1 - 2 * negative.astype(jnp.int8))
        return {"out_spikes": SpikeArray(signed.reshape(in_spikes.shape))}

"""What decays all at once is kept in units that decay with it, and read in its own."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.core.counter import Counter


@dataclass(frozen=True)
class Decaying:
    """How a variable is kept whose values all decay at one rate: times exp(rate * phase), which no decay changes.

    Attributes:
        rate: Decay of a step, dt / tau.
        renewal: Steps between two renewals: the phase of step n is n modulo `renewal`.
    """

    rate: float
    renewal: int

    def factor(self, step: Any) -> Any:
        """What a kept value has to be multiplied by to be the one at the end of the last step, float32.

        Args:
            step: The counter of steps, which is one beyond the last; or an array of such numbers, int64.
        """
        if isinstance(step, Counter) and isinstance(step.low, Tracer):
            phase = (step % self.renewal + (self.renewal - 1)) % self.renewal
            return jnp.exp(-jnp.float32(self.rate) * phase.astype(jnp.float32))
        return np.exp(-self.rate * ((np.asarray(step) - 1) % self.renewal)).astype(np.float32)


@dataclass(frozen=True)
class Shown:
    """A variable under the name by which people know it.

    Attributes:
        kept: Path of the variable that is kept.
        how: What is between the two.
        unit: Of what is shown.
    """

    kept: str
    how: Decaying
    unit: str

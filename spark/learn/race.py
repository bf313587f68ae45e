"""An actor whose pools inhibit each other: who fires last before the choice acts."""

import jax
import jax.numpy as jnp

from spark.core.config import field
from spark.core.values import Number
from spark.learn.actor import ActorPools, ActorPoolsConfig


class ActorRaceConfig(ActorPoolsConfig):
    """As of pools, and how sure they are once they learn no more."""

    older: Number = field(0.8, least=0, most=1, description="Factor of earlier spikes while nothing is learned.")


class ActorRace(ActorPools):
    """Pools that share one rate.

        P(spike in a step, unit of pool k) = p_k max_freq dt / 1000        p = softmax of the mean potentials

    p is the softmax of the pools' mean potentials, as if each pool were divided by the activity of all; the pool with
    most spikes in the last step with a spike acts, ties by chance, which is nearly as often as p says. So what
    the units do is what "won minus expected" expects of them, however far potentials are from 0: pools without
    inhibition saturate there, and those that count a whole round choose more surely than p says. It suits worlds that
    must be explored for long before anything is gained.

    Where nothing is learned (`run(..., learning=False)`) there is nothing to be tried either: in each step with spikes
    the count is `older` times what it was, and those spikes, so that several milliseconds decide.

    Ports, variables and learning are those of `ActorPools`; `counts` are spikes of the last step with any, and
    older ones as said.
    """

    config: ActorRaceConfig

    def chance(self, potentials: jax.Array) -> jax.Array:
        """All units of a pool alike."""
        share = jax.nn.softmax(potentials.mean(axis=1))
        most = self.config.max_freq * self.config.dt / 1000.0
        return jnp.broadcast_to((most * share)[:, None], potentials.shape)

    def counted(self, counts: jax.Array, fired: jax.Array) -> jax.Array:
        """Older spikes do not count while something is learned, and fade while nothing is."""
        kept = jnp.where(self.is_learning, 0.0, self.config.older)
        return jnp.where(fired.sum() > 0, kept * counts + fired, counts)

"""Machines with arms, of which some pay more often than others: bandits."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.config import field
from spark.core.values import Whole
from spark.worlds.world import World, WorldConfig

# How often each arm pays.
PAYS = (0.2, 0.4, 0.8, 0.5)
BEST = int(np.argmax(PAYS))


class BanditConfig(WorldConfig):
    """How often an arm is pulled."""

    limit: Whole = field(1, least=1, most=1, description="Pulls of an episode.")


class Bandit(World):
    """A machine of four arms, which pay 1 with probabilities of 0.2, 0.4, 0.8 and 0.5: which is the best?

    It keeps a random number for each arm, an arm pays where its number is below its probability; and shows two zeros,
    since there is nothing to see. Each episode is one pull. The return of an episode is 1 where the best arm was
    pulled, else 0, whatever it paid: the mean of many is the share of best choices. Its reward is what was paid.

    Source: Robbins 1952, doi:10.1090/S0002-9904-1952-09620-8.
    """

    config: BanditConfig

    actions, numbers, observations = 4, 4, 2
    spans = (1.0, 1.0)
    best_return, worst_return = 1.0, 0.0
    solved_return, best_value = 0.95, 1.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """A number for each arm."""
        return drawn

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """Paid or not, it is over; the machine keeps beside its numbers which arm was pulled, as one below 0."""
        return _pulled(physical, action, jnp.asarray(PAYS, jnp.float32))

    @staticmethod
    def counted(physical: Any, reward: Any, terminated: Any) -> Any:
        """1 where the best arm was pulled."""
        return jnp.where(physical[BEST] < 0, 1.0, 0.0)

    @staticmethod
    def observed(physical: Any) -> Any:
        """Nothing."""
        return jnp.zeros(2, jnp.float32)

    @staticmethod
    def skilled(observed: Any) -> Any:
        """The arm that pays most often."""
        return jnp.int32(BEST)

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """The arms, with the one that was pulled."""
        return " ".join("v" if number < 0 else "|" for number in physical[:4])


class CuedBanditConfig(BanditConfig):
    """Return and reward are as of `Bandit`; nothing more is to be set."""


class CuedBandit(World):
    """Four machines of four arms each, and a light that shows before which one stands: a bandit with context.

    Machine m, 0 to 3, has the arms of `Bandit`, moved on by m places, so that each arm is the best of one machine. An
    episode is one pull at a machine that is drawn by chance. It keeps the numbers of the arms and the machine, and
    shows the machine's place on a square, a half from its middle each way. Return and reward are as there.

    Source: Woodroofe 1979, A one-armed bandit problem with a concomitant variable, doi:10.1080/01621459.1979.10481033.
    """

    config: CuedBanditConfig

    actions, numbers, observations = 4, 5, 2
    spans = (1.0, 1.0)
    best_return, worst_return = 1.0, 0.0
    solved_return, best_value = 0.95, 1.0

    @staticmethod
    def first(drawn: Any) -> Any:
        """A number for each arm, and the machine."""
        machine = jnp.clip(jnp.floor(drawn[4] * 4.0), 0.0, 3.0)
        return jnp.concatenate([drawn[:4], machine[None]])

    @staticmethod
    def after(physical: Any, action: Any) -> tuple[Any, Any, Any]:
        """As of the bandit, with the arms of this machine."""
        arms, reward, over = _pulled(physical[:4], action, _pays(physical[4]))
        return jnp.concatenate([arms, physical[4:]]), reward, over

    @staticmethod
    def counted(physical: Any, reward: Any, terminated: Any) -> Any:
        """1 where the machine's best arm was pulled."""
        best = _pays(physical[4]) == PAYS[BEST]
        return jnp.where((best & (physical[:4] < 0)).any(), 1.0, 0.0)

    @staticmethod
    def observed(physical: Any) -> Any:
        """The light."""
        high = jnp.floor(physical[4] / 2.0)
        return jnp.stack([physical[4] - 2.0 * high, high]) - 0.5

    @staticmethod
    def skilled(observed: Any) -> Any:
        """The machine's best arm."""
        machine = (observed[0] > 0).astype(jnp.int32) + 2 * (observed[1] > 0).astype(jnp.int32)
        return (BEST + machine) % 4

    @staticmethod
    def drawn(physical: np.ndarray) -> str:
        """The machine, and its arms with the one that was pulled."""
        return f"{int(physical[4])}: {Bandit.drawn(physical)}"


def _pulled(numbers: Any, action: Any, pays: Any) -> tuple[Any, Any, Any]:
    pulled = jnp.arange(4, dtype=jnp.int32) == action
    paid = (pulled & (numbers < pays)).any()
    return jnp.where(pulled, -1.0, numbers), jnp.where(paid, 1.0, 0.0), jnp.bool_(True)


def _pays(machine: Any) -> Any:
    """How often each arm of a machine pays: a sum over all machines, which compiles to a loop."""
    tables = np.array([np.roll(PAYS, m) for m in range(4)], np.float32)
    return jnp.sum(jnp.where((jnp.arange(4, dtype=jnp.float32) == machine)[:, None], jnp.asarray(tables), 0.0), axis=0)

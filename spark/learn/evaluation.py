"""How well a policy does: returns of episodes, their mean, and where it lies."""

from dataclasses import dataclass, field

import numpy as np

from spark.core.errors import Problem, RunError

_RESAMPLES = 10_000
# Worlds count their episodes in 32 bits; nobody waits for so many.
MOST_EPISODES = 1_000_000


@dataclass(frozen=True)
class Evaluation:
    """How a brain does with learning off.

    Attributes:
        returns: float32, (episodes,).
        mean: Their mean, in the unit of the returns.
        low, high: Where the mean lies with 95 %, in the unit of the returns, from resampling the episodes.
    """

    returns: np.ndarray = field(repr=False)
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        # Shares need more places than returns of some hundreds.
        places = 1 if max(abs(self.low), abs(self.high)) > 1 else 3
        mean, low, high = (f"{number:.{places}f}" for number in (self.mean, self.low, self.high))
        return f"{mean} ({low} to {high}) over {self.returns.size} episodes"


def evaluation(returns: np.ndarray) -> Evaluation:
    """The mean of returns, and where it lies."""
    generator = np.random.default_rng(0)
    means = generator.choice(returns, (_RESAMPLES, returns.size)).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Evaluation(returns, float(returns.mean()), float(low), float(high))


def check_episodes(episodes: int) -> None:
    """See that a number of episodes is one.

    Raises:
        RunError: It is less than 1, or more than anybody waits for.
    """
    if not 1 <= episodes <= MOST_EPISODES:
        wanted = "at least 1" if episodes < 1 else f"at most {MOST_EPISODES}"
        text = f"must be a whole number of {wanted}, got {episodes!r}"
        raise RunError(Problem("episodes", text, "", "bounds"))

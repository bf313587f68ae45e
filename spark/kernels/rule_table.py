"""A plasticity rule as a table: which traces there are, and what a spike does through them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_TRACES = 8


@dataclass(frozen=True)
class Trace:
    """A trace that decays with `tau` (ms) and jumps at a spike: by 1, or, `nearest`, to 1."""

    tau: float
    nearest: bool = False


@dataclass(frozen=True)
class Term:
    """What one spike adds to a weight: amplitude * x * y, or amplitude * x * y * weight.

    Attributes:
        amplitude: In units of weight; a plain number where it multiplies the weight.
        pre: Number of the presynaptic trace x, from 1; 0 stands for no trace, x = 1.
        post: Number of the postsynaptic trace y, likewise.
        times_weight: Whether the weight is a factor.
    """

    amplitude: float
    pre: int = 0
    post: int = 0
    times_weight: bool = False


@dataclass(frozen=True)
class RuleTable:
    """A rule.

    Attributes:
        pre: Presynaptic traces.
        post: Postsynaptic traces.
        at_pre: What a presynaptic spike does when it arrives.
        at_post: What a postsynaptic spike does.
        pull: It also pulls a weight w towards its first value w0: by -min(pull * y^3, 1) * (w - w0), y the first
            postsynaptic trace; None where it does not.
    """

    pre: tuple[Trace, ...]
    post: tuple[Trace, ...]
    at_pre: tuple[Term, ...]
    at_post: tuple[Term, ...]
    pull: float | None = None

    def scaled(self, rate: float, unit: float) -> "RuleTable":
        """The same with all amplitudes times `rate`, for weights in a unit of which `unit` are one of the table's."""

        def scale(terms: tuple[Term, ...]) -> tuple[Term, ...]:
            return tuple(
                Term(t.amplitude * rate * (1.0 if t.times_weight else unit), t.pre, t.post, t.times_weight)
                for t in terms
            )

        pull = None if self.pull is None else self.pull * rate
        return RuleTable(self.pre, self.post, scale(self.at_pre), scale(self.at_post), pull)

    def largest(self, weight: float) -> float:
        """The size of the greatest change that one term makes of a `weight`, in its unit, while all traces are 1."""
        terms = (*self.at_pre, *self.at_post)
        return max((abs(t.amplitude) * (abs(weight) if t.times_weight else 1.0) for t in terms), default=0.0)

    def softened(self, minimum: float, maximum: float) -> "RuleTable":
        """The same with soft bounds: growth shrinks with the room above the weight, decline with that below.

        A term of positive amplitude is multiplied by (maximum - w) / (maximum - minimum), one of negative amplitude
        by (w - minimum) / (maximum - minimum). Terms that multiply the weight already stay as they are.

        Args:
            minimum: Least weight, pA.
            maximum: Greatest weight, pA.
        """

        def soft(terms: tuple[Term, ...]) -> tuple[Term, ...]:
            found: list[Term] = []
            for term in terms:
                if term.times_weight:
                    found.append(term)
                    continue
                share = term.amplitude / (maximum - minimum)
                bound = maximum if share > 0 else minimum
                found.append(Term(abs(share) * bound, term.pre, term.post))
                found.append(Term(-abs(share), term.pre, term.post, times_weight=True))
            return tuple(found)

        return RuleTable(self.pre, self.post, soft(self.at_pre), soft(self.at_post), self.pull)

    def coefficients(self, minimum: float, maximum: float) -> np.ndarray:
        """The table as numbers, for the kernels.

        Args:
            minimum: Least weight, pA.
            maximum: Greatest weight, pA.

        Returns:
            float32: minimum, maximum, and four matrices (pre traces + 1, post traces + 1): change and slope at
            presynaptic spikes, change and slope at postsynaptic ones; last, the pull.

        Raises:
            ValueError: A term names a trace that is not there, a pull has none, or there are more than 8 on a side.
        """
        if max(len(self.pre), len(self.post)) > MOST_TRACES:
            raise ValueError(
                f"a rule has at most {MOST_TRACES} traces on a side, got {len(self.pre)}, {len(self.post)}."
            )
        if self.pull is not None and not self.post:
            raise ValueError("pull: the rule has no postsynaptic trace that it could follow.")
        matrices = np.zeros((4, len(self.pre) + 1, len(self.post) + 1))
        for first, terms in ((0, self.at_pre), (2, self.at_post)):
            for term in terms:
                if not (0 <= term.pre <= len(self.pre) and 0 <= term.post <= len(self.post)):
                    raise ValueError(
                        f"{term}: the rule has {len(self.pre)} presynaptic and {len(self.post)} postsynaptic traces, "
                        "numbered from 1."
                    )
                matrices[first + term.times_weight, term.pre, term.post] += term.amplitude
        return np.concatenate([[minimum, maximum], matrices.ravel(), [self.pull or 0.0]]).astype(np.float32)


def coefficient_count(pre: int, post: int) -> int:
    """Length of `RuleTable.coefficients` for so many traces."""
    return 3 + 4 * (pre + 1) * (post + 1)


def factors(traces: Sequence[Trace], dt: float) -> np.ndarray:
    """By how much each trace decays in a step of `dt` ms: exp(-dt/tau), float32."""
    return np.exp([-dt / trace.tau for trace in traces]).astype(np.float32)

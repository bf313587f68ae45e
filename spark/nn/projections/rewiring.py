"""Rewiring: weak connections make room for new ones, and every unit keeps its number of inputs."""

from typing import Literal, NamedTuple

import numpy as np

from spark.core.config import Config, field
from spark.core.errors import Problem
from spark.core.values import Number
from spark.kernels import Edges, build_edges

# So often new sources are drawn from all; where most are taken, the rest is drawn from those that are left.
_ROUNDS = 16


class Rewiring(Config):
    """Structural plasticity of a projection with a rule: every `interval`, connections are pruned and others begin.

    Every unit keeps its number of incoming connections. In the place of each that is pruned one begins from a source
    that the unit did not have, drawn evenly from all such, with the delay of the one that it replaces. Where a unit has
    fewer such sources, fewer are pruned, the weakest first.

    Source: Billaudelle, Cramer, Petrovici, Schreiber, Kappel, Schemmel & Meier 2021,
    doi:10.1016/j.neunet.2020.09.024 (pruning below a threshold, new sources at random, constant fan-in).
    """

    interval: Number = field(
        100.0, unit="ms", above=0, description="Time between two prunings, rounded to whole steps."
    )
    prune: Literal["below", "weakest", "random"] = field(
        "below",
        description="What is pruned: all whose weights are smaller in size than `threshold`; or of each unit's "
        "connections a `share`, the weakest or any.",
    )
    threshold: Number | None = field(
        None, above=0, description="Size below which connections are pruned, in the receptor's unit; for 'below' alone."
    )
    share: Number | None = field(
        None, above=0, most=1, description="Share of each unit's connections that is pruned; not for 'below'."
    )
    weight: Number | None = field(
        None,
        description="Weight with which connections begin, in the receptor's unit; left out, the mean of all first.",
    )
    self_connections: bool | None = field(
        None, description="Whether unit i may get source i; left out, as the pattern has it, or yes."
    )

    def problems(self) -> list[Problem]:
        """What is to be pruned is said in one way."""
        needed, other = ("threshold", "share") if self.prune == "below" else ("share", "threshold")
        found = super().problems()
        given = {"threshold": self.threshold, "share": self.share}
        if given[needed] is None:
            text = f"is missing, got prune={self.prune!r}; expected a number"
            found.append(Problem(needed, text, f"Say what is pruned: `{needed}=...`", "missing"))
        if given[other] is not None:
            text = f"has no effect with prune={self.prune!r}, got {given[other]:g}"
            found.append(Problem(other, text, f"Leave it out, and give `{needed}`", "setting"))
        return found


class Rewired(NamedTuple):
    """Connections after a rewiring.

    Attributes:
        edges: The new lists.
        order: int32 (connections,): what lay beside the old lists, laid in this order, lies beside the new ones.
        fresh: Which of the new lists' connections have just begun, booleans (connections,).
    """

    edges: Edges[np.ndarray]
    order: np.ndarray
    fresh: np.ndarray


def rewire(
    settings: Rewiring,
    edges: Edges[np.ndarray],
    weights: np.ndarray,
    sizes: tuple[int, int, int],
    loops: bool,
    generator: np.random.Generator,
) -> Rewired | None:
    """Prune and replace once; None where nothing is pruned.

    Args:
        settings: What is pruned.
        edges: The connections.
        weights: Of each, (connections,).
        sizes: Numbers of sources and targets, and the longest delay that lists can hold, steps.
        loops: Whether target i may get source i.
        generator: Draws.
    """
    pre_units, post_units, longest = sizes
    post, pre = edges.post.astype(np.int64), edges.pre.astype(np.int64)
    have = _pairs(edges, pre_units)
    pruned = _pruned(settings, edges, np.abs(weights), _room(have, sizes, loops), generator)
    if not pruned.size:
        return None
    pre[pruned] = _sources(post[pruned], have, pre_units, loops, generator)
    made, order = build_edges(pre, post, edges.delay, pre_units, post_units, longest)
    fresh = np.zeros(post.size, bool)
    fresh[pruned] = True
    return Rewired(made, order, fresh[order])


def pruned_of(settings: Rewiring, connections: np.ndarray) -> np.ndarray:
    """How many of each unit's `connections` go by a `share`, where there is room, (units,)."""
    return np.rint((settings.share or 0.0) * connections).astype(np.int64)


def room_of(edges: Edges[np.ndarray], sizes: tuple[int, int, int], loops: bool) -> np.ndarray:
    """How many sources each target may still get, (targets,); arguments are those of `rewire`."""
    return _room(_pairs(edges, sizes[0]), sizes, loops)


def _pairs(edges: Edges[np.ndarray], pre_units: int) -> np.ndarray:
    """The pairs that there are, each once, ascending: target * sources + source."""
    pairs = np.sort(edges.post.astype(np.int64) * pre_units + edges.pre)
    return pairs[np.diff(pairs, prepend=-1) != 0]


def _among(pairs: np.ndarray, have: np.ndarray) -> np.ndarray:
    """Which of some pairs stand in an ascending list."""
    at = np.searchsorted(have, pairs)
    return (
        (at < have.size) & (have[np.minimum(at, have.size - 1)] == pairs) if have.size else np.zeros(pairs.size, bool)
    )


def _room(have: np.ndarray, sizes: tuple[int, int, int], loops: bool) -> np.ndarray:
    pre_units, post_units, _ = sizes
    room = pre_units - np.bincount(have // pre_units, minlength=post_units)
    if not loops:
        own = np.arange(min(pre_units, post_units))
        room[own] -= ~_among(own * pre_units + own, have)
    return room


def _pruned(
    settings: Rewiring, edges: Edges[np.ndarray], size: np.ndarray, room: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Numbers of the connections that are pruned, by target and, within one, in the order in which they go."""
    below = settings.threshold is not None
    # Of what is below a threshold all goes, as far as there is room: nothing else need be sorted.
    chosen = np.flatnonzero(size < settings.threshold) if below else np.arange(size.size)
    ranked = generator.random(size.size) if settings.prune == "random" else size[chosen]
    chosen = chosen[np.lexsort((ranked, edges.post[chosen]))]
    count = np.bincount(edges.post[chosen], minlength=room.size)
    rank = np.arange(chosen.size) - np.repeat(np.cumsum(count) - count, count)
    most = count if below else pruned_of(settings, count)
    return chosen[rank < np.minimum(most, room)[edges.post[chosen]]]


def _sources(
    targets: np.ndarray, have: np.ndarray, pre_units: int, loops: bool, generator: np.random.Generator
) -> np.ndarray:
    """A source for each of the targets, each pair once and none of those that there are; there is room for them."""
    found, begun = np.full(targets.size, -1), np.zeros(0, np.int64)
    left = np.arange(targets.size)
    for _ in range(_ROUNDS):
        drawn = generator.integers(pre_units, size=left.size)
        pairs = targets[left] * pre_units + drawn
        good = ~_among(pairs, have) & ~_among(pairs, begun) & (loops | (drawn != targets[left]))
        first = np.zeros(left.size, bool)
        first[np.unique(pairs, return_index=True)[1]] = True
        good &= first
        found[left[good]] = drawn[good]
        begun, left = np.sort(np.concatenate([begun, pairs[good]])), left[~good]
        if not left.size:
            return found
    have = np.sort(np.concatenate([have, begun]))
    for target in np.unique(targets[left]):
        here = left[targets[left] == target]
        first, last = np.searchsorted(have, [target * pre_units, (target + 1) * pre_units])
        free = np.setdiff1d(np.arange(pre_units), have[first:last] - target * pre_units)
        found[here] = generator.choice(free if loops else free[free != target], here.size, replace=False)
    return found

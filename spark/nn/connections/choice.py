"""Distinct random targets for many units at once."""

import math

import numpy as np

from spark.nn.connections.base import ConnectionList, from_counts

# Up to this share of all targets a row draws again what fell twice; beyond it a whole permutation is cheaper.
_SPARSE = 0.25
_AT_ONCE = 1 << 21


def sorted_rows(pre: np.ndarray, post: np.ndarray, pre_units: int, post_units: int) -> ConnectionList:
    """Compressed rows, ascending, from pairs in any order."""
    key = pre.astype(np.int64) * max(post_units, 1) + post
    key.sort()
    counts = np.bincount(key // max(post_units, 1), minlength=pre_units)
    return ConnectionList(from_counts(counts), (key % max(post_units, 1)).astype(np.int32))


def bernoulli_rows(generator: np.random.Generator, probability: float, choices: np.ndarray) -> ConnectionList:
    """Each target of each row with the same probability, independently."""
    ends = from_counts(choices)
    pairs = int(ends[-1])
    if probability <= 0 or pairs == 0:
        return ConnectionList(np.zeros(choices.size + 1, np.int64), np.empty(0, np.int32))
    # The whole part of an exponential variable is geometric; at probability one it is zero.
    scale = 0.0 if probability >= 1 else -1.0 / math.log1p(-probability)
    expected = pairs * probability
    at_once = int(min(expected + 4 * math.sqrt(expected) + 16, _AT_ONCE))
    found, last = [], -1
    while last < pairs:
        gaps = np.minimum(generator.standard_exponential(at_once) * scale, pairs).astype(np.int64)
        pair = np.cumsum(gaps + 1) + last
        found.append(pair)
        last = int(pair[-1])
    starts, targets = np.zeros(choices.size + 1, np.int64), []
    for pair in found:
        within = np.searchsorted(pair, ends)
        starts += within
        counts = np.diff(within)
        targets.append((pair[: within[-1]] - np.repeat(ends[:-1], counts)).astype(np.int32))
    return ConnectionList(starts, np.concatenate(targets))


def distinct_rows(generator: np.random.Generator, counts: np.ndarray, choices: np.ndarray) -> ConnectionList:
    """For each row `counts` distinct targets, evenly from 0 to below `choices`.

    Sparse rows draw with replacement, and draw again what fell twice until all differ; no target is told from another
    on the way, so every set is as likely. Dense rows take the first of a permutation.
    """
    dense = counts > _SPARSE * choices
    starts = from_counts(counts)
    post = np.empty(starts[-1], np.int32)
    for row in np.flatnonzero(dense):
        chosen = generator.permutation(int(choices[row]))[: counts[row]]
        chosen.sort()
        post[starts[row] : starts[row + 1]] = chosen
    rows = np.flatnonzero(~dense & (counts > 0))
    for part in np.array_split(rows, 1 + (int(counts[rows].sum()) >> 23)):
        if part.size:
            post[_places(starts[part], counts[part])] = _distinct(generator, counts[part], choices[part])
    return ConnectionList(starts, post)


def _places(first: np.ndarray, counts: np.ndarray) -> np.ndarray | slice:
    """Where the elements of these rows lie, one row after the other."""
    if np.array_equal(first[1:], first[:-1] + counts[:-1]):
        return slice(int(first[0]), int(first[0] + counts.sum()))
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within


def _distinct(generator: np.random.Generator, counts: np.ndarray, choices: np.ndarray) -> np.ndarray:
    """Ascending targets, int32, of one row after the other."""
    row = np.repeat(np.arange(counts.size, dtype=np.int64), counts)
    key = (row << 31) | _drawn(generator, choices, row)
    key.sort()
    at: np.ndarray | slice = slice(None)
    within = key
    while True:
        twice = 1 + np.flatnonzero(within[1:] == within[:-1])
        if not twice.size:
            return (key & 0x7FFFFFFF).astype(np.int32)
        owner = within[twice] >> 31
        within[twice] = (owner << 31) | _drawn(generator, choices, owner)
        # Only rows that drew again need another look.
        changed = np.zeros(counts.size, bool)
        changed[owner] = True
        chosen = changed[within >> 31]
        at = np.flatnonzero(chosen) if isinstance(at, slice) else at[chosen]
        within = np.sort(within[chosen])
        key[at] = within


def _drawn(generator: np.random.Generator, choices: np.ndarray, row: np.ndarray) -> np.ndarray:
    """A target for each entry, evenly from 0 to below its row's choices."""
    if (choices == choices[0]).all():
        return generator.integers(0, int(choices[0]), row.size)
    return generator.integers(0, choices[row])


def without_self(found: ConnectionList, skips: np.ndarray) -> ConnectionList:
    """Shift targets at or beyond the unit's own number by one, in rows that skip it."""
    if not skips.any():
        return found
    row = np.repeat(np.arange(skips.size), np.diff(found.starts))
    shifted = found.post + ((found.post >= row) & skips[row])
    return ConnectionList(found.starts, shifted.astype(np.int32), found.values)

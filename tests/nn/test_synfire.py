"""The synfire chain of Diesmann, Gewaltig & Aertsen 1999 has its separatrix."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "networks"))
import synfire


def test_packets_above_the_separatrix_run_to_the_end_and_those_below_die_out():
    """More spikes carry a packet across, a wider one needs more: eight packets of each kind, at once."""
    kinds = {(60, 0.0): True, (35, 0.0): False, (100, 3.0): True, (60, 3.0): False}
    each = 8
    spikes = synfire.answers([kind for kind in kinds for _ in range(each)]).reshape(len(kinds), each, -1)
    for found, arrives in zip(spikes, kinds.values(), strict=True):
        if arrives:
            # Whatever it was, it becomes one of nearly all units, group by group.
            assert found[:, -1].min() >= 90
            assert (np.diff(found.mean(axis=0)) > -2).all()
        else:
            # What random input alone makes, at 3 Hz.
            assert found[:, -1].max() <= 20

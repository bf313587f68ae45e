"""Brains that are dropped are freed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files where Linux lists them")
@pytest.mark.parametrize(
    "brains", [pytest.param(20, marks=pytest.mark.thorough), pytest.param(200, marks=pytest.mark.slow)]
)
def test_brains_of_differing_configs_are_freed(brains: int) -> None:
    script = Path(__file__).with_name("dropped.py")
    done = subprocess.run([sys.executable, str(script), str(brains)], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    early, late = json.loads(done.stdout.splitlines()[-1])
    # One brain holds 0.64 MB of weights.
    assert late["megabytes"] <= early["megabytes"] + 0.1
    assert late["arrays"] <= early["arrays"] + 4
    assert late["files"] <= early["files"] and late["threads"] <= early["threads"]
    # What was compiled for those that are gone is let go of sixteen at a time; JAX itself keeps none of their objects.
    assert max(early["brains"], late["brains"]) <= 18
    # 4 MB for each that something is compiled for, which are no more of at the end; the rest is what JAX notes of each.
    compiled = 4 * max(0, late["brains"] - early["brains"])
    assert late["resident"] <= early["resident"] + compiled + 10 + 0.5 * (brains - min(20, brains // 2))

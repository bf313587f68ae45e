"""A module that runs as array code takes the same steps to the bit, whatever is recorded of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def differing() -> dict[str, dict[str, list[str]]]:
    """Variables that differ from those of a run that is not recorded, compiled as for users: these tests' settings of
    XLA fuse less.
    """
    kept = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    environment = {**kept, "JAX_PLATFORMS": "cpu", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    program = [sys.executable, str(Path(__file__).with_name("recorded_arrays.py"))]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("module", ["sorts", "convolves"])
def test_array_code_takes_the_same_steps_to_the_bit_whatever_is_recorded(module, differing):
    assert {name: paths for name, paths in differing[module].items() if paths} == {}

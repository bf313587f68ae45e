"""A sharded brain goes on on more or fewer devices, by way of a checkpoint or not, as it would have on one."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import drive, tutorial_brain

import spark
from spark import kernels

ROOT = Path(__file__).parents[2]
WITH_ORBAX = "orbax" if importlib.util.find_spec("orbax") else "files"


def moves(*names: str) -> dict[str, dict]:
    """What became of these brains on their way, in a process that has 8 devices."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    program = [sys.executable, str(Path(__file__).with_name("shard_moves.py")), WITH_ORBAX, *names]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def check(found: dict) -> None:
    """It fired, and nothing differs at any stage of its way."""
    assert found["count"] > 300, found["count"]
    assert found["wrong"] == []
    if kernels.available():
        assert found["different"] == []


@pytest.mark.thorough
def test_a_brain_moves_between_1_2_3_4_and_8_devices_by_checkpoints_and_folders() -> None:
    check(moves("tutorial")["tutorial"])


@pytest.mark.slow
def test_lists_plastic_and_short_term_connections_move_between_devices() -> None:
    for found in moves("wires", "cuba", "plastic").values():
        check(found)


def test_only_the_brain_that_was_sharded_is_scattered() -> None:
    sharded = spark.shard(tutorial_brain(seed=1), 1)
    with pytest.raises(spark.ShardError, match="brain: is another one than was sharded"):
        sharded.scatter(tutorial_brain(seed=2))
    with pytest.raises(spark.ModuleError, match="this state belongs to another graph"):
        sharded.scatter(tutorial_brain(seed=1), tutorial_brain(dt=0.5).state)


def test_a_state_is_used_up_by_advance_and_scattered_anew() -> None:
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    inputs = {"drive": drive()}
    first = sharded.advance(sharded.state, inputs, steps=20, spikes=True)[1]
    again = sharded.advance(sharded.scatter(brain), inputs, steps=20, spikes=True)[1]
    for name in first:
        assert (first[name].value == again[name].value).all()

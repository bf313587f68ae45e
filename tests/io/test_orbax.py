"""Sharded states go to disk and come back, bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import drive, tutorial_brain

import spark
from spark.io.orbax import restore_sharded, save_sharded

pytest.importorskip("orbax.checkpoint", reason='the extra is not installed: pip install "spark-brain[orbax]"')
pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_restored_state_goes_on_as_the_saved_one(tmp_path):
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    state = sharded.advance(sharded.state, {"drive": drive()}, steps=50)[2]
    save_sharded(state, tmp_path / "s")
    whole = sharded.advance(state, {"drive": drive()}, steps=50)[2]
    again = spark.shard(tutorial_brain(), 1)
    rest = again.advance(restore_sharded(again, tmp_path / "s"), {"drive": drive()}, steps=50)[2]
    expected, found = sharded.gather(brain, whole), again.gather(brain, rest)
    for path in expected:
        np.testing.assert_array_equal(found[path], expected[path], err_msg=path)


MANY = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np, spark
from builders import drive, tutorial_brain
from spark.io.orbax import restore_sharded, save_sharded
brain = tutorial_brain()
sharded = spark.shard(brain, 4)
state = sharded.advance(sharded.state, {{"drive": drive()}}, steps=20)[2]
save_sharded(state, {folder!r})
found = restore_sharded(sharded, {folder!r})
one, other = sharded.gather(brain, state), sharded.gather(brain, found)
assert all(np.array_equal(one[p], other[p]) for p in one)
print("same")
"""


@pytest.mark.thorough
def test_each_device_writes_its_own_part(tmp_path):
    code = MANY.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path / "many"))
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("same"), done.stderr[-2000:]


def test_other_brains_and_missing_folders_are_refused(tmp_path):
    sharded = spark.shard(tutorial_brain(), 1)
    with pytest.raises(spark.FormatError, match="absent: does not hold the state of this sharded brain"):
        restore_sharded(sharded, tmp_path / "absent")
    save_sharded(sharded.state, tmp_path / "s")
    with pytest.raises(spark.SaveError, match="writing failed"):
        save_sharded(sharded.state, tmp_path / "s")


def test_without_orbax_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    with pytest.raises(spark.MissingError, match=r'orbax.checkpoint: is needed .* pip install "spark-brain\[orbax\]"'):
        save_sharded(spark.shard(tutorial_brain(), 1).state, tmp_path / "s")

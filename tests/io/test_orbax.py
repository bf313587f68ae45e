"""Sharded states go to disk and come back, bit for bit."""

import json
import sys

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
    save_sharded(sharded, state, tmp_path / "s")
    whole = sharded.advance(state, {"drive": drive()}, steps=50)[2]
    again = spark.shard(tutorial_brain(), 1)
    rest = again.advance(restore_sharded(again, brain, tmp_path / "s"), {"drive": drive()}, steps=50)[2]
    expected, found = sharded.gather(brain, whole), again.gather(brain, rest)
    for path in expected:
        np.testing.assert_array_equal(found[path], expected[path], err_msg=path)


def test_other_brains_and_missing_folders_are_refused(tmp_path):
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    with pytest.raises(spark.FormatError, match="absent: does not hold a state of this sharded brain"):
        restore_sharded(sharded, brain, tmp_path / "absent")
    save_sharded(sharded, sharded.state, tmp_path / "s")
    with pytest.raises(spark.SaveError, match="writing failed"):
        save_sharded(sharded, sharded.state, tmp_path / "s")
    other = tutorial_brain(seed=2)
    with pytest.raises(spark.FormatError, match="it is of a brain with other variables, connections or settings"):
        restore_sharded(spark.shard(other, 1), other, tmp_path / "s")


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"devices": 10**9}, "it does not say from which devices it was saved"),
        ({"devices": 2, "plan": []}, "it does not say from which devices it was saved"),
        ({"devices": 2, "plan": {"pool": [1, 2]}}, r"by\.pool: does not add up"),
        ({"devices": 2, "plan": {}}, "array 0 is "),
    ],
)
def test_what_a_folder_says_of_devices_is_not_trusted(about, said, tmp_path):
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    save_sharded(sharded, sharded.state, tmp_path / "s")
    path = tmp_path / "s" / "about" / "metadata"
    path.write_text(json.dumps({**json.loads(path.read_text()), **about}))
    with pytest.raises(spark.FormatError, match=said):
        restore_sharded(sharded, brain, tmp_path / "s")


def test_without_orbax_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "orbax.checkpoint", None)
    sharded = spark.shard(tutorial_brain(), 1)
    with pytest.raises(spark.MissingError, match=r'orbax.checkpoint: is needed .* pip install "spark-brain\[orbax\]"'):
        save_sharded(sharded, sharded.state, tmp_path / "s")

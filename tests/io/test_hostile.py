"""Hostile files: each is refused by the name of what is wrong, before it takes memory; whatever loads runs."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import hostile
import numpy as np
import pytest
from builders import drive
from drawing import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spark
from spark.core.values import to_array

FILES = hostile.files()
TESTS = str(Path(__file__).parent.parent)
MEASURED = """
import json, pathlib, sys
sys.path[:0] = [{tests!r}, {tests!r} + "/io"]
import hostile, spark
from peak import peak_kilobytes
folder = pathlib.Path({folder!r})
files = hostile.files()
# Everything is compiled and imported once, by what is sound.
spark.load_checkpoint(hostile.checkpoint_with(lambda m, a: None)(folder))
spark.Recording.load(hostile.recording_with(lambda f, h: None)(folder))
made, said, most = [], {{}}, {{}}
for name, file in files.items():
    (folder / str(len(made))).mkdir()
    made.append((name, file, file.make(folder / str(len(made)))))
before = peak_kilobytes()
for name, file, path in made:
    try:
        file.load(path)
        said[name] = None
    except spark.SparkError as error:
        said[name] = str(error)
    now = peak_kilobytes()
    most[name], before = now - before, now
print(json.dumps([said, most]))
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What each file's refusal said, and by how many kB it raised the most memory that the process had."""
    code = MEASURED.format(tests=TESTS, folder=str(tmp_path_factory.mktemp("hostile")))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_there_are_as_many_of_each_kind_as_promised():
    kinds = [name.partition(",")[0] for name in FILES]
    least = {"checkpoint": 20, "recording": 12, "model": 12, "draft": 8, "picture": 8}
    assert all(kinds.count(kind) >= number for kind, number in least.items()) and len(FILES) >= 60


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_by_the_name_of_what_is_wrong(measured, name):
    said, most = measured
    assert said[name] is not None, "it was loaded"
    assert re.search(FILES[name].said, said[name]), said[name]
    assert most[name] < 100_000


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    path = folder / "c.safetensors"
    spark.save_checkpoint(hostile.brain(), path)
    return folder


@settings(examples(10, 100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_a_checkpoint_with_any_values_and_their_digest_is_refused_or_runs(saved, data):
    def change(manifest, arrays):
        for name in data.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=3, unique=True)):
            array = arrays[name].reshape(-1)
            bits = array.view(np.uint8)
            for _ in range(data.draw(st.integers(1, 4))):
                at = data.draw(st.integers(0, bits.size - 1))
                bits[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
            arrays[name] = array.reshape(arrays[name].shape)

    path = hostile.checkpoint_with(change)(saved)
    try:
        brain = spark.load_checkpoint(path)
    except spark.SparkError:
        return
    first = int(brain.state["step"])
    spark.run(brain, 20, {"drive": drive()}, progress=False)
    assert int(brain.state["step"]) == first + 20


def test_a_brain_whose_state_was_not_finite_when_it_was_saved_is_loaded_as_it_was(tmp_path):
    brain = hostile.brain()
    potential = np.asarray(brain.state["pool.soma.potential"]).copy()
    potential[0] = np.nan
    brain.load_state(brain.state.replace({"pool.soma.potential": potential}))
    spark.save_checkpoint(brain, tmp_path / "c")
    np.testing.assert_array_equal(spark.load_checkpoint(tmp_path / "c").state["pool.soma.potential"], potential)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"array": ["a", "b"], "dtype": "S200000000"}, "expected an array of numbers, got dtype S200000000"),
        ({"array": [1], "dtype": "(1000000000,)f8"}, "expected a dtype of numbers"),
        ({"array": [1.5], "dtype": "int32"}, "expected numbers that int32 holds"),
        ({"array": [300], "dtype": "int8"}, "expected numbers that int8 holds"),
        ({"array": [1e300], "dtype": "float32"}, "expected finite numbers"),
        (["a" * 60_000, *[""] * 1000], "expected numbers, got str"),
        ([2**40], "expected numbers that int32 holds"),
        ([2**70], "expected numbers of at most 64 bits"),
        ({"array": [{}], "dtype": "f8"}, "expected numbers, got dict"),
    ],
)
def test_what_are_no_numbers_is_refused_before_it_takes_memory(value, said):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=re.escape(said)):
        to_array(value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000

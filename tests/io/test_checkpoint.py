"""A brain that was saved goes on in another process bit for bit; files that are not whole are refused."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import Relay, drive, spiking_brain, tutorial_brain, tutorial_config
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark import ModuleSpecs, PortMap, Probe
from spark.core.strict import read_json
from spark.io import atomic, checkpoint
from spark.io.rotation import Checkpoints
from spark.nn import Brain

TESTS = str(Path(__file__).parents[1])
NETWORKS = str(Path(__file__).parents[2] / "examples" / "networks")


def digests(brain):
    return {path: hashlib.sha256(np.asarray(brain.state[path]).tobytes()).hexdigest() for path in brain.state}


REST = """
import sys, json, hashlib
sys.path[:0] = [{tests!r}, {networks!r}]
import numpy as np, spark
from builders import drive
found = []
for folder, rest in {parts!r}:
    brain = spark.load_checkpoint(folder + "/brain.safetensors")
    inputs = {{"drive": drive()}} if brain.config.input_map else None
    spark.run(brain, rest, inputs, record=["*.out_spikes"], to=folder + "/parted", append=True, progress=False)
    found.append({{p: hashlib.sha256(np.asarray(brain.state[p]).tobytes()).hexdigest() for p in brain.state}})
print(json.dumps(found))
"""


def in_another_process(parts):
    code = REST.format(tests=TESTS, networks=NETWORKS, parts=parts)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.thorough
def test_brains_resumed_in_another_process_are_identical_in_state_and_recording(tmp_path):
    def made(kind):
        if kind == "sparse":
            sys.path.insert(0, NETWORKS)
            import balanced

            return balanced.cuba(400, seed=3)
        return Brain(tutorial_config(seed=11, modules=_halves() if kind == "float16" else None))

    cases = {"float32": (1, 137), "float16": (300,), "sparse": (211,)}
    expected, parts, record = [], [], ["*.out_spikes"]
    for kind, cuts in cases.items():
        inputs = None if kind == "sparse" else {"drive": drive()}
        whole = made(kind)
        spark.run(whole, 400, inputs, record=record, to=tmp_path / kind)
        for cut in cuts:
            folder, parted = tmp_path / f"{kind} cut at {cut}", made(kind)
            spark.run(parted, cut, inputs, record=record, to=folder / "parted")
            spark.save_checkpoint(parted, folder / "brain.safetensors")
            # What ran on after the checkpoint was saved is cut off.
            spark.run(parted, 50, inputs, record=record, to=folder / "parted", append=True)
            parts.append((str(folder), 400 - cut))
            expected.append((kind, folder, digests(whole)))
    for (kind, folder, state), found in zip(expected, in_another_process(parts), strict=True):
        assert found == state, folder.name
        contents = [{p.name: p.read_bytes() for p in n.iterdir()} for n in (tmp_path / kind, folder / "parted")]
        assert contents[0] == contents[1], folder.name


def _halves():
    from builders import tutorial_specs

    specs = tutorial_specs()["pool"]
    return {"pool": specs.with_config(specs.config.updated(dtype="float16"))}


def saved(tmp_path, **changes):
    brain = tutorial_brain(**changes)
    spark.run(brain, 30, {"drive": drive()})
    spark.save_checkpoint(brain, tmp_path / "c.safetensors")
    return brain, tmp_path / "c.safetensors"


def test_a_loaded_brain_has_the_same_config_and_state(tmp_path):
    brain, path = saved(tmp_path)
    again = spark.load_checkpoint(path)
    assert again.config == brain.config
    assert digests(again) == digests(brain)
    assert checkpoint.checkpoint_step(path) == 30


def test_a_module_that_nobody_could_load_is_refused_when_saving(tmp_path):
    brain = spiking_brain([ModuleSpecs("relay", Relay, {"spikes": PortMap("__call__", "spikes")})])
    brain(spikes=spark.SpikeArray(np.zeros(4, np.int8)))
    with pytest.raises(spark.SaveError, match=r"Relay.*spark\.register\(Relay\)"):
        spark.save_checkpoint(brain, tmp_path / "c")
    assert not list(tmp_path.iterdir())


def edited(path, change):
    """The same file with another manifest."""
    from safetensors.numpy import load, save

    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    manifest = json.loads(header["__metadata__"]["spark"])
    tensors = load(data)
    manifest = change(manifest, tensors) or manifest
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    path.write_bytes(save(tensors, metadata={"spark": text}))
    return path


def set_(**values):
    return lambda manifest, tensors: {**manifest, **values}


def without(name):
    def change(manifest, tensors):
        del tensors[name]
        return {**manifest, "state": checkpoint._digest(tensors)}

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (set_(version=99), "has an unknown version, got 99; expected 1"),
        (set_(format="other"), "is no checkpoint of a brain"),
        (set_(state="0" * 64), "is damaged: its arrays do not have the digest that it states"),
        (set_(drawn="0" * 64), "no longer draw what they drew"),
        (set_(config=3), ": config: is missing or no dict"),
        (lambda m, t: json.dumps(m)[:-2], "is not the JSON that it should be"),
        (lambda m, t: '{"a": 1, "a": 2}', "the name 'a' is there twice"),
        (lambda m, t: '{"a": NaN}', "NaN is no number of JSON"),
        (lambda m, t: "[" * 100_000, "is nested too deeply"),
        (lambda m, t: '{"a": ' + "1" * 5000 + "}", "is not the JSON that it should be"),
        (without("pool.soma.potential"), "pool.soma.potential: is missing, but the brain has such a variable"),
    ],
)
def test_files_that_do_not_fit_say_so(tmp_path, change, said):
    _, path = saved(tmp_path)
    with pytest.raises(spark.FormatError) as caught:
        spark.load_checkpoint(edited(path, change))
    assert said in str(caught.value) and str(path) in str(caught.value)


def test_unknown_modules_offer_the_nearest_name(tmp_path):
    _, path = saved(tmp_path)

    def rename(manifest, tensors):
        return json.loads(json.dumps(manifest).replace('"ALIFNeuron"', '"ALIFNeurone"'))

    with pytest.raises(spark.SparkError, match="ALIFNeurone.*ALIFNeuron"):
        spark.load_checkpoint(edited(path, rename))


def test_checkpoints_stay_in_their_folder_when_the_program_goes_to_another(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    brain, kept = tutorial_brain(), spark.Checkpoints("kept", seconds=0)

    def go(*_):
        os.chdir(tmp_path / "elsewhere")

    spark.run(brain, 60, {"drive": drive()}, callbacks=[kept, go], progress=False)
    assert int(kept.restore().state["step"]) == 60
    assert not list((tmp_path / "elsewhere").iterdir())
    assert kept.folder == tmp_path / "kept" and kept.latest() is not None


def test_older_versions_are_brought_up_to_date(tmp_path, monkeypatch):
    brain, path = saved(tmp_path)

    def old(manifest, tensors):
        return {**{k: v for k, v in manifest.items() if k != "step"}, "version": 0, "steps": manifest["step"]}

    edited(path, old)

    def migrate(manifest):
        return {**{k: v for k, v in manifest.items() if k != "steps"}, "version": 1, "step": manifest["steps"]}

    monkeypatch.setitem(checkpoint.MIGRATIONS, 0, migrate)
    assert digests(spark.load_checkpoint(path)) == digests(brain)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("whole"))


@given(st.data())
@settings(max_examples=150)
def test_mutated_files_load_whole_or_are_refused(whole, tmp_path_factory, data):
    brain, path = whole
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "splice", "zero"]))
        if kind == "flip":
            content[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "cut":
            del content[at:]
        elif kind == "insert":
            content[at:at] = data.draw(st.binary(min_size=1, max_size=9))
        elif kind == "splice":
            other = data.draw(st.integers(0, len(content) - 1))
            content[at : at + 8] = content[other : other + 8]
        else:
            content[at : at + 16] = bytes(16)
        if not content:
            break
    file = tmp_path_factory.mktemp("m") / "c.safetensors"
    file.write_bytes(bytes(content))
    try:
        loaded = spark.load_checkpoint(file)
    except spark.SparkError:
        return
    assert {n: d for n, d in digests(loaded).items()} == digests(brain)


HOSTILE = """
import sys, os
seen = []
import spark, safetensors
from spark.io import checkpoint
import builders
builders.tutorial_brain()
def hook(event, arguments):
    if event in ("exec", "compile", "import", "subprocess.Popen", "os.system", "socket.connect", "pickle.find_class"):
        seen.append((event, str(arguments)[:80]))
sys.addaudithook(hook)
for path in {paths!r}:
    seen.clear()
    try:
        spark.load_checkpoint(path)
    except spark.SparkError as error:
        named = [s for s in seen if "antigravity" in s[1] or s[0] not in ("exec", "compile", "import")]
        print(type(error).__name__, named)
"""


def test_loading_never_imports_or_runs_what_a_file_names(tmp_path):
    names = ["antigravity.Module", "os.system", "__import__", "builtins.eval"]
    _, path = saved(tmp_path)
    paths = []
    for number, name in enumerate(names):

        def rename(manifest, tensors, name=name):
            return json.loads(json.dumps(manifest).replace('"ALIFNeuron"', json.dumps(name)))

        paths.append(str(edited(Path(shutil.copy(path, tmp_path / f"{number}.safetensors")), rename)))
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE.format(paths=paths)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([TESTS, str(Path(TESTS).parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["RegistryError []"] * len(names), done.stdout + done.stderr


class _Full:
    """A file on a disk that has no room."""

    def __init__(self, code):
        self.code = code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, data):
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize("target", ["write", "fsync", "replace", "open"])
@pytest.mark.parametrize("code", [28, 5, 13])
def test_a_failing_disk_leaves_the_old_file_whole(tmp_path, monkeypatch, target, code):
    path = tmp_path / "file"
    atomic.write_atomically(path, b"old")

    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    if target == "write":
        monkeypatch.setattr(os, "fdopen", lambda *_, **__: _Full(code))
    else:
        monkeypatch.setattr(os, target, fail)
    with pytest.raises(spark.SaveError) as caught:
        atomic.write_atomically(path, b"new")
    monkeypatch.undo()
    assert str(path) in str(caught.value) and os.strerror(code) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


KILLED = """
import itertools, os, random, signal, sys, time
from pathlib import Path
from spark.io.atomic import write_atomically
path, moments = Path({path!r}), random.Random(0)
for _ in range(20):
    writer = os.fork()
    if not writer:
        for n in itertools.count():
            write_atomically(path, bytes([n % 2]) * 3_000_000)
    time.sleep(moments.uniform(0.01, 0.1))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    if path.exists():
        content = path.read_bytes()
        print(len(content), content.count(content[:1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed by a signal of POSIX")
def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    """Twenty writers, copies of one process, each killed at a moment of its own."""
    code = KILLED.format(path=str(tmp_path / "file"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()
    assert found and set(found) == {"3000000 3000000"}


def test_a_rotation_keeps_the_newest_and_passes_over_torn_files(tmp_path):
    rotation = Checkpoints(tmp_path / "runs", keep=2, seconds=0)
    brain = tutorial_brain()
    spark.run(brain, 300, {"drive": drive()}, callbacks=[rotation])
    paths = sorted((tmp_path / "runs").iterdir())
    assert len(paths) == 2 and paths[-1].name == "step-000000000300.safetensors"
    assert digests(rotation.restore()) == digests(brain)
    paths[-1].write_bytes(paths[-1].read_bytes()[:-5])
    assert rotation.latest() == paths[0]
    (paths[0]).write_bytes(b"")
    with pytest.raises(spark.FormatError, match="holds no whole checkpoint"):
        rotation.restore()
    with pytest.raises(spark.RunError, match="keep: must be at least 1, got 0"):
        Checkpoints(tmp_path, keep=0)
    for seconds in (-1, float("nan")):
        with pytest.raises(spark.RunError, match=f"seconds: must be at least 0, got {seconds}"):
            Checkpoints(tmp_path, seconds=seconds)


def test_json_that_is_too_long_is_refused():
    with pytest.raises(spark.FormatError, match="is too long, got 9 bytes; expected at most 8"):
        read_json("here", b"123456789", 8)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(spark.FormatError, match=r"absent: cannot be read: No such file"):
        spark.load_checkpoint(tmp_path / "absent")


def test_probes_that_resume_keep_their_rhythm(tmp_path):
    record = [Probe("pool.soma.potential", every=7)]
    whole, parted = tutorial_brain(), tutorial_brain()
    expected = spark.run(whole, 100, {"drive": drive()}, record=record)
    spark.run(parted, 50, {"drive": drive()}, record=record)
    spark.save_checkpoint(parted, tmp_path / "c")
    found = spark.run(spark.load_checkpoint(tmp_path / "c"), 50, {"drive": drive()}, record=record)
    time, values = expected.trace("pool.soma.potential")
    np.testing.assert_array_equal(found.trace("pool.soma.potential")[0], time[time >= 50])
    np.testing.assert_array_equal(found["pool.soma.potential"], values[time >= 50])


def resaved(path, **changes):
    """A file with other arrays and the digest that belongs to them."""
    manifest, arrays = checkpoint._read(path)
    arrays = {**arrays, **changes}
    manifest["state"] = checkpoint._digest(arrays)
    import safetensors.numpy

    path.write_bytes(safetensors.numpy.save(arrays, metadata={"spark": json.dumps(manifest)}))
    return path


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("step", np.array(-60, np.int32), "must be the step that the file states, at least 0, got -60 and 0"),
        ("step", np.array(-60, np.int64), "must be the step that the file states, at least 0, got -60 and 0"),
        ("pool.soma.refractory", np.full(32, -1, np.int32), "is out of its bounds, got -1; expected at least 0"),
        ("cache.pool.out_spikes", np.full(32, 9, np.int8), "is out of its bounds, got 9; expected -1 to 1"),
    ],
)
def test_values_that_no_run_makes_are_refused_though_their_digest_is_right(name, value, said, tmp_path):
    path = tmp_path / "a.safetensors"
    spark.save_checkpoint(tutorial_brain(), path)
    with pytest.raises(spark.FormatError) as caught:
        spark.load_checkpoint(resaved(path, **{name: value}))
    assert str(caught.value) == f"{path}: {name}: {said}."


def test_a_file_that_counts_steps_in_32_bits_still_loads(tmp_path):
    path = tmp_path / "a.safetensors"
    saved = tutorial_brain()
    saved.replace_state({"step": 1234})
    spark.save_checkpoint(saved, path)
    brain = spark.load_checkpoint(resaved(path, step=np.array(1234, np.int32)))
    assert int(brain.state["step"]) == 1234


def test_a_checkpoint_whose_config_is_longer_than_is_read_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "MOST_BYTES", 1000)
    path = tmp_path / "a.safetensors"
    with pytest.raises(spark.SaveError, match=r"is too long, got [\d,]+ bytes; expected at most 1,000\. Draw its conn"):
        spark.save_checkpoint(tutorial_brain(), path)
    assert not path.exists()

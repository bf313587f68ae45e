"""Recordings: statistics against plain NumPy, forms of other libraries, files."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from builders import drive, tutorial_brain
from drawing import some
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark import Probe
from spark.sim.recordable import Recordable
from spark.sim.records import disk
from spark.sim.records.channel import Channel
from spark.sim.records.disk import DiskStore
from spark.sim.records.memory import MemoryStore
from spark.sim.records.recording import Recording
from spark.sim.records.sieve import Sieve

matplotlib.use("Agg")

POOL = Recordable("pool.out_spikes", True, (3, 4), "int8", "", "cache.pool.out_spikes", None)
POTENTIAL = Recordable("pool.soma.potential", False, (3, 4), "float32", "mV", "pool.soma.potential", None)
CHANNELS = [
    Channel("spikes", POOL),
    Channel("some", POOL, units=np.array([7, 2], np.int32), windows=((5, 40),)),
    Channel("rate", POOL, reduce="rate"),
    Channel("potential", POTENTIAL, every=3),
    Channel("near", POTENTIAL, trigger=POOL, around=(2, 3)),
    Channel("mean", POTENTIAL, reduce="mean", units=np.array([0, 1], np.int32)),
]


def fed(store, dense, potential, cuts, first=0):
    """Hand a run's data to a store in chunks that end at `cuts`."""
    sieve = Sieve(CHANNELS, store, 0.5)
    edges = sorted({0, *(c for c in cuts if c < len(dense)), len(dense)})
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        for channel in sieve.wanted:
            steps = np.arange(begin, end)
            if channel.what.spikes:
                at, unit = np.nonzero(dense[begin:end])
                kept = np.ones(at.size, bool) if channel.units is None else np.isin(unit, channel.units)
                sieve.events(channel.name, (at + begin + first)[kept], unit[kept].astype(np.int32))
            else:
                steps = steps[(steps + first) % channel.every == 0]
                rows = potential[steps] if channel.units is None else potential.reshape(-1, 12)[steps][:, channel.units]
                sieve.samples(channel.name, steps + first, rows)
        sieve.end_chunk(first + begin, first + end, end == len(dense))
    store.close()


def some_data(seed, steps):
    generator = np.random.default_rng(seed)
    return generator.random((steps, 12)) < 0.1, generator.normal(size=(steps, 3, 4)).astype(np.float32)


def described():
    return [c.to_dict() for c in CHANNELS]


@given(st.integers(0, 99), st.integers(1, 60), st.lists(st.integers(0, 60), max_size=8))
@settings(max_examples=30, deadline=None)
def test_however_a_run_is_cut_the_same_bytes_are_kept(tmp_path_factory, seed, steps, cuts):
    dense, potential = some_data(seed, steps)
    folders = [tmp_path_factory.mktemp("cut") / "r" for _ in range(3)]
    for folder, where in zip(folders[:2], ([], cuts), strict=True):
        fed(DiskStore(folder, described(), 0.5, 0, False), dense, potential, where)
    memory = MemoryStore(described(), 100, 0)
    fed(memory, dense, potential, cuts)
    Recording(described(), memory, 0.5, 0, steps, None).save(folders[2])
    contents = [{p.name: p.read_bytes() for p in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1] == contents[2]


def in_memory(dense, potential=None, dt=0.5, first=0):
    memory = MemoryStore(described(), 100, first)
    fed(memory, dense, np.zeros((len(dense), 3, 4), np.float32) if potential is None else potential, [10], first)
    return Recording(described(), memory, dt, first, first + len(dense), None)


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_statistics_are_those_of_plain_numpy(seed):
    dense, _ = some_data(seed, 80)
    recording = in_memory(dense, first=100)
    np.testing.assert_array_equal(recording["spikes"], dense)
    np.testing.assert_allclose(recording.rates("spikes"), dense.sum(0) / (80 * 0.5e-3))
    intervals = [np.diff(np.flatnonzero(dense[:, unit])) * 0.5 for unit in range(12)]
    np.testing.assert_allclose(recording.isi("spikes"), np.concatenate(intervals))
    expected = [np.std(i) / np.mean(i) if len(i) > 1 else np.nan for i in intervals]
    np.testing.assert_allclose(recording.cv("spikes"), expected, atol=1e-12)
    time_, rate = recording.rate_over_time("spikes", 4.0)
    np.testing.assert_allclose(time_, 52 + 4 * np.arange(10))
    np.testing.assert_allclose(rate, dense.reshape(10, 8, 12).sum((1, 2)) / (12 * 4e-3))


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_silence_and_constant_firing_have_statistics(chance):
    dense = np.full((30, 12), chance > 0)
    recording = in_memory(dense)
    np.testing.assert_allclose(recording.rates("spikes"), chance * 2000)
    assert recording.isi("spikes").size == (29 * 12 if chance else 0)
    cv = recording.cv("spikes")
    assert (cv == 0).all() if chance else np.isnan(cv).all()
    assert recording.plot() is not None
    assert recording.to_neo() is not None
    assert len(recording.to_pandas("spikes")) == dense.sum()
    assert "spikes: " in repr(recording)
    matplotlib.pyplot.close("all")


def test_other_libraries_get_the_same_numbers():
    dense, potential = some_data(4, 50)
    recording = in_memory(dense, potential)
    frame = recording.to_pandas("spikes")
    np.testing.assert_array_equal(frame["time"], np.nonzero(dense)[0] * 0.5)
    np.testing.assert_array_equal(frame["unit"], np.nonzero(dense)[1])
    np.testing.assert_array_equal(recording.to_pandas("potential").to_numpy(), potential[::3].reshape(-1, 12))
    data = recording.to_xarray()
    np.testing.assert_array_equal(data["potential"], potential[::3])
    assert data["potential"].attrs["units"] == "mV" and data.attrs["steps"] == 50
    segment = recording.to_neo().segments[0]
    trains = [t for t in segment.spiketrains if t.name.startswith("spikes[")]
    for unit, train in enumerate(trains):
        np.testing.assert_allclose(train.magnitude, np.flatnonzero(dense[:, unit]) * 0.5)
    names = [t.name for t in segment.spiketrains if t.name.startswith("some[")]
    assert names == ["some[7]", "some[2]"]
    signal = next(s for s in segment.analogsignals if s.name == "potential")
    np.testing.assert_array_equal(signal.magnitude, potential[::3].reshape(-1, 12))
    assert str(signal.units.dimensionality) == "mV"
    assert float(signal.sampling_period) == 1.5 and float(signal.t_start) == recording.trace("potential")[0][0]
    np.testing.assert_allclose(signal.times.rescale("ms").magnitude, recording.trace("potential")[0])


def test_samples_with_gaps_are_irregular_signals_of_neo():
    brain = tutorial_brain()
    probe = spark.Probe("pool.soma.potential", name="cut", window=[(0, 3), (8, 10)])
    recording = spark.run(brain, 20, {"drive": drive()}, record=[probe, "spiker.potential"])
    segment = recording.to_neo().segments[0]
    (signal,) = segment.irregularlysampledsignals
    assert signal.name == "cut" and signal.times.magnitude.tolist() == [0.0, 1.0, 2.0, 8.0, 9.0]
    assert [s.name for s in segment.analogsignals] == ["spiker.potential"]


def test_save_and_load_keep_everything(tmp_path):
    dense, potential = some_data(1, 40)
    recording = in_memory(dense, potential)
    recording.stopped = "a callback stopped it"
    recording.save(tmp_path / "r")
    again = Recording.load(tmp_path / "r")
    assert again.names == recording.names and again.stopped == recording.stopped and again.steps == 40
    for name in recording.names:
        np.testing.assert_array_equal(again[name], recording[name])
        assert again.describe(name) == recording.describe(name)
    assert repr(again) == repr(recording)


def test_asking_for_what_was_not_recorded_offers_the_nearest_name():
    recording = in_memory(np.zeros((5, 12), bool))
    with pytest.raises(spark.RecordError, match="potental: was not recorded.*potential"):
        recording.trace("potental")
    with pytest.raises(spark.RecordError, match=r"potential: holds samples; expected spikes\. Use `recording\.trace"):
        recording.rates("potential")
    with pytest.raises(spark.RecordError, match="width: must be above 0 ms and finite, got 0"):
        recording.rate_over_time("spikes", 0)


def test_a_triggered_channel_has_no_rate():
    channel = Channel("t", POOL, trigger=POOL, around=(1, 1)).to_dict()
    recording = Recording([channel], MemoryStore([channel], 1, 0), 1.0, 0, 10, None)
    with pytest.raises(spark.RecordError, match="recorded around a trigger only"):
        recording.rates("t")
    with pytest.raises(spark.RecordError, match="recorded around a trigger only, so it has no rate"):
        recording.rate_over_time("t")
    for statistic in (recording.isi, recording.cv):
        with pytest.raises(spark.RecordError, match="t: was recorded around a trigger only, so it has no intervals"):
            statistic("t")


@given(st.integers(0, 99), st.lists(st.tuples(st.integers(95, 180), st.integers(1, 40)), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_windows_leave_out_lies_within_no_interval(seed, several):
    dense, _ = some_data(seed, 80)
    channel = Channel("spikes", POOL, windows=tuple((begin, begin + length) for begin, length in several))
    store = MemoryStore([channel.to_dict()], 1, 100)
    sieve = Sieve([channel], store, 0.5)
    at, unit = np.nonzero(dense)
    sieve.events("spikes", at + 100, unit.astype(np.int32))
    sieve.end_chunk(100, 180, True)
    recording = Recording([channel.to_dict()], store, 0.5, 100, 180, None)
    kept = np.zeros(400, bool)
    for begin, end in channel.windows:
        kept[begin:end] = True
    expected = [
        (unit, (later - earlier) * 0.5)
        for unit in range(12)
        for earlier, later in itertools.pairwise(np.flatnonzero(dense[:, unit] & kept[100:180]))
        if kept[100 + earlier : 100 + later].all()
    ]
    np.testing.assert_allclose(recording.isi("spikes"), [interval for _, interval in expected])
    for number, found in enumerate(recording.cv("spikes")):
        own = [interval for unit, interval in expected if unit == number]
        np.testing.assert_allclose(found, np.std(own) / np.mean(own) if len(own) > 1 else np.nan, atol=1e-12)


@given(
    st.integers(0, 99),
    st.lists(st.tuples(st.integers(95, 180), st.integers(1, 40)), min_size=1, max_size=4),
    st.sampled_from([0.5, 1.0, 4.0, 10.0, 100.0]),
)
@settings(max_examples=30, deadline=None)
def test_what_windows_leave_out_is_no_silence(seed, several, width):
    dense, _ = some_data(seed, 80)
    channel = Channel("spikes", POOL, windows=tuple((begin, begin + length) for begin, length in several))
    store = MemoryStore([channel.to_dict()], 1, 100)
    sieve = Sieve([channel], store, 0.5)
    at, unit = np.nonzero(dense)
    sieve.events("spikes", at + 100, unit.astype(np.int32))
    sieve.end_chunk(100, 180, True)
    recording = Recording([channel.to_dict()], store, 0.5, 100, 180, None)
    kept = np.zeros(400, bool)
    for begin, end in channel.windows:
        kept[begin:end] = True
    kept = kept[100:180]
    each = int(width / 0.5)
    expected = [
        dense[first : first + each][kept[first : first + each]].mean() * 2000
        if kept[first : first + each].any()
        else np.nan
        for first in range(0, 80 - each + 1, each)
    ]
    times, rates = recording.rate_over_time("spikes", width)
    np.testing.assert_allclose(rates, expected, rtol=1e-9)
    np.testing.assert_allclose(times, 50 + width * (np.arange(len(expected)) + 0.5))


def test_a_bin_counts_for_as_much_of_it_as_a_window_keeps():
    """Bins of half a step, and windows that end within a bin."""
    channel = Channel("spikes", POOL, windows=((2, 5), (5, 6), (8, 9)))
    store = MemoryStore([channel.to_dict()], 1, 0)
    sieve = Sieve([channel], store, 1.0)
    sieve.events("spikes", np.arange(10).repeat(12), np.tile(np.arange(12, dtype=np.int32), 10))
    sieve.end_chunk(0, 10, True)
    recording = Recording([channel.to_dict()], store, 1.0, 0, 10, None)
    # All units fire in all steps.
    np.testing.assert_allclose(recording.rate_over_time("spikes", 3.0)[1], [1000.0, 1000.0, 1000.0])
    none, half = np.nan, [2000.0, 0.0]
    expected = [none] * 4 + half * 4 + [none] * 4 + half + [none] * 2
    np.testing.assert_allclose(recording.rate_over_time("spikes", 0.5)[1], expected)


def test_a_spent_budget_ends_the_run_with_nothing_lost():
    brain = tutorial_brain()
    with pytest.raises(spark.RecordError) as caught:
        spark.run(brain, 10**7, {"drive": drive()}, record=["pool.soma.potential"], budget_mb=0.2)
    error = caught.value
    assert "expected at most 0 MB" in str(error) and "Stream to disk with `to='folder'`" in str(error)
    done = int(brain.state["step"])
    assert error.recording.steps == done == len(error.recording["pool.soma.potential"])
    expected = spark.run(tutorial_brain(), done, {"drive": drive()}, record=["pool.soma.potential"])
    np.testing.assert_array_equal(error.recording["pool.soma.potential"], expected["pool.soma.potential"])


@pytest.mark.parametrize("failing", some(range(1, 11), 3, thorough=1))
def test_a_full_disk_leaves_what_was_written_readable(tmp_path, monkeypatch, failing):
    brain, real, calls = tutorial_brain(), os.write, [0]

    def write(file, data):
        calls[0] += 1
        if calls[0] >= failing + 4:
            # A full disk takes a part first.
            if calls[0] == failing + 4 and len(data) > 1:
                return real(file, bytes(data)[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return real(file, data)

    monkeypatch.setattr(disk.os, "write", write)
    with pytest.raises(spark.RecordError) as caught:
        spark.run(brain, 5000, {"drive": drive()}, record=["pool", "pool.soma.potential"], to=tmp_path / "r")
    monkeypatch.undo()
    assert "No space left on device" in str(caught.value) and str(tmp_path / "r") in str(caught.value)
    read = Recording.load(tmp_path / "r")
    expected = spark.run(tutorial_brain(), 5000, {"drive": drive()}, record=["pool", "pool.soma.potential"])
    np.testing.assert_array_equal(read["pool.soma.potential"], expected["pool.soma.potential"][: read.steps])
    np.testing.assert_array_equal(read["pool"], expected["pool"][: read.steps])
    assert read.steps <= int(brain.state["step"]) <= 5000
    assert failing < 4 or read.steps > 0


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from builders import drive, tutorial_brain
import spark
record = ["pool", "pool.soma.potential"]
spark.run(tutorial_brain(), 10**9, {{"drive": drive()}}, record=record, to={folder!r}, progress=False)
"""


def test_a_killed_run_is_readable_while_it_runs_and_afterwards(tmp_path):
    folder = tmp_path / "r"
    code = SCRIPT.format(tests=str(Path(__file__).parents[1]), folder=str(folder))
    run = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = time.monotonic() + 1200
        steps = 0
        while steps < 300:
            assert time.monotonic() < deadline and run.poll() is None
            time.sleep(0.02)
            if (folder / disk.HEADER).exists() and (folder / disk.HEADER).stat().st_size:
                steps = Recording.load(folder).steps
        living = Recording.load(folder)
        living["pool.soma.potential"]
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    read = Recording.load(folder)
    assert read.steps >= living.steps >= 300
    expected = spark.run(tutorial_brain(), read.steps, {"drive": drive()}, record=["pool", "pool.soma.potential"])
    np.testing.assert_array_equal(read["pool"], expected["pool"])
    np.testing.assert_array_equal(read["pool.soma.potential"], expected["pool.soma.potential"])


@pytest.mark.parametrize("cut", [1, 100, 399])
def test_a_resumed_recording_is_the_same_in_every_byte(tmp_path, cut):
    record = ["pool", Probe("pool.soma.potential", every=7), Probe("pool", name="rate", reduce="rate")]
    spark.run(tutorial_brain(), 400, {"drive": drive()}, record=record, to=tmp_path / "whole")
    brain = tutorial_brain()
    spark.run(brain, cut, {"drive": drive()}, record=record, to=tmp_path / "cut")
    kept = brain.state
    # Steps beyond the kept state are cut off by the run that goes on from it.
    spark.run(brain, 30, {"drive": drive()}, record=record, to=tmp_path / "cut", append=True)
    brain.load_state(kept)
    found = spark.run(brain, 400 - cut, {"drive": drive()}, record=record, to=tmp_path / "cut", append=True)
    assert found.steps == 400
    contents = [{p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("whole", "cut")]
    assert contents[0] == contents[1]


def test_folders_that_do_not_fit_are_refused(tmp_path):
    brain = tutorial_brain()
    (tmp_path / "x").write_text("mine")
    with pytest.raises(spark.RecordError, match="is not empty"):
        spark.run(brain, 5, {"drive": drive()}, record="pool", to=tmp_path)
    assert (tmp_path / "x").read_text() == "mine"
    recording = spark.run(brain, 5, {"drive": drive()}, record="pool", to=tmp_path / "r")
    with pytest.raises(spark.RecordError, match=r"^folder: the folder .* is not empty\. Give another, or remove it$"):
        recording.save(tmp_path / "r")
    with pytest.raises(spark.RecordError, match="has other channels"):
        spark.run(brain, 5, {"drive": drive()}, record="spiker", to=tmp_path / "r", append=True)
    spark.run(brain, 5, {"drive": drive()})
    with pytest.raises(spark.RecordError, match="got steps 0 to 5; expected 10 among them"):
        spark.run(brain, 5, {"drive": drive()}, record="pool", to=tmp_path / "r", append=True)
    with pytest.raises(spark.RecordError, match="is no recording"):
        Recording.load(tmp_path)
    header = json.loads((tmp_path / "r" / disk.HEADER).read_text())
    (tmp_path / "r" / disk.HEADER).write_text(json.dumps({**header, "version": 99}))
    with pytest.raises(spark.RecordError, match="unknown version, got 99; expected 1"):
        Recording.load(tmp_path / "r")


def test_data_that_is_shorter_than_promised_is_refused(tmp_path):
    spark.run(tutorial_brain(), 300, {"drive": drive()}, record="pool.soma.potential", to=tmp_path / "r")
    os.truncate(tmp_path / "r" / "0.rows", 10)
    with pytest.raises(spark.RecordError, match=r"the data of 'pool\.soma\.potential' is shorter"):
        Recording.load(tmp_path / "r")["pool.soma.potential"]


def test_pictures_have_a_panel_for_each_channel(tmp_path):
    recording = spark.run(
        tutorial_brain(), 300, {"drive": drive()}, record=["pool", "spiker", "pool.soma.potential", "action"]
    )
    figure = recording.plot()
    assert len([a for a in figure.axes if a.get_label() != "<colorbar>"]) == 3
    axes = recording.raster("pool")
    assert axes.get_ylabel() == "unit of pool" and len(axes.collections[0].get_offsets()) == recording["pool"].sum()
    with pytest.raises(spark.RecordError, match="no spikes were recorded"):
        spark.run(tutorial_brain(), 3, {"drive": drive()}, record=["action"]).raster()
    with pytest.raises(spark.RecordError, match="nothing was recorded"):
        spark.run(tutorial_brain(), 3, {"drive": drive()}).plot()
    matplotlib.pyplot.close("all")


def test_a_recording_stays_in_its_folder_when_the_program_goes_to_another(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    brain = tutorial_brain()

    def go(*_):
        os.chdir(tmp_path / "elsewhere")

    recording = spark.run(
        brain, 60, {"drive": drive()}, record=["pool.out_spikes"], to="kept", callbacks=[go], progress=False
    )
    monkeypatch.chdir(tmp_path)
    loaded = spark.Recording.load("kept")
    os.chdir(tmp_path / "elsewhere")
    np.testing.assert_array_equal(loaded.spikes("pool.out_spikes")[0], recording.spikes("pool.out_spikes")[0])
    assert not list((tmp_path / "elsewhere").iterdir())


def test_append_without_a_folder_is_refused():
    text = "append: has no recording to go on with, got True without `to`. Name its folder: `to='folder'`"
    with pytest.raises(spark.RecordError, match=re.escape(text)):
        spark.run(tutorial_brain(), 5, {"drive": drive()}, record="pool", append=True)

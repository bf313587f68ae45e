"""What runs in the worker: chunks, inputs, probes, environments, and when it stops."""

import numpy as np
import pytest
from documents import small, tutorial

import spark
from spark.editor.protocol import arrays_of, header_of
from spark.editor.simulation import Simulation
from spark.io.graph_config import brain_config
from spark.nn import Brain

RASTER = {"p1": {"path": "pool.out_spikes", "view": "raster"}}
LEVEL = {"inputs": {"level": {"value": 0.5}}, "speed": 0}
POLE = {"environment": "CartPole-v1", "observation": "drive", "action": "action", "steps_per_action": 16, "speed": 0}


def simulation(document=None, settings=None, probes=None, **changes):
    config, problems = brain_config(document or small())
    assert not problems
    return Simulation(
        config.updated(**changes) if changes else config, LEVEL if settings is None else settings, probes or {}
    )


def spikes_of(frames, probe="p1"):
    """Steps and units of a probe's spikes, as the page puts them together."""
    steps, units = [], []
    for data in frames:
        head = header_of(data)
        if head.get("probe") == probe:
            some = arrays_of(data)
            steps.append(some[0].astype(int) + head["first"])
            units.append(some[1])
    return np.concatenate(steps), np.concatenate(units)


def expected(steps, document=None):
    config, _ = brain_config(document or small())
    inputs = {"level": spark.FloatArray(np.full(5, 0.5, np.float32))}
    return spark.run(Brain(config), steps, inputs, record="pool.out_spikes")


def test_the_spikes_are_those_of_run():
    sim = simulation(probes=RASTER)
    frames = sim.advance(1) + sim.advance(99) + sim.advance(200)
    steps, units = spikes_of(frames)
    times, ids = expected(300).spikes("pool.out_spikes")
    assert len(steps) > 20
    np.testing.assert_array_equal(steps, times)
    np.testing.assert_array_equal(units, ids)


def test_one_step_is_one_step():
    sim = simulation()
    sim.advance(1)
    assert sim.step == 1 and sim.status()["time"] == 1.0


def test_chunks_of_any_length_give_the_same():
    sim = simulation(probes=RASTER)
    frames = []
    while sim.step < 300:
        frames += sim.advance()
    steps, _ = spikes_of(frames)
    times, _ = expected(sim.step).spikes("pool.out_spikes")
    np.testing.assert_array_equal(steps, times)


def test_reset_begins_anew():
    sim = simulation(probes=RASTER)
    first = spikes_of(sim.advance(200))
    sim.reset()
    assert sim.step == 0
    np.testing.assert_array_equal(spikes_of(sim.advance(200)), first)


def test_a_changed_parameter_goes_on_from_the_same_state():
    sim = simulation()
    sim.advance(100)
    potential = np.asarray(sim.brain.state["pool.soma.potential"])
    document = small()
    document["nodes"]["n3"]["config"]["soma"] = {"threshold": 500.0}
    sim.swap(brain_config(document)[0])
    assert sim.step == 100
    np.testing.assert_array_equal(sim.brain.state["pool.soma.potential"], potential)
    sim.advance(200)
    assert sim.activity["pool.out_spikes"] < 1


def test_a_changed_size_keeps_what_fits():
    sim = simulation()
    sim.advance(100)
    document = small()
    document["nodes"]["n3"]["config"]["units"] = [9]
    sim.swap(brain_config(document)[0])
    assert sim.step == 100 and sim.brain.state["pool.soma.potential"].shape == (9,)


@pytest.mark.parametrize(
    ("stop", "document", "text"),
    [
        ({"step": 130}, small, "step 130 is reached"),
        ({"rate": 1}, small, "more than 1 Hz"),
        ({"silence": 50}, lambda: {**small(), "run": {}}, "no unit has fired for 50 ms"),
    ],
)
def test_it_stops_by_itself(stop, document, text):
    settings = {**(LEVEL if "silence" not in stop else {"speed": 0}), "stop": stop}
    sim = simulation(document(), settings)
    for _ in range(1000):
        if sim.stopped:
            break
        sim.advance()
    assert text in sim.stopped
    if "step" in stop:
        assert sim.step == 130


def test_a_number_that_is_not_finite_stops_it_and_is_named():
    sim = simulation()
    sim.advance(1)
    sim.brain.replace_state({"pool.soma.potential": np.full(8, np.nan, np.float32)})
    sim.advance(1)
    assert "pool" in sim.stopped and "step 1" in sim.stopped


def test_numbers_are_not_looked_at_if_the_run_does_not_stop_there():
    sim = simulation(settings={**LEVEL, "stop": {"nan": False}})
    assert not sim.brain.config.check_numbers
    sim.advance(5)
    sim.change(LEVEL, {})
    assert sim.brain.config.check_numbers and sim.step == 5


def test_rates_traces_matrices_and_histograms_are_framed():
    probes = {
        "a": {"path": "pool.out_spikes", "view": "rate"},
        "b": {"path": "pool.soma.potential", "view": "trace", "settings": {"units": [0, 7]}},
        "c": {"path": "pool.synapses.kernel", "view": "matrix"},
        "d": {"path": "pool.synapses.weights", "view": "histogram"},
        "e": {"path": "pool.soma.potential", "view": "matrix"},
    }
    sim = simulation(probes=probes)
    assert sim.watch.problems == []
    frames = {header_of(f)["probe"]: (header_of(f), arrays_of(f)) for f in sim.advance(50)}
    assert frames["a"][1][0].shape == (50,)
    assert frames["a"][1][0].mean() == pytest.approx(expected(50).rates("pool").mean(), rel=1e-5)
    assert frames["b"][1][0].shape == (50, 2) and frames["b"][0]["unit"] == "mV"
    np.testing.assert_array_equal(frames["b"][1][0][-1], np.asarray(sim.brain.state["pool.soma.potential"])[[0, 7]])
    assert frames["c"][1][0].shape == (8, 13)
    assert frames["d"][1][0].sum() == sim.brain.state["pool.synapses.weights"].size
    assert frames["e"][1][0].shape == (3, 3) and np.isnan(frames["e"][1][0][2, 2])


def test_a_probe_of_nothing_is_named_with_the_nearest():
    sim = simulation(probes={"p": {"path": "pool.soma.potentail", "view": "trace"}, **RASTER})
    (problem,) = sim.watch.problems
    assert problem["probe"] == "p" and "Did you mean 'pool.soma.potential'" in problem["message"]
    assert sim.advance(1)


def test_frames_of_many_spikes_are_thinned_and_say_so(monkeypatch):
    monkeypatch.setattr("spark.editor.watch.MOST_SPIKES", 10)
    sim = simulation(probes=RASTER)
    (data,) = sim.advance(300)
    assert len(arrays_of(data)[0]) == 10 and header_of(data)["shown"] < 1


DRIVES = {
    "one number": ({"value": 0.25}, lambda v: np.all(v == 0.25)),
    "one for each": ({"value": [1, 2, 3, 4, 5]}, lambda v: v.tolist() == [1, 2, 3, 4, 5]),
    "nothing": ({}, lambda v: np.all(v == 0)),
    "a list alone": ([1, 2, 3, 4, 5], lambda v: v.tolist() == [1, 2, 3, 4, 5]),
    "every step": ({"rate": 1000}, lambda v: np.all(v == 1)),
}


@pytest.mark.parametrize("name", DRIVES)
def test_inputs_are_driven_by_hand(name):
    source, holds = DRIVES[name]
    sim = simulation(settings={"inputs": {"level": source}})
    assert holds(np.asarray(sim.drives["level"].payload(3).value))


def test_a_file_drives_an_input_row_by_row_and_again(tmp_path):
    rows = np.arange(15, dtype=np.float32).reshape(3, 5)
    np.save(tmp_path / "a.npy", rows)
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",")
    for name in ("a.npy", "a.csv"):
        sim = simulation(settings={"inputs": {"level": {"file": str(tmp_path / name)}}})
        drive = sim.drives["level"]
        got = np.concatenate([drive.payload(2).value, drive.payload(3).value])
        np.testing.assert_array_equal(got, rows[[0, 1, 2, 0, 1]])


def test_a_changed_parameter_leaves_a_file_at_its_row(tmp_path):
    rows = np.arange(15, dtype=np.float32).reshape(3, 5)
    np.save(tmp_path / "a.npy", rows)
    sim = simulation(settings={"inputs": {"level": {"file": str(tmp_path / "a.npy")}}})
    sim.advance(2)
    document = small()
    document["nodes"]["n3"]["config"]["soma"] = {"threshold": 500.0}
    sim.swap(brain_config(document)[0])
    sim.change({**sim.settings, "speed": 2}, RASTER)
    np.testing.assert_array_equal(sim.drives["level"].payload(1).value, rows[2:])
    sim.reset()
    np.testing.assert_array_equal(sim.drives["level"].payload(1).value, rows[:1])


def test_a_brain_that_stopped_for_silence_goes_on_when_it_is_run_again():
    sim = simulation({**small(), "run": {}}, {"speed": 0, "stop": {"silence": 50}})
    while not sim.stopped:
        sim.advance(10)
    sim.go_on()
    sim.advance(10)
    assert sim.stopped is None


def test_another_scale_is_taken():
    sim = simulation(tutorial(), POLE)
    sim.change({**POLE, "scale": [1, 1, 1, 1]}, {})
    assert sim.world.scale == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"value": [1, 2]}, "inputs.level: needs 1 or 5 numbers, got 2"),
        ({"value": float("inf")}, "needs finite numbers"),
        ({"value": 1e39}, r"inputs\.level: is more than float32 holds, got 1e\+39; .*\. Mend what drives this input"),
        ({"file": "/nowhere.npy"}, "cannot be read from nowhere.npy"),
        ({"file": 5}, r"inputs\.level: needs the name of a file, got 5"),
        ({"value": "much"}, r"inputs\.level: needs numbers, got 'much'"),
        ({"value": [[1, 2], [3]]}, r"inputs\.level: needs numbers, got \[\[1, 2\], \[3\]\]"),
        ({"rate": "fast"}, r"inputs\.level\.rate: must be one number from 0 to 1000 Hz, one spike a step, got 'fast'"),
        ({"rate": 1001}, r"inputs\.level\.rate: must be .*, got 1001\. Mend what drives this input"),
        ({"rate": -1.0}, r"inputs\.level\.rate: must be .*, got -1\.0"),
    ],
)
def test_a_drive_that_does_not_fit_is_refused(source, text):
    with pytest.raises(spark.InputError, match=text):
        simulation(settings={"inputs": {"level": source}})


def test_a_pickle_is_not_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(spark.InputError, match="cannot be read"):
        simulation(settings={"inputs": {"level": {"file": str(tmp_path / "a.npy")}}})


def test_a_file_of_numbers_that_an_input_does_not_hold_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[0.0], [-1e39]]))
    with pytest.raises(spark.InputError, match=r"inputs\.level: is more than float32 holds, got -1e\+39"):
        simulation(settings={"inputs": {"level": {"file": str(tmp_path / "a.npy")}}})


def test_random_spikes_have_their_rate():
    document = small()
    document["nodes"]["n1"]["config"] = {"shape": [200], "payload_type": "SpikeArray", "dtype": "int8"}
    document["nodes"].pop("n2")
    document["edges"] = {"e1": {"from": ["n1", "value"], "to": ["n3", "in_spikes"], "order": 0}}
    sim = simulation(document, {"inputs": {"level": {"rate": 50}}})
    assert np.asarray(sim.drives["level"].payload(1000).value).mean() == pytest.approx(0.05, rel=0.05)


def test_the_brain_acts_in_an_environment_every_so_many_steps():
    sim = simulation(tutorial(), POLE, {})
    sim.advance(16 * 5)
    world = sim.status()["environment"]
    assert world["name"] == "CartPole-v1" and world["episode"] == 0 and world["steps"] == 5 == world["total"]
    sim.advance(8)
    assert sim.status()["environment"]["steps"] == 5
    sim.advance(8)
    assert sim.status()["environment"]["steps"] == 6


def test_500_environment_steps_have_episodes_with_their_rewards():
    sim = simulation(tutorial(), {**POLE, "steps_per_action": 2})
    sim.advance(1000)
    world = sim.status()["environment"]
    assert world["episode"] == len(world["returns"]) > 20
    assert sum(world["returns"]) + world["total"] == 500


def test_the_same_seed_gives_the_same_episodes():
    one, other = (simulation(tutorial(), POLE) for _ in range(2))
    one.advance(640)
    other.advance(640)
    assert one.status() == other.status()
    one.reset()
    one.advance(640)
    assert one.status() == other.status()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"environment": "CartPole-v9"}, "'CartPole-v9' cannot be made: it is not registered"),
        ({"environment": "os:CartPole-v1"}, "cannot be made: it is not registered"),
        ({"environment": "CartPole-v1", "scale": [1, 2]}, "the scale needs 4 numbers"),
        (
            {"environment": "CartPole-v1", "observation": "drve"},
            r"needs one of the brain's ports \['drive'\], got 'drve'",
        ),
        ({"environment": "Acrobot-v1"}, "inputs.drive: takes 4 numbers, and what the environment shows are 6"),
    ],
)
def test_an_environment_that_does_not_fit_is_refused(settings, text):
    with pytest.raises(spark.SparkError, match=text):
        simulation(tutorial(), settings).advance(32)


def test_inputs_outputs_and_what_only_an_output_reads_are_watched():
    probes = {
        "in": {"path": "__call__.drive", "view": "trace"},
        "out": {"path": "action", "view": "trace"},
        "port": {"path": "integrator.signal", "view": "trace"},
        "wrong": {"path": "__call__.drve", "view": "trace"},
        "kind": {"path": "__call__.drive", "view": "raster"},
        "kept": {"path": "action", "view": "matrix"},
    }
    sim = simulation(tutorial(), {"inputs": {"drive": {"value": [0.5, -0.5, 0.25, 0]}}}, probes)
    found = {p["probe"]: p["message"] for p in sim.watchable()["probe_problems"]}
    assert found["wrong"] == "drve: is no input of the brain" and found["kind"] == "drive: cannot be shown as a raster"
    assert "Show it as a trace" in found["kept"] and len(found) == 3
    assert {"__call__.drive", "action", "integrator.signal"} <= {w["path"] for w in sim.watchable()["watchable"]}
    for chunk in (30, 20):
        frames = {header_of(f)["probe"]: (header_of(f), arrays_of(f)[0]) for f in sim.advance(chunk)}
        assert set(frames) == {"in", "out", "port"}
        for head, _ in frames.values():
            assert (head["until"] - head["first"], head["until"]) == (chunk, sim.step)
    np.testing.assert_array_equal(frames["in"][1], np.tile([0.5, -0.5, 0.25, 0], (20, 1)).astype(np.float32))
    np.testing.assert_array_equal(frames["out"][1], frames["port"][1])
    assert frames["out"][1].shape == (20, 2) and frames["out"][1].any()


def test_what_an_environment_shows_is_watched_as_an_input():
    sim = simulation(tutorial(), POLE, {"in": {"path": "__call__.drive", "view": "trace"}})
    frames = [f for f in sim.advance(32) if header_of(f).get("probe") == "in"]
    values = arrays_of(frames[0])[0]
    assert values.shape == (32, 4)
    assert (values[:16] == values[0]).all() and (values[16:] == values[16]).all() and (values[0] != values[16]).any()


def test_spikes_that_come_in_are_watched_as_a_raster_and_as_a_rate():
    document = small()
    document["nodes"]["n1"]["config"] = {"shape": [200], "payload_type": "SpikeArray", "dtype": "int8"}
    document["nodes"].pop("n2")
    document["edges"] = {"e1": {"from": ["n1", "value"], "to": ["n3", "in_spikes"], "order": 0}}
    probes = {v: {"path": "__call__.level", "view": v} for v in ("raster", "rate")}
    sim = simulation(document, {"inputs": {"level": {"rate": 50}}}, probes)
    frames = {header_of(f)["view"]: (header_of(f), arrays_of(f)) for f in sim.advance(100)}
    steps, units = frames["raster"][1]
    assert frames["raster"][0]["units"] == 200 and len(steps) == len(units) > 500
    assert frames["rate"][1][0].mean() == pytest.approx(len(steps) / 200 / 0.1)


def test_what_a_run_no_longer_has_is_said_too():
    sim = simulation(tutorial(), POLE)
    sim.advance(320)
    assert sim.status()["environment"]["name"] == "CartPole-v1" and sim.status()["activity"]
    sim.reset()
    assert sim.status()["activity"] == {}
    sim.change({"speed": 0}, {})
    assert sim.status()["environment"] is None

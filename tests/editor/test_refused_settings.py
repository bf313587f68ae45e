"""Settings of a run that are refused leave all as it was, and are refused again until they are mended."""

import io

import numpy as np
import pytest
from documents import small, tutorial
from test_server import ask, connect, in_loop

import spark
from spark.editor import gallery
from spark.editor.launch import GraphEditor
from spark.editor.simulation import Simulation
from spark.editor.worker import Worker
from spark.io.graph_config import brain_config

GOOD = {"inputs": {"level": {"value": 0.5}}, "speed": 0}
POLE = {"environment": "CartPole-v1", "observation": "drive", "action": "action", "speed": 0}


def config_of(document, units=None):
    if units is not None:
        document["nodes"]["n3"]["config"]["units"] = [units]
    return brain_config(document)[0]


def bad_file(tmp_path):
    np.save(tmp_path / "bad.npy", np.zeros((10, 7)))
    return {"inputs": {"level": {"file": str(tmp_path / "bad.npy")}}, "speed": 0}


@pytest.mark.parametrize("change", [{}, {"stop": {"nan": False}}])
def test_a_file_that_does_not_fit_is_refused_until_it_is_mended(tmp_path, change):
    sim, bad = Simulation(config_of(small()), GOOD, {}), {**bad_file(tmp_path), **change}
    for _ in range(3):
        with pytest.raises(spark.SparkError, match="needs rows of 5 finite numbers"):
            sim.change(bad, {})
    assert sim.settings == GOOD and sim.drives["level"].source == {"value": 0.5}
    np.save(tmp_path / "bad.npy", np.zeros((10, 5)))
    sim.change(bad, {})
    assert sim.settings == bad


@pytest.mark.parametrize(
    ("wrong", "text"),
    [({"environment": "NoSuch-v0"}, "cannot be made"), ({"observation": "nowhere"}, "needs one of the brain's ports")],
)
def test_an_environment_that_is_refused_is_refused_again_and_the_one_before_stays(wrong, text):
    sim = Simulation(config_of(tutorial()), POLE, {})
    world = sim.world
    for _ in range(2):
        with pytest.raises(spark.SparkError, match=text):
            sim.change({**POLE, **wrong}, {})
    assert sim.world is world
    sim.advance(32)
    assert sim.status()["environment"]["steps"] == 2


def test_a_brain_with_settings_that_are_refused_does_not_take_the_place_of_the_one_before(tmp_path):
    sim = Simulation(config_of(small()), GOOD, {})
    with pytest.raises(spark.SparkError, match="needs rows"):
        sim.swap(config_of(small(), 20), bad_file(tmp_path))
    assert sim.config == config_of(small()) and sim.brain.config.updated(check_numbers=False) == sim.config
    assert sim.advance(5) == [] and sim.step == 5


def test_a_reset_that_is_refused_leaves_the_run_as_it_was(tmp_path):
    given = bad_file(tmp_path)
    np.save(tmp_path / "bad.npy", np.zeros((10, 5)))
    sim = Simulation(config_of(small()), given, {})
    sim.advance(5)
    (tmp_path / "bad.npy").unlink()
    for _ in range(2):
        with pytest.raises(spark.SparkError, match="cannot be read"):
            sim.reset()
    assert sim.step == 5 and list(sim.drives) == ["level"]


def test_a_brain_that_was_refused_is_built_when_its_settings_are_mended(tmp_path):
    worker = Worker(io.BytesIO())
    config, other = (config_of(small(), n).to_dict() for n in (8, 20))
    worker.obey({"do": "load", "config": config, "settings": GOOD, "probes": {}})
    with pytest.raises(spark.SparkError, match="needs rows"):
        worker.obey({"do": "load", "config": other, "settings": bad_file(tmp_path), "probes": {}})
    worker.obey({"do": "swap", "config": other, "settings": GOOD, "probes": {}})
    assert worker.simulation.brain.config.to_dict()["modules_map"] == other["modules_map"]


def test_a_brain_that_came_with_its_state_goes_on_from_it_after_a_run_that_was_refused(tmp_path):
    brain = spark.nn.Brain(brain_config(gallery.document("noise"))[0])
    spark.run(brain, 123, {"level": spark.FloatArray(np.full(50, 0.3, np.float32))})
    editor = GraphEditor(brain, folder=tmp_path, drafts=tmp_path / "drafts").launch(browser=False)

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "apply", commands=[{"do": "set_run", "key": "environment", "value": "Nowhere-v1"}])
            failed = await ask(line, 2, "run")
            await ask(line, 3, "apply", commands=[{"do": "set_run", "key": "environment"}])
            return failed, await ask(line, 4, "step", steps=1)

    try:
        failed, stepped = in_loop(one())
    finally:
        editor.close()
    assert "cannot be made" in failed["error"]["problems"][0]["message"]
    assert stepped["ok"]["step"] == 124

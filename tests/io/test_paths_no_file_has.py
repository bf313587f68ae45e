"""A path that no file can have, with a null character or half a character, is refused in words."""

from pathlib import Path

import numpy as np
import pytest
from builders import drive, refused, tutorial_brain

import spark
from spark.editor.launch import GraphEditor
from spark.learn import CsvLog, JsonLinesLog, Plasticity, TensorBoardLog
from spark.sim.records.recording import Recording
from spark.worlds import CartPole

BAD = "a\0b"

CALLS = {
    "load_checkpoint.path": lambda path: spark.load_checkpoint(path),
    "save_checkpoint.path": lambda path: spark.save_checkpoint(tutorial_brain(), path),
    "load_model.path": lambda path: spark.load_model(path),
    "save_model.path": lambda path: spark.save_model(tutorial_brain(), path),
    "load_events.path": lambda path: spark.load_events(path),
    "save_events.path": lambda path: spark.save_events(spark.SpikeEvents(np.zeros(1), np.zeros(1, int)), path),
    "Checkpoints.folder": lambda path: spark.Checkpoints(path),
    "Recording.load.folder": lambda path: Recording.load(path),
    "run.to": lambda path: spark.run(tutorial_brain(), 1, {"drive": drive(0)}, record=["A"], to=path),
    "Plasticity.fit.to": lambda path: Plasticity().fit(tutorial_brain(), CartPole, episodes=1, to=path),
    "CsvLog.path": lambda path: CsvLog(path),
    "JsonLinesLog.path": lambda path: JsonLinesLog(path),
    "TensorBoardLog.folder": lambda path: TensorBoardLog(path),
    "GraphEditor.what": lambda path: GraphEditor(path),
    "GraphEditor.folder": lambda path: GraphEditor(folder=path),
}


def text(address: str, shown: str) -> str:
    return (
        f"{address}: has a character that no file's name has, got str {shown}; expected the path of a file or folder. "
        "Take out null characters and halves of a character"
    )


@pytest.mark.parametrize("address", CALLS)
def test_a_null_character_in_a_path_is_refused(address):
    with refused(spark.ArgumentError, text(address, r"'a\x00b'")):
        CALLS[address](BAD)


def test_a_null_character_in_a_path_object_is_refused():
    with refused(spark.ArgumentError, text("load_model.path", r"'a\x00b'")):
        spark.load_model(Path(BAD))


def test_half_a_character_in_a_path_is_refused():
    with refused(spark.ArgumentError, text("load_model.path", r"'a\ud800'")):
        spark.load_model("a\ud800")


def test_a_path_of_any_whole_characters_is_taken(tmp_path):
    path = tmp_path / "über \u4e16\U0001f9e0\n.spark.json"
    spark.save_model(tutorial_brain(), path)
    assert path.exists()
    assert spark.load_model(path).config == spark.load_model(str(path)).config

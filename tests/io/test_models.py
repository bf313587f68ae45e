"""Brains from model files and into them."""

import json

import numpy as np
import pytest
from builders import refused, tutorial_brain
from documents import small, tutorial

import spark
from spark.demo import tutorial_config
from spark.editor.launch import GraphEditor
from spark.io.graph_of import document_of
from spark.io.model_file import save_document, write_document
from spark.io.pictures import svg
from spark.nn import neurons


def test_a_saved_brain_is_loaded_equal(tmp_path):
    path = tmp_path / "mine.spark.json"
    spark.save_model(spark.nn.Brain(tutorial_config()), path)
    assert spark.load_model(path).config == tutorial_config()


def test_a_picture_is_loaded(tmp_path):
    path = tmp_path / "mine.svg"
    path.write_text(svg(tutorial()))
    assert spark.load_model(path).config == tutorial_config()


def test_everything_that_is_wrong_is_named_with_the_file(tmp_path):
    document = small()
    document["nodes"]["n3"]["config"] = {"units": [8], "async_spikes": True, "soma": {"thresold": 1}}
    del document["edges"]["e1"]
    path = tmp_path / "bad.spark.json"
    save_document(document, path)
    with pytest.raises(spark.FormatError) as caught:
        spark.load_model(path)
    assert len(caught.value.problems) == 2
    assert f"{path}: pool.config.soma.thresold: is unknown. Did you mean 'threshold'?" in str(caught.value)
    assert f"{path}: noise.signal: signal is not wired" in str(caught.value)


def test_a_file_in_which_a_name_is_misspelt_gives_no_brain_without_what_it_names(tmp_path):
    document = small()
    document["edges"]["e2"]["projections"] = {"weights": 200.0}
    document["meta"]["sede"] = 1
    path = tmp_path / "bad.spark.json"
    save_document(document, path)
    with pytest.raises(spark.FormatError) as caught:
        spark.load_model(path)
    assert f"{path}: edges.e2.projections: is unknown. Did you mean 'projection'?" in str(caught.value)
    assert f"{path}: meta.sede: is unknown. Did you mean 'seed'?" in str(caught.value)


def test_a_file_of_a_newer_version_says_so_before_names_that_only_that_version_knows(tmp_path):
    document = {**small(), "version": 99, "sounds": {}}
    path = tmp_path / "new.spark.json"
    path.write_text(json.dumps(document))
    with pytest.raises(spark.FormatError, match="has an unknown version, got 99") as caught:
        spark.load_model(path)
    assert len(caught.value.problems) == 1


def large(units):
    """A brain whose connections are a matrix of all pairs of so many units."""
    net = spark.Network(dt=0.1, seed=1)
    pool = net.pool("e", units, neurons.CurrentLIFNeuron)
    net.connect(pool, pool.excitation, np.full((units, units), 0.123456789))
    return net.config()


def test_a_model_file_that_nothing_could_open_again_is_not_written(tmp_path):
    """What stood there stays, and the error says where such a brain can be kept."""
    path = tmp_path / "big.spark.json"
    path.write_text("before")
    config = large(700)
    with pytest.raises(spark.SaveError, match=r"is too long, got [\d,]+ bytes; expected at most 8,388,608.*checkpoint"):
        spark.save_model(config, path)
    assert path.read_text() == "before"
    with pytest.raises(spark.SaveError, match=r"is too long.*`spark\.save_checkpoint`"):
        svg(document_of(config))
    with pytest.raises(spark.SaveError, match=r"is too long.*`spark\.save_checkpoint`"):
        GraphEditor(config, folder=tmp_path, drafts=tmp_path / "drafts")
    path.write_bytes(write_document(document_of(config)))
    with pytest.raises(spark.FormatError, match=r"is too long.*`spark\.save_checkpoint`"):
        spark.load_model(path)
    spark.save_checkpoint(spark.nn.Brain(config), tmp_path / "big.safetensors")
    assert spark.load_checkpoint(tmp_path / "big.safetensors").config == config


def test_a_text_that_is_too_long_to_be_read_is_not_written(tmp_path):
    path = tmp_path / "a.spark.json"
    with pytest.raises(spark.SaveError, match="holds text that is too long"):
        spark.save_model(tutorial_config(), path, "x" * 70_000)
    assert not path.exists()


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(spark.FormatError, match=r"has another ending than \.spark\.json. Call it a\.spark\.json"):
        spark.save_model(tutorial_config(), tmp_path / "a.json")


def test_a_picture_that_is_not_there_is_named(tmp_path):
    with pytest.raises(spark.FormatError, match=r"none\.png: cannot be read: No such file"):
        spark.load_model(tmp_path / "none.png")


@pytest.mark.parametrize("name", ["", " \n"])
def test_a_blank_title_is_refused(name, tmp_path):
    text = (
        f"name: is no title, got {name!r}; expected text that can be read. "
        "Leave it out, and the title is that of the file"
    )
    with refused(spark.FormatError, text):
        spark.save_model(tutorial_brain(), tmp_path / "a.spark.json", name=name)
    assert not list(tmp_path.iterdir())


def test_half_a_character_in_a_text_is_refused_before_a_file_is_written(tmp_path):
    path = tmp_path / "a.spark.json"
    text = (
        f"{path}: a text has half a character, got '\\ud800'; expected whole ones. "
        "Look through names, descriptions and the title"
    )
    with refused(spark.SaveError, text):
        spark.save_model(tutorial_brain(), path, name="brain \ud800")
    assert not list(tmp_path.iterdir())

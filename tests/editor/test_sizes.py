"""The memory that a brain will need, told before it is built."""

import pytest

from spark.core.memory import free_memory, machine_memory
from spark.editor import gallery
from spark.editor.history import History
from spark.editor.shapes import heavy_nodes
from spark.io.graph_config import brain_config


def memory(document):
    return heavy_nodes(document, brain_config(document)[0])


def noise(units, **config):
    history = History(gallery.document("noise"))
    history.apply([{"do": "configure", "ids": ["n3"], "path": ["units"], "value": [units]}])
    for path, value in config.items():
        history.apply([{"do": "configure", "ids": ["n3"], "path": path.split("__"), "value": value}])
    return history.document


def test_a_small_brain_has_no_word_about_memory():
    assert memory(gallery.document("cartpole")) == {}


def test_dense_weights_need_four_bytes_for_each_pair_of_units():
    document = noise(10_000_000, synapses__kernel={"initializer": "ConstantInitializer", "value": 1.0})
    assert memory(document)["n3"] == pytest.approx(50 * 1e7 * 4, rel=0.3)


def test_a_pool_that_is_too_large_is_named_and_nothing_is_built():
    assert memory(noise(10**12))["n3"] > 1e13


def test_a_recurrent_wire_counts_and_a_density_too():
    history = History(noise(100_000))
    sparse = memory(history.document).get("n3", 0)
    history.apply([{"do": "connect", "begin": ["n3", "out_spikes"], "end": ["n3", "in_spikes"]}])
    # A fifth of the connections are there: each with its place beside its weight.
    assert memory(history.document)["n3"] - sparse == pytest.approx(0.2 * 1e10 * 16, rel=0.1)


def test_units_behind_a_brain_count_as_if_they_stood_outside():
    history = History(noise(2_000_000))
    before = memory(history.document)["n3"]
    history.apply([{"do": "encapsulate", "ids": ["n2"]}])
    assert memory(history.document)["n3"] == before


def test_a_machine_can_give_no_more_than_it_has():
    assert 0 < free_memory() <= machine_memory()

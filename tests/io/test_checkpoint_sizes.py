"""A checkpoint whose config describes a brain too large for its state, or for memory, is refused before it is built."""

import re

import hostile
import pytest

import spark
from spark.io import checkpoint

POOL, OTHER = (("config", "modules_map", name, "config") for name in ("pool", "other"))
TOO_MANY = {"connectivity": "FixedTotalNumber", "number": 10**13}


def refused(path, monkeypatch):
    """What is said of a checkpoint that must not be built."""

    def built(*_, **__):
        raise AssertionError("it was built")

    monkeypatch.setattr(checkpoint, "build", built)
    with pytest.raises(spark.FormatError) as caught:
        spark.load_checkpoint(path)
    return str(caught.value)


def test_a_brain_of_more_units_than_the_file_holds_is_refused(tmp_path, monkeypatch):
    largest = []

    def change(manifest, arrays):
        largest.append(max(array.size for array in arrays.values()))
        hostile._manifest(*POOL, "units", [largest[0] + 1])(manifest, arrays)

    said = refused(hostile.checkpoint_with(change)(tmp_path), monkeypatch)
    expected = f"has {largest[0] + 1:,} units, and the file holds {largest[0]:,} at most"
    assert f"bad.safetensors: config.modules_map.pool.config.units: {expected}" in said


def test_a_brain_that_no_machine_holds_is_refused(tmp_path, monkeypatch):
    path = hostile.checkpoint_with(hostile._manifest(*OTHER, "excitatory", "connections", TOO_MANY))(tmp_path)
    said = refused(path, monkeypatch)
    assert re.search(r"config: describes a brain of [\d,]{6,} GB, and this machine has [\d,]+ GB", said)

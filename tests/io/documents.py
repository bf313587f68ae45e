"""Documents that tests share."""

import copy
import functools

from spark.demo import tutorial_config
from spark.editor import gallery
from spark.io.graph_of import document_of
from spark.io.model_file import new_document

TUTORIAL = document_of(tutorial_config(), "tutorial")


def tutorial():
    """The tutorial's brain: nodes n1 drive, n2 spiker, n3 neurons_pool, n4 integrator, n5 action."""
    return copy.deepcopy(TUTORIAL)


def small():
    """A quick brain: an input of 5 numbers, a spiker, a pool of 8, with a wire to itself."""
    document = new_document("small")
    document["nodes"] = {
        "n1": _node("Input", "level", {"shape": [5], "payload_type": "FloatArray", "dtype": "float32"}, 0),
        "n2": _node("PoissonSpiker", "noise", {"max_freq": 200.0}, 300),
        "n3": _node("LIFNeuron", "pool", {"units": [8], "async_spikes": True}, 600),
    }
    document["edges"] = {
        "e1": {"from": ["n1", "value"], "to": ["n2", "signal"], "order": 0},
        "e2": {"from": ["n2", "spikes"], "to": ["n3", "in_spikes"], "order": 0},
        "e3": {"from": ["n3", "out_spikes"], "to": ["n3", "in_spikes"], "order": 1},
    }
    document["run"] = {"inputs": {"level": {"value": 0.5}}}
    return document


def _node(type_name, name, config, x):
    return {"type": type_name, "name": name, "parent": None, "config": config, "ui": {"x": x, "y": 0}}


def examples():
    """All of the gallery, to be changed by who asks."""
    return copy.deepcopy(_gallery())


@functools.cache
def _gallery():
    return {name: gallery.document(name) for name in gallery.EXAMPLES}

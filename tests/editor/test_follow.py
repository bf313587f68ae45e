"""What names nodes follows them when they are renamed, moved between brains, or removed."""

import copy

import pytest
from documents import small, tutorial

from spark.editor.command_table import CommandError
from spark.editor.history import History
from spark.editor.shapes import deep_check
from spark.io.graph_config import brain_config
from spark.nn import Brain
from spark.sim.recordable import recordables
from spark.sim.run import build

WATCHED = {
    "p1": {"path": "neurons_pool.out_spikes", "view": "raster", "node": "n3", "settings": {}},
    "p2": {"path": "neurons_pool.soma.potential", "view": "trace", "node": None, "settings": {"units": [0]}},
    "p3": {"path": "action", "view": "trace", "node": None, "settings": {}},
    "p4": {"path": "nowhere.at_all", "view": "trace", "node": None, "settings": {}},
}


def watched():
    document = tutorial()
    names = {n["name"]: k for k, n in document["nodes"].items()}
    document["probes"] = copy.deepcopy(WATCHED)
    document["run"] = {
        "environment": "CartPole-v1",
        "observation": "drive",
        "action": "action",
        "inputs": {"drive": {"value": 0.5}},
    }
    return document, names


def paths(history):
    return {k: p["path"] for k, p in history.document["probes"].items()}


def do(history, *commands):
    return history.apply(list(commands), shapes=deep_check(history.document)[0])[0][0]


def all_can_be_recorded(history):
    config, problems = brain_config(history.document)
    assert problems == []
    brain = Brain(config)
    build(brain)
    return all(p in recordables(brain) for k, p in paths(history).items() if k != "p4")


def test_probes_follow_a_renamed_module_and_a_renamed_output():
    document, names = watched()
    history = History(document)
    do(history, {"do": "rename", "id": names["neurons_pool"], "name": "cells"})
    do(history, {"do": "rename", "id": names["action"], "name": "push"})
    expected = {"p1": "cells.out_spikes", "p2": "cells.soma.potential", "p3": "push", "p4": "nowhere.at_all"}
    assert paths(history) == expected and all_can_be_recorded(history)


def test_probes_follow_modules_into_a_brain_and_out_again_and_undo_brings_back_the_bytes():
    document, names = watched()
    first = copy.deepcopy(document)
    history = History(document)
    inner = do(history, {"do": "encapsulate", "ids": [names["spiker"], names["neurons_pool"]]})["id"]
    assert paths(history)["p1"] == "inner.neurons_pool.out_spikes" and all_can_be_recorded(history)
    do(history, {"do": "rename", "id": inner, "name": "cortex"})
    assert paths(history)["p2"] == "cortex.neurons_pool.soma.potential" and all_can_be_recorded(history)
    do(history, {"do": "unpack", "id": inner})
    assert paths(history) == {k: p["path"] for k, p in WATCHED.items()} and all_can_be_recorded(history)
    while history.undo():
        pass
    assert history.document == first


def test_two_names_that_are_swapped_in_one_step_swap_their_probes():
    document, names = watched()
    document["probes"]["p5"] = {"path": "spiker.spikes", "view": "raster", "node": None, "settings": {}}
    history = History(document)
    do(
        history,
        {"do": "rename", "id": names["spiker"], "name": "between"},
        {"do": "rename", "id": names["neurons_pool"], "name": "spiker"},
        {"do": "rename", "id": names["spiker"], "name": "neurons_pool"},
    )
    assert paths(history)["p1"] == "spiker.out_spikes" and paths(history)["p5"] == "neurons_pool.spikes"


def test_a_probe_of_what_is_removed_goes_whoever_put_it_there():
    document, names = watched()
    history = History(document)
    do(history, {"do": "remove", "ids": [names["neurons_pool"]]})
    do(history, {"do": "remove", "ids": [names["action"]]})
    assert set(paths(history)) == {"p4"}


def test_a_probe_that_comes_with_the_new_name_is_left_as_it_is():
    document, names = watched()
    history = History(document)
    probe = {"do": "put_probe", "path": "cells.out_spikes", "view": "rate", "id": "p9"}
    do(history, {"do": "rename", "id": names["neurons_pool"], "name": "cells"}, probe)
    assert paths(history)["p9"] == "cells.out_spikes"


def test_how_a_brain_is_run_follows_its_ports():
    document, names = watched()
    history = History(document)
    do(history, {"do": "rename", "id": names["drive"], "name": "seen"})
    do(history, {"do": "rename", "id": names["action"], "name": "push"})
    assert history.document["run"] == {
        "environment": "CartPole-v1",
        "observation": "seen",
        "action": "push",
        "inputs": {"seen": {"value": 0.5}},
    }
    do(history, {"do": "remove", "ids": [names["drive"]]})
    assert history.document["run"] == {"environment": "CartPole-v1", "action": "push", "inputs": {}}


def test_an_input_inside_a_brain_says_nothing_of_how_the_brain_is_run():
    document, names = watched()
    history = History(document)
    do(history, {"do": "encapsulate", "ids": [names["spiker"], names["neurons_pool"]]})
    inner = next(k for k, n in history.document["nodes"].items() if n["type"] == "Input" and n["parent"])
    assert history.document["nodes"][inner]["name"] == "drive"
    do(history, {"do": "rename", "id": inner, "name": "seen"})
    assert history.document["run"]["observation"] == "drive"


def test_a_frame_loses_removed_nodes_and_goes_with_the_last():
    history = History(small())
    key = do(history, {"do": "group", "ids": ["n2", "n3"]})["id"]
    do(history, {"do": "remove", "ids": ["n3"]})
    assert history.document["groups"][key]["nodes"] == ["n2"]
    do(history, {"do": "remove", "ids": ["n2"]})
    assert history.document["groups"] == {}


def test_a_frame_goes_into_a_brain_with_its_nodes_and_where_some_stay_holds_the_brain():
    history = History(small())
    both = do(history, {"do": "group", "ids": ["n2", "n3"]})["id"]
    some = do(history, {"do": "group", "ids": ["n1", "n3"]})["id"]
    inner = do(history, {"do": "encapsulate", "ids": ["n2", "n3"]})["id"]
    groups = history.document["groups"]
    assert groups[both]["parent"] == inner and groups[both]["nodes"] == ["n2", "n3"]
    assert groups[some]["parent"] is None and groups[some]["nodes"] == ["n1", inner]


def test_unpacking_a_brain_puts_its_modules_into_the_frame_that_it_is_in():
    history = History(small())
    frame = do(history, {"do": "group", "ids": ["n1", "n3"]})["id"]
    first = copy.deepcopy(history.document["groups"])
    inner = do(history, {"do": "encapsulate", "ids": ["n3"]})["id"]
    do(history, {"do": "unpack", "id": inner})
    assert history.document["groups"] == first
    # A brain alone in its frame too.
    inner = do(history, {"do": "encapsulate", "ids": ["n2", "n3"]})["id"]
    do(history, {"do": "remove", "ids": [frame]})
    frame = do(history, {"do": "group", "ids": [inner]})["id"]
    do(history, {"do": "unpack", "id": inner})
    assert history.document["groups"][frame]["nodes"] == ["n2", "n3"]


def inner_brain():
    """A brain inside the brain with an input and an output, wired and watched outside."""
    document = small()
    document["nodes"]["n4"] = {"type": "Output", "name": "out", "parent": None, "config": {}, "ui": {"x": 900, "y": 0}}
    document["edges"]["e4"] = {"from": ["n3", "out_spikes"], "to": ["n4", "value"], "order": 0}
    history = History(document)
    inner = do(history, {"do": "encapsulate", "ids": ["n2", "n3"]})["id"]
    ports = {n["type"]: k for k, n in history.document["nodes"].items() if n.get("parent") == inner}
    put = history.document["nodes"][ports["Output"]]["name"]
    do(history, {"do": "put_probe", "path": f"inner.{put}", "view": "raster", "node": inner})
    return history, inner, ports


def outer_ends(history, inner):
    return {tuple(e[end]) for e in history.document["edges"].values() for end in ("from", "to") if e[end][0] == inner}


@pytest.mark.parametrize("kind", ["Input", "Output"])
def test_wires_outside_go_with_a_port_that_is_deleted_inside_and_come_back_with_it(kind):
    history, inner, ports = inner_brain()
    before = copy.deepcopy(history.document)
    assert len(outer_ends(history, inner)) == 2
    do(history, {"do": "remove", "ids": [ports[kind]]})
    assert len(outer_ends(history, inner)) == 1
    assert len(history.document["probes"]) == (1 if kind == "Input" else 0)
    history.undo()
    assert history.document == before


def test_wires_and_probes_outside_follow_the_name_of_a_port_inside():
    history, inner, ports = inner_brain()
    do(history, *({"do": "rename", "id": ports[kind], "name": kind[0]} for kind in ports))
    assert outer_ends(history, inner) == {(inner, "I"), (inner, "O")}
    assert list(paths(history).values()) == ["inner.O"]


def test_a_frame_around_nodes_of_two_brains_is_refused():
    history = History(small())
    do(history, {"do": "encapsulate", "ids": ["n3"]})
    with pytest.raises(CommandError, match="a frame stands in one brain"):
        do(history, {"do": "group", "ids": ["n2", "n3"]})


def test_an_output_takes_payload_and_shape_from_its_wire():
    history = History(tutorial())
    nodes = {n["name"]: k for k, n in history.document["nodes"].items()}

    def output():
        return {k: v for k, v in history.document["nodes"][nodes["action"]]["config"].items() if k != "description"}

    before = output()
    do(history, {"do": "configure", "ids": [nodes["integrator"]], "path": ["num_outputs"], "value": 5})
    assert output() == {**before, "shape": [5]}
    do(history, {"do": "configure", "ids": [nodes["action"]], "path": ["shape"], "value": [3]})
    assert output()["shape"] == [5]
    history.undo()
    assert output() == before
    # Another wire, of another payload: also one that was refused for the payload that it had before.
    (wire,) = [k for k, e in history.document["edges"].items() if e["to"][0] == nodes["action"]]
    do(
        history,
        {"do": "remove", "ids": [wire]},
        {"do": "connect", "begin": [nodes["neurons_pool"], "out_spikes"], "end": [nodes["action"], "value"]},
    )
    assert output() == {"payload_type": "SpikeArray", "shape": [256], "dtype": "int8"}
    assert brain_config(history.document)[1] == []


def test_a_second_wire_of_another_payload_into_an_output_is_refused():
    history = History(tutorial())
    nodes = {n["name"]: k for k, n in history.document["nodes"].items()}
    with pytest.raises(CommandError, match="takes FloatArray"):
        do(history, {"do": "connect", "begin": [nodes["spiker"], "spikes"], "end": [nodes["action"], "value"]})


def test_what_watches_an_input_follows_its_name_and_goes_with_it():
    document, names = watched()
    document["probes"]["p5"] = {"path": "__call__.drive", "view": "trace", "node": names["drive"], "settings": {}}
    history = History(document)
    do(history, {"do": "rename", "id": names["drive"], "name": "seen"})
    assert paths(history)["p5"] == "__call__.seen"
    do(history, {"do": "remove", "ids": [names["drive"]]})
    assert "p5" not in paths(history)

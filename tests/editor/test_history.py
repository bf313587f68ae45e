"""Commands: what each does, and that every one can be undone."""

import copy
import random

import pytest
from documents import examples, small, tutorial
from hypothesis import given, settings
from hypothesis import strategies as st

import spark
from spark.editor.command_table import COMMANDS, CommandError
from spark.editor.history import History
from spark.editor.shapes import deep_check
from spark.editor.wires import copied
from spark.io.graph_config import brain_config
from spark.io.model_file import new_document, read_document, write_document

TYPES = ["LIFNeuron", "Pool", "PoissonSpiker", "ExponentialIntegrator", "Brain", "Input", "Output"]


def random_command(document, draw: random.Random):
    """A command that could come from a page; some of them cannot be done."""
    nodes, edges = list(document["nodes"]), list(document["edges"])
    some = draw.sample(nodes, min(len(nodes), draw.randint(1, 3))) if nodes else ["n0"]
    any_node = draw.choice(nodes or ["n0"])
    ports = ["value", "spikes", "out_spikes", "in_spikes", "signal", "nothing", "excitation", "fast"]
    receptor = draw.choice(["excitation", "fast", "slow"])
    kind = draw.choice(["JumpConfig", "CurrentConfig", "NMDAConfig", "none"])
    dendrite, dendrites = draw.choice(["apical", "tuft"]), ["LeakyDendriteConfig", "PlateauDendriteConfig", "none"]
    return draw.choice(
        [
            {
                "do": "add",
                "type": draw.choice(TYPES),
                "x": draw.randint(-500, 500),
                "y": 0,
                "parent": draw.choice([None, any_node]),
            },
            {"do": "remove", "ids": some},
            {"do": "remove", "ids": edges[:1] or ["e0"]},
            {"do": "move", "places": {k: [draw.uniform(-9, 9), draw.uniform(-9, 9)] for k in some}},
            {"do": "rename", "id": any_node, "name": f"name_{draw.randint(0, 9)}"},
            {
                "do": "configure",
                "ids": some,
                "path": draw.choice([["units"], ["soma", "threshold"], ["x"]]),
                "value": draw.choice([1, [3], "a"]),
            },
            {"do": "configure", "ids": some, "path": ["soma", "threshold"], "reset": True},
            {
                "do": "connect",
                "begin": [any_node, draw.choice(ports)],
                "end": [draw.choice(nodes or ["n0"]), draw.choice(ports)],
            },
            {
                "do": "configure",
                "ids": edges[-1:] or ["e0"],
                "path": draw.choice([["weights"], ["rule", "rate"], ["pattern"]]),
                "value": draw.choice([2.0, {"connectivity": "OneToOne"}, "a"]),
                "reset": draw.choice([True, False]),
            },
            {"do": "put_projection", "id": draw.choice(edges or ["e0"]), "own": draw.choice([True, False])},
            {"do": "put_receptor", "id": any_node, "name": receptor, "receptor": kind},
            {
                "do": "rename_receptor",
                "id": any_node,
                "name": receptor,
                "to": draw.choice(["fast", "a b", "excitation"]),
            },
            {"do": "remove_receptor", "id": any_node, "name": receptor},
            {"do": "put_dendrite", "id": any_node, "name": dendrite, "dendrite": draw.choice(dendrites)},
            {"do": "configure", "ids": some, "path": ["onto", receptor], "value": dendrite},
            {"do": "rename_dendrite", "id": any_node, "name": dendrite, "to": draw.choice(["tuft", "fast", "soma"])},
            {"do": "remove_dendrite", "id": any_node, "name": dendrite},
            {"do": "reorder", "id": draw.choice(edges or ["e0"]), "place": draw.randint(0, 3)},
            {"do": "set_meta", "key": draw.choice(["name", "seed", "dt"]), "value": draw.choice([None, 3, "x"])},
            {"do": "set_run", "key": "speed", "value": draw.choice([0, 1, None])},
            {"do": "set_input", "name": draw.choice(["drive", "other"]), "source": {"value": draw.random()}},
            {"do": "put_note", "text": "words", "x": 1, "y": 2},
            {"do": "group", "ids": some},
            {"do": "put_probe", "path": "a.b", "view": draw.choice(["raster", "trace"]), "node": any_node},
            {"do": "align", "ids": some, "how": draw.choice(["left", "row", "middle"])},
            {"do": "lay_out"},
            {"do": "paste", "data": copied(document, some), "x": 5, "y": 5},
            {"do": "duplicate", "ids": some},
            {"do": "encapsulate", "ids": some},
            {"do": "unpack", "id": any_node},
            {"do": "promote", "id": any_node, "port": draw.choice(ports), "output": draw.choice([True, False])},
        ]
    )


def apply_random(history, draw, count):
    done = 0
    while done < count:
        try:
            done += bool(history.apply([random_command(history.document, draw)])[1])
        except CommandError:
            continue


@pytest.mark.parametrize("seed", range(3))
def test_200_commands_undone_give_the_first_bytes_and_redone_the_last(seed):
    history = History(tutorial())
    first = write_document(history.document)
    apply_random(history, random.Random(seed), 200)
    last = write_document(history.document)
    assert last != first and len(history.done) == 200
    while history.undo():
        pass
    assert write_document(history.document) == first
    while history.redo():
        pass
    assert write_document(history.document) == last


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_whatever_was_done_the_document_can_be_written_and_checked(draw):
    history = History(small())
    apply_random(history, draw, 20)
    document = read_document("file", write_document(history.document))
    assert document == history.document
    config, problems = brain_config(document)
    assert (config is None) == bool(problems)


def test_every_command_is_among_the_random_ones():
    draw = random.Random(1)
    seen = {random_command(tutorial(), draw)["do"] for _ in range(2000)}
    assert seen == set(COMMANDS)


def one(document, **command):
    history = History(document)
    return history, history.apply([command], shapes=deep_check(document)[0])[0][0]


def test_a_command_that_fails_changes_nothing_and_takes_the_others_of_its_step_back():
    history = History(small())
    before = copy.deepcopy(history.document)
    commands = [
        {"do": "add", "type": "LIFNeuron"},
        {"do": "connect", "begin": ["n1", "value"], "end": ["n3", "in_spikes"]},
    ]
    with pytest.raises(CommandError, match="pool.in_spikes takes SpikeArray, and level.value gives FloatArray"):
        history.apply(commands)
    assert history.document == before and not history.done


REFUSED = {
    "an unknown command": ({"do": "explode"}, "there is no command 'explode'"),
    "an unknown module": ({"do": "add", "type": "LIFNeurn"}, "'LIFNeurn' is no module. Did you mean 'LIFNeuron'"),
    "a module inside of a pool": ({"do": "add", "type": "LIFNeuron", "parent": "n3"}, "only a brain has nodes inside"),
    "what is not there": ({"do": "remove", "ids": ["n77"]}, "there is nothing with the id 'n77'"),
    "a name twice": ({"do": "rename", "id": "n3", "name": "noise"}, "noise: is the name of another node"),
    "a name that is none": ({"do": "rename", "id": "n3", "name": "a b"}, "a b"),
    "a wire twice": ({"do": "connect", "begin": ["n2", "spikes"], "end": ["n3", "in_spikes"]}, "wired already"),
    "a wire from an input": (
        {"do": "connect", "begin": ["n3", "in_spikes"], "end": ["n3", "in_spikes"]},
        "a wire goes from an output to an input",
    ),
    "a wire from nowhere": (
        {"do": "connect", "begin": ["n3", "spiks"], "end": ["n3", "in_spikes"]},
        "pool has no output 'spiks'",
    ),
    "an unknown property": ({"do": "set_meta", "key": "format", "value": 1}, "a document has no property 'format'"),
    "a brain of ports": ({"do": "encapsulate", "ids": ["n1"]}, "a brain is made of some modules"),
    "unpacking a pool": ({"do": "unpack", "id": "n3"}, "only a brain can be unpacked"),
    "a port that is none": ({"do": "promote", "id": "n3", "port": "spiks", "output": True}, "pool has no such port"),
    "arguments that are none": ({"do": "move", "places": 3}, "move cannot be done so"),
    "no clipboard": ({"do": "paste", "data": {"nodes": []}}, "clipboard: nodes: is not an object"),
    "a clipboard of something else": ({"do": "paste", "data": []}, "the clipboard holds no part of a brain. Copy"),
    "an empty clipboard": ({"do": "paste", "data": {}}, "the clipboard holds no part of a brain. Copy"),
    "a seed that is text": ({"do": "set_meta", "key": "seed", "value": "x"}, "meta.seed: must be a whole number"),
    "a seed below 0": ({"do": "set_meta", "key": "seed", "value": -1}, "must be a whole number from 0 on, got -1"),
    "a step with a unit": ({"do": "set_meta", "key": "dt", "value": "0.5 ms"}, "dt: must be a number of ms above 0"),
    "a step of no length": ({"do": "set_meta", "key": "dt", "value": 0}, "must be a number of ms above 0, got 0"),
    "a box that is text": ({"do": "set_meta", "key": "check_numbers", "value": "no"}, "must be true or false"),
    "an input that is self": ({"do": "rename", "id": "n1", "name": "self"}, "'self' is the name of something"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_says_why(name):
    command, text = REFUSED[name]
    history = History(small())
    with pytest.raises(spark.SparkError) as caught:
        history.apply([command])
    assert text in str(caught.value)
    assert history.document == small()


def test_a_new_node_can_run_at_once():
    for type_name in ("LIFNeuron", "CurrentLIFNeuron", "ExponentialIntegrator", "TopologicalLinearSpiker"):
        history, made = one(small(), do="add", type=type_name)
        _, problems = brain_config(history.document)
        assert {p.problem.kind for p in problems if p.node == made["id"]} <= {"missing"}
        assert all(p.field not in ("units", "num_outputs") for p in problems)


def test_a_new_node_is_wired_to_where_a_wire_was_dropped():
    history, made = one(small(), do="add", type="ExponentialIntegrator", wire={"from": ["n3", "out_spikes"]})
    assert history.document["edges"]["e4"]["to"] == [made["id"], "spikes"]
    history, made = one(small(), do="add", type="Output", wire={"from": ["n3", "out_spikes"]})
    assert history.document["nodes"][made["id"]]["config"]["payload_type"] == "SpikeArray"


def test_no_two_records_have_one_id():
    history = History(tutorial())
    for command in ({"do": "put_note", "text": "a"}, {"do": "group", "ids": ["n2"]}, {"do": "add", "type": "Input"}):
        history.apply([command])
    history.apply([{"do": "put_probe", "path": "a.b", "view": "raster"}])
    tables = ("nodes", "edges", "notes", "groups", "probes")
    keys = [key for table in tables for key in history.document[table]]
    assert len(set(keys)) == len(keys)


def test_a_note_is_moved_and_removed_without_the_nodes():
    history, note = one(tutorial(), do="put_note", text="a", x=1, y=2)
    history.apply([{"do": "move", "places": {note["id"]: [7, 8]}}])
    assert history.document["notes"][note["id"]]["ui"] == {"x": 7, "y": 8}
    assert history.document["nodes"] == tutorial()["nodes"]
    history.apply([{"do": "remove", "ids": [note["id"]]}])
    assert history.document == tutorial()


def test_removing_a_node_takes_its_wires_and_probes():
    document = small()
    document["probes"]["p1"] = {"path": "pool.out_spikes", "view": "raster", "node": "n3"}
    history, _ = one(document, do="remove", ids=["n3"])
    assert list(history.document["edges"]) == ["e1"] and not history.document["probes"]


def test_moves_that_follow_each_other_are_one_step():
    history = History(small())
    for x in range(5):
        history.apply([{"do": "move", "places": {"n3": [x, x]}}], join="drag")
    assert len(history.done) == 1
    history.undo()
    assert history.document == small()


def test_the_first_wire_can_become_the_last():
    history, _ = one(small(), do="reorder", id="e2", place=1)
    assert history.document["edges"]["e3"]["order"] == 0 and history.document["edges"]["e2"]["order"] == 1


def test_pasting_gives_new_ids_and_names_and_keeps_the_wires_inside():
    history, made = one(small(), do="paste", data=copied(small(), ["n2", "n3"]), x=0, y=500)
    names = {history.document["nodes"][k]["name"] for k in made["ids"]}
    assert names == {"noise_2", "pool_2"}
    assert len(history.document["edges"]) == 5
    ys = {history.document["nodes"][k]["ui"]["y"] for k in made["ids"]}
    assert ys == {500}


def test_what_is_duplicated_lies_a_little_aside_as_if_it_had_been_copied_and_pasted():
    there = small()
    there["notes"]["t1"] = {"text": "words", "parent": None, "ui": {"x": -60, "y": 5}}
    ids = ["n2", "n3", "t1"]
    places = [(there["nodes"] | there["notes"])[k]["ui"] for k in ids]
    x, y = (min(p[a] for p in places) + 40 for a in ("x", "y"))
    duplicated, made = one(there, do="duplicate", ids=ids)
    pasted, _ = one(there, do="paste", data=copied(there, ids), x=x, y=y)
    assert duplicated.document == pasted.document and len(made["ids"]) == 3
    assert duplicated.undo() and duplicated.document == there


def test_a_copied_brain_takes_its_inside_along():
    history, made = one(small(), do="encapsulate", ids=["n2", "n3"])
    data = copied(history.document, [made["id"]])
    assert len(data["nodes"]) == 4
    (pasted,) = history.apply([{"do": "paste", "data": data}])[0][0]["ids"]
    assert sum(n.get("parent") == pasted for n in history.document["nodes"].values()) == 3


def test_taking_modules_into_a_brain_and_out_again_gives_an_equal_brain():
    before, _ = brain_config(tutorial())
    history, made = one(tutorial(), do="encapsulate", ids=["n2", "n3"])
    nested, problems = brain_config(history.document)
    assert problems == [] and set(nested.modules_map) == {"inner", "integrator"}
    assert nested.modules_map["inner"].config.transparent
    history.apply([{"do": "unpack", "id": made["id"]}])
    assert brain_config(history.document)[0] == before


def test_a_promoted_port_is_a_port_of_the_brain():
    history, made = one(tutorial(), do="encapsulate", ids=["n2", "n3"])
    shapes = deep_check(history.document)[0]
    history.apply([{"do": "promote", "id": "n2", "port": "spikes", "output": True}], shapes=shapes)
    outputs = [n for n in history.document["nodes"].values() if n.get("parent") == made["id"] and n["type"] == "Output"]
    assert {"neurons_pool_out_spikes", "spikes"} == {n["name"] for n in outputs}
    promoted = next(n for n in outputs if n["name"] == "spikes")
    assert promoted["config"] == {"shape": [4, 128], "dtype": "int8", "payload_type": "SpikeArray"}
    assert brain_config(history.document)[1] == []


def test_wires_follow_the_name_of_a_brains_port():
    document = examples()["nested"]
    inner = next(k for k, n in document["nodes"].items() if n["type"] == "Input" and n.get("parent"))
    history, _ = one(document, do="rename", id=inner, name="seen")
    assert brain_config(history.document)[1] == []


@pytest.mark.parametrize(
    ("how", "axis", "expected"),
    [("left", "x", [0, 0, 0]), ("right", "x", [90, 90, 90]), ("center", "x", [45, 45, 45]), ("row", "x", [0, 45, 90])],
)
def test_nodes_are_aligned(how, axis, expected):
    document = small()
    for key, x in zip(("n1", "n2", "n3"), (0, 10, 90), strict=True):
        document["nodes"][key]["ui"] = {"x": x, "y": x}
    history, _ = one(document, do="align", ids=["n1", "n2", "n3"], how=how)
    assert [history.document["nodes"][k]["ui"][axis] for k in ("n1", "n2", "n3")] == expected


def test_the_layout_goes_from_inputs_to_outputs():
    history, _ = one(tutorial(), do="lay_out")
    xs = [history.document["nodes"][f"n{i}"]["ui"]["x"] for i in range(1, 6)]
    assert xs == sorted(xs) and len(set(xs)) == 5


def test_no_two_nodes_of_a_layout_overlap():
    document = small()
    history = History(document)
    for _ in range(30):
        history.apply([{"do": "add", "type": "LIFNeuron", "wire": {"from": ["n2", "spikes"]}}])
    history.apply([{"do": "lay_out"}])
    places = [(n["ui"]["x"], n["ui"]["y"]) for n in history.document["nodes"].values()]
    assert len(set(places)) == len(places)


def test_inputs_that_are_set_one_after_the_other_keep_what_the_others_were_set_to():
    history = History(new_document())
    for name, value in (("a", 0.1), ("b", 0.2), ("a", [0, 0])):
        history.apply([{"do": "set_input", "name": name, "source": {"value": value}}])
    history.apply([{"do": "set_input", "name": "a", "source": {"value": 0.5}, "unit": 1}])
    assert history.document["run"]["inputs"] == {"a": {"value": [0, 0.5]}, "b": {"value": 0.2}}
    with pytest.raises(CommandError, match=r"a: the input has no value of its own for unit 2"):
        history.apply([{"do": "set_input", "name": "a", "source": {"value": 0.5}, "unit": 2}])

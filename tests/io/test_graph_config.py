"""From documents to brains and back, and every problem at its node, wire or field."""

import copy

import numpy as np
import pytest
from documents import examples, small, tutorial

import spark
from spark.demo import tutorial_config
from spark.editor.history import History
from spark.editor.shapes import deep_check
from spark.io.graph_config import brain_config
from spark.io.graph_of import document_of
from spark.nn import Brain


def test_the_tutorials_brain_comes_back():
    config, problems = brain_config(tutorial())
    assert problems == []
    assert config == tutorial_config()


@pytest.mark.parametrize("name", examples())
def test_examples_come_back(name):
    config, problems = brain_config(examples()[name])
    assert problems == []
    again, _ = brain_config(document_of(config, name))
    assert again == config


def test_seed_and_dt_stand_in_the_documents_meta():
    config = tutorial_config().updated(seed=7, dt=0.5)
    document = document_of(config)
    assert (document["meta"]["seed"], document["meta"]["dt"]) == (7, 0.5)
    assert brain_config(document)[0] == config


def test_the_order_of_wires_is_kept():
    document = tutorial()
    document["edges"]["e2"]["order"], document["edges"]["e3"]["order"] = 1, 0
    config, _ = brain_config(document)
    assert [w.origin for w in config.modules_map["neurons_pool"].inputs["in_spikes"]] == ["neurons_pool", "spiker"]


def put(table, key, record):
    return lambda d: d[table].update({key: record})


def node(key, **changes):
    return lambda d: d["nodes"][key].update(changes)


def config(key, **changes):
    return lambda d: d["nodes"][key]["config"].update(changes)


def drop(table, key):
    return lambda d: d[table].pop(key)


def inside(d):
    d["nodes"]["n8"] = {"type": "Brain", "name": "inner", "config": {}, "ui": {}}
    d["nodes"]["n9"] = {"type": "LIFNeuron", "name": "deep", "parent": "n8", "config": {"units": [2]}, "ui": {}}


# What is changed in the small brain; kind, node, edge, field of the one problem that there must be; a part of its text.
DEFECTS = {
    "unknown type": (node("n3", type="LIFNeurn"), "unknown-type", "n3", None, None, "is not installed"),
    "unknown field": (config("n3", unitz=[3]), "unknown", "n3", None, "unitz", "is unknown"),
    "unknown nested field": (config("n3", soma={"x": 1}), "unknown", "n3", None, "soma.x", "is unknown"),
    "out of bounds": (config("n3", soma={"potential_tau": -1.0}), "bounds", "n3", None, "soma.potential_tau", "> 0 ms"),
    "missing field": (lambda d: d["nodes"]["n3"]["config"].pop("units"), "missing", "n3", None, "units", "is missing"),
    "wrong type of value": (config("n3", async_spikes="maybe"), "type", "n3", None, "async_spikes", "True or False"),
    "illegal name": (node("n3", name="my pool"), "name", "n3", None, "name", "my pool"),
    "missing wire": (drop("edges", "e1"), "missing", "n2", None, "signal", "is not wired"),
    "wrong payload": (
        put("edges", "e9", {"from": ["n1", "value"], "to": ["n3", "in_spikes"]}),
        "payload",
        "n3",
        "e9",
        None,
        "got FloatArray",
    ),
    "unknown port at the end": (
        put("edges", "e9", {"from": ["n2", "spikes"], "to": ["n3", "nowhere"]}),
        "unknown-port",
        "n3",
        "e9",
        None,
        "no such input port",
    ),
    "unknown port at the beginning": (
        put("edges", "e9", {"from": ["n2", "nothing"], "to": ["n3", "in_spikes"], "order": 5}),
        "unknown-port",
        "n3",
        "e9",
        None,
        "no such output port",
    ),
    "a wire from nowhere": (
        put("edges", "e9", {"from": ["n77", "x"], "to": ["n3", "in_spikes"]}),
        "dangling",
        None,
        "e9",
        None,
        "not there",
    ),
    "a wire out of another brain": (
        lambda d: put("nodes", "n8", {"type": "Input", "name": "far", "parent": "n3", "config": {}})(d),
        "orphan",
        "n8",
        None,
        None,
        "no brain",
    ),
    "an output without a wire": (
        put("nodes", "n8", {"type": "Output", "name": "out", "config": {"shape": [8]}}),
        "missing",
        "n8",
        None,
        "value",
        "takes one wire, got 0",
    ),
    "an unknown payload": (config("n1", payload_type="Floats"), "type", "n1", None, "payload_type", "is no payload"),
    "an impossible shape": (config("n1", shape=[0]), "shape", "n1", None, "shape", "is not a shape"),
    "a dtype that does not fit": (config("n1", dtype="int8"), "dtype", "n1", None, "dtype", "does not fit"),
    "a step of the brain that is none": (
        lambda d: d["meta"].update(dt=-1.0),
        "bounds",
        None,
        None,
        "dt",
        "must be > 0",
    ),
    "a misspelt table": (
        lambda d: d.update(nots={}),
        "unknown-name",
        None,
        None,
        None,
        "nots: is unknown. Did you mean 'n",
    ),
    "a misspelt property": (
        lambda d: d["meta"].update(sede=3),
        "unknown-name",
        None,
        None,
        None,
        "meta.sede: is unknown. Did you mean 'seed'?",
    ),
    "a property with a capital": (
        lambda d: d["meta"].update(Dt=0.5),
        "unknown-name",
        None,
        None,
        None,
        "meta.Dt: is unknown. Did you mean 'dt'?",
    ),
    "a misspelt field of a node": (
        node("n3", confg={"units": [9]}),
        "unknown-name",
        "n3",
        None,
        None,
        "nodes.n3.confg: is unknown. Did you mean 'config'?",
    ),
    "a misspelt field of an input": (
        config("n1", shapes=[30]),
        "unknown-name",
        "n1",
        None,
        None,
        "nodes.n1.config.shapes: is unknown. Did you mean 'shape'?",
    ),
    "a misspelt projection": (
        lambda d: d["edges"]["e2"].update(projections={"weights": 200.0}),
        "unknown-name",
        None,
        "e2",
        None,
        "edges.e2.projections: is unknown. Did you mean 'projection'?",
    ),
    "a weight beside a projection": (
        lambda d: d["edges"]["e2"].update(weight=3),
        "unknown-name",
        None,
        "e2",
        None,
        "edges.e2.weight: is unknown. Known: 'from', 'order', 'projection', 'to'",
    ),
    "a misspelt place": (
        lambda d: d["nodes"]["n3"]["ui"].update(hight=3),
        "unknown-name",
        "n3",
        None,
        None,
        "nodes.n3.ui.hight: is unknown. Did you mean 'height'?",
    ),
    "a misspelt note": (
        put("notes", "t1", {"txt": ""}),
        "unknown-name",
        None,
        None,
        None,
        "notes.t1.txt: is unknown. Did you mean 'text'?",
    ),
    "a misspelt frame": (
        put("groups", "g1", {"nodes": [], "nam": "x"}),
        "unknown-name",
        None,
        None,
        None,
        "groups.g1.nam: is unknown. Did you mean 'name'?",
    ),
    "a misspelt probe": (
        put("probes", "p1", {"path": "pool", "veiw": "raster"}),
        "unknown-name",
        None,
        None,
        None,
        "probes.p1.veiw: is unknown. Did you mean 'view'?",
    ),
    "a misspelt setting of a run": (
        lambda d: d["run"].update(enviroment="CartPole-v1"),
        "unknown-name",
        None,
        None,
        None,
        "run.enviroment: is unknown. Did you mean 'environment'?",
    ),
    "a misspelt source of an input": (
        lambda d: d["run"]["inputs"]["level"].update(valeu=1),
        "unknown-name",
        None,
        None,
        None,
        "run.inputs.level.valeu: is unknown. Did you mean 'value'?",
    ),
    "a misspelt condition": (
        lambda d: d["run"].update(stop={"silense": 10}),
        "unknown-name",
        None,
        None,
        None,
        "run.stop.silense: is unknown. Did you mean 'silence'?",
    ),
    "a problem deep inside": (inside, "missing", "n9", None, "async_spikes", "is missing"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_one_defect_is_found_where_it_is(name):
    change, kind, at, edge, field, text = DEFECTS[name]
    document = small()
    change(document)
    config, problems = brain_config(document)
    assert config is None
    first = [p for p in problems if p.problem.kind == kind]
    assert len(first) == 1, problems
    assert (first[0].node, first[0].edge, first[0].field) == (at, edge, field)
    assert text in str(first[0].problem)


def test_one_defect_is_one_problem():
    """But for what is wired to a broken module, nothing follows from a defect."""
    for name in (
        "unknown type",
        "unknown field",
        "out of bounds",
        "missing wire",
        "wrong payload",
        "a wire from nowhere",
    ):
        document = small()
        DEFECTS[name][0](document)
        assert len(brain_config(document)[1]) == 1, name


def test_every_misspelt_setting_of_an_inner_brain_is_named():
    document = small()
    inside(document)
    document["nodes"]["n8"]["config"] = {"sede": 1, "Dt": 0.5}
    told = [str(p.problem) for p in brain_config(document)[1]]
    assert "inner.sede: is no field of a brain. Did you mean 'seed'?" in told
    assert "inner.Dt: is no field of a brain. Did you mean 'dt'?" in told


def test_problems_come_together():
    document = small()
    for name in ("unknown nested field", "missing wire", "an output without a wire"):
        DEFECTS[name][0](document)
    assert {p.problem.kind for p in brain_config(document)[1]} == {"unknown", "missing"}
    assert len(brain_config(document)[1]) == 3


def test_an_empty_document_says_what_to_do():
    (found,) = brain_config(spark.io.model_file.new_document())[1]
    assert str(found.problem) == "the brain holds no module. Add one: press Space"


def test_a_brain_in_a_brain_has_the_full_address():
    document = small()
    inside(document)
    (problem,) = brain_config(document)[1]
    assert problem.problem.address == "inner.deep.config.async_spikes"


def test_a_transparent_brain_changes_no_result():
    """Modules in it draw as if they stood outside, and their spikes are visible in the same step."""
    flat, _ = brain_config(small())
    document = copy.deepcopy(small())
    history = History(document)
    history.apply([{"do": "encapsulate", "ids": ["n2", "n3"]}], shapes=deep_check(document)[0])
    nested, problems = brain_config(document)
    assert problems == []
    inputs = {"level": spark.FloatArray(np.full(5, 0.5, np.float32))}
    one = spark.run(Brain(flat), 200, inputs, record="pool.out_spikes")["pool.out_spikes"]
    name = "inner.pool.out_spikes"
    other = spark.run(Brain(nested), 200, inputs, record=name)[name]
    assert one.sum() > 20
    assert (one == other).all()


@pytest.mark.parametrize("node", ["n1", "n3"])
def test_an_input_or_a_module_named_self_is_a_problem_at_its_node(node):
    document = small()
    document["nodes"][node]["name"] = "self"
    _, found = brain_config(document)
    assert any(f.node == node and "'self' is the name of something" in str(f.problem) for f in found)

"""Model files: canonical, lossless, tolerant of what they do not know, and strict with what they are not."""

import copy
import json

import pytest
from documents import examples, small, tutorial
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark.io import model_file
from spark.io.model_file import load_document, new_document, read_document, save_document, write_document

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,10}", fullmatch=True)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
NODES = st.fixed_dictionaries(
    {"type": NAMES, "name": NAMES, "config": st.dictionaries(NAMES, PLAIN, max_size=3)},
    optional={"future": PLAIN, "parent": st.none() | IDS},
)
EDGES = st.fixed_dictionaries({"from": st.tuples(IDS, NAMES).map(list), "to": st.tuples(IDS, NAMES).map(list)})


@given(
    st.dictionaries(IDS.map("n{}".format), NODES, max_size=4),
    st.dictionaries(IDS.map("e{}".format), EDGES, max_size=4),
    PLAIN,
)
def test_reading_what_was_written_gives_the_same_and_writing_it_the_same_bytes(nodes, edges, more):
    document = {**new_document(), "nodes": nodes, "edges": edges, "future": more}
    data = write_document(document)
    assert read_document("file", data) == document
    assert write_document(read_document("file", data)) == data


def test_bytes_do_not_depend_on_the_order_of_keys():
    document = tutorial()
    turned = {k: dict(reversed(v.items())) if isinstance(v, dict) else v for k, v in reversed(document.items())}
    assert write_document(turned) == write_document({k: turned[k] for k in document})


def test_one_record_stands_on_one_line():
    lines = write_document(tutorial()).decode().splitlines()
    assert sum('"neurons_pool"' in line for line in lines) == 1
    assert len(lines) < 40


def test_an_unknown_type_and_a_dangling_wire_are_kept():
    document = small()
    document["nodes"]["n9"] = {"type": "FromTheFuture", "name": "x", "config": {"a": [1]}, "shine": True}
    document["edges"]["e9"] = {"from": ["n77", "y"], "to": ["n9", "z"], "order": 3}
    document["horizon"] = {"a": 1}
    assert read_document("file", write_document(document)) == document


def bad(change):
    document = small()
    change(document)
    return json.dumps(document)


HOSTILE = {
    "nothing": "",
    "no JSON": "{",
    "a list": "[]",
    "another format": '{"format": "netlist"}',
    "a newer version": bad(lambda d: d.update(version=99)),
    "a version that is a list": bad(lambda d: d.update(version=[1])),
    "NaN": '{"format": "spark graph", "version": 1, "meta": {"x": NaN}}',
    "infinity": '{"format": "spark graph", "version": 1, "meta": {"x": 1e999}}',
    "a name twice": '{"format": "spark graph", "format": "spark graph", "version": 1}',
    "a number of 5,000 digits": '{"format": "spark graph", "version": 1, "meta": {"x": ' + "9" * 5000 + "}}",
    "a number beyond 64 bits": '{"format": "spark graph", "version": 1, "meta": {"x": ' + "9" * 30 + "}}",
    "deep nesting": '{"format": "spark graph", "version": 1, "meta": ' + "[" * 500 + "]" * 500 + "}",
    "deeper nesting": '{"format": "spark graph", "version": 1, "meta": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "long text": bad(lambda d: d["meta"].update(name="x" * 70_000)),
    "half a character": '{"format": "spark graph", "version": 1, "meta": {"name": "\\ud800"}}',
    "no UTF-8": b"\xff\xfe{}",
    "nodes as a list": bad(lambda d: d.update(nodes=[])),
    "a node as text": bad(lambda d: d["nodes"].update(n9="x")),
    "an id with a slash": bad(lambda d: d["nodes"].update({"../n": d["nodes"]["n1"]})),
    "an empty id": bad(lambda d: d["nodes"].update({"": d["nodes"]["n1"]})),
    "a node without a type": bad(lambda d: d["nodes"]["n1"].pop("type")),
    "a name that is a number": bad(lambda d: d["nodes"]["n1"].update(name=3)),
    "a config that is a list": bad(lambda d: d["nodes"]["n1"].update(config=[])),
    "a place that is text": bad(lambda d: d["nodes"]["n1"].update(ui={"x": "left"})),
    "a parent that is a number": bad(lambda d: d["nodes"]["n1"].update(parent=1)),
    "a wire with one end": bad(lambda d: d["edges"]["e1"].pop("to")),
    "a wire with three ends": bad(lambda d: d["edges"]["e1"].update(to=["a", "b", "c"])),
    "an order that is text": bad(lambda d: d["edges"]["e1"].update(order="first")),
    "a probe without a path": bad(lambda d: d["probes"].update(p1={"view": "raster"})),
    "one id for a node and a note": bad(lambda d: d["notes"].update(n1={"text": ""})),
    "a group of numbers": bad(lambda d: d["groups"].update(g1={"name": "g", "nodes": [1]})),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_document_is_refused_with_its_address(text):
    with pytest.raises(spark.FormatError, match="file"):
        read_document("file", text)


@given(st.data())
def test_a_file_with_changed_bytes_is_a_document_or_refused(data):
    whole = bytearray(write_document(small()))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    try:
        read_document("file", bytes(whole))
    except spark.FormatError as error:
        assert all(p.address.startswith("file") for p in error.problems)


def test_too_many_records_are_refused():
    document = new_document()
    document["notes"] = {f"n{i}": {"text": ""} for i in range(model_file.MOST_RECORDS + 1)}
    with pytest.raises(spark.FormatError, match="too many records"):
        model_file.check_document("file", document)


def test_an_older_version_is_brought_to_this_one(monkeypatch):
    def from_zero(document):
        return {**document, "version": 1, "nodes": {k: {**n, "type": n["kind"]} for k, n in document["nodes"].items()}}

    monkeypatch.setitem(model_file.MIGRATIONS, 0, from_zero)
    old = small()
    old["version"] = 0
    for node in old["nodes"].values():
        node["kind"] = node.pop("type")
    assert read_document("file", json.dumps(old))["nodes"]["n3"]["type"] == "LIFNeuron"


def test_a_saved_file_is_read_back(tmp_path):
    path = tmp_path / "a.spark.json"
    save_document(tutorial(), path)
    assert load_document(path) == tutorial()
    assert [p.name for p in tmp_path.iterdir()] == ["a.spark.json"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(spark.FormatError, match=r"none\.spark\.json: cannot be read: No such file"):
        load_document(tmp_path / "none.spark.json")


def test_a_file_that_is_too_long_is_not_read(tmp_path):
    path = tmp_path / "a.spark.json"
    with path.open("wb") as file:
        file.truncate(model_file.MOST_BYTES + 1)
    with pytest.raises(spark.FormatError, match="too long"):
        load_document(path)


@pytest.mark.parametrize("name", examples())
def test_examples_are_documents(name):
    document = examples()[name]
    assert read_document("file", write_document(copy.deepcopy(document))) == document


@pytest.mark.parametrize(
    ("table", "record", "why"),
    [
        ("notes", {"text": None}, "notes.t1.text: must be text, got None"),
        ("notes", {"text": 5}, "notes.t1.text: must be text, got 5"),
        ("notes", {}, "notes.t1.text: must be text"),
        ("groups", {"name": 5, "nodes": []}, "groups.t1.name: must be text, got 5"),
    ],
)
def test_a_note_or_a_group_without_text_is_refused(table, record, why):
    document = {**new_document(), table: {"t1": record}}
    with pytest.raises(spark.FormatError, match=why):
        model_file.check_document("", document)

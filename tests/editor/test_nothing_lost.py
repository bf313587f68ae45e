"""Commands are checked, written down, and only then count: nothing that a page sends wedges a session or is lost."""

import asyncio
import copy
import errno
import inspect
import json
import os
from pathlib import Path

import pytest
from builders import in_a_loop_of_its_own
from documents import small, tutorial
from drawing import some
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pools import dendritic_document

import spark
from spark.editor import journal
from spark.editor import shapes as shapes_module
from spark.editor.app import Editor, answer_to, as_text
from spark.editor.command_table import COMMANDS, CommandError
from spark.editor.history import History
from spark.editor.live import Connection, Live
from spark.editor.paths import Root
from spark.editor.session import Session, new_session_id
from spark.editor.shapes import deep_check
from spark.editor.wires import copied
from spark.io.graph_config import brain_config
from spark.io.model_file import check_document, read_document, write_document

DEEP = json.loads("[" * 80 + "]" * 80)
NONSENSE = [
    None, True, -1, 2**70, 0.5, float("nan"), float("inf"), -float("inf"), "", "\ud83d", "x\n'\"", "²", "é" * 70_000,
    "n99", "__call__", [], ["\ud83d"], [["n1"]], {}, {"": ""}, {"a": float("inf")}, {"n1": [1]}, DEEP, {1: 2}, object(),
]  # fmt: skip
RIGHT = {
    "add": {"type": "LIFNeuron", "x": 1, "y": 2, "name": "a", "parent": None, "config": {},
            "wire": {"from": ["n2", "spikes"]}},
    "remove": {"ids": ["n3"]},
    "move": {"places": {"n1": [1, 2]}},
    "rename": {"id": "n3", "name": "other"},
    "configure": {"ids": ["n3"], "path": ["soma", "threshold"], "value": -50.0, "reset": False},
    "connect": {"begin": ["n2", "spikes"], "end": ["n3", "in_spikes"]},
    "reorder": {"id": "e3", "place": 0},
    "set_meta": {"key": "name", "value": "b"},
    "set_run": {"key": "speed", "value": 2},
    "set_input": {"name": "drive", "source": {"value": 1}, "unit": None},
    "put_note": {"id": None, "text": "words", "x": 1, "y": 1, "parent": None},
    "group": {"ids": ["n2", "n3"], "name": "g", "id": None},
    "put_probe": {"path": "pool.out_spikes", "view": "raster", "node": "n3", "id": None, "settings": {}},
    "align": {"ids": ["n2", "n3"], "how": "left"},
    "lay_out": {"parent": None},
    "paste": {"data": copied(small(), ["n2", "n3"]), "x": 1, "y": 1, "parent": None},
    "duplicate": {"ids": ["n2", "n3"], "parent": None},
    "encapsulate": {"ids": ["n2", "n3"], "name": "inner"},
    "unpack": {"id": "n3"},
    "promote": {"id": "n3", "port": "out_spikes", "output": True},
    "put_projection": {"id": "e2", "own": True},
    "put_receptor": {"id": "n4", "name": "gaba", "receptor": "JumpConfig"},
    "rename_receptor": {"id": "n4", "name": "ampa", "to": "fast"},
    "remove_receptor": {"id": "n4", "name": "ampa"},
    "put_dendrite": {"id": "n4", "name": "oblique", "dendrite": "PlateauDendriteConfig"},
    "rename_dendrite": {"id": "n4", "name": "apical", "to": "tuft"},
    "remove_dendrite": {"id": "n4", "name": "apical"},
}  # fmt: skip
POOLED = {"put_projection"} | {
    f"{do}_{what}" for do in ("put", "rename", "remove") for what in ("receptor", "dendrite")
}


@pytest.fixture
def session(tmp_path):
    (tmp_path / "files").mkdir()
    return Session(Root(tmp_path / "files"), tmp_path / "drafts", new_session_id(), small())


def restarted(session):
    return Session(session.root, session._journal.path.parent, session.id)


def test_every_argument_of_every_command_is_known_here():
    for name, function in COMMANDS.items():
        assert set(RIGHT[name]) == set(inspect.signature(function).parameters) - {"draft"}


@pytest.mark.parametrize("name", some(COMMANDS, 2, thorough=1))
def test_a_nonsense_argument_is_refused_or_leaves_a_document_that_can_be_written_and_read(name):
    refused = 0
    for argument in RIGHT[name]:
        for wrong in NONSENSE:
            history = History(dendritic_document() if name in POOLED else small())
            before = write_document(history.document)
            try:
                history.apply([{"do": name, **RIGHT[name], argument: wrong}])
            except CommandError as error:
                refused += 1
                assert error.problems[0].message
                assert write_document(history.document) == before and not history.done
            else:
                assert read_document("file", write_document(history.document)) == history.document
                brain_config(history.document)
                history.undo()
                assert write_document(history.document) == before
    assert refused > 0 or name == "lay_out"


@pytest.mark.parametrize(
    ("commands", "said"),
    [
        ([{"do": "put_note", "text": "\ud83d"}], r"notes\.t1\.text: holds text that is no Unicode"),
        ([{"do": "move", "places": {"n1": [float("inf"), 0]}}], r"nodes\.n1\.ui\.x: holds a number that is not finite"),
        ([{"do": "set_run", "key": "noted", "value": float("nan")}], r"run\.noted: holds a number that is not finite"),
        ([{"do": "set_run", "key": "inputs", "value": [1]}], r"run\.inputs: must be an object"),
        ([{"do": "set_meta", "key": "name", "value": 3}], r"meta\.name: must be text, got 3"),
        ([{"do": "put_note", "text": "a", "parent": "n3"}], r"notes\.t1\.parent: is no brain, got 'n3'"),
        ([{"do": "put_probe", "path": "a", "view": "trace", "id": "n1"}], r"probes\.n1: is the id of another record"),
        ([{"do": "configure", "ids": ["n3"], "path": ["x"], "value": DEEP}], r"is nested too deeply"),
        ([{"do": "configure", "ids": ["n3"], "path": [3], "value": 1}], r"nodes\.n3\.config: has a name that"),
        ([{"do": "lay_out"}, 5], "commands must be a list of objects"),
        ([{"do": ["add"]}], r"there is no command \['add'\]"),
    ],
)  # fmt: skip
def test_what_no_file_can_hold_is_refused_with_its_place(session, commands, said):
    before = write_document(session.document)
    with pytest.raises(CommandError, match=said):
        session.apply([{"do": "add", "type": "LIFNeuron"}, *commands])
    assert write_document(session.document) == before and not session.dirty
    session.apply([{"do": "add", "type": "LIFNeuron"}])
    assert restarted(session).document == session.document


def test_a_document_cannot_grow_beyond_what_is_opened_again(session):
    with pytest.raises(CommandError, match="bytes; expected at most 8,388,608"):
        session.apply([{"do": "put_note", "text": "a" * 65_000}] * 130)
    assert not session.document["notes"]


def test_a_brain_cannot_stand_inside_itself_or_too_many_others():
    ring = tutorial()
    for key, parent in (("c1", "c2"), ("c2", "c1")):
        ring["nodes"][key] = {"type": "Brain", "name": key, "parent": parent, "config": {}, "ui": {}}
    config, problems = brain_config(check_document("file", ring))
    assert config is None
    assert {(p.node, p.problem.message) for p in problems} == {
        ("c1", "stands inside itself"),
        ("c2", "stands inside itself"),
    }
    # What else is in the document can be worked with, and the ring be taken away.
    history = History(ring)
    history.apply([{"do": "add", "type": "LIFNeuron"}])
    history.apply([{"do": "remove", "ids": ["c1"]}])
    assert not {"c1", "c2"} & set(history.document["nodes"])

    history, key = History(small()), "n3"
    with pytest.raises(CommandError, match="stands in too many brains; expected at most 32 inside each other"):
        for _ in range(40):
            key = history.apply([{"do": "encapsulate", "ids": [key]}])[0][0]["id"]
    deep = small()
    for i in range(5000):
        parent = f"b{i - 1}" if i else None
        deep["nodes"][f"b{i}"] = {"type": "Brain", "name": f"b{i}", "parent": parent, "config": {}, "ui": {}}
    config, (problem,) = brain_config(check_document("file", deep))
    assert config is None and problem.node == "b32"


@pytest.mark.parametrize("written", [0, 5])
@pytest.mark.parametrize("kind", ["do", "join", "undo", "redo"])
def test_a_full_disk_refuses_a_step_leaves_the_document_and_later_steps_are_kept(session, monkeypatch, kind, written):
    def step(x):
        session.apply([{"do": "move", "places": {"n1": [x, 0]}}], join="a")

    ways = {"do": lambda: session.apply([{"do": "lay_out"}]), "join": lambda: step(3), "undo": session.undo}
    step(1)
    session.apply([{"do": "put_note", "text": "a"}])
    if kind == "redo":
        session.undo()
    if kind == "join":
        step(2)
    document, done, undone = copy.deepcopy(session.document), len(session.history.done), len(session.history.undone)
    real = os.write

    def full(handle, data):
        real(handle, bytes(data)[:written])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "write", full)
        with pytest.raises(spark.SaveError, match="draft: .* No space left on device. Nothing was changed. Make room"):
            ways.get(kind, session.redo)()
    assert session.document == document
    assert (len(session.history.done), len(session.history.undone)) == (done, undone)
    ways.get(kind, session.redo)()
    session.apply([{"do": "add", "type": "LIFNeuron"}])
    again = restarted(session)
    assert again.document == session.document and not again.left_out
    while session.undo():
        again.undo()
    assert again.document == session.document == small()


def test_a_draft_stays_in_its_folder_when_the_program_goes_to_another(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    editor = Editor(Path("."), Path("drafts"), first=small(), checkpoint="brain.safetensors")
    live = editor.open(None)
    monkeypatch.chdir(tmp_path / "elsewhere")
    live.session.apply([{"do": "put_note", "text": "a"}])
    live.session.save("a")
    live.session.apply([{"do": "put_note", "text": "b"}])
    assert not list((tmp_path / "elsewhere").iterdir()) and (tmp_path / "a.spark.json").exists()
    assert live.checkpoint == str(tmp_path / "brain.safetensors")
    again = Session(Root(tmp_path), tmp_path / "drafts", live.session.id)
    assert len(again.document["notes"]) == 2


def test_what_is_done_after_a_line_that_was_cut_off_is_kept(session):
    session.apply([{"do": "put_note", "text": "a"}])
    path = session._journal.path
    path.write_bytes(path.read_bytes()[:-9])
    again = restarted(session)
    assert not again.document["notes"]
    again.apply([{"do": "put_note", "text": "b"}])
    again.apply([{"do": "put_note", "text": "c"}])
    assert [n["text"] for n in restarted(again).document["notes"].values()] == ["b", "c"]


def test_a_draft_that_cannot_be_begun_leaves_the_session_with_its_document(session, monkeypatch):
    session.apply([{"do": "put_note", "text": "a"}])
    before = copy.deepcopy(session.document)

    def full(*_):
        raise spark.SaveError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(journal, "write_atomically", full)
        with pytest.raises(spark.SaveError):
            session.take(tutorial())
    assert session.document == before and session.dirty
    assert restarted(session).document == before


def test_a_saved_file_is_saved_also_where_its_draft_cannot_be_begun_anew(session, monkeypatch):
    session.apply([{"do": "put_note", "text": "a"}])

    def full(*_):
        raise spark.SaveError("no room")

    monkeypatch.setattr(journal, "write_atomically", full)
    assert session.save("a") == "a.spark.json" and not session.dirty
    assert restarted(session).document == session.document


def test_a_change_of_a_draft_that_is_unsound_is_named_and_what_came_before_is_kept(session, tmp_path):
    session.apply([{"do": "put_note", "text": "a"}])
    lines = [
        {"do": [["notes", "t2", None, {"text": "b", "ui": {"x": "right"}}]]},
        {"do": [["nodes", "n1", None, None]]},
        {"do": [["run", "inputs", {"level": {"value": 0.5}}, 7]]},
        {"do": [["elsewhere", "n1", None, {}]]},
        {"perhaps": []},
        [],
    ]
    said = [
        "notes.t2.ui",
        "does not follow",
        "run.inputs: must be",
        "does not follow",
        "does not follow",
        "is no change",
    ]
    whole = session._journal.path.read_bytes()
    for line, why in zip(lines, said, strict=True):
        session._journal.path.write_bytes(whole + json.dumps(line).encode() + b"\n")
        again = restarted(session)
        assert again.document == session.document
        (problem,) = again.left_out
        assert "change 2" in problem.address and why in str(problem)


REQUESTS = [
    ("apply", {"commands": [{"do": "add", "type": "LIFNeuron"}]}),
    ("undo", {}),
    ("new", {}),
    ("open_example", {"name": "noise"}),
    ("open_file", {"path": "a.spark.json"}),
    ("save", {"path": "deep/b"}),
    ("files", {}),
    ("export", {"kind": "model"}),
    ("restore", {"draft": "a" * 24}),
]


def asked(live, do, arguments):
    """Every answer that a page gets, as it is sent."""

    async def one():
        connection = Connection()
        live.connections.add(connection)
        await answer_to(live, connection, json.dumps({"id": 7, "do": do, **arguments}))
        await asyncio.sleep(0)
        return [json.loads(as_text(said)) for said in connection.texts]

    return [said for said in in_a_loop_of_its_own(one()) if said.get("reply") == 7]


@pytest.mark.parametrize(("do", "arguments"), REQUESTS, ids=[r[0] for r in REQUESTS])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RecursionError("deep"), MemoryError()]
)
def test_every_request_is_answered_whatever_fails_below_it(session, monkeypatch, do, arguments, error):
    session.apply([{"do": "put_note", "text": "a"}])
    (session.root.folder / "a.spark.json").write_bytes(write_document(tutorial()))
    live = Live(session)

    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patched:
        for module, name in ((journal.os, "write"), (journal, "write_atomically"), (os, "makedirs"), (os, "scandir")):
            patched.setattr(module, name, fail)
        (first,) = asked(live, do, arguments)
    assert "error" in first or do in ("save", "export", "files")
    (then,) = asked(live, "apply", {"commands": [{"do": "put_note", "text": "b"}]})
    assert "ok" in then and restarted(session).document == session.document


def test_an_answer_that_is_no_json_says_so():
    assert json.loads(as_text({"reply": 3, "ok": float("nan")}))["reply"] == 3
    assert "cannot be sent" in as_text({"push": "run", "rate": float("inf")})


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        ({"do": "encapsulate", "ids": ["n2", "n3"]}, [2]),
        ({"do": "promote", "id": "n2", "port": "spikes", "output": True}, [4, 128]),
    ],
)
def test_no_brain_is_built_in_the_server_and_ports_have_their_shapes(session, monkeypatch, command, shape):
    session.take(tutorial())
    shapes_module._deep_check.cache_clear()
    monkeypatch.setattr(shapes_module, "build", lambda _: pytest.fail("it was built in the server"))
    (said,) = asked(Live(session), "apply", {"commands": [command]})
    assert "ok" in said
    made = [n["config"].get("shape") for n in session.document["nodes"].values() if n["type"] in ("Input", "Output")]
    assert shape in made


def test_a_pool_of_a_billion_units_is_not_built_for_a_check(monkeypatch):
    document = small()
    document["nodes"]["n3"]["type"] = "AdExNeuron"
    document["nodes"]["n3"]["config"] = {"units": [1_000_000_000]}
    document["edges"] = {
        f"e{i}": {"from": ["n2", "spikes"], "to": ["n3", port], "order": 0}
        for i, port in enumerate(("excitation", "inhibition"))
    }
    document["edges"]["e9"] = {"from": ["n1", "value"], "to": ["n2", "signal"], "order": 0}
    for port in ("excitatory", "inhibitory"):
        document["nodes"]["n3"]["config"][port] = {"connections": {"connectivity": "FixedTotalNumber", "number": 3}}
    monkeypatch.setattr(shapes_module, "build", lambda _: pytest.fail("it was built"))
    assert deep_check(document) == ({}, [])


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["from", "to", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@pytest.mark.thorough
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_commands_leave_a_session_that_a_restart_brings_back(session, data):
    for _ in range(4):
        name = data.draw(st.sampled_from(sorted(COMMANDS)))
        arguments = dict(RIGHT[name])
        for changed in data.draw(st.sets(st.sampled_from(sorted(arguments)), max_size=2)):
            arguments[changed] = data.draw(plain)
        try:
            session.apply([{"do": name, **arguments}], data.draw(st.sampled_from([None, "a"])))
        except CommandError:
            continue
    again = restarted(session)
    assert write_document(again.document) == write_document(session.document) and not again.left_out
    assert again.dirty == session.dirty

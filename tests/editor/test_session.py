"""Sessions: files, conflicts, and drafts that survive."""

import os
import signal
import subprocess
import sys
import time

import pytest
from documents import small, tutorial
from drawing import some

import spark
from spark.editor.journal import Journal, drafts
from spark.editor.paths import Root
from spark.editor.session import ConflictError, Session, new_session_id
from spark.io.model_file import load_document, write_document


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    return Root(folder)


@pytest.fixture
def states(tmp_path):
    return tmp_path / "drafts"


def session(root, states, document=None, id=None):
    return Session(root, states, id or new_session_id(), document)


ADD = [{"do": "add", "type": "LIFNeuron"}]


def test_saved_and_opened_is_the_same(root, states):
    one = session(root, states, tutorial())
    assert one.save("a") == "a.spark.json"
    assert not one.dirty
    other = session(root, states)
    other.open("a.spark.json")
    assert other.document == tutorial() and not other.dirty


def test_a_change_makes_it_dirty_and_undo_clean(root, states):
    one = session(root, states, tutorial())
    one.save("a")
    one.apply(ADD)
    assert one.dirty
    one.undo()
    assert not one.dirty


def test_the_second_save_of_one_file_is_refused_with_a_choice(root, states):
    session(root, states, tutorial()).save("a")
    one, other = session(root, states), session(root, states)
    for each in (one, other):
        each.open("a.spark.json")
        each.apply(ADD)
    other.apply(ADD)
    one.save()
    with pytest.raises(
        ConflictError, match=r"a\.spark\.json: was changed by somebody else .* Overwrite it, save under"
    ):
        other.save()
    assert load_document(root.folder / "a.spark.json") == one.document
    other.save("b")
    other.open("a.spark.json")
    other.apply(ADD)
    other.save()


def test_an_existing_file_is_not_overwritten_unasked(root, states):
    session(root, states, tutorial()).save("a")
    other = session(root, states, small())
    with pytest.raises(ConflictError, match="is there already"):
        other.save("a")
    other.save("a", overwrite=True)
    assert load_document(root.folder / "a.spark.json") == small()


def test_a_draft_is_taken_up_where_it_ended_with_its_history(root, states):
    one = session(root, states, tutorial())
    one.apply(ADD)
    one.apply([{"do": "move", "places": {"n1": [5, 5]}}], join="a")
    one.apply([{"do": "move", "places": {"n1": [6, 6]}}], join="a")
    one.apply(ADD)
    one.undo()
    again = session(root, states, id=one.id)
    assert again.restored
    assert again.document == one.document
    again.redo()
    assert len(again.document["nodes"]) == 7
    for _ in range(3):
        again.undo()
    assert write_document(again.document) == write_document(tutorial())
    assert again.undo() == []


def test_a_draft_whose_last_line_is_cut_off_loses_that_line_only(root, states):
    one = session(root, states, tutorial())
    one.apply(ADD)
    one.apply(ADD)
    path = states / f"{one.id}.jsonl"
    data = path.read_bytes()
    for cut in range(1, len(data.splitlines()[-1]) + 1, 7):
        path.write_bytes(data[:-cut])
        again = session(root, states, id=one.id)
        assert len(again.document["nodes"]) in (6, 7)


def test_drafts_that_were_not_saved_are_listed(root, states):
    saved, changed = session(root, states, tutorial()), session(root, states, small())
    saved.apply(ADD)
    saved.save("a")
    changed.apply(ADD)
    (listed,) = drafts(states)
    assert (listed["id"], listed["name"], listed["changes"], listed["nodes"]) == (changed.id, "small", 1, 4)


def test_a_draft_moves_to_the_session_that_restores_it(root, states):
    one = session(root, states, small())
    one.apply(ADD)
    other = session(root, states)
    other.restore(one.id)
    assert other.document == one.document and other.dirty and [d["id"] for d in drafts(states)] == [other.id]
    for nonsense in (one.id, other.id, "../x", None, 3):
        with pytest.raises(spark.FormatError, match="is no draft"):
            other.restore(nonsense)


def test_after_a_restart_a_session_knows_what_a_file_has_and_what_none_has(root, states):
    opened, saved = session(root, states, tutorial()), session(root, states, tutorial())
    saved.apply(ADD)
    saved.save("a")
    changed = session(root, states, small())
    changed.apply(ADD)
    restored = session(root, states)
    restored.restore(changed.id)
    again = {one.id: session(root, states, id=one.id).dirty for one in (opened, saved, restored)}
    assert again == {opened.id: False, saved.id: False, restored.id: True}


def test_a_journal_without_changes_is_kept_for_a_day_and_a_draft_for_a_month(root, states):
    opened, changed = session(root, states, tutorial()), session(root, states, small())
    changed.apply(ADD)
    for days, left in ((0.9, {opened.id, changed.id}), (1.1, {changed.id}), (31, set())):
        for path in states.glob("*.jsonl"):
            os.utime(path, (time.time() - days * 86400,) * 2)
        drafts(states)
        assert {p.stem for p in states.glob("*.jsonl")} == left


def test_a_journal_has_no_path_for_a_name(tmp_path):
    with pytest.raises(ValueError, match="no session id"):
        Journal(tmp_path, "../../etc/passwd")


SCRIPT = """
import sys
from pathlib import Path
from spark.editor.paths import Root
from spark.editor.session import Session
one = Session(Root(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
print("ready", flush=True)
while True:
    one.apply([{"do": "add", "type": "LIFNeuron"}])
    print(len(one.document["nodes"]), flush=True)
"""


@pytest.mark.parametrize("wait", some([0.0, 0.05, 0.2], 3, first=1, thorough=1))
def test_killed_at_any_moment_a_session_loses_at_most_what_it_had_not_told(wait, root, states):
    name = new_session_id()
    arguments = [sys.executable, "-c", SCRIPT, str(root.folder), str(states), name]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        told = int(process.stdout.readline())
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
    told = max([told, *(int(line) for line in rest[:-1])])
    assert len(session(root, states, id=name).document["nodes"]) >= told


def test_a_file_that_is_no_model_leaves_the_session_as_it_was(root, states):
    (root.folder / "bad.spark.json").write_text("{}")
    one = session(root, states, small())
    with pytest.raises(spark.FormatError, match="is no model file"):
        one.open("bad.spark.json")
    assert one.document == small()

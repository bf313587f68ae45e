"""Drafts: what another document takes the place of, pages that were closed, no place on the disk, and a restart."""

import asyncio
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import websockets
from documents import small, tutorial

import spark
from spark.core.errors import Problem, SaveError
from spark.editor import journal
from spark.editor.app import Editor
from spark.editor.keys import kept_secret, last_ports
from spark.editor.launch import GraphEditor
from spark.editor.live import Connection
from spark.editor.paths import Root
from spark.editor.session import Session, new_session_id
from spark.io.model_file import new_document

ADD = [{"do": "add", "type": "LIFNeuron"}]


@pytest.fixture
def states(tmp_path):
    return tmp_path / "drafts"


def session(tmp_path, states, document=None, id=None):
    return Session(Root(tmp_path), states, id or new_session_id(), document)


def in_loop(coroutine):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def connect(editor, session=None):
    headers = {"Authorization": f"Bearer {editor.guard.token}"}
    more = f"?session={session}" if session else ""
    return websockets.connect(
        f"ws://127.0.0.1:{editor.port}/ws{more}", additional_headers=headers, max_size=None, open_timeout=300
    )


async def pushed(line, kind):
    while True:
        said = await line.recv()
        if isinstance(said, str) and json.loads(said).get("push") == kind:
            return json.loads(said)


async def ask(line, number, do, **arguments):
    await line.send(json.dumps({"id": number, "do": do, **arguments}))
    while True:
        said = await line.recv()
        if isinstance(said, str) and json.loads(said).get("reply") == number:
            return json.loads(said)


def test_a_document_with_unsaved_changes_stays_as_a_draft_when_another_takes_its_place(tmp_path, states):
    one = session(tmp_path, states, tutorial())
    one.apply(ADD)
    before = json.loads(json.dumps(one.document))
    one.take(small())
    (left,) = journal.drafts(states)
    assert left["id"] != one.id and left["name"] == before["meta"]["name"]
    other = session(tmp_path, states)
    other.restore(left["id"])
    assert other.document == before and other.dirty


def test_a_document_without_changes_leaves_no_draft(tmp_path, states):
    one = session(tmp_path, states, tutorial())
    one.apply(ADD)
    one.undo()
    one.take(small())
    assert journal.drafts(states) == []


def test_each_document_has_a_name_of_its_own_also_after_a_restart(tmp_path, states):
    one = session(tmp_path, states, small())
    first = one.key
    one.apply(ADD)
    assert session(tmp_path, states, id=one.id).key == first
    one.take(small())
    assert one.key != first and session(tmp_path, states, id=one.id).key == one.key


def test_where_drafts_cannot_be_kept_the_session_works_and_says_why(tmp_path, states):
    states.write_text("no folder")
    one = session(tmp_path, states, tutorial())
    one.apply(ADD)
    one.undo()
    assert "could not be written down" in str(one.undrafted)
    assert one.document == tutorial()


def test_a_draft_that_could_not_be_begun_is_begun_when_there_is_room_again(tmp_path, states):
    states.write_text("no folder")
    one = session(tmp_path, states, tutorial())
    one.apply(ADD)
    states.unlink()
    one.apply(ADD)
    assert one.undrafted is None
    one.apply(ADD)
    again = session(tmp_path, states, id=one.id)
    assert again.document == one.document and again.dirty and again.key == one.key


def test_where_another_document_cannot_be_begun_the_one_before_keeps_its_draft(tmp_path, states, monkeypatch):
    one = session(tmp_path, states, tutorial())
    one.apply(ADD)
    key = one.key

    def full(self, document, about):
        raise SaveError(Problem("draft", "No space left on device", "", "disk"))

    with monkeypatch.context() as disk:
        disk.setattr(journal.Journal, "begin", full)
        with pytest.raises(SaveError):
            one.take(small())
    assert one.key == key
    one.apply(ADD)
    assert session(tmp_path, states, id=one.id).document == one.document


def test_the_draft_of_a_page_that_was_closed_can_be_taken_up_and_one_that_is_shown_cannot(tmp_path, states):
    async def both():
        editor = Editor(tmp_path, states)
        closed, shown, mine = (editor.open(new_session_id()) for _ in range(3))
        for live in (closed, shown):
            live.session.apply(ADD)
        shown.connections.add(Connection())
        mine.connections.add(Connection())
        assert [d["id"] for d in editor.drafts()] == [closed.session.id]
        with pytest.raises(spark.FormatError, match="is no draft"):
            await editor.release(shown.session.id)
        await editor.release(closed.session.id)
        mine.session.restore(closed.session.id)
        return editor.sessions, closed.session, mine.session

    sessions, closed, mine = in_loop(both())
    assert closed.id not in sessions and mine.document == closed.document


@pytest.mark.thorough
def test_another_document_ends_the_run_of_the_one_before(tmp_path, states):
    editor = GraphEditor(folder=tmp_path, drafts=states).launch(browser=False)

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="cartpole")
            await ask(line, 2, "step", steps=40)
            (live,) = editor.editor.sessions.values()
            process = live.runner._process
            await line.send(json.dumps({"id": 3, "do": "open_example", "name": "noise"}))
            said = await pushed(line, "document")
            return process.returncode, said["run"], live.runner.kept

    try:
        code, run, kept = in_loop(one())
    finally:
        editor.close()
    assert code is not None and run == {"phase": "none"} and not kept


@pytest.mark.thorough
@pytest.mark.parametrize("signal_number", [9, pytest.param(15, marks=pytest.mark.slow)])
def test_a_brain_whose_process_is_killed_says_so_and_one_that_is_stopped_says_nothing(tmp_path, states, signal_number):
    editor = GraphEditor(folder=tmp_path, drafts=states).launch(browser=False)

    async def ended(line):
        while (said := await pushed(line, "run"))["phase"] != "none":
            pass
        return said["why"]

    async def one():
        async with connect(editor) as line:
            await ask(line, 1, "open_example", name="noise")
            await ask(line, 2, "step", steps=1)
            (live,) = editor.editor.sessions.values()
            os.kill(live.runner._process.pid, signal_number)
            killed = await ended(line)
            await ask(line, 3, "step", steps=1)
            await line.send(json.dumps({"id": 4, "do": "stop"}))
            return killed, await ended(line)

    try:
        killed, stopped = in_loop(one())
    finally:
        editor.close()
    assert (
        killed
        == {
            9: "the brain's process was killed (signal 9): out of memory?",
            15: "the brain's process was ended by signal 15",
        }[signal_number]
    )
    assert stopped is None


def test_a_page_finds_the_editor_again_after_a_restart_at_the_same_port_with_its_secret(tmp_path, states):
    first = GraphEditor(folder=tmp_path, drafts=states).launch(browser=False)
    first.close()
    again = GraphEditor(folder=tmp_path, drafts=states)
    other = GraphEditor(folder=tmp_path, drafts=states)
    try:
        assert (again.port, again.guard.token) == (first.port, first.guard.token)
        assert other.port != first.port and other.guard.token != first.guard.token
    finally:
        again.close()
        other.close()


def test_a_kept_secret_is_for_its_owner_alone_and_one_that_others_could_read_is_not_taken(tmp_path, states):
    made = kept_secret(states, tmp_path, 8765)
    (path,) = (states / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kept_secret(states, tmp_path, 8765) == made and last_ports(states, tmp_path) == [8765]
    path.chmod(0o644)
    second = kept_secret(states, tmp_path, 8765)
    assert second != made and stat.S_IMODE(path.stat().st_mode) == 0o600
    target = tmp_path / "planted"
    target.write_text("x" * 43)
    target.chmod(0o600)
    path.unlink()
    path.symlink_to(target)
    assert kept_secret(states, tmp_path, 8765) not in (second, "x" * 43)
    assert target.read_text() == "x" * 43


def test_where_no_secret_can_be_kept_the_editor_opens_all_the_same(tmp_path, states):
    states.write_text("no folder")
    assert len(kept_secret(states, tmp_path, 1)) >= 32 and last_ports(states, tmp_path) == []
    editor = GraphEditor(folder=tmp_path, drafts=states).launch(browser=False)

    async def one():
        async with connect(editor) as line:
            hello = await pushed(line, "hello")
            return hello, await ask(line, 1, "apply", commands=ADD)

    try:
        hello, done = in_loop(one())
    finally:
        editor.close()
    assert "could not be written down" in hello["undrafted"] and hello["document"]["nodes"] == new_document()["nodes"]
    assert done["ok"]["revision"] == 1

"""A lesson of the command on disk: written while it goes on, and gone on from after it was killed."""

import contextlib
import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from builders import refused

import spark
from spark import ArgumentError, FormatError, learn
from spark.cli import main
from spark.learn import keeping, plasticity
from spark.learn.keeping import Kept
from spark.learn.lesson import conduct
from spark.nn import Brain
from spark.sim.interrupt import INTERRUPTED
from spark.sim.run import build
from spark.worlds import CartPole
from spark.worlds.world import ENDLESS

EPISODES = 12


def config(seed=5):
    """A smaller brain than the command's, in shorter episodes."""
    return learn.actor_critic(CartPole, seed=seed, limit=30, encoder={"resolution": 6})


@pytest.fixture
def small(monkeypatch):
    """The command with that brain, quickly judged, and writing whenever it may."""
    monkeypatch.setitem(learn.tasks.TASKS, "cartpole", config)
    monkeypatch.setattr(learn.command, "EPISODES", 2)
    monkeypatch.setattr(keeping, "_SECONDS", 0.0)


def told(folder, capsys, *more, episodes=EPISODES):
    asked = ["learn", "cartpole", "--seed", "5", "--episodes", str(episodes), "--to", str(folder), "--json", *more]
    assert main(asked) == 0
    return json.loads(capsys.readouterr().out)


def assert_same_brain(one: Path, other: Path):
    """All that a brain knows, to the bit."""
    found, expected = (spark.load_checkpoint(path).state for path in (one, other))
    for path in expected:
        np.testing.assert_array_equal(found[path], expected[path], err_msg=path)


def test_the_command_learns_and_writes_the_brain_and_its_curve(tmp_path, capsys, small):
    found = told(tmp_path, capsys, episodes=3)
    assert (found["task"], found["seed"], found["episodes"]) == ("cartpole", 5, 3)
    assert found["evaluation"]["episodes"] == 2 and found["seconds"] > 0 and found["first_solved"] is None
    rows = (tmp_path / "cartpole-seed-5.csv").read_text().splitlines()
    assert rows[0] == "episode,return" and len(rows) == 4
    assert spark.load_checkpoint(tmp_path / "cartpole-seed-5.safetensors").state["world.episodes"] == 3


class KilledError(BaseException):
    """Ends a process here, as far as it knows."""


def test_a_lesson_that_was_cut_off_goes_on_to_the_same_brain_and_curve(tmp_path, capsys, small, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.mkdir()
    cut.mkdir()
    expected = told(whole, capsys)
    writes = []
    write = Kept.write

    def dies(self, brain, curve, memory):
        """Between the two files of the third time, as a process that is killed there."""
        returns = curve["return"]
        writes.append(returns.size)
        if len(writes) == 3:
            self.curve.write_text(
                "episode,return\n" + "".join(f"{n},{r!r}\n" for n, r in enumerate(returns.tolist(), 1))
            )
            raise KilledError
        write(self, brain, curve, memory)

    monkeypatch.setattr(Kept, "write", dies)
    with pytest.raises(KilledError):
        told(cut, capsys)
    monkeypatch.setattr(Kept, "write", write)
    done = int(spark.load_checkpoint(cut / "cartpole-seed-5.safetensors").state["world.episodes"])
    assert 0 < done == writes[1] < EPISODES
    found = told(cut, capsys, "--resume")
    assert found["episodes"] == EPISODES and found["evaluation"] == expected["evaluation"]
    assert_same_brain(cut / "cartpole-seed-5.safetensors", whole / "cartpole-seed-5.safetensors")
    assert (cut / "cartpole-seed-5.csv").read_text() == (whole / "cartpole-seed-5.csv").read_text()
    # What has learned enough is only judged.
    again = told(cut, capsys, "--resume", episodes=4)
    assert again["episodes"] == EPISODES and again["evaluation"] == expected["evaluation"]


@pytest.mark.parametrize(
    ("curve", "text"),
    [
        ("episode,return\n1,9.0\n", r"holds 1 episodes; expected the 3 of the brain"),
        ("1\n2\n", r"is no learning curve"),
    ],
)
def test_a_curve_that_does_not_fit_its_brain_is_refused(tmp_path, curve, text):
    brain = Brain(config())
    build(brain)
    brain.replace_state({"world.episodes": np.int32(3)})
    kept = Kept(tmp_path / "some")
    kept.write(brain, {"return": np.arange(3, dtype=np.float32)}, {})
    assert not kept.memory.exists()
    np.testing.assert_array_equal(kept.read_curve(3, ("return",))["return"], [0, 1, 2])
    kept.curve.write_text(curve)
    with pytest.raises(FormatError, match=rf"some\.csv: {text}.*Begin anew, without `resume`"):
        learn.Plasticity().fit(Brain(config()), episodes=5, to=tmp_path / "some", resume=True)


def test_what_was_kept_of_another_lesson_is_refused(tmp_path):
    kept, given = Kept(tmp_path / "some"), {"return": np.zeros(1, np.float32)}
    kept.write(Brain(config(seed=6)), given, {"episodes": np.array(1)})
    with pytest.raises(FormatError, match=r"some\.safetensors: holds another brain than the one that is taught"):
        learn.Plasticity().fit(Brain(config()), episodes=5, to=tmp_path / "some", resume=True)
    with pytest.raises(
        FormatError, match=r"some\.memory\.safetensors: is of another lesson, got .*'int64'.*; expected"
    ):
        kept.read_memory({"episodes": np.array(1, np.int32)})
    text = f"{kept.memory}: lacks chance; it is of another lesson, or an earlier version kept it"
    with refused(FormatError, f"{text}. Begin anew, without `resume`"):
        kept.read_memory({"episodes": np.array(1), "chance": np.zeros(6, np.uint64)})
    kept.memory.write_bytes(b"no")
    with pytest.raises(FormatError, match=r"some\.memory\.safetensors: cannot be read, got"):
        kept.read_memory({"episodes": np.array(1)})
    with pytest.raises(ArgumentError, match=r"fit\.resume: has nothing to go on from, got True; expected files\. Name"):
        learn.Plasticity().fit(Brain(config()), episodes=5, resume=True)


@pytest.mark.parametrize("ending", ["safetensors", "csv", "memory.safetensors"])
def test_a_lesson_that_begins_writes_over_no_file_that_is_there(ending, tmp_path):
    """Neither the files of another lesson nor a table of somebody's own."""
    path = tmp_path / f"some.{ending}"
    path.write_text("what was there")
    said = f"fit.to: names files of which one is there, got {str(path)!r}; expected none. "
    fix = "Go on with its lesson by `resume=True`, name others, or remove it"
    with refused(ArgumentError, said + (fix if ending == "safetensors" else "Name others, or remove it")):
        learn.Plasticity().fit(Brain(config()), episodes=1, to=tmp_path / "some")
    assert path.read_text() == "what was there"


@pytest.mark.parametrize("ending", ["csv", "memory.safetensors"])
def test_a_lesson_without_its_brain_is_not_resumed_over_the_tables_of_another(ending, tmp_path, capsys):
    """Though a table looks like one of this lesson, the brain that it tells of is not there."""
    path = tmp_path / f"cartpole-seed-2.{ending}"
    path.write_text("episode,return\n1,9.0\n")
    name = tmp_path / "cartpole-seed-2"
    text = (
        f"fit.resume: has no brain to go on with, got {str(path)!r} alone; expected '{name}.safetensors' beside it. "
        "Put it there, name others by `to`, or remove the file, and the lesson begins"
    )
    with refused(ArgumentError, text):
        learn.Plasticity().fit(Brain(config()), episodes=1, to=name, resume=True)
    command = ["learn", "cartpole", "--seeds", "3", "--episodes", "1", "--to", str(tmp_path), "--json"]
    for resume, said in (
        (["--resume"], f"--resume: there is {path}, and no brain beside it. Put its brain there, give another folder"),
        ([], f"--to: there is {path} already. Give another folder, or remove it\n"),
    ):
        assert main(command + resume) == 2
        assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path] and path.read_text() == "episode,return\n1,9.0\n"


def test_the_command_begins_no_lesson_over_one_that_was_kept(tmp_path, capsys):
    """Whichever of its seeds that is, before anything is learned."""
    path = tmp_path / "cartpole-seed-2.safetensors"
    path.write_text("what was there")
    assert main(["learn", "cartpole", "--seeds", "3", "--episodes", "1", "--to", str(tmp_path), "--json"]) == 2
    said = f"spark learn: --to: there is {path} already. "
    assert capsys.readouterr().err.strip() == (
        f"{said}Go on with its lesson by --resume, give another folder, or remove it"
    )
    assert list(tmp_path.iterdir()) == [path]


def test_a_brain_that_had_learned_before_is_kept_and_gone_on_with(tmp_path):
    brain = Brain(config())
    learn.Plasticity().fit(brain, episodes=2)
    learn.Plasticity().fit(brain, episodes=3, to=tmp_path / "more")
    again = Brain(config())
    learn.Plasticity().fit(again, episodes=2)
    lesson = learn.Plasticity().fit(again, episodes=4, to=tmp_path / "more", resume=True)
    assert lesson.brain is again and lesson.returns.size == 4 and int(again.state["world.episodes"]) == 6


def test_a_lesson_that_is_resumed_with_its_own_brain_ends_where_it_would_have_ended(tmp_path):
    """In one process: stopped, judged, which is life too, and gone on with."""
    whole, brain, name = Brain(config()), Brain(config()), tmp_path / "same"
    expected = learn.Plasticity().fit(whole, episodes=9)
    first = learn.Plasticity().fit(brain, episodes=9, to=name, callbacks=[lambda p: p.done >= 3 and p.stop()])
    assert 3 <= first.returns.size < 9
    learn.evaluate(brain, episodes=4)
    again = learn.Plasticity().fit(brain, episodes=9, to=name, resume=True)
    np.testing.assert_array_equal(again.returns, expected.returns)
    assert int(brain.state["world.episodes"]) == 9
    assert len(Kept(name).curve.read_text().splitlines()) == 10
    np.testing.assert_array_equal(brain.state["actor.weights"], whole.state["actor.weights"])


def test_a_brain_without_its_number_of_episodes_and_a_negative_number_are_refused(tmp_path):
    kept = Kept(tmp_path / "some")
    spark.save_checkpoint(Brain(config()), kept.brain)
    text = r"some\.safetensors: does not say how many episodes it has had, got ''\. Begin anew"
    with pytest.raises(FormatError, match=text):
        learn.Plasticity().fit(Brain(config()), episodes=5, to=tmp_path / "some", resume=True)
    with pytest.raises(FormatError, match=r"some\.safetensors: is of -2 episodes; expected at least 0\. Begin anew"):
        kept.read_curve(-2, ("return",))


def test_a_brain_that_is_saved_on_the_way_lives_on_without_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "_SECONDS", 0.0)

    kept = Kept(tmp_path / "some")

    def dies(progress):
        if kept.brain.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn.Plasticity().fit(Brain(config()), episodes=12, to=tmp_path / "some", callbacks=[dies])
    found = spark.load_checkpoint(kept.brain)
    assert int(found.state["world.most_episodes"]) == ENDLESS


def test_a_folder_that_is_not_there_is_made_before_the_lesson_begins(tmp_path):
    name = tmp_path / "some" / "where" / "lesson"
    learn.Plasticity().fit(Brain(config()), episodes=1, to=name)
    assert Kept(name).brain.exists()
    kept = Kept(name).curve
    called = []
    with pytest.raises(ArgumentError, match=r"fit\.to: names a folder that cannot be made, got '.*': .*\. Name files"):
        learn.Plasticity().fit(Brain(config()), episodes=1, to=kept / "lesson", callbacks=[called.append])
    assert not called


@pytest.mark.parametrize("to", ["", ".", "..", "runs/", "there", Path("there")], ids=repr)
def test_a_name_of_no_files_or_of_a_folder_is_refused(to, tmp_path, monkeypatch):
    """They would lie beside the folder, or hidden in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    text = (
        f"fit.to: names no files, got {str(to)!r}; expected the beginning of their names, such as 'folder/name'. "
        "Put a name behind the folder"
    )
    with refused(ArgumentError, text):
        learn.Plasticity().fit(Brain(config()), episodes=1, to=to)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_what_is_no_callback_is_refused_before_the_lesson():
    brain = Brain(config())
    with refused(spark.RunError, "callbacks[1]: is no function, got str. Give functions that take a `Progress`"):
        learn.Plasticity().fit(brain, episodes=1, callbacks=[print, "loud"])
    assert int(brain.state["world.episodes"]) == 0


class Interrupted:
    """A course of which Ctrl-C interrupts the third episode."""

    columns, solved_return, done, left = ("return",), None, 0, False

    def brain(self):
        return Brain(config())

    def go_on(self, most):
        if self.done == 2:
            raise KeyboardInterrupt
        self.done += 1
        return {"return": np.ones(1, np.float32)}, None

    def leave(self):
        self.left = True


def test_ctrl_c_ends_a_lesson_and_callbacks_of_a_generator_are_called_each_time():
    course, called = Interrupted(), []
    lesson = conduct(course, 5, (one for one in [lambda p: called.append(p.done)]))
    assert lesson.stopped == "interrupted by Ctrl-C" and lesson.returns.size == 2 and course.left
    assert called == [1, 2]


class Dropped(Interrupted):
    """A course in whose third episode Ctrl-C comes, and goes nowhere: as in a callback of garbage collection."""

    def go_on(self, most):
        if self.done == 2:
            with contextlib.suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        self.done += 1
        return {"return": np.ones(1, np.float32)}, None


def test_a_ctrl_c_that_python_drops_ends_a_lesson_after_its_episodes(usual_ctrl_c):
    lesson = conduct(Dropped(), 5, ())
    assert lesson.stopped == "interrupted by Ctrl-C" and lesson.returns.size == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_at_once_leaves_a_brain_as_its_curve_says(monkeypatch):
    """Between two runs of a piece, and when it was pressed twice: `run` catches it otherwise."""
    brain = Brain(config())
    learn.Plasticity().fit(brain, episodes=2)
    before, run = brain.state, plasticity.run

    def interrupted(*given, **settings):
        run(*given, **settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(plasticity, "run", interrupted)
    lesson = learn.Plasticity().fit(brain, episodes=3)
    assert lesson.returns.size == 0 and lesson.stopped == "interrupted by Ctrl-C"
    for path in before:
        np.testing.assert_array_equal(brain.state[path], before[path], err_msg=path)


def interrupted_after(monkeypatch, episodes):
    """As if Ctrl-C were pressed in the episode after so many."""
    course = plasticity.Plasticity.fit

    def fit(self, *args, callbacks=(), **more):
        return course(self, *args, callbacks=[*callbacks, stop], **more)

    def stop(progress):
        if progress.done >= episodes:
            progress.stop(INTERRUPTED)

    monkeypatch.setattr(plasticity.Plasticity, "fit", fit)


def test_ctrl_c_ends_the_command_with_all_its_seeds_and_says_how_to_go_on(tmp_path, capsys, small, monkeypatch):
    interrupted_after(monkeypatch, 2)
    asked = ["learn", "cartpole", "--seeds", "3", "--episodes", "90", "--to", str(tmp_path), "--json"]
    assert main(asked) == 130
    said, kept = capsys.readouterr(), sorted(path.name for path in tmp_path.iterdir())
    assert not said.out and kept == ["cartpole-seed-0.csv", "cartpole-seed-0.safetensors"]
    done = (tmp_path / kept[0]).read_text().count("\n") - 1
    path = tmp_path / kept[1]
    text = f"spark learn: seed 0: interrupted by Ctrl-C after {done} of 90 episodes."
    assert 2 <= done < 90 and said.err.strip() == f"{text} Saved in {path}; go on with --resume."


def test_ctrl_c_while_a_brain_is_judged_is_no_trace_of_errors(tmp_path, capsys, small, monkeypatch):
    def judged(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(learn.command, "evaluate", judged)
    assert main(["learn", "cartpole", "--episodes", "1", "--to", str(tmp_path), "--json"]) == 130
    assert capsys.readouterr().err.strip() == "spark learn: interrupted"


def test_a_disk_that_is_full_is_named_by_the_command(tmp_path, capsys, small, monkeypatch):
    def full(path, _):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("spark.io.atomic.write_whole", full)
    assert main(["learn", "cartpole", "--episodes", "1", "--to", str(tmp_path), "--json"]) == 2
    said = "writing failed: No space left on device. Make room, or choose another place"
    text = f"spark learn: {tmp_path / 'cartpole-seed-0.csv'}: {said}; what was there before is untouched"
    assert capsys.readouterr().err.strip() == text


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_loses_nothing_that_cannot_be_learned_again(tmp_path, capsys, small):
    """`SIGKILL`, at random moments, over and over, until the lesson is over."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    told(whole, capsys, episodes=150)
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]\nfrom learn import test_keeping as t\n"
        "from spark import learn\nfrom spark.learn import keeping\n"
        "learn.tasks.TASKS['cartpole'] = t.config; learn.command.EPISODES = 2; keeping._SECONDS = 0.0\n"
        "t.main(['learn', 'cartpole', '--seed', '5', '--episodes', '150', '--to', sys.argv[2], '--json', '--resume'])"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parents[1]), str(killed)]
    chance, kills = random.Random(0), 0
    while True:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = killed / "cartpole-seed-5.safetensors"
        begun, known = time.monotonic(), file.stat().st_mtime_ns if file.exists() else 0
        # Killed some moments after it has written something, at most five times.
        while child.poll() is None and (not file.exists() or file.stat().st_mtime_ns == known):
            assert time.monotonic() - begun < 300
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.3))
        if kills < 5 and child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        if child.wait() == 0:
            break
        assert child.returncode == -signal.SIGKILL
    assert kills
    assert_same_brain(killed / "cartpole-seed-5.safetensors", whole / "cartpole-seed-5.safetensors")
    assert (killed / "cartpole-seed-5.csv").read_text() == (whole / "cartpole-seed-5.csv").read_text()

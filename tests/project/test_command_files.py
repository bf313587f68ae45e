"""What the command `spark` says of files that are not what it needs: one line, and an exit status other than 0."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import tutorial_brain

import spark
from spark.cli import main

COMMANDS = ("explain", "profile", "edit", "eval", "watch")
MODELS, CHECKPOINTS = ("explain", "profile", "edit"), ("eval", "watch")
ROOT = str(Path(spark.__file__).parents[1])


def folder(path):
    path.mkdir()


def empty(path):
    path.touch()


def text(path):
    path.write_text("hello")


def numbers(path):
    path.write_bytes(bytes(range(256)))


def listing(path):
    path.write_text("[1, 2]")


def model(path):
    spark.save_model(tutorial_brain(), path)


def checkpoint(path):
    spark.save_checkpoint(tutorial_brain(), path)


def cut(path):
    checkpoint(path)
    path.write_bytes(path.read_bytes()[:-100])


def nothing(path):
    pass


def said(capsys, *arguments):
    """The one line that a command says where it cannot do what it was asked for."""
    assert main(list(arguments)) == 2
    told = capsys.readouterr()
    assert not told.out and told.err.startswith(f"spark {arguments[0]}: ") and told.err.count("\n") == 1
    return told.err.removeprefix(f"spark {arguments[0]}: ").removesuffix("\n")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("make", [nothing, folder, empty, text, numbers, listing, cut])
def test_a_file_of_any_name_that_is_none_is_named(command, make, tmp_path, capsys):
    for name in ("a.spark.json", "a.safetensors", "a"):
        path = tmp_path / make.__name__ / name
        path.parent.mkdir(exist_ok=True)
        if command != "edit" or make is not nothing or name != "a.spark.json":
            make(path)
            assert name in said(capsys, command, str(path))


@pytest.mark.parametrize(
    ("commands", "make", "words"),
    [
        (MODELS, folder, "is no file. Check the path"),
        (MODELS, empty, "is empty, and not the JSON that it should be. Write it with Spark"),
        (
            MODELS,
            text,
            "is not the JSON that it should be: Expecting value: line 1 column 1 (char 0). Write it with Spark",
        ),
        (MODELS, checkpoint, "is no text, and not the JSON that it should be. Write it with Spark"),
        (MODELS, listing, "is no model file, got the format 'list'; expected 'spark graph'. Write it with Spark"),
        (MODELS[:2], nothing, f"cannot be read: {os.strerror(2)}. Check the path"),
        (CHECKPOINTS, folder, f"cannot be read: {os.strerror(21)}. Check the path"),
        *[
            (
                CHECKPOINTS,
                make,
                "is no checkpoint: its header does not fit the file. "
                "Name a file that `spark.save_checkpoint` or `spark learn` wrote",
            )
            for make in (empty, text, listing, model)
        ],
        (CHECKPOINTS, nothing, f"cannot be read: {os.strerror(2)}. Check the path"),
    ],
)
def test_it_says_what_is_wrong_with_a_file(commands, make, words, tmp_path, capsys):
    make(tmp_path / "a.spark.json")
    for command in commands:
        assert said(capsys, command, str(tmp_path / "a.spark.json")).endswith(f"a.spark.json: {words}")


@pytest.mark.parametrize("command", ("explain", "profile", "eval", "watch"))
def test_names_that_no_file_can_have_are_named(command, capsys):
    function = "load_checkpoint" if command in ("eval", "watch") else "load_model"
    assert said(capsys, command, "a\0b").removeprefix(f"{function}.path: ") == (
        r"has a character that no file's name has, got str 'a\x00b'; expected the path of a file or folder. "
        "Take out null characters and halves of a character"
    )
    assert said(capsys, command, "a" * 300).startswith("a" * 300 + ": cannot be read: ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a file that cannot be read by root either")
@pytest.mark.parametrize("command", ("explain", "profile", "eval", "watch"))
def test_a_file_that_cannot_be_read_is_named(command, capsys):
    words = f"/proc/self/mem: cannot be read: {os.strerror(5)}. Check the path"
    assert said(capsys, command, "/proc/self/mem") == words


@pytest.mark.parametrize("command", CHECKPOINTS)
def test_a_brain_without_a_world_can_neither_be_judged_nor_watched(command, tmp_path, capsys):
    checkpoint(tmp_path / "a.safetensors")
    assert said(capsys, command, str(tmp_path / "a.safetensors")).startswith("brain: needs one World among its modules")


OWN = """
import numpy as np
import spark
from spark.nn import connections

class RingOf{name}(connections.Connectivity):
    \"\"\"Each unit is connected with the next.\"\"\"

    def draw(self, generator, pre_shape, post_shape):
        \"\"\"The next.\"\"\"
        number = int(np.prod(pre_shape))
        post = ((np.arange(number) + 1) % number).astype(np.int32)
        return connections.ConnectionList(np.arange(number + 1), post, None)

if __name__ == "__main__":
    net = spark.Network(dt=1.0, seed=1)
    pool = net.pool("pool", 5, spark.nn.neurons.CurrentLIFNeuron)
    net.connect(pool, pool.excitation, RingOf{name}())
    spark.save_model(net.config(), "a.spark.json")
    spark.save_checkpoint(net.build(), "a.safetensors")
"""


@pytest.mark.parametrize("command", ("explain", "profile", "eval", "watch", "edit"))
def test_a_class_of_ones_own_is_found_in_the_folder_by_every_command_that_opens_a_file(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("SPARK_STATE", str(tmp_path / "drafts"))
    monkeypatch.setattr("spark.editor.launch.GraphEditor.serve", lambda editor: editor.close())
    name = f"ring_for_{command}"
    (tmp_path / f"{name}.py").write_text(OWN.replace("{name}", command.title()))
    subprocess.run([sys.executable, f"{name}.py"], check=True, env={**os.environ, "PYTHONPATH": ROOT})
    file = "a.spark.json" if command in MODELS else "a.safetensors"
    rest = ["--no-browser"] if command == "edit" else []
    if command != "edit":
        assert main([command, file]) == 2
        assert f"RingOf{command.title()}" in capsys.readouterr().err
    found = main([command, file, "--import", name, *rest])
    told = capsys.readouterr()
    if command in CHECKPOINTS:
        # The class is found, and what is missing then is a world.
        assert told.err.startswith(f"spark {command}: brain: needs one World among its modules, got none")
    else:
        assert found == 0, told.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_module_that_is_not_there_is_named(command, tmp_path, capsys):
    told = said(capsys, command, str(tmp_path / "a.spark.json"), "--import", "no_such_module")
    assert told.startswith("--import: 'no_such_module' cannot be imported: No module named 'no_such_module'. Check")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nofile"], "nofile: is not there, and a new one must end in .spark.json. Check the path"),
        (["nofile.png"], "nofile.png: is not there, and a new one must end in .spark.json. Check the path"),
        ([""], "file: is none, got ''. Leave it out for an empty brain"),
        (["a.txt"], "a.txt: has another ending than .spark.json or .svg or .png. Add it"),
        (["--folder", "nofolder"], "folder: is none, got 'nofolder'. Create it first, or name one that is there"),
        (["--folder", "a.txt"], "folder: is none, got 'a.txt'. Create it first, or name one that is there"),
        (["--folder", ""], "folder: is none, got ''. Create it first, or name one that is there"),
        (["--import", ".a"], "--import: is no module's name, got '.a'. Write it as after `import`"),
        (["--import", ""], "--import: is no module's name, got ''. Write it as after `import`"),
        (["--token", ""], "token: is empty; expected a secret that nobody guesses. Leave it out, and one is chosen"),
    ],
)
def test_the_editor_does_not_start_with_what_is_not_there(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").touch()
    assert said(capsys, "edit", *arguments, "--no-browser") == words
    assert said(capsys, "edit", "in/new.spark.json").startswith(f"folder: is none, got {str(tmp_path / 'in')!r}.")


def test_the_editor_says_that_a_file_is_new(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SPARK_STATE", str(tmp_path / "drafts"))
    monkeypatch.setattr("spark.editor.launch.GraphEditor.serve", lambda editor: editor.close())
    for name, new in (("old.spark.json", False), ("new.spark.json", True)):
        model(tmp_path / "old.spark.json")
        assert main(["edit", str(tmp_path / name), "--no-browser"]) == 0
        assert (f"{name} is new: it is written when you save\n" in capsys.readouterr().out) == new


@pytest.mark.parametrize("ending", ["csv", "memory.safetensors", "safetensors"])
def test_a_lesson_that_cannot_be_kept_does_not_begin(ending, tmp_path, capsys):
    (tmp_path / f"bandit-seed-0.{ending}").mkdir()
    words = f"fit.to: names a file where a folder is, got {str(tmp_path / 'bandit-seed-0')[:-1]}0.{ending}'. "
    found = said(capsys, "learn", "bandit", "--to", str(tmp_path))
    assert found == words.replace("got ", "got '") + "Name files in a folder of your own"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a folder into which root cannot write either")
def test_a_lesson_in_a_folder_that_cannot_be_written_does_not_begin(capsys):
    words = (
        f"fit.to: names files that cannot be written in '/proc': {os.strerror(2)}. Name files in a folder of your own"
    )
    assert said(capsys, "learn", "bandit", "--to", "/proc") == words


@pytest.mark.parametrize("name", ["nofolder", "a.txt", "a.txt/b"])
def test_a_lesson_is_kept_in_a_folder_that_is_there(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").touch()
    assert said(capsys, "learn", "bandit", "--to", name) == f"--to: there is no folder {name}. Create it first"


def test_numbers_below_1_are_named(tmp_path, capsys):
    model(tmp_path / "a.spark.json")
    checkpoint(tmp_path / "a.safetensors")
    words = said(capsys, "watch", str(tmp_path / "a.safetensors"), "--rounds", "0")
    assert words == "--rounds must be at least 1, got 0"
    words = said(capsys, "profile", str(tmp_path / "a.spark.json"), "--steps", "0")
    assert words == "steps: must be a whole number of at least 1, got 0."

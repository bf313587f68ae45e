"""Files that others read are written in one way: on the disk before they get their name, permissions and links kept."""

import ast
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import drive, tutorial_brain

import spark
from spark.kernels.formula import compile as formulas

SOURCE = Path(__file__).parents[2] / "spark"
# A journal gives its own whole file another name; the compiler writes its file itself.
OTHERS = {"editor/journal.py": {"rename"}, "kernels/compiler.py": {"mkstemp"}}
RENAMING = {"replace", "rename", "renames", "mkstemp", "NamedTemporaryFile", "write_bytes", "write_text"}


def renamings(path: Path) -> set[str]:
    """Calls by which a file gets its name or content at once: of `replace` those of the module `os`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in RENAMING:
            of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            found |= {node.attr} if of_os or node.attr != "replace" else set()
    return found


def test_only_one_file_renames_files() -> None:
    found = {path.relative_to(SOURCE).as_posix(): renamings(path) for path in SOURCE.rglob("*.py")}
    assert found.pop("files.py") == {"replace"}
    assert {name: calls for name, calls in found.items() if calls} == OTHERS


def model(folder: Path) -> None:
    spark.save_model(tutorial_brain(), folder / "kept.spark.json")


def checkpoint(folder: Path) -> None:
    spark.save_checkpoint(tutorial_brain(), folder / "kept.safetensors")


def events(folder: Path) -> None:
    spark.save_events(spark.SpikeEvents([1.0], [0]), folder / "kept.csv")


def recording(folder: Path) -> None:
    spark.run(tutorial_brain(), 3, {"drive": drive()}, record=["pool"]).save(folder / "recording")


def formula(folder: Path) -> None:
    formulas._keep("kept", b"code")


WRITERS = {f.__name__: f for f in (model, checkpoint, events, recording, formula)}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_what_is_written_reaches_the_disk_before_it_gets_its_name(
    writer: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    synced: set[int] = set()
    renamed = []
    sync, replace = os.fsync, os.replace

    def noting(handle: int) -> None:
        sync(handle)
        synced.add(os.fstat(handle).st_ino)

    def checking(made: Any, target: Any) -> None:
        assert os.stat(made).st_ino in synced, target
        renamed.append(Path(target))
        replace(made, target)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(os, "replace", checking)
    writer(tmp_path)
    assert renamed
    if os.name == "posix":
        assert {path.parent.stat().st_ino for path in renamed} <= synced


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_a_recording_and_a_formula_keep_the_permissions_of_what_they_replace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    brain = tutorial_brain()
    spark.run(brain, 3, {"drive": drive()}, record=["pool"], to=tmp_path / "recording")
    formula(tmp_path)
    paths = [tmp_path / "recording" / "progress.jsonl", tmp_path / "cache" / "formulas" / "kept.o"]
    for path in paths:
        path.chmod(0o640)
    spark.run(brain, 3, {"drive": drive()}, record=["pool"], to=tmp_path / "recording", append=True)
    formula(tmp_path)
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o640] * 2

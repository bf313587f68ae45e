"""Files are replaced whole, and keep their permissions and links."""

import os
import stat
from pathlib import Path

import pytest
from builders import tutorial_brain

import spark
from spark.io.atomic import write_atomically

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and links are those of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_a_new_file_has_the_permissions_of_new_files(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "new", b"1")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new") == 0o666 & ~mask


@pytest.mark.parametrize("kept", [0o600, 0o664, 0o444, 0o755])
def test_a_replaced_file_keeps_its_permissions(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"1")
    path.chmod(kept)
    write_atomically(path, b"2")
    assert (mode(path), path.read_bytes()) == (kept, b"2")


def test_a_link_stays_one_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    target, link = tmp_path / "shared" / "model", tmp_path / "model"
    target.write_bytes(b"1")
    target.chmod(0o664)
    link.symlink_to(Path("shared") / "model")
    write_atomically(link, b"2")
    assert link.is_symlink() and target.read_bytes() == b"2" and mode(target) == 0o664
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["model", "model", "shared"]


def test_a_link_to_nothing_yet_makes_its_target(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"1")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").read_bytes() == b"1"


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(spark.SaveError, match="writing failed"):
        write_atomically(tmp_path / "folder", b"1")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_checkpoint_saved_after_a_reset_is_kept_and_is_the_latest(tmp_path: Path) -> None:
    brain, keeper = tutorial_brain(), spark.Checkpoints(tmp_path, keep=2)
    for step in (1000, 2000, 3000):
        brain.replace_state({"step": brain.state["step"] * 0 + step})
        keeper.save(brain)
    brain.reset()
    saved = keeper.save(brain)
    assert keeper.latest() == saved
    assert sorted(p.name for p in tmp_path.iterdir()) == [saved.name, "step-000000003000.safetensors"]
    assert int(keeper.restore().state["step"]) == 0


def test_a_checkpoint_saved_after_the_clock_was_set_back_is_the_latest(tmp_path: Path) -> None:
    brain, keeper = tutorial_brain(), spark.Checkpoints(tmp_path, keep=2)
    for step in (5, 4, 3):
        brain.replace_state({"step": brain.state["step"] * 0 + step})
        path = keeper.save(brain)
        os.utime(path, (2e9, 2e9 + step))
    brain.reset()
    assert keeper.save(brain) == keeper.latest()
    assert int(keeper.restore().state["step"]) == 0


def test_one_checkpoint_kept_is_the_one_just_saved(tmp_path: Path) -> None:
    brain, keeper = tutorial_brain(), spark.Checkpoints(tmp_path, keep=1)
    for step in (9, 3, 7):
        brain.replace_state({"step": brain.state["step"] * 0 + step})
        assert [keeper.save(brain)] == list(tmp_path.iterdir())

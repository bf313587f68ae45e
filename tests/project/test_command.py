"""The command `spark`."""

import sys

import pytest

import spark
from spark.cli import main


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out.strip() == f"spark {spark.__version__}"


def test_without_a_command_help_is_printed(capsys):
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out


def test_doctor_names_versions_devices_and_kernels(capsys):
    main(["doctor"])
    out = capsys.readouterr().out
    for word in ("Python", "jax", "numpy", "Devices", "Kernels"):
        assert word in out


def test_the_demo_prints_its_speed_and_writes_the_picture(tmp_path, capsys):
    picture = tmp_path / "demo.png"
    assert main(["demo", "--iterations", "50", "--quiet", "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "iterations per second" in out
    assert str(picture) in out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_demo_shows_a_progress_bar(tmp_path, capsys):
    main(["demo", "--iterations", "20", "--picture", str(tmp_path / "demo.png")])
    assert "20/20" in capsys.readouterr().err


def test_the_demo_says_which_package_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    assert main(["demo"]) == 2
    assert "pip install 'spark-brain[demo]'" in capsys.readouterr().err


def test_the_demo_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["demo", "--picture", str(tmp_path / "absent" / "x.png")]) == 2
    assert "there is no folder" in capsys.readouterr().err

"""The command `spark`."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from builders import drive, tutorial_brain

import spark
from spark import kernels
from spark.cli import main
from spark.demo import told
from spark.kernels import llvm


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert capsys.readouterr().out.strip() == f"spark {spark.__version__}"


def test_python_runs_the_package_as_the_command():
    done = subprocess.run([sys.executable, "-m", "spark", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"spark {spark.__version__}"


def test_without_a_command_help_is_printed(capsys):
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out


def test_doctor_names_versions_devices_and_kernels(capsys):
    main(["doctor"])
    out = capsys.readouterr().out
    for word in ("Python", "jax", "numpy", "Devices", "Kernels"):
        assert word in out
    if kernels.status().available:
        assert ("Formulas    compiled by LLVM" in out) == (not llvm.why_not())


def test_doctor_says_when_formulas_cannot_be_compiled(capsys, monkeypatch):
    if not kernels.status().available:
        pytest.skip("no native kernels on this machine")
    monkeypatch.setattr(llvm, "why_not", lambda: "llvmlite cannot be imported: no module")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "Formulas    run in XLA: llvmlite cannot be imported: no module" in out and "pip install llvmlite" in out


def test_explain_says_how_each_module_of_a_file_runs(capsys, tmp_path):
    spark.save_model(tutorial_brain(), tmp_path / "brain.spark.json")
    assert main(["explain", str(tmp_path / "brain.spark.json")]) == 0
    assert "pool.soma           AdaptiveLeakySoma" in capsys.readouterr().out
    assert main(["explain", str(tmp_path / "nothing.spark.json")]) == 2
    assert capsys.readouterr().err.startswith("spark explain: ")


@pytest.mark.parametrize("command", [["explain"], ["profile", "--steps", "5"]])
def test_a_checkpoint_is_looked_at_as_a_model_file_is(command, capsys, tmp_path):
    spark.save_checkpoint(tutorial_brain(), tmp_path / "brain.safetensors")
    assert main([*command, str(tmp_path / "brain.safetensors")]) == 0
    assert "spiker" in capsys.readouterr().out


def test_the_demo_prints_its_speed_and_writes_the_picture(tmp_path, capsys):
    picture = tmp_path / "demo.png"
    assert main(["demo", "--iterations", "50", "--lesson", "2", "--quiet", "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"held the pole for \d+ steps in each of its 2 episodes on average, after \d+ s\. From 20 ", out)
    assert "first ten" not in out
    assert "iterations per second" in out
    assert str(picture) in out
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("episodes", "said"),
    [
        (1, "held the pole for 0 steps in its only episode, after 3 s. From 20 episodes on you see it learn; `spark"),
        (19, "held the pole for 9 steps in each of its 19 episodes on average, after 3 s. From 20 episodes on you"),
        (
            20,
            "held the pole for 4 steps in its first ten episodes, and for 14 in the last ten of 20, after 3 s. `spark",
        ),
        (0, "A brain that learns by plasticity ended no episode."),
    ],
)
def test_the_demo_sets_no_ten_episodes_beside_the_same_ones(episodes, said):
    assert said in told(np.arange(episodes), 3.2)


def test_the_demo_shows_a_progress_bar(tmp_path, capsys):
    main(["demo", "--iterations", "20", "--lesson", "0", "--picture", str(tmp_path / "demo.png")])
    told = capsys.readouterr()
    assert "20/20" in told.err and "learns" not in told.out
    assert "nan" not in told.out and ("No episode ended" in told.out) != (" steps each on average" in told.out)


def test_the_demo_refuses_less_than_no_lesson(capsys):
    assert main(["demo", "--lesson", "-1"]) == 2
    assert "--lesson must be at least 0, got -1" in capsys.readouterr().err


def test_the_demo_says_which_package_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    assert main(["demo"]) == 2
    assert "pip install 'spark-brain[demo]'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["picture", "picture.xyz"])
def test_the_demo_refuses_a_picture_that_it_cannot_draw_before_it_runs(tmp_path, capsys, name):
    assert main(["demo", "--picture", str(tmp_path / name)]) == 2
    text = f"--picture: the name must end in .jpg, .pdf, .png or .svg, got {str(tmp_path / name)!r}"
    assert capsys.readouterr().err.strip() == text and not list(tmp_path.iterdir())


def test_the_demo_refuses_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["demo", "--picture", str(tmp_path / "absent" / "x.png")]) == 2
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a folder into which root cannot write either")
def test_the_demo_refuses_a_folder_that_cannot_be_written(capsys):
    assert main(["demo", "--picture", "/proc/demo.png"]) == 2
    assert "--picture: cannot write /proc/demo.png: " in capsys.readouterr().err


def test_doctor_says_that_the_platform_is_wrong(capfd):
    done = subprocess.run(
        [sys.executable, "-m", "spark.cli", "doctor"],
        env={**os.environ, "JAX_PLATFORMS": "abacus"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and not done.stderr
    assert "Devices     none: Unable to initialize backend 'abacus'" in done.stdout
    assert "mend      unset JAX_PLATFORMS (it is 'abacus'), or set it to cpu" in done.stdout


@pytest.mark.parametrize(
    ("code", "package", "extra"),
    [
        ("import spark.envs", "gymnasium", "gym"),
        ("import spark.plot", "matplotlib", "plot"),
        ("recording.raster()", "matplotlib", "plot"),
        ("recording.plot()", "matplotlib", "plot"),
        ("spark.GraphEditor", "starlette", "editor"),
        ("spark.edit", "uvicorn", "editor"),
        ("recording.to_pandas('pool')", "pandas", "analysis"),
        ("recording.to_xarray()", "xarray", "analysis"),
        ("recording.to_neo()", "neo", "analysis"),
    ],
)
def test_a_missing_package_is_named_with_what_to_install(code, package, extra, monkeypatch):
    recording = spark.run(tutorial_brain(), 2, {"drive": drive()}, record=["pool"])
    for name in [n for n in sys.modules if n.startswith(("spark.envs", "spark.plot", "spark.editor"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(spark.MissingError) as error:
        exec(code, {"spark": spark, "recording": recording})
    assert str(error.value).startswith(f"{package}: is needed for this and is not installed. Install it: pip install")
    assert f'"spark-brain[{extra}]"' in str(error.value)

"""A wheel that carries compiled kernels, installed where there is no compiler: `make wheel`."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

from spark.kernels import compiler

ROOT = Path(__file__).parents[2]
# The tutorial's brain for 500 steps with each instruction set: a digest of all its state, and where kernels are from.
PROGRAM = """
import hashlib, json, sys
import jax.numpy as jnp
import numpy as np
import spark
from spark.demo import tutorial_config
from spark.kernels import native
found, digests = native.status(), {}
for name in ("avx512", "avx2", "portable"):
    if found.available:
        native.limit_instruction_set(name)
    brain = spark.nn.Brain(tutorial_config())
    drive = {"drive": spark.FloatArray(jnp.asarray([0.3, -0.5, 0.8, 0.1], jnp.float16))}
    brain(**drive)
    spark.run(brain, 500, drive)
    digest = hashlib.sha256()
    for path in sorted(brain.state):
        digest.update(np.asarray(brain.state[path]).tobytes())
    digests[name] = digest.hexdigest()
ways = [line.runs_as for line in spark.explain(brain).modules]
print(json.dumps({"file": spark.__file__, "status": vars(found), "digests": digests, "ways": ways}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        compiler.compiler()
    except compiler.BuildError:
        pytest.skip("no compiler on this machine")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder]
    variables = {**os.environ, "HATCH_BUILD_HOOK_ENABLE_CUSTOM": "true", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, ROOT], env=variables, check=True)
    (made,) = folder.iterdir()
    return made


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """An environment with the wheel in it, which sees what Spark depends on beside these tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return tmp_path / "venv" / "bin" / "python"


def ran(python: Path | str, *command: str, **variables: str) -> str:
    """What a process prints that finds no compiler; its cache is its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CXX", "CC", "XLA_FLAGS")}
    done = subprocess.run(
        [python, "-P", *command],
        env={**kept, "PATH": "", "SPARK_COMPILATION_CACHE": "0", **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.slow
def test_the_wheel_names_its_platform_and_carries_one_library(wheel: Path) -> None:
    assert wheel.name.startswith("spark_brain-")
    assert "-py3-none-any" not in wheel.name
    assert "-py3-none-" in wheel.name
    if sys.platform.startswith("linux"):
        assert "-py3-none-manylinux_" in wheel.name or "-py3-none-linux_" in wheel.name
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert len([name for name in names if name.endswith(".so")]) == 1
    assert "spark/kernels/source/spark_kernels.cc" in names


@pytest.mark.slow
def test_without_a_compiler_it_runs_natively_with_the_bits_of_a_library_compiled_here(
    installed: Path, tmp_path: Path
) -> None:
    cache = str(tmp_path / "cache")
    found: dict[str, Any] = json.loads(ran(installed, "-c", PROGRAM, SPARK_CACHE=cache).splitlines()[-1])
    assert Path(found["file"]).is_relative_to(installed.parents[1])
    assert found["status"]["available"]
    assert found["status"]["build"] == "wheel"
    assert not list(Path(cache).glob("*.so"))
    assert set(found["ways"]) <= {"op", "compiled"}
    assert len(set(found["digests"].values())) == 1
    here = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "SPARK_CACHE": str(tmp_path / "here")}
    source = json.loads(ran(sys.executable, "-c", PROGRAM, **here).splitlines()[-1])
    assert source["status"]["build"] == "fast"
    assert source["digests"] == found["digests"]


@pytest.mark.slow
def test_doctor_says_which_instructions_and_that_a_damaged_library_is_not_used(installed: Path, tmp_path: Path) -> None:
    doctor, cache = ("-c", "from spark.cli import main; main(['doctor'])"), str(tmp_path / "cache")
    said = ran(installed, *doctor, SPARK_CACHE=cache)
    assert any(f"native C++ ({name}, from the wheel)" in said for name in ("avx512", "avx2", "portable"))
    (library,) = installed.parents[1].glob("lib/python*/site-packages/spark/kernels/compiled/*.so")
    whole = library.read_bytes()
    library.write_bytes(whole[: len(whole) // 2])
    said = ran(installed, *doctor, SPARK_CACHE=cache)
    assert f"missing   The library that came with Spark is damaged: '{library}'. No C++ compiler was found." in said
    assert "mend      pip install --force-reinstall spark-brain" in said
    said = ran(installed, *doctor, SPARK_CACHE=cache, PATH=os.environ["PATH"])
    assert "compiled here)" in said
    assert f"refused   The library that came with Spark is damaged: '{library}'. Another was compiled." in said


@pytest.mark.slow
def test_a_source_install_carries_no_library(tmp_path: Path) -> None:
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", tmp_path]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, ROOT], check=True)
    (made,) = tmp_path.iterdir()
    assert made.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(made) as file:
        assert not [name for name in file.namelist() if name.endswith(".so")]

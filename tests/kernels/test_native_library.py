"""Building and loading the C++ kernels, and what happens where that fails."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spark.kernels import build, status
from spark.kernels.build import BuildError, library

SCRIPT = """
import json, warnings
import jax.numpy as jnp
from spark import kernels
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    spikes, weights = jnp.array([1, 0, -1], jnp.int8), jnp.arange(6, dtype=jnp.float32).reshape(3, 2)
    results = [kernels.deliver_dense(spikes, weights).tolist() for _ in range(3)]
found = kernels.status()
texts = [str(w.message) for w in caught if w.category is kernels.NativeKernelsWarning]
print(json.dumps([results, texts, found.available, found.reason, found.mend]))
"""
RESULT = [-4.0, -4.0]


def run(**changes: str) -> tuple:
    """What a fresh process with these environment variables computes, warns and reports."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment(**changes), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def environment(**changes: str) -> dict[str, str]:
    here = {name: value for name, value in os.environ.items() if name not in ("CXX", "SPARK_CACHE", "SPARK_NATIVE")}
    # What JAX keeps lies in the same folder, and has tests of its own.
    here["SPARK_COMPILATION_CACHE"] = "0"
    return {**here, "PYTHONPATH": str(Path(__file__).parents[2]), **changes}


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def failing_compiler(folder: Path) -> str:
    return str(script(folder / "failing", '[ "$1" = --version ] && exit 0\necho "x.cc:1: error: no luck" >&2\nexit 1'))


@pytest.fixture
def copying_compiler(tmp_path) -> str:
    """A compiler that 'compiles' by handing out the library of this process: for tests of everything round it."""
    built = status().library
    text = f'for last; do :; done\n[ "$last" = --version ] && exit 0\necho x >> "$0.calls"\ncp "{built}" "$last"'
    return str(script(tmp_path / "copying", text))


def calls(compiler: str) -> int:
    return len(Path(f"{compiler}.calls").read_text().splitlines())


def test_the_library_is_in_use_where_there_is_a_compiler():
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        pytest.skip("no compiler on this machine")
    found = status()
    assert found.available, found
    assert found.instruction_set in ("avx512", "avx2", "portable")
    assert Path(str(found.library)).exists()
    assert not found.reason
    assert not found.mend


def test_without_a_compiler_one_warning_says_what_mends_it_and_results_are_the_same(tmp_path):
    results, texts, available, reason, mend = run(PATH="", SPARK_CACHE=str(tmp_path))
    assert results == [RESULT] * 3
    assert not available
    assert reason == "No C++ compiler was found."
    assert len(texts) == 1
    assert reason in texts[0]
    assert mend in texts[0]


def test_a_compiler_that_fails_gives_one_warning_and_the_same_results(tmp_path):
    results, texts, available, *_ = run(CXX=failing_compiler(tmp_path), SPARK_CACHE=str(tmp_path / "cache"))
    assert results == [RESULT] * 3
    assert not available
    assert len(texts) == 1
    assert "error: no luck" in texts[0]


def test_native_kernels_can_be_turned_off_silently(tmp_path):
    results, texts, available, *_ = run(SPARK_NATIVE="0", SPARK_CACHE=str(tmp_path))
    assert (results, texts, available) == ([RESULT] * 3, [], False)
    assert not list(tmp_path.iterdir())


def test_importing_builds_nothing(tmp_path):
    code = "import spark, spark.kernels"
    subprocess.run([sys.executable, "-c", code], env=environment(SPARK_CACHE=str(tmp_path / "cache")), check=True)
    assert not (tmp_path / "cache").exists()


def test_two_processes_may_build_at_once(tmp_path, copying_compiler):
    variables = environment(CXX=copying_compiler, SPARK_CACHE=str(tmp_path / "cache"))
    processes = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=variables, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for process in processes:
        out, _ = process.communicate()
        assert json.loads(out)[:3] == [[RESULT] * 3, [], True]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_damaged_library_is_built_again(tmp_path, copying_compiler):
    variables = {"CXX": copying_compiler, "SPARK_CACHE": str(tmp_path / "cache")}
    assert run(**variables)[2]
    (built,) = (tmp_path / "cache").iterdir()
    built.write_bytes(built.read_bytes()[:100])
    assert run(**variables)[:3] == ([RESULT] * 3, [], True)
    assert calls(copying_compiler) == 2


def test_the_library_is_built_once_and_anew_when_forced(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    assert library() == library()
    assert calls(copying_compiler) == 1
    assert build().available
    assert calls(copying_compiler) == 2


def test_a_build_that_fails_leaves_the_loaded_library_in_use_and_says_why(tmp_path, monkeypatch):
    before = status()
    monkeypatch.setenv("CXX", failing_compiler(tmp_path))
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    found = build()
    assert found.available
    assert found.library == before.library
    assert "no luck" in found.reason
    assert status() == before


def test_flags_in_cxx_are_part_of_the_librarys_name(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CXX", copying_compiler)
    plain = library().path
    monkeypatch.setenv("CXX", f"{copying_compiler} -g")
    assert library().path != plain


def test_the_cache_folder_is_the_users_own(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.delenv("SPARK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    folder = library().path.parent
    assert folder == tmp_path / "shared" / "spark"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: path.write_text(""), "cannot be made"),
        (lambda path: (path.mkdir(), path.chmod(0o777)), "Others may write to the cache folder .*chmod 700"),
    ],
)
def test_a_cache_folder_that_cannot_be_trusted_or_used_is_refused(
    prepare, message, tmp_path, monkeypatch, copying_compiler
):
    prepare(tmp_path / "cache")
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    with pytest.raises(BuildError, match=message):
        library()


def test_a_cache_folder_of_another_user_is_refused(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(BuildError, match="belongs to another user"):
        library()


def test_a_compiler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", str(tmp_path / "absent"))
    with pytest.raises(BuildError, match="CXX names, '.*absent', was not found"):
        library()


def test_threads_load_the_library_once():
    found = []
    threads = [threading.Thread(target=lambda: found.append(status())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one is found[0] for one in found)

"""Building and loading the C++ kernels, and what happens where that fails."""

import _ctypes
import errno
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawing import some

from spark.kernels import build, status
from spark.kernels.build import library
from spark.kernels.compiler import BuildError

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
# Imports what takes long, and starts nothing; then, for every line of its input, a child of it runs the script in
# the environment on that line. A child is as new as a process can be that has imported this.
NURSERY = f"""
import json, os, sys, traceback
import jax.numpy
from spark import kernels
for line in sys.stdin:
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        print(json.dumps({{"status": status}}), flush=True)
        continue
    try:
        os.environ.clear()
        os.environ.update(json.loads(line))
        exec({SCRIPT!r}, {{}})
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
"""
RESULT = [-4.0, -4.0]


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., tuple]]:
    """What a new process with these environment variables computes, warns and reports."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen([sys.executable, "-c", NURSERY], env=environment(), **pipes) as nursery:

        def tell(**changes: str) -> tuple:
            nursery.stdin.write(json.dumps(environment(**changes)) + "\n")
            printed = [nursery.stdout.readline()]
            while '"status"' not in printed[-1]:
                printed.append(nursery.stdout.readline())
                assert printed[-1], "the nursery has ended"
            assert json.loads(printed[-1]) == {"status": 0}, "see what is on stderr"
            return tuple(json.loads(printed[-2]))

        yield tell
        nursery.stdin.close()


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


def test_without_a_compiler_one_warning_says_what_mends_it_and_results_are_the_same(tmp_path, run):
    results, texts, available, reason, mend = run(PATH="", SPARK_CACHE=str(tmp_path))
    assert results == [RESULT] * 3
    assert not available
    assert reason == "No C++ compiler was found."
    assert len(texts) == 1
    assert reason in texts[0]
    assert mend in texts[0]


def test_a_compiler_that_fails_gives_one_warning_and_the_same_results(tmp_path, run):
    results, texts, available, *_ = run(CXX=failing_compiler(tmp_path), SPARK_CACHE=str(tmp_path / "cache"))
    assert results == [RESULT] * 3
    assert not available
    assert len(texts) == 1
    assert "error: no luck" in texts[0]


def test_native_kernels_can_be_turned_off_silently(tmp_path, run):
    results, texts, available, *_ = run(SPARK_NATIVE="0", SPARK_CACHE=str(tmp_path))
    assert (results, texts, available) == ([RESULT] * 3, [], False)
    assert not list(tmp_path.iterdir())


def test_importing_builds_nothing(tmp_path):
    code = "import spark, spark.kernels"
    subprocess.run([sys.executable, "-c", code], env=environment(SPARK_CACHE=str(tmp_path / "cache")), check=True)
    assert not (tmp_path / "cache").exists()


@pytest.mark.thorough
def test_two_processes_may_build_at_once(tmp_path, copying_compiler):
    variables = environment(CXX=copying_compiler, SPARK_CACHE=str(tmp_path / "cache"))
    processes = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], env=variables, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for process in processes:
        out, _ = process.communicate()
        assert json.loads(out)[:3] == [[RESULT] * 3, [], True]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def one_other_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def foreign(path: Path) -> None:
    shutil.copy(_ctypes.__file__, path)


def other_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 64)


def unreadable(path: Path) -> None:
    """Reading fails also for a user whom permissions do not stop."""
    path.unlink()
    path.symlink_to("/proc/self/mem" if Path("/proc/self/mem").exists() else path)


@pytest.fixture
def built(tmp_path, monkeypatch, copying_compiler) -> Path:
    """The library in a cache folder of its own, which processes of this test share."""
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    return library().path


@pytest.mark.parametrize("damage", some([half, zeros, one_other_bit, foreign, other_bytes, unreadable], 3, thorough=1))
def test_a_damaged_library_is_never_loaded_and_built_again(damage, built, copying_compiler, run):
    whole = built.read_bytes()
    damage(built)
    assert run(CXX=copying_compiler, SPARK_CACHE=str(built.parent))[:3] == ([RESULT] * 3, [], True)
    (again,) = built.parent.iterdir()
    assert not again.is_symlink()
    assert again.read_bytes() == whole
    assert library().path == again
    assert calls(copying_compiler) == 2


def test_a_folder_in_the_librarys_place_is_named_and_kept(built, copying_compiler, run):
    built.unlink()
    (built / "kept").mkdir(parents=True)
    results, texts, available, reason, mend = run(CXX=copying_compiler, SPARK_CACHE=str(built.parent))
    assert (results, len(texts), available) == ([RESULT] * 3, 1, False)
    assert reason == f"A folder is where the library should be: '{built}'."
    assert mend == f"rm -r {shlex.quote(str(built))}"
    assert list(built.parent.iterdir()) == [built]
    assert (built / "kept").is_dir()


@pytest.mark.parametrize("place", some(["file", "file/inside", "/proc", "/proc/inside"], 2, first=1, thorough=1))
def test_a_cache_that_cannot_be_written_to_is_named_and_the_reference_computes(place, tmp_path, copying_compiler, run):
    if place.startswith("/proc") and not Path("/proc").exists():
        pytest.skip("this system has no /proc")
    (tmp_path / "file").write_text("")
    results, texts, available, reason, mend = run(CXX=copying_compiler, SPARK_CACHE=str(tmp_path / place))
    assert (results, len(texts), available) == ([RESULT] * 3, 1, False)
    assert reason.startswith("The cache folder ")
    assert mend.startswith("set SPARK_CACHE to a folder ")


def test_a_full_disk_under_the_compiler_is_not_taken_for_a_missing_compiler(tmp_path, run):
    said = "as: cannot write x.o: No space left on device"
    full = str(script(tmp_path / "full", f'[ "$1" = --version ] && exit 0\necho "{said}" >&2\nexit 1'))
    results, texts, available, reason, mend = run(CXX=full, SPARK_CACHE=str(tmp_path / "cache"))
    assert (results, len(texts), available) == ([RESULT] * 3, 1, False)
    assert reason == f"The disk is full: {said}."
    assert mend == "make room, or set SPARK_CACHE and TMPDIR to folders on another disk"
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_disk_that_is_full_at_any_step_leaves_nothing_behind(step, tmp_path, monkeypatch, copying_compiler):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    with monkeypatch.context() as patch:
        patch.setattr(*{"open": (tempfile, "mkstemp")}.get(step, (os, step)), full)
        with pytest.raises(BuildError, match="The disk is full: .*No space left"):
            library()
    assert not list((tmp_path / "cache").iterdir())
    assert library().path.exists()


@pytest.mark.parametrize("made", ["", "a library of something else"])
def test_a_compiler_that_makes_something_else_is_refused_in_words(made, tmp_path, run):
    act = f'cp "{_ctypes.__file__}" "$last"' if made else ': > "$last"'
    text = f'for last; do :; done\n[ "$last" = --version ] && exit 0\n{act}'
    results, texts, available, reason, _ = run(
        CXX=str(script(tmp_path / "other", text)), SPARK_CACHE=str(tmp_path / "cache")
    )
    assert (results, len(texts), available) == ([RESULT] * 3, 1, False)
    assert ("lacks a kernel" if made else "cannot be loaded") in reason


def test_doctor_says_why_the_library_is_not_in_use(tmp_path):
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "from spark.cli import main; main(['doctor'])"],
        env=environment(SPARK_CACHE=str(tmp_path / "file")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "missing   The cache folder cannot be made" in done.stdout
    assert "mend      set SPARK_CACHE to a folder of your own" in done.stdout


def test_the_library_is_built_once_and_anew_when_forced(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("CXX", copying_compiler)
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    assert library() == library()
    assert calls(copying_compiler) == 1
    assert build().available
    assert calls(copying_compiler) == 2


def aged(path: Path, days: float) -> Path:
    """The file, last used so many days ago."""
    path.touch()
    os.utime(path, (time.time() - days * 86400.0,) * 2)
    return path


def test_libraries_that_nobody_loads_any_more_are_swept_and_others_stay(tmp_path, monkeypatch, copying_compiler):
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    monkeypatch.setenv("SPARK_CACHE", str(cache))
    monkeypatch.setenv("CXX", copying_compiler)
    gone = [aged(cache / "spark_kernels_older_a.so", 40), aged(cache / "building_b.so", 40)]
    kept = [aged(cache / "spark_kernels_newer_c.so", 20), aged(cache / "notes.so", 400), cache / "spark_kernels_d.so"]
    kept[-1].mkdir()
    os.utime(kept[-1], (0, 0))
    found = library().path
    assert not any(path.exists() for path in gone) and all(path.exists() for path in (*kept, found))


def test_a_library_that_is_loaded_now_and_then_is_never_swept(tmp_path, monkeypatch, copying_compiler):
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CXX", copying_compiler)
    old = aged(library().path, 40)
    assert library().path == old
    monkeypatch.setenv("CXX", f"{copying_compiler} -O1")
    assert library().path != old and old.exists()
    aged(old, 40)
    library(force=True)
    assert not old.exists()


@pytest.mark.thorough
def test_a_relative_cache_folder_stays_where_the_program_started(tmp_path, copying_compiler):
    (tmp_path / "elsewhere").mkdir()
    code = f"import os, spark; os.chdir({str(tmp_path / 'elsewhere')!r}); print(spark.kernels.status().library)"
    variables = environment(CXX=copying_compiler, SPARK_CACHE="cache")
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).parent == tmp_path / "cache"
    assert not list((tmp_path / "elsewhere").iterdir())


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


@pytest.mark.thorough
def test_a_compiler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", str(tmp_path / "absent"))
    with pytest.raises(BuildError, match="CXX names, '.*absent', was not found"):
        library()


@pytest.mark.thorough
def test_threads_load_the_library_once():
    found = []
    threads = [threading.Thread(target=lambda: found.append(status())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one is found[0] for one in found)

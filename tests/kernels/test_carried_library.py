"""The library that a wheel carries: used as it is where it is whole and fits, refused in words where not."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from spark.doctor import report
from spark.kernels import NativeStatus, carried, native, status
from spark.kernels.build import library
from spark.kernels.compiler import BuildError, digest_of, source_key

pytestmark = pytest.mark.skipif(not status().available, reason="no native kernels on this machine")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Lays the library of this process where a wheel has its own, under a name of these parts."""
    monkeypatch.setattr(carried, "FOLDER", tmp_path / "compiled")
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SPARK_NATIVE_BUILD", raising=False)
    monkeypatch.delenv("CXX", raising=False)
    carried.FOLDER.mkdir()

    def lay(spoken: str = carried.interface(), source: str | None = None) -> Path:
        built = Path(str(status().library))
        path = carried.FOLDER / f"spark_kernels_{spoken}_{source or source_key()}_{digest_of(built)}.so"
        shutil.copy(built, path)
        return path

    return lay


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """A compiler that 'compiles' by handing out the library of this process."""
    path = tmp_path / "c++"
    path.write_text(
        f'#!/bin/sh\nfor last; do :; done\n[ "$last" = --version ] && exit 0\n/bin/cp "{status().library}" "$last"\n'
    )
    path.chmod(0o700)
    monkeypatch.setenv("CXX", str(path))
    return str(path)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def doubled(path: Path) -> None:
    """Another one beside it, whole by its name and found first."""
    shutil.copy(path, path.with_name(path.name.replace(f"_{carried.interface()}_", "_0.0_")))


def test_it_is_used_without_a_compiler_and_without_a_cache(place, monkeypatch):
    path = place()
    monkeypatch.setenv("PATH", "")
    found = library()
    assert (found.path, found.compiler, found.build, found.refused) == (path, None, "wheel", None)
    assert not Path(os.environ["SPARK_CACHE"]).exists()


def test_an_older_interface_than_jaxlibs_is_understood(place, monkeypatch):
    path = place(spoken="0.1")
    monkeypatch.setattr(carried, "interface", lambda: "0.3")
    assert library().path == path


@pytest.mark.parametrize("damage", [cut, changed, doubled])
def test_a_damaged_one_is_never_loaded_but_compiled_anew_and_named(damage, place, compiler):
    path = place()
    damage(path)
    found = library()
    assert found.path.parent == Path(os.environ["SPARK_CACHE"])
    assert (found.compiler, found.build) == (compiler, "fast")
    assert str(found.refused).startswith("The library that came with Spark is damaged: '")


@pytest.mark.parametrize(
    ("parts", "reason", "mend"),
    [
        ({"source": "0" * 32}, "is not of the C++ source that lies beside it.", "pip install --force-reinstall"),
        (
            {"spoken": "0.999"},
            "speaks XLA's interface 0.999, and jaxlib here ",
            "pip install --upgrade jax spark-brain",
        ),
        ({"spoken": "3"}, "names no interface that it speaks: '", "pip install --force-reinstall"),
        ({"spoken": "0.x"}, "names no interface that it speaks: '", "pip install --force-reinstall"),
        ({"spoken": "0.1.2"}, "names no interface that it speaks: '", "pip install --force-reinstall"),
        ({"spoken": "9.0"}, "speaks XLA's interface 9.0, and jaxlib here ", "pip install --upgrade jax spark-brain"),
    ],
)
def test_one_that_does_not_fit_is_refused_in_words_where_there_is_no_compiler(parts, reason, mend, place, monkeypatch):
    place(**parts)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError) as failed:
        library()
    assert failed.value.reason.startswith(f"The library that came with Spark {reason}")
    assert failed.value.reason.endswith(" No C++ compiler was found.")
    assert failed.value.mend.startswith(mend)


def test_a_build_that_is_asked_for_is_compiled_here(place, compiler, monkeypatch):
    place()
    assert library(force=True).compiler == compiler
    monkeypatch.setenv("SPARK_NATIVE_BUILD", "fast")
    found = library()
    assert (found.compiler, found.build, found.refused) == (compiler, "fast", None)


def test_one_that_the_system_does_not_load_is_compiled_anew_and_named(place, compiler, monkeypatch):
    """Such as one for another processor, or from a folder from which nothing may be run."""
    path = place()
    content = path.read_bytes()
    other = path.with_name(path.name.replace(digest_of(path), "0"))
    path.rename(other)
    other.write_bytes(b"no library" + content)
    other.rename(path.with_name(path.name.replace(path.stem.rpartition("_")[2], digest_of(other))))
    monkeypatch.setattr(native.jax.ffi, "register_ffi_target", lambda *_, **__: None)
    found = type(native._loader)().load()
    assert found.available and found.compiler == compiler
    assert found.refused.startswith("The library that came with Spark cannot be loaded: ")


def test_doctor_names_where_the_library_is_from_and_why_another_was_refused(monkeypatch):
    known = {"available": True, "library": "/x.so", "instruction_set": "avx2"}
    monkeypatch.setattr("spark.doctor.status", lambda: NativeStatus(**known, build="wheel"))
    assert "Kernels     native C++ (avx2, from the wheel), /x.so" in report()[0]
    refused = NativeStatus(**known, build="fast", refused="It is damaged.", mend="reinstall")
    monkeypatch.setattr("spark.doctor.status", lambda: refused)
    text, healthy = report()
    assert "Kernels     native C++ (avx2, compiled here), /x.so" in text
    assert "  refused   It is damaged. Another was compiled." in text
    assert "  mend      reinstall" in text
    assert healthy


@pytest.mark.parametrize(
    ("number", "reason", "mend"),
    [
        (errno.ENOSPC, "The disk is full: ", "make room, or set TMPDIR to a folder on another disk"),
        (errno.EROFS, "The folder for what the wheel carries '", "make the wheel where you can write to the project's"),
    ],
)
@pytest.mark.parametrize("step", ["mkdir", "mkstemp", "replace", "chmod"])
def test_a_wheel_that_cannot_be_made_says_what_mends_that_and_not_what_mends_a_cache(
    step, number, reason, mend, tmp_path, monkeypatch, compiler
):
    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    owner = {"mkdir": Path, "mkstemp": tempfile}.get(step, os)
    monkeypatch.setattr(owner, step, fails)
    with pytest.raises(BuildError) as failed:
        carried.make(tmp_path / "build" / "carried")
    assert failed.value.reason.startswith(reason)
    assert failed.value.mend.startswith(mend)
    assert "SPARK_CACHE" not in str(failed.value)

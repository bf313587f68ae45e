"""Loads the C++ kernels at the first need, or says once why they cannot be had."""

import ctypes
import os
import threading
import warnings
from dataclasses import replace

import jax
import numpy as np

from spark.kernels.build import Library, NativeStatus, library
from spark.kernels.carried import Unfit
from spark.kernels.compiler import REINSTALL, BuildError
from spark.kernels.rows import Unordered

_TARGETS = ("spark_deliver_dense", "spark_deliver_edges", "spark_zenke_edges", "spark_scatter", "spark_run_program")
_TARGETS += ("spark_stdp_dense", "spark_stdp_edges", "spark_stdp_consolidate", "spark_exchange", "spark_pack_spikes")
_TARGETS += ("spark_unpack_spikes",)
_INSTRUCTION_SETS = ("portable", "avx2", "avx512")


class NativeKernelsWarning(UserWarning):
    """Given once a process when the C++ kernels cannot be had; results are the same, only slower."""


class _Loader:
    """The library of this process: found, built and registered at most once, whichever thread comes first."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.status: NativeStatus | None = None
        self.library: ctypes.CDLL | None = None
        self.warned = False

    def load(self) -> NativeStatus:
        with self.lock:
            if self.status is None:
                self.status = self._load(force=False)
            return self.status

    def build(self) -> NativeStatus:
        with self.lock:
            if self.library is None or self.status is None:
                self.status = self._load(force=True)
                return self.status
            try:
                library(force=True)
            except BuildError as error:
                return replace(self.status, reason=error.reason, mend=error.mend)
            return self.status

    def _load(self, force: bool) -> NativeStatus:
        if os.environ.get("SPARK_NATIVE") == "0":
            return NativeStatus(available=False, reason="SPARK_NATIVE=0 turns them off.", mend="unset SPARK_NATIVE")
        try:
            found = library(force)
            try:
                loaded = ctypes.CDLL(str(found.path))
            except OSError as error:  # One from another machine that shares the folder, or removed in between.
                found = library(force=True, refused=_refusal(found, error))
                loaded = ctypes.CDLL(str(found.path))
            functions = {name: getattr(loaded, name) for name in _TARGETS}
        except BuildError as error:
            return NativeStatus(available=False, compiler=error.compiler, reason=error.reason, mend=error.mend)
        except OSError as error:
            mend = "set SPARK_CACHE to a folder from which programs may be run"
            return NativeStatus(available=False, reason=f"The library cannot be loaded: {error}.", mend=mend)
        except AttributeError as error:
            reason = f"The library that the compiler made lacks a kernel: {error}."
            return NativeStatus(available=False, reason=reason, mend="set CXX to a C++17 compiler")
        for name, function in functions.items():
            jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(function), platform="cpu")
        self.library = loaded
        return NativeStatus(
            available=True,
            library=str(found.path),
            compiler=found.compiler,
            build=found.build,
            instruction_set=_INSTRUCTION_SETS[loaded.spark_instruction_set()],
            mend=found.refused.mend if found.refused else "",
            refused=str(found.refused or ""),
        )


def _refusal(found: Library, error: OSError) -> Unfit | None:
    """Words for a library of the wheel that the system does not load; none for one of the cache."""
    return None if found.compiler else Unfit(f"The library that came with Spark cannot be loaded: {error}.", REINSTALL)


_loader = _Loader()


def status() -> NativeStatus:
    """What is in use; builds and loads the library if that was not tried yet, and never warns."""
    return _loader.load()


def build() -> NativeStatus:
    """Compile the library anew, even if the cache has it, and load it.

    Returns:
        The status after the attempt, with reason and mend filled in if it failed. A library that this process has
        loaded already stays in use; the new one serves the next process.
    """
    return _loader.build()


def available() -> bool:
    """Whether the native kernels can be used; warns once a process if they should be there and are not."""
    found = _loader.load()
    if found.available or os.environ.get("SPARK_NATIVE") == "0":
        return found.available
    with _loader.lock:
        first, _loader.warned = not _loader.warned, True
    if first:
        warnings.warn(
            f"Native kernels are not in use, the reference in jax.numpy is: the same results, slower. "
            f"{found.reason} To mend it: {found.mend}",
            NativeKernelsWarning,
            stacklevel=2,
        )
    return False


def require() -> None:
    """Raise a RuntimeError unless the native kernels can be used."""
    found = _loader.load()
    if not found.available:
        raise RuntimeError(f"Native kernels cannot be used. {found.reason} To mend it: {found.mend}")


def limit_instruction_set(name: str) -> str:
    """Use no better instruction set than this one: for tests of all of them on one machine.

    Args:
        name: 'portable', 'avx2' or 'avx512'.

    Returns:
        The set in use from now on: the best of this processor that is no better than the one named.
    """
    require()
    assert _loader.library is not None
    return _INSTRUCTION_SETS[_loader.library.spark_limit_instruction_set(_INSTRUCTION_SETS.index(name))]


def know_formula(key: int, address: int) -> None:
    """Let programs call the machine code at an address by a key.

    Raises:
        RuntimeError: The native kernels cannot be used, or this process has too many formulas.
    """
    require()
    assert _loader.library is not None
    know = _loader.library.spark_know_formula
    know.argtypes = [ctypes.c_int64, ctypes.c_void_p]
    if not know(key, address):
        raise RuntimeError("This process has compiled more formulas than the native library has room for.")


def order_rows(rows: Unordered, targets: np.ndarray, weights: np.ndarray | None, counts: np.ndarray) -> None:
    """Fill three arrays as `spark.kernels.order` says.

    Args:
        rows: What is to be ordered.
        targets: uint32 (connections,), units with delays.
        weights: Like those of the rows.
        counts: int32 (rows,), how many connections of each row end at the first half.

    Raises:
        RuntimeError: The native kernels cannot be used.
    """
    require()
    assert _loader.library is not None
    fill = _loader.library.spark_order_rows
    whole, pointer = ctypes.c_int64, ctypes.c_void_p
    fill.argtypes = [pointer, whole, pointer, whole, pointer, pointer, whole, whole, pointer, pointer, pointer]
    fill.restype = None
    arrays = [None if array is None else np.ascontiguousarray(array) for array in rows[:4]]
    at = [None if array is None else array.ctypes.data for array in (*arrays, targets, weights, counts)]
    bytes_of_weight = 0 if rows.weights is None else rows.weights.itemsize
    fill(at[0], rows.starts.size - 1, at[1], rows.post.itemsize, at[2], at[3], bytes_of_weight, rows.half, *at[4:])

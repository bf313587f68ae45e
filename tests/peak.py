"""The most memory that a program, or a function, took."""

import resource
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Made = TypeVar("Made")

STATUS = Path("/proc/self/status")


def peak_kilobytes() -> int:
    """The most memory that this program held at once.

    On Linux not `ru_maxrss`, which begins with what the process held that started it: a large one would fail the
    test of a small child, or hide what the child takes.
    """
    if STATUS.exists():
        return int(STATUS.read_text().split("VmHWM:")[1].split()[0])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


def peak(make: Callable[[], Made]) -> tuple[Made, int]:
    """What a function returns, and the most bytes that it held at a time."""
    tracemalloc.start()
    try:
        return make(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

"""The most memory that a program took."""

import resource
import sys
from pathlib import Path

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

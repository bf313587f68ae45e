"""How many processors there are for this process."""

import os


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Not every system has it.
        return os.cpu_count() or 1

"""How much memory there is, and what is said of something that needs more."""

import os
from pathlib import Path

from spark.core.errors import ConfigError, Problem

# What a group of processes, a container for one, may take.
_GROUP = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> int:
    """Bytes that a process can have: of the machine, or of its group or address space if they are bounded further.

    Where the system does not say, more than any machine has.
    """
    return min(_physical(), _of_group(), _of_addresses())


def free_memory() -> int:
    """Bytes that this machine can still give; where the system does not say, all that it has."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return min(int(line.split()[1]) * 1024, machine_memory())
    except (OSError, ValueError):
        pass
    return machine_memory()


def require_memory(address: str, message: str, needed: int, fix: str) -> None:
    """Refuse what does not fit into memory before any of it is taken.

    Args:
        address: Whose it is, and which setting makes it as large.
        message: What would be held; its size and the memory there is are added.
        needed: Bytes.
        fix: What to do instead.

    Raises:
        ConfigError: There is less memory.
    """
    there = machine_memory()
    if needed > there:
        text = f"{message}, got {needed / 1e9:,.1f} GB; expected at most the {there / 1e9:,.1f} GB of this machine"
        raise ConfigError(Problem(address, text, fix, "memory"))


def _physical() -> int:
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return 1 << 50
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_group() -> int:
    try:
        return int(_GROUP.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 1 << 50


def _of_addresses() -> int:
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        return 1 << 50
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return 1 << 50 if limit == resource.RLIM_INFINITY else limit

"""Where the nodes of a document stand: which brain is inside which, and what of that cannot be."""

from collections.abc import Mapping
from typing import Any

# Levels of brains inside brains. Whatever follows them, here and on the page, need not look for an end.
MOST_LEVELS = 32


def misplaced(nodes: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with where nodes stand, by id: in a brain that stands inside itself, or in too many brains.

    Brains that are not there are not looked for.
    """
    levels: dict[str | None, int] = {}
    found: dict[str, str] = {}
    for begin in nodes:
        trail: list[str] = []
        at: str | None = begin
        while at is not None and at in nodes and at not in levels:
            levels[at] = -1
            trail.append(at)
            at = nodes[at].get("parent")
        if at in trail:
            ring = trail[trail.index(at) :]
            found |= dict.fromkeys(ring, "stands inside itself")
            levels |= dict.fromkeys(trail, 0)
            continue
        level = levels.get(at, 0)
        for key in reversed(trail):
            level += 1
            levels[key] = level
            if level == MOST_LEVELS + 1:
                found[key] = f"stands in too many brains; expected at most {MOST_LEVELS} inside each other"
    return found

"""Build order: which module's outputs must be known before which other's, with cycles."""

from collections.abc import Mapping, Sequence


def upstream(name: str, feeds: Mapping[str, Sequence[str]]) -> set[str]:
    """All names that feed `name`, directly or through others; `name` itself if it is on a cycle."""
    found: set[str] = set()
    waiting = [source for source in feeds[name] if source in feeds]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting.extend(s for s in feeds[source] if s in feeds)
    return found


def build_order(feeds: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Groups of names in an order in which each group needs only itself and earlier groups.

    A group of several names, or of one name that feeds itself, is a cycle: a strongly connected component. Whatever
    feeds a group has strictly fewer names upstream than the group has, so counting them gives the order. The result
    depends only on which names and wires there are, not on how they are listed.

    Args:
        feeds: For every name, the names that feed it; names that are no keys are ignored.
    """
    above = {name: upstream(name, feeds) for name in feeds}
    groups = {tuple(sorted({name} | {other for other in above[name] if name in above[other]})) for name in feeds}
    return [list(group) for group in sorted(groups, key=lambda g: (len(above[g[0]] | set(g)), g))]


def is_cycle(group: Sequence[str], feeds: Mapping[str, Sequence[str]]) -> bool:
    """Whether a group of `build_order` is a cycle."""
    return len(group) > 1 or group[0] in feeds[group[0]]

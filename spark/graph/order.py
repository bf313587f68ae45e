"""Build order: which module's outputs must be known before which other's, with cycles."""

from collections.abc import Mapping, Sequence


def build_order(feeds: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Groups of names in an order in which each group needs only itself and earlier groups.

    A group of several names, or of one name that feeds itself, is a cycle. The result depends only on
    which names and wires there are, not on how they are listed.

    Args:
        feeds: For every name, the names that feed it.

    Returns:
        The strongly connected components in topological order (Tarjan 1972, doi:10.1137/0201010), written
        without recursion so that long chains are no problem.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for start in sorted(feeds):
        if start in number:
            continue
        work = [(start, iter(sorted(set(feeds[start]))))]
        number[start] = lowest[start] = len(number)
        stack.append(start)
        on_stack.add(start)
        while work:
            name, sources = work[-1]
            advanced = False
            for source in sources:
                if source not in feeds:
                    continue
                if source not in number:
                    number[source] = lowest[source] = len(number)
                    stack.append(source)
                    on_stack.add(source)
                    work.append((source, iter(sorted(set(feeds[source])))))
                    advanced = True
                    break
                if source in on_stack:
                    lowest[name] = min(lowest[name], number[source])
            if advanced:
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                lowest[parent] = min(lowest[parent], lowest[name])
            if lowest[name] == number[name]:
                group = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    group.append(member)
                    if member == name:
                        break
                groups.append(sorted(group))
    return groups


def is_cycle(group: Sequence[str], feeds: Mapping[str, Sequence[str]]) -> bool:
    """Whether a group of `build_order` is a cycle."""
    return len(group) > 1 or group[0] in feeds[group[0]]

"""Automatic layout: modules in layers from left to right, few wires crossing.

The layered drawing of Sugiyama, Tagawa and Toda (1981), https://doi.org/10.1109/TSMC.1981.4308636: wires that close
a cycle are set aside, layers follow the longest path, and sweeps put each node at the mean of its neighbours.
"""

from spark.io.model_file import INPUT, OUTPUT, Document

WIDTH, HEIGHT, SWEEPS = 280, 170, 8
# A line of more layers than this is broken into bands, one below the other, of about the shape of a screen.
MOST_LAYERS, SCREEN = 8, 1.8


def arrange(document: Document, parent: str | None) -> dict[str, tuple[int, int]]:
    """A place (x, y) for every node directly inside a brain; the same for the same graph."""
    nodes = [k for k, n in document["nodes"].items() if n.get("parent") == parent]
    inside = set(nodes)
    onward: dict[str, list[str]] = {k: [] for k in nodes}
    for edge in document["edges"].values():
        begin, end = edge["from"][0], edge["to"][0]
        if begin in inside and end in inside and begin != end and end not in onward[begin]:
            onward[begin].append(end)
    forward = _without_cycles(nodes, onward, document)
    layer = _layers(nodes, forward)
    last = max(layer.values(), default=0)
    for key in nodes:
        if document["nodes"][key]["type"] == INPUT:
            layer[key] = 0
        if document["nodes"][key]["type"] == OUTPUT:
            layer[key] = last
    rows = [[k for k in nodes if layer[k] == level] for level in range(last + 1)]
    near: dict[str, list[str]] = {k: [] for k in nodes}
    for begin, ends in forward.items():
        for end in ends:
            near[begin].append(end)
            near[end].append(begin)
    for sweep in range(SWEEPS):
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for level in order:
            place = {k: i - (len(row) - 1) / 2 for row in rows for i, k in enumerate(row)}
            rows[level].sort(key=lambda k: sum(place[n] for n in near[k]) / len(near[k]) if near[k] else place[k])
    return _places(rows)


def _places(rows: list[list[str]]) -> dict[str, tuple[int, int]]:
    """Layers side by side, each about its middle; many of them in bands, each below the one before."""
    width = len(rows)
    if width > MOST_LAYERS:
        width = min(range(MOST_LAYERS, len(rows) + 1), key=lambda n: abs(n * WIDTH / _tall(rows, n) - SCREEN))
    places, middle = {}, 0.0
    for begin in range(0, len(rows), width):
        band = rows[begin : begin + width]
        half = max(len(row) for row in band) * HEIGHT / 2
        middle += half if begin else 0
        for level, row in enumerate(band):
            for i, key in enumerate(row):
                places[key] = (level * WIDTH, round(middle + (i - (len(row) - 1) / 2) * HEIGHT))
        middle += half + HEIGHT / 2
    return places


def _tall(rows: list[list[str]], width: int) -> float:
    """Height of bands of so many layers."""
    bands = [max(len(row) for row in rows[i : i + width]) for i in range(0, len(rows), width)]
    return (sum(bands) + (len(bands) - 1) / 2) * HEIGHT


def _without_cycles(nodes: list[str], onward: dict[str, list[str]], document: Document) -> dict[str, list[str]]:
    """The wires but for those that close a cycle, met on a walk that begins at the inputs."""
    kept: dict[str, list[str]] = {k: [] for k in nodes}
    colour: dict[str, int] = {}
    fed = {end for ends in onward.values() for end in ends}
    begins = sorted(nodes, key=lambda k: (document["nodes"][k]["type"] != INPUT, k in fed, nodes.index(k)))
    for begin in begins:
        if begin in colour:
            continue
        colour[begin] = 1
        stack = [(begin, iter(onward[begin]))]
        while stack:
            key, ends = stack[-1]
            end = next(ends, None)
            if end is None:
                colour[key] = 2
                stack.pop()
            elif colour.get(end) != 1:
                kept[key].append(end)
                if end not in colour:
                    colour[end] = 1
                    stack.append((end, iter(onward[end])))
    return kept


def _layers(nodes: list[str], forward: dict[str, list[str]]) -> dict[str, int]:
    """Layer of each node: the longest path that leads to it."""
    waiting = {k: 0 for k in nodes}
    for ends in forward.values():
        for end in ends:
            waiting[end] += 1
    layer = {k: 0 for k in nodes}
    ready = [k for k in nodes if not waiting[k]]
    while ready:
        key = ready.pop()
        for end in forward[key]:
            layer[end] = max(layer[end], layer[key] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    return layer

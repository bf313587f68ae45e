"""What names nodes follows them: probes by their paths, frames by their ids, the settings of a run by its ports."""

from typing import Any

from spark.editor.draft import Draft
from spark.editor.fed import HEAD, is_input
from spark.editor.outputs import follow_wires
from spark.editor.ports import by_config, configured_ports
from spark.io.model_file import INPUT, OUTPUT

Nodes = dict[str, Any]


def follow(draft: Draft) -> None:
    """Bring a draft in order after its commands: nodes may have another name or place, or be gone."""
    before, after = draft.was("nodes"), draft.document["nodes"]
    if _places(before) != _places(after):
        _follow_probes(draft, before, after)
        _follow_groups(draft, after)
        _follow_ports(draft, before, after)
        _drop_wires_of_lost_ports(draft, before, after)
    _drop_lost_wires(draft, before, after)
    follow_wires(draft)


def _drop_lost_wires(draft: Draft, before: Nodes, after: Nodes) -> None:
    """Wires go with a port that another config no longer has: no page could draw them. One that is wrong takes none."""
    for key, node in after.items():
        was = before.get(key)
        if was is None or was == node or was["type"] != node["type"] or not by_config(node["type"]):
            continue
        (old, _), (new, sound) = configured_ports(was), configured_ports(node)
        if not sound:
            continue
        into = {*old.inputs, *old.optional} - {*new.inputs, *new.optional}
        out = set(old.outputs) - set(new.outputs)
        for name, edge in list(draft.document["edges"].items()):
            if (edge["to"][0] == key and edge["to"][1] in into) or (edge["from"][0] == key and edge["from"][1] in out):
                draft.put("edges", name, None)


def _drop_wires_of_lost_ports(draft: Draft, before: Nodes, after: Nodes) -> None:
    """Wires to a brain go with its port: a port is a node inside, and a wire stands outside."""
    lost = _inner_ports(before) - _inner_ports(after)
    for name, edge in list(draft.document["edges"].items()):
        for end, kind in (("to", INPUT), ("from", OUTPUT)):
            if (edge[end][0], kind, edge[end][1]) in lost and edge[end][0] in after:
                draft.put("edges", name, None)


def _inner_ports(nodes: Nodes) -> set[tuple[str, str, str]]:
    """The ports of brains inside the brain: the brain's node, whether it is an input or an output, and the name."""
    return {
        (n["parent"], n["type"], n["name"]) for n in nodes.values() if n["type"] in (INPUT, OUTPUT) and n.get("parent")
    }


def _follow_probes(draft: Draft, before: Nodes, after: Nodes) -> None:
    modules, ports, fed = _paths(before), _ports(before, OUTPUT), _ports(before, INPUT)
    inner = {(n["parent"], n["name"]): k for k, n in before.items() if n["type"] == OUTPUT and n.get("parent")}
    for key, probe in draft.was("probes").items():
        if draft.get("probes", key) != probe:
            continue
        path = probe["path"]
        if is_input(path):
            name = path.removeprefix(HEAD)
            now = _name(after, fed[name]) if name in fed else name
            draft.put("probes", key, None if now is None else {**probe, "path": f"{HEAD}{now}"})
            continue
        parts = path.split(".")
        # An output of the brain is watched by its name alone, everything else by a module's path and what is in it.
        heads = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
        head = next((h for h in heads if h in modules), path)
        node = ports.get(path) if len(parts) == 1 else modules.get(head)
        if node is None:
            continue
        if node not in after:
            draft.put("probes", key, None)
        elif len(parts) == 1:
            draft.update("probes", key, path=after[node]["name"])
        else:
            rest = path[len(head) + 1 :]
            # What a brain inside puts out is a node of its own, which may have another name, or be gone.
            port = inner.get((node, rest))
            now = rest if port is None else _name(after, port)
            draft.put("probes", key, None if now is None else {**probe, "path": f"{path_of(after, node)}.{now}"})


def _follow_groups(draft: Draft, after: Nodes) -> None:
    for key, group in list(draft.document["groups"].items()):
        kept = [k for k in group["nodes"] if k in after]
        parents = {after[k].get("parent") for k in kept}
        # A frame goes with its nodes if they go together; else it stays, with those that stay.
        parent = parents.pop() if len(parents) == 1 else group.get("parent")
        kept = [k for k in kept if after[k].get("parent") == parent]
        if not kept:
            draft.put("groups", key, None)
        elif (kept, parent) != (group["nodes"], group.get("parent")):
            draft.update("groups", key, nodes=kept, parent=parent)


def _follow_ports(draft: Draft, before: Nodes, after: Nodes) -> None:
    run, was = draft.document["run"], draft.was("run")
    names = {kind: {n: _name(after, k) for n, k in _ports(before, kind).items()} for kind in (INPUT, OUTPUT)}
    for setting, kind in (("observation", INPUT), ("action", OUTPUT)):
        chosen = was.get(setting)
        if isinstance(chosen, str) and run.get(setting) == chosen and chosen in names[kind]:
            draft.put("run", setting, names[kind][chosen])
    given = was.get("inputs")
    if isinstance(given, dict) and run.get("inputs") == given:
        moved = {names[INPUT].get(n, n): source for n, source in given.items()}
        draft.put("run", "inputs", {n: source for n, source in moved.items() if n is not None})


def _places(nodes: Nodes) -> dict[str, tuple[str, str | None]]:
    return {k: (n["name"], n.get("parent")) for k, n in nodes.items()}


def _ports(nodes: Nodes, kind: str) -> dict[str, str]:
    """The outermost brain's ports of a kind: node by name."""
    return {n["name"]: k for k, n in nodes.items() if n["type"] == kind and n.get("parent") is None}


def _name(nodes: Nodes, key: str) -> str | None:
    return nodes[key]["name"] if key in nodes else None


def _paths(nodes: Nodes) -> dict[str, str]:
    """Modules by their dotted paths."""
    return {path_of(nodes, k): k for k, n in nodes.items() if n["type"] not in (INPUT, OUTPUT)}


def path_of(nodes: Nodes, key: str) -> str:
    """The dotted path of a node."""
    names: list[str] = []
    at: str | None = key
    # A file may say anything, also that two brains stand inside each other.
    while at in nodes and len(names) <= len(nodes):
        names.append(nodes[at]["name"])
        at = nodes[at].get("parent")
    return ".".join(reversed(names))

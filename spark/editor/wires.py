"""Commands that follow wires: wiring a new node, copying, and making and unpacking a brain inside a brain."""

from typing import Any

from spark.core.names import suggestion
from spark.editor.command_table import COMMANDS, command, existing, free_name, refuse
from spark.editor.draft import Draft, Shapes
from spark.editor.ports import inputs, outputs, projection_names, why_not
from spark.io.graph_config import children, wires_into
from spark.io.model_file import BRAIN, FORMAT, INPUT, OUTPUT, TABLES, VERSION, check_document

# Commands that make ports of what other ports carry, and so ask for a draft that knows shapes.
NEED_SHAPES = frozenset({"encapsulate", "promote"})
# How far from what was duplicated its copy lies, to the right and down.
ASIDE = 40


def wire_to_first(draft: Draft, key: str, wire: dict[str, Any]) -> None:
    """Wire a new node to a port: the end of a wire that was dropped on nothing."""
    document, connect = draft.document, COMMANDS["connect"]
    if "from" in wire:
        pairs = [(wire["from"], [key, port]) for port in inputs(document, key)]
    else:
        taken = inputs(document, wire["to"][0]).get(wire["to"][1])
        if document["nodes"][key]["type"] == INPUT and taken is not None:
            _adopt_payload(draft, key, taken)
        pairs = [([key, port], wire["to"]) for port in outputs(document, key)]
    for begin, end in pairs:
        if why_not(document, begin, end) is None:
            connect(draft, begin, end)
            return


def _adopt_payload(draft: Draft, key: str, payload: Any) -> None:
    config = draft.get("nodes", key)["config"]
    draft.update("nodes", key, config={**config, "payload_type": payload.__name__, "dtype": payload.default_dtype})


def copied(document: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    """The nodes, what is inside them, and the wires between them, as plain data for the clipboard."""
    chosen = {k for k in ids if k in document["nodes"]}
    tops = set(chosen)
    grown = True
    while grown:
        inner = {k for k, n in document["nodes"].items() if n.get("parent") in chosen} - chosen
        chosen |= inner
        grown = bool(inner)
    nodes = {k: {**document["nodes"][k]} for k in chosen}
    for key in tops:
        nodes[key]["parent"] = None
    edges = {k: e for k, e in document["edges"].items() if e["from"][0] in chosen and e["to"][0] in chosen}
    notes = {k: {**document["notes"][k], "parent": None} for k in ids if k in document["notes"]}
    return {"format": "spark clipboard", "version": 1, "nodes": nodes, "edges": edges, "notes": notes}


@command
def paste(
    draft: Draft, data: dict[str, Any], x: float = 0, y: float = 0, parent: str | None = None
) -> dict[str, list[str]]:
    """Add what was copied, with new ids and free names, its corner at a place."""
    if not isinstance(data, dict) or all(data.get(t, {}) == {} for t in ("nodes", "notes")):
        raise refuse("the clipboard holds no part of a brain", "Copy nodes or notes of a brain, and paste them here")
    wrapped = {"format": FORMAT, "version": VERSION, **{t: data.get(t, {}) for t in ("nodes", "edges", "notes")}}
    found = check_document("clipboard", wrapped)
    nodes, new = found["nodes"], {}
    tops = {k: n for k, n in nodes.items() if n.get("parent") not in nodes}
    placed = [r.get("ui", {}) for r in (*tops.values(), *found["notes"].values())]
    left, top = (min((p.get(a, 0) for p in placed), default=0) for a in ("x", "y"))
    shift = {"x": x - left, "y": y - top}

    def place(record: Any) -> dict[str, Any]:
        ui = record.get("ui", {})
        return {**ui, **{a: ui.get(a, 0) + shift[a] for a in ("x", "y")}}

    for key in _outer_first(nodes):
        node = nodes[key]
        new[key] = draft.new_id("nodes")
        if key in tops:
            made = {"parent": parent, "name": free_name(draft, node["name"], parent), "ui": place(node)}
        else:
            made = {"parent": new[node["parent"]]}
        draft.put("nodes", new[key], {**node, **made})
    for edge in found["edges"].values():
        ends = {e: [new[edge[e][0]], edge[e][1]] for e in ("from", "to") if edge[e][0] in new}
        if len(ends) == 2:
            draft.put("edges", draft.new_id("edges"), {**edge, **ends})
    notes = []
    for note in found["notes"].values():
        notes.append(draft.new_id("notes"))
        draft.put("notes", notes[-1], {**note, "parent": parent, "ui": place(note)})
    return {"ids": [new[k] for k in tops] + notes}


@command
def duplicate(draft: Draft, ids: list[str], parent: str | None = None) -> dict[str, list[str]]:
    """Add nodes and notes of one brain once more, a little aside, with the wires between them."""
    tables = draft.document["nodes"], draft.document["notes"]
    placed = [table[k].get("ui", {}) for k in ids for table in tables if k in table]
    x, y = (min((p.get(a, 0) for p in placed), default=0) + ASIDE for a in ("x", "y"))
    return paste(draft, copied(draft.document, ids), x, y, parent)


def _outer_first(nodes: dict[str, Any]) -> list[str]:
    found: list[str] = []
    waiting = list(nodes)
    while waiting:
        ready = [k for k in waiting if nodes[k].get("parent") not in waiting]
        if not ready:
            raise refuse("the copied nodes stand inside each other")
        found += ready
        waiting = [k for k in waiting if k not in ready]
    return found


@command
def encapsulate(draft: Draft, ids: list[str], name: str = "inner") -> dict[str, Any]:
    """Take nodes into a new brain of their own; every wire over its border becomes a port. No result changes."""
    nodes = {k: existing(draft, "nodes", k) for k in ids}
    nodes = {k: n for k, n in nodes.items() if n["type"] not in (INPUT, OUTPUT)}
    parents = {n.get("parent") for n in nodes.values()}
    if not nodes or len(parents) != 1:
        raise refuse("a brain is made of some modules that stand in one brain", "Select modules side by side")
    parent = parents.pop()
    document = draft.document
    known = draft.shapes
    place = {a: sum(n["ui"].get(a, 0) for n in nodes.values()) / len(nodes) for a in ("x", "y")}
    brain = draft.new_id("nodes")
    record = {"type": BRAIN, "name": free_name(draft, name, parent), "parent": parent, "config": {"transparent": True}}
    draft.put("nodes", brain, {**record, "ui": {a: round(v, 2) for a, v in place.items()}})
    for key in nodes:
        draft.update("nodes", key, parent=brain)
    left = min(n["ui"].get("x", 0) for n in nodes.values()) - 300
    right = max(n["ui"].get("x", 0) for n in nodes.values()) + 300
    made: dict[Any, str] = {}
    for key, edge in sorted(document["edges"].items()):
        begin, end = edge["from"], edge["to"]
        comes_in, goes_out = begin[0] not in nodes and end[0] in nodes, begin[0] in nodes and end[0] not in nodes
        if not (comes_in or goes_out):
            continue
        port = (INPUT, *begin) if comes_in else (OUTPUT, *begin)
        if port not in made:
            x = left if comes_in else right
            ui = {"x": x, "y": place["y"] + 120 * len(made)}
            made[port] = _border(draft, brain, port, known, ui)
            if goes_out:
                inner = {"from": begin, "to": [made[port], "value"], "order": 0}
                draft.put("edges", draft.new_id("edges"), inner)
            else:
                outer = {"from": begin, "to": [brain, _name(draft, made[port])], "order": 0}
                draft.put("edges", draft.new_id("edges"), outer)
        _begin_at(draft, key, [made[port], "value"] if comes_in else [brain, _name(draft, made[port])])
    # A frame around some of these modules alone goes with them.
    shared = [k for k, g in document["groups"].items() if not set(g["nodes"]) <= set(nodes)]
    _frame_instead(draft, shared, set(nodes), [brain])
    return {"id": brain}


def _frame_instead(draft: Draft, frames: list[str], gone: set[str], come: list[str]) -> None:
    """Let those of some frames that hold nodes which go hold what comes in their place."""
    for key in frames:
        held = draft.get("groups", key)["nodes"]
        if gone & set(held):
            draft.update("groups", key, nodes=sorted({*held, *come} - gone))


def _begin_at(draft: Draft, key: str, begin: list[str]) -> None:
    """Let a wire begin elsewhere, where the same comes from: a projection keeps its name, which draws follow from."""
    edge = draft.get("edges", key)
    settings = edge.get("projection")
    if isinstance(settings, dict) and settings.get("name") is None:
        settings = {**settings, "name": projection_names(draft.document, edge["to"])[key]}
    draft.update("edges", key, **{"from": begin, "projection": settings})


def _name(draft: Draft, key: str) -> str:
    return draft.get("nodes", key)["name"]


def _border(draft: Draft, brain: str, port: tuple[str, str, str], known: Shapes, place: dict[str, float]) -> str:
    """A new port of a brain that carries what `node.port` carries."""
    kind, node, name = port
    payload = outputs(draft.document, node).get(name)
    origin = draft.get("nodes", node)
    wanted = origin["name"] if origin["type"] == INPUT else f"{origin['name']}_{name}"
    config = _spec_of(known, (node, name), payload)
    if origin["type"] == INPUT:
        config = {**config, **origin.get("config", {})}
    key = draft.new_id("nodes")
    made = {"type": kind, "name": free_name(draft, wanted, brain), "parent": brain, "config": config, "ui": place}
    draft.put("nodes", key, made)
    return key


def _spec_of(known: Shapes, port: tuple[str, str], payload: Any) -> dict[str, Any]:
    """The settings of an `Input` or `Output` that carries what this output port carries."""
    if port in known:
        shape, dtype, name = known[port]
        return {"shape": list(shape), "dtype": dtype, "payload_type": name}
    return {"shape": [1], "dtype": payload.default_dtype, "payload_type": payload.__name__} if payload else {}


@command
def unpack(draft: Draft, id: str) -> dict[str, Any]:
    """Put the modules of a brain into the brain that it stands in."""
    brain = existing(draft, "nodes", id)
    if brain["type"] != BRAIN:
        raise refuse("only a brain can be unpacked")
    parent, document = brain.get("parent"), draft.document
    inner = children(document, id)
    feeds = wires_into(document, id)
    leaving = {k: e for k, e in document["edges"].items() if e["from"][0] == id}
    for key, node in inner.items():
        if node["type"] == INPUT:
            source = [e["from"] for _, e in feeds.get(node["name"], [])]
            if len(source) > 1:
                raise refuse(f"several wires come into {brain['name']}.{node['name']}", "Leave one wire on that port")
            _replace(draft, {k: e for k, e in document["edges"].items() if e["from"][0] == key}, source)
        elif node["type"] == OUTPUT:
            source = [e["from"] for _, e in wires_into(document, key).get("value", [])]
            mine = {k: e for k, e in leaving.items() if e["from"][1] == node["name"]}
            _replace(draft, mine, source)
    for key, node in inner.items():
        if node["type"] not in (INPUT, OUTPUT):
            draft.update("nodes", key, parent=parent, name=free_name(draft, node["name"], parent))
    for table in TABLES[2:4]:
        for key in [k for k, r in document[table].items() if r.get("parent") == id]:
            draft.update(table, key, parent=parent)
    modules = [k for k, n in inner.items() if n["type"] not in (INPUT, OUTPUT)]
    _frame_instead(draft, list(document["groups"]), {id}, modules)
    COMMANDS["remove"](draft, [id])
    return {"ids": modules}


def _replace(draft: Draft, edges: dict[str, Any], source: list[list[str]]) -> None:
    for key in edges:
        if source:
            _begin_at(draft, key, source[0])
        else:
            draft.put("edges", key, None)


@command
def promote(draft: Draft, id: str, port: str, output: bool) -> dict[str, Any]:
    """Make a port of a node inside a brain a port of that brain."""
    node = existing(draft, "nodes", id)
    parent = node.get("parent")
    ports = outputs(draft.document, id) if output else inputs(draft.document, id)
    if port not in ports:
        raise refuse(f"{node['name']} has no such port, got {port!r}", suggestion(port, ports))
    config = _spec_of(draft.shapes if output else {}, (id, port), ports[port])
    ui = {"x": node["ui"].get("x", 0) + (300 if output else -300), "y": node["ui"].get("y", 0) + 100}
    made = COMMANDS["add"](draft, OUTPUT if output else INPUT, ui["x"], ui["y"], port, parent, config)
    ends = ([id, port], [made["id"], "value"]) if output else ([made["id"], "value"], [id, port])
    COMMANDS["connect"](draft, *ends)
    return made

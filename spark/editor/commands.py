"""The commands by which a document changes: each a function of a draft and plain arguments."""

import math
import re
from typing import Any

from spark.core.config_arguments import optional_type
from spark.core.names import illegal, suggestion
from spark.core.registry import modules as registry
from spark.editor.command_table import CommandError, command, existing, free_name, refuse, table_of
from spark.editor.defaults import first_settings, spelled_out
from spark.editor.draft import Draft
from spark.editor.ports import means_defaults, takes_projections, why_not
from spark.editor.run_problems import condition_problems, number_problems
from spark.editor.wires import wire_to_first
from spark.graph.check import RESERVED
from spark.io.layout import arrange
from spark.io.model_file import BRAIN, INPUT, OUTPUT
from spark.nn.projections import ProjectionConfig

# Configs of a projection that it may do without: one with all its defaults is not the same as none.
OPTIONAL = {name for name, info in ProjectionConfig.model_fields.items() if optional_type(info)}
PLACED = ("nodes", "notes", "groups")
# Properties of a document: what each needs, and whether a value is that.
PROPERTIES = {
    "name": ("text", lambda v: isinstance(v, str)),
    "description": ("text", lambda v: isinstance(v, str)),
    "seed": ("a whole number from 0 on", lambda v: type(v) is int and v >= 0),
    "dt": ("a number of ms above 0", lambda v: type(v) in (int, float) and math.isfinite(v) and v > 0),
    "check_numbers": ("true or false", lambda v: isinstance(v, bool)),
}


def _snake(type_name: str) -> str:
    """`ALIFNeuron` as `alif_neuron`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", type_name).lower()


@command
def add(draft: Draft, type: str, x: float = 0, y: float = 0, name: str | None = None, parent: str | None = None,
        config: dict[str, Any] | None = None, wire: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
    """Add a node; `wire` names a port (`{"from": ...}` or `{"to": ...}`) that is wired to its first port that fits."""
    if type not in (INPUT, OUTPUT) and type not in registry.names():
        raise refuse(f"{type!r} is no module", suggestion(type, registry.names()))
    if parent is not None and existing(draft, "nodes", parent)["type"] != BRAIN:
        raise refuse("only a brain has nodes inside")
    key = draft.new_id("nodes")
    settings = first_settings(type) if config is None else config
    given = free_name(draft, name or _snake(type), parent)
    record = {"type": type, "name": given, "parent": parent, "config": settings, "ui": {"x": x, "y": y}}
    draft.put("nodes", key, record)
    if wire:
        wire_to_first(draft, key, wire)
    return {"id": key}


@command
def remove(draft: Draft, ids: list[str]) -> None:
    """Remove nodes (with what is inside, and their wires and probes), wires, notes, groups, probes."""
    for key in ids:
        table = table_of(draft, key)
        draft.put(table, key, None)
        if table == "nodes":
            _remove_what_hangs_on(draft, key)


def _remove_what_hangs_on(draft: Draft, node: str) -> None:
    for table in ("nodes", "notes", "groups"):
        for key in [k for k, r in draft.document[table].items() if r.get("parent") == node]:
            draft.put(table, key, None)
            if table == "nodes":
                _remove_what_hangs_on(draft, key)
    for key in [k for k, e in draft.document["edges"].items() if node in (e["from"][0], e["to"][0])]:
        draft.put("edges", key, None)
    for key in [k for k, p in draft.document["probes"].items() if p.get("node") == node]:
        draft.put("probes", key, None)


@command
def move(draft: Draft, places: dict[str, list[float]]) -> None:
    """Put nodes, notes and groups at places."""
    for key, (x, y) in places.items():
        table = table_of(draft, key)
        if table in PLACED:
            record = draft.get(table, key)
            draft.update(table, key, ui={**record.get("ui", {}), "x": round(float(x), 2), "y": round(float(y), 2)})


@command
def rename(draft: Draft, id: str, name: str) -> None:
    """Give a node another name."""
    record = existing(draft, "nodes", id)
    why = illegal(name, RESERVED)
    if why:
        raise refuse(why, "Choose another name", name)
    port = record["type"] in (INPUT, OUTPUT)
    for key, other in draft.document["nodes"].items():
        same_kind = (other["type"] == record["type"]) if port else other["type"] not in (INPUT, OUTPUT)
        if key != id and same_kind and other.get("parent") == record.get("parent") and other["name"] == name:
            raise refuse("is the name of another node", "Names must differ", name)
    if port and record.get("parent") is not None:
        _rename_port(draft, record, name)
    draft.update("nodes", id, name=name)


def _rename_port(draft: Draft, record: Any, name: str) -> None:
    """Wires to a brain's port follow its name."""
    end = "to" if record["type"] == INPUT else "from"
    old = [record["parent"], record["name"]]
    for key in [k for k, e in draft.document["edges"].items() if e[end] == old]:
        draft.update("edges", key, **{end: [record["parent"], name]})


@command
def configure(draft: Draft, ids: list[str], path: list[str], value: Any = None, reset: bool = False) -> None:
    """Set one field of the configs of some nodes, or of the settings of some projections.

    `reset` leaves it to its default. A projection is a wire that ends at a receptor.
    """
    for key in ids:
        if isinstance(key, str) and draft.get("edges", key) is not None:
            _configure_projection(draft, key, path, value, reset)
            continue
        record = existing(draft, "nodes", key)
        config = record.get("config", {})
        if len(path) > 1:
            config = spelled_out(record["type"], config, path[0])
        draft.update("nodes", key, config=_with(config, path, value, reset))


def _configure_projection(draft: Draft, key: str, path: list[str], value: Any, reset: bool) -> None:
    edge = draft.get("edges", key)
    settings = _with(edge.get("projection", {}), path, value, reset)
    if len(path) > 1 and path[0] in edge.get("projection", {}) and path[0] in OPTIONAL:
        settings.setdefault(path[0], {})
    if not reset:
        if not takes_projections(draft.document, edge["to"]):
            raise _no_receptor(draft, edge)
        if "projection" not in edge and not means_defaults(draft.document["nodes"][edge["to"][0]], edge["to"][1]):
            text = "the wire means what the fields of its end say"
            raise refuse(text, "Give it settings of its own first: they begin with every connection, of weight 1")
    # A projection of defaults is a bare wire, which every version reads, where a bare wire means no more than that.
    end, port = edge["to"]
    node = draft.document["nodes"].get(end)
    bare = not settings and (node is None or node["type"] not in registry.names() or means_defaults(node, port))
    draft.update("edges", key, projection=None if bare else settings)


@command
def put_projection(draft: Draft, id: str, own: bool) -> None:
    """Give a wire settings of its own, the defaults at first; or take them away, and it means what its end says."""
    edge = existing(draft, "edges", id)
    if own and not takes_projections(draft.document, edge["to"]):
        raise _no_receptor(draft, edge)
    draft.update("edges", id, projection=edge.get("projection", {}) if own else None)


def _no_receptor(draft: Draft, edge: Any) -> CommandError:
    name = draft.document["nodes"].get(edge["to"][0], {}).get("name", "?")
    text = f"the wire has no settings: {name}.{edge['to'][1]} is no receptor of spikes"
    return refuse(text, "Wire it to a receptor of a pool")


def _with(config: dict[str, Any], path: list[str], value: Any, reset: bool) -> dict[str, Any]:
    made, head = dict(config), path[0]
    if len(path) > 1:
        inner = made.get(head, {})
        inner = _with(inner if isinstance(inner, dict) else {}, path[1:], value, reset)
        if inner:
            made[head] = inner
        else:
            made.pop(head, None)
    elif reset:
        made.pop(head, None)
    else:
        made[head] = value
    return made


@command
def connect(draft: Draft, begin: list[str], end: list[str]) -> dict[str, Any]:
    """Draw a wire; it comes last among those into its port."""
    why = why_not(draft.document, begin, end)
    if why:
        raise refuse(why)
    order = 1 + max((e.get("order", 0) for e in draft.document["edges"].values() if e["to"] == end), default=-1)
    key = draft.new_id("edges")
    draft.put("edges", key, {"from": begin, "to": end, "order": order})
    return {"id": key}


@command
def reorder(draft: Draft, id: str, place: int) -> None:
    """Put a wire at another place among those into its port."""
    end = existing(draft, "edges", id)["to"]
    wires = [(e.get("order", 0), k) for k, e in draft.document["edges"].items() if e["to"] == end and k != id]
    keys = [k for _, k in sorted(wires)]
    keys.insert(max(0, min(place, len(keys))), id)
    for order, key in enumerate(keys):
        draft.update("edges", key, order=order)


@command
def set_meta(draft: Draft, key: str, value: Any = None) -> None:
    """Set a property of the document: name, seed, dt, check_numbers, or a description."""
    if key not in PROPERTIES:
        raise refuse(f"a document has no property {key!r}")
    wanted, holds = PROPERTIES[key]
    if value is not None and not holds(value):
        raise refuse(f"must be {wanted}, got {value!r}"[:200], "Write another value", f"meta.{key}")
    draft.put("meta", key, value)


@command
def set_run(draft: Draft, key: str, value: Any = None) -> None:
    """Set how the brain is run: see `spark.editor.simulation`."""
    for problem in condition_problems(value) if key == "stop" else number_problems({key: value}):
        raise CommandError(problem)
    draft.put("run", key, value)


@command
def set_input(draft: Draft, name: str, source: dict[str, Any], unit: int | None = None) -> None:
    """Set what drives one of the brain's inputs, or one unit of it; the others stay as they are.

    See `spark.editor.drive` for sources.
    """
    run = draft.get("run", "inputs")
    given = run if isinstance(run, dict) else {}
    if unit is not None:
        before = given.get(name)
        values = before.get("value") if isinstance(before, dict) else None
        if not isinstance(values, list) or type(unit) is not int or not 0 <= unit < len(values):
            raise refuse(f"the input has no value of its own for unit {unit!r}", "Give it one for each unit", name)
        source = {"value": [source.get("value") if i == unit else v for i, v in enumerate(values)]}
    draft.put("run", "inputs", {**given, name: source})


@command
def put_note(draft: Draft, id: str | None = None, text: str = "", x: float = 0, y: float = 0,
             parent: str | None = None) -> dict[str, Any]:  # fmt: skip
    """Write a note, a new one or another text into one."""
    if id is not None:
        existing(draft, "notes", id)
        draft.update("notes", id, text=text)
        return {"id": id}
    key = draft.new_id("notes")
    draft.put("notes", key, {"text": text, "parent": parent, "ui": {"x": x, "y": y}})
    return {"id": key}


@command
def group(draft: Draft, ids: list[str] | None = None, name: str = "group", id: str | None = None) -> dict[str, Any]:
    """Draw a frame around some nodes, or give a frame another name."""
    if id is not None:
        existing(draft, "groups", id)
        draft.update("groups", id, name=name)
        return {"id": id}
    nodes = [existing(draft, "nodes", k) for k in ids or []]
    if not nodes:
        raise refuse("there is nothing to group", "Select some nodes first")
    if len({n.get("parent") for n in nodes}) > 1:
        raise refuse("a frame stands in one brain", "Select nodes side by side")
    key = draft.new_id("groups")
    draft.put("groups", key, {"name": name, "nodes": sorted(ids or []), "parent": nodes[0].get("parent")})
    return {"id": key}


@command
def put_probe(draft: Draft, path: str, view: str, node: str | None = None, id: str | None = None,
              settings: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
    """Watch something while the brain runs: a path, and how it is shown."""
    same = [k for k, p in draft.document["probes"].items() if (p["path"], p.get("view")) == (path, view)]
    key = id or (same[0] if same else draft.new_id("probes"))
    draft.put("probes", key, {"path": path, "view": view, "node": node, "settings": settings or {}})
    return {"id": key}


@command
def align(draft: Draft, ids: list[str], how: str) -> None:
    """Align nodes: left, right, top, bottom, center or middle; or spread them evenly: row or column."""
    places = {k: draft.get("nodes", k)["ui"] for k in ids if draft.get("nodes", k) is not None}
    if len(places) < 2:
        return
    axis = "x" if how in ("left", "right", "center", "row") else "y"
    values = sorted(float(p.get(axis, 0)) for p in places.values())
    middle = (values[0] + values[-1]) / 2
    if how in ("row", "column"):
        step = (values[-1] - values[0]) / (len(values) - 1)
        ordered = sorted(places, key=lambda k: places[k].get(axis, 0))
        targets = {k: values[0] + i * step for i, k in enumerate(ordered)}
    else:
        ends = {"left": values[0], "top": values[0], "right": values[-1], "bottom": values[-1]}
        targets = {k: ends.get(how, middle) for k in places}
    for key, value in targets.items():
        draft.update("nodes", key, ui={**places[key], axis: round(value, 2)})


@command
def lay_out(draft: Draft, parent: str | None = None) -> None:
    """Lay a brain's modules out from left to right."""
    for key, (x, y) in arrange(draft.document, parent).items():
        draft.update("nodes", key, ui={**draft.get("nodes", key).get("ui", {}), "x": x, "y": y})

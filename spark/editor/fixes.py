"""Quick fixes: for a problem the commands that mend it."""

import re
from typing import Any

from spark.editor.ports import inputs, outputs, why_not
from spark.editor.shapes import Shapes
from spark.io.graph_config import Located
from spark.io.model_file import INPUT, OUTPUT, Document

MOST = 4


def fixes_of(document: Document, problems: list[Located], shapes: Shapes) -> list[list[dict[str, Any]]]:
    """For each problem up to four fixes, `{"label", "commands"}`."""
    return [_fixes(document, p, shapes)[:MOST] for p in problems]


def _fixes(document: Document, located: Located, shapes: Shapes) -> list[dict[str, Any]]:
    kind, node, edge = located.problem.kind, located.node, located.edge
    found: list[dict[str, Any]] = []
    if kind == "missing" and node is not None and located.field in inputs(document, node):
        found += _feeds(document, node, str(located.field))
    elif kind == "missing" and node is not None and located.field is not None:
        found.append(_fix("Give it its usual first value", _first_value(document, node, located.field)))
    if kind == "empty":
        at = {"do": "add", "x": 0, "y": 0, "parent": node}
        found.append(_fix("Add a pool of neurons", {**at, "type": "LIFNeuron"}))
    if node is not None and located.field:
        found += _of_field(document, located, node, located.field)
    if (
        edge is not None
        and located.field
        and located.field.split(".")[0] in document["edges"][edge].get("projection", {})
    ):
        reset = {"do": "configure", "ids": [edge], "path": _known(document["edges"][edge]["projection"], located.field)}
        found.append(_fix("Back to the default", {**reset, "reset": True}))
    if edge is not None:
        found.append(_fix("Delete the wire", {"do": "remove", "ids": [edge]}))
    if kind in ("unknown-type", "orphan") and node is not None:
        found.append(_fix("Delete the node", {"do": "remove", "ids": [node]}))
    return found


def _of_field(document: Document, located: Located, node: str, field: str) -> list[dict[str, Any]]:
    """What mends a field of a node."""
    kind, found = located.problem.kind, []
    if kind == "shape" and field == "shape":
        wanted = re.search(r"expected \(([\d, ]+)\)", located.problem.message)
        if wanted:
            sizes = [int(n) for n in wanted.group(1).split(",") if n.strip()]
            command = {"do": "configure", "ids": [node], "path": ["shape"], "value": sizes}
            found.append(_fix(f"Make its shape {tuple(sizes)}", command))
    if kind in ("unknown", "bounds", "type", "twice"):
        path = field.split(".")
        nearest = re.search(r"Did you mean '(\w+)'", located.problem.fix)
        if kind == "unknown" and nearest:
            value = _value(document, node, path)
            reset = {"do": "configure", "ids": [node], "path": path, "reset": True}
            put = {"do": "configure", "ids": [node], "path": [*path[:-1], nearest.group(1)], "value": value}
            found.append(_fix(f"Call it {nearest.group(1)}", reset, put))
        found.append(_fix("Back to the default", {"do": "configure", "ids": [node], "path": path, "reset": True}))
    if kind in ("name", "duplicate"):
        name = re.sub(r"\W", "_", document["nodes"][node]["name"]).strip("_") or "module"
        taken = {n["name"] for n in document["nodes"].values()}
        free = next(f"{name}_{i}" for i in range(2, len(taken) + 3) if f"{name}_{i}" not in taken)
        found.append(_fix(f"Call it {free}", {"do": "rename", "id": node, "name": free}))
    return found


def _known(settings: dict[str, Any], field: str) -> list[str]:
    """The path of a field, or of the innermost entry around it that there is."""
    path: list[str] = []
    at: Any = settings
    for part in field.split("."):
        if not isinstance(at, dict) or part not in at:
            break
        path.append(part)
        at = at[part]
    return path


def _fix(label: str, *commands: dict[str, Any]) -> dict[str, Any]:
    return {"label": label, "commands": list(commands)}


def _first_value(document: Document, node: str, field: str) -> dict[str, Any]:
    from spark.editor.defaults import first_settings

    value = first_settings(document["nodes"][node]["type"]).get(field)
    return {"do": "configure", "ids": [node], "path": [field], "value": value}


def _feeds(document: Document, node: str, port: str) -> list[dict[str, Any]]:
    """Wires from nodes beside it that fit, nearest first, and a new input of the brain."""
    record = document["nodes"][node]
    here = record.get("ui", {})

    def distance(key: str) -> float:
        there = document["nodes"][key].get("ui", {})
        return abs(there.get("x", 0) - here.get("x", 0)) + abs(there.get("y", 0) - here.get("y", 0))

    found = []
    beside = [k for k, n in document["nodes"].items() if n.get("parent") == record.get("parent") and k != node]
    for key in sorted(beside, key=distance):
        for out in outputs(document, key):
            if why_not(document, [key, out], [node, port]) is None:
                label = f"Wire {document['nodes'][key]['name']}.{out} to it"
                found.append(_fix(label, {"do": "connect", "begin": [key, out], "end": [node, port]}))
    add = {"do": "add", "type": INPUT, "x": here.get("x", 0) - 300, "y": here.get("y", 0)}
    if record["type"] != OUTPUT:
        new = {**add, "parent": record.get("parent"), "wire": {"to": [node, port]}}
        found = [*found[: MOST - 1], _fix("Add an input of the brain for it", new)]
    return found


def _value(document: Document, node: str, path: list[str]) -> Any:
    value: Any = document["nodes"][node].get("config", {})
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value

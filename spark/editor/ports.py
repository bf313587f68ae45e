"""Ports of a document's nodes, and which may be wired to which."""

import functools
import json
from typing import Any

from spark.core.errors import ConfigError, Problem, RegistryError
from spark.core.part import Part
from spark.core.payloads import Payload
from spark.core.ports import Ports
from spark.core.registry import modules as registry
from spark.editor.defaults import first_settings
from spark.graph.check import outputs_of
from spark.graph.specs import ModuleSpecs, PortMap
from spark.io.graph_config import PAYLOADS, children, wires_into
from spark.io.model_file import BRAIN, INPUT, OUTPUT, Document
from spark.io.sparse import from_sparse
from spark.nn.pools import Pool
from spark.nn.projections.projection import usual_names

Types = dict[str, type[Payload]]
# Why a wire cannot be: the words for the server and for the page, which has them with the catalogue.
REASONS = {
    "gone": "one of its ends is not there",
    "apart": "its ends are in different brains; give the inner brain an Input or Output",
    "direction": "a wire goes from an output to an input",
    "no output": "{node} has no output '{port}'",
    "no input": "{node} has no input '{port}'",
    "payload": "{to} takes {taken}, and {from} gives {given}",
    "twice": "these two are wired already",
    "taken": "the output {node} takes one wire, and has one",
}


def payload_of(node: Any) -> type[Payload]:
    """What an `Input` or `Output` node carries."""
    return PAYLOADS.get(node.get("config", {}).get("payload_type", "FloatArray"), PAYLOADS["FloatArray"])


def by_config(type_name: str) -> bool:
    """Whether the ports of a module of this type follow from its config, as those of a pool do."""
    try:
        cls: Any = registry[type_name]
    except LookupError:
        return False
    own = any("ports_from" in vars(owner) for owner in cls.__mro__ if owner is not Part)
    return own and type_name != BRAIN


def configured_ports(node: Any) -> tuple[Ports, bool]:
    """Ports of a node whose ports follow from its config, and whether that is sound.

    What is wrong with it is left to its defaults, so that a wrong number takes no port away.
    """
    cls: Any = registry[node["type"]]
    try:
        text = json.dumps(node.get("config", {}), sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        # No file can hold it: the command that brought it will be refused.
        return _configured_ports(node["type"], cls, "{}")[0], False
    return _configured_ports(node["type"], cls, text)


@functools.lru_cache(maxsize=1024)
def _configured_ports(type_name: str, cls: Any, text: str) -> tuple[Ports, bool]:
    given, usual = json.loads(text), first_settings(type_name)
    sound = not set(usual) - set(given)
    while given:
        try:
            return cls.ports_from(from_sparse(cls.config_class(), {**usual, **given})), sound
        except ConfigError as error:
            sound = False
            if not any([_dropped(given, problem) for problem in error.problems]):
                break
        except (TypeError, ValueError, AttributeError, RecursionError):
            break
    return cls.ports_from(from_sparse(cls.config_class(), usual)), sound and not given


def _dropped(given: dict[str, Any], problem: Problem) -> bool:
    """Leave out, in place, the innermost entry that a problem is about; whether there was one."""
    at, last = given, None
    for part in problem.address.split(".")[1:]:
        if not isinstance(at, dict) or part not in at:
            break
        last, at = (at, part), at[part]
    if last is not None:
        del last[0][last[1]]
    return last is not None


def takes_projections(document: Document, end: list[str]) -> bool:
    """Whether a wire that ends at a port is a projection, and may have the settings of one."""
    node = document["nodes"].get(end[0])
    return node is not None and by_config(node["type"]) and end[1] in configured_ports(node)[0].projected


def projection_names(document: Document, end: list[str]) -> dict[str, str]:
    """Names of the projections that end at a receptor, by the ids of their wires."""
    listed = wires_into(document, end[0]).get(end[1], [])
    origins = [document["nodes"].get(edge["from"][0], {}).get("name", "") for _, edge in listed]
    usual = usual_names(end[1], [PortMap(name, "") for name in origins])
    return {key: edge.get("projection", {}).get("name") or n for (key, edge), n in zip(listed, usual, strict=True)}


def means_defaults(node: Any, port: str) -> bool:
    """Whether a bare wire into a receptor of a node is a projection with the defaults; presets say what it means."""
    cls: Any = registry[node["type"]]
    return not issubclass(cls, Pool) or port not in cls.preset_ports


def outputs(document: Document, key: str) -> Types:
    """Output ports of a node."""
    node = document["nodes"][key]
    if node["type"] == INPUT:
        return {"value": payload_of(node)}
    if node["type"] == OUTPUT:
        return {}
    if node["type"] == BRAIN:
        return {n["name"]: payload_of(n) for n in children(document, key).values() if n["type"] == OUTPUT}
    if by_config(node["type"]):
        return dict(configured_ports(node)[0].outputs)
    try:
        cls: Any = registry[node["type"]]
        return dict(cls.ports().outputs) or dict(outputs_of(ModuleSpecs(node["name"], cls)))
    except (RegistryError, ValueError):
        return {}


def unknown(node: Any) -> bool:
    """Whether a node is of a type that is not installed here."""
    return node["type"] not in (INPUT, OUTPUT, BRAIN) and node["type"] not in registry.names()


def ports_by_wires(document: Document, key: str) -> tuple[Types, Types]:
    """Inputs and outputs of a node of which only the wires are known: what their other ends carry."""
    ins: Types = {}
    outs: Types = {}
    plain = PAYLOADS["FloatArray"]
    for edge in document["edges"].values():
        (source, out), (target, into) = edge["from"], edge["to"]
        if target == key and source in document["nodes"]:
            ins[into] = outputs(document, source).get(out, plain)
        if source == key and target in document["nodes"]:
            outs[out] = inputs(document, target).get(into, plain)
    return dict(sorted(ins.items())), dict(sorted(outs.items()))


def inputs(document: Document, key: str) -> Types:
    """Input ports of a node, required ones first."""
    node = document["nodes"][key]
    if node["type"] == INPUT:
        return {}
    if node["type"] == OUTPUT:
        return {"value": payload_of(node)}
    if node["type"] == BRAIN:
        return {n["name"]: payload_of(n) for n in children(document, key).values() if n["type"] == INPUT}
    try:
        cls: Any = registry[node["type"]]
    except RegistryError:
        return {}
    ports = configured_ports(node)[0] if by_config(node["type"]) else cls.ports()
    return {**ports.inputs, **ports.optional}


def kinds_of(payload: type[Payload]) -> list[str]:
    """Every payload that this one also is: what may take it. The page draws by this list, and knows no other rule."""
    return [c.__name__ for c in payload.__mro__ if issubclass(c, Payload) and c is not Payload]


def port_list(ports: Types, optional: Types | None = None) -> list[dict[str, Any]]:
    """Ports as the page takes them, required ones first."""
    listed = [(n, t, False) for n, t in ports.items()] + [(n, t, True) for n, t in (optional or {}).items()]
    return [{"name": n, "type": t.__name__, "kinds": kinds_of(t), "optional": o} for n, t, o in listed]


def why_not(document: Document, begin: list[str], end: list[str]) -> str | None:
    """Why a wire cannot go from one port to another, or None if it can.

    The page asks the same while a wire is drawn (`whyNot` in `web/src/core/graph.ts`); one table of cases holds both.
    """
    nodes = document["nodes"]
    if begin[0] not in nodes or end[0] not in nodes:
        return REASONS["gone"]
    first, last = nodes[begin[0]], nodes[end[0]]
    if first.get("parent") != last.get("parent"):
        return REASONS["apart"]
    given, taken = outputs(document, begin[0]).get(begin[1]), inputs(document, end[0]).get(end[1])
    if given is None:
        return _no_such("no output", first, begin[1], inputs(document, begin[0]))
    if taken is None:
        return _no_such("no input", last, end[1], outputs(document, end[0]))
    into = [e for e in document["edges"].values() if e["to"] == end]
    # An output without a wire takes whatever comes: it is what its wire brings.
    if taken.__name__ not in kinds_of(given) and (last["type"] != OUTPUT or into):
        ends = {"from": f"{first['name']}.{begin[1]}", "to": f"{last['name']}.{end[1]}"}
        return REASONS["payload"].format(**ends, given=given.__name__, taken=taken.__name__)
    if any(e["from"] == begin for e in into):
        return REASONS["twice"]
    if last["type"] == OUTPUT and into:
        return REASONS["taken"].format(node=last["name"])
    return None


def _no_such(reason: str, node: Any, port: str, others: Types) -> str:
    """A node has no such port, unless it has it on its other side."""
    return REASONS["direction"] if port in others else REASONS[reason].format(node=node["name"], port=port)

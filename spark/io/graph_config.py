"""From a document to the config of its brain, and back; with everything that is wrong, at its node, wire or field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spark.core import payloads
from spark.core.errors import ConfigError, Problem, RegistryError, SparkError
from spark.core.names import suggestion
from spark.core.payloads import Payload
from spark.core.registry import modules as registry
from spark.graph.check import check_names, check_wires, inputs_of, ports_of, resolve
from spark.graph.specs import CALL, InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.io.model_file import BRAIN, BRAIN_FIELDS, INPUT, OUTPUT, Document, natural
from spark.io.nesting import misplaced
from spark.io.sparse import from_sparse
from spark.io.unknown_names import unknown_names
from spark.nn import BrainConfig
from spark.nn.brain_config import OutputMap
from spark.nn.projections.projection import Projection, ProjectionConfig

PAYLOADS: dict[str, type[Payload]] = {
    c.__name__: c
    for c in vars(payloads).values()
    if isinstance(c, type) and issubclass(c, Payload) and c is not Payload
}


@dataclass(frozen=True)
class Located:
    """A problem and where it is drawn: at a node, at one of its fields, or at a wire."""

    problem: Problem
    node: str | None = None
    edge: str | None = None
    field: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        p = self.problem
        at = {"node": self.node, "edge": self.edge, "field": self.field}
        return {"address": p.address, "message": p.message, "fix": p.fix, "kind": p.kind, **at}


def field_in(address: str) -> str:
    """The path of a field, without the names of classes that configs of several kinds put into addresses."""
    return ".".join(name for name in address.split(".") if not (name[:1].isupper() and name.endswith("Config")))


@dataclass
class Level:
    """The inside of one brain of a document.

    Attributes:
        parent: The brain's node, or None for the outermost.
        path: The brain's dotted path, with a dot at its end if it is not empty.
        names: Node by name.
        broken: Names of modules whose specs could not be made.
    """

    document: Document
    parent: str | None
    path: str
    names: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    found: list[Located] = field(default_factory=list)

    def note(self, problem: Problem, **where: str | None) -> None:
        """Keep a problem, its address seen from the outermost brain."""
        self.found.append(Located(problem.under(self.path.rstrip(".")) if self.path else problem, **where))


def brain_config(document: Document) -> tuple[BrainConfig | None, list[Located]]:
    """The config of the document's brain, or None and what is wrong; nothing is built and no array is made."""
    level = Level(document, None, "")
    nodes = document["nodes"]
    for key, why in misplaced(nodes).items():
        level.found.append(Located(Problem(str(nodes[key]["name"]), why, "Delete it", "nesting"), node=key))
    if level.found:
        return None, level.found
    settings = {k: v for k, v in document["meta"].items() if k in BRAIN_FIELDS}
    config = _config_of(level, settings)
    known = set(document["nodes"])
    for key, node in document["nodes"].items():
        parent = node.get("parent")
        if parent is not None and (parent not in known or document["nodes"][parent]["type"] != BRAIN):
            problem = Problem(str(node["name"]), "is inside of something that is no brain", "Delete it", "orphan")
            level.found.append(Located(problem, node=key))
    # A name that was misspelt comes before what follows from it.
    found = [*_misspelt(document), *level.found]
    return (None if found else config), found


def _misspelt(document: Document) -> Iterator[Located]:
    for problem, table, key in unknown_names(document):
        at = {"nodes": "node", "edges": "edge"}.get(table)
        yield Located(problem, **({at: key} if at else {}))


def children(document: Document, parent: str | None) -> dict[str, Any]:
    """The nodes directly inside a brain, by id, in the order in which their ids were given."""
    found = {k: n for k, n in document["nodes"].items() if n.get("parent") == parent}
    return {k: found[k] for k in sorted(found, key=natural)}


def wires_into(document: Document, node: str) -> dict[str, list[tuple[str, Any]]]:
    """Ids and records of the wires into each port of a node, in their order."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for key, edge in document["edges"].items():
        if edge["to"][0] == node:
            found.setdefault(edge["to"][1], []).append((key, edge))
    return {port: sorted(wires, key=lambda w: (w[1].get("order", 0), w[0])) for port, wires in found.items()}


def _config_of(level: Level, settings: Mapping[str, Any]) -> BrainConfig | None:
    document = level.document
    nodes = children(document, level.parent)
    for key, node in nodes.items():
        level.names.setdefault(node["name"], key)
    _check_names(level, nodes)
    inputs = {n["name"]: _port(level, k, n, InputSpec) for k, n in nodes.items() if n["type"] == INPUT}
    modules = _modules(level, nodes)
    own = {name: spec.payload_type for name, spec in inputs.items() if spec is not None}
    wired, order = _wired(level, modules)
    for problem in check_wires(wired, own):
        _place_wire_problem(level, problem, wired, order)
    outputs = _outputs(level, nodes, wired, own)
    if not modules and not level.broken:
        level.note(Problem("", "the brain holds no module", "Add one: press Space", "empty"), node=level.parent)
    if level.found:
        return None
    try:
        return BrainConfig(input_map=inputs, output_map=outputs, modules_map=wired, **settings)
    except ConfigError as error:
        for problem in _stripped(error, "BrainConfig"):
            name = problem.address.split(".")[1] if problem.address.startswith("modules_map.") else ""
            level.note(problem, node=level.names.get(name, level.parent), field=problem.address.split(".")[-1])
        return None


def _modules(level: Level, nodes: Mapping[str, Any]) -> dict[str, ModuleSpecs]:
    """The modules of a brain by name, without wires; what cannot be made is noted."""
    modules = {}
    for key, node in nodes.items():
        if node["type"] in (INPUT, OUTPUT):
            continue
        specs = _specs(level, key, node)
        if specs is None:
            level.broken.add(node["name"])
        else:
            modules.setdefault(node["name"], specs)
            if modules[node["name"]] is specs:
                level.names[node["name"]] = key
    return modules


def _wired(
    level: Level, modules: Mapping[str, ModuleSpecs]
) -> tuple[dict[str, ModuleSpecs], dict[tuple[str, str], list[str]]]:
    """The modules with their wires, and the ids of the wires into each port, in the same order."""
    wired, order = {}, {}
    for name, specs in modules.items():
        feeds: dict[str, list[PortMap]] = {}
        for port, wires in wires_into(level.document, level.names[name]).items():
            begun = [(k, _origin(level, k, w), w) for k, w in wires]
            made = [(k, o and _projected(level, k, w, o, f"{name}.{port}[{i}]")) for i, (k, o, w) in enumerate(begun)]
            feeds[port] = [w for _, w in made if w is not None]
            order[name, port] = [k for k, w in made if w is not None]
        wired[name] = ModuleSpecs(name, specs.module_cls, feeds, specs.config)
    return wired, order


def _outputs(
    level: Level, nodes: Mapping[str, Any], wired: Mapping[str, ModuleSpecs], own: Mapping[str, type[Payload]]
) -> dict[str, OutputMap]:
    """The outputs of a brain by name."""
    made = {}
    for key, node in nodes.items():
        if node["type"] != OUTPUT:
            continue
        spec = _port(level, key, node, OutputSpec)
        wire = _output_wire(level, key, node["name"], spec, wires_into(level.document, key), wired, own)
        if wire is not None and spec is not None:
            made[node["name"]] = OutputMap(wire, spec)
    return made


def _check_names(level: Level, nodes: Mapping[str, Any]) -> None:
    inner = [(k, n) for k, n in nodes.items() if n["type"] not in (INPUT, OUTPUT)]
    for kind in (INPUT, OUTPUT):
        _check_some_names(level, [(k, n) for k, n in nodes.items() if n["type"] == kind])
    _check_some_names(level, inner)


def _check_some_names(level: Level, listed: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, node in listed:
        problems = check_names([node["name"]])
        if node["name"] in seen:
            problems.append(Problem(node["name"], "is the name of two nodes", "Names must differ", "duplicate"))
        seen.add(node["name"])
        for problem in problems:
            level.note(problem, node=key, field="name")


def _port(level: Level, key: str, node: Any, cls: type[InputSpec]) -> Any:
    """The spec of an `Input` or `Output` node, or None."""
    config = node.get("config", {})
    name = config.get("payload_type", "FloatArray")
    address = node["name"]
    if name not in PAYLOADS:
        problem = Problem(f"{address}.payload_type", f"{name!r} is no payload", suggestion(str(name), PAYLOADS), "type")
        level.note(problem, node=key, field="payload_type")
        return None
    payload = PAYLOADS[name]
    try:
        shape = config.get("shape", [1])
        shape = tuple(shape) if isinstance(shape, list) else shape
        return cls(payload, shape, config.get("dtype", payload.default_dtype), config.get("description"))
    except ConfigError as error:
        for problem in _stripped(error, cls.__name__):
            level.note(problem.under(address), node=key, field=field_in(problem.address))
    return None


def _specs(level: Level, key: str, node: Any) -> ModuleSpecs | None:
    """The module of a node, without wires, or None."""
    name, given = node["name"], node.get("config", {})
    try:
        cls: Any = registry[node["type"]]
    except RegistryError as error:
        problem = error.problems[0]
        text = f"its type {node['type']!r} is not installed"
        level.note(Problem(name, text, problem.fix or "Install the package that has it", "unknown-type"), node=key)
        return None
    if node["type"] == BRAIN:
        inner = Level(level.document, key, f"{level.path}{name}.")
        for unknown in sorted(set(given) - set(BRAIN_FIELDS)):
            inner.note(Problem(unknown, "is no field of a brain", suggestion(unknown, BRAIN_FIELDS)), node=key)
        config = _config_of(inner, {k: v for k, v in given.items() if k in BRAIN_FIELDS})
        level.found += inner.found
        return None if config is None else ModuleSpecs(name, cls, {}, config)
    try:
        return ModuleSpecs(name, cls, {}, from_sparse(cls.config_class(), given))
    except ConfigError as error:
        for problem in _stripped(error, cls.config_class().__name__):
            level.note(problem.under(f"{name}.config"), node=key, field=field_in(problem.address))
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        level.note(Problem(f"{name}.config", f"cannot be read: {error}", "Reset the field", "config"), node=key)
    return None


def _origin(level: Level, key: str, edge: Any) -> PortMap | None:
    """Where a wire begins, or None if it hangs in the air or begins at a broken module."""
    node = level.document["nodes"].get(edge["from"][0])
    if node is None or node.get("parent") != level.parent:
        where = "at a node that is not there" if node is None else "in another brain"
        level.note(Problem(key, f"begins {where}", "Delete the wire, or draw it again", "dangling"), edge=key)
        return None
    if node["type"] == OUTPUT:
        level.note(Problem(key, "begins at an output of the brain", "Begin it at a module", "dangling"), edge=key)
        return None
    if node["type"] == INPUT:
        if edge["from"][1] != "value":
            level.note(Problem(key, "begins at a port that is not there", "Delete it", "dangling"), edge=key)
            return None
        return PortMap(CALL, node["name"])
    return PortMap(node["name"], edge["from"][1])


def _projected(level: Level, key: str, edge: Any, origin: PortMap, address: str) -> PortMap:
    """The wire with its settings, if it has some; without them if they are wrong."""
    if "projection" not in edge:
        return origin
    try:
        settings = from_sparse(ProjectionConfig, edge["projection"])
        return Projection(origin.origin, origin.port, **settings.explicit())
    except ConfigError as error:
        for problem in _stripped(error, ProjectionConfig.__name__):
            level.note(problem.under(address), edge=key, field=field_in(problem.address))
    except (TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        level.note(Problem(address, f"cannot be read: {error}", "Reset the field", "config"), edge=key)
    return origin


def _place_wire_problem(
    level: Level, problem: Problem, wired: Mapping[str, ModuleSpecs], order: Mapping[tuple[str, str], list[str]]
) -> None:
    """Put a problem of `check_wires` at its node or wire; what only follows from a broken module is left out."""
    name, _, rest = problem.address.partition(".")
    port, _, number = rest.partition("[")
    node = level.names.get(name)
    if not number:
        broken = [w for w in _all_into(level, node, port) if _begins_broken(level, w)]
        if problem.kind == "missing" and broken:
            return
        if problem.kind == "unknown-port":
            for edge in order.get((name, port), []):
                level.note(problem, node=node, edge=edge)
            return
        required, optional = inputs_of(wired[name])
        fix = f"Wire something that puts out {({**required, **optional})[port].__name__} to it"
        one_of = [port] if port in required else ports_of(wired[name]).any_of
        text = f"{port} is not wired" if len(one_of) == 1 else f"neither {' nor '.join(one_of)} is wired"
        level.note(Problem(problem.address, text, fix, "missing"), node=node, field=port)
        return
    wire = wired[name].inputs[port][int(number.rstrip("]"))]
    if wire.origin in level.broken:
        return
    level.note(problem, node=node, edge=order[name, port][int(number.rstrip("]"))])


def _all_into(level: Level, node: str | None, port: str) -> list[Any]:
    return [e for e in level.document["edges"].values() if e["to"] == [node, port]]


def _begins_broken(level: Level, edge: Any) -> bool:
    node = level.document["nodes"].get(edge["from"][0])
    return node is None or node["name"] in level.broken


def _output_wire(
    level: Level,
    key: str,
    name: str,
    spec: Any,
    ends: Mapping[str, list[tuple[str, Any]]],
    wired: Mapping[str, ModuleSpecs],
    own: Mapping[str, type[Payload]],
) -> PortMap | None:
    """The wire into an `Output` node, checked."""
    wires = ends.get("value", [])
    if len(wires) != 1:
        text = f"an output takes one wire, got {len(wires)}"
        level.note(Problem(name, text, "Wire a module's output to it", "missing"), node=key, field="value")
        return None
    edge = wires[0][0]
    wire = _origin(level, edge, wires[0][1])
    if wire is None or wire.origin in level.broken or spec is None:
        return None
    found = resolve(name, wire, wired, own)
    if isinstance(found, Problem):
        level.note(found, node=key, edge=edge)
        return None
    if "projection" in wires[0][1]:
        text = "has the settings of a projection, and ends at an output, which has no use for them"
        level.note(Problem(name, text, "Draw the wire again", "projection"), node=key, edge=edge)
        return None
    if not issubclass(found, spec.payload_type):
        text = f"has the wrong payload type, got {found.__name__}; expected {spec.payload_type.__name__}"
        level.note(Problem(name, text, "Change the output's payload type", "payload"), node=key, edge=edge)
        return None
    return wire


def _stripped(error: SparkError, head: str) -> list[Problem]:
    return list(error.relative_to(head).problems)

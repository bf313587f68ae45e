"""The real check: build the brain of a document, to find what only arrays can tell, and every port's shape."""

import functools
from typing import Any

from spark.core.errors import Problem, SparkError
from spark.core.tree import part_named
from spark.editor.draft import Shapes
from spark.editor.ports import projection_names, takes_projections
from spark.io.graph_config import Located, brain_config
from spark.io.model_file import BRAIN, INPUT, OUTPUT, Document, write_document
from spark.io.sizes import connections, modules_memory, ports_memory
from spark.nn import Brain, BrainConfig
from spark.sim.run import build

# A brain with more connections than this is not built for a check alone: it would take seconds and gigabytes.
MOST_CONNECTIONS = 4_000_000

# Nor one with more elements at its ports: each stands for some variables.
MOST_BYTES = 16 << 20

# A node that needs less memory has no word about it.
LEAST_BYTES = 64 << 20


def deep_check(document: Document) -> tuple[Shapes, list[Located]]:
    """Shapes at the ports, and all that is wrong, the brain's own check first.

    It builds the brain, for which it may take a second, and a module of the user's own whatever it takes: who serves
    pages has it done by a `Checker`. A brain that would be large is not built, and has no shapes.
    """
    config, found = brain_config(document)
    if config is None or connections(config) > MOST_CONNECTIONS or ports_memory(config) > MOST_BYTES:
        return {}, found
    # What is drawn on the canvas changes nothing about the brain: moving a node builds nothing.
    bare = {**document, "notes": {}, "groups": {}, "probes": {}, "run": {}}
    bare["nodes"] = {k: {**n, "ui": {}} for k, n in document["nodes"].items()}
    return _deep_check(write_document(bare))


@functools.lru_cache(maxsize=8)
def _deep_check(data: bytes) -> tuple[Shapes, list[Located]]:
    from spark.io.model_file import read_document

    document = read_document("document", data)
    config, found = brain_config(document)
    if config is None:
        return {}, found
    brain = Brain(config)
    try:
        build(brain)
    except SparkError as error:
        return {}, [locate(document, problem) for problem in error.problems]
    except Exception as error:  # A module of the user's own may raise anything when it is built.
        text = f"building it raised {type(error).__name__}: {error}"
        return {}, [Located(Problem("", text, "Run `spark.check_module` on your own modules", "raised"))]
    found_shapes: Shapes = {}
    _collect(document, None, brain, found_shapes)
    return found_shapes, []


def _collect(document: Document, parent: str | None, brain: Any, found: Shapes) -> None:
    for key, node in document["nodes"].items():
        if node.get("parent") != parent or node["type"] == OUTPUT:
            continue
        if node["type"] == INPUT:
            spec = brain.config.input_map[node["name"]]
            found[key, "value"] = (spec.shape, spec.dtype, spec.payload_type.__name__)
            continue
        module = part_named(brain, node["name"])
        for port, out in module.output_specs.items():
            found[key, port] = (out.shape, out.dtype, out.payload_type.__name__)
        if node["type"] == BRAIN:
            _collect(document, key, module, found)


def locate(document: Document, problem: Problem) -> Located:
    """A problem at the node that its address names."""
    parts = problem.address.replace("[", ".").split(".")
    if parts[0] == "output_map" and len(parts) > 1:
        key = _child(document, None, parts[1], {OUTPUT})
        return Located(problem, node=key, field="shape" if problem.kind == "shape" else None)
    node = None
    for number, part in enumerate(parts):
        inner = _child(document, node, part, None)
        if inner is None:
            edge = _projection(document, node, part)
            if edge is not None:
                return Located(problem, edge=edge, field=".".join(parts[number + 1 :]) or None)
            break
        node = inner
    return Located(problem, node=node)


def _projection(document: Document, node: str | None, name: str) -> str | None:
    """The wire into a node that is the projection of this name."""
    ends = {tuple(edge["to"]) for edge in document["edges"].values() if edge["to"][0] == node}
    for end in ends:
        if takes_projections(document, list(end)):
            for key, own in projection_names(document, list(end)).items():
                if own == name:
                    return key
    return None


def _child(document: Document, parent: str | None, name: str, types: set[str] | None) -> str | None:
    for key, node in document["nodes"].items():
        right = node["type"] in types if types else node["type"] not in (INPUT, OUTPUT)
        if right and node.get("parent") == parent and node["name"] == name:
            return key
    return None


def heavy_nodes(document: Document, config: BrainConfig) -> dict[str, int]:
    """Bytes that nodes need at least, by id, from the config of the document's brain; what needs little is left out."""
    needed, nodes = dict(modules_memory(config)), document["nodes"]

    def path(key: str) -> str:
        node = nodes[key]
        parent = node.get("parent")
        return node["name"] if parent is None else f"{path(parent)}.{node['name']}"

    paths = {key: path(key) for key, node in nodes.items() if node["type"] not in (INPUT, OUTPUT, BRAIN)}
    return {key: needed[p] for key, p in paths.items() if needed.get(p, 0) >= LEAST_BYTES}

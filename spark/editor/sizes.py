"""How much memory a document's brain will need, roughly and before it is built: the numbers of its connections."""

import functools
import json
import math
import os
from pathlib import Path
from typing import Any

from spark.core.errors import RegistryError, SparkError
from spark.core.registry import modules as registry
from spark.io.model_file import BRAIN, INPUT, OUTPUT, Document
from spark.io.sparse import from_sparse

# Bytes of a weight among all possible ones, of a connection that has its place beside it, and of a unit's variables.
DENSE, LISTED, UNIT = 4, 16, 40
# What is smaller is not worth a word.
LEAST = 64 << 20
# A size that is handed on through more nodes than this is not followed.
MOST_DEPTH = 12

Wires = dict[str, list[Any]]


def memory(document: Document) -> dict[str, int]:
    """Bytes that nodes need at least, by id; nodes that need little are left out."""
    into: Wires = {}
    for edge in document["edges"].values():
        into.setdefault(edge["to"][0], []).append(edge)
    found = {}
    for key, node in document["nodes"].items():
        if node["type"] in (INPUT, OUTPUT, BRAIN):
            continue
        needed = _needed(document, into, key)
        if needed >= LEAST:
            found[key] = needed
    return found


def free_memory() -> int | None:
    """Bytes that this machine can still give, or None where that is not known."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _needed(document: Document, into: Wires, key: str) -> int:
    node = document["nodes"][key]
    post = _size_of(document, into, key)
    plain = _whole(node["type"], json.dumps(node.get("config", {}), sort_keys=True))
    senders: dict[str, int] = {}
    for edge in into.get(key, []):
        senders[edge["to"][1]] = senders.get(edge["to"][1], 0) + _size_of(document, into, *edge["from"])
    connections = 0.0
    for part, value in plain.items():
        if not isinstance(value, dict) or "kernel" not in value:
            continue
        if "connections" in value:
            pre = sum(n for port, n in senders.items() if len(os.path.commonprefix([port, part])) >= 5)
            connections += LISTED * _count(value["connections"], pre, post)
        else:
            kernel = value["kernel"] if isinstance(value["kernel"], dict) else {}
            density = kernel.get("density", 1.0)
            part_of = density if isinstance(density, int | float) else 1.0
            connections += sum(senders.values()) * post * part_of * (DENSE if part_of == 1 else LISTED)
    return int(connections) + UNIT * post


@functools.lru_cache(maxsize=1024)
def _whole(type_name: str, config: str) -> dict[str, Any]:
    """A node's config with its defaults, or without them if it is wrong."""
    given = json.loads(config)
    try:
        cls: Any = registry[type_name]
        return from_sparse(cls.config_class(), given).to_dict()
    except (RegistryError, SparkError):
        return given


def _count(rule: Any, pre: int, post: int) -> float:
    """About how many connections a rule of connectivity makes."""
    rule = rule if isinstance(rule, dict) else {}
    number, degree, probability = rule.get("number"), rule.get("degree"), rule.get("probability")
    counts = {
        "FixedProbability": pre * post * (probability if isinstance(probability, int | float) else 1),
        "FixedInDegree": post * (degree if isinstance(degree, int | float) else pre),
        "FixedOutDegree": pre * (degree if isinstance(degree, int | float) else post),
        "FixedTotalNumber": number if isinstance(number, int | float) else pre * post,
        "OneToOne": pre,
    }
    return counts.get(str(rule.get("connectivity")), pre * post)


def _size_of(document: Document, into: Wires, key: str, port: str = "", depth: int = 0) -> int:
    """Units of a node, or of what stands behind a port of a brain."""
    node = document["nodes"].get(key)
    if node is None or depth > MOST_DEPTH:
        return 0
    feeds = into.get(key, [])
    if node["type"] == BRAIN:
        inner = [k for k, n in document["nodes"].items() if n.get("parent") == key and n["name"] == port]
        feeds = [e for k in inner if document["nodes"][k]["type"] == OUTPUT for e in into.get(k, [])]
    elif _units(node) and (node["type"] != INPUT or node.get("parent") is None):
        return _units(node)
    elif node["type"] == INPUT:
        feeds = [e for e in into.get(str(node.get("parent")), []) if e["to"][1] == node["name"]]
    return sum(_size_of(document, into, *e["from"], depth=depth + 1) for e in feeds) or _units(node)


def _units(node: Any) -> int:
    """Units that a node's own settings name; 0 if they follow from what comes in."""
    config = node.get("config", {})
    shape = config.get("units", config.get("shape", config.get("num_outputs")))
    if shape is None:
        return 0
    sizes = [n for n in (shape if isinstance(shape, list) else [shape]) if isinstance(n, int) and n > 0]
    return math.prod(sizes)

"""An output of the brain takes what it carries from its wire: nothing else fits."""

from typing import Any

import jax.numpy as jnp

from spark.core.errors import SparkError
from spark.core.registry import modules as registry
from spark.editor.draft import Draft
from spark.editor.ports import outputs
from spark.io.graph_config import PAYLOADS
from spark.io.model_file import BRAIN, INPUT, OUTPUT, Document
from spark.io.sparse import from_sparse


def follow_wires(draft: Draft) -> None:
    """Give every output whose wire, or what it comes from, was touched the payload and the shape of that."""
    was_nodes, was_edges = draft.was("nodes"), draft.was("edges")
    document = draft.document
    if was_nodes == document["nodes"] and was_edges == document["edges"]:
        return
    for key, edge in list(document["edges"].items()):
        node = document["nodes"].get(edge["to"][0])
        if node is None or node["type"] != OUTPUT or edge["from"][0] not in document["nodes"]:
            continue
        ends = (edge["from"][0], edge["to"][0])
        if was_edges.get(key) == edge and all(was_nodes.get(k) == document["nodes"][k] for k in ends):
            continue
        carried = _carried(document, *edge["from"])
        config = node.get("config", {})
        fitted = {**config, **_fitted(config, carried)}
        if fitted != config:
            draft.update("nodes", edge["to"][0], config=fitted)


def _fitted(config: dict[str, Any], carried: dict[str, Any]) -> dict[str, Any]:
    """Payload, shape and dtype; the dtype that was chosen stays as long as the payload does."""
    payload = PAYLOADS.get(carried.get("payload_type", ""))
    if payload is None:
        return {}
    try:
        kept = config["payload_type"] == payload.__name__ and payload.accepts(jnp.dtype(config["dtype"]))
    except (KeyError, TypeError):
        kept = False
    return {**carried, "dtype": config["dtype"] if kept else payload.default_dtype}


def _carried(document: Document, key: str, port: str) -> dict[str, Any]:
    """What a port puts out, as far as its node alone tells: what spikers put out depends on what they get."""
    node = document["nodes"][key]
    config = node.get("config", {})
    if node["type"] == INPUT:
        return {name: config[name] for name in ("payload_type", "shape") if name in config}
    if node["type"] == BRAIN:
        inner = [n for n in document["nodes"].values() if n.get("parent") == key and n["type"] == OUTPUT]
        found = next((n.get("config", {}) for n in inner if n["name"] == port), {})
        return {name: found[name] for name in ("payload_type", "shape") if name in found}
    given = outputs(document, key).get(port)
    made = {"payload_type": given.__name__} if given is not None else {}
    try:
        cls: Any = registry[node["type"]]
        contract = cls(from_sparse(cls.config_class(), config)).output_contract()
    except (SparkError, TypeError, ValueError, AttributeError, KeyError):
        # A half-filled node says nothing yet; its own problems are told elsewhere.
        return made
    spec = (contract or {}).get(port)
    return made if spec is None else {**made, "shape": list(spec.shape)}

"""The document of a brain that was written in Python."""

from typing import Any

from spark.core.registry import modules as registry
from spark.graph.specs import CALL
from spark.io.layout import arrange
from spark.io.model_file import BRAIN, BRAIN_FIELDS, INPUT, OUTPUT, Document, new_document
from spark.io.sparse import sparse
from spark.nn import Brain, BrainConfig
from spark.nn.projections import Projection


def document_of(config: BrainConfig, name: str = "brain") -> Document:
    """A document with these modules and wires, laid out.

    Raises:
        RegistryError: A module's class is in no catalogue, so that no file can name it.
    """
    document = new_document(name)
    document["meta"] |= _settings(config)
    _fill(document, config, None)
    for parent in [None, *(k for k, n in document["nodes"].items() if n["type"] == BRAIN)]:
        for key, (x, y) in arrange(document, parent).items():
            document["nodes"][key]["ui"] = {"x": x, "y": y}
    return document


def _settings(config: BrainConfig) -> dict[str, Any]:
    given = sparse(config)
    return {k: given[k] for k in BRAIN_FIELDS if k in given}


def _fill(document: Document, config: BrainConfig, parent: str | None) -> None:
    nodes, ids = document["nodes"], {}

    def add(type_name: str, name: str, settings: dict[str, Any]) -> str:
        key = f"n{len(nodes) + 1}"
        nodes[key] = {"type": type_name, "name": name, "parent": parent, "config": settings, "ui": {"x": 0, "y": 0}}
        return key

    for name, spec in config.input_map.items():
        ids[CALL, name] = add(INPUT, name, _port(spec))
    for name, specs in config.modules_map.items():
        inner = isinstance(specs.config, BrainConfig) and issubclass(specs.module_cls, Brain)
        # A step's length that a module was given itself stays apart from what its brain hands down.
        settings = _settings(specs.config) if inner else sparse(specs.config, handed=("dt",))
        ids[name] = add(registry.name_of(specs.module_cls), name, settings)
        if inner:
            _fill(document, specs.config, ids[name])

    def connect(wire: Any, node: str, port: str, order: int) -> None:
        begin = [ids[CALL, wire.port], "value"] if wire.origin == CALL else [ids[wire.origin], wire.port]
        key = f"e{len(document['edges']) + 1}"
        settings = {"projection": sparse(wire.settings)} if isinstance(wire, Projection) else {}
        document["edges"][key] = {"from": begin, "to": [node, port], "order": order, **settings}

    for name, specs in config.modules_map.items():
        for port, wires in specs.inputs.items():
            for order, wire in enumerate(wires):
                connect(wire, ids[name], port, order)
    for name, entry in config.output_map.items():
        connect(entry.input, add(OUTPUT, name, _port(entry.spec)), "value", 0)


def _port(spec: Any) -> dict[str, Any]:
    plain = spec.to_dict()
    return {k: v for k, v in plain.items() if v is not None}

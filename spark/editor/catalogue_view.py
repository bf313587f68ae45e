"""The catalogue as the palette and the inspector show it."""

import functools
import inspect
import re
from typing import Any

import numpy as np

from spark import catalogue
from spark.core.errors import ModuleError, RegistryError, SparkError
from spark.core.registry import modules as registry
from spark.editor.fields import fields_of, kinds
from spark.editor.ports import REASONS, by_config, configured_ports, kinds_of, port_list
from spark.io.graph_config import PAYLOADS
from spark.io.model_file import BRAIN, INPUT, OUTPUT
from spark.nn import BrainConfig
from spark.nn.initializers.base import to_initializer
from spark.nn.neurons.neuron import NeuronConfig
from spark.nn.projections import ProjectionConfig

LETTERS = {
    "SpikeArray": "S",
    "CurrentArray": "C",
    "ConductanceArray": "G",
    "PotentialArray": "P",
    "FloatArray": "F",
    "IntegerArray": "I",
    "BooleanMask": "B",
}
_BINS = 40


def view() -> dict[str, Any]:
    """Everything that the page must know of modules.

    Types by name, payloads, kinds of configs, settings of projections, and why wires cannot be.
    """
    names = tuple(registry.names())
    found = {"modules": _modules(names), "payloads": _payloads(), "kinds": kinds(), "reasons": REASONS}
    return {**found, "projection": fields_of(ProjectionConfig)}


@functools.lru_cache(maxsize=4)
def _modules(names: tuple[str, ...]) -> dict[str, Any]:
    family = {name: f for f, listed in catalogue.families().items() for name in listed}
    found = {name: _module(name, family.get(name, "other")) for name in names}
    ports = [
        {"name": "payload_type", "kind": "choice", "choices": sorted(PAYLOADS), "default": "FloatArray"},
        {"name": "shape", "kind": "shape", "default": [1]},
        {"name": "dtype", "kind": "text", "default": "float32"},
    ]
    words = {
        "payload_type": "What the port carries.",
        "shape": "Shape of one step's array.",
        "dtype": "Type of its elements, such as float16 or int8.",
    }
    plain = {"unit": "", "required": False, "nullable": False, "bounds": {}}
    fields = [{**plain, **f, "description": words[str(f["name"])]} for f in ports]
    about = {"fields": fields, "doc": "", "inside": False}
    found[INPUT] = {**about, "family": "port", "summary": "An input of the brain.", "inputs": [], "outputs": []}
    found[OUTPUT] = {**about, "family": "port", "summary": "An output of the brain.", "inputs": [], "outputs": []}
    return found


def _module(name: str, family: str) -> dict[str, Any]:
    cls: Any = registry[name]
    doc = inspect.getdoc(cls) or ""
    # Those of a new node; where they follow from its config, a page is told of them node by node.
    ports = configured_ports({"type": name})[0] if by_config(name) else cls.ports()
    if name == BRAIN:
        fields = [f for f in fields_of(BrainConfig) if not f["name"].endswith("_map")]
        doc_line = "A brain inside the brain: double-click to go in."
    else:
        fields, doc_line = fields_of(cls.config_class()), _plain(doc.split("\n")[0])
    return {
        "family": family,
        "summary": doc_line,
        "doc": doc,
        "fields": fields,
        "inputs": port_list(ports.inputs, ports.optional) if name != BRAIN else [],
        "outputs": port_list(ports.outputs) if name != BRAIN else [],
        "inside": name == BRAIN or issubclass(cls.config_class(), NeuronConfig),
        "configured": by_config(name),
    }


def _plain(line: str) -> str:
    """A line of a docstring without its marks and without where it sends a reader of the code."""
    return re.sub(r"; see `.*$", ".", line).replace("`", "")


def _payloads() -> dict[str, Any]:
    return {
        name: {
            "letter": LETTERS.get(name, name[0]),
            "kinds": kinds_of(cls),
            "dtype": cls.default_dtype,
            "doc": (cls.__doc__ or "").split("\n")[0],
        }
        for name, cls in PAYLOADS.items()
    }


def source(name: str) -> str:
    """The Python source of a module and of its config.

    Raises:
        RegistryError: There is no such module.
    """
    cls: Any = registry[name]
    parts = []
    for item in (cls.config_class(), cls):
        try:
            parts.append(inspect.getsource(item))
        except (OSError, TypeError):
            parts.append(f"# {item.__module__}.{item.__qualname__}: the source is not at hand\n")
    return "\n\n".join(parts)


def histogram(described: dict[str, Any], samples: int = 20_000) -> dict[str, Any]:
    """Counts and edges of what an initializer draws.

    Raises:
        ModuleError: It is no initializer.
    """
    try:
        initializer = to_initializer(described)
        made = initializer.connect(np.random.Generator(np.random.Philox(0)), 100, samples // 100)
    except (ValueError, TypeError, KeyError, SparkError) as error:
        if isinstance(error, SparkError):
            raise
        raise ModuleError(str(error)) from error
    counts, edges = np.histogram(made.values, bins=_BINS)
    share = len(made.values) / samples
    return {"counts": counts.tolist(), "edges": edges.tolist(), "density": share, "mean": float(np.mean(made.values))}


def _type_name(cls: Any) -> str:
    """The name of a component's class; some are made for their owner alone, and no file names them."""
    try:
        return registry.name_of(cls)
    except RegistryError:
        return str(cls.__name__)


def components(type_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The components of a neuron with this config and the wires between them.

    Raises:
        RegistryError: There is no such module.
        SparkError: Its config is wrong.
    """
    from spark.io.sparse import from_sparse

    cls: Any = registry[type_name]
    made = from_sparse(cls.config_class(), config)
    if not isinstance(made, NeuronConfig):
        raise RegistryError(f"{type_name} has no components")
    parts = made.blueprint()
    return {
        "parts": [{"name": p.name, "type": _type_name(p.module_cls)} for p in parts],
        "wires": [
            {"from": [w.origin, w.port], "to": [p.name, port]}
            for p in parts
            for port, ws in p.inputs.items()
            for w in ws
        ],
        "effects": [
            {"from": [p.name, port], "to": target.split(".")} for p in parts for port, target in p.effects.items()
        ],
    }

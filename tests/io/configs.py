"""Random configs of every class: what each field's declaration allows."""

import typing
from typing import Any

import numpy as np
from hypothesis import strategies as st

from spark.catalogue import BUILT_IN
from spark.core.config import Config
from spark.core.config_arguments import nested_type
from spark.core.errors import ConfigError
from spark.core.registry import modules
from spark.nn import Brain, connections, initializers
from spark.nn.component import ComponentConfig
from spark.nn.connections.base import AnyConnectivity, Connectivity
from spark.nn.initializers import AnyInitializer
from spark.nn.plasticity.rule import RuleConfig
from spark.nn.projections import ProjectionConfig, TsodyksMarkramConfig
from spark.nn.receptors import ReceptorConfig
from spark.nn.somas import SomaConfig

MODULES = [cls for family in BUILT_IN.values() for cls in family if cls is not Brain]
INITIALIZERS = [
    initializers.ConstantInitializer,
    initializers.UniformInitializer,
    initializers.NormalInitializer,
    initializers.LogNormalInitializer,
]
CONNECTIVITIES = [
    cls for cls in vars(connections).values() if isinstance(cls, type) and Connectivity in cls.__bases__
]  # fmt: skip


def usable(family: type[ComponentConfig]) -> list[Any]:
    """The kinds of a family that a file may name; a base of some of them is none."""
    known = {modules[name] for name in modules.names()}
    return [kind for kind in family.kinds.values() if vars(kind).get("component") in known]


RULES, SOMAS, RECEPTORS = usable(RuleConfig), usable(SomaConfig), usable(ReceptorConfig)
NAMES = st.sampled_from(["ampa", "nmda", "gaba", "z", "a"])


def matrices() -> st.SearchStrategy[Any]:
    """Matrices of weights, some entries of which are no connections."""
    entries = st.lists(st.sampled_from([0.0, 0.1, -2.5, 1e-30]), min_size=6, max_size=6)
    return entries.map(lambda e: np.array(e).reshape(2, 3))


@st.composite
def configs(draw: Any, cls: Any) -> Config:
    """A config of a class; a value that a rule between fields refuses is left to its default."""
    chosen = {
        name: draw(_values(cls, name, info))
        for name, info in cls.model_fields.items()
        if name != "dt" and (info.is_required() or not draw(st.integers(0, 2)))
    }
    while True:
        try:
            return cls(**{**_required(cls, chosen), **chosen})
        except ValueError as error:
            # A class that compares arrays raises a plain one: a fault that its own tests are to find.
            problems = error.problems if isinstance(error, ConfigError) else ()
            wrong = {part for p in problems for part in p.address.split(".")[1:2]} & set(chosen)
            for name in wrong or set(chosen):
                del chosen[name]


def _required(cls: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "units": (3,),
        "num_outputs": 2,
        "degree": 2,
        "number": 4,
        "array": np.eye(2),
        "matrix": np.eye(2),
    }
    return {n: plain.get(n, 1.0) for n, i in cls.model_fields.items() if i.is_required() and n not in chosen}


def _values(cls: Any, name: str, info: Any) -> st.SearchStrategy[Any]:
    annotation, metadata = info.annotation, info.metadata
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    by_name = _by_name(cls, name)
    if by_name is not None:
        return by_name
    if nested_type(info) is not None:
        if annotation in (RuleConfig, SomaConfig):
            return st.sampled_from(RULES if annotation is RuleConfig else SOMAS).flatmap(configs)
        return configs(type(default) if isinstance(default, Config) else annotation)
    if isinstance(default, Connectivity) or any(m in AnyConnectivity.__metadata__ for m in metadata):
        kind = (
            st.sampled_from(CONNECTIVITIES).flatmap(configs)
            | st.sampled_from(["one_to_one", "all_to_all"])
            | matrices()
        )
        return kind | st.tuples(kind, kind)
    if isinstance(default, initializers.Initializer) or any(m in AnyInitializer.__metadata__ for m in metadata):
        kind = st.sampled_from(INITIALIZERS).flatmap(configs) | st.floats(0.5, 3.0) | matrices()
        return kind | st.tuples(kind, kind)
    if name == "matrix":
        return matrices()
    if name in ("units", "shape"):
        return st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple)
    if annotation is bool or typing.bool_of(annotation) if hasattr(typing, "bool_of") else annotation is bool:
        return st.booleans()
    choices = [a for a in _members(annotation) if isinstance(a, str)]
    if choices:
        return st.sampled_from(choices)
    numbers = (
        st.floats(-100, 100, width=32).filter(bool) | st.floats(0.01, 1) | st.sampled_from([1e-12, 1e12, 0.1, 20.0])
    )
    wholes = st.integers(-3, 12).filter(bool)
    arrays = st.lists(st.floats(0.5, 2, width=32), min_size=3, max_size=3).map(lambda v: np.array(v, np.float32))
    return st.one_of(numbers, wholes, arrays, st.booleans(), st.none(), st.sampled_from(["float16", "float32"]))


def _by_name(cls: Any, name: str) -> st.SearchStrategy[Any] | None:
    """Values of fields whose type does not say what they hold."""
    if name == "receptors":
        return st.dictionaries(NAMES, st.sampled_from(RECEPTORS).flatmap(configs), min_size=1, max_size=3)
    if cls is not ProjectionConfig or name not in ("name", "modulator", "rule", "short_term"):
        return None
    if name == "short_term":
        return configs(TsodyksMarkramConfig)
    return st.sampled_from(RULES).flatmap(configs) if name == "rule" else NAMES


def _members(annotation: Any) -> list[Any]:
    found = list(typing.get_args(annotation))
    return [m for a in found for m in (_members(a) if typing.get_args(a) else [a])]

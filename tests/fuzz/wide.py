"""The same brain with inputs of the widest dtype of their kind, which hold the same numbers."""

from dataclasses import replace

import jax.numpy as jnp

from fuzz.case import Case
from spark import InputSpec, ModuleSpecs, PortMap
from spark.graph.specs import CALL
from spark.nn import Brain, BrainConfig


def widened_case(case: Case) -> Case:
    """The case with all inputs in float32, or spikes that are whole numbers in int32."""
    config = _widened(case.config, set(case.config.input_map))
    feeds = {
        name: replace(feed, rows=feed.rows.astype(jnp.dtype(config.input_map[name].dtype)))
        for name, feed in case.feeds.items()
    }
    return replace(case, config=config, feeds=feeds)


def _widened(config: BrainConfig, wide: set[str]) -> BrainConfig:
    """The config with these inputs widened, also where a brain inside it takes them."""
    inputs = {name: _wide(spec) if name in wide else spec for name, spec in config.input_map.items()}
    modules = [_within(specs, wide) for specs in config.modules_map.values()]
    return config.updated(input_map=inputs, modules_map=modules)


def _within(specs: ModuleSpecs, wide: set[str]) -> ModuleSpecs:
    if specs.module_cls is not Brain:
        return specs
    given = {port for port, wires in specs.inputs.items() if set(wires) <= {PortMap(CALL, name) for name in wide}}
    return specs.with_config(_widened(specs.config, given))


def _wide(spec: InputSpec) -> InputSpec:
    whole = jnp.issubdtype(jnp.dtype(spec.dtype), jnp.integer)
    return InputSpec(spec.payload_type, spec.shape, "int32" if whole else "float32")

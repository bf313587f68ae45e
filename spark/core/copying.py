"""Copies and pickles of modules: what they were made from, what they hold, and nothing that ties them to a process."""

from dataclasses import replace
from typing import Any

import numpy as np

from spark.core import calling, transform
from spark.core.errors import ModuleError, Problem
from spark.core.part import NEW, SHELL, Part, graph_of
from spark.core.state import State


def reduced(module: Part) -> tuple[Any, tuple[Any, ...]]:
    """A function and its arguments that make the module again, here or in another process; see `object.__reduce__`.

    Raises:
        ModuleError: It is a part of a module, or a merged view.
    """
    if module._mode == NEW:
        return type(module), (module.config,)
    if module._mode != SHELL:
        raise ModuleError(
            Problem(
                module._path or type(module).__name__,
                "cannot be copied or pickled on its own: it is a part or a merged view",
                "Copy the outermost module, or its state",
                "copy",
            )
        )
    constants = tuple(np.asarray(c) for c in graph_of(module).constants)
    inputs = {name: replace(spec, source=None) for name, spec in module._inputs.items()}
    return _made_again, (type(module), module.config.as_written, inputs, constants, module.state)


def _made_again(cls: Any, config: Any, inputs: Any, constants: Any, state: State) -> Part:
    module = cls(config)
    calling.build(module, inputs)
    transform.replace_constants(module, constants)
    module.load_state(state)
    return module

"""One trial of a module for `check_module`: built, run for a few steps, with everything noted."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core import transform
from spark.core.check_examples import example_inputs
from spark.core.config import Config
from spark.core.errors import ModuleError, Problem, SparkError
from spark.core.module import Module
from spark.core.payloads import Payload
from spark.core.state import Graph, State

STEPS = 10

Outputs = dict[str, Payload]


@dataclass(frozen=True)
class Trial:
    """What the checks of steps share, so that each step is compiled once.

    Attributes:
        cls: The class under test.
        config: Its config.
        inputs: Inputs of every step.
        module: A built module that has made `STEPS` steps.
        outputs: What it put out in every step.
        first: The state before the first step.
        last: The state after the last.
    """

    cls: type[Module]
    config: Config
    inputs: list[dict[str, Payload]]
    module: Module
    outputs: list[Outputs]
    first: State
    last: State

    @property
    def graph(self) -> Graph:
        """The static half of the module."""
        return transform.split(self.module)[0]

    @cached_property
    def twin(self) -> Module:
        """Another module from the same config, which the checks share."""
        return self.cls(self.config)

    @property
    def name(self) -> str:
        """How an error names the class."""
        return self.cls.__name__


def start(cls: type[Module], config: Config, given: dict[str, Payload]) -> Trial:
    """Build the module and run it.

    Raises:
        ModuleError: It cannot be built, or a step fails.
    """
    inputs: list[dict[str, Payload]] = [{}]
    try:
        module = cls(config)
        inputs = example_inputs(module, given, STEPS)
        outputs = [module(**now) for now in inputs]
    except SparkError as error:
        raise ModuleError(error.problems) from error
    except Exception as error:  # The code under test is foreign: it may raise anything.
        shapes = ", ".join(f"{n} {tuple(p.shape)} {p.dtype}" for n, p in inputs[0].items()) or "no inputs"
        raise ModuleError(
            Problem(
                cls.__name__,
                f"raised {type(error).__name__} when called with {shapes}: {error}",
                "If these shapes do not belong together, pass `inputs={'port': spark.FloatArray(...)}`",
                "raised",
            )
        ) from error
    return Trial(cls, config, inputs, module, outputs, transform.first_state(module), module.state)


def step(graph: Graph, state: State, inputs: dict[str, Payload]) -> tuple[Outputs, State]:
    """What a user writes to run a module in a pure function."""
    module = transform.merge(graph, state)
    outputs = module(**inputs)
    return outputs, transform.split(module)[1]


def arrays(outputs: Outputs) -> dict[str, np.ndarray]:
    """The arrays of outputs, by port."""
    return {port: np.asarray(payload.value) for port, payload in outputs.items()}


def variables(state: State) -> dict[str, np.ndarray]:
    """The arrays of a state, by path."""
    return {path: np.asarray(state[path]) for path in state}


def stacked(inputs: list[Any]) -> Any:
    """Steps as the leading axis of every array."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *inputs)


def unstacked(tree: Any, number: int) -> Any:
    """Entry `number` of the leading axis of every array."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[number], tree)


def same_bits(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether both hold the same names, types and bits; a NaN equals itself."""
    return one.keys() == other.keys() and all(
        one[n].dtype == other[n].dtype and one[n].shape == other[n].shape and one[n].tobytes() == other[n].tobytes()
        for n in one
    )


def nearly(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether whole numbers are the same, and floats to 1e-6 of the largest, or four roundings of their type.

    Compilers sum in another order under vmap and scan; more than a few roundings is another result.
    """
    return one.keys() == other.keys() and all(_near(one[name], other[name]) for name in one)


def _near(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if not jnp.issubdtype(one.dtype, jnp.floating):
        return bool((one == other).all())
    tolerance = max(1e-6, 4 * float(jnp.finfo(one.dtype).eps))
    a, b = one.astype(np.float64), other.astype(np.float64)
    largest = max(1.0, float(np.abs(a[np.isfinite(a)]).max(initial=0.0)))
    return bool(np.allclose(a, b, rtol=0.0, atol=tolerance * largest, equal_nan=True))

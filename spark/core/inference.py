"""What a step puts out, found out by tracing it, without running it; remembered for Spark's own modules."""

from dataclasses import dataclass
from typing import Any

import jax

from spark.core import binding, tree
from spark.core.alike import Facts, key_of
from spark.core.callbacks import calls_back
from spark.core.counter import Counter
from spark.core.errors import ModuleError, Problem
from spark.core.part import INNER, Part
from spark.core.payloads import Payload
from spark.core.ports import PortSpec


@dataclass(frozen=True)
class Inferred:
    """What is known of a step without running it.

    Attributes:
        outputs: What it returns, payloads of shapes and dtypes.
        calls_back: Whether it calls back to Python, apart from what its parts do that were traced by themselves.
    """

    outputs: Any
    calls_back: bool


# A step is traced before there are numbers: what Python asks of one, such as `if`, has no answer yet.
_ASKED_TOO_EARLY = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)

_known: Facts[Inferred] = Facts(most=2000)


def infer_outputs(module: Part, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
    """Specs of what a built module puts out; of modules that are alike only the first one is traced.

    Raises:
        ModuleError: The step does not return a dict of payloads with the declared ports.
    """
    # They were traced already, each for what arrives at it.
    parts = [part for part in tree.parts_of(module).values() if module.parts_meet_at_ports]
    inferred = _known.of(key_of(module, inputs), lambda: _traced(module, inputs, parts), _is_of_payloads)
    module._inferred = inferred.outputs
    module._calls_back = inferred.calls_back or any(part._calls_back for part in parts)
    return binding.output_specs(module, inferred.outputs)


def asked_too_early(address: str, error: Exception) -> Problem | None:
    """That code at an address asks in Python for a value that is not there yet, if that is what the error says."""
    if not isinstance(error, _ASKED_TOO_EARLY):
        return None
    text = f"asks in Python for a value that is known only while it runs, got {str(error).splitlines()[0]}"
    fix = "Choose with `jnp.where` or `jax.lax.cond`, and compute with jax.numpy instead of NumPy"
    return Problem(address, text, fix, "traced")


def _is_of_payloads(inferred: Inferred) -> bool:
    """Whether it is something that a module may put out."""
    outputs = inferred.outputs
    return isinstance(outputs, dict) and all(isinstance(p, Payload) for p in outputs.values())


def _traced(module: Part, inputs: dict[str, PortSpec], parts: list[Part]) -> Inferred:
    variables = tree.variables_of(module)
    values_before = {path: v._value for path, v in variables.items()}
    mode, step = module._mode, module._clock.step

    def run(values: dict[str, Any], now: Any, payloads: dict[str, Any], put_out: list[Any]) -> Any:
        for path, variable in variables.items():
            variable._value = values[path]
        for part, outputs in zip(parts, put_out, strict=True):
            part._stand_in = outputs
        module._clock.step = now
        return module(**payloads)

    # As a part, the author's function runs without checks and without counting a step.
    module._mode = INNER
    try:
        traced, outputs = jax.make_jaxpr(run, return_shape=True)(
            {p: jax.ShapeDtypeStruct(v.shape, v.dtype) for p, v in variables.items()},
            Counter.of(0),
            {name: spec.payload_type.abstract(spec) for name, spec in inputs.items()},
            [part._inferred for part in parts],
        )
    except _ASKED_TOO_EARLY as error:
        # The author's line stands in the cause.
        problem = asked_too_early(module.path or type(module).__name__, error)
        assert problem is not None
        raise ModuleError(problem) from error
    finally:
        for part in parts:
            part._stand_in = None
        module._mode = mode
        module._clock.step = step
        for path, variable in variables.items():
            variable._value = values_before[path]
    return Inferred(outputs, calls_back(traced.jaxpr))

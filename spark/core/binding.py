"""The border of a call: which inputs a module takes, whether these are they, and what it puts out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.core.errors import ConfigError, InputError, ModuleError, Problem
from spark.core.names import suggestion
from spark.core.narrowing import beyond
from spark.core.part import Part
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import PortSpec


def owner(module: Part) -> str:
    """How an error names this module."""
    return module._path or type(module).__name__


def bind(module: Part, args: tuple[Any, ...], inputs: dict[str, Any]) -> dict[str, Payload]:
    """Inputs by port name.

    Raises:
        InputError: Missing or extra inputs, or something that is not a payload of the port's type.
    """
    ports = module.ports_from(module.config)
    required, any_of = ports.inputs, ports.any_of
    known = {**required, **ports.optional}
    bound = dict(zip(known, args, strict=False))
    problems = []
    if len(args) > len(known):
        problems.append(
            Problem(
                owner(module),
                f"takes {len(known)} input{'s' * (len(known) != 1)}, got {len(args)} without a name",
                "Give inputs by name",
                "extra",
            )
        )
    for name, value in inputs.items():
        if name in bound:
            problems.append(Problem(f"{owner(module)}.{name}", "is given twice", "", "twice"))
        bound[name] = value
    for name in required:
        if bound.get(name) is None:
            given = sorted(n for n, v in bound.items() if v is not None)
            problems.append(
                Problem(
                    f"{owner(module)}.{name}",
                    f"input is missing, got {given or 'no inputs'}; expected {known[name].__name__}",
                    f"Call with `{name}=spark.{known[name].__name__}(...)`",
                    "missing",
                )
            )
    if any_of and all(bound.get(name) is None for name in any_of):
        problems.append(
            Problem(
                owner(module),
                f"no input is given; expected at least one of {list(any_of)}",
                f"Call with `{any_of[0]}=spark.{known[any_of[0]].__name__}(...)`",
                "missing",
            )
        )
    for name, value in bound.items():
        problem = _wrong_type(module, name, value, known)
        if problem is not None:
            problems.append(problem)
    if problems:
        raise InputError(problems)
    return {k: v for k, v in bound.items() if v is not None}


def _wrong_type(module: Part, name: str, value: Any, known: dict[str, type[Payload]]) -> Problem | None:
    address = f"{owner(module)}.{name}"
    if name not in known:
        return Problem(address, "is not an input port", suggestion(name, known, "input port"), "extra")
    expected = known[name]
    if value is None:
        return None
    if isinstance(value, expected):
        return no_array(address, name, value)
    if isinstance(value, Payload):
        return Problem(
            address,
            f"has the wrong payload type, got {type(value).__name__}; expected {expected.__name__}",
            f"Wrap the array in spark.{expected.__name__}(...)",
            "payload",
        )
    return Problem(
        address,
        f"is not a payload, got {type(value).__name__}; expected {expected.__name__}",
        f"Wrap the array: `{name}=spark.{expected.__name__}(...)`",
        "raw",
    )


def _holds_arrays(payload: Payload) -> bool:
    leaves = jax.tree.leaves(payload)
    arrays = jax.Array, np.ndarray, np.generic
    # JAX traces what a list holds, so its leaves are arrays inside of a compiled function; other payloads make `value`.
    held = payload.needs_source or isinstance(payload.value, arrays)
    return bool(leaves) and held and all(isinstance(leaf, arrays) for leaf in leaves)


def no_array(address: str, name: str, payload: Payload) -> Problem | None:
    """A problem if a payload holds anything else than an array, such as a list; `name` is that of its input."""
    if _holds_arrays(payload):
        return None
    return Problem(
        address,
        f"does not hold an array, got {type(payload.value).__name__}; expected a JAX or NumPy array",
        f"Write `{name}=spark.{type(payload).__name__}(jnp.asarray(...))`",
        "raw",
    )


def build_specs(module: Part, inputs: dict[str, PortSpec]) -> dict[str, PortSpec]:
    """What to build for: a brain's declared inputs, any other module's first inputs."""
    declared = module.declared_inputs()
    if declared is not None:
        return declared
    wrong = [
        wrong_kind(module, n, s.dtype, s.payload_type) for n, s in inputs.items() if not s.payload_type.accepts(s.dtype)
    ]
    if wrong:
        raise InputError(wrong)
    return inputs


def wrong_kind(module: Part, name: str, dtype: Any, expected: type[Payload]) -> Problem:
    """What is wrong with an input that holds numbers of another kind."""
    return Problem(
        f"{owner(module)}.{name}",
        f"has the wrong kind of dtype, got {dtype}; expected {expected.kind_name}",
        f"{expected.__name__} holds {expected.kind_name}: cast with `.astype('{expected.default_dtype}')`",
        "dtype",
    )


def require_dtype(address: str, dtype: str | None) -> None:
    """Refuse a dtype that JAX would narrow without a word.

    Raises:
        ConfigError: It has 64 bits, and JAX is set to 32.
    """
    if dtype is None or str(jax.dtypes.canonicalize_dtype(dtype)) == dtype:
        return
    raise ConfigError(
        Problem(
            address,
            f"cannot be had: JAX narrows it to {jax.dtypes.canonicalize_dtype(dtype)}, got {dtype!r}",
            "Write `jax.config.update('jax_enable_x64', True)` before anything is built, or choose float32",
            "dtype",
        )
    )


def not_spikes(address: str, payload: Payload) -> Problem | None:
    """A problem if an array of NumPy holds spikes that are none.

    An array of JAX would have to be waited for; it is looked at where that costs nothing: see `look_at_numbers`.
    """
    value = payload.value
    if not isinstance(payload, SpikeArray) or not isinstance(value, (np.ndarray, np.generic)):
        return None
    wrong = (value != 0) & (value != 1) & (value != -1)
    if not wrong.any():
        return None
    return Problem(
        address,
        f"holds numbers that are no spikes, got {np.asarray(value)[wrong].reshape(-1)[0]}; expected -1, 0 or 1",
        "Give several spikes of one step to several units, and their strength as a weight",
        "spikes",
    )


def look_at_numbers(module: Part, payloads: dict[str, Payload]) -> None:
    """Refuse spikes that are none and numbers that their inputs do not hold, also where JAX has them: for the first
    call, which takes long anyway, and for loops that wait for each action. What else is wrong is for `check` to say.

    Raises:
        InputError: Spikes other than -1, 0 and 1, or numbers that the dtype of a brain's input does not hold.
    """
    problems: list[Problem] = []
    for name, payload in payloads.items():
        value = payload.value
        if isinstance(value, Tracer) or not _holds_arrays(payload) or not payload.accepts(value.dtype):
            continue
        if isinstance(value, jax.Array) and not value.is_fully_addressable:
            continue
        if type(payload) is SpikeArray:
            wrong = not_spikes(f"{owner(module)}.{name}", SpikeArray(np.asarray(value)))
            problems += [wrong] if wrong else []
        else:
            problems += _not_held(module, name, value)
    if problems:
        raise InputError(problems)


def _not_held(module: Part, name: str, value: jax.Array | np.ndarray | np.generic) -> list[Problem]:
    """What is wrong with an input's numbers for the dtype that a brain declares, or else that JAX makes of theirs."""
    declared = module.declared_inputs()
    held = jax.dtypes.canonicalize_dtype(value.dtype if declared is None else declared[name].dtype)
    return [] if held == value.dtype else beyond(f"{owner(module)}.{name}", np.asarray(value), held)


def check(module: Part, payloads: dict[str, Payload]) -> None:
    """Refuse inputs that do not fit what the module was built for.

    Raises:
        InputError: Wrong shape, also one that would broadcast, wrong kind of dtype, spikes other than -1, 0 and 1, or
            numbers that the input's dtype does not hold.
    """
    problems = []
    for name, payload in payloads.items():
        spec = module._inputs.get(name)
        value = payload.value
        if spec is None:
            problems.append(
                Problem(
                    f"{owner(module)}.{name}",
                    "optional input was not given when the module was built, got it now",
                    "Give it at the first call, which builds, and at every other; or never",
                    "extra",
                )
            )
            continue
        if not spec.payload_type.accepts(value.dtype):
            problems.append(wrong_kind(module, name, value.dtype, spec.payload_type))
        if value.shape != spec.shape:
            problems.append(
                Problem(
                    f"{owner(module)}.{name}",
                    f"has the wrong shape, got {tuple(value.shape)}; expected {spec.shape}",
                    "Nothing is broadcast: give one number for every element",
                    "shape",
                )
            )
        wrong = not_spikes(f"{owner(module)}.{name}", payload)
        problems += [wrong] if wrong else []
        if isinstance(value, (np.ndarray, np.generic)) and (value.dtype != spec.dtype or value.dtype.itemsize == 8):
            problems += _not_held(module, name, value)
    missing = set(module._inputs) - set(payloads)
    problems.extend(
        Problem(
            f"{owner(module)}.{name}",
            f"optional input is missing, got nothing; expected {module._inputs[name].payload_type.__name__}",
            "It was given when the module was built: give it at every call",
            "missing",
        )
        for name in sorted(missing)
    )
    if problems:
        raise InputError(problems)


def output_specs(module: Part, outputs: Any) -> dict[str, PortSpec]:
    """Specs of what the author's function returned, checked against its declaration.

    Raises:
        ModuleError: Not a dict of payloads, or not the declared ports.
    """
    name = f"{owner(module)}.__call__"
    bare = [n for n, p in outputs.items() if not isinstance(p, Payload)] if isinstance(outputs, dict) else None
    if bare is None or bare:
        got = f"something else under {bare}" if bare else type(outputs).__name__
        raise ModuleError(
            Problem(
                name,
                f"must return a dict of payloads, got {got}",
                "Return `{'port': spark.FloatArray(...)}`",
            )
        )
    declared = module.ports_from(module.config).outputs
    if declared and set(outputs) != set(declared):
        raise ModuleError(
            Problem(
                name,
                f"returned other ports than it declares, got {sorted(outputs)}; expected {sorted(declared)}",
                "Return every declared port, and no other",
            )
        )
    problems = [
        Problem(
            f"{owner(module)}.{port}",
            f"has the wrong payload type, got {type(payload).__name__}; expected {declared[port].__name__}",
            "Return what `__call__` declares",
        )
        for port, payload in outputs.items()
        if declared and not isinstance(payload, declared[port])
    ]
    bare = [n for n, p in outputs.items() if not p.needs_source and isinstance(p.value, (list, tuple, dict))]
    problems += [
        Problem(
            f"{owner(module)}.{port}",
            f"does not hold an array, got {type(outputs[port].value).__name__}; expected an array of JAX",
            f"Write `spark.{type(outputs[port]).__name__}(jnp.stack(...))`, or `jnp.asarray(...)`",
            "raw",
        )
        for port in bare
    ]
    problems += [
        wrong_kind(module, port, payload.dtype, type(payload))
        for port, payload in outputs.items()
        if port not in bare and not type(payload).accepts(jnp.dtype(payload.dtype))
    ]
    if problems:
        raise ModuleError(problems)
    return {port: PortSpec.of(payload) for port, payload in outputs.items()}

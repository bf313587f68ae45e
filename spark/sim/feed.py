"""What a run feeds to a brain: inputs that stay, series with a row for each step, or functions of the step."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from spark.arrays import Array
from spark.core.binding import no_array, not_spikes, owner, wrong_kind
from spark.core.errors import InputError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.narrowing import beyond
from spark.core.payloads import Payload, SpikeArray
from spark.core.ports import PortSpec
from spark.kernels.pages import zeros
from spark.sim.events import EventRows, SpikeEvents

# What a run takes for one input.
Input: TypeAlias = Payload | SpikeEvents | Iterator[Payload] | Callable[[int], Payload]


class Feed:
    """Inputs of a run, by name: a payload that all steps share, a payload with a leading axis of steps, a list of
    spike events, or a function of the step that returns a payload.

    Attributes:
        constant: Payloads that all steps share.
        changing: Names of the other inputs.

    Raises:
        InputError: Everything that is wrong with the inputs.
    """

    def __init__(self, brain: Module, inputs: Mapping[str, Input] | None, steps: int) -> None:
        self._specs: dict[str, PortSpec] = brain.declared_inputs()  # type: ignore[attr-defined]
        self._brain, self._address = brain, owner(brain)
        given = dict(inputs or {})
        problems = [
            Problem(f"{self._address}.{name}", "is no input of this brain", suggestion(name, self._specs, "input"))
            for name in given.keys() - self._specs.keys()
        ]
        problems += [
            Problem(
                f"{self._address}.{name}",
                f"input is missing, got {sorted(given) or 'no inputs'}; expected {spec.payload_type.__name__}",
                f"Give `inputs={{'{name}': ...}}`: a payload, one with an axis of steps, or a function of the step",
                "missing",
            )
            for name, spec in self._specs.items()
            if name not in given
        ]
        self.constant: dict[str, Payload] = {}
        self._series: dict[str, np.ndarray] = {}
        self._functions: dict[str, Callable[[int], Payload]] = {}
        self._events: dict[str, EventRows] = {}
        # What functions returned last, from which step on: of a chunk that ends early, the next one has the rest.
        self._returned: dict[str, tuple[int, np.ndarray]] = {}
        for name in sorted(given.keys() & self._specs.keys()):
            problems += self._take(name, given[name], steps, brain.config.step_length)
        if problems:
            raise InputError(problems)

    @property
    def changing(self) -> list[str]:
        """Names of the inputs that change from step to step."""
        return sorted({*self._series, *self._functions, *self._events})

    @property
    def known_ahead(self) -> bool:
        """Whether no input is asked for step by step, of a function or an iterator, which may take any time."""
        return not self._functions

    @property
    def row_bytes(self) -> int:
        """Bytes that one step of the changing inputs takes."""
        return sum(self._specs[n].size * jnp.dtype(self._specs[n].dtype).itemsize for n in self.changing)

    def _take(self, name: str, value: Input, steps: int, dt: float) -> list[Problem]:
        spec = self._specs[name]
        if isinstance(value, SpikeEvents) and issubclass(spec.payload_type, SpikeArray):
            try:
                self._events[name] = EventRows(f"{self._address}.{name}", value, spec.size, dt, steps)
            except InputError as error:
                return list(error.problems)
            return []
        if isinstance(value, Payload):
            problem = self._misfit(name, value, steps)
            if problem is None and tuple(value.shape) == spec.shape:
                self.constant[name] = spec.payload_type(_own(value.value))
            elif problem is None:
                self._series[name] = _as_called(value.value)
            return [problem] if problem else []
        if isinstance(value, Iterator):
            self._functions[name] = lambda step: next(value)
        elif callable(value):
            self._functions[name] = value
        else:
            return [
                Problem(
                    f"{self._address}.{name}",
                    f"has the wrong type, got {type(value).__name__}; "
                    f"expected {spec.payload_type.__name__} or a function",
                    f"Wrap it: `spark.{spec.payload_type.__name__}(...)`",
                    "payload",
                )
            ]
        return []

    def _misfit(self, name: str, payload: Payload, steps: int | None) -> Problem | None:
        spec, address = self._specs[name], f"{self._address}.{name}"
        problem = no_array(address, name, payload)
        if problem is not None:
            return problem
        shape = tuple(payload.shape)
        if isinstance(payload.value, Tracer):
            return Problem(
                address,
                "is an array that JAX traces, and a run cannot be looked into",
                "Write the steps as a function: `spark.step(graph, state, inputs)`, in `jax.lax.scan`",
                "traced",
            )
        kind, expected = spec.payload_type.__name__, f"{spec.shape}"
        if not isinstance(payload, spec.payload_type):
            return Problem(
                address, f"has the wrong payload type, got {type(payload).__name__}; expected {kind}", "", "payload"
            )
        if not spec.payload_type.accepts(payload.dtype):
            return wrong_kind(self._brain, name, payload.dtype, spec.payload_type)
        if shape == spec.shape or (steps is not None and shape == (steps, *spec.shape)):
            array = np.asarray(payload.value)
            wrong = not_spikes(address, type(payload)(array))
            return wrong or next(iter(beyond(address, array, spec.dtype)), None)
        if steps is not None and shape[1:] == spec.shape:
            return Problem(
                address,
                f"has a row for each step, but not as many as there are steps, got {shape[0]}; expected {steps}",
                "Give as many rows as steps, or run as many steps as there are rows",
                "length",
            )
        if steps is not None:
            expected += f", or ({steps}, {', '.join(str(n) for n in spec.shape)}) with a row for each step"
        return Problem(address, f"has the wrong shape, got {shape}; expected {expected}", "", "shape")

    def rows(self, first: int, count: int, most: int) -> dict[str, Payload]:
        """The changing inputs of `count` steps of the run from step `first` on, padded to `most` rows.

        Raises:
            InputError: A function returned something else than a payload of the input's shape and kind.
        """
        found = {}
        for name in self.changing:
            spec = self._specs[name]
            # Most of them are not touched where a run is short.
            rows = zeros((most, *spec.shape), jnp.dtype(spec.dtype))
            if name in self._series:
                rows[:count] = self._series[name][first : first + count]
            elif name in self._events:
                self._events[name].fill(rows, first, count)
            else:
                known = self._known(name, first, count)
                rows[: len(known)] = known
                for at in range(len(known), count):
                    rows[at] = self._called(name, first + at)
                self._returned[name] = first, rows[:count]
            # Without a dtype JAX would compile a program for each shape.
            found[name] = spec.payload_type(jnp.asarray(rows, rows.dtype))
        return found

    def _known(self, name: str, first: int, count: int) -> np.ndarray:
        began, rows = self._returned.get(name, (first, np.zeros((0, *self._specs[name].shape))))
        return rows[first - began :][:count]

    def _called(self, name: str, step: int) -> np.ndarray:
        address = f"{self._address}.{name}"
        try:
            payload = self._functions[name](step)
        except StopIteration as error:
            raise InputError(
                Problem(
                    address, f"its iterator ended before step {step}", "Give one that lasts for all steps", "length"
                )
            ) from error
        if not isinstance(payload, Payload):
            kind = self._specs[name].payload_type.__name__
            raise InputError(
                Problem(
                    address,
                    f"its function returned a {type(payload).__name__} at step {step}; expected {kind}",
                    f"Return `spark.{kind}(...)`",
                    "payload",
                )
            )
        problem = self._misfit(name, payload, None)
        if problem is not None:
            raise InputError(problem)
        return _as_called(payload.value)


def _own(value: Array) -> Array:
    """An array as a call takes it, which nobody else changes meanwhile: one of NumPy's stays so."""
    return _as_called(np.array(value)) if isinstance(value, np.ndarray) else jnp.asarray(value)


def _as_called(value: Array) -> np.ndarray:
    """An array as a call of the brain would take it: of the types that JAX works with."""
    array = np.asarray(value)
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)

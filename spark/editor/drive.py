"""What a running brain is fed with: values set by hand, rows of a file, or random spikes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from spark.core.errors import InputError, Problem
from spark.core.narrowing import beyond
from spark.core.payloads import SpikeArray
from spark.core.ports import PortSpec
from spark.io.rates import rate_problem

MOST_ROWS = 10_000_000
_FIX = "Mend what drives this input"


class Drive:
    """One input of a brain.

    Args:
        name: The input's name.
        spec: What it takes.
        source: `{"value": number or list}` or that number or list itself, for spikes the probability of each unit to
            fire as a rate in Hz, at most one spike a step (`{"rate": ...}`), or `{"file": path}` of a .npy or .csv with
            one row a step, which is repeated.
        dt: Length of a step, ms.
        seed: Of random spikes.

    Raises:
        InputError: The source does not fit the input.
    """

    def __init__(self, name: str, spec: PortSpec, source: Any, dt: float, seed: int) -> None:
        self.name, self.spec, self.dt = name, spec, dt
        self._generator = np.random.Generator(np.random.Philox(seed))
        self._rows: np.ndarray | None = None
        self._at = 0
        self.source = source
        self._rate: float | None = None
        given = source if isinstance(source, dict) else {"value": source}
        if "file" in given:
            if not isinstance(given["file"], str):
                raise self._wrong(f"needs the name of a file, got {given['file']!r}"[:200])
            self._rows = self._read(Path(given["file"]))
        elif "rate" in given or (issubclass(self.spec.payload_type, SpikeArray) and "value" not in given):
            rate = given.get("rate", 0.0)
            problem = rate_problem(f"inputs.{name}.rate", rate, dt, _FIX)
            if problem is not None:
                raise InputError(problem)
            self._rate = float(rate)
        else:
            value = given.get("value", 0.0)
            try:
                numbers = np.asarray(value, np.float64)
            except (ValueError, TypeError, OverflowError) as error:
                raise self._wrong(f"needs numbers, got {value!r}"[:200]) from error
            self._value = self._array(numbers)

    def _array(self, values: np.ndarray) -> np.ndarray:
        if values.size not in (1, self.spec.size):
            raise self._wrong(f"needs 1 or {self.spec.size} numbers, got {values.size}")
        if not np.isfinite(values).all():
            raise self._wrong("needs finite numbers")
        spread = np.broadcast_to(values.reshape(-1), (self.spec.size,)).reshape(self.spec.shape)
        return self._cast(spread)

    def _cast(self, values: np.ndarray) -> np.ndarray:
        problems = beyond(f"inputs.{self.name}", values, self.spec.dtype)
        if problems:
            raise InputError(replace(problems[0], fix=_FIX))
        return values.astype(jnp.dtype(self.spec.dtype))

    def _read(self, path: Path) -> np.ndarray:
        try:
            if path.suffix == ".npy":
                rows = np.load(path, allow_pickle=False)
            else:
                rows = np.loadtxt(path, delimiter=",", ndmin=2, max_rows=MOST_ROWS)
        except (OSError, ValueError) as error:
            raise self._wrong(f"cannot be read from {path.name}: {error}") from error
        rows = rows.reshape(len(rows), -1) if rows.ndim > 1 else rows.reshape(-1, 1)
        if rows.shape[1] not in (1, self.spec.size) or not len(rows) or not np.isfinite(rows).all():
            raise self._wrong(f"needs rows of {self.spec.size} finite numbers, got {rows.shape} in {path.name}")
        return self._cast(np.broadcast_to(rows, (len(rows), self.spec.size)))

    def _wrong(self, message: str) -> InputError:
        return InputError(Problem(f"inputs.{self.name}", message, _FIX, "drive"))

    def payload(self, steps: int) -> Any:
        """The input of the next steps: one payload for all, or one with a row for each."""
        kind: Any = self.spec.payload_type
        if self._rows is not None:
            at = (self._at + np.arange(steps)) % len(self._rows)
            self._at += steps
            return kind(jnp.asarray(self._rows[at].reshape(steps, *self.spec.shape)))
        if self._rate is not None:
            if not self._rate:
                return kind(jnp.zeros(self.spec.shape, self.spec.dtype))
            fired = self._generator.random((steps, *self.spec.shape)) < self._rate * self.dt / 1000
            return kind(jnp.asarray(fired.astype(jnp.dtype(self.spec.dtype))))
        return kind(jnp.asarray(self._value))

    def show(self, values: Any) -> Any:
        """The payload of values that an environment gave.

        Raises:
            InputError: They are not as many as the input takes.
        """
        kind: Any = self.spec.payload_type
        if np.size(values) != self.spec.size:
            raise self._wrong(f"takes {self.spec.size} numbers, and what the environment shows are {np.size(values)}")
        return kind(jnp.asarray(self._array(np.asarray(values, np.float64))))

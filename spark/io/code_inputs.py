"""The Python code of what drives a brain's inputs: values, rows of a file, random spikes."""

from dataclasses import replace
from typing import Any

import numpy as np

from spark.core.errors import ConfigError, Problem
from spark.core.narrowing import beyond
from spark.io.rates import rate_problem

_FIX = "Set it in the editor's panel of inputs"

_ROWS = '''

def rows(path, shape, dtype):
    """Rows of a .npy or .csv file, one for each step; behind the last comes the first again."""
    found = np.load(path) if path.endswith(".npy") else np.loadtxt(path, delimiter=",", ndmin=2)
    kept = found.astype(dtype)
    if not (kept == found if kept.dtype.kind in "biu" else np.isfinite(kept)).all():
        raise ValueError(f"{path}: holds numbers that {dtype} does not hold")
    kept = kept.reshape(len(kept), -1)[np.arange(STEPS) % len(kept)]
    return np.broadcast_to(kept, (STEPS, math.prod(shape))).reshape(STEPS, *shape)
'''
_SPIKES = '''

def random_spikes(rate, shape, dtype, seed):
    """Spikes of units that fire by chance at a rate in Hz."""
    drawn = np.random.Generator(np.random.Philox(seed)).random((STEPS, *shape))
    return (drawn < rate * {dt!r} / 1000).astype(dtype)
'''


class InputCode:
    """Expressions for a brain's inputs, and the functions that they need.

    Args:
        dt: Length of a step, ms.
        seed: The brain's seed: random spikes of an input follow from it and the input's place among the names.
        settings: How the brain is run; see `spark.editor.simulation`.
    """

    def __init__(self, dt: float, seed: int, settings: dict[str, Any]) -> None:
        self._dt, self._seed = dt, seed
        self._environment = settings.get("environment")
        given = settings.get("inputs")
        self._given = given if isinstance(given, dict) else {}
        self._needs: dict[str, str] = {}

    def code(self, specs: dict[str, Any]) -> str:
        """The statement that makes `inputs`."""
        entries = [f"    {n!r}: {self._payload(n, s, sorted(specs).index(n))},\n" for n, s in specs.items()]
        note = ""
        if self._environment and specs:
            # Quoted: a name from a file may hold anything, also the end of a line.
            note = f"# The editor showed {str(self._environment)[:80]!r} to the brain; here its input stands still.\n"
            note += "# `spark.envs.Loop` closes the loop in a program.\n"
        if "rows" in self._needs:
            note += "# Files are those of the folder that the editor worked in.\n"
        return note + ("inputs = {\n" + "".join(entries) + "}\n" if entries else "inputs = {}\n")

    def imports(self) -> list[str]:
        """Modules of the standard library that the functions need."""
        return ["math"] if "rows" in self._needs else []

    def functions(self) -> str:
        """The functions that `code` calls."""
        return "".join(self._needs.values())

    def _payload(self, name: str, spec: Any, place: int) -> str:
        source = self._given.get(name)
        source = source if isinstance(source, dict) else {} if source is None else {"value": source}
        about = f"{spec.shape!r}, {spec.dtype!r}"
        if "file" in source:
            self._needs["rows"] = _ROWS
            made = f"rows({str(source['file'])!r}, {about})"
        elif "rate" in source:
            problem = rate_problem(f"inputs.{name}.rate", source["rate"], self._dt, _FIX)
            if problem is not None:
                raise ConfigError(problem)
            if source["rate"]:
                self._needs["spikes"] = _SPIKES.format(dt=self._dt)
                made = f"random_spikes({float(source['rate'])!r}, {about}, {self._seed + place})"
            else:
                made = f"np.zeros({about})"
        else:
            value = _numbers(name, "value", source.get("value", 0.0), spec.port_spec().size)
            problems = beyond(f"inputs.{name}.value", value, spec.dtype)
            if problems:
                raise ConfigError(replace(problems[0], fix=_FIX))
            made = _constant(value, spec, about)
        return f"spark.{spec.payload_type.__name__}({made})"


def _numbers(name: str, key: str, value: Any, size: int) -> np.ndarray:
    """So many finite numbers, from one number or a list.

    Raises:
        ConfigError: The setting of an input is something else.
    """
    try:
        found = np.broadcast_to(np.asarray(value, np.float64).reshape(-1), (size,))
    except (ValueError, TypeError, OverflowError) as error:
        found, why = np.array([np.nan]), error
    else:
        why = None
    if not np.isfinite(found).all():
        text = f"must be one finite number or {size}, got {value!r}"[:200]
        raise ConfigError(Problem(f"inputs.{name}.{key}", text, _FIX, "value")) from why
    return found


def _constant(filled: np.ndarray, spec: Any, about: str) -> str:
    if len(set(filled.tolist())) > 1:
        return f"np.array({filled.reshape(spec.shape).tolist()!r}, {spec.dtype!r})"
    number = filled.tolist()[0]
    return f"np.zeros({about})" if number == 0 else f"np.full({spec.shape!r}, {number!r}, {spec.dtype!r})"

"""What a module keeps: `Variable` (state), `Constant` (fixed after build), `RandomKey` (draws)."""

from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from spark.core.decaying import Decaying
from spark.core.errors import ModuleError, Problem, in_short
from spark.core.narrowing import beyond
from spark.core.own_draws import bits_from, happens_from, uniform_from

Bounds = tuple[float | None, float | None]


def _as_numpy(value: Any) -> np.ndarray:
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        message = f"is too large for 32 bits, got {value}"
        raise ModuleError(Problem("value", message, "Give an array of a type that holds it", "bounds"))
    if isinstance(value, (bool, int, float)):
        # Python numbers take 32 bits, never 64 by accident.
        return np.asarray(value, dtype={bool: bool, int: np.int32, float: np.float32}[type(value)])
    try:
        made = np.asarray(value)
    except ValueError as error:
        problem = Problem(
            "value", f"is no array: its rows differ in length, got {in_short(value)}", "Give rows of one length"
        )
        raise ModuleError(problem) from error
    if made.dtype != bool and not jnp.issubdtype(made.dtype, np.number):
        text = f"holds no numbers, got {in_short(value)}; expected an array of numbers or truth values"
        raise ModuleError(Problem("value", text, "Keep what is no number as a plain attribute", "dtype"))
    narrow = {"float64": np.float32, "int64": np.int32, "uint64": np.uint32}
    if jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        del narrow["float64"]
    return _narrowed("value", made, narrow[made.dtype.name]) if made.dtype.name in narrow else made


def _narrowed(address: str, made: np.ndarray, held: DTypeLike) -> np.ndarray:
    """Numbers of 64 bits as those of 32 that they are.

    Raises:
        ModuleError: They are more than that.
    """
    problems = beyond(address, made, held)
    if problems:
        raise ModuleError(problems)
    return made.astype(held)


class Owner(Protocol):
    """What holds the state that a variable is read from and written to: a built, outermost module."""

    @property
    def state(self) -> Any:
        """The state."""
        ...

    def replace_state(self, values: dict[str, Any]) -> None:
        """Change variables of it by path."""
        ...


class Variable:
    """A named array of a module's state, created in `build`, read and written as `.value`.

    Args:
        value: What it begins with: a number or an array, which fixes shape and dtype.

    Attributes:
        reset_value: NumPy array that `reset()` restores; fixes shape and dtype for good.
        unit: ms, mV, pA, Hz, or empty.
        description: One sentence for people.
        bounds: Least and greatest value that a state may give it, each None where there is none. Whoever loads or
            replaces a state is held to them; what a step writes is not looked at.
        shown_as: Name by which it is read from a state and recorded, and what is between that and what is kept; None
            where both are the same.
        unit_axis: Along which axis the units of the module lie, which other devices may have: that one and those behind
            it; None where all units share the array. Of a `Ring` an axis of each row.
        path: Dotted path in the brain, such as `neurons_pool.soma.potential`; set at build.
    """

    def __init__(
        self,
        value: Any,
        *,
        unit: str = "",
        description: str = "",
        bounds: Bounds = (None, None),
        shown_as: tuple[str, Decaying] | None = None,
        unit_axis: int | None = 0,
    ) -> None:
        self.reset_value = _as_numpy(value)
        self.unit_axis = unit_axis
        self.shown_as = shown_as
        self.unit = unit
        self.description = description
        self.bounds = bounds
        self.path = ""
        self._root: Owner | None = None
        self._value: Any = None
        self._load: Any = None
        self._written = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what it holds, which stays."""
        return self.reset_value.shape

    @property
    def dtype(self) -> Any:
        """Type of the array's elements."""
        return self.reset_value.dtype

    @property
    def value(self) -> Any:
        """The present value; to set it, give an array of the same shape and dtype.

        Raises:
            ModuleError: Another shape or dtype is set, or numbers of 64 bits that the dtype does not hold.
        """
        if self._root is not None:
            return self._root.state[self.path]
        if self._value is None:
            self._value = self._load() if self._load else jnp.asarray(self.reset_value, self.dtype)
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        if np.shape(new) != self.shape or jnp.result_type(new) != self.dtype:
            raise ModuleError(
                Problem(
                    self.path or "variable",
                    f"cannot take this value, got {np.shape(new)} {jnp.result_type(new)}; "
                    f"expected {self.shape} {self.dtype}",
                    "Keep a variable's shape and dtype: cast with `.astype(...)` or change its reset value",
                    "variable",
                )
            )
        if self._root is not None:
            self._root.replace_state({self.path: new})
            return
        if isinstance(new, (np.ndarray, np.generic)) and new.dtype != self.dtype:
            # What JAX takes for 32 bits, though it has 64.
            new = _narrowed(self.path or "variable", np.asarray(new), self.dtype)
        self._value = new
        self._written = True

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        return f"Variable({self.path or 'unbuilt'}: {self.dtype}{list(self.shape)}{unit})"


class Constant:
    """A named array that is fixed after build: passed into a step, never copied out of it.

    Args:
        value: A NumPy or JAX array, which fixes shape and dtype.
        unit: ms, mV, pA, Hz, or empty.
        description: One sentence for people.
        unit_axis: As of `Variable`.
        identifies: Whether elements of variables are of what this array says, as weights are of the connections of a
            list: a state that was made beside another array is no state of this module.
    """

    def __init__(
        self,
        value: Any,
        *,
        unit: str = "",
        description: str = "",
        unit_axis: int | None = 0,
        identifies: bool = False,
    ) -> None:
        self.initial: np.ndarray | None = _as_numpy(value)
        self.identifies = identifies
        self.unit_axis = unit_axis
        self.shape: tuple[int, ...] = self.initial.shape
        self.dtype = self.initial.dtype
        self.unit = unit
        self.description = description
        self.path = ""
        self._value: Any = None
        self._load: Any = None

    @property
    def value(self) -> Any:
        """The array, as it was made; read only."""
        if self._value is None:
            self._value = self._load() if self._load else self.initial
        return self._value

    def __repr__(self) -> str:
        return f"Constant({self.path or 'unbuilt'}: {self.dtype}{list(self.shape)})"


class RandomKey(Constant):
    """A module's source of random numbers: one key for every step, the same on every run.

    The key follows from the brain's seed and the module's path alone, so adding another module, recording,
    batching or sharding changes nobody's draws. Draw for all units in one call: JAX's counter-based
    generator gives each unit its own stream, whatever the devices.
    """

    def __init__(self) -> None:
        super().__init__(np.zeros((2,), np.uint32))
        self._step: Any = None
        self.units: int | None = None

    def now(self, number: int = 0) -> jax.Array:
        """The key of this step, uint32 (2,); `number` tells several draws of one step apart.

        Raises:
            ModuleError: The module holds a share of its units only, whose draws from this key would be those of others.
        """
        if self.units is not None:
            raise ModuleError(
                Problem(
                    self.path or "key",
                    "draws with `now()` for a share of the units, which would get the numbers of others",
                    "Draw with `self.key.uniform(shape)`, or leave `unit_ports` out of the class",
                    "draws",
                )
            )
        return self._folded(number)

    def uniform(self, shape: tuple[int, ...], number: int = 0) -> jax.Array:
        """One number in [0, 1) for every unit, float32: the unit's own, wherever it lives and whoever else is drawn.

        The numbers of `jax.random.uniform(self.now(number), shape)`; a share of the units gets its part of them.

        Args:
            shape: That of the units.
            number: Tells several draws of one step apart.

        Raises:
            ModuleError: The module holds a share of its units, and the shape is not that of the share.
        """
        if self.units is None:
            return jax.random.uniform(self._folded(number), shape, jnp.float32)
        self._require_units(shape)
        return uniform_from(self._folded(number), jnp.asarray(self.value)[2], self.units).reshape(shape)

    def happens(self, probability: jax.Array, number: int = 0) -> jax.Array:
        """Whether an event of this probability happens in this step, for every unit: booleans of its shape.

        As `uniform(shape) < probability`, at half the price: two units share a number of the generator, each having 32
        of its 64 bits. Independent for every unit, and the unit's own wherever it lives.

        Args:
            probability: float32, of the shape of the units.
            number: Tells several draws of one step apart. `happens` and `uniform` of one number draw from one stream:
                where a step calls both, give them different ones.

        Raises:
            ModuleError: The module holds a share of its units, and the shape is not that of the share.
        """
        chance = jnp.asarray(probability, jnp.float32)
        first = jnp.uint32(0)
        if self.units is not None:
            self._require_units(chance.shape)
            first = jnp.asarray(self.value)[2]
        return happens_from(self._folded(number), first, chance.reshape(-1)).reshape(chance.shape)

    def bits(self, shape: tuple[int, ...], number: int = 0) -> jax.Array:
        """32 random bits for every unit, uint32 of this `shape`, as `uniform` draws numbers; `number` as of `now`.

        Raises:
            ModuleError: The module holds a share of its units, and the shape is not that of the share.
        """
        if self.units is None:
            return jax.random.bits(self._folded(number), shape, jnp.uint32)
        self._require_units(shape)
        return bits_from(self._folded(number), jnp.asarray(self.value)[2], self.units).reshape(shape)

    def _require_units(self, shape: tuple[int, ...]) -> None:
        if int(np.prod(shape)) != self.units:
            raise ModuleError(
                Problem(
                    self.path or "key",
                    f"draws for something else than a share's units, got shape {shape}; expected {self.units} numbers",
                    "Draw one number for every unit, or leave `unit_ports` out of the class",
                    "draws",
                )
            )

    def of_share(self, first: int, count: int) -> "RandomKey":
        """The same key for `count` units from `first` on; its data holds `first` as a third number."""
        made = RandomKey()
        made.initial = np.array([*np.asarray(self.value)[:2], first], np.uint32)
        made.shape, made.units, made.path = (3,), count, self.path
        return made

    def _folded(self, number: int) -> jax.Array:
        data = jnp.asarray(self.value)
        key = jax.random.wrap_key_data(data if self.units is None else data[:2], impl="threefry2x32")
        step = self._step()
        key = jax.random.fold_in(key, jnp.asarray(step.low))
        # The first 2^32 steps have keys of their own, and so has every later one.
        later = jax.random.fold_in(key, jnp.asarray(step.high))
        key = jnp.where(jnp.asarray(step.high) == 0, key, later)
        return jax.random.fold_in(key, number) if number else key

"""The step counter: 64 bits, in two words."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

STEP = "step"
MOST = (1 << 63) - 1
_WORD = (1 << 32) - 1


class Counter:
    """A whole number from 0 to 2^63 - 1 as two words of 32 bits: JAX has no integers of 64 bits unless all have them.

    Outside of compiled code it is a number: `int(...)`, `np.asarray(...)` (int64). Inside, `%`, `+` and comparisons
    with whole numbers are exact. Where it meets an array it counts as an int32, which begins anew after 2^32 steps; by
    `astype` it is any other type.

    Attributes:
        low: The lower word, uint32 of shape ().
        high: The upper one.
    """

    dtype = np.dtype("int64")
    shape = ()
    ndim = 0
    size = 1

    def __init__(self, low: Any, high: Any) -> None:
        self.low = low
        self.high = high

    @classmethod
    def of(cls, value: Any) -> "Counter":
        """A counter at a whole number.

        Raises:
            ValueError: It is below 0 or above 2^63 - 1.
        """
        if isinstance(value, Counter):
            return value
        if isinstance(value, Tracer):
            return cls(value.astype(jnp.uint32), jnp.uint32(0))
        number = int(value)
        if not 0 <= number <= MOST:
            raise ValueError(f"must lie in [0, 2^63 - 1], got {number}.")
        return cls(np.uint32(number & _WORD), np.uint32(number >> 32))

    @property
    def words(self) -> Any:
        """Both words, uint32 (2,), the lower one first."""
        if isinstance(self.low, jax.Array) or isinstance(self.high, jax.Array):
            return jnp.stack([self.low, self.high])
        return np.array([self.low, self.high], np.uint32)

    def __int__(self) -> int:
        return int(self.high) << 32 | int(self.low)

    __index__ = __int__

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(int(self), np.int64 if dtype is None else dtype)

    def __jax_array__(self) -> jax.Array:
        return jax.lax.bitcast_convert_type(jnp.asarray(self.low), jnp.int32)

    def astype(self, dtype: Any) -> jax.Array:
        """As an array of another type: of integers the lowest bits, of floats the nearest number."""
        if jnp.issubdtype(dtype, jnp.floating):
            high = jnp.asarray(self.high).astype(jnp.float32) * jnp.float32(2.0**32)
            return (high + jnp.asarray(self.low).astype(jnp.float32)).astype(dtype)
        return jnp.asarray(self.low).astype(dtype)

    def __add__(self, further: int) -> "Counter":
        other = Counter.of(further)
        if not isinstance(self.low, jax.Array) and not isinstance(other.low, jax.Array):
            return Counter.of(int(self) + int(other))
        low = self.low + other.low
        return Counter(low, self.high + other.high + (low < other.low).astype(jnp.uint32))

    def __mod__(self, divisor: int) -> Any:
        """The remainder, int32 of shape (): exact for whole divisors from 1 to 2^31."""
        if not 1 <= divisor <= 1 << 31:
            raise ValueError(f"a divisor of steps must lie in [1, 2^31], got {divisor}.")
        if not isinstance(self.low, jax.Array):
            return np.int32(int(self) % divisor)
        by = jnp.uint32(divisor)
        rest, left = jax.lax.rem(self.high, by), 32
        # Long division: what is left over, and as many further bits as fit beside it in a word.
        bits = 32 - (divisor - 1).bit_length()
        while left:
            taken = min(bits, left)
            left -= taken
            further = (self.low >> left) & jnp.uint32((1 << taken) - 1)
            rest = jax.lax.rem((rest << taken) | further if taken < 32 else further, by)
        return rest.astype(jnp.int32)

    def _compared(self, other: Any) -> Any:
        """Whether this is less, and whether it is equal; both as int32 where the other is an array."""
        if isinstance(other, (int, np.integer)):
            if not 0 <= other <= MOST:
                return np.bool_(other > 0), np.bool_(False)
            other = Counter.of(other)
        if not isinstance(other, Counter):
            own = self.__jax_array__()
            return own < other, own == other
        equal = self.high == other.high
        return (self.high < other.high) | (equal & (self.low < other.low)), equal & (self.low == other.low)

    def __lt__(self, other: Any) -> Any:
        return self._compared(other)[0]

    def __le__(self, other: Any) -> Any:
        less, equal = self._compared(other)
        return less | equal

    def __gt__(self, other: Any) -> Any:
        return ~(self <= other)

    def __ge__(self, other: Any) -> Any:
        return ~(self < other)

    def __eq__(self, other: object) -> Any:
        return self._compared(other)[1]

    def __ne__(self, other: object) -> Any:
        return ~self._compared(other)[1]

    __hash__ = None  # type: ignore[assignment]

    def __mul__(self, other: Any) -> jax.Array:
        return self._beside(other) * other

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> jax.Array:
        return self._beside(other) - other

    def __truediv__(self, other: Any) -> jax.Array:
        return self.astype(jnp.float32) / other

    def _beside(self, other: Any) -> jax.Array:
        return self.astype(jnp.float32) if isinstance(other, float) else self.__jax_array__()

    def __repr__(self) -> str:
        traced = isinstance(self.low, Tracer)
        return f"Counter({self.low}, {self.high})" if traced else f"Counter({int(self)})"


jax.tree_util.register_pytree_node(Counter, lambda c: ((c.low, c.high), None), lambda _, words: Counter(*words))

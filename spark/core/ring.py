"""Variables of which a step touches one row: what comes late is kept without being moved."""

from typing import Any

import jax
import jax.numpy as jnp

from spark.core.errors import ModuleError, Problem
from spark.core.variable import Variable


class Ring(Variable):
    """A variable of shape (rows, ...), of which a step reads and writes one row: that of its number.

    A row is what was put there as many steps ago as there are rows, or what the variable began with. On CPUs a step
    costs as much as the row: nothing is moved or copied, as it is where a module writes all of a variable's `value`.

        self.past = spark.Ring(np.zeros((20, *signal.shape), np.float32))
        twenty_steps_ago = self.past.read(self.step)
        self.past.put(self.step, signal.value)

    Args, attributes and errors are those of `Variable`.
    """

    # This step's row, while the step is traced for that row alone.
    here: Any = None

    @property
    def row_shape(self) -> tuple[int, ...]:
        """What a step reads or writes: the shape without its first axis."""
        return self.shape[1:]

    @property
    def value(self) -> Any:
        """All rows, in the order of their numbers; to set it, give an array of the same shape and dtype.

        Raises:
            ModuleError: It is asked for within a step that is compiled for the row of the step alone.
        """
        if self.here is not None:
            text = "is a ring, of which a step that is compiled has one row only"
            raise ModuleError(Problem(self.path or "ring", text, "Use `read` and `put`", "variable"))
        return Variable.value.__get__(self)

    @value.setter
    def value(self, new: Any) -> None:
        Variable.value.__set__(self, new)

    def read(self, step: Any) -> Any:
        """The row of a `step`, that of the module, `self.step`: in the variable's dtype, of shape `row_shape`."""
        if self.here is not None:
            return self.here
        return jax.lax.dynamic_index_in_dim(self.value, self._slot(step), keepdims=False)

    def put(self, step: Any, row: Any) -> None:
        """Write `row`, of the variable's dtype and of shape `row_shape`, as that of a `step`, the module's `self.step`.

        Raises:
            ModuleError: The row has another shape or dtype.
        """
        if jnp.shape(row) != self.row_shape or jnp.result_type(row) != self.dtype:
            raise ModuleError(
                Problem(
                    self.path or "ring",
                    f"cannot take this row, got {jnp.shape(row)} {jnp.result_type(row)}; "
                    f"expected {self.row_shape} {self.dtype}",
                    "Cast it with `.astype(...)`",
                    "variable",
                )
            )
        if self.here is not None:
            self.here, self._written = row, True
        else:
            self.value = jax.lax.dynamic_update_index_in_dim(self.value, row, self._slot(step), 0)

    def _slot(self, step: Any) -> Any:
        return (step % self.shape[0]).astype(jnp.int32)

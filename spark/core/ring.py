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
        self.past.put(self.step, signal.value.astype(jnp.float32))

    Args and attributes are those of `Variable`, which `about` is handed to.

    Raises:
        ModuleError: It has no rows.
    """

    # This step's row and the step itself, while the step is traced for that row alone.
    here: Any = None
    now: Any = None

    def __init__(self, value: Any, **about: Any) -> None:
        super().__init__(value, **about)
        if not self.shape or not self.shape[0]:
            raise ModuleError(
                Problem(
                    "ring",
                    f"has no rows, got shape {self.shape}; expected (rows, ...), of at least 1 row",
                    "Give `np.zeros((rows, *signal.shape), np.float32)`",
                    "variable",
                )
            )

    @property
    def row_shape(self) -> tuple[int, ...]:
        """What a step reads or writes: the shape without its first axis."""
        return self.shape[1:]

    @property
    def value(self) -> Any:
        """All rows, in the order of their numbers; to set it, give an array of the same shape and dtype.

        Raises:
            ModuleError: It is asked for, or set, within a step that is compiled for the row of the step alone.
        """
        self._refuse_all_rows()
        return Variable.value.__get__(self)

    @value.setter
    def value(self, new: Any) -> None:
        self._refuse_all_rows()
        Variable.value.__set__(self, new)

    def read(self, step: Any) -> Any:
        """The row of a `step`, in the variable's dtype, of shape `row_shape`.

        Args:
            step: The module's, `self.step`. Another number is taken too, but a step that reads or writes the row of
                another number is not compiled for its row alone.
        """
        if self.here is not None:
            self._refuse_another(step)
            return self.here
        return jax.lax.dynamic_index_in_dim(self.value, self._slot(step), keepdims=False)

    def put(self, step: Any, row: Any) -> None:
        """Write `row`, of the variable's dtype and of shape `row_shape`, as that of a `step`; see `read`.

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
            self._refuse_another(step)
            self.here, self._written = row, True
        else:
            self.value = jax.lax.dynamic_update_index_in_dim(self.value, row, self._slot(step), 0)

    def _slot(self, step: Any) -> Any:
        return jnp.asarray(step % self.shape[0]).astype(jnp.int32)

    def _refuse_all_rows(self) -> None:
        if self.here is not None:
            text = "is a ring, of which a step that is compiled has one row only"
            raise ModuleError(Problem(self.path or "ring", text, "Use `read` and `put`", "variable"))

    def _refuse_another(self, step: Any) -> None:
        # What was computed from the counter cannot be told from it by its value while it is traced.
        if step is not self.now:
            text = "is a ring, of which a step that is compiled has the row of `self.step` only"
            raise ModuleError(Problem(self.path or "ring", text, "Give `self.step` itself", "variable"))

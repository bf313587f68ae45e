"""What is called an array and a number, wherever either of JAX or of NumPy is accepted."""

from typing import TypeAlias

import jax
import numpy as np

Array: TypeAlias = jax.Array | np.ndarray
# Where arrays broadcast, a number will do.
Numeric: TypeAlias = Array | float

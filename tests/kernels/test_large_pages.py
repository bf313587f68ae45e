"""Arrays that JAX takes without a copy: of any shape and dtype, and large ones begin where a large page does."""

import jax.numpy as jnp
import numpy as np
import pytest

from spark.kernels.pages import empty, zeros

PAGE = 1 << 21


@pytest.mark.parametrize("dtype", ["float16", "uint32", "int32"])
@pytest.mark.parametrize("shape", [(0,), (7,), (3, 5), (2 * PAGE + 1,), (3, PAGE)])
def test_an_array_has_its_shape_and_dtype_and_begins_with_a_page_if_large(shape: tuple[int, ...], dtype: str) -> None:
    made = empty(shape, dtype)
    assert (made.shape, str(made.dtype), made.flags.c_contiguous, made.flags.writeable) == (shape, dtype, True, True)
    made[:] = 3
    assert np.all(made == 3)
    assert made.nbytes < 2 * PAGE or made.ctypes.data % PAGE == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int8", "bool"])
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5), (2, 0), (300, 70_001)])
def test_zeros_are_shared_with_jax(shape: tuple[int, ...], dtype: str) -> None:
    made = zeros(shape, jnp.dtype(dtype))
    assert (made.shape, made.dtype, made.flags.writeable) == (shape, jnp.dtype(dtype), True)
    assert not made.any()
    shared = jnp.asarray(made, made.dtype)
    assert not made.size or shared.unsafe_buffer_pointer() == made.ctypes.data

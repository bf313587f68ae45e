"""Settings and fixtures of all tests: strict dtypes, warnings as errors, no display."""

import os

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("JAX_PLATFORMS", os.environ.get("SPARK_TEST_PLATFORM", "cpu"))

import jax
import numpy as np
import pytest
from hypothesis import settings

jax.config.update("jax_numpy_dtype_promotion", "strict")
settings.register_profile("spark", deadline=None, max_examples=30, database=None, print_blob=True)
settings.load_profile("spark")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers of a test, the same on every run."""
    return np.random.default_rng(20260101)

"""Whether formulas can be compiled in this process: that takes llvmlite, which has no wheels for every platform."""

import importlib
from functools import cache


@cache
def why_not() -> str:
    """Why formulas run in XLA instead; empty where they can be compiled."""
    try:
        importlib.import_module("llvmlite.binding")
    except (ImportError, OSError) as error:
        return f"llvmlite cannot be imported: {error}"
    return ""

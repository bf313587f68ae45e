"""Formulas: array code that is elementwise over units, compiled to one vectorised loop over memory in place.

`trace.py` checks a jaxpr and says what of it stands in the way; `emit.py` writes LLVM's intermediate language with
explicit vectors; `compile.py` makes machine code of it, keeps that in the user's cache and tells the native library.
"""

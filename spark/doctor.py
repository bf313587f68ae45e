"""`spark doctor`: versions, devices, kernels in use, and what is missing with the command that mends it."""

import importlib.util
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import jax

from spark.kernels import llvm, status

PACKAGES = ("spark-brain", "jax", "jaxlib", "numpy", "pydantic")
EXTRAS = {"matplotlib": "plot", "gymnasium": "gym", "tqdm": "gym"}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def report() -> tuple[str, bool]:
    """The report as text, and whether everything that makes Spark fast is in use."""
    lines = [f"Python      {platform.python_version()} on {platform.system()} {platform.machine()}"]
    lines += [f"{name:<11} {_version(name)}" for name in PACKAGES]
    try:
        devices = jax.devices()
    except RuntimeError as error:
        # A JAX_PLATFORMS that names what is not there; nothing can be computed, so nothing more can be said.
        lines.append(f"Devices     none: {str(error).partition('. (')[0]}")
        lines.append(
            f"  mend      unset JAX_PLATFORMS (it is {os.environ.get('JAX_PLATFORMS', '')!r}), or set it to cpu"
        )
        return "\n".join(lines), False
    lines.append(f"Devices     {', '.join(str(d) for d in devices)}")
    found = status()
    healthy = True
    if found.available:
        built = {"fast": "compiled here", "wheel": "from the wheel"}.get(str(found.build), f"{found.build} build")
        lines.append(f"Kernels     native C++ ({found.instruction_set}, {built}), {found.library}")
        if found.refused:
            lines.append(f"  refused   {found.refused} Another was compiled.")
            lines.append(f"  mend      {found.mend}")
    elif jax.default_backend() != "cpu":
        lines.append("Kernels     jax.numpy, compiled for the accelerator")
    else:
        healthy = False
        lines.append("Kernels     reference in jax.numpy (the same results, slower)")
        lines.append(f"  missing   {found.reason}")
        lines.append(f"  mend      {found.mend}")
    if found.available:
        refused = llvm.why_not()
        lines.append(
            f"Formulas    {f'run in XLA: {refused}' if refused else 'compiled by LLVM, ' + _version('llvmlite')}"
        )
        if refused:
            healthy = False
            lines.append(f"  mend      {sys.executable} -m pip install llvmlite")
    for name, extra in EXTRAS.items():
        if importlib.util.find_spec(name) is None:
            lines.append(f"{name:<11} not installed")
            lines.append(f"  mend      {sys.executable} -m pip install 'spark-brain[{extra}]'")
        else:
            lines.append(f"{name:<11} {_version(name)}")
    return "\n".join(lines), healthy

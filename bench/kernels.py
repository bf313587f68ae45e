"""One step of a dense synaptic kernel inside `lax.scan`: C++, the reference in jax.numpy, and XLA's dot.

The yardstick is the plainest C++ loop over the rows that fired, compiled for this processor alone and timed beside it.

    python bench/kernels.py [--quick] [--json PATH]

Float32 weights unless said; spikes are drawn anew for every step. A number is the median of several runs, in
microseconds a step, compile time apart, with the cost of the loop itself included.
"""

import argparse
import ctypes
import json
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from spark.kernels import deliver_dense, status

SHAPES = ((256, 768), (1024, 1024), (4096, 4096), (10240, 10240))
NOISE = 1.1
PLAIN = "bench_plain_rows"
DENSITIES = (0.01, 0.05, 0.2)


def native(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    return deliver_dense(spikes, weights, "native")


def reference(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    return deliver_dense(spikes, weights, "reference")


def dot(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    return spikes.astype(jnp.float32) @ weights.astype(jnp.float32)


def plain(spikes: jax.Array, weights: jax.Array) -> jax.Array:
    return jax.ffi.ffi_call(PLAIN, jax.ShapeDtypeStruct(weights.shape[1:], jnp.float32))(spikes, weights)


def build_plain() -> None:
    """Compile and register the plain loop, for this processor only."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "plain.so"
        flags = ["-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-isystem", jax.ffi.include_dir()]
        source = Path(__file__).with_name("plain_rows.cc")
        subprocess.run([*shlex.split(status().compiler or "c++"), *flags, str(source), "-o", str(library)], check=True)
        loaded = ctypes.CDLL(str(library))
    jax.ffi.register_ffi_target(PLAIN, jax.ffi.pycapsule(getattr(loaded, PLAIN)), platform="cpu")


VERSIONS: dict[str, tuple[Callable, Callable]] = {
    "C++ float32": (native, jnp.float32),
    "plain C++ loop": (plain, jnp.float32),
    "C++ float16": (native, jnp.float16),
    "C++ bfloat16": (native, jnp.bfloat16),
    "reference": (reference, jnp.float32),
    "XLA dot": (dot, jnp.float32),
}


def microseconds(version: Callable, spikes: jax.Array, weights: jax.Array, runs: int) -> tuple[float, float]:
    """Time of a step (median of runs, µs) and of compilation (s)."""

    def every_step(spikes: jax.Array, weights: jax.Array) -> jax.Array:
        def step(_: jax.Array, now: jax.Array) -> tuple[jax.Array, None]:
            return version(now, weights), None

        return jax.lax.scan(step, jnp.zeros(weights.shape[1], jnp.float32), spikes)[0]

    begin = time.perf_counter()
    compiled = jax.jit(every_step).lower(spikes, weights).compile()
    compilation = time.perf_counter() - begin
    compiled(spikes, weights).block_until_ready()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        compiled(spikes, weights).block_until_ready()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) / spikes.shape[0] * 1e6, compilation


def steps_for(pre: int, post: int, name: str, density: float, quick: bool) -> int:
    """Steps that take some tens of milliseconds."""
    rows = pre if name == "XLA dot" else max(1.0, pre * density)
    steps = 0.05 / (rows * post * 4 / 20e9 + 2e-6)
    return int(min(max(steps / (5 if quick else 1), 8), 20_000))


def measure(quick: bool) -> list[dict]:
    """All rows of the table."""
    rng = np.random.default_rng(1)
    rows = []
    for pre, post in SHAPES[: 3 if quick else 4]:
        values = rng.random((pre, post), dtype=np.float32)
        for name, (version, dtype) in VERSIONS.items():
            weights = jnp.asarray(values, dtype)
            for density in DENSITIES:
                steps = steps_for(pre, post, name, density, quick)
                spikes = (rng.random((steps, pre)) < density).astype(np.int8)
                cost, compilation = microseconds(version, jnp.asarray(spikes), weights, 3 if quick else 7)
                rows.append(
                    {"pre": pre, "post": post, "version": name, "density": density, "us": cost, "compile": compilation}
                )
    return rows


def pairs(rows: list[dict], one: str, other: str) -> list[tuple[dict, dict]]:
    """Rows of two versions for the same shape and density."""
    cells = [{(r["pre"], r["post"], r["density"]): r for r in rows if r["version"] == name} for name in (one, other)]
    return [(row, cells[1][key]) for key, row in cells[0].items()]


def table(rows: list[dict]) -> str:
    """One line for each version, one column for each shape: the densities side by side."""
    shapes = list(dict.fromkeys((row["pre"], row["post"]) for row in rows))
    lines = [f"{'µs at 1 / 5 / 20 %':<20}" + "".join(f"{f'{pre} x {post}':>26}" for pre, post in shapes)]
    for name in VERSIONS:
        cells = []
        for shape in shapes:
            costs = [row["us"] for row in rows if row["version"] == name and (row["pre"], row["post"]) == shape]
            cells.append(" / ".join(f"{cost:.1f}" if cost < 10 else f"{cost:,.0f}" for cost in costs))
        lines.append(f"{name:<20}" + "".join(f"{cell:>26}" for cell in cells))
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer steps, runs and shapes")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    found = status()
    if not found.available:
        print(f"The C++ kernels are not in use. {found.reason} To mend it: {found.mend}", file=sys.stderr)
        return 1
    build_plain()
    rows = measure(options.quick)
    print(f"{found.instruction_set}, jax {jax.__version__}, {platform.machine()}\n{table(rows)}")
    ratios = [ours["us"] / other["us"] for ours, other in pairs(rows, "C++ float32", "plain C++ loop")]
    print(f"C++ float32 / plain C++ loop: median {statistics.median(ratios):.2f}, most {max(ratios):.2f}")
    verdict = "PASS" if max(ratios) <= NOISE else "FAIL"
    print(f"{verdict}  at or below the plain C++ loop in every cell (within {NOISE - 1:.0%}, a shared machine's noise)")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"instruction_set": found.instruction_set, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

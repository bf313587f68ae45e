"""Cost of looking for NaN and infinity in every step of the tutorial's brain: `python bench/checking.py`."""

import argparse
import json
import statistics
import time
from pathlib import Path

import jax
import jax.numpy as jnp

import spark
from spark.demo import tutorial_config

DRIVE = spark.FloatArray(jnp.zeros((4,), dtype=jnp.float16))


def run_model(graph, state, x):
    """The tutorial's function."""
    model = spark.merge(graph, state)
    out = model(drive=x)
    _, state = spark.split(model)
    return out, state


def microseconds(check: bool, calls: int) -> float:
    """Time of one jitted call, blocked on, compiled before."""
    brain = spark.nn.Brain(config=tutorial_config().updated(check_numbers=check))
    brain(drive=DRIVE)
    graph, state = spark.split(brain)
    step = jax.jit(run_model)
    out, state = jax.block_until_ready(step(graph, state, DRIVE))
    begin = time.perf_counter()
    for _ in range(calls):
        out, state = step(graph, state, DRIVE)
        jax.block_until_ready(out)
    return (time.perf_counter() - begin) / calls * 1e6


def main() -> None:
    """Measure with and without, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    pairs = [(microseconds(False, options.calls), microseconds(True, options.calls)) for _ in range(options.rounds)]
    off, on = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"run_model without checking {off:7.1f} us, with checking {on:7.1f} us, ratio {ratio:.2f}")
    if options.json:
        found = {"off_microseconds": off, "on_microseconds": on, "ratio": ratio, "pairs": pairs}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

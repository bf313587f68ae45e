"""Shares of CUBA on two processes of this machine, which tell each other their spikes over the loopback interface.

Prints what a step takes in one process, on two, and what of that the exchange takes: the same message in the same kind
of loop, without a brain. Processes of one machine share its memory's bandwidth, and TCP stands for a network that has
less latency than any between machines: from which size on two machines pay is more than what is seen here.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path[:0] = [str(BENCH.parent), str(BENCH.parent / "examples" / "networks")]
SETTLE, STEPS, PIECES = 2000, 500, 7


def timed(call: Any) -> float:
    """Microseconds of a step: the median of pieces."""
    taken = []
    for _ in range(PIECES):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) / STEPS * 1e6)
    return float(np.median(taken))


def alone(units: int) -> dict[str, float]:
    """One process and one thread, in the native program of `run`."""
    import balanced

    import spark

    brain = balanced.cuba(units, 1)
    spark.run(brain, SETTLE, progress=False, threads=1)
    return {"run": timed(lambda: spark.run(brain, STEPS, progress=False, threads=1))}


def together(units: int, port: str, number: int) -> dict[str, float]:
    """One of two processes: a step of its share, and the exchange of such a message without one."""
    # Of the processors each takes its own, as it would on a machine of its own; JAX counts them when it begins.
    mine = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {mine[number % len(mine)]})
    import balanced
    import jax
    import jax.numpy as jnp
    from jax.sharding import PartitionSpec as P

    import spark
    from spark.engine.shares.exchange import exchange

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=number)
    brain = balanced.cuba(units, 1)
    spark.run(brain, SETTLE, progress=False, threads=1)
    sharded = spark.shard(brain)
    state = sharded.state

    def advance() -> None:
        nonlocal state
        state = jax.block_until_ready(sharded.advance(state, {}, steps=STEPS)[2])

    def loop_of(tell: Any) -> Any:
        def looped(message: Any, ends: Any) -> Any:
            def step(held: Any, turn: Any) -> Any:
                return tell(held[jax.lax.axis_index("devices")], ends[0], turn), None

            return jax.lax.scan(step, message, sharded._turn + jnp.arange(STEPS, dtype=jnp.uint32))[0]

        specs = {"in_specs": (P(), P("devices")), "out_specs": P(), "check_vma": False}
        made = jax.jit(jax.shard_map(looped, mesh=sharded.mesh, **specs))
        return lambda: jax.block_until_ready(made(state.message, sharded._fixed.ends))

    advance()
    found = {"step": timed(advance)}
    ways = {"exchange": exchange, "collective": lambda row, _, __: jax.lax.all_gather(row, "devices")}
    for name, way in ways.items():
        loop = loop_of(way)
        loop()
        found[name] = timed(loop)
    return found


def measured(units: int) -> dict[str, Any]:
    """All figures of one size, in us a step."""

    def started(*arguments: Any) -> subprocess.Popen:
        # One device a process.
        variables = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
        command = [sys.executable, __file__, str(units), "--part", *map(str, arguments)]
        return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)

    def said(process: subprocess.Popen) -> dict[str, float]:
        printed, _ = process.communicate()
        if process.returncode:
            sys.exit(process.returncode)
        return json.loads(printed.splitlines()[-1])

    one = said(started("alone"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    both = [said(process) for process in [started(port, number) for number in range(2)]]
    return {**one, **{name: max(found[name] for found in both) for name in both[0]}}


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("units", type=int, nargs="*", default=[64_000, 256_000])
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        (units,) = options.units
        part = alone(units) if options.part == ["alone"] else together(units, options.part[0], int(options.part[1]))
        print(json.dumps(part))
        return
    rows: dict[str, Any] = {"load": os.getloadavg()[0]}
    for units in options.units:
        found = rows[str(units)] = measured(units)
        share = found["exchange"] / found["step"]
        print(
            f"CUBA {units:,}: {found['run']:.1f} us a step in one process by one thread, {found['step']:.1f} on two "
            f"processes, of which the exchange takes {found['exchange']:.1f} ({share:.0%}); JAX's own takes "
            f"{found['collective']:.1f}",
            flush=True,
        )
    (BENCH / "results" / "shares.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()

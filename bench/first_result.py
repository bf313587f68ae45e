"""How long the first result takes: the tutorial's brain in a fresh process, built and called once, import apart.

With empty caches (the native kernels are built, since a wheel or the first use brings them; no compiled program and no
formula is kept), and with what the process before it kept. Each several times in turns; medians.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.absolute()
EMPTY_MUST, WARM_MUST = 1.0, 0.5
CODE = """
import time
import jax
import jax.numpy as jnp
import spark
from spark.demo import tutorial_config
from spark.kernels import native
native.available()
jax.devices()
begin = time.perf_counter()
brain = spark.nn.Brain(tutorial_config())
out = brain(drive=spark.FloatArray(jnp.zeros(4, jnp.float16)))
jax.block_until_ready(out["action"].value)
print(time.perf_counter() - begin)
"""


def main():
    """Measure and print; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        kernels = Path(folder) / "kernels"
        first(kernels)
        for kept in ("compiled", "formulas"):
            shutil.rmtree(kernels / kept, ignore_errors=True)
        empty, warm = [], []
        for number in range(rounds):
            cache = Path(folder) / str(number)
            shutil.copytree(kernels, cache)
            empty.append(first(cache))
            warm.append(first(cache))
    found = [
        (statistics.median(times), must, name)
        for times, must, name in ((empty, EMPTY_MUST, "empty caches"), (warm, WARM_MUST, "what was kept"))
    ]
    for seconds, must, name in found:
        said = "reached" if seconds <= must else "MISSED"
        print(f"{said}  first result with {name}: {seconds:.2f} s (must {must} s, import apart)")
    sys.exit(any(seconds > must for seconds, must, _ in found))


def first(cache):
    """Seconds until the first result of a process with this cache folder."""
    cache.mkdir(mode=0o700, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "SPARK_CACHE": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    main()

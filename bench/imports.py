"""What `import spark` costs on top of `import jax`, each in a fresh interpreter, in turns.

Also checks that it loads no package for pictures, environments or servers.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

MUST_ADD_LESS_THAN_S = 0.5
UNWANTED = ("matplotlib", "gymnasium", "starlette", "uvicorn")

TIMED_IMPORT = """
import time
begin = time.perf_counter()
import {name}
print(time.perf_counter() - begin)
"""
LOADED = f"import sys, spark; print(*sorted(set({UNWANTED}) & set(sys.modules)))"


def main():
    """Measure and print; exit with 1 where a must is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = max(7, parser.parse_args().rounds)
    for name in ("jax", "spark"):
        seconds(name)  # Writes byte code and warms the file cache.
    times = [(seconds("jax"), seconds("spark")) for _ in range(rounds)]
    added = [spark - jax for jax, spark in times]
    median = statistics.median(added)
    print(f"Imports, fresh interpreters, {rounds} of each in turns; medians")
    print(f"import jax      {statistics.median(jax for jax, _ in times):.3f} s")
    print(f"import spark    {statistics.median(spark for _, spark in times):.3f} s")
    print(f"added by spark  {median:.3f} s   ({min(added):.3f} to {max(added):.3f})\n")
    loaded = interpret(LOADED).split()
    is_quick = median < MUST_ADD_LESS_THAN_S
    print(f"{verdict(is_quick)}  import spark adds less than {MUST_ADD_LESS_THAN_S} s to import jax: {median:.3f}")
    print(f"{verdict(not loaded)}  import spark loads none of {', '.join(UNWANTED)}: {', '.join(loaded) or 'none'}")
    sys.exit(not is_quick or bool(loaded))


def seconds(name):
    """Return how long one import takes in a fresh interpreter, its start left out."""
    return float(interpret(TIMED_IMPORT.format(name=name)))


def interpret(code):
    """Run code in a fresh interpreter that finds this package; return what it prints."""
    root = str(Path(__file__).parent.parent.absolute())
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return result.stdout.strip()


def verdict(is_reached):
    """Return the word that stands before a must."""
    return "PASS" if is_reached else "FAIL"


if __name__ == "__main__":
    main()

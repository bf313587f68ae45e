"""Every example runs as a user would run it: from its file, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEARNING = ROOT / "examples" / "learning"
# The other examples of learning run for minutes; a test of their own runs them for an episode.
EXAMPLES = sorted([*(ROOT / "examples").glob("*.py"), LEARNING / "cartpole.py", LEARNING / "digits.py"])
# Those of networks that take seconds; `tests/nn` has what all of them show.
EXAMPLES += [ROOT / "examples" / "networks" / f"{name}.py" for name in ("place_field", "rewiring")]


# What learns is left to `make test-thorough`, and for long to `make verify`; tests of learning have the same in small.
LEARNS = {"digits": pytest.mark.slow, **dict.fromkeys(("cartpole", "place_field", "rewiring"), pytest.mark.thorough)}


@pytest.mark.parametrize("example", [pytest.param(e, id=e.stem, marks=LEARNS.get(e.stem, [])) for e in EXAMPLES])
def test_example_runs_and_prints(example: Path, tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_there_are_examples() -> None:
    assert EXAMPLES

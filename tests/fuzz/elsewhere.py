"""Runs of cases in a process of its own, with an environment of its own; as a program it is that process."""

import os
import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz import ways
from fuzz.case import Case
from fuzz.ways import Outcome

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Job:
    """A case, how to run it, and where a checkpoint lies."""

    case: Case
    way: str
    path: str = ""


def elsewhere(jobs: list[Job], variables: dict[str, str], patience: float = 3000.0) -> list[Outcome | str]:
    """Outcomes of jobs, in their order, from one process with these environment variables; or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "jobs"), Path(folder, "outcomes")
        asked.write_bytes(pickle.dumps(jobs))
        environment = {
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS), *filter(None, sys.path)]),
            **variables,
        }
        program = [sys.executable, "-m", "fuzz.elsewhere", str(asked), str(told)]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=patience)
        assert done.returncode == 0, done.stderr[-3000:]
        return pickle.loads(told.read_bytes())


def outcome(job: Job) -> Outcome:
    """A job done in this process."""
    import spark

    if job.way == "resumed_elsewhere":
        job.case.set_delivery()
        return ways.rest(job.case, spark.load_checkpoint(job.path))
    brain = ways.begun(job.case, None)
    assert job.way == "shards", job.way
    return ways.shards(job.case, brain, devices=3)


def main() -> None:
    """Do the jobs of a file, write the outcomes to another."""
    import jax

    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jobs = pickle.loads(Path(sys.argv[1]).read_bytes())
    found: list[Outcome | str] = []
    for number, job in enumerate(jobs):
        try:
            found.append(outcome(job))
        except Exception as error:
            found.append(f"{type(error).__name__}: {error}")
        if number % 10 == 9:
            jax.clear_caches()
    Path(sys.argv[2]).write_bytes(pickle.dumps(found))


if __name__ == "__main__":
    main()

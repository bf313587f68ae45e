"""The peers' virtual environments, one each, made once and kept in the cache folder.

Run by hand, this file makes those that are named, or all: `python bench/engine/environments.py brian2 nest`.
"""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))

from peer import PeerError, cache_folder, execute, interpreters

ENGINE = Path(__file__).parent.absolute()


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to install for a peer, which script runs it, and what must import afterwards."""

    requirements: tuple[str, ...]
    script: str
    check: str
    minimum_python: tuple[int, int] = (3, 12)


RECIPES = {
    "brian2": Recipe(("brian2>=2.10", "numpy", "cython", "setuptools"), "peer_brian2.py", "import brian2"),
    "nest": Recipe(("nest-simulator>=3.10", "numpy"), "peer_nest.py", "import nest"),
    "brainevent": Recipe(("brainevent>=0.3", "brainunit", "numba"), "peer_brainevent.py", "import brainevent"),
    "spark-snn": Recipe(("spark-snn==1.2.2",), "peer_spark_snn.py", "import spark"),
}


@dataclasses.dataclass(frozen=True)
class Environment:
    """A ready environment: its Python and the versions that pip put into it."""

    python: str
    versions: dict[str, str]


def provide(name):
    """Make the environment of a peer, or return the one that is there.

    Raises:
        PeerError: No interpreter on this machine could install it; says why, one line each.
    """
    recipe, folder = RECIPES[name], cache_folder() / f"engine-{name}"
    record = folder / "ready.json"
    if record.exists():
        kept = json.loads(record.read_text())
        if kept["requirements"] == list(recipe.requirements) and Path(kept["python"]).exists():
            return Environment(kept["python"], kept["versions"])
    environment = make(name, recipe, folder)
    record.write_text(json.dumps({**dataclasses.asdict(environment), "requirements": recipe.requirements}, indent=1))
    return environment


def make(name, recipe, folder):
    """Install with the newest interpreter that can."""
    failures = []
    for interpreter in newest_first(interpreters(recipe.minimum_python)):
        print(f"Making the environment of {name} with {interpreter} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return install(recipe, folder, interpreter)
        except subprocess.CalledProcessError as error:
            failures.append(f"{interpreter}: {(error.stderr or '').strip()[-300:]}")
    shutil.rmtree(folder, ignore_errors=True)
    wanted = ".".join(map(str, recipe.minimum_python))
    raise PeerError("; ".join(failures) or f"no Python {wanted} or newer was found")


def newest_first(found):
    """Order interpreters by version: the peers drop old Pythons before old releases stop installing."""
    return sorted(found, key=lambda interpreter: python_version(interpreter), reverse=True)


def python_version(interpreter):
    """Return (major, minor) of an interpreter."""
    answer = execute([interpreter, "-c", "import sys; print(*sys.version_info[:2])"]).stdout
    return tuple(map(int, answer.split()))


def install(recipe, folder, interpreter):
    """Install one peer; return its environment."""
    place = folder / "environment"
    python = place / "bin" / "python"
    execute([interpreter, "-m", "venv", place])
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    execute([*pip, "install", "--quiet", *recipe.requirements])
    execute([python, "-c", recipe.check])
    listed = json.loads(execute([*pip, "list", "--format=json"]).stdout)
    return Environment(str(python), {package["name"]: package["version"] for package in listed})


if __name__ == "__main__":
    for wanted in sys.argv[1:] or RECIPES:
        try:
            print(f"{wanted}: {provide(wanted).python}")
        except PeerError as error:
            print(f"{wanted}: not installed: {error}")

"""The existing system, spark-snn, in a virtual environment of its own.

None of its code is kept in this repository: it is unpacked or installed into a cache folder outside, and built once.
Run this file by hand to build it and to read which version it is.
"""

import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

COMMIT = "6a804ef3558607d18c764af295b7455af93986f9"
NEAREST_RELEASE = "0.1.0"  # January 2026: the only release that has the tutorial's `modules_map`.
MINIMUM_PYTHON = (3, 12)  # Its sources nest equal quotes in f-strings, which older parsers refuse.
REQUIREMENTS = ("jax==0.8.0", "flax==0.12.0", "networkx", "gymnasium", "ale-py", "tqdm", "matplotlib", "numpy")

# Its package imports the Qt editor at once; the benchmark puts an empty one there instead of installing Qt.
IMPORT_CHECK = """
import sys, types
editor = types.ModuleType("spark.graph_editor.editor")
editor.SparkGraphEditor = None
sys.modules[editor.__name__] = editor
import spark, gymnasium, ale_py
"""


class PeerError(RuntimeError):
    """The peer's environment could not be built."""


@dataclasses.dataclass(frozen=True)
class Peer:
    """A ready environment: its Python, and which version of spark-snn it holds."""

    python: str
    label: str


def cache_folder():
    """Return the folder in which the peer's environments are kept."""
    return Path(os.environ.get("SPARK_BENCH_CACHE") or Path.home() / ".cache" / "spark-bench").absolute()


def provide_peer():
    """Build the peer's environment, or return the one that is there.

    Returns:
        Peer at the commit where `SPARK_PEER_GIT` names a repository that holds it, else at the nearest release.
    Raises:
        PeerError: No interpreter on this machine could install it.
    """
    archive = read_commit(os.environ.get("SPARK_PEER_GIT"))
    if archive is None:
        folder, label = cache_folder() / f"release-{NEAREST_RELEASE}", f"spark-snn {NEAREST_RELEASE} (January 2026)"
    else:
        folder, label = cache_folder() / f"commit-{COMMIT[:7]}", f"spark-snn at {COMMIT[:7]} (October 2025)"
    record = folder / "ready.json"
    if record.exists():
        peer = Peer(**json.loads(record.read_text()))
        if Path(peer.python).exists():
            return peer
    peer = build(folder, label, archive)
    record.write_text(json.dumps(dataclasses.asdict(peer)))
    return peer


def read_commit(repository):
    """Return the commit's files as the bytes of a tar archive, or None where they are not at hand."""
    if not repository:
        return None
    path = Path(repository).expanduser()
    git_folder = path / ".git" if (path / ".git").exists() else path
    result = subprocess.run(["git", "--git-dir", str(git_folder), "archive", COMMIT, "spark"], capture_output=True)
    if result.returncode:
        reason = result.stderr.decode(errors="replace").strip()
        print(f"SPARK_PEER_GIT: commit {COMMIT[:7]} could not be read, so the release is used. {reason}", flush=True)
        return None
    return result.stdout


def build(folder, label, archive):
    """Make the environment with the first interpreter that can import what was installed."""
    failures = []
    for interpreter in interpreters():
        print(f"Building {label} with {interpreter} ...", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return Peer(python=install(folder, interpreter, archive), label=label)
        except subprocess.CalledProcessError as error:
            failures.append(f"{interpreter}: {(error.stderr or '').strip()[-600:]}")
    wanted = ".".join(map(str, MINIMUM_PYTHON))
    tried = "\n".join(failures) or f"no Python {wanted} or newer was found"
    raise PeerError(f"The environment for {label} could not be built.\n{tried}")


def interpreters(minimum=MINIMUM_PYTHON):
    """Yield each distinct Python here that is new enough, the running one first."""
    names = [shutil.which(f"python3.{minor}") for minor in (12, 13, 11, 14)]
    managed = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"))
    seen = set()
    for candidate in [sys.executable, *names, *map(str, managed)]:
        if not candidate:
            continue
        ask = "import sys; print(*sys.version_info[:2], sys.base_prefix)"
        answer = subprocess.run([candidate, "-c", ask], capture_output=True, text=True)
        if answer.returncode:
            continue
        major, minor, prefix = answer.stdout.strip().split(maxsplit=2)
        if (int(major), int(minor)) >= minimum and (minor, prefix) not in seen:
            seen.add((minor, prefix))
            yield candidate


def install(folder, interpreter, archive):
    """Install the peer and what the tutorial needs; return the environment's Python."""
    environment = folder / "environment"
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    execute([interpreter, "-m", "venv", environment])
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    execute([*pip, *REQUIREMENTS])
    if archive is None:
        execute([*pip, "--no-deps", f"spark-snn=={NEAREST_RELEASE}"])
    else:
        # Its own packaging puts `core` and `nn` at the top level, so the sources go on the path as they are.
        sources = folder / "source"
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(sources, filter="data")
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = Path(execute([python, "-c", ask]).stdout.strip())
        (packages / "spark_snn_source.pth").write_text(f"{sources}\n")
    # Isolated, or `spark` would be the one of the folder that this runs in.
    execute([python, "-I", "-c", IMPORT_CHECK])
    return str(python)


def execute(command):
    """Run a command outside this environment's Python path; raise with its error output if it fails."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables["JAX_PLATFORMS"] = "cpu"
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, env=variables)


if __name__ == "__main__":
    found = provide_peer()
    print(f"{found.label}: {found.python}")

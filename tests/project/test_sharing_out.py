"""How `make test` shares out its tests."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = """
import os, pathlib, pytest
@pytest.mark.parametrize("number", range(8))
def test_something(number):
    with (pathlib.Path(__file__).parent / "processes").open("a") as file:
        file.write(f"{pathlib.Path(__file__).name} {os.getpid()}\\n")
"""


def test_all_tests_of_a_file_run_in_one_process(tmp_path):
    """They share what is compiled and what a module's fixtures made; apart, each process makes it anew."""
    (options,) = re.findall(r"^PYTEST = \$\(BIN\)/python -m pytest (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    for name in ("test_a.py", "test_b.py", "test_c.py"):
        (tmp_path / name).write_text(FILE)
    command = [sys.executable, "-m", "pytest", *shlex.split(options), "--numprocesses=2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.split() for line in (tmp_path / "processes").read_text().splitlines()]
    assert len(ran) == 24
    processes = {name: {process for file, process in ran if file == name} for name, _ in ran}
    assert {len(found) for found in processes.values()} == {1}, processes
    assert len(set.union(*processes.values())) == 2

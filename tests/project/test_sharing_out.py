"""How `make test` shares out its tests, and which it leaves to `make test-thorough`."""

import os
import re
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from drawing import Share, some

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
    command = [sys.executable, "-m", "pytest", "-p", "xdist", *shlex.split(options), "--numprocesses=2"]
    # Other plugins take seconds to load, and take no part in sharing out.
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.split() for line in (tmp_path / "processes").read_text().splitlines()]
    assert len(ran) == 24
    processes = {name: {process for file, process in ran if file == name} for name, _ in ran}
    assert {len(found) for found in processes.values()} == {1}, processes
    assert len(set.union(*processes.values())) == 2


def taken_by(target: str) -> set[tuple[bool, bool]]:
    """Which tests a target of the Makefile runs: of those that are slow or not, thorough or not."""
    recipe = re.search(rf"^{target}:.*\n(?:\t.*\n)*", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    expressions = re.findall(r'-m "([^"]*)"', recipe[0])
    assert expressions
    kinds = list(product((False, True), repeat=2))
    return {kind for said in expressions for kind in kinds if eval(said, {"slow": kind[0], "thorough": kind[1]})}


def test_the_ci_runs_the_quick_tests_and_a_share_of_their_variations() -> None:
    """`make test` takes those that are quick and no variations, `make test-thorough` the variations."""
    called = re.findall(r"^make (.*)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert {"test", "test-thorough"} <= {target for line in called for target in line.split()}
    assert taken_by("test") == {(False, False)}
    assert taken_by("test-thorough") == {(False, True)}


@pytest.mark.parametrize("commit", ["", "0000", "00ff", "ab12", "fffe"])
def test_a_commit_takes_one_of_eight_shares_in_the_ci(commit) -> None:
    (line,) = re.findall(r'^make test-thorough SHARE="(.*)"$', (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    done = subprocess.run(
        ["bash", "-euc", f'commit="{commit or 0}"; echo "{line}"'], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{int(commit or '0', 16) % 8 + 1}/8"


def test_shares_hold_every_file_once_and_none_is_small() -> None:
    files = [
        path.name for path in (ROOT / "tests").rglob("test_*.py") if "thorough" in path.read_text(encoding="utf-8")
    ]
    shares = [Share.named(f"{number}/4") for number in (1, 2, 3, 4)]
    assert all(sum(share.holds(file) for share in shares) == 1 for file in files)
    assert all(sum(map(share.holds, files)) > len(files) / 8 for share in shares)


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "a/b"])
def test_what_is_no_share_is_refused(text) -> None:
    with pytest.raises(ValueError):
        Share.named(text)


@pytest.mark.parametrize(
    ("one_of", "first", "thorough", "expected"),
    [
        (4, 1, None, ["slow", "", "slow", "slow", "slow", "", "slow", "slow"]),
        (4, 1, 2, ["slow", "", "slow", "thorough", "slow", "", "slow", "thorough"]),
        (4, 0, 1, ["", "thorough", "thorough", "thorough", "", "thorough", "thorough", "thorough"]),
    ],
)
def test_entries_of_a_table_are_shared_out_among_the_targets(one_of, first, thorough, expected) -> None:
    entries = some(range(8), one_of, first, thorough)
    assert [entry.values for entry in entries] == [(n,) for n in range(8)]
    assert ["".join(mark.name for mark in entry.marks) for entry in entries] == expected

"""Random brains do the same however they are run; see `fuzz.comparisons` for the ways, and `docs/running.md`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz.many import Findings, compare

TESTS = Path(__file__).parents[1]
BRAINS = 40
MANY = 2000


def test_random_brains_do_the_same_however_they_are_run() -> None:
    found = compare(range(BRAINS))
    assert not found.wrong, f"of {found.brains} brains, {len(found.wrong)} differ:\n{found.report()}"
    _check_alive(found)


def _check_alive(found: Findings) -> None:
    """Where nothing happens nothing can differ."""
    assert found.spiked >= 0.7 * found.brains
    assert found.full_chunks >= 0.5 * found.compared["probed"]
    assert found.learned >= 0.5 * found.plastic


@pytest.mark.slow
def test_two_thousand_random_brains_do_the_same_however_they_are_run(capsys: pytest.CaptureFixture) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS), *filter(None, sys.path)]),
    }
    shares = os.cpu_count() or 1
    ends = [MANY * n // shares for n in range(shares + 1)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "fuzz.many", str(a), str(b)], env=environment, stdout=subprocess.PIPE, text=True
        )
        for a, b in zip(ends[:-1], ends[1:], strict=True)
    ]
    whole = Findings()
    for process in processes:
        printed, _ = process.communicate()
        assert process.returncode == 0, printed[-3000:]
        whole.add(Findings(**json.loads(printed.strip().splitlines()[-1])))
    with capsys.disabled():
        print(f"\n{whole.brains} random brains, {sum(whole.compared.values())} comparisons: {whole.compared}")
        print(
            f"followed up to a potential next to its threshold: {whole.excused or 'none'}; differ: {len(whole.wrong)}"
        )
    assert not whole.wrong, f"of {whole.brains} brains, {len(whole.wrong)} differ:\n{whole.report()}"
    assert whole.brains == MANY
    _check_alive(whole)

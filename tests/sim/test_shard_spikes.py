"""A brain on several devices does what it does on one: the oracle is `advance` on one device, in the same process."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shard_cases import CASES, KINDS, LONG, SHORT, TWO_PROCESSES

from spark import kernels

ROOT = Path(__file__).parents[2]
# Where XLA compiles plain array code it fuses the parts' code in its own ways, with rounding errors in sums of
# products; the dense rule, the loop over the units of a pool with several receptors and, without native kernels,
# everything is such code. Spikes are the same all the same.
ROUNDED = {"dense unit 3"}


@contextlib.contextmanager
def process(which: str, devices: int, *more: str, **variables: str) -> Iterator[subprocess.Popen]:
    """A process that runs cases on its own CPU devices; it has ended after the block in any case."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        **variables,
    }
    program = [sys.executable, str(Path(__file__).with_name("shard_cases.py")), which, *more]
    with subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def results(started: subprocess.Popen) -> dict[str, Any]:
    """What it printed last. Only a hang takes an hour, however busy the machine."""
    printed, errors = started.communicate(timeout=3600)
    assert started.returncode == 0, errors[-3000:]
    return json.loads(printed.strip().splitlines()[-1])


def cases(which: str, devices: int, **variables: str) -> dict[str, Any]:
    """What became of these cases in one process."""
    with process(which, devices, **variables) as started:
        return results(started)["cases"]


def check(found: dict[str, Any], exact: bool = True) -> None:
    """Every module fired, and nothing differs at any step."""
    assert all(count > 100 for count in found["count"].values()), found["count"]
    assert set(found["spikes"].values()) == {None}, found["spikes"]
    if exact:
        assert set(found["outputs"].values()) <= {None}, found["outputs"]
        assert found["different"] == []


@pytest.fixture(scope="module")
def short() -> dict[str, Any]:
    return cases("short", 8)


@pytest.mark.parametrize("case", SHORT)
def test_spikes_and_state_are_those_of_one_device(case: str, short: dict[str, Any]) -> None:
    check(short[case], exact=kernels.available() and case not in ROUNDED)


@pytest.fixture(scope="module")
def of_kinds() -> dict[str, Any]:
    return cases("kinds", 8)


@pytest.mark.thorough
@pytest.mark.parametrize("case", KINDS)
def test_spikes_and_state_of_all_kinds_are_those_of_one_device(case: str, of_kinds: dict[str, Any]) -> None:
    check(of_kinds[case], exact=kernels.available() and case not in ROUNDED)


@pytest.fixture(scope="module")
def long() -> dict[str, Any]:
    return cases("long", 8)


@pytest.mark.slow
@pytest.mark.parametrize("case", LONG)
def test_spikes_and_state_are_those_of_one_device_in_all_cases(case: str, long: dict[str, Any]) -> None:
    check(long[case], exact=kernels.available() and case not in ROUNDED)


@pytest.mark.slow
def test_spikes_are_those_of_one_device_without_native_kernels() -> None:
    for which, names in (("short", SHORT), ("kinds", KINDS)):
        found = cases(which, 8, SPARK_NATIVE="0")
        for case in names:
            check(found[case], exact=False)


def test_units_and_memory_are_split_evenly(short: dict[str, Any]) -> None:
    assert short["tutorial unit 8"]["placement"]["neurons_pool"] == {str(d): 32 for d in range(8)}
    assert max(short["tutorial unit 8"]["bytes"]) < min(short["tutorial module 2"]["bytes"]) / 5


@pytest.mark.thorough
def test_units_are_split_as_a_plan_says(of_kinds: dict[str, Any]) -> None:
    uneven = of_kinds["listed plan 3"]["placement"]
    assert uneven["first"] == {"0": 1, "1": 128, "2": 1}
    assert uneven["noise"] == {"0": 31, "2": 29}
    assert uneven["rectifier"].keys() <= {"0", "1", "2"}
    assert len(uneven["rectifier"]) == 1


@pytest.mark.skipif(not kernels.available(), reason="without native kernels everything is array code")
@pytest.mark.parametrize("case", SHORT)
def test_explain_says_of_every_share_that_it_is_compiled(case: str, short: dict[str, Any]) -> None:
    check_explained(short[case])


@pytest.mark.thorough
@pytest.mark.skipif(not kernels.available(), reason="without native kernels everything is array code")
@pytest.mark.parametrize("case", KINDS)
def test_explain_says_of_every_share_of_all_kinds_that_it_is_compiled(case: str, of_kinds: dict[str, Any]) -> None:
    check_explained(of_kinds[case])


def check_explained(found: dict[str, Any]) -> None:
    """All that is split runs natively on every device, and of what is whole it is said why."""
    explained = found["explained"]
    assert {path: how for path, how in explained.items() if how[0] not in ("op", "compiled")} == {}
    for name, placed in found["placement"].items():
        why = explained[name][2]
        if len(placed) > 1:
            assert why == "" and explained[name][1].endswith(f"units on each of {len(placed)} devices")
        else:
            assert why and explained[name][1] == f"whole on device {next(iter(placed))}"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("which", "devices"),
    [
        ("two processes", 1),
        pytest.param("two processes long", 1, marks=pytest.mark.slow),
        pytest.param("two processes of two devices", 2, marks=pytest.mark.slow),
    ],
)
def test_two_processes_give_the_spikes_of_one_device(which: str, devices: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with process(which, devices, port, "0") as one, process(which, devices, port, "1") as other:
        found = [results(one), results(other)]
    assert found[0] == found[1]
    assert found[0]["devices"] == [2, 2 * devices]
    for case in TWO_PROCESSES[which]:
        check(found[0]["cases"][case], exact=kernels.available())
        assert found[0]["cases"][case]["sockets"] == (devices == 1 and kernels.available())


def test_every_case_is_run() -> None:
    assert {*SHORT, *KINDS, *LONG} == set(CASES)
    for name in ("cuba", "tutorial", "plastic", "wires"):
        assert {n for brain, n, by in CASES.values() if (brain, by) == (name, "unit")} == {1, 2, 3, 4, 8}

"""The compiled loop of a brain on several devices: in a step one exchange, of bits, and no copy of weights."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spark import kernels

ROOT = Path(__file__).parents[2]
COLLECTIVE = re.compile(
    r"= (\S+) (?:all-gather|all-reduce|all-to-all|collective-permute|collective-broadcast|reduce-scatter)[\w-]*\("
)
# Of the 640 units' 140 inputs each, a device has 40,000 connections or more; spikes and traces are below 2,000.
LARGE_COPY = re.compile(
    r"= \w+\[(?:\d,)?\d{5,}\]\S* "
    r"(?:copy|slice|concatenate|pad|bitcast-convert|dynamic-slice|dynamic-update-slice|fusion)\("
)


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    """The compiled loops on two devices: those of delayed spikes by how units are split, and that of undelayed ones."""
    environment = {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    program = [sys.executable, str(Path(__file__).with_name("compiled_shards.py"))]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("by", ["even", "uneven"])
def test_a_step_exchanges_packed_words_once_and_copies_no_weights(by: str, compiled: dict[str, str]) -> None:
    text = compiled[by]
    (exchanged,) = COLLECTIVE.findall(text)
    # Two bits for each of 704 units; in uneven parts all rows are as long as the longest.
    shares = [32, 320] if by == "even" else [64, 500]
    words = sum(2 * kernels.bit_words(count) for count in shares)
    assert re.match(rf"u32\[2,{words}\]", exchanged), exchanged
    if kernels.available():
        assert LARGE_COPY.findall(text) == []


@pytest.mark.skipif(not kernels.available(), reason="the reference kernels touch every connection in every step")
def test_components_that_run_one_by_one_copy_no_weights_either(compiled: dict[str, str]) -> None:
    assert LARGE_COPY.findall(compiled["undelayed"]) == []


@pytest.mark.skipif(not kernels.available(), reason="without native kernels there is no program")
@pytest.mark.parametrize(("which", "devices"), [("even", 1), ("uneven", 2), ("undelayed", 1)])
def test_a_step_of_a_device_is_one_native_call_beside_the_words_of_spikes(which, devices, compiled) -> None:
    """Devices with the same shares run the same program; in uneven shares each has its own."""
    called = re.findall(r'custom_call_target="(spark_\w+)"', compiled[which])
    assert called.count("spark_run_program") == devices
    assert set(called) == {"spark_run_program", "spark_pack_spikes", "spark_unpack_spikes"}


@pytest.mark.skipif(not kernels.available(), reason="without native kernels there is no program")
def test_shares_of_pools_of_many_somas_and_dendrites_are_one_native_call(compiled) -> None:
    """Nothing of Spark's own runs as array code because its units are cut, or is first computed on many devices."""
    called = re.findall(r"@(spark_\w+)\(", compiled["kinds"])
    assert called.count("spark_run_program") == 1
    assert set(called) == {"spark_run_program", "spark_pack_spikes", "spark_unpack_spikes"}

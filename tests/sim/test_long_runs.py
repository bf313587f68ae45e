"""A million steps: memory stays flat, nothing compiles."""

import resource
from pathlib import Path

import pytest
from builders import drive, tutorial_brain

import spark
from spark import Probe
from spark.sim.chunk import run_chunk


def resident_mb():
    """Resident memory now, MB; from the kernel where it says so."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.slow
def test_memory_is_flat_over_a_million_recorded_steps(tmp_path):
    brain = tutorial_brain()
    record = ["pool", Probe("pool.soma.potential", every=100), Probe("pool", name="rate", reduce="rate")]
    seen = []

    def watch(report):
        seen.append((report.done, resident_mb(), run_chunk._cache_size()))

    recording = spark.run(brain, 1_000_000, {"drive": drive()}, record=record, to=tmp_path / "r", callbacks=[watch])
    assert recording.steps == 1_000_000 and len(recording["rate"]) == 1_000_000
    warm = [(mb, compiled) for done, mb, compiled in seen if done > 100_000]
    assert len(warm) > 5
    assert {compiled for _, compiled in warm} == {seen[0][2]}
    # What is read back is mapped from files; the run itself may keep nothing.
    assert max(mb for mb, _ in warm) - min(mb for mb, _ in warm) < 16

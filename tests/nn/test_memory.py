"""What does not fit into memory is refused before any of it is taken, and drawing takes little beyond the result."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import paired, refused
from peak import peak

import spark
from spark.core import memory
from spark.nn.initializers import (
    ArrayInitializer,
    ConstantInitializer,
    LogNormalInitializer,
    NormalInitializer,
    UniformInitializer,
    base,
)
from spark.nn.projections import PlasticProjection

SPARSE = (
    "Make the pool sparse: `CurrentLIFNeuron` with `excitatory__connections=FixedInDegree(degree=1000)` and delays for "
    "each connection, whose memory follows the number of connections; or take fewer units"
)
TOO_LARGE = {
    "dense": (
        "outer.pool.synapses.config.kernel: needs too much memory for all 10,000,000,000 pairs of 100,000 x 100,000 "
        "units, got 80.0 GB",
        SPARSE,
    ),
    "half of all": (
        "outer.pool.synapses.config.kernel: needs too much memory for 5,000,000,000 connections, got 160.0 GB",
        SPARSE,
    ),
    "delays of pairs": (
        "outer.pool.synapses.config.kernel: needs too much memory for 2,000,000,000 connections, got 64.0 GB",
        SPARSE,
    ),
    "sparse, all to all": (
        "outer.pool.excitatory.config.connections: needs too much memory for about 10,000,000,000 connections, "
        "got 80.0 GB",
        "Lower the probability or the degree, or take fewer units",
    ),
    "sparse, too many": (
        "outer.pool.excitatory.config.connections: makes more connections than one module can hold, "
        "got about 3,000,000,000",
        "Wire the origins to ports or pools of their own",
    ),
}


@pytest.fixture(scope="module")
def refusals() -> dict[str, tuple[str, str, float]]:
    """By pool the type and the text of what it raises, and the most memory until then, in a process for all of them."""
    script = Path(__file__).with_name("too_large.py")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    return {name: (kind, text, size) for name, kind, text, size in map(json.loads, done.stdout.splitlines())}


@pytest.mark.skipif(sys.platform == "win32", reason="bounds the address space as POSIX does")
@pytest.mark.parametrize("pool", TOO_LARGE)
def test_a_pool_that_no_memory_holds_is_refused_by_name_before_any_is_taken(
    pool: str, refusals: dict[str, tuple[str, str, float]]
) -> None:
    kind, text, megabytes = refusals[pool]
    begin, end = TOO_LARGE[pool]
    assert kind == "ConfigError" and text.startswith(begin) and end in text
    assert megabytes < 500


DISTRIBUTIONS = {
    "constant": ConstantInitializer(value=2.0),
    "uniform": UniformInitializer(total=30.0),
    "normal": NormalInitializer(mean=5.0, total=30.0, minimum=0.0, maximum=0.02),
    "log-normal": LogNormalInitializer(maximum=2.0),
    "array": ArrayInitializer(array=np.ones((4000, 4000), np.float32)),
}


@pytest.mark.parametrize("kernel", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_drawing_dense_weights_takes_little_more_memory_than_they_do(kernel: Any) -> None:
    found, held = peak(lambda: kernel.connect(np.random.default_rng(0), 4000, 4000, np.dtype("float32")))
    assert found.matrix.dtype == np.float32 and found.matrix.nbytes == 64_000_000
    assert held < 1.75 * found.matrix.nbytes


FEW = {
    **{name: kernel for name, kernel in DISTRIBUTIONS.items() if name in ("constant", "uniform", "log-normal")},
    "normal": NormalInitializer(mean=5.0, total=30.0, minimum=0.0, maximum=1.2),
}


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("density", [1.0, 0.5])
def test_what_is_drawn_does_not_depend_on_how_many_units_are_drawn_at_once(
    name: str, density: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = FEW[name].updated(density=density)
    whole = kernel.connect(np.random.default_rng(3), 60, 50)
    monkeypatch.setattr(base, "AT_ONCE", 150)
    parts = kernel.connect(np.random.default_rng(3), 60, 50)
    np.testing.assert_array_equal(parts.pre, whole.pre)
    np.testing.assert_array_equal(parts.post, whole.post)
    # Only where bounds cut what is scaled is a factor found by halving an interval, which others of the part widen.
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-12)


def test_delays_of_pairs_take_one_byte_each_while_they_are_drawn_and_then_only_connections_keep_theirs() -> None:
    def build() -> PlasticProjection:
        return paired(4000, (4000,), UniformInitializer(density=0.001), delays={"max_delay": 8.0})

    made, held = peak(build)
    assert made.edges.delay.shape == made.weights.shape
    assert held < 2.5 * 16_000_000


def test_a_number_that_the_dtype_cannot_hold_is_refused() -> None:
    text = (
        "synapses.config.kernel: makes numbers that float16 cannot hold, got 100000. "
        "Store them in float32, or make them smaller"
    )
    with refused(spark.ConfigError, text):
        paired(3, (3,), 1e5, dtype="float16")


def test_memory_is_bounded_by_what_a_container_may_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_GROUP", bound)
    alone = memory.machine_memory()
    bound.write_text("1000000\n")
    assert memory.machine_memory() == 1_000_000
    bound.write_text("max\n")
    assert memory.machine_memory() == alone

"""Settings and fixtures of all tests: strict dtypes, warnings as errors, no display; how they are shared out."""

import functools
import gc
import os
import signal
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("JAX_PLATFORMS", os.environ.get("SPARK_TEST_PLATFORM", "cpu"))
# What takes long to compile is shared by all processes of a run and by the next run; `make clean` takes it away. To
# write down the rest, some thousand small programs, takes longer than that saves.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / "build" / "compiled"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")

# XLA compiles a program in one part instead of one for each thread, by its older way to write loops, and hardly
# improves the machine code: that takes a third of the time. Not to improve it at all takes a little less, but some
# programs then run many times as long. `make verify` compiles as users do, with XLA_FLAGS set to nothing. A version
# without such a flag would end the process.
if version("jaxlib").startswith("0.10."):
    quick = "--xla_cpu_parallel_codegen_split_count=1 --xla_cpu_use_fusion_emitters=false"
    quick += " --xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true"
    os.environ.setdefault("XLA_FLAGS", quick)

import jax
import numpy as np
import pytest
from drawing import USUAL, Share
from hypothesis import settings

jax.config.update("jax_numpy_dtype_promotion", "strict")
settings.register_profile("spark", deadline=None, max_examples=USUAL, database=None, print_blob=True)
# That of `make verify`, which draws more examples of each random test.
settings.register_profile("thorough", settings.get_profile("spark"), max_examples=300)
settings.load_profile("spark")
# What is traced and compiled makes so many objects that looking for rings among them took a fifth of the time.
gc.set_threshold(20_000, 10, 10)

# Files whose tests take long, in the order in which processes take them up; the others follow. Tests in a browser
# mostly wait for it, so others run beside them.
LONG = (
    "fuzz/test_random_brains.py",
    "editor/browser/test_first_minutes.py",
    "docs/test_pages.py",
    "docs/test_examples.py",
    "sim/test_shard_spikes.py",
    "editor/test_server.py",
    "nn/test_event_rules.py",
    "nn/test_modulated_rules.py",
    "editor/browser/test_running.py",
    "io/test_checkpoint.py",
    "nn/test_soma_models.py",
    "sim/test_unroll.py",
    "editor/browser/test_losing_work.py",
    "core/test_check_module.py",
    "kernels/test_native_library.py",
    "nn/test_drawn_parameters.py",
    "project/test_nonsense.py",
    "editor/browser",
    "io/test_hostile.py",
    "nn/test_rewiring.py",
    "kernels/test_formulas.py",
    "envs/test_environment.py",
    "sim/test_shard",
    "sim/test_interrupts.py",
    "sim/test_dropped.py",
    "sim/test_recording.py",
    "contract/test_tutorial.py",
    "nn/test_point_neurons.py",
    "fuzz",
    "docs",
    "learn",
    "editor",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process for each core, and two more for the time in which tests wait for processes and pages of their own."""
    return len(os.sched_getaffinity(0)) + 2 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--share=2/4` leaves the files of the second of four shares."""
    parser.addoption("--share", type=Share.named, metavar="K/N", help="the files of one of so many shares, such as 2/4")


def pytest_configure(config: pytest.Config) -> None:
    """The kernels are built once, before the processes that share them start."""
    if not hasattr(config, "workerinput"):
        from spark import kernels

        kernels.status()


def pytest_collection_finish() -> None:
    """Everything that was imported stays, so no search for garbage needs to go through it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a share only its files stay. Long files come first.

    Tests of a file share what is compiled, and a browser with its editor, in one process.
    """

    @functools.cache
    def rank(path: Path) -> int:
        file = path.relative_to(Path(__file__).parent).as_posix()
        return next((n for n, name in enumerate(LONG) if file.startswith(name)), len(LONG))

    share = config.getoption("share")
    if share is not None:
        config.hook.pytest_deselected(items=[item for item in items if not share.holds(item.path.name)])
        items[:] = [item for item in items if share.holds(item.path.name)]
    items.sort(key=lambda item: rank(item.path))


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers of a test, the same on every run."""
    return np.random.default_rng(20260101)


@pytest.fixture
def usual_ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, even where the tests run as a job in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

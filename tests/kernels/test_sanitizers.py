"""The sanitizers are silent wherever native code runs, and are not where it is wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spark.kernels import status
from spark.kernels.variants import VARIANTS, preloaded

TESTS = Path(__file__).parents[1]
# Files of tests in which native code runs, quick ones only: a slow one here would run all of these in itself.
SUITES = {
    "kernels": ["kernels"],
    "rules": [
        *("nn/test_event_rules.py", "nn/test_modulated_rules.py", "nn/test_zenke_rule.py", "nn/test_delays.py"),
        *("nn/test_learning_switch.py", "engine/test_rows_in_pairs.py"),
    ],
    "neurons": [
        *("nn/test_point_neurons.py", "nn/test_adaptive_exponential.py", "nn/test_spikers.py"),
        *("nn/test_integrator.py", "engine/test_lowering.py", "nn/test_arriving_dtypes.py"),
    ],
    "runs": [
        "sim/test_full_chunks.py",
        "sim/test_run.py",
        "engine/test_threads.py",
        "sim/test_under_way.py",
        "sim/test_probes.py",
        "sim/test_step_counter.py",
    ],
    "hostile files": ["io/test_hostile.py"],
}
# These start the compiler, or pytest, with settings of their own; what they test is no native code.
LEFT_OUT = ["kernels/test_native_library.py", "kernels/test_checked_build.py", "kernels/test_cache.py"]
SUITE = """
import sys
import pytest
from spark import kernels
assert kernels.status().build == {build!r}, kernels.status()
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", *{files!r}]))
"""
BRAINS = """
import jax
from spark import kernels
jax.config.update("jax_numpy_dtype_promotion", "strict")
from fuzz.many import compare
assert kernels.status().build == {build!r}, kernels.status()
found = compare(range(100, 120))
print(found.brains, "brains,", sum(found.compared.values()), "comparisons")
raise SystemExit(found.report() or None)
"""
# A write behind the end of an array, and a remainder by zero, of which the checks would have told: they are taken out.
WRONG = """
import jax.numpy as jnp
import numpy as np
from spark import kernels
from spark.kernels import instructions, program
assert kernels.status().build == {build!r}, kernels.status()
made = program.Program([])
if {build!r} == "address":
    history = made.argument(jnp.full((2, 1, 2), 3, jnp.uint32))
    weights, post = made.argument(jnp.ones(3, jnp.float32)), made.argument(np.int32([0, {target}, 1]))
    starts, current = made.argument(np.int32([[0, 1, 2], [2, 3, 3]])), made.result((16,), "float32")
    made.emit(instructions.DELIVER_EDGES, (history, weights, post, starts, current), (1, 2, 2, 16))
else:
    step, noted = made.argument(np.uint32([6, 0])), made.result((1, 4), "float32")
    rows, values = made.scratch((), "int32"), made.argument(jnp.arange(4.0))
    made.emit(instructions.CLEAR, (rows,), (4,))
    made.emit(instructions.NOTE_ROW, (rows, noted, values, None, step), (4, 4, {every}))
print(np.asarray(made.run()[1][0]).sum())
"""
# A run of one spiker by two threads that wait for each other, and by two that do not.
UNWAITING = """
import numpy as np
import spark
from builders import linear
from spark import kernels
from spark.kernels import program
from spark.nn import Brain, BrainConfig
assert kernels.status().build == "thread", kernels.status()
wait = program.with_barriers
program.with_barriers = lambda lines: [
    line for line in wait(lines) if {waits} or line.number != kernels.instructions.BARRIER
]
inputs = {{"drive": spark.InputSpec(spark.FloatArray, (500,), "float32")}}
brain = Brain(BrainConfig(input_map=inputs, output_map={{}}, modules_map=[linear(max_freq=200.0, tau=20.0)], seed=1))
given = {{"drive": spark.FloatArray(np.ones(500, np.float32))}}
spark.run(brain, 400, given, record="spiker", threads=2, progress=False)
"""


def environment(build: str, reports: Path, compiler: str = "") -> dict[str, str]:
    """Variables of a process that runs with a sanitizer, whose reports go to files."""
    found = status().compiler
    if found is None:
        pytest.skip("no compiler on this machine")
    needed = preloaded(VARIANTS[build], [found])
    if not needed:
        pytest.skip(f"{found} has no {VARIANTS[build].runtime} here, which must be loaded before Python")
    # Python and JAX free little at their end, and ask for memory that they do without.
    address = "detect_leaks=0:allocator_may_return_null=1:quarantine_size_mb=64"
    return {
        **os.environ,
        "SPARK_NATIVE_BUILD": build,
        "CXX": compiler or found,
        "LD_PRELOAD": needed,
        "ASAN_OPTIONS": f"{address}:log_path={reports / 'address'}",
        "TSAN_OPTIONS": f"ignore_noninstrumented_modules=1:report_signal_unsafe=0:log_path={reports / 'thread'}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={reports / 'undefined'}",
        "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]),
    }


def run(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=variables, cwd=TESTS, capture_output=True, text=True, check=False)


def reported(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.iterdir()))


@pytest.mark.slow
def test_no_two_threads_of_a_run_meet(tmp_path):
    """ThreadSanitizer sees what C++ does; JAX and compiled formulas it cannot look into."""
    code = SUITE.format(build="thread", files=["engine/test_threads.py", "engine/test_rows_in_pairs.py"])
    done = run(code, environment("thread", tmp_path))
    assert not reported(tmp_path), reported(tmp_path)[:6000]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


@pytest.mark.slow
def test_threads_that_do_not_wait_are_seen_to_meet(tmp_path):
    variables = environment("thread", tmp_path)
    sound = run(UNWAITING.format(waits=True), variables)
    assert (sound.returncode, reported(tmp_path)) == (0, ""), sound.stderr
    run(UNWAITING.format(waits=False), variables)
    assert "data race" in reported(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("suite", [*SUITES, "random brains"])
@pytest.mark.parametrize("build", ["address", "undefined"])
def test_sanitizers_are_silent(build, suite, tmp_path):
    variables = environment(build, tmp_path)
    if suite == "random brains":
        code = BRAINS.format(build=build)
    else:
        ignored = [f"--ignore={path}" for path in LEFT_OUT]
        code = SUITE.format(build=build, files=[*ignored, *SUITES[suite]])
    done = run(code, variables)
    assert not reported(tmp_path), reported(tmp_path)[:6000]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "right", "wrong", "said"),
    [
        ("address", {"target": 2, "every": 0}, {"target": 16, "every": 0}, "heap-buffer-overflow"),
        ("undefined", {"target": 2, "every": 3}, {"target": 2, "every": 0}, "division by zero"),
    ],
)
def test_sanitizers_are_not_silent_where_native_code_is_wrong(build, right, wrong, said, tmp_path):
    folder, reports = tmp_path / "cache", tmp_path / "reports"
    reports.mkdir()
    compiler = tmp_path / "unchecked"
    dropped = 'for a; do shift; [ "$a" = -DSPARK_CHECKED ] || set -- "$@" "$a"; done'
    compiler.write_text(f'#!/bin/sh\n{dropped}\nunset LD_PRELOAD\nexec {status().compiler} "$@"\n')
    compiler.chmod(0o700)
    variables = {**environment(build, reports, str(compiler)), "SPARK_CACHE": str(folder)}
    sound = run(WRONG.format(build=build, **right), variables)
    assert (sound.returncode, reported(reports)) == (0, ""), sound.stderr
    broken = run(WRONG.format(build=build, **wrong), variables)
    assert broken.returncode != 0, json.dumps(broken.stdout)
    assert said in reported(reports)

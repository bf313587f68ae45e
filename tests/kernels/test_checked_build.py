"""The checked build of the kernels finds what is wrong with a program's operands, and says where."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spark.kernels.build import library
from spark.kernels.compiler import BuildError
from spark.kernels.variants import VARIANTS

ROOT = Path(__file__).parents[2]
# Brains whose weights change, of all pairs with what waits for a row, and of a list.
LEARNING = """
import numpy as np
import spark
from spark.nn import Brain, BrainConfig, neurons, plasticity


def learned(**synapses):
    rule = plasticity.PairRuleConfig(rate=2.0)
    config = neurons.LIFNeuronConfig(units=(70,), async_spikes=False, learning_rule=rule, **synapses)
    wires = {"in_spikes": [spark.PortMap("__call__", "a"), spark.PortMap("p", "out_spikes")]}
    source = {"a": spark.InputSpec(spark.SpikeArray, (20,), "int8")}
    pool = spark.ModuleSpecs("p", neurons.LIFNeuron, wires, config)
    brain = Brain(BrainConfig(input_map=source, modules_map=[pool], seed=3))
    spikes = np.random.default_rng(0).random((40, 20)) < 0.3
    spark.run(brain, 40, {"a": spark.SpikeArray(spikes.astype(np.int8))}, progress=False)
    return np.asarray(brain.state["p.synapses.weights"])


brains = {"all pairs": lambda: learned(_s_kernel=200.0), "a list": lambda: learned()}
"""
# Programs with one wrong operand each; a right one comes first, and last, since a refusal must leave the process sound.
PROGRAMS = """
import dataclasses, json
import jax, jax.numpy as jnp
import numpy as np
from spark import kernels
from spark.kernels import Edges, Plastic, Third, build_edges, deliver_edges, instructions, program, stdp_edges
from spark.kernels.rows import Rows
from spark.kernels.scatter import emit_scatter, scatter_spikes


def of_bytes(to, source, size=16):
    # The first instruction is a sound one.
    made = program.Program([])
    good, first, values = made.result((1,), "float32"), made.argument(jnp.ones(1)), made.argument(jnp.arange(4.0))
    made.copy(good, first)
    result = made.result((4,), "float32")
    made.emit(instructions.COPY, (to(result), source(values)), (size, 1))
    return made.run()[1][1]


def same(place):
    return place


def changed(**values):
    return lambda place: dataclasses.replace(place, **values)


def edges_with(**arrays):
    edges, _ = build_edges([0, 0, 1], [0, 2, 1], [0, 1, 0], 2, 3, 1)
    edges = Edges(*map(jnp.asarray, edges._replace(**{name: np.int32(a) for name, a in arrays.items()})))
    history = jnp.full((2, 1, 2), 3, jnp.uint32)
    return deliver_edges(history, jnp.ones(3, jnp.float32), edges, "native")


def changed_by_a_rule(**arrays):
    # A trace on either side, and spikes of every unit now.
    edges, _ = build_edges([0, 0, 1], [0, 2, 1], [0, 1, 0], 2, 3, 1)
    edges = Edges(*map(jnp.asarray, edges._replace(**{name: np.int32(a) for name, a in arrays.items()})))
    history, plastic = jnp.full((2, 1, 2), 3, jnp.uint32), Plastic.alone(np.ones(3, np.float32))
    traces = np.ones((1, 2, 2), np.float32), np.ones((1, 3), np.float32)
    table, spikes = np.float32([-9, 9, *[0.5] * 16, 0]), np.ones(3, np.int8)
    rest = np.int32(0), edges, Third.none(), table, "native"
    return stdp_edges(plastic, history, traces[0], spikes, traces[1], *rest).weights


def delivered(post, *loop):
    made = program.Program([])
    history = made.argument(jnp.full((2, 1, 2), 3, jnp.uint32))
    weights, numbers = made.argument(jnp.ones(3, jnp.float32)), made.argument(np.int32(post))
    starts = made.argument(np.int32([[0, 1, 2], [2, 3, 3]]))
    current = made.result((3,), "float32")
    made.emit(instructions.DELIVER_EDGES, (history, weights, numbers, starts, current), (1, 2, 2, 3))
    return made.run(*loop)[1][0]


def scattered(delays):
    rows = Rows(np.int32([0, 1, 2]), np.int32([0, 1]), np.float32([1, 1]), np.uint8(delays))
    return scatter_spikes(np.int8([1, 1]), rows, jnp.zeros((2, 2)), 0, implementation="native")


def cut_at(middles):
    made = program.Program([])
    arrays = np.int32([0, 2, 4]), np.int32([3, 70, 5, 80]), np.float32([1])
    rows = Rows(*map(made.argument, arrays), None, made.argument(np.int32(middles)))
    ring, step = made.result((2, 128), "float32"), made.argument(np.uint32([0, 0]))
    made.copy(ring, made.argument(jnp.zeros((2, 128))))
    emit_scatter(made, [made.argument(np.int8([1, 1]))], rows, ring, (step, 0), False)
    return np.flatnonzero(np.asarray(made.run()[1][0])[0])


tries = {
    "right": lambda: of_bytes(same, same),
    "place beyond": lambda: of_bytes(same, changed(shape=(8,))),
    "first byte": lambda: of_bytes(same, changed(offset=-4)),
    "no buffer": lambda: of_bytes(changed(number=70), same),
    "too small": lambda: of_bytes(same, changed(shape=(2,))),
    "left out": lambda: of_bytes(same, lambda place: None),
    "index": lambda: delivered([0, 7, 1]),
    "index of a share": lambda: delivered([0, 7, 1], np.int32(4), np.int32(3)),
    "handler index": lambda: edges_with(post=[0, -1, 1]),
    "handler starts": lambda: edges_with(starts=[[0, 9, 2], [2, 3, 3]]),
    "handler delay": lambda: scattered([0, 5]),
    "right middles": lambda: cut_at([1, 3]),
    "middle beyond": lambda: cut_at([1, 5]),
    "wrong middle": lambda: cut_at([1, 2]),
    "right rule": lambda: changed_by_a_rule(),
    "incoming starts": lambda: changed_by_a_rule(in_starts=[0, 9, 2, 3]),
    "incoming edge": lambda: changed_by_a_rule(in_edge=[0, 7, 1]),
    "incoming unit": lambda: changed_by_a_rule(in_pre=[0, -1, 0]),
    "incoming delay": lambda: changed_by_a_rule(in_delay=[0, 0, 2]),
    "unit of an edge": lambda: changed_by_a_rule(pre=[0, 2, 1]),
    "delay of an edge": lambda: changed_by_a_rule(delay=[0, 1, 2]),
    **brains,
    "right again": lambda: of_bytes(same, same),
}
said = {}
for name, run in tries.items():
    try:
        said[name] = np.asarray(run()).tolist()
    except Exception as error:
        said[name] = str(error)
print(json.dumps([kernels.status().build, said]))
"""
SAID = {
    "place beyond": "instruction 1 (kCopy) of step 0: the size of place 2 is out of range, got 32; expected 0 to 16",
    "first byte": "instruction 1 (kCopy) of step 0: the first byte of place 2 is out of range, got -4; expected 0 to 0",
    "no buffer": "instruction 1 (kCopy) of step 0: the buffer of place 1 is out of range, got 72; expected 0 to 5",
    "too small": "instruction 1 (kCopy) of step 0: from has the wrong size, got 8 bytes; expected 16 ",
    "left out": "instruction 1 (kCopy) of step 0: from is missing; expected 16 elements",
    "index": "instruction 0 (kDeliverEdges) of step 0: post[1] is out of range, got 7; expected 0 to 2",
    "index of a share": "instruction 0 (kDeliverEdges) of step 0: post[1] is out of range, got 7; expected 0 to 2",
    "handler index": "post[1] is out of range, got -1; expected 0 to 2",
    "handler starts": "starts[1] is out of range, got 9; expected 0 to 3",
    "incoming starts": "in_starts[1] is out of range, got 9; expected 0 to 3",
    "incoming edge": "in_edge[1] is out of range, got 7; expected 0 to 2",
    "incoming unit": "in_pre[1] is out of range, got -1; expected 0 to 1",
    "incoming delay": "in_delay[2] is out of range, got 2; expected 0 to 1",
    "unit of an edge": "pre[1] is out of range, got 2; expected 0 to 1",
    "delay of an edge": "delay[2] is out of range, got 2; expected 0 to 1",
    "middle beyond": "instruction 2 (kScatter) of step 0: the middle of a row lies outside it",
    "wrong middle": "instruction 2 (kScatter) of step 0: a target lies in the wrong half",
    "handler delay": "delays[1] is out of range, got 5; expected 0 to 1",
}


@pytest.fixture(scope="module")
def said() -> dict:
    """What the checked build said to each program."""
    variables = {**os.environ, "SPARK_NATIVE_BUILD": "checked", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LEARNING + PROGRAMS], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    build, found = json.loads(done.stdout.splitlines()[-1])
    assert build == "checked"
    return found


@pytest.mark.parametrize("name", SAID)
def test_a_wrong_operand_is_refused_by_its_instruction_its_name_and_what_it_is(said, name):
    assert SAID[name] in said[name]


def test_a_right_program_runs_before_and_after_refusals(said):
    assert said["right"] == said["right again"] == [0.0, 1.0, 2.0, 3.0]
    assert said["right middles"] == [3, 5, 70, 80]


@pytest.mark.parametrize("name", ["all pairs", "a list"])
def test_a_brain_that_learns_passes_all_checks_with_the_weights_of_the_usual_build(said, name):
    made: dict = {}
    exec(LEARNING, made)
    weights = made["brains"][name]()
    assert said[name] == weights.tolist() and len(set(weights.ravel().tolist())) > 15


def test_every_build_has_a_file_of_its_own_in_the_cache(tmp_path, monkeypatch):
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\nfor last; do :; done\n[ "$last" = --version ] && exit 0\necho "$*" > "$last"\n')
    compiler.chmod(0o700)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("SPARK_CACHE", str(tmp_path / "cache"))
    flags = {}
    for name in ("fast", "checked", "undefined"):
        monkeypatch.setenv("SPARK_NATIVE_BUILD", name)
        monkeypatch.setattr(type(VARIANTS[name]), "is_loadable", lambda _: True)
        found = library()
        assert found.build == name and f"_{name}_" in found.path.name
        flags[name] = set(found.path.read_text().split())
    assert len(list((tmp_path / "cache").iterdir())) == 3
    assert "-DSPARK_CHECKED" not in flags["fast"] and "-O3" in flags["fast"]
    assert "-DSPARK_CHECKED" in flags["checked"] & flags["undefined"]
    assert "-fno-sanitize-recover=all" in flags["undefined"]


def test_a_build_that_there_is_not_is_refused_in_words(monkeypatch):
    monkeypatch.setenv("SPARK_NATIVE_BUILD", "quick")
    expected = (
        "SPARK_NATIVE_BUILD names no build, got 'quick'; expected one of fast, checked, address, undefined, thread."
    )
    with pytest.raises(BuildError) as caught:
        library()
    assert (caught.value.reason, caught.value.mend) == (expected, "unset SPARK_NATIVE_BUILD")


def test_a_sanitizer_without_its_runtime_is_refused_before_it_ends_the_process(monkeypatch):
    monkeypatch.setenv("SPARK_NATIVE_BUILD", "address")
    monkeypatch.setattr(type(VARIANTS["address"]), "is_loadable", lambda _: False)
    with pytest.raises(BuildError, match="SPARK_NATIVE_BUILD=address needs libasan.so in the process from its start"):
        library()


@pytest.mark.thorough
def test_doctor_names_the_build():
    variables = {**os.environ, "SPARK_NATIVE_BUILD": "checked", "PYTHONPATH": str(ROOT)}
    code = "from spark.cli import main; main(['doctor'])"
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Kernels")]
    assert ", checked build)" in line and "spark_kernels_checked_" in line


def test_the_usual_build_carries_no_checks(said, monkeypatch):
    words = b"is out of range, got "
    monkeypatch.delenv("SPARK_NATIVE_BUILD", raising=False)
    assert words not in library().path.read_bytes()
    monkeypatch.setenv("SPARK_NATIVE_BUILD", "checked")
    assert said and words in library().path.read_bytes()

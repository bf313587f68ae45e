"""The bits of a brain's state do not depend on what the processor can do."""

import subprocess

import jax.numpy as jnp
import numpy as np
import pytest

import spark
from spark import kernels
from spark.demo import tutorial_config
from spark.kernels import compiler, native
from spark.nn import Brain, BrainConfig, interfaces, neurons, plasticity
from spark.sim.run import build

DRIVE = {"drive": spark.FloatArray(jnp.asarray([0.3, -0.5, 0.8, 0.1], jnp.float16))}
# Every float from a random pattern of bits, sums that nearly cancel, and sums that lie near a tie.
PRODUCTS = r"""
#include "fused.h"
#include <cmath>
#include <cstdio>
#include <random>
static std::mt19937_64 draw(1);
static float from(uint32_t keep, uint32_t set) {
  const uint32_t bits = (static_cast<uint32_t>(draw()) & keep) | set;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
int main() {
  long wrong = 0;
  for (int i = 0; i < 3000000; ++i) {
    float a = from(~0u, 0), b = from(~0u, 0), c = from(~0u, 0);
    if (i % 3 == 1) c = std::nextafter(-(a * b), c);
    if (i % 3 == 2) {
      a = from(0x80ffffff, 0x3f000000), b = from(0x80ffffff, 0x3f000000);
      c = from(0x8fffffff, 0x30000000);
    }
    const float one = std::fma(a, b, c), other = spark::rounded_once(a, b, c);
    wrong += std::isnan(one) ? !std::isnan(other) : std::memcmp(&one, &other, 4) != 0;
  }
  std::printf("%ld", wrong);
}
"""


def pair_rule() -> Brain:
    """A pool that learns by a table, under spikes of its own and of a spiker."""
    pool = neurons.LIFNeuronConfig(units=(60,), async_spikes=True, learning_rule=plasticity.PairRuleConfig(a_plus=0.1))
    wires = [spark.PortMap("spiker", "spikes"), spark.PortMap("pool", "out_spikes")]
    modules = [
        spark.ModuleSpecs("spiker", interfaces.TopologicalLinearSpiker, {"signal": spark.PortMap("__call__", "drive")},
                          interfaces.TopologicalLinearSpikerConfig(mins=-1, maxs=1, max_freq=200.0)),
        spark.ModuleSpecs("pool", neurons.LIFNeuron, {"in_spikes": wires}, pool),
    ]  # fmt: skip
    return Brain(
        BrainConfig(
            seed=1, input_map={"drive": spark.InputSpec(spark.FloatArray, (4,), "float16")}, modules_map=modules
        )
    )


@pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
@pytest.mark.parametrize("make", [lambda: Brain(tutorial_config()), pair_rule], ids=["tutorial", "pair rule"])
def test_state_is_the_same_to_the_bit_with_every_instruction_set(make):
    ends = {}
    for name in ("avx512", "avx2", "portable"):
        brain = make()
        build(brain)
        native.limit_instruction_set(name)
        try:
            spark.run(brain, 400, DRIVE)
        finally:
            native.limit_instruction_set("avx512")
        ends[name] = {path: np.asarray(brain.state[path]) for path in brain.state}
    fired = [path for path in ends["portable"] if path.endswith("pre_traces")]
    assert fired and all(np.abs(ends["portable"][path]).sum() > 1.0 for path in fired)
    for path, value in ends["avx512"].items():
        np.testing.assert_array_equal(ends["avx2"][path], value, err_msg=path)
        np.testing.assert_array_equal(ends["portable"][path], value, err_msg=path)


def test_a_product_and_a_sum_by_doubles_are_rounded_once(tmp_path):
    try:
        command = compiler.compiler()
    except compiler.BuildError:
        pytest.skip("no compiler on this machine")
    (tmp_path / "products.cc").write_text(PRODUCTS)
    program = tmp_path / "products"
    flags = ["-std=c++17", "-O1", "-ffp-contract=off", f"-I{compiler.source_folder()}"]
    subprocess.run([*command, *flags, tmp_path / "products.cc", "-o", program], check=True)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "0"

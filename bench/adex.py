"""4,096 adaptive exponential units: the formula compiled of the array code, beside a loop written by hand in C++.

The loop (`adex_loop.cc`) is what Spark had before formulas were compiled. Both take two decaying currents, each with a
row of arriving spikes that is cleared, from the same first values; nothing arrives. The formula's time is that of its
instruction, by `spark.profile`. In turns, the least of several rounds, of which others disturb some. It must take at
most 1.1 times as long.
"""

import ctypes
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path.insert(0, str(BENCH.parent))
UNITS, STEPS, ROUNDS, MOST, DT = 4096, 1000, 9, 1.1, 0.1
TAUS = {"excitation": 5.0, "inhibition": 10.0}
BACKGROUND = np.random.default_rng(1).uniform(600.0, 1200.0, UNITS).astype(np.float32)
FLOATS, SHORTS, BYTES = (ctypes.POINTER(kind) for kind in (ctypes.c_float, ctypes.c_int16, ctypes.c_int8))


class Units(ctypes.Structure):
    """As in adex_loop.cc."""

    _fields_ = [
        *((name, FLOATS) for name in ("potential", "adaptation")),
        *((name, FLOATS * 2) for name in ("held", "row")),
        ("refractory", SHORTS),
        ("spikes", BYTES),
        ("background", FLOATS),
        ("count", ctypes.c_int64),
        *((name, ctypes.c_float) for name in ("gain", "level", "after", "knee", "steepness", "sharpness")),
        *((name, ctypes.c_float) for name in ("resistance", "coupling", "rate", "jump", "most")),
        ("factor", ctypes.c_float * 2),
        ("blocked", ctypes.c_int16),
    ]


class ByHand:
    """The loop of C++, compiled for this processor, with arrays of its own."""

    def __init__(self) -> None:
        from spark.kernels import status
        from spark.nn.somas.adaptive_exponential import AdaptiveExponentialSomaConfig

        c = AdaptiveExponentialSomaConfig()
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "adex.so"
            flags = ["-std=c++17", "-O3", "-march=native", "-fPIC", "-shared", "-o", str(library)]
            subprocess.run([status().compiler or "c++", *flags, str(BENCH / "adex_loop.cc")], check=True)
            self.run = ctypes.CDLL(str(library)).run
        self.run.argtypes, self.run.restype = (ctypes.c_void_p, ctypes.c_int64), None
        self.arrays = [np.zeros(UNITS, np.float32) for _ in range(6)]
        self.refractory, self.spikes = np.zeros(UNITS, np.int16), np.zeros(UNITS, np.int8)
        potential, adaptation, *held = (array.ctypes.data_as(FLOATS) for array in self.arrays)
        rest = c.potential_rest
        self.units = Units(
            *(potential, adaptation, (FLOATS * 2)(*held[:2]), (FLOATS * 2)(*held[2:])),
            *(self.refractory.ctypes.data_as(SHORTS), self.spikes.ctypes.data_as(BYTES)),
            *(BACKGROUND.ctypes.data_as(FLOATS), UNITS, DT / c.potential_tau, c.threshold - rest),
            *(c.potential_reset - rest, c.knee - rest, 1 / c.sharpness, c.sharpness, c.resistance * 1e-3),
            *(c.adaptation_coupling, DT / c.adaptation_tau, c.adaptation_jump, 80.0),
            *((ctypes.c_float * 2)(*(np.exp(-DT / tau) for tau in TAUS.values())), 0),
        )

    def microseconds(self) -> float:
        """Of a step."""
        begin = time.perf_counter()
        self.run(ctypes.byref(self.units), STEPS)
        return (time.perf_counter() - begin) / STEPS * 1e6


def preset():
    """A pool of the preset, with one connection a unit from inputs that are silent."""
    import spark
    from spark.nn import Brain, BrainConfig
    from spark.nn.connections import FixedInDegree
    from spark.nn.neurons import AdExNeuron, AdExNeuronConfig

    given = {
        name: {"connections": FixedInDegree(degree=1), "kernel": 1.0, "delay": DT, "tau": tau}
        for name, tau in TAUS.items()
    }
    config = AdExNeuronConfig(
        units=(UNITS,), excitatory=given["excitation"], inhibitory=given["inhibition"], soma={"background": BACKGROUND}
    )
    wires = {name: [spark.PortMap("__call__", name)] for name in TAUS}
    return Brain(
        BrainConfig(
            input_map={name: spark.InputSpec(spark.SpikeArray, (64,), "int8") for name in TAUS},
            output_map={},
            modules_map=[spark.ModuleSpecs("pool", AdExNeuron, wires, config)],
            dt=DT,
        )
    )


def main() -> None:
    """Measure in turns; exit with 1 where the formula takes too long."""
    import spark

    brain, by_hand = preset(), ByHand()
    silent = {name: spark.SpikeArray(np.zeros(64, np.int8)) for name in TAUS}
    rows = [(spark.profile(brain, STEPS, silent)["pool.soma"], by_hand.microseconds()) for _ in range(ROUNDS)]
    formula, loop = min(part.microseconds for part, _ in rows), min(taken for _, taken in rows)
    found = {"units": UNITS, "formula_us": formula, "loop_us": loop, "ratio": formula / loop}
    (BENCH / "results" / "adex.json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"{UNITS:,} units: {rows[0][0].path} {formula:.2f} us a step, by hand {loop:.2f} us")
    reached = formula <= MOST * loop
    said = "PASS" if reached else "FAIL"
    print(f"{said}  the compiled formula takes {formula / loop:.2f} times as long as the loop by hand, must {MOST}")
    sys.exit(not reached)


if __name__ == "__main__":
    main()

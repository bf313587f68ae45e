"""Time of a step against the number of units at constant fan-out: CUBA with 80 synapses a unit, 10^3 to 10^6 units.

Writes `bench/results/scaling.json` and the picture `docs/images/scaling.png`. On both axes' logarithms the points
should lie on a straight line; the slope is printed, and must lie between 0.8 and 1.3.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

BENCH = Path(__file__).parent.absolute()
sys.path[:0] = [str(BENCH.parent), str(BENCH.parent / "examples" / "networks")]
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
LEAST, GREATEST = 0.8, 1.3


def main():
    import balanced

    import spark

    rows = []
    for units in SIZES:
        begin = time.perf_counter()
        brain = balanced.cuba(units)
        steps = max(200, min(10_000, 200_000_000 // units))
        spark.run(brain, steps, progress=False)
        built = time.perf_counter() - begin
        times = []
        for _ in range(3):
            begin = time.perf_counter()
            recording = spark.run(brain, steps, record=["*.out_spikes"], progress=False)
            times.append((time.perf_counter() - begin) / steps * 1e6)
        rate = float(np.mean(recording.rates("excitatory")))
        rows.append({"units": units, "step_us": float(np.median(times)), "rate_hz": rate, "before_s": built})
        step = rows[-1]["step_us"]
        print(f"{units:>9,} units  {step:10.1f} us a step  {rate:5.2f} Hz  {built:5.1f} s before", flush=True)
    units, step = (np.array([row[name] for row in rows]) for name in ("units", "step_us"))
    # A call's own cost is the same for all sizes, and shows only at the smallest.
    slope = float(np.polyfit(np.log(units), np.log(step), 1)[0])
    reached = LEAST < slope < GREATEST
    print(f"{'PASS' if reached else 'FAIL'}  slope of the logarithms {slope:.2f}, must be {LEAST} to {GREATEST}")
    result = BENCH / "results" / "scaling.json"
    result.write_text(json.dumps({"rows": rows, "slope": slope}, indent=1) + "\n")
    draw(units, step, slope)
    sys.exit(not reached)


def draw(units, step, slope):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, ax = pyplot.subplots(figsize=(6, 4), layout="constrained")
    ax.loglog(units, step, "o-", color="tab:blue", label=f"CUBA, 80 synapses a unit; slope {slope:.2f}")
    ax.loglog(units, step[-1] * units / units[-1], color="0.7", linewidth=1, zorder=0, label="proportional")
    ax.set_xlabel("units")
    ax.set_ylabel("time of a step (us)")
    ax.legend(frameon=False)
    ax.grid(alpha=0.3)
    figure.savefig(BENCH.parent / "docs" / "images" / "scaling.png", dpi=110)


if __name__ == "__main__":
    main()

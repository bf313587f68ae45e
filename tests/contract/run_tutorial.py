"""Run the tutorial's script as it stands and save what its variables hold: `run_tutorial.py OUT.npz`."""

import contextlib
import io
import runpy
import sys
from pathlib import Path

import numpy as np

with contextlib.redirect_stderr(io.StringIO()) as bars:
    names = runpy.run_path(str(Path(__file__).with_name("seed_tutorial.py")))
names["fig"].savefig(Path(sys.argv[1]).with_suffix(".png"), dpi=50)
np.savez(
    sys.argv[1],
    spikes=names["spikes"],
    obs=np.array(names["obs"]),
    actions=np.array(names["actions"]),
    outputs=np.array(names["outs"]),
    first=repr(names["brain"](drive=names["spark"].FloatArray(np.zeros(4, np.float16)))),
)

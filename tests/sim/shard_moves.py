"""A brain that moves from some devices to more or fewer, beside the same brain on one; run as a program.

Prints, for every brain, at which stage of its way spikes differ, how many there were, and which variables differ at the
end. Its arguments are names of brains of `shard_cases`, and before them whether it moves by folders of Orbax too.
"""

import json
import sys
import tempfile
from pathlib import Path

import jax
import numpy as np
from shard_cases import BRAINS

import spark
from spark.sim import advance, shard

STEPS = 60
# From each to the next: more, fewer, and back; "file" is a checkpoint on the way.
WAY: tuple[int | str, ...] = (8, 3, "file", 4, 1, 2, 8)
ORBAX_WAY = (2, 4)


def spikes_of(fired: dict) -> dict[str, np.ndarray]:
    """Arrays of spikes by module."""
    return {name: np.asarray(payload.value) for name, payload in fired.items()}


def moved(name: str, orbax: bool) -> dict:
    """What a brain does on its way, beside the same on one device."""
    brain, inputs = BRAINS[name]()
    brain(**inputs)
    graph, alone = spark.split(brain)
    alone = jax.tree.map(np.copy, alone)
    many, wrong, count = {}, [], 0
    with tempfile.TemporaryDirectory() as folder:
        for stage, there in enumerate(WAY):
            if there == "file":
                spark.save_checkpoint(brain, Path(folder, "brain.safetensors"))
                brain = spark.load_checkpoint(Path(folder, "brain.safetensors"))
                continue
            many[there] = many.get(there) or shard(brain, there)
            _, fired, state = many[there].advance(many[there].scatter(brain), inputs, steps=STEPS, spikes=True)
            brain.load_state(many[there].gather(brain, state))
            _, expected, alone = advance(graph, alone, inputs, steps=STEPS, spikes=True)
            found, wanted = spikes_of(fired), spikes_of(expected)
            count += sum(int(np.abs(one).sum()) for one in wanted.values())
            if any(not np.array_equal(one, found[module]) for module, one in wanted.items()):
                wrong.append(f"{stage}: on {there}")
        if orbax:
            wrong += by_orbax(brain, many, folder)
    last = brain.state
    different = [path for path in alone if not np.array_equal(np.asarray(alone[path]), np.asarray(last[path]))]
    return {"wrong": wrong, "count": count, "different": different}


def by_orbax(brain: spark.nn.Brain, many: dict, folder: str) -> list[str]:
    """Where a state is another one once it was saved from some devices and restored on others."""
    from spark.io.orbax import restore_sharded, save_sharded

    wrong = []
    for first in ORBAX_WAY:
        path = Path(folder, f"from {first}")
        save_sharded(many[first], many[first].scatter(brain), path)
        for then in (1, first, 8):
            state = many[then].gather(brain, restore_sharded(many[then], brain, path))
            if any(not np.array_equal(np.asarray(state[p]), np.asarray(brain.state[p])) for p in state):
                wrong.append(f"from {first} to {then}")
    return wrong


if __name__ == "__main__":
    jax.config.update("jax_numpy_dtype_promotion", "strict")
    print(json.dumps({name: moved(name, sys.argv[1] == "orbax") for name in sys.argv[2:]}))

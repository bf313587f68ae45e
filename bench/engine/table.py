"""The connections of the workload `connectome`, the same for every system that has NumPy."""

import numpy as np


def drawn(units, connections, seed):
    """Who connects with whom, and by how many synapses: heavy-tailed degrees, no pair twice, negative for inhibition.

    Two units in five inhibit. Sorted by source, then target.
    """
    generator = np.random.default_rng(seed)
    popular = [np.cumsum(generator.pareto(1.5, units) + 1) for _ in range(2)]
    keys = np.zeros(0, np.int64)
    while keys.size < connections:
        more = connections - keys.size + connections // 50
        pre, post = (np.searchsorted(p, generator.random(more) * p[-1]) for p in popular)
        keys = np.unique(np.concatenate([keys, pre * units + post]))
    keys = np.sort(generator.choice(keys, connections, replace=False))
    pre, post = keys // units, keys % units
    sign = np.where(generator.random(units) < 0.4, -1, 1)
    synapses = generator.geometric(0.4, connections) * sign[pre]
    return tuple(column.astype(np.int32) for column in (pre, post, synapses))

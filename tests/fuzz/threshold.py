"""Whether a potential next to its threshold is why a spike is in one run and not in another."""

from typing import Any

import numpy as np

from fuzz.case import Case
from fuzz.ways import Outcome
from spark.nn import Brain
from spark.nn.interfaces.linear import LinearSpikerConfig

ULPS = 4


class Levels:
    """Thresholds of the units of a brain, by path of a port that carries spikes."""

    def __init__(self, case: Case) -> None:
        self._configs: dict[str, Any] = {}
        self._enter(case.config, "")

    def _enter(self, config: Any, prefix: str) -> None:
        for name, specs in config.modules_map.items():
            path = f"{prefix}{name}"
            if specs.module_cls is Brain:
                self._enter(specs.config, f"{path}.")
            self._configs[path] = specs.config

    def of(self, port: str, state: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
        """Potential and threshold of each unit as a state has them; None for what has no potential."""
        path = port.rpartition(".")[0]
        config = self._configs.get(path)
        soma = getattr(config, "soma", config)
        held = next((p for p in (f"{path}.soma.potential", f"{path}.potential") if p in state), None)
        if held is None:
            return None
        potential = state[held].astype(np.float32).reshape(-1)
        if isinstance(soma, LinearSpikerConfig):
            return potential, np.full(potential.shape, soma.tau, np.float32)
        level = np.subtract(np.asarray(soma.threshold), np.asarray(soma.potential_rest))
        risen = state.get(held.replace("potential", "threshold"), np.zeros(1)).astype(np.float64).reshape(-1)
        return potential, np.broadcast_to(np.reshape(level, -1) + risen, potential.shape).astype(np.float32)


def unexplained(
    levels: Levels, port: str, step: int, spikes: tuple[np.ndarray, np.ndarray], runs: tuple[Outcome, Outcome]
) -> str | None:
    """What is wrong with the units of a port that fire at `step` in one run only; None if the threshold explains it.

    A unit that fired is reset, so its potential is looked up in the run in which it did not.

    Args:
        levels: Thresholds of the brain.
        port: Path of the port.
        step: The first step at which anything differs.
        spikes: Of this port, in both runs.
        runs: Both runs up to this step and no further.
    """
    for unit in np.flatnonzero(spikes[0][step] != spikes[1][step]):
        silent = runs[int(spikes[0][step][unit] != 0)]
        found = levels.of(port, silent.state)
        if found is None:
            return f"{port} differs at step {step}, unit {unit}, and has no threshold that could explain it"
        potential, threshold = found[0][unit], found[1][unit]
        ulp = np.spacing(np.float32(max(abs(potential), abs(threshold))))
        apart = abs(float(threshold) - float(potential)) / float(ulp)
        if apart > ULPS:
            return (
                f"{port} fires at step {step}, unit {unit}, in one run only: potential {potential!r}, threshold "
                f"{threshold!r} in the other, {apart:.1f} ulp apart"
            )
    return None

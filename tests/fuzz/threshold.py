"""Whether a potential next to its threshold is why a spike is in one run and not in another."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tolerances import SAME_BRAIN, SAME_REGENERATIVE, SAME_UPSWING

from fuzz.case import Case
from fuzz.ways import Outcome, State
from spark.nn import Brain, dendrites, pools, somas
from spark.nn.interfaces.linear import LinearSpikerConfig
from spark.nn.somas.point import PointSomaConfig

ULPS = 4
# Somas whose potential is measured from its rest, and that fire where it reaches a threshold.
WITH_THRESHOLD = (somas.LeakySomaConfig, PointSomaConfig, somas.ResonateSomaConfig)
# Somas in whose upswing rounding errors grow with the potential.
UPSWINGS = (
    somas.ExponentialSomaConfig,
    somas.QuadraticSomaConfig,
    somas.IzhikevichSomaConfig,
    somas.IzhikevichCorticalSomaConfig,
    somas.HodgkinHuxleySomaConfig,
)
# The spikes of a step from a state that another run led to.
Onward = Callable[[State], dict[str, np.ndarray]]


class Levels:
    """Thresholds of the units of a brain, by path of a port that carries spikes, and bounds of its variables."""

    def __init__(self, case: Case) -> None:
        self._configs: dict[str, Any] = {}
        self._enter(case.config, "")

    def _enter(self, config: Any, prefix: str) -> None:
        for name, specs in config.modules_map.items():
            path = f"{prefix}{name}"
            if specs.module_cls is Brain:
                self._enter(specs.config, f"{path}.")
            self._configs[path] = specs.config

    def bound(self, path: str, dtype: np.dtype) -> float:
        """How far floats of a variable may be apart in two runs, relative to the largest number of their array."""
        if dtype.kind in "iub":
            return 0.0
        # What a brain keeps of outputs is theirs.
        path = path.removeprefix("cache.")
        above = [config for owner, config in self._configs.items() if path.startswith(f"{owner}.")]
        if any(map(_regenerates, above)):
            return SAME_REGENERATIVE[dtype.name]
        return (SAME_UPSWING if any(_is_steep(_soma(config)) for config in above) else SAME_BRAIN)[dtype.name]

    def potential(self, port: str, state: State) -> str | None:
        """Path of the potential of the units that a port tells of."""
        path = port.rpartition(".")[0]
        soma = _soma(self._configs.get(path))
        name = soma.potential if isinstance(soma, somas.EquationSomaConfig) else "potential"
        return next((p for p in (f"{path}.soma.{name}", f"{path}.{name}") if p in state), None)

    def of(self, port: str, state: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray] | None:
        """Potential and threshold of each unit as a state has them; None for what has no threshold of that kind."""
        soma = _soma(self._configs.get(port.rpartition(".")[0]))
        held = self.potential(port, state)
        if held is None:
            return None
        potential = state[held].astype(np.float32).reshape(-1)
        if isinstance(soma, LinearSpikerConfig):
            return potential, np.full(potential.shape, soma.tau, np.float32)
        if not isinstance(soma, WITH_THRESHOLD):
            return None
        level = np.subtract(np.asarray(soma.threshold), np.asarray(soma.potential_rest))
        risen = state.get(held.replace("potential", "threshold"), np.zeros(1)).astype(np.float64).reshape(-1)
        return potential, np.broadcast_to(np.reshape(level, -1) + risen, potential.shape).astype(np.float32)

    def near(self, port: str, unit: int, befores: tuple[State, State]) -> Iterator[State]:
        """States that rounding could have led to: either run's, and those with the unit's potential within 4 ulp."""
        for state in befores:
            yield state
            held = self.potential(port, state)
            for ulps in range(-ULPS, ULPS + 1) if held is not None else ():
                moved = state[held].copy()
                moved.reshape(-1)[unit] += ulps * np.spacing(moved.reshape(-1)[unit])
                yield {**state, held: moved}


def _is_steep(soma: Any) -> bool:
    """Whether an error of a potential, or of the time of a spike within a step, grows with the potential's slope."""
    precise = isinstance(soma, somas.IntegrateAndFireSomaConfig) and soma.scheme == "precise"
    return precise or isinstance(soma, UPSWINGS)


def _regenerates(config: Any) -> bool:
    """Whether a pool has a dendrite whose potential opens what raises it."""
    held = config.dendrites.values() if isinstance(config, pools.PoolConfig) else ()
    return any(isinstance(one, dendrites.BackpropagatingDendriteConfig) for one in held)


def _soma(config: Any) -> Any:
    return getattr(config, "soma", config)


def unexplained(
    levels: Levels,
    port: str,
    step: int,
    spikes: tuple[np.ndarray, np.ndarray],
    runs: tuple[Outcome, Outcome],
    befores: tuple[State, State],
    onward: Onward,
) -> str | None:
    """What is wrong with the units of a port that fire at `step` in one run only; None if the threshold explains it.

    A unit that fired is reset, so its potential is looked up in the run in which it did not. Where that is not next to
    a threshold, or there is none, one way must do both from states that rounding could have led to.

    Args:
        levels: Thresholds of the brain.
        port: Path of the port.
        step: The first step at which anything differs.
        spikes: Of this port, in both runs.
        runs: Both runs up to this step and no further.
        befores: What both states were before it.
        onward: Does this step from a state, in one of the two ways.
    """
    for unit in np.flatnonzero(spikes[0][step] != spikes[1][step]):
        silent = runs[int(spikes[0][step][unit] != 0)]
        found = levels.of(port, silent.state)
        said = f"{port} fires at step {step}, unit {unit}, in one run only"
        if found is not None:
            potential, threshold = found[0][unit], found[1][unit]
            ulp = np.spacing(np.float32(max(abs(potential), abs(threshold))))
            apart = abs(float(threshold) - float(potential)) / float(ulp)
            if apart <= ULPS:
                continue
            said += f": potential {potential!r}, threshold {threshold!r} in the other, {apart:.1f} ulp apart"
        if len({bool(onward(state)[port][unit]) for state in levels.near(port, unit, befores)}) == 1:
            return said
    return None

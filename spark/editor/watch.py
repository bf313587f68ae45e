"""What the page watches of a running brain: probes of the document as channels of a recording, and frames of them."""

from dataclasses import replace
from typing import Any

import numpy as np

from spark.core.errors import Problem, RecordError
from spark.core.names import suggestion
from spark.core.transform import merge, split
from spark.core.tree import walk
from spark.editor.fed import is_input
from spark.editor.protocol import frame
from spark.graph.specs import CALL
from spark.sim.recordable import Recordable, recordables
from spark.sim.records import Probe, Recording

MOST_UNITS = 4096
MOST_NOTED = 50_000
MOST_TRACES = 8
MOST_SPIKES = 60_000
MOST_ROWS = 256
BINS = 48
VIEWS = ("raster", "rate", "trace", "matrix", "histogram")


class Watch:
    """The probes of a document on a built brain.

    Args:
        brain: A built brain.
        probes: Records of the document's table `probes`, by id.

    Attributes:
        problems: Probes that watch nothing, with the nearest names.
    """

    def __init__(self, brain: Any, probes: dict[str, Any]) -> None:
        self.known = {**recordables(brain), **_outputs(brain)}
        self.problems: list[dict[str, Any]] = []
        self._probes: dict[str, tuple[str, Any]] = {}
        self._units: dict[str, list[int]] = {}
        self._sizes = {p: int(np.prod(r.shape, dtype=np.int64)) for p, r in self.known.items() if r.spikes}
        # Every spike of pools that are small enough is noted, watched or not: an eye that opens compiles nothing.
        self._noted = _small(self._sizes)
        self.record: list[Probe] = [
            Probe(path, name=f"spikes {path}")
            if path in self._noted
            else Probe(path, name=f"activity {path}", reduce="rate")
            for path in self._sizes
        ]
        for key, probe in probes.items():
            if is_input(probe["path"]):
                continue
            try:
                self._add(brain, key, probe["path"], probe.get("view", "trace"), probe.get("settings") or {})
            except RecordError as error:
                self.problems.append({"probe": key, "message": str(error)})

    def _add(self, brain: Any, key: str, path: str, view: str, settings: dict[str, Any]) -> None:
        if path.endswith(".kernel") and view in ("matrix", "histogram"):
            _kernel(brain, path)
            self._probes[key] = (view, path)
            return
        found = self.known.get(path)
        if found is None or view not in VIEWS:
            raise RecordError(Problem(path, "is nothing that can be watched", suggestion(path, self.known), "unknown"))
        if view in ("raster", "rate") and not found.spikes:
            raise RecordError(Problem(path, "carries no spikes", "Show it as a trace", "view"))
        if view in ("matrix", "histogram") and found.output is not None:
            raise RecordError(Problem(path, "is not kept from step to step", "Show it as a trace", "view"))
        size, source = int(np.prod(found.shape, dtype=np.int64)), found.output or path
        if view == "raster" and path not in self._noted:
            units = None if size <= MOST_UNITS else np.linspace(0, size - 1, MOST_UNITS).astype(int).tolist()
            self.record.append(Probe(source, name=f"probe {key}", units=units))
        elif view == "trace":
            units = settings.get("units") or list(range(min(size, 4)))
            if not isinstance(units, list) or any(not isinstance(u, int) or not 0 <= u < size for u in units):
                raise RecordError(Problem(path, f"has {size} units, got {units}", "Choose others", "units"))
            self.record.append(Probe(source, name=f"probe {key}", units=units[:MOST_TRACES]))
            self._units[key] = units[:MOST_TRACES]
        self._probes[key] = (view, path)

    def describe(self) -> list[dict[str, Any]]:
        """Everything that can be watched."""
        listed = [_entry(r) for r in self.known.values()]
        kernels = {
            e["path"].removesuffix("weights") + "kernel": e["unit"]
            for e in listed
            if e["path"].endswith("synapses.weights")
        }
        return listed + [
            {"path": k, "spikes": False, "shape": [], "unit": unit, "matrix": True}
            for k, unit in sorted(kernels.items())
        ]

    def activity(self, recordings: list[Recording]) -> dict[str, float]:
        """Mean rate of each port that carries spikes, Hz."""
        return {path: float(np.mean(np.concatenate([self._rate(r, path) for r in recordings]))) for path in self._sizes}

    def _rate(self, recording: Recording, path: str) -> np.ndarray:
        """Mean rate of a port's units at each step, Hz."""
        if path not in self._noted:
            return recording.trace(f"activity {path}")[1].reshape(-1)
        times, _ = recording.spikes(f"spikes {path}")
        steps = np.rint(times / recording.dt).astype(np.int64) - recording.first
        counts = np.bincount(steps, minlength=recording.steps)
        return counts * (1000 / (recording.dt * self._sizes[path]))

    def frames(self, brain: Any, recordings: list[Recording], matrices: bool) -> list[bytes]:
        """What the probes saw in some recordings that follow each other."""
        made = []
        first = recordings[0].first
        until = recordings[-1].first + recordings[-1].steps
        for key, (view, path) in self._probes.items():
            about = {"probe": key, "view": view, "first": first, "until": until, "dt": recordings[0].dt}
            if view == "raster":
                name = f"spikes {path}" if path in self._noted else f"probe {key}"
                parts = [r.spikes(name) for r in recordings]
                times, units = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
                steps = np.rint(times / recordings[0].dt).astype(np.int64)
                seen, about["shown"] = len(steps), 1.0
                if seen > MOST_SPIKES:
                    kept = np.linspace(0, seen - 1, MOST_SPIKES).astype(int)
                    steps, units, about["shown"] = steps[kept], units[kept], MOST_SPIKES / seen
                about["units"] = self._sizes[path]
                made.append(frame(about, [(steps - first).astype(np.uint32), units.astype(np.uint32)]))
            elif view == "rate":
                rates = np.concatenate([self._rate(r, path) for r in recordings])
                about["unit"] = "Hz"
                made.append(frame(about, [rates.astype(np.float32).reshape(-1)]))
            elif view == "trace":
                values = np.concatenate([r.trace(f"probe {key}")[1] for r in recordings])
                about |= {"unit": self.known[path].unit, "ids": self._units[key]}
                made.append(frame(about, [values.reshape(len(values), -1).astype(np.float32)]))
            elif matrices:
                made.append(self._matrix(brain, about, view, path))
        return made

    def _matrix(self, brain: Any, about: dict[str, Any], view: str, path: str) -> bytes:
        values, axes = self._values(brain, path)
        # A matrix of weights is in the unit of the weights that it shows.
        weights = f"{path.removesuffix('.kernel')}.weights" if path.endswith(".kernel") else path
        about["unit"] = self.known[weights].unit if weights in self.known else ""
        if view == "histogram":
            present = values[values != 0] if axes else values.reshape(-1)
            present = present[np.isfinite(present)]
            counts, edges = np.histogram(present if present.size else np.zeros(1), bins=BINS)
            return frame(about, [counts.astype(np.uint32), edges.astype(np.float32)])
        wrapped = values.ndim < 2
        flat = _square(values) if wrapped else values.reshape(-1, values.shape[-1])
        every = [max(1, -(-n // MOST_ROWS)) for n in flat.shape]
        about |= {"shape": list(flat.shape), "every": every, "axes": axes}
        if wrapped:
            about["wrapped"] = values.size
        return frame(about, [np.ascontiguousarray(flat[:: every[0], :: every[1]])])

    def _values(self, brain: Any, path: str) -> tuple[np.ndarray, list[str]]:
        """What is shown as a matrix or a histogram, and the names of its axes if they have some."""
        if path.endswith(".kernel"):
            return _kernel(brain, path).astype(np.float32), ["post", "pre"]
        stored = np.asarray(brain.state[path]).astype(np.float32)
        kernel = f"{path.removesuffix('.weights')}.kernel"
        if path.endswith(".weights") and stored.ndim < 2:
            # Weights of connections that are there, one after the other: what a matrix shows is where they stand.
            try:
                return _kernel(brain, kernel).astype(np.float32), ["post", "pre"]
            except RecordError:
                pass
        return stored, []


def _small(sizes: dict[str, int]) -> set[str]:
    """Ports whose spikes are noted in any case: pools up to a size, the small ones first, up to a sum."""
    found, total = set(), 0
    for path, size in sorted(sizes.items(), key=lambda item: item[1]):
        total += size
        if size <= MOST_UNITS and total <= MOST_NOTED:
            found.add(path)
    return found


def _outputs(brain: Any) -> dict[str, Recordable]:
    """Ports that only an output of the brain reads, so that the brain keeps them under the output's name."""
    known = recordables(brain)
    found = {}
    for name, entry in brain.config.output_map.items():
        path = f"{entry.input.origin}.{entry.input.port}"
        if path not in known and entry.input.origin != CALL and name in known:
            found[path] = replace(known[name], path=path)
    return found


def _square(values: np.ndarray) -> np.ndarray:
    """A row of units as a matrix that is nearly square."""
    width = int(np.ceil(np.sqrt(values.size)))
    padded = np.full(width * -(-values.size // width), np.nan, np.float32)
    padded[: values.size] = values
    return padded.reshape(-1, width)


def _kernel(brain: Any, path: str) -> np.ndarray:
    """A kernel as a matrix (post, pre), read from a view of the brain."""
    owner, _, name = path.rpartition(".")
    module = dict(walk(merge(*split(brain)))).get(owner)
    if module is None or name not in module.exposes:
        raise RecordError(
            Problem(path, "is no kernel of this brain", "Watch the kernel of a neuron's synapses", "path")
        )
    values = np.asarray(module.read(name).value)
    post = int(np.prod(module.output_specs["current"].shape)) if "current" in module.output_specs else values.shape[0]
    return values.reshape(post, -1)


def _entry(r: Recordable) -> dict[str, Any]:
    return {"path": r.path, "spikes": r.spikes, "shape": list(r.shape), "unit": r.unit, "output": r.output is not None}

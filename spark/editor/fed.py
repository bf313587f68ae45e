"""What comes into a running brain, as frames: its inputs are watched as its ports are."""

from typing import Any

import numpy as np

from spark.core.payloads import SpikeArray
from spark.core.ports import PortSpec
from spark.editor.protocol import frame
from spark.graph.specs import CALL

HEAD = f"{CALL}."
MOST_TRACES = 8


class Fed:
    """The probes of a document that watch inputs of the brain, and what came into those since the last frames.

    Args:
        specs: What the brain takes, by name.
        probes: Records of the document's table `probes`, by id.

    Attributes:
        problems: Probes of inputs that the brain has not, or that cannot be shown so.
    """

    def __init__(self, specs: dict[str, PortSpec], probes: dict[str, Any]) -> None:
        self._specs = specs
        self._probes: dict[str, tuple[str, str, Any]] = {}
        self._seen: list[tuple[int, dict[str, Any]]] = []
        self.problems: list[dict[str, Any]] = []
        for key, probe in probes.items():
            if not is_input(probe["path"]):
                continue
            name, view = probe["path"].removeprefix(HEAD), probe.get("view", "trace")
            if name not in specs:
                self.problems.append({"probe": key, "message": f"{name}: is no input of the brain"})
            elif view not in ("trace", "raster", "rate") or (view != "trace" and not _spikes(specs[name])):
                self.problems.append({"probe": key, "message": f"{name}: cannot be shown as a {view}"})
            else:
                self._probes[key] = (name, view, (probe.get("settings") or {}).get("units"))

    def describe(self) -> list[dict[str, Any]]:
        """The inputs, as things that can be watched."""
        return [
            {"path": f"{HEAD}{n}", "spikes": _spikes(s), "shape": list(s.shape), "unit": "", "output": True}
            for n, s in self._specs.items()
        ]

    def note(self, steps: int, given: dict[str, Any]) -> None:
        """Keep what the brain got in some steps: one payload for all, or one with a row for each."""
        if self._probes:
            self._seen.append((steps, given))

    def forget(self) -> None:
        """Keep nothing: what came in before belongs to a chunk that gave no frames."""
        self._seen = []

    def frames(self, first: int, dt: float) -> list[bytes]:
        """What came in since the last time, from step `first` on."""
        seen, self._seen = self._seen, []
        until = first + sum(steps for steps, _ in seen)
        made = []
        for key, (name, view, units) in self._probes.items():
            shape = self._specs[name].shape
            rows = [_rows(given[name].value, steps, shape) for steps, given in seen if name in given]
            if not rows:
                continue
            values = np.concatenate(rows)
            about = {"probe": key, "view": view, "first": first, "until": until, "dt": dt}
            if view == "trace":
                size = values.shape[1]
                chosen = [u for u in units or range(min(4, size)) if isinstance(u, int) and 0 <= u < size][:MOST_TRACES]
                made.append(frame({**about, "unit": ""}, [values[:, chosen].astype(np.float32)]))
            elif view == "rate":
                made.append(frame(about, [((values != 0).mean(axis=1) * 1000 / dt).astype(np.float32)]))
            else:
                times, fired = np.nonzero(values)
                about |= {"units": values.shape[1], "shown": 1.0}
                made.append(frame(about, [times.astype(np.uint32), fired.astype(np.uint32)]))
        return made


def is_input(path: str) -> bool:
    """Whether a probe's path names an input of the brain."""
    return path.startswith(HEAD)


def _spikes(spec: PortSpec) -> bool:
    return issubclass(spec.payload_type, SpikeArray)


def _rows(value: Any, steps: int, shape: tuple[int, ...]) -> np.ndarray:
    found = np.asarray(value)
    rows = found if found.ndim > len(shape) else np.broadcast_to(found, (steps, *shape))
    return rows.reshape(steps, -1)

"""Recordings in the forms of other libraries, and as files."""

from pathlib import Path
from typing import Any

import numpy as np

from spark.core.extras import need
from spark.sim.records.channel import Described
from spark.sim.records.channels import Channels
from spark.sim.records.disk import DiskStore

# Units that Neo is told; others, which a file may say, are never read as an expression.
_KNOWN = ("mV", "pA", "nA", "nS", "ms", "Hz", "1/ms", "mV/ms", "uM")


def save(recording: Channels, folder: Path) -> None:
    """Write a recording to a new folder."""
    about = [recording.describe(name) for name in recording.names]
    store = DiskStore(folder, about, recording.dt, recording.first, append=None)
    for name in recording.names:
        store.add(name, *recording._source.read(name))
    store.commit(recording.first + recording.steps)
    store.close(recording.stopped)


def to_pandas(recording: Channels, name: str) -> Any:
    """See `Recording.to_pandas`."""
    need("analysis", "pandas")
    import pandas

    if recording.describe(name)["kind"] == "spikes":
        time, unit = recording.spikes(name)
        return pandas.DataFrame({"time": time, "unit": np.asarray(unit)})
    time, values = recording.trace(name)
    columns = _columns(recording.describe(name))
    return pandas.DataFrame(_rows(values), index=pandas.Index(time, name="time"), columns=columns)


def to_xarray(recording: Channels) -> Any:
    """See `Recording.to_xarray`."""
    need("analysis", "xarray")
    import xarray

    variables = {}
    for name in recording.names:
        about = recording.describe(name)
        if about["kind"] == "spikes":
            time, unit = recording.spikes(name)
            spike = f"spike of {name}"
            variables[f"{name} time"] = ((spike,), time, {"units": "ms"})
            variables[f"{name} unit"] = ((spike,), np.asarray(unit), {})
        else:
            time, values = recording.trace(name)
            axes = tuple(f"{name} axis {n}" for n in range(values.ndim - 1))
            coordinates = {f"time of {name}": time}
            if about["units"] is not None and about["reduce"] is None:
                # Which units these are: flat indices, as `spikes` counts them.
                coordinates[axes[0]] = np.asarray(about["units"])
            kept = xarray.DataArray(
                np.asarray(values),
                dims=(f"time of {name}", *axes),
                coords=coordinates,
                attrs={"units": about["unit"]},
            )
            variables[name] = kept
    about = {"dt": recording.dt, "first": recording.first, "steps": recording.steps}
    return xarray.Dataset(variables, attrs=about)


def to_neo(recording: Channels) -> Any:
    """See `Recording.to_neo`."""
    need("analysis", "neo", "quantities")
    import neo
    import quantities

    segment = neo.Segment(name="run")
    begin = recording.first * recording.dt
    # What happens in the last step ends with it.
    end = begin + recording.duration
    for name in recording.names:
        about = recording.describe(name)
        if about["kind"] == "spikes":
            time, unit = recording.spikes(name)
            order = np.argsort(unit, kind="stable")
            time, unit = time[order], np.asarray(unit)[order]
            for number in range(int(np.prod(about["shape"]))) if about["units"] is None else about["units"]:
                own = time[slice(*np.searchsorted(unit, [number, number + 1]))]
                window = {"t_start": begin * quantities.ms, "t_stop": end * quantities.ms}
                train = neo.SpikeTrain(own, units="ms", name=f"{name}[{number}]", **window)
                segment.spiketrains.append(train)
        else:
            time, values = recording.trace(name)
            unit = about["unit"] if about["unit"] in _KNOWN else "dimensionless"
            rows, period = _rows(values), about["every"] * recording.dt
            if _regular(recording, name):
                times = {"t_start": time[0] * quantities.ms, "sampling_period": period * quantities.ms}
                segment.analogsignals.append(neo.AnalogSignal(rows, units=unit, name=name, **times))
            else:
                signal = neo.IrregularlySampledSignal(time * quantities.ms, rows, units=unit, name=name)
                segment.irregularlysampledsignals.append(signal)
    block = neo.Block(name="Spark")
    block.segments.append(segment)
    return block


def _regular(recording: Channels, name: str) -> bool:
    """Whether a sample follows the other without a gap, as windows and triggers leave them."""
    steps, _ = recording._source.read(name)
    return len(steps) > 0 and bool((np.diff(steps) == recording.describe(name)["every"]).all())


def _rows(values: np.ndarray) -> np.ndarray:
    return np.asarray(values).reshape(len(values), int(np.prod(values.shape[1:], dtype=np.int64)))


def _columns(about: Described) -> list[Any]:
    number = int(np.prod(about["row"], dtype=np.int64))
    if about["reduce"] is not None:
        return [about["name"]] if number == 1 else list(range(number))
    return list(range(number)) if about["units"] is None else list(about["units"])

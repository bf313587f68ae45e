"""Files with valid digests, JSON and headers, but values that cannot be: made anew for every test, kept nowhere."""

import copy
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from builders import action, drive, linear
from documents import small
from pools import pooled_document
from safetensors.numpy import load, save

import spark
from spark import FloatArray, InputSpec, ModuleSpecs, PortMap
from spark.editor.journal import Journal
from spark.editor.paths import Root
from spark.editor.session import Session
from spark.io import checkpoint, pictures
from spark.io.model_file import write_document
from spark.nn import Brain, BrainConfig
from spark.nn.connections import FixedInDegree
from spark.nn.interfaces import ExponentialIntegrator, ExponentialIntegratorConfig
from spark.nn.neurons import CurrentLIFNeuron, CurrentLIFNeuronConfig, LIFNeuron, LIFNeuronConfig

MIB = 1 << 20
ID = "d" * 24


class Hostile(NamedTuple):
    """A file that must be refused.

    Attributes:
        make: Writes it into a folder; returns what `load` takes.
        load: Reads it.
        said: What the refusal names.
    """

    make: Callable[[Path], Any]
    load: Callable[[Any], Any]
    said: str


def brain() -> Brain:
    """Two pools with delays, learning, and drawn connections."""
    wire = PortMap
    learns = LIFNeuronConfig(units=(8,), async_spikes=True)
    sparse = CurrentLIFNeuronConfig(units=(6,), _s_connections=FixedInDegree(degree=2), _s_delay=3.0)
    modules = [
        linear(),
        ModuleSpecs("pool", LIFNeuron, {"in_spikes": [wire("spiker", "spikes"), wire("pool", "out_spikes")]}, learns),
        ModuleSpecs(
            "other", CurrentLIFNeuron, {p: wire("pool", "out_spikes") for p in ("excitation", "inhibition")}, sparse
        ),
        ModuleSpecs(
            "integrator",
            ExponentialIntegrator,
            {"spikes": wire("other", "out_spikes")},
            ExponentialIntegratorConfig(num_outputs=2),
        ),
    ]
    made = Brain(
        BrainConfig(
            input_map={"drive": InputSpec(FloatArray, (4,), "float16")},
            output_map=action(),
            modules_map=modules,
        )
    )
    spark.run(made, 5, {"drive": drive()}, progress=False)
    return made


def checkpoint_with(change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> Callable[[Path], Path]:
    """Writes a sound checkpoint, changes its manifest and arrays, and states their digest."""

    def make(folder: Path) -> Path:
        path = folder / "c.safetensors"
        if not path.exists():
            spark.save_checkpoint(brain(), path)
        data = path.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        manifest = json.loads(header["__metadata__"]["spark"])
        arrays = {name: array.copy() for name, array in load(data).items()}
        change(manifest, arrays)
        manifest["state"] = checkpoint._digest(arrays)
        bad = folder / "bad.safetensors"
        bad.write_bytes(save(arrays, metadata={"spark": json.dumps(manifest)}))
        return bad

    return make


def _array(name: str, value: Any) -> Any:
    def change(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        arrays[name].reshape(-1)[0] = value

    return change


def _step(value: int) -> Any:
    def change(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        arrays["step"] = np.array(value, arrays["step"].dtype)
        manifest["step"] = value

    return change


def _manifest(*path: Any) -> Any:
    *where, last, value = path

    def change(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        at: Any = manifest
        for part in where:
            at = at[part]
        at[last] = value

    return change


def _renamed(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    arrays["pool.soma.elsewhere"] = arrays.pop("pool.soma.potential")


def _larger(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    arrays["pool.soma.potential"] = np.zeros(64 * MIB // 4, np.float32)


def _other_kind(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    arrays["pool.soma.refractory"] = arrays["pool.soma.refractory"].astype(np.float64)


def _nested(manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    inner: Any = {}
    for _ in range(450):
        inner = {"a": inner}
    manifest["config"]["modules_map"]["pool"]["config"]["soma"]["threshold"] = inner


_POOL = ("config", "modules_map", "pool", "config")
_OTHER = ("config", "modules_map", "other", "config")
CHECKPOINTS: dict[str, tuple[Any, str]] = {
    "step below zero": (_step(-60), "step"),
    "step that the file does not state": (_manifest("step", 7), "step"),
    "step as text": (_manifest("step", "5"), "step"),
    "step beyond 64 bits": (_manifest("step", 1 << 70), "step"),
    "potential not a number": (_array("pool.soma.potential", np.nan), "pool.soma.potential"),
    "potential infinite": (_array("other.soma.potential", np.inf), "other.soma.potential"),
    "weights not a number": (_array("pool.synapses.weights", np.nan), "pool.synapses.weights"),
    "average infinite": (_array("integrator.average", -np.inf), "integrator.average"),
    "a variable of another name": (_renamed, "pool.soma.elsewhere"),
    "a variable of 64 MiB": (_larger, "pool.soma.potential"),
    "a variable of another type": (_other_kind, "pool.soma.refractory"),
    "a billion units": (_manifest(*_POOL, "units", [1_000_000_000]), "pool.config.units"),
    "an input of terabytes": (_manifest("config", "input_map", "drive", "shape", [1 << 44]), "input_map.shape"),
    "connections beyond memory": (
        _manifest(*_OTHER, "excitatory", "connections", {"connectivity": "FixedTotalNumber", "number": 10**13}),
        "config",
    ),
    "text as numbers": (_manifest(*_POOL, "soma", "threshold", {"array": ["a"], "dtype": "S200000000"}), "threshold"),
    "objects as numbers": (_manifest(*_POOL, "soma", "threshold", {"array": [1], "dtype": "O"}), "threshold"),
    "a delay below zero": (_manifest(*_POOL, "delays", "max_delay", -3.0), "max_delay"),
    "a config without end": (_nested, "config"),
    "a variable of objects": (_manifest("dtypes", {"pool.soma.potential": "O"}), "dtypes.pool.soma.potential"),
    "a wire to nowhere": (
        _manifest("config", "modules_map", "pool", "inputs", "in_spikes", [{"origin": "x", "port": "y"}]),
        "pool",
    ),
    "a matrix of other indices": (
        _manifest(
            *_OTHER,
            "excitatory",
            "connections",
            {"connectivity": "FromMatrix", "matrix": {"shape": [6, 8], "post": [-7], "pre": [3], "weights": [1.0]}},
        ),
        "connections",
    ),
}


def recording_with(change: Callable[[Path, dict[str, Any]], None]) -> Callable[[Path], Path]:
    """Records a run into a folder, and changes its header, its progress or its data."""

    def make(folder: Path) -> Path:
        target = folder / f"r{len(list(folder.iterdir()))}"
        probes = ["pool.out_spikes", spark.Probe("pool.soma.potential", units=[1, 3])]
        spark.run(brain(), 40, {"drive": drive()}, record=probes, to=target, progress=False)
        header = json.loads((target / "recording.json").read_text(encoding="utf-8"))
        change(target, header)
        (target / "recording.json").write_text(json.dumps(header), encoding="utf-8")
        return target

    return make


def _header(*path: Any) -> Any:
    *where, last, value = path

    def change(folder: Path, header: dict[str, Any]) -> None:
        at: Any = header
        for part in where:
            at = at[part]
        at[last] = value

    return change


def _progress(**said: Any) -> Any:
    def change(folder: Path, header: dict[str, Any]) -> None:
        path = folder / "progress.jsonl"
        last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
        path.write_text(json.dumps({**last, **said}) + "\n", encoding="utf-8")

    return change


def _data(name: str, dtype: str, value: int) -> Any:
    def change(folder: Path, header: dict[str, Any]) -> None:
        data = np.fromfile(folder / name, dtype)
        data[len(data) // 2] = value
        data.tofile(folder / name)

    return change


RECORDINGS: dict[str, tuple[Any, str]] = {
    "rows of objects": (_header("channels", 1, "dtype", "O"), r"channels\[1\].dtype"),
    "rows of text of 200 MB": (_header("channels", 1, "dtype", "S200000000"), r"channels\[1\].dtype"),
    "rows of exabytes": (_header("channels", 1, "row", [1 << 40, 1 << 20]), r"channels\[1\].row"),
    "units below zero": (_header("channels", 1, "units", [-1, 3]), r"channels\[1\].units"),
    "units beyond the pool": (_header("channels", 1, "units", [1, 300]), r"channels\[1\].units"),
    "two channels of one name": (_header("channels", 1, "name", "pool.out_spikes"), r"channels\[1\].name"),
    "a step that takes no time": (_header("dt", 0), "dt"),
    "steps below zero": (_header("first", -5), "first"),
    "a window that ends before it begins": (_header("channels", 0, "windows", [[9, 3]]), r"channels\[0\].windows"),
    "rows that no file has": (_progress(rows=[10**12, 10**12]), "shorter than the recording says"),
    "fewer steps than none": (_progress(until=-1), "until"),
    "rows below zero": (_progress(rows=[-1, 40]), "rows"),
    "samples of a step that was not run": (_data("1.steps", "<i8", 1 << 40), "steps"),
    "spikes of a unit that is none": (_data("0.rows", "<i4", -7), "rows"),
}


def _edited(*path: Any) -> dict[str, Any]:
    *where, last, value = path
    document = copy.deepcopy(small())
    at: Any = document
    for part in where:
        at = at[part]
    at[last] = value
    return document


def _projected(settings: Any) -> dict[str, Any]:
    document = pooled_document()
    document["edges"]["e2"]["projection"] = settings
    return document


def _received(receptor: Any) -> dict[str, Any]:
    document = pooled_document()
    document["nodes"]["n4"]["config"]["receptors"]["ampa"] = receptor
    return document


_BRAIN = {"type": "Brain", "name": "a", "config": {}, "ui": {}}
DOCUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "brains inside each other": (
        _edited(
            "nodes", {**small()["nodes"], "a": {**_BRAIN, "parent": "b"}, "b": {**_BRAIN, "name": "b", "parent": "a"}}
        ),
        "stands inside itself",
    ),
    "brains inside brains without end": (
        _edited(
            "nodes",
            {**small()["nodes"], **{f"b{i}": {**_BRAIN, "parent": f"b{i - 1}" if i else None} for i in range(3000)}},
        ),
        "too many brains",
    ),
    "a wire to nowhere": (
        _edited("edges", "e9", {"from": ["n7", "value"], "to": ["n3", "in_spikes"], "order": 3}),
        "e9",
    ),
    "two nodes of one name": (_edited("nodes", "n2", "name", "pool"), "pool"),
    "an unknown payload": (_edited("nodes", "n1", "config", "payload_type", "os.system"), "payload_type"),
    "an unknown module": (_edited("nodes", "n3", "type", "subprocess.Popen"), "pool"),
    "a place beyond the page": (_edited("nodes", "n1", "ui", "x", [1]), r"nodes.n1.ui"),
    "units below zero": (_edited("nodes", "n3", "config", "units", [-8]), "units"),
    "text as numbers": (
        _edited("nodes", "n3", "config", "soma", {"threshold": {"array": ["a"], "dtype": "S200000000"}}),
        "threshold",
    ),
    "numbers that no type holds": (
        _edited("nodes", "n3", "config", "soma", {"threshold": {"array": [1e300], "dtype": "float32"}}),
        "threshold",
    ),
    "a port of an id too few": (_edited("edges", "e1", "from", ["n1"]), r"edges.e1.from"),
    "settings that are a list": (_edited("run", "inputs", []), r"run.inputs"),
    "settings of a projection that are a list": (_projected([]), r"edges.e2.projection"),
    "a rule that is no rule": (_projected({"rule": {"rule": "subprocess.Popen"}}), r"pool.ampa\[0\].rule"),
    "weights that are text": (
        _projected({"weights": {"initializer": "ArrayInitializer", "array": "a"}}),
        "weights.array",
    ),
    "a pattern of other indices": (
        _projected(
            {
                "pattern": {
                    "connectivity": "FromMatrix",
                    "matrix": {"shape": [8, 5], "post": [-7], "pre": [3], "weights": [1.0]},
                }
            }
        ),
        "pattern.matrix",
    ),
    "a field that no projection has": (_projected({"__class__": "os.system"}), r"pool.ampa\[0\]"),
    "a receptor that is no receptor": (_received({"receptor": "subprocess.Popen"}), "receptors.ampa"),
    "a receptor that is a number": (_received(7), "ampa"),
    "two tables with one id": (_edited("notes", "n1", {"text": "a"}), "n1"),
}


def _model(document: dict[str, Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bad.spark.json"
        path.write_bytes(write_document(document))
        return path

    return make


def _svg(document: dict[str, Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "bad.svg"
        path.write_text(f"<svg>{pictures._enclosed(write_document(document))}</svg>", encoding="utf-8")
        return path

    return make


def _png(document: dict[str, Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        body = f"{pictures.KEYWORD}\0\0\0\0\0{pictures._enclosed(write_document(document))}".encode()
        chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
        path = folder / "bad.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
        return path

    return make


def _draft(first: Any, *lines: Any) -> Callable[[Path], Session]:
    def make(folder: Path) -> Session:
        states = folder / "drafts"
        states.mkdir(exist_ok=True)
        head = first if isinstance(first, dict) and "about" in first else {"document": first, "about": {}}
        text = "".join(json.dumps(line) + "\n" for line in (head, *lines))
        Journal(states, ID).path.write_text(text, encoding="utf-8")
        return Session(Root(folder), states, "e" * 24)

    return make


def _restored(session: Session) -> None:
    """Takes up a draft; the change at which that ended is told, and counts as a refusal."""
    session.restore(ID)
    if session.left_out:
        raise spark.FormatError(session.left_out)


DRAFTS: dict[str, tuple[Callable[[Path], Session], str]] = {
    "no document": (_draft({"about": {}, "document": 3}), "model file"),
    "a file that is no text": (_draft({"about": {"file": ["../x"]}, "document": small()}), "about.file"),
    "a document of bad form": (_draft(_edited("nodes", "n1", "ui", "x", [1])), r"nodes.n1.ui"),
    "a note of 200 kB": (_draft(_edited("notes", "t1", {"text": "a" * 200_000})), r"notes.t1.text"),
    "a change of a table that is none": (_draft(small(), {"do": [["passwords", "a", None, {}]]}), "change 1"),
    "a change of what is not there": (_draft(small(), {"do": [["nodes", "n1", {"type": "x"}, None]]}), "change 1"),
    "a change to a record of bad form": (
        _draft(small(), {"do": [["edges", "e9", None, {"from": 3}]]}),
        r"edges.e9.from",
    ),
    "a change that nests without end": (
        _draft(small(), {"do": [["notes", "t1", None, {"text": "a", "x": json.loads("[" * 90 + "]" * 90)}]]}),
        "nested too deeply",
    ),
}


def files() -> dict[str, Hostile]:
    """All of them by kind and fault."""
    found = {
        f"checkpoint, {n}": Hostile(checkpoint_with(c), spark.load_checkpoint, s) for n, (c, s) in CHECKPOINTS.items()
    }
    found |= {
        f"recording, {n}": Hostile(recording_with(c), spark.Recording.load, s) for n, (c, s) in RECORDINGS.items()
    }
    found |= {f"model, {n}": Hostile(_model(d), spark.load_model, s) for n, (d, s) in DOCUMENTS.items()}
    found |= {f"draft, {n}": Hostile(m, _restored, s) for n, (m, s) in DRAFTS.items()}
    for i, (name, (document, said)) in enumerate(list(DOCUMENTS.items())[:8]):
        found[f"picture, {name}"] = Hostile((_svg, _png)[i % 2](document), spark.load_model, said)
    return found

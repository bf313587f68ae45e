"""What tests/project/test_nonsense.py needs: the public functions, a call of each that works, and nonsense."""

import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from builders import drive, tutorial_brain, tutorial_config

import spark
import spark.envs
import spark.plot
import spark.worlds
from spark import FloatArray, PortMap
from spark.catalogue import modules
from spark.core.arguments import fits
from spark.nn import Brain
from spark.nn.connections import Connectivity
from spark.nn.initializers import Initializer

NONSENSE: list[Any] = [
    None,
    object(),
    "nonsense",
    "null\0nonsense",
    b"bytes",
    True,
    -1,
    2.5,
    float("nan"),
    10**30,
    [],
    {"nonsense": 1},
    np.full((2, 3), np.nan),
]

# Not called as others are: JAX's own; what is written into a class body; what JAX traces; what opens a page.
LEFT_OUT = {"jit", "field", "GraphEditor", "edit", "step", "Payload"}


@dataclass(frozen=True)
class Call:
    """A public function, and arguments with which it works."""

    name: str
    function: Callable[..., Any]
    arguments: Callable[[Path], dict[str, Any]]

    @property
    def parameters(self) -> list[str]:
        """The names of the arguments that nonsense takes the place of."""
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        given = inspect.signature(self.function).parameters.values()
        return [p.name for p in given if p.name not in ("self", "cls") and p.kind not in kinds]

    def accepts(self, parameter: str, value: Any) -> bool:
        """Whether the annotation admits the value, so that it may be accepted rightly."""
        hint = typing.get_type_hints(self.function).get(parameter, Any)
        # Where a tuple is asked for, a list of the same things is one too.
        return fits(value, hint) or (isinstance(value, list) and fits(tuple(value), hint))


@functools.cache
def _brain() -> Brain:
    return tutorial_brain()


def _split(index: int) -> Any:
    return spark.split(_brain())[index]


@functools.cache
def _recording() -> spark.Recording:
    return spark.run(_brain(), 5, {"drive": drive()}, record=["pool", "pool.soma.potential"])


def _checkpoint(folder: Path) -> Path:
    path = folder / "brain.safetensors"
    spark.save_checkpoint(_brain(), path)
    return path


def _environment() -> Any:
    import gymnasium

    return gymnasium.make("CartPole-v1")


def _box() -> Any:
    import gymnasium

    return gymnasium.spaces.Box(-1.0, 1.0, (4,))


def _observed(observation: Any) -> dict[str, FloatArray]:
    return {"drive": drive(np.asarray(observation))}


def _loop() -> Any:
    return spark.envs.Loop(_brain(), _environment(), observe=_observed, steps_per_action=1)


def _vector() -> Any:
    import gymnasium

    return gymnasium.make_vec("CartPole-v1", 1, vectorization_mode="sync")


def _vector_loop() -> Any:
    return spark.envs.VectorLoop([_brain()], _vector(), observe=_observed, steps_per_action=1)


class _Seen(typing.NamedTuple):
    obs: Any = jnp.zeros(1)
    reward: Any = jnp.float32(0.0)
    done: Any = jnp.float32(0.0)


class _Still:
    """An environment in which nothing happens."""

    action_size = 1

    def reset(self, rng: Any) -> Any:
        """The state in which an episode begins."""
        return _Seen()

    def step(self, state: Any, action: Any) -> Any:
        """The state after an action."""
        return state


def _borrowing() -> dict[str, Any]:
    said = dict.fromkeys(("best_return", "worst_return", "solved_return", "best_value"), 1.0)
    return {"environment": _Still(), "actions": [[1.0]], "spans": (1.0,), **said}


def _events() -> spark.SpikeEvents:
    return spark.SpikeEvents([1.0, 2.0], [0, 1])


def _events_file(folder: Path) -> Path:
    spark.save_events(_events(), folder / "events.csv")
    return folder / "events.csv"


def _model_file(folder: Path) -> Path:
    spark.save_model(_brain(), folder / "a.spark.json")
    return folder / "a.spark.json"


def _recorded(folder: Path) -> Path:
    _recording().save(folder / "recording")
    return folder / "recording"


# Values of the fields that configs of the catalogue ask for.
REQUIRED: dict[str, Any] = {
    "modules_map": tutorial_config().modules_map,
    "units": (3,),
    "async_spikes": False,
    "num_outputs": 2,
    "value": 1.0,
    "mins": -1,
    "maxs": 1,
    "probability": 0.5,
    "degree": 1,
    "number": 1,
    "matrix": np.eye(3),
    "array": np.ones((3, 3)),
    "pre": np.array([0, 1]),
    "post": np.array([1, 0]),
    "radius": 1.0,
    "scale": 1.0,
}

# Arguments that work, by the name of the function; what is left out has a default.
ARGUMENTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "run": lambda f: {"brain": _brain(), "steps": 2, "inputs": {"drive": drive()}},
    "batch": lambda f: {"brains": [_brain()], "steps": 2, "inputs": {"drive": drive()}},
    "unroll": lambda f: {"graph": _split(0), "state": _split(1), "steps": 2, "inputs": {"drive": drive()}},
    "replicas": lambda f: {"brain": _brain(), "number": 2},
    "check_module": lambda f: {
        "cls": spark.nn.interfaces.LinearSpiker,
        "inputs": {"signal": FloatArray(np.ones(2, "f4"))},
    },
    "decay": lambda f: {"dt": 1.0, "tau": 2.0},
    "load_checkpoint": lambda f: {"path": _checkpoint(f)},
    "save_checkpoint": lambda f: {"brain": _brain(), "path": f / "c.safetensors"},
    "load_events": lambda f: {"path": _events_file(f)},
    "save_events": lambda f: {"events": _events(), "path": f / "e.csv"},
    "load_model": lambda f: {"path": _model_file(f)},
    "save_model": lambda f: {"brain": _brain(), "path": f / "m.spark.json"},
    "merge": lambda f: {"graph": _split(0), "state": _split(1)},
    "explain": lambda f: {"brain": _brain()},
    "profile": lambda f: {"brain": _brain(), "steps": 2, "inputs": {"drive": drive()}},
    "split": lambda f: {"module": _brain()},
    "raise_faults": lambda f: {"graph": _split(0), "state": _split(1)},
    "register": lambda f: {"cls": spark.nn.interfaces.LinearSpiker},
    "shard": lambda f: {"brain": _brain(), "devices": 1},
    "Checkpoints": lambda f: {"folder": f},
    "Checkpoints.save": lambda f: {"self": spark.Checkpoints(f), "brain": _brain()},
    "BrainConfig.from_json": lambda f: {"text": tutorial_config().to_json()},
    "BrainConfig.from_dict": lambda f: {"data": tutorial_config().to_dict()},
    "Brain": lambda f: {"config": tutorial_config()},
    "Brain.with_config": lambda f: {"self": _brain(), "changes": {"seed": 3}},
    "Brain.with_weights": lambda f: {"self": _brain(), "weights": {}},
    "Brain.connections": lambda f: {"self": _brain(), "path": "pool.synapses"},
    "Brain.load_state": lambda f: {"self": _brain(), "state": _split(1)},
    "Brain.replace_state": lambda f: {"self": _brain(), "values": {}},
    "InputSpec": lambda f: {"payload_type": FloatArray, "shape": (3,), "dtype": "float32"},
    "OutputSpec": lambda f: {"payload_type": FloatArray, "shape": (3,), "dtype": "float32"},
    "PortSpec": lambda f: {"payload_type": FloatArray, "shape": (3,), "dtype": "float32"},
    "PortMap": lambda f: {"origin": "a", "port": "b"},
    "ModuleSpecs": lambda f: {
        "name": "a",
        "module_cls": spark.nn.interfaces.LinearSpiker,
        "inputs": {"signal": PortMap("b", "c")},
    },
    "Variable": lambda f: {"value": np.ones(3)},
    "Constant": lambda f: {"value": np.ones(3)},
    "Probe": lambda f: {"path": "pool"},
    "SpikeEvents": lambda f: {"times": [1.0], "units": [1]},
    "SpikeEvents.between": lambda f: {"self": _events(), "begin": 0.0, "end": 1.0},
    "State.replace": lambda f: {"self": _split(1), "values": {}},
    "State.unit": lambda f: {"self": _split(1), "path": "pool.soma.potential"},
    "State.__getitem__": lambda f: {"self": _split(1), "path": "pool.soma.potential"},
    "Recording.describe": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.spikes": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.trace": lambda f: {"self": _recording(), "name": "pool.soma.potential"},
    "Recording.__getitem__": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.rates": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.rate_over_time": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.isi": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.cv": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.index": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.raster": lambda f: {"self": _recording()},
    "Recording.to_pandas": lambda f: {"self": _recording(), "name": "pool"},
    "Recording.save": lambda f: {"self": _recording(), "folder": f / "r"},
    "Recording.load": lambda f: {"folder": _recorded(f)},
    "Report.stop": lambda f: {"self": spark.Report(_brain(), 1, 2)},
    "envs.Loop": lambda f: {"brain": _brain(), "environment": _environment(), "observe": _observed},
    "envs.Loop.run": lambda f: {"self": _loop(), "steps": 1},
    "envs.VectorLoop": lambda f: {"brains": [_brain()], "environment": _vector(), "observe": _observed},
    "envs.VectorLoop.run": lambda f: {"self": _vector_loop(), "steps": 1},
    "envs.action_decoder": lambda f: {"space": _environment().action_space, "brain": _brain()},
    "envs.observation_encoder": lambda f: {"space": _box(), "brain": _brain()},
    "worlds.borrowed": lambda f: _borrowing(),
    "plot.raster": lambda f: {"spikes": np.ones((3, 2))},
    "plot.spike_raster": lambda f: {"recording": _recording(), "names": ["pool"]},
    "plot.recording_picture": lambda f: {"recording": _recording()},
    "plot.loop_picture": lambda f: {
        "spikes": np.ones((32, 6)),
        "observations": np.ones((2, 4)),
        "resolution": 1,
        "actions": [0, 1],
    },
}


def _public() -> Iterator[tuple[str, Any]]:
    """Functions, classes that are made by a call, and their methods that take something."""
    for prefix, module in (("", spark), ("envs.", spark.envs), ("plot.", spark.plot), ("worlds.", spark.worlds)):
        for name, value in sorted(vars(module).items()):
            if name.startswith("_") or name in LEFT_OUT or inspect.ismodule(value):
                continue
            if inspect.isfunction(value) or inspect.isbuiltin(value):
                yield prefix + name, value
    yield "Brain", Brain


def calls() -> list[Call]:
    """Every public function, with a call that works; methods that ARGUMENTS names."""
    named = dict(_public())
    found = []
    for name, arguments in ARGUMENTS.items():
        if name not in named:
            named[name] = _resolved(name)
        found.append(Call(name, named[name], arguments))
    missing = named.keys() - ARGUMENTS.keys()
    assert not missing, f"give arguments that work to {sorted(missing)} in tests/project/nonsense.py"
    return found


def _resolved(name: str) -> Any:
    held: Any = spark
    for word in name.split("."):
        held = getattr(spark.nn if word in ("Brain", "BrainConfig") else held, word)
    return held


def close() -> None:
    """Close what was drawn."""
    plt.close("all")


def field_cases() -> list[Any]:
    """Every config of the catalogue and of what its fields may hold, with what its required fields need."""
    seen: dict[type[spark.Config], dict[str, Any]] = {}
    for name in modules.names():
        _collect(modules[name].config_class(), seen)
    for base in (Initializer, Connectivity):
        for kind in base.__subclasses__():
            if kind.__module__.startswith("spark."):
                _collect(kind, seen)
    return list(seen.items())


def _collect(cls: type[spark.Config], seen: dict[type[spark.Config], dict[str, Any]]) -> None:
    if cls in seen or inspect.isabstract(cls):
        return
    base = {n: REQUIRED[n] for n, info in cls.model_fields.items() if info.is_required()}
    seen[cls] = base
    for held in vars(cls(**base)).values():
        if isinstance(held, spark.Config):
            _collect(type(held), seen)
    for kind in cls.__subclasses__():
        if kind.__module__.startswith("spark."):
            _collect(kind, seen)

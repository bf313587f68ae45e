"""Python code that builds a brain, as a person would write it."""

from typing import Any

import numpy as np

from spark.core.config import Config
from spark.core.config_arguments import nested_type
from spark.core.errors import ConfigError, Problem
from spark.core.values import PLAIN, encode
from spark.io.code_inputs import InputCode
from spark.nn import (
    BrainConfig,
    connections,
    dendrites,
    initializers,
    interfaces,
    neurons,
    plasticity,
    pools,
    projections,
    receptors,
    somas,
    synapses,
)
from spark.nn.projections import Projection

_PUBLIC = (
    *(neurons, interfaces, initializers, connections, plasticity, somas, synapses, pools, receptors, dendrites),
    projections,
)
_WIDTH = 100


# Names that the program gives itself.
_OWN = {"spark", "np", "math", "STEPS", "config", "brain", "inputs", "recording", "name", "rows", "random_spikes"}


class _Names:
    """Where the classes that the code uses are imported from."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.modules: set[str] = set()
        self.arrays = False
        self._taken: dict[str, type] = {}

    def of(self, cls: type) -> str:
        """The name of a class in the code.

        Raises:
            ConfigError: No other program could import it.
        """
        for module in _PUBLIC:
            if getattr(module, cls.__name__, None) is cls:
                return self._imported(module.__name__, cls.__name__, cls)
        if cls.__module__.startswith("spark.nn.brain"):
            return f"spark.nn.{cls.__name__}"
        if cls.__module__ == "__main__" or "<locals>" in cls.__qualname__:
            raise ConfigError(
                Problem(
                    cls.__name__,
                    f"is defined where no other program can import it, in {cls.__module__}.{cls.__qualname__}",
                    "Put your modules into a file of their own, and import it",
                    "main",
                )
            )
        return self._imported(cls.__module__, cls.__qualname__, cls)

    def _imported(self, module: str, name: str, cls: type) -> str:
        head = name.partition(".")[0]
        if head not in _OWN and self._taken.setdefault(head, cls) is cls:
            self.imports.setdefault(module, set()).add(head)
            return name
        # Another class has this name already: this one is called by its whole path.
        self.modules.add(module)
        return f"{module}.{name}"


def python_code(config: BrainConfig, settings: dict[str, Any] | None = None) -> str:
    """A program that builds this brain and runs it for a second.

    Args:
        config: The brain.
        settings: How the editor runs it: its `inputs` drive the program's brain, with the same random spikes.

    Raises:
        ConfigError: A module's class or an input's setting cannot be written as code.
    """
    names = _Names()
    steps = max(1, round(1000 / config.step_length))
    given = InputCode(config.step_length, int(config.seed or 0), settings or {})
    inputs = given.code(config.input_map)
    body = f"config = {_brain(config, names, 0)}\n\nbrain = spark.nn.Brain(config)\n\n{inputs}\n"
    watched = [f"{n}.{p}" for n, p in _spiking(config)]
    body += 'if __name__ == "__main__":\n'
    body += f"    recording = spark.run(brain, STEPS, inputs, record={watched!r})\n"
    body += "    for name in recording.names:\n"
    body += '        print(f"{name}: {recording.rates(name).mean():.1f} Hz")\n'
    head = '"""A brain drawn in Spark\'s Graph Editor."""\n\n'
    head += "".join(f"import {name}\n\n" for name in given.imports())
    if names.arrays or config.input_map:
        head += "import numpy as np\n\n"
    lines = [f"import {name}" for name in sorted({"spark", *names.modules})]
    lines += [f"from {m} import {', '.join(sorted(n))}" for m, n in sorted(names.imports.items())]
    head += "\n".join(_wrapped_import(line) for line in lines) + f"\n\nSTEPS = {steps}\n"
    functions = given.functions()
    return head + (f"{functions}\n\n" if functions else "\n") + body


def _wrapped_import(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    begin, _, listed = line.partition(" import ")
    return f"{begin} import (\n" + "".join(f"    {n},\n" for n in listed.split(", ")) + ")"


def _spiking(config: BrainConfig) -> list[tuple[str, str]]:
    from spark.core.payloads import SpikeArray
    from spark.graph.check import outputs_of

    return [
        (name, port)
        for name, specs in config.modules_map.items()
        for port, kind in outputs_of(specs).items()
        if issubclass(kind, SpikeArray)
    ]


def _brain(config: BrainConfig, names: _Names, depth: int) -> str:
    given: list[tuple[str, str]] = []
    for name in ("dt", "seed", "check_numbers", "transparent"):
        value = config.field_or_none(name)
        if value != type(config).model_fields[name].get_default():
            given.append((name, repr(value)))
    if config.input_map:
        entries = [(repr(n), _spec("InputSpec", s)) for n, s in config.input_map.items()]
        given.append(("input_map", _mapping(entries, depth + 1)))
    if config.output_map:
        entries = [
            (
                repr(n),
                _mapping(
                    [('"input"', _wire(e.input, names, depth + 3)), ('"spec"', _spec("OutputSpec", e.spec))], depth + 2
                ),
            )
            for n, e in config.output_map.items()
        ]
        given.append(("output_map", _mapping(entries, depth + 1)))
    modules = [_module(specs, names, depth + 2) for specs in config.modules_map.values()]
    given.append(("modules_map", _listed(modules, depth + 1)))
    return _call("spark.nn.BrainConfig", [f"{n}={v}" for n, v in given], depth, True)


def _module(specs: Any, names: _Names, depth: int) -> str:
    inner = isinstance(specs.config, BrainConfig)
    config = _brain(specs.config, names, depth + 1) if inner else _config(specs.config, names, depth + 1, ("dt",))
    arguments = [repr(specs.name), names.of(specs.module_cls), _wires(specs.inputs, names, depth + 1), config]
    return _call("spark.ModuleSpecs", arguments, depth, True)


def _wires(inputs: Any, names: _Names, depth: int) -> str:
    """The wires into a module; those with settings, and many, stand on lines of their own."""
    if not any(isinstance(wire, Projection) for listed in inputs.values() for wire in listed):
        made = [(repr(port), [_wire(wire, names, depth) for wire in listed]) for port, listed in inputs.items()]
        line = "{" + ", ".join(f"{p}: {w[0] if len(w) == 1 else '[' + ', '.join(w) + ']'}" for p, w in made) + "}"
        if len(line) + 4 * depth <= _WIDTH:
            return line
    entries = []
    for port, listed in inputs.items():
        one = len(listed) == 1
        made = [_wire(wire, names, depth + (1 if one else 2)) for wire in listed]
        entries.append((repr(port), made[0] if one else _listed(made, depth + 1)))
    return _mapping(entries, depth)


def _wire(wire: Any, names: _Names, depth: int) -> str:
    if isinstance(wire, Projection):
        arguments = [repr(wire.origin), repr(wire.port)]
        _arguments(wire.settings, None, "", names, depth, arguments)
        return _call("spark.Projection", arguments, depth)
    return f"spark.PortMap({wire.origin!r}, {wire.port!r})"


def _spec(kind: str, spec: Any) -> str:
    more = "" if spec.description is None else f", {spec.description!r}"
    return f"spark.{kind}(spark.{spec.payload_type.__name__}, {spec.shape!r}, {spec.dtype!r}{more})"


def _config(config: Config, names: _Names, depth: int, handed: tuple[str, ...] = ()) -> str:
    """A config's constructor with what differs from the defaults; nested fields as `name__field`."""
    arguments: list[str] = []
    _arguments(config, None, "", names, depth, arguments, handed)
    return _call(names.of(type(config)), arguments, depth)


def _arguments(
    config: Config,
    usual: Any,
    prefix: str,
    names: _Names,
    depth: int,
    arguments: list[str],
    handed: tuple[str, ...] = (),
) -> None:
    # What was given itself stays apart from what the owner hands down, also where both are the same.
    own = set(handed) & set(config.explicit())
    for name, info in type(config).model_fields.items():
        if name in config._handed:
            continue
        value = config.field_or_none(name)
        if usual is not None and type(usual) is type(config):
            default = usual.field_or_none(name)
        else:
            default = None if info.is_required() else info.get_default(call_default_factory=True)
        if isinstance(value, Config) and type(value) is type(default) and nested_type(info) is not None:
            _arguments(value, default, f"{prefix}{name}__", names, depth, arguments, type(config).handed_down)
        elif isinstance(value, Config) and nested_type(info) is not None:
            made = _config(value, names, depth + 1, type(config).handed_down)
            arguments.append(f"{prefix}{name}={made}")
        elif info.is_required() or name in own or type(value) is not type(default) or encode(value) != encode(default):
            arguments.append(f"{prefix}{name}={_value(value, names, depth + 1)}")


def _value(value: Any, names: _Names, depth: int) -> str:
    if isinstance(value, Config):
        return _config(value, names, depth, type(value).from_owner)
    if isinstance(value, np.ndarray):
        plain = {"float32": float, "int32": int}.get(str(value.dtype))
        if value.ndim == 0 and plain is not None:
            return repr(value.item())
        names.arrays = True
        if not value.size:
            return f"np.zeros({value.shape!r}, {str(value.dtype)!r})"
        return f"np.array({value.tolist()!r}, {str(value.dtype)!r})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_value(v, names, depth) for v in value)
        return f"({inner}{',' if len(value) == 1 else ''})" if isinstance(value, tuple) else f"[{inner}]"
    if isinstance(value, dict) and any(isinstance(v, Config) for v in value.values()):
        return _mapping([(repr(k), _value(v, names, depth + 1)) for k, v in value.items()], depth)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_value(v, names, depth)}" for k, v in value.items()) + "}"
    if not isinstance(value, PLAIN):
        text = f"cannot be written as code, got {type(value).__name__}"
        raise ConfigError(Problem("config", text, "Use numbers, text, arrays and configs", "code"))
    return repr(value)


def _call(name: str, arguments: list[str], depth: int, spread: bool = False) -> str:
    line = f"{name}({', '.join(arguments)})"
    if not spread and (len(line) + 4 * depth <= _WIDTH or not arguments):
        return line
    pad = "    " * (depth + 1)
    return f"{name}(\n" + "".join(f"{pad}{a},\n" for a in arguments) + "    " * depth + ")"


def _mapping(entries: list[tuple[str, str]], depth: int) -> str:
    pad = "    " * (depth + 1)
    return "{\n" + "".join(f"{pad}{k}: {v},\n" for k, v in entries) + "    " * depth + "}"


def _listed(items: list[str], depth: int) -> str:
    pad = "    " * (depth + 1)
    return "[\n" + "".join(f"{pad}{i},\n" for i in items) + "    " * depth + "]"

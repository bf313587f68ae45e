"""`Network`: a brain's config, written pool by pool and connection by connection."""

from collections.abc import Mapping
from typing import Any

from spark.core.arguments import checked
from spark.core.config import Config
from spark.core.errors import ConfigError, Problem
from spark.core.module import Module
from spark.core.names import suggestion
from spark.core.payloads import FloatArray, Payload
from spark.graph.check import ports_of
from spark.graph.specs import CALL, InputSpec, ModuleSpecs, OutputSpec, PortMap
from spark.nn import Brain, BrainConfig, Pool, Projection


class Port:
    """A port of a network's module, or an input of its brain: one end of a connection."""

    def __init__(self, owner: str, name: str, network: "Network") -> None:
        self.owner, self.name, self.network = owner, name, network

    @property
    def wire(self) -> PortMap:
        """The wire that begins here."""
        return PortMap(self.owner, self.name)

    def __repr__(self) -> str:
        return f"Port({self.name!r})" if self.owner == CALL else f"Port({self.owner}.{self.name})"


class Node:
    """A module of a network. Its ports are its attributes: `pool.excitation`, `pool.out_spikes`."""

    def __init__(self, name: str, module_cls: type[Module], config: Config, network: "Network") -> None:
        self.name, self.module_cls, self.config, self.network = name, module_cls, config, network
        self.inputs: dict[str, list[PortMap]] = {}

    @property
    def specs(self) -> ModuleSpecs:
        """The module with its wires."""
        return ModuleSpecs(self.name, self.module_cls, self.inputs, self.config)

    def output(self) -> Port:
        """Its only output port.

        Raises:
            ConfigError: It has several, or none.
        """
        names = list(ports_of(self.specs).outputs)
        if len(names) != 1:
            text = f"has {len(names)} output ports, got no name; expected one of {names}"
            raise ConfigError(Problem(self.name, text, f"Write `{self.name}.<port>`", "port"))
        return Port(self.name, names[0], self.network)

    def port(self, name: str) -> Port:
        """A port by its name, also one that is called like something that every node has, such as `name`.

        Raises:
            ConfigError: It has no such port, with the nearest.
        """
        ports = ports_of(self.specs)
        known = [*ports.inputs, *ports.optional, *ports.outputs]
        if name not in known:
            problem = Problem(f"{self.name}.{name}", "is no port", suggestion(name, known, "port"), "unknown-port")
            raise ConfigError(problem)
        return Port(self.name, name, self.network)

    def __getattr__(self, name: str) -> Port:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.port(name)
        except ConfigError as error:
            raise AttributeError(str(error)) from error

    def __repr__(self) -> str:
        return f"{self.module_cls.__name__}({self.name})"


class Network:
    """A brain, written pool by pool: it makes a `BrainConfig` and nothing else.

    Args:
        dt: Length of a step, ms; left out, that of the modules, which is 1 unless they say otherwise.
        seed: Seed that all draws follow from; 0 if none.
        **settings: Other fields of `BrainConfig`.

    Raises:
        ConfigError: A setting is wrong.
    """

    def __init__(self, dt: float | None = None, seed: int | None = None, **settings: object) -> None:
        self._settings = {n: v for n, v in {"dt": dt, "seed": seed, **settings}.items() if v is not None}
        # What is wrong with a setting is said here, before there is a config of the whole.
        BrainConfig(modules_map={}, **self._settings)
        self._nodes: dict[str, Node] = {}
        self._inputs: dict[str, InputSpec] = {}
        self._outputs: dict[str, Any] = {}

    @checked
    def pool(self, name: str, units: int | tuple[int, ...], neuron: type[Module] = Pool, **settings: object) -> Node:
        """Add a pool.

        Args:
            name: Its name.
            units: How many units it has, or its shape.
            neuron: `Pool`, or any preset of it or other neuron.
            **settings: Fields of its config: `soma__threshold=NormalInitializer(mean=-50.0, deviation=1.0)`.

        Raises:
            ConfigError: The name is taken, or a setting is wrong.
        """
        return self._added(Node(name, neuron, neuron.config_class()(units=units, **settings), self))

    @checked
    def module(
        self,
        name: str,
        module: type[Module],
        inputs: Mapping[str, Node | Port | list[Node | Port] | tuple[Node | Port, ...]] | None = None,
        **settings: object,
    ) -> Node:
        """Add any other module, such as an interface.

        Args:
            name: Its name.
            module: Its class.
            inputs: What feeds its ports: a node or port for each, or a list of them.
            **settings: Fields of its config.

        Raises:
            ConfigError: The name is taken, or a setting or an input is wrong.
        """
        node = self._added(Node(name, module, module.config_class()(**settings), self))
        for port, sources in (inputs or {}).items():
            for source in sources if isinstance(sources, list | tuple) else [sources]:
                self.connect(source, Port(name, port, self))
        return node

    @checked
    def input(self, name: str, shape: int | tuple[int, ...], payload: type[Payload] = FloatArray) -> Port:
        """Add an input of the brain.

        Args:
            name: Its name.
            shape: Shape of one step's array.
            payload: What it carries.

        Raises:
            ConfigError: The name is taken, or the shape is none.
        """
        if name in self._inputs:
            raise ConfigError(Problem(f"input.{name}", "is the name of two inputs", "Names must differ", "duplicate"))
        sizes = shape if isinstance(shape, tuple) else (shape,)
        self._inputs[name] = InputSpec(payload, sizes, payload.default_dtype)
        return Port(CALL, name, self)

    @checked
    def output(self, name: str, source: Node | Port, shape: int | tuple[int, ...] | None = None) -> None:
        """Add an output of the brain.

        Args:
            name: Its name.
            source: Where it comes from.
            shape: Shape of one step's array; left out, that of the pool it comes from.

        Raises:
            ConfigError: The shape was left out, and the source is no pool; or the source is none of this network.
        """
        port = _port(source)
        node = self._node(port)
        payload = ports_of(node.specs).outputs[port.name]
        if shape is None and "units" not in type(node.config).model_fields:
            text = "has no shape, got an output of a module that is no pool; expected `shape=...`"
            raise ConfigError(Problem(f"output.{name}", text, "Give the shape of one step's array", "shape"))
        given = node.config.field_or_none("units") if shape is None else shape
        sizes = given if isinstance(given, tuple) else (given,)
        self._outputs[name] = {"input": port.wire, "spec": OutputSpec(payload, sizes, payload.default_dtype)}

    @checked
    def connect(self, source: Node | Port, target: Port, pattern: object = None, **settings: object) -> None:
        """Connect a source with a port; into a receptor as a projection.

        Args:
            source: A node with one output port, a port, or an input of the brain.
            target: The input port.
            pattern: Which connections there are; left out, all to all.
            **settings: Further fields of a `Projection`: `weights`, `delay`, `rule`, `name` ... What the config of a
                preset says of wires holds where neither a pattern nor any setting is given here: a wire has all of its
                settings from there, or none.

        Raises:
            ConfigError: The port is no receptor and takes no settings, a setting is wrong, or an end is none of this
                network.
        """
        origin, node = _port(source), self._node(target)
        if origin.owner != CALL:
            self._node(origin)
        self._require_own(origin)
        wire = origin.wire
        given = settings if pattern is None else {"pattern": pattern, **settings}
        if given and target.name not in ports_of(node.specs).projected:
            raise ConfigError(
                Problem(
                    f"{target.owner}.{target.name}",
                    f"is no receptor of spikes, got settings of a projection: {', '.join(given)}",
                    "Leave them out",
                    "projection",
                )
            )
        node.inputs.setdefault(target.name, []).append(Projection(wire.origin, wire.port, **given) if given else wire)

    def __getitem__(self, name: str) -> Node:
        """A pool or another module by its name.

        Raises:
            ConfigError: There is none of this name, with the nearest.
        """
        if name not in self._nodes:
            problem = Problem(name, "is no module of this network", suggestion(name, self._nodes, "module"), "unknown")
            raise ConfigError(problem)
        return self._nodes[name]

    def config(self) -> BrainConfig:
        """The brain's config."""
        modules = [node.specs for node in self._nodes.values()]
        maps = {"input_map": self._inputs, "output_map": self._outputs, "modules_map": modules}
        return BrainConfig(**maps, **self._settings)

    def build(self) -> Brain:
        """The brain of this config, not built yet: its first call or run builds it."""
        return Brain(self.config())

    def _require_own(self, port: Port) -> None:
        if port.network is not self:
            text, fix = "belongs to another network", "Name a module or an input that this network made"
            raise ConfigError(Problem(repr(port), text, fix, "unknown-origin"))

    def _node(self, port: Port) -> Node:
        if port.owner not in self._nodes:
            what = "is an input of the brain" if port.owner == CALL else "is a port of no module of this network"
            fix = "Name a port of a module that this network made"
            raise ConfigError(Problem(repr(port), what, fix, "unknown-origin"))
        self._require_own(port)
        return self._nodes[port.owner]

    def _added(self, node: Node) -> Node:
        if node.name in self._nodes:
            raise ConfigError(Problem(node.name, "is the name of two modules", "Names must differ", "duplicate"))
        self._nodes[node.name] = node
        return node


def _port(source: Node | Port) -> Port:
    return source.output() if isinstance(source, Node) else source

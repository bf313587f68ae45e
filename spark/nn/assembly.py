"""How a brain's modules are put together: each is built once what arrives at its ports is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from spark.core.errors import Problem, SparkError, WiringError
from spark.core.module import Module
from spark.core.ports import PortSpec
from spark.graph.check import inputs_of
from spark.graph.order import build_order, is_cycle
from spark.graph.specs import ModuleSpecs, OutputSpec, PortMap
from spark.nn.wiring import joined_spec, origins


def wiring_error(path: str, problems: list[Problem]) -> SparkError:
    """Problems of a brain that stands at a path, or is the outermost."""
    error = WiringError(problems)
    return error.under(path) if path else error


def as_sent(part: Module, spec: PortSpec) -> PortSpec:
    """What others are built for that hear this module: it is a step late, and of a payload that is no mere array the
    origin tells.
    """
    # Settings for each wire of a port mean the wires that end there, not those that its origins take.
    return replace(spec, late=1, parts=(), source=part if spec.payload_type.needs_source else None)


@dataclass
class Assembly:
    """Modules to be built, and what is known of ports.

    Attributes:
        path: Of the brain.
        modules: What is wanted of each module.
        parts: The modules, not built yet.
        wires: For each module, the wires that end at its ports.
        known: What is known of ports; at first of those of the brain's own inputs, at last of all.
    """

    path: str
    modules: Mapping[str, ModuleSpecs]
    parts: Mapping[str, Module]
    wires: Mapping[str, Mapping[str, list[PortMap]]]
    known: dict[PortMap, PortSpec]

    def build(self) -> None:
        """Build every module, in the order in which its inputs become known.

        Raises:
            WiringError: A module does not fit what is wired to it.
        """
        modules, known = self.modules, self.known
        feeds = {name: origins(self.wires[name]) for name in self.wires}
        for group in build_order(feeds):
            promised: dict[PortMap, PortSpec] = {}
            waiting = list(group)
            while waiting:
                ready = [n for n in waiting if self._inputs_known(n, {**promised, **known})]
                if not ready:
                    self._take_promises([modules[n] for n in waiting], promised, known)
                    continue
                name = ready[0]
                waiting.remove(name)
                inputs = self._joined(modules[name], {**promised, **known})
                outputs = self.parts[name].prepare(inputs)
                self._check_module(name, modules[name], outputs, promised)
                known.update({PortMap(name, port): as_sent(self.parts[name], spec) for port, spec in outputs.items()})

    def _inputs_known(self, name: str, known: dict[PortMap, PortSpec]) -> bool:
        return all(wire in known for wires in self.wires[name].values() for wire in wires)

    def _joined(self, specs: ModuleSpecs, known: dict[PortMap, PortSpec]) -> dict[str, PortSpec]:
        inputs: dict[str, PortSpec] = {}
        for port, wires in specs.inputs.items():
            if not wires or any(wire.end not in known for wire in wires):
                continue
            joined = joined_spec(f"{specs.name}.{port}", [replace(known[wire.end], wire=wire) for wire in wires])
            if isinstance(joined, Problem):
                raise wiring_error(self.path, [joined])
            inputs[port] = joined
        return inputs

    def _take_promises(
        self, waiting: list[ModuleSpecs], promised: dict[PortMap, PortSpec], known: dict[PortMap, PortSpec]
    ) -> None:
        """Ask the modules on a cycle what they will put out."""
        before = len(promised)
        for specs in waiting:
            contract = self.parts[specs.name].output_contract(**self._joined(specs, known))
            promised.update(
                {PortMap(specs.name, p): as_sent(self.parts[specs.name], s) for p, s in (contract or {}).items()}
            )
        if len(promised) == before:
            circle = self._circle(waiting, promised)
            if circle is None:
                raise wiring_error(self.path, self._not_put_out(waiting, {**promised, **known}))
            raise wiring_error(
                self.path,
                [
                    Problem(
                        ", ".join(circle),
                        "are on a cycle of wires, and none says beforehand what it puts out",
                        "Write `output_contract` in one of their classes",
                        "cycle",
                    )
                ],
            )

    def _not_put_out(self, waiting: list[ModuleSpecs], known: dict[PortMap, PortSpec]) -> list[Problem]:
        """What modules wait for of others that are built, and did not put it out."""
        names = {specs.name for specs in waiting}
        return [
            Problem(
                f"{name}.{port}",
                f"waits for '{wire.origin}.{wire.port}', which '{wire.origin}' did not put out when it was built",
                "Put it out, or wire another port",
                "output",
            )
            for name in sorted(names)
            for port, wires in self.wires[name].items()
            for wire in wires
            if wire.end not in known and wire.origin not in names
        ]

    def _circle(self, waiting: list[ModuleSpecs], promised: dict[PortMap, PortSpec]) -> list[str] | None:
        """The first of these on a cycle of wires of which nothing is promised: others only wait for it; None where
        none is on a cycle.
        """
        names = {specs.name for specs in waiting}
        feeds = {
            name: [
                w.origin for ws in self.wires[name].values() for w in ws if w.end not in promised and w.origin in names
            ]
            for name in names
        }
        return next((group for group in build_order(feeds) if is_cycle(group, feeds)), None)

    def _check_module(
        self,
        name: str,
        specs: ModuleSpecs,
        outputs: dict[str, PortSpec],
        promised: dict[PortMap, PortSpec],
    ) -> None:
        problems = []
        required, optional = inputs_of(specs)
        for port, spec in self.parts[name].input_specs.items():
            expected = {**required, **optional}[port]
            if not expected.accepts(spec.dtype):
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        f"has the wrong kind of dtype, got {spec.dtype}; expected {expected.kind_name}",
                        "Change the dtype at the origin",
                        "dtype",
                    )
                )
        for port, spec in outputs.items():
            promise = promised.get(PortMap(name, port))
            if promise is not None and (promise.shape, promise.dtype) != (spec.shape, spec.dtype):
                problems.append(
                    Problem(
                        f"{name}.{port}",
                        f"differs from its output_contract, got {spec.shape} {spec.dtype}; "
                        f"expected {promise.shape} {promise.dtype}",
                        "Mend `output_contract`",
                        "contract",
                    )
                )
        if problems:
            raise wiring_error(self.path, problems)


def check_outputs(
    path: str, wires: Mapping[str, tuple[PortMap, OutputSpec]], known: Mapping[PortMap, PortSpec]
) -> None:
    """Raise a WiringError for every output of a brain that declares another shape than its origin has."""
    problems = []
    for name, (wire, spec) in wires.items():
        found = known[wire]
        if found.shape != spec.shape:
            problems.append(
                Problem(
                    f"output_map.{name}.spec",
                    f"declares another shape than '{wire.origin}.{wire.port}' has, "
                    f"got {spec.shape}; expected {found.shape}",
                    f"Write shape={found.shape}",
                    "shape",
                )
            )
    if problems:
        raise wiring_error(path, problems)

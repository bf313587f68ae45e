"""One step of a brain as a native program; what does not lower runs in JAX, and the program stores its results."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.numerics import watched
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.transform import FAULT
from spark.core.transform import STEP as STEP_PATH
from spark.core.tree import part_named, variables_of
from spark.graph.specs import CALL, PortMap
from spark.kernels.instructions import STEP
from spark.kernels.place import Place
from spark.nn.lowering import Arriving, Lowering, native_dtype
from spark.nn.made_of import OfModules
from spark.nn.ways import emit, ways_of_modules
from spark.nn.wiring import gather


class LoweredStep:
    """Emits a step of `brain` and runs it.

    Order of emission: modules compute, from what lies in the cache; then the cache takes the results, and the step is
    counted. Modules in JAX read the old state.
    """

    def __init__(self, brain: OfModules, lowering: Lowering, inputs: dict[str, Payload], lowered: list[str]) -> None:
        self.brain, self.lowering, self.program = brain, lowering, lowering.program
        self.own = {PortMap(CALL, name): payload for name, payload in inputs.items()}
        self.lowered = lowered
        self.ways = ways_of_modules(brain)
        self.places: dict[PortMap, Place] = {}
        self.payloads: dict[PortMap, Payload] = dict(self.own)

    def run(self) -> tuple[dict[str, Payload], tuple[jax.Array, ...]]:
        """Outputs of the step, and the changed leaves of the state."""
        self.emit()
        self.program.emit(STEP, (self.lowering.entry(STEP_PATH),))
        return self._finish()

    def emit(self) -> None:
        """All instructions of a step but the one that counts it."""
        arriving = {name: self._arriving(name) for name in self.lowered}
        for name in self.brain._names:
            if name not in self.lowered:
                self._run_in_jax(name)
        for name in self.lowered:
            module = part_named(self.brain, name)
            with self.program.owned_by(module.path):
                outputs = emit(self.ways[name], module, self.lowering, arriving[name])
            self.places.update({PortMap(name, port): place for port, place in outputs.items()})
        for key, variable in self.brain.cache.items():
            origin, _, port = key.partition(".")
            self.program.copy(self.lowering.variable(variable), self._place(PortMap(origin, port)))
        if self.brain._checked:
            self._watch()

    def _watch(self) -> None:
        """Look for NaN and infinity in the inputs and in the state that the step leaves; numbers as in `numerics`."""
        variables = variables_of(self.brain)
        arrays = []
        for number, path in enumerate(watched(variables, self.brain.config.input_map)):
            if path.startswith(f"{CALL}."):
                place = self._checked_input(PortMap(CALL, path.removeprefix(f"{CALL}.")))
            else:
                place = self.lowering.variable(variables[path]) if variables[path].dtype == np.float32 else None
            if place is not None:
                arrays.append((number, place))
        self.program.watch(self.lowering.entry(FAULT), self.lowering.entry(STEP_PATH), arrays)

    def _checked_input(self, wire: PortMap) -> Place | None:
        value = self.own[wire].value
        return self.program.argument(value.astype(jnp.float32)) if jnp.issubdtype(value.dtype, jnp.floating) else None

    def _read(self, wire: PortMap) -> Payload:
        return self.own[wire] if wire in self.own else self.brain._cached(wire)

    def _arriving(self, name: str) -> dict[str, Arriving]:
        """What a lowered module reads."""
        module = part_named(self.brain, name)
        return {
            port: self._joined(wires, module._inputs[port]) for port, wires in self.brain._wires[name].items() if wires
        }

    def _joined(self, wires: Sequence[PortMap], spec: PortSpec) -> Arriving:
        if len(wires) == 1:
            return self._single(wires[0], spec)
        return Arriving(*(self._single(wire, spec).place for wire in wires), program=self.program)

    def _single(self, wire: PortMap, spec: PortSpec) -> Arriving:
        """One wire: an input of the brain, or a variable of its cache, which nothing changes before the step's end."""
        if wire in self.own:
            return Arriving(self.program.argument(self.own[wire].value.astype(native_dtype(spec))))
        variable = self.brain.cache[f"{wire.origin}.{wire.port}"]
        if variable.dtype.name != native_dtype(spec):
            return Arriving(self.program.argument(variable.value.astype(native_dtype(spec))))
        return Arriving(self.lowering.variable(variable))

    def _run_in_jax(self, name: str) -> None:
        module = part_named(self.brain, name)
        inputs = {
            port: gather(wires, self._read, module._inputs[port])
            for port, wires in self.brain._wires[name].items()
            if wires
        }
        for port, payload in module(**inputs).items():
            self.payloads[PortMap(name, port)] = payload
        for variable in variables_of(module).values():
            if variable._written:
                self.program.copy(self.lowering.variable(variable), self.program.argument(variable.value))

    def _place(self, wire: PortMap) -> Place:
        if wire not in self.places:
            self.places[wire] = self.program.argument(self.payloads[wire].kept)
        return self.places[wire]

    def _finish(self) -> tuple[dict[str, Payload], tuple[jax.Array, ...]]:
        wanted = [(name, wire, spec) for name, (wire, spec) in self.brain._output_wires.items()]
        native = [wire for _, wire, _ in wanted if wire not in self.payloads]
        for wire in native:
            place = self.places[wire]
            self.program.copy(self.program.result(place.shape, place.dtype), place)
        leaves, results = self.program.run()
        values = dict(zip(native, results, strict=True))
        outputs = {}
        for name, wire, spec in wanted:
            value = values[wire] if wire in values else self.payloads[wire].value
            outputs[name] = spec.payload_type(value.astype(spec.dtype))
        return outputs, leaves

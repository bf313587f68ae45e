"""One step of a brain as a native program, and of a brain in a brain as instructions of the outermost one's.

What does not lower runs in JAX, and the program stores its results.
"""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.counter import STEP as STEP_PATH
from spark.core.module import Module
from spark.core.numerics import watched
from spark.core.payloads import Payload
from spark.core.ports import PortSpec
from spark.core.transform import FAULT
from spark.core.tree import part_named, variables_of
from spark.engine.lowered_pool import emit_module
from spark.engine.lowering import Arriving, Lowering, native_dtype
from spark.engine.ways import ways_of_modules
from spark.graph.specs import CALL, PortMap
from spark.kernels.instructions import STEP
from spark.kernels.jaxprs import traced_apart
from spark.kernels.place import Place
from spark.nn.brain import Brain
from spark.nn.wiring import gather


class LoweredStep:
    """Emits a step of `brain` and runs it.

    Order of emission: modules compute, from what lies in the cache; then the cache takes the results, and the step is
    counted. Modules in JAX read the old state.
    """

    def __init__(self, brain: Brain, lowering: Lowering, inputs: dict[str, Payload], lowered: list[str]) -> None:
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
                outputs = self._emit_module(name, module, arriving[name])
            self.places.update({PortMap(name, port): place for port, place in outputs.items()})
        for key, variable in self.brain.cache.items():
            origin, _, port = key.partition(".")
            self.program.copy(self.lowering.variable(variable), self._place(PortMap(origin, port)))
        if self.brain._checked:
            self._watch()

    def _emit_module(self, name: str, module: Module, arriving: dict[str, Arriving]) -> Mapping[str, Place]:
        if isinstance(module, Brain):
            return LoweredInner(module, self.lowering, arriving).emit_inside()
        return emit_module(self.ways[name], module, self.lowering, arriving)

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


class LoweredInner(LoweredStep):
    """Emits a step of `brain`, all of whose modules are native.

    Its cache takes the results at once: the modules around it read what it puts out from the cache of its owner.
    """

    def __init__(self, brain: Brain, lowering: Lowering, entering: dict[str, Arriving]) -> None:
        super().__init__(brain, lowering, {}, brain._names)
        self.entering = {PortMap(CALL, name): arriving.place for name, arriving in entering.items()}

    def emit_inside(self) -> dict[str, Place]:
        """Emit the step; returns where the outputs lie."""
        self.emit()
        outputs = self.brain._output_wires.items()
        return {name: self._cast(self._place(wire), str(spec.port_spec().dtype)) for name, (wire, spec) in outputs}

    def _watch(self) -> None:
        """The outermost brain looks at all numbers."""

    def _single(self, wire: PortMap, spec: PortSpec) -> Arriving:
        if wire not in self.entering:
            return super()._single(wire, spec)
        return Arriving(self._cast(self._declared(wire), native_dtype(spec)))

    def _declared(self, wire: PortMap) -> Place:
        """What enters, in the dtype that this brain declares for it."""
        return self._cast(self.entering[wire], str(self.brain.config.input_map[wire.port].port_spec().dtype))

    def _place(self, wire: PortMap) -> Place:
        return self._declared(wire) if wire in self.entering else super()._place(wire)

    def _cast(self, place: Place, dtype: str) -> Place:
        if place.dtype == dtype:
            return place
        # What compiles formulas is loaded where one is needed.
        from spark.kernels.formula.emit import Slot
        from spark.kernels.formula.formula import formula

        def converted(array: jax.Array) -> jax.Array:
            return array.astype(jnp.dtype(dtype))

        closed = traced_apart(converted, jax.ShapeDtypeStruct((place.size,), jnp.dtype(place.dtype)))
        slots = [Slot((place.size,), name, place.size > 1) for name in (place.dtype, dtype)]
        made = formula(closed, slots[:1], slots[1:], place.size)
        to = self.program.scratch(place.shape, dtype)
        self.program.formula(made, self.lowering.entry(STEP_PATH), [(place, 1)], [(to, 1)])
        return to

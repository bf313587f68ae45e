"""A step of a brain in a brain, as instructions of the outermost brain's program."""

import jax
import jax.numpy as jnp

from spark.core.counter import STEP
from spark.core.ports import PortSpec
from spark.graph.specs import CALL, PortMap
from spark.kernels.jaxprs import traced_apart
from spark.kernels.place import Place
from spark.nn.lowered_step import LoweredStep
from spark.nn.lowering import Arriving, Lowering, native_dtype
from spark.nn.made_of import OfModules


class LoweredInner(LoweredStep):
    """Emits a step of `brain`, all of whose modules are native.

    Its cache takes the results at once: the modules around it read what it puts out from the cache of its owner.
    """

    def __init__(self, brain: OfModules, lowering: Lowering, entering: dict[str, Arriving]) -> None:
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
        self.program.formula(made, self.lowering.entry(STEP), [(place, 1)], [(to, 1)])
        return to

"""`State` and `Graph`: the two halves of a module that pure functions take and return."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spark.core.arguments import checked
from spark.core.errors import Problem, StateError
from spark.core.names import suggestion
from spark.core.packing import Layout


@dataclass(frozen=True, eq=False)
class StateLayout:
    """Where every variable lies, and its unit. Shared by all states of one structure."""

    layout: Layout
    units: Mapping[str, str]


@dataclass(frozen=True, eq=False, repr=False)
class State:
    """All variables of a module, packed in a few arrays; a pytree.

    `state['neurons_pool.soma.potential']` reads one, `state.replace({...})` gives a changed copy.
    """

    leaves: tuple[Any, ...]
    about: StateLayout

    @checked
    def __getitem__(self, path: str) -> Any:
        self._known(path)
        return self.about.layout.read(self.leaves, path)

    def __contains__(self, path: object) -> bool:
        return path in self.about.layout.slots

    def __iter__(self) -> Iterator[str]:
        return iter(self.about.layout.slots)

    def __len__(self) -> int:
        return len(self.about.layout.slots)

    def paths(self) -> list[str]:
        """Dotted paths of all variables, sorted."""
        return list(self.about.layout.slots)

    @checked
    def unit(self, path: str) -> str:
        """Unit of the variable at `path`."""
        self._known(path)
        return self.about.units[path]

    @checked
    def replace(self, values: Mapping[str, Any]) -> "State":
        """A copy in which these variables have new values.

        Raises:
            StateError: No such path, or the value has another shape or kind of dtype.
        """
        leaves = self.leaves
        for path, value in values.items():
            self._known(path)
            slot = self.about.layout.slots[path]
            if np.shape(value) != slot.shape or not jnp.can_cast(
                jnp.result_type(value), jnp.dtype(slot.dtype), "same_kind"
            ):
                raise StateError(
                    Problem(
                        path,
                        f"cannot take this value, got {np.shape(value)} {jnp.result_type(value)}; "
                        f"expected {slot.shape} {slot.dtype}",
                        "Give an array of the variable's shape and kind",
                        "shape",
                    )
                )
            leaves = self.about.layout.replace(leaves, path, jnp.asarray(value).astype(slot.dtype))
        return State(leaves, self.about)

    def _known(self, path: str) -> None:
        if path not in self.about.layout.slots:
            raise StateError(
                Problem(
                    str(path),
                    "is not a variable of this state",
                    suggestion(str(path), self.paths(), "variable"),
                    "unknown",
                )
            )

    def __repr__(self) -> str:
        return f"State({len(self)} variables in {len(self.leaves)} arrays: {', '.join(self.paths())})"


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """Everything of a module that a step does not change.

    `structure` is static: it is compared by identity, and two modules built from equal configs share one,
    so the second compiles nothing. `constants` (delays, connections, random keys) are arrays that go into a
    step and never come out; they differ from seed to seed, and nothing is compiled again for them.
    """

    constants: tuple[Any, ...]
    structure: Any

    def __repr__(self) -> str:
        return f"Graph({self.structure!r})"


jax.tree_util.register_dataclass(State, data_fields=["leaves"], meta_fields=["about"])
jax.tree_util.register_dataclass(Graph, data_fields=["constants"], meta_fields=["structure"])

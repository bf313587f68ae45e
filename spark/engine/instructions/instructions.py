"""`Instructions`: how modules of one class are done in a native program, where no formula is compiled for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from spark.core.module import Module

Kind = TypeVar("Kind", bound=Module)

# What a class has that changes nothing of what it inherits.
PLAIN = {"__module__", "__qualname__", "__doc__", "__annotations__", "__annotate_func__", "__annotations_cache__"}
PLAIN |= {"__firstlineno__", "__static_attributes__", "__parameters__", "config"}


def always(module: Module) -> bool:
    """Whatever its config says."""
    return True


@dataclass(frozen=True)
class Instructions(Generic[Kind]):
    """What does the step of a class of modules.

    Attributes:
        emit: `emit(module, lowering, **arriving)` emits the instructions of one step, and returns by output port the
            `Place` where its result lies, or what is given in place. By input port it takes what arrives there: an
            `Arriving`; at ports of `takes_in_place` a `RingInput` or a `Background`. A rule and the connections that it
            changes also take a `change`.
        fits: Whether they do what a module does, as it is configured and built.
        beside_others: Whether they read or change variables of components beside it: then they need a pool around it.
        gives_in_place: Whether they leave a `RingInput` or a `Background` at each output port, instead of an array.
        takes_in_place: Input ports at which they take one.
        for_heirs: Whether they do what a subclass does that changes something; where nothing is changed, they do.
    """

    emit: Callable[..., Mapping[str, Any]]
    fits: Callable[[Kind], bool] = always
    beside_others: bool = False
    gives_in_place: bool = False
    takes_in_place: tuple[str, ...] = ()
    for_heirs: Callable[[type[Kind]], bool] = field(default=lambda cls: False)


Table = Mapping[type[Module], Instructions]

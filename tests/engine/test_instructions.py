"""Which class has which instructions: found by type, for subclasses only where they change nothing that matters."""

import pytest

from spark.core.module import Module
from spark.engine.instructions.rules import is_a_table
from spark.engine.instructions.table import TABLE, instructions_of
from spark.nn import plasticity, somas
from spark.nn.plasticity import EventRule

HEIRS = [cls for cls, found in TABLE.items() if found.for_heirs(type("Heir", (cls,), {"more": 1}))]


def plain(cls: type[Module]) -> type[Module]:
    """A subclass with another docstring."""
    return type("Plain", (cls,), {"__doc__": "Another text."})


@pytest.mark.parametrize("cls", TABLE)
def test_a_subclass_that_changes_nothing_has_those_of_its_base(cls: type[Module]) -> None:
    assert instructions_of(plain(plain(cls))) is TABLE[cls]


@pytest.mark.parametrize("cls", [cls for cls in TABLE if cls not in HEIRS])
def test_a_subclass_that_changes_something_has_none(cls: type[Module]) -> None:
    assert instructions_of(type("Changed", (cls,), {"more": 1})) is None
    assert instructions_of(plain(type("Changed", (plain(cls),), {"__call__": cls.__call__}))) is None


def test_the_nearest_class_counts() -> None:
    assert instructions_of(somas.AdaptiveLeakySoma) is not instructions_of(somas.LeakySoma)
    assert instructions_of(Module) is None


def test_a_rule_that_is_another_table_may_add_methods_but_override_none() -> None:
    assert is_a_table(type("Own", (plasticity.PairRule,), {"title": lambda self: "own", "unit_ports": ()}))
    for name in ("build", "__call__", "at_spikes", "take_wires", "step", "reset"):
        assert not is_a_table(type("Own", (plasticity.PairRule,), {name: lambda self: None})), name
    assert EventRule in HEIRS and plasticity.ZenkeRule not in HEIRS


def test_a_rule_of_connections_keeps_its_step_or_has_no_instructions() -> None:
    found = instructions_of(plasticity.ConnectionRule)
    assert instructions_of(plasticity.BCMRule) is found is not None
    written = {"__call__": lambda self, pre_spikes, post_spikes, weights: {}}
    assert instructions_of(type("Own", (plasticity.BCMRule,), written)) is None

"""Which instructions there are for which class of modules."""

from spark.core.module import Module
from spark.engine.instructions import connection_rules, interfaces, passing, projections, rules, somas
from spark.engine.instructions.instructions import PLAIN, Instructions, Table

TABLE: Table = {
    **somas.TABLE,
    **passing.TABLE,
    **projections.TABLE,
    **rules.TABLE,
    **connection_rules.TABLE,
    **interfaces.TABLE,
}


def instructions_of(cls: type[Module]) -> Instructions | None:
    """Those of a class: of its own, or of one that it inherits from and changes nothing of; or that hold for heirs."""
    plain = True
    for owner in cls.__mro__:
        found = TABLE.get(owner)
        if found is not None:
            return found if plain or found.for_heirs(cls) else None
        plain = plain and not set(vars(owner)) - PLAIN
    return None

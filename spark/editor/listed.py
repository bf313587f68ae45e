"""Commands on what a pool lists by name: its receptors and its dendrites. What names one of them follows its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spark.core.names import illegal, suggestion
from spark.core.registry import modules as registry
from spark.editor.command_table import command, existing, refuse
from spark.editor.defaults import spelled_out
from spark.editor.draft import Draft
from spark.editor.follow import path_of
from spark.nn.component import ComponentConfig
from spark.nn.dendrites import DendriteConfig
from spark.nn.pools.feeds import PARTS
from spark.nn.receptors import ReceptorConfig

ONTO = "onto"


@dataclass(frozen=True)
class Listing:
    """A field of a pool that lists components by name.

    Attributes:
        field: Its name.
        family: Base of the configs that it lists.
        least: How many there must be.
        beside: Other fields that say something of each, by its name.
        parts: What follows its name in the names of the pool's parts that belong to it.
    """

    field: str
    family: type[ComponentConfig]
    least: int = 0
    beside: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("",)

    @property
    def word(self) -> str:
        """What one of them is called."""
        return self.family.tag


RECEPTORS = Listing("receptors", ReceptorConfig, 1, ("background", ONTO), ("", "_projections", "_sum"))
DENDRITES = Listing("dendrites", DendriteConfig, parts=("", "_total"))


@command
def put_receptor(draft: Draft, id: str, name: str, receptor: str) -> None:
    """Give a pool a receptor of this kind, or make one that it has another kind; wires into it stay."""
    _put(draft, RECEPTORS, id, name, receptor)


@command
def put_dendrite(draft: Draft, id: str, name: str, dendrite: str) -> None:
    """Give a pool a dendrite of this kind, or make one that it has another kind; receptors on it stay.

    `configure` with the path `["onto", receptor]` and a dendrite's name lays a receptor on it, with `reset` on the
    soma.
    """
    _put(draft, DENDRITES, id, name, dendrite)


@command
def rename_receptor(draft: Draft, id: str, name: str, to: str) -> None:
    """Give a receptor another name; the wires into it follow."""
    if _rename(draft, RECEPTORS, id, name, to):
        for key in _wires(draft, id, name):
            draft.update("edges", key, to=[id, to])


@command
def rename_dendrite(draft: Draft, id: str, name: str, to: str) -> None:
    """Give a dendrite another name; the receptors on it follow."""
    _rename(draft, DENDRITES, id, name, to)


@command
def remove_receptor(draft: Draft, id: str, name: str) -> None:
    """Take a receptor away, and the wires into it."""
    _remove(draft, RECEPTORS, id, name)
    for key in _wires(draft, id, name):
        draft.put("edges", key, None)


@command
def remove_dendrite(draft: Draft, id: str, name: str) -> None:
    """Take a dendrite away; the receptors on it then lie on the soma."""
    _remove(draft, DENDRITES, id, name)


def _put(draft: Draft, listing: Listing, id: str, name: str, kind: str) -> None:
    config, listed = _listed(draft, listing, id)
    family = listing.family
    if kind not in family.kinds:
        raise refuse(f"{kind!r} is no {listing.word}", suggestion(kind, family.kinds))
    if name not in listed:
        _refuse_name(name, draft, id, config)
    if listed.get(name, {}).get(family.tag) != kind:
        made = {**config, listing.field: {**listed, name: {family.tag: kind}}}
        draft.update("nodes", id, config=made)


def _rename(draft: Draft, listing: Listing, id: str, name: str, to: str) -> bool:
    """Whether it had another name before; what is watched of it follows."""
    config, listed = _listed(draft, listing, id)
    _existing(listing, name, listed)
    if name == to:
        return False
    _refuse_name(to, draft, id, config)
    draft.update("nodes", id, config=_by_name(listing, config, lambda n: to if n == name else n))
    head = path_of(draft.document["nodes"], id) + "."
    for key, probe in list(draft.document["probes"].items()):
        part, dot, rest = probe["path"].removeprefix(head).partition(".")
        if probe["path"].startswith(head) and part in [name + of for of in listing.parts]:
            draft.update("probes", key, path=f"{head}{to}{part.removeprefix(name)}{dot}{rest}")
    return True


def _remove(draft: Draft, listing: Listing, id: str, name: str) -> None:
    config, listed = _listed(draft, listing, id)
    _existing(listing, name, listed)
    if len(listed) <= listing.least:
        raise refuse(f"a pool has at least one {listing.word}", "Add another one first", name)
    draft.update("nodes", id, config=_by_name(listing, config, lambda n: None if n == name else n))


def _by_name(listing: Listing, config: dict[str, Any], renamed: Callable[[str], str | None]) -> dict[str, Any]:
    """Settings in which all that names one of a listing follows new names; None takes one away."""
    made = dict(config)
    for field in (listing.field, *listing.beside):
        if isinstance(config.get(field), dict):
            made[field] = {to: entry for name, entry in config[field].items() if (to := renamed(name)) is not None}
    if listing is DENDRITES and isinstance(config.get(ONTO), dict):
        made[ONTO] = {name: to for name, on in config[ONTO].items() if (to := renamed(on)) is not None}
    return {name: value for name, value in made.items() if value != {} or listing.least and name == listing.field}


def _wires(draft: Draft, id: str, port: str) -> list[str]:
    return [key for key, edge in draft.document["edges"].items() if edge["to"] == [id, port]]


def _listed(draft: Draft, listing: Listing, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of a node, and what they list, by name."""
    record = existing(draft, "nodes", id)
    config = spelled_out(record["type"], record.get("config", {}), listing.field)
    cls: Any = registry[record["type"]] if record["type"] in registry.names() else None
    known = cls is not None and listing.field in cls.config_class().model_fields
    listed = config.get(listing.field, {} if known else None)
    if not isinstance(listed, dict) or not all(isinstance(r, dict) for r in listed.values()):
        raise refuse(f"{record['name']} has no {listing.field} that could be changed", "Choose a pool")
    return config, listed


def _existing(listing: Listing, name: str, listed: dict[str, Any]) -> None:
    if name not in listed:
        raise refuse(f"there is no {listing.word} {name!r}", suggestion(name, listed))


def _refuse_name(name: str, draft: Draft, id: str, config: dict[str, Any]) -> None:
    """A name is that of one port or part of a pool."""
    why = illegal(name) or ("every pool has a part of this name" if name in PARTS else None)
    if why:
        raise refuse(why, "Choose another name", str(name))
    record = existing(draft, "nodes", id)
    for listing in (RECEPTORS, DENDRITES):
        if name in spelled_out(record["type"], config, listing.field).get(listing.field, {}):
            known = "another port" if listing is RECEPTORS else "a dendrite"
            raise refuse(f"is the name of {known} of the pool", "Names must differ", name)
    if name in config.get("modulators", []):
        raise refuse("is the name of another port of the pool", "Names must differ", name)

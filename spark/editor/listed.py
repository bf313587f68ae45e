"""Commands on what a pool lists by name: its receptors and its dendrites. What names one of them follows its name."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from spark.core.names import illegal, suggestion
from spark.core.registry import modules as registry
from spark.editor.command_table import command, existing, refuse
from spark.editor.defaults import spelled_out
from spark.editor.draft import Draft
from spark.editor.follow import path_of
from spark.editor.ports import means_defaults, projection_names
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
        parts: What may follow its name in the names of the pool's parts that belong to it, as a pattern.
    """

    field: str
    family: type[ComponentConfig]
    least: int = 0
    beside: tuple[str, ...] = ()
    parts: str = ""

    @property
    def word(self) -> str:
        """What one of them is called."""
        return self.family.tag

    def owns(self, name: str, part: str) -> bool:
        """Whether a part of the pool is one of the parts that belong to an entry."""
        return re.fullmatch(re.escape(name) + self.parts, part) is not None


RECEPTORS = Listing("receptors", ReceptorConfig, 1, ("background", ONTO), r"(_projections(_\d+)?|_sum|_background)?")
DENDRITES = Listing("dendrites", DendriteConfig, parts="(_total)?")


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
    before = _of_wires(draft, id, name)
    if _rename(draft, RECEPTORS, id, name, to):
        for key in _wires(draft, id, name):
            draft.update("edges", key, to=[id, to])
        after = _of_wires(draft, id, to)
        _refuse_listed(draft, id, after.values())
        moved = {part: after[key] for key, part in before.items()}
        _follow_probes(draft, id, lambda part: moved.get(part, part))


@command
def rename_dendrite(draft: Draft, id: str, name: str, to: str) -> None:
    """Give a dendrite another name; the receptors on it follow."""
    _rename(draft, DENDRITES, id, name, to)


@command
def remove_receptor(draft: Draft, id: str, name: str) -> None:
    """Take a receptor away, and the wires into it; what is watched of them goes as well."""
    gone = set(_of_wires(draft, id, name).values())
    _remove(draft, RECEPTORS, id, name)
    _follow_probes(draft, id, lambda part: None if part in gone else part)
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
        _refuse_name(name, draft, id, config, listing)
    if listed.get(name, {}).get(family.tag) != kind:
        made = {**config, listing.field: {**listed, name: {family.tag: kind}}}
        draft.update("nodes", id, config=made)


def _rename(draft: Draft, listing: Listing, id: str, name: str, to: str) -> bool:
    """Whether it had another name before; what is watched of it follows."""
    config, listed = _listed(draft, listing, id)
    _existing(listing, name, listed)
    if name == to:
        return False
    _refuse_name(to, draft, id, config, listing, name)
    draft.update("nodes", id, config=_by_name(listing, config, lambda n: to if n == name else n))
    _follow_probes(draft, id, lambda part: to + part.removeprefix(name) if listing.owns(name, part) else part)
    return True


def _remove(draft: Draft, listing: Listing, id: str, name: str) -> None:
    config, listed = _listed(draft, listing, id)
    _existing(listing, name, listed)
    if len(listed) <= listing.least:
        raise refuse(f"a pool has at least one {listing.word}", "Add another one first", name)
    draft.update("nodes", id, config=_by_name(listing, config, lambda n: None if n == name else n))
    _follow_probes(draft, id, lambda part: None if listing.owns(name, part) else part)


def _follow_probes(draft: Draft, id: str, renamed: Callable[[str], str | None]) -> None:
    """What is watched of the parts of a pool follows their new names; None takes it away."""
    head = path_of(draft.document["nodes"], id) + "."
    for key, probe in list(draft.document["probes"].items()):
        if not probe["path"].startswith(head):
            continue
        part, dot, rest = probe["path"].removeprefix(head).partition(".")
        now = renamed(part)
        if now is None:
            draft.put("probes", key, None)
        elif now != part:
            draft.update("probes", key, path=f"{head}{now}{dot}{rest}")


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


def _of_wires(draft: Draft, id: str, receptor: str) -> dict[tuple[str, str], str]:
    """Parts of a pool that belong to one wire into a receptor, by the wire's id and by what the part does for it."""
    found = {}
    for key, name in projection_names(draft.document, [id, receptor]).items():
        settings = draft.document["edges"][key].get("projection")
        if settings is None:
            record = existing(draft, "nodes", id)
            plastic, varies = record["type"] in registry.names() and not means_defaults(record, receptor), False
        else:
            plastic, varies = settings.get("rule") is not None, settings.get("short_term") is not None
        found |= {(key, of): f"{name}{of}" for of in ("", "_rule") if plastic}
        found |= {(key, of): f"{name}{of}" for of in ("_short_term",) if varies}
    return found


def _listed(draft: Draft, listing: Listing, id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of a node, and what they list, by name."""
    record = existing(draft, "nodes", id)
    config = spelled_out(record["type"], record.get("config", {}), listing.field)
    cls: Any = registry[record["type"]] if record["type"] in registry.names() else None
    known = cls is not None and listing.field in cls.config_class().model_fields
    listed = config.get(listing.field)
    if known and not isinstance(listed, dict):
        # A file may say anything.
        listed = {}
    if not isinstance(listed, dict) or not all(isinstance(r, dict) for r in listed.values()):
        raise refuse(f"{record['name']} has no {listing.field} that could be changed", "Choose a pool")
    return config, listed


def _existing(listing: Listing, name: str, listed: dict[str, Any]) -> None:
    if name not in listed:
        raise refuse(f"there is no {listing.word} {name!r}", suggestion(name, listed))


def _refuse_name(name: str, draft: Draft, id: str, config: dict[str, Any], listing: Listing, old: str = "") -> None:
    """A name is that of one port or part of a pool, and so are those that the pool makes of it.

    Args:
        name: What an entry of a listing is to be called.
        draft: The document.
        id: The pool.
        config: Its settings.
        listing: Where the entry is listed.
        old: What it is called until now, if it is there.
    """
    why = illegal(name) or ("every pool has a part of this name" if name in PARTS else None)
    if why:
        raise refuse(why, "Choose another name", str(name))
    modulators = config.get("modulators")
    if isinstance(modulators, list) and name in modulators:
        raise refuse("is the name of another port of the pool", "Names must differ", name)
    record = existing(draft, "nodes", id)
    for other in (RECEPTORS, DENDRITES):
        listed = spelled_out(record["type"], config, other.field).get(other.field)
        if not isinstance(listed, dict):
            continue
        if name in listed:
            known = "another port" if other is RECEPTORS else "a dendrite"
            raise refuse(f"is the name of {known} of the pool", "Names must differ", name)
        _refuse_part(name, listing, other, listed.keys() - {old})
    for receptor in {edge["to"][1] for edge in draft.document["edges"].values() if edge["to"][0] == id}:
        if name in _of_wires(draft, id, receptor).values():
            raise refuse(f"is the name of a part of a wire into {receptor!r}", "Choose another name", name)


def _refuse_listed(draft: Draft, id: str, parts: Iterable[str]) -> None:
    """Refuse parts of wires that would be called as an entry of a listing: their usual names have the receptor's."""
    record = existing(draft, "nodes", id)
    config = record.get("config", {})
    for other in (RECEPTORS, DENDRITES):
        listed = spelled_out(record["type"], config, other.field).get(other.field)
        for name in sorted({*parts} & {*listed} if isinstance(listed, dict) else ()):
            raise refuse(f"a part of a wire would be called as the {other.word} {name!r}", "Choose another name", name)


def _refuse_part(name: str, listing: Listing, other: Listing, names: set[str]) -> None:
    for each in sorted(names):
        if other.owns(each, name):
            raise refuse(f"is the name of a part of the {other.word} {each!r}", "Choose another name", name)
        if listing.owns(name, each):
            raise refuse(f"a part of it would be called as the {other.word} {each!r}", "Choose another name", name)

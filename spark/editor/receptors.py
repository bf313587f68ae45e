"""Commands on what a pool lists by name: its receptors. Wires follow a name, and go with a receptor."""

from collections.abc import Callable
from typing import Any

from spark.core.names import illegal, suggestion
from spark.editor.command_table import command, existing, refuse
from spark.editor.defaults import spelled_out
from spark.editor.draft import Draft
from spark.editor.follow import path_of
from spark.nn.receptors import ReceptorConfig

FIELD = "receptors"


@command
def put_receptor(draft: Draft, id: str, name: str, receptor: str) -> None:
    """Give a pool a receptor of this kind, or make one that it has another kind; wires into it stay."""
    _, config, listed = _listed(draft, id)
    if receptor not in ReceptorConfig.kinds:
        raise refuse(f"{receptor!r} is no receptor", suggestion(receptor, ReceptorConfig.kinds))
    if name not in listed:
        _refuse_name(name, config, listed)
    if listed.get(name, {}).get(ReceptorConfig.tag) != receptor:
        draft.update("nodes", id, config={**config, FIELD: {**listed, name: {ReceptorConfig.tag: receptor}}})


@command
def rename_receptor(draft: Draft, id: str, name: str, to: str) -> None:
    """Give a receptor another name; the wires into it follow."""
    _, config, listed = _listed(draft, id)
    _existing(name, listed)
    if name == to:
        return
    _refuse_name(to, config, listed)
    draft.update("nodes", id, config=_by_name(config, lambda n: to if n == name else n))
    for key in [k for k, e in draft.document["edges"].items() if e["to"] == [id, name]]:
        draft.update("edges", key, to=[id, to])
    head = path_of(draft.document["nodes"], id) + "."
    for key, probe in list(draft.document["probes"].items()):
        # Its own state, that of its projections whose weights stay, and their sum.
        part, dot, rest = probe["path"].removeprefix(head).partition(".")
        if probe["path"].startswith(head) and part in (name, f"{name}_projections", f"{name}_sum"):
            draft.update("probes", key, path=f"{head}{to}{part.removeprefix(name)}{dot}{rest}")


@command
def remove_receptor(draft: Draft, id: str, name: str) -> None:
    """Take a receptor away, and the wires into it."""
    _, config, listed = _listed(draft, id)
    _existing(name, listed)
    if len(listed) == 1:
        raise refuse("a pool has at least one receptor", "Add another one first", name)
    draft.update("nodes", id, config=_by_name(config, lambda n: None if n == name else n))
    for key in [k for k, e in draft.document["edges"].items() if e["to"] == [id, name]]:
        draft.put("edges", key, None)


def _by_name(config: dict[str, Any], renamed: Callable[[str], str | None]) -> dict[str, Any]:
    """Settings in which all that is listed by receptor follows new names; None takes one away."""
    made = dict(config)
    for field in (FIELD, "background", "onto"):
        listed = config.get(field)
        if isinstance(listed, dict):
            made[field] = {to: entry for name, entry in listed.items() if (to := renamed(name)) is not None}
    return {name: value for name, value in made.items() if name == FIELD or value != {}}


def _listed(draft: Draft, id: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A node, its settings, and its receptors by name."""
    record = existing(draft, "nodes", id)
    config = spelled_out(record["type"], record.get("config", {}), FIELD)
    listed = config.get(FIELD)
    if not isinstance(listed, dict) or not all(isinstance(r, dict) for r in listed.values()):
        raise refuse(f"{record['name']} has no receptors that could be changed", "Choose a pool")
    return record, config, listed


def _existing(name: str, listed: dict[str, Any]) -> None:
    if name not in listed:
        raise refuse(f"there is no receptor {name!r}", suggestion(name, listed))


def _refuse_name(name: str, config: dict[str, Any], listed: dict[str, Any]) -> None:
    why = illegal(name)
    if why:
        raise refuse(why, "Choose another name", str(name))
    if name in listed or name in config.get("modulators", []):
        raise refuse("is the name of another port of the pool", "Names must differ", name)

"""Model files: a graph as the editor draws it, in JSON that reads and compares well.

A document is plain data: `{"format", "version", "meta", "run", "nodes", "edges", "notes", "groups", "probes"}`. The
last five are tables from stable ids to records. A node inside a brain names that brain's node as its `parent`; nodes of
the types `Input` and `Output` are a brain's own ports. A wire into a receptor may have a `projection`, its settings.
Whatever is unknown is kept as it is and written back: a type
that is not installed, a wire that hangs in the air, a field of a newer version. No brain is built from such a document:
see `spark.io.graph_config`.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spark.core.errors import FormatError, Problem, SaveError, in_short
from spark.core.strict import check_plain, read_bounded, read_json
from spark.io.atomic import write_atomically
from spark.io.nesting import misplaced

FORMAT, VERSION = "spark graph", 2
SUFFIX = ".spark.json"
TABLES = ("nodes", "edges", "notes", "groups", "probes")
SINGLE = ("meta", "run")
INPUT, OUTPUT, BRAIN = "Input", "Output", "Brain"
# Fields of a brain's config that a document keeps in the node, or in `meta` for the outermost brain.
BRAIN_FIELDS = ("dt", "seed", "check_numbers", "transparent")

MOST_BYTES = 8 << 20
MOST_RECORDS = 100_000
# What to do with a brain whose settings are too many for a file that people read and compare.
TOO_LARGE = "Keep such a brain as a checkpoint: `spark.save_checkpoint`"

Document = dict[str, Any]
# Table, id, record before (None: was not there), record after (None: is gone).
Change = tuple[str, str, Any, Any]
# Brings a document of an older version to the next one. Version 1 has no projections.
MIGRATIONS: dict[int, Callable[[Document], Document]] = {1: lambda document: {**document, "version": 2}}
_PLACED = ("nodes", "notes", "groups")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def new_document(name: str = "brain") -> Document:
    """A document without modules."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "meta": {"name": name},
        "run": {},
        **{table: {} for table in TABLES},
    }


def write_document(document: Document) -> bytes:
    """Canonical bytes: keys sorted, one record a line, so that two versions can be compared line by line.

    They state the oldest version that holds all of it, so that older readers open what they can understand.
    """
    lines = ["{"]
    rest = {k: v for k, v in document.items() if k not in (*TABLES, *SINGLE, "format", "version")}
    heads = {"format": document["format"], "version": _least_version(document), **rest}
    entries = [f"  {json.dumps(key)}: {_line(value)}" for key, value in heads.items()]
    entries += [f"  {json.dumps(key)}: {_line(document[key])}" for key in SINGLE]
    for table in TABLES:
        records = document[table]
        rows = [f"    {json.dumps(key)}: {_line(records[key])}" for key in sorted(records, key=natural)]
        body = "{\n" + ",\n".join(rows) + "\n  }" if rows else "{}"
        entries.append(f"  {json.dumps(table)}: {body}")
    lines.append(",\n".join(entries))
    lines.append("}\n")
    return "\n".join(lines).encode()


def _least_version(document: Document) -> Any:
    """An older reader would keep a projection, and build the brain without it: it must not open the file."""
    if document["version"] not in (*MIGRATIONS, VERSION):
        return document["version"]
    return VERSION if any("projection" in edge for edge in document["edges"].values()) else VERSION - 1


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def natural(key: str) -> tuple[Any, ...]:
    """Ids in the order in which they were given: n2 before n10."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d{1,18})", key))


def read_document(address: str, data: bytes | str) -> Document:
    """Read a document from bytes that may come from anywhere; see `check_document`.

    Raises:
        FormatError: It is no document: everything that is wrong with its form.
    """
    return check_document(address, read_json(address, data, MOST_BYTES, TOO_LARGE))


def check_document(address: str, found: Any) -> Document:
    """The document in plain data, brought to this version.

    Meaning is not checked: unknown types and wires that hang in the air are kept.

    Raises:
        FormatError: It is no document: everything that is wrong with its form.
    """
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        got = found.get("format") if isinstance(found, dict) else type(found).__name__
        raise _error(address, f"is no model file, got the format {got!r}; expected {FORMAT!r}")
    check_plain(address, found)
    while found.get("version") != VERSION:
        version = found.get("version")
        migrate = MIGRATIONS.get(version) if type(version) is int else None
        if migrate is None:
            raise _error(address, f"has an unknown version, got {version!r}; expected {VERSION}", "Update Spark")
        found = migrate(found)
    document = {**new_document(), **found}
    problems = [
        Problem(f"{address}: {key}", f"is not an object, got {type(document[key]).__name__}", "", "format")
        for key in (*TABLES, *SINGLE)
        if not isinstance(document[key], dict)
    ]
    if not problems:
        problems = [p for table in TABLES for p in _check_table(address, table, document[table])]
        problems += [Problem(f"{address}: {place}", why, "", "format") for place, why in _wrong_single(document)]
        keys = [key for table in TABLES for key in document[table]]
        if len(set(keys)) < len(keys):
            twice = sorted({k for k, n in Counter(keys).items() if n > 1})
            problems.append(
                Problem(address, f"holds several records of one id, got {twice[:5]}", "Give each its own", "format")
            )
    if problems:
        raise FormatError(problems)
    return document


def check_records(document: Document, patch: Sequence[Change]) -> list[Problem]:
    """What is wrong with the form of records that a change left in a document.

    Args:
        document: As it is after the change.
        patch: The change.
    """
    problems: list[Problem] = []
    for table, key, _, after in patch:
        if after is None:
            continue
        try:
            check_plain("", {table: {key: after}})
        except FormatError as error:
            problems += [replace(p, fix="") for p in error.problems]
            continue
        if table in TABLES:
            problems += _check_table("", table, {key: after})
            if sum(key in document[t] for t in TABLES) > 1:
                problems.append(Problem(f"{table}.{key}", "is the id of another record", "", "format"))
    if not problems and any(table in SINGLE for table, *_ in patch):
        problems += [Problem(place, why, "", "format") for place, why in _wrong_single(document)]
    if any(len(document[table]) > MOST_RECORDS for table in TABLES):
        problems.append(Problem("", f"the document would have more than {MOST_RECORDS:,} records", "", "format"))
    return problems


def check_change(document: Document, patch: Sequence[Change]) -> list[Problem]:
    """What is wrong with a document that a command changed: the form of records, and what new ones name.

    What was wrong before is not looked for: a file may hold wires that hang in the air, and undo brings them back.

    Args:
        document: As it is after the change.
        patch: The change.
    """
    problems = check_records(document, patch)
    if problems:
        return problems
    for table, key, before, after in patch:
        if table == "edges" and before is None and after is not None:
            lost = [end for end in ("from", "to") if after[end][0] not in document["nodes"]]
            problems += [
                Problem(f"{table}.{key}.{end}", "names a node that is not there", "", "format") for end in lost
            ]
    moved = [
        (table, key, after["parent"])
        for table, key, before, after in patch
        if table in _PLACED and after and (before or {}).get("parent") != after.get("parent")
    ]
    nodes = document["nodes"]
    problems += [
        Problem(f"{table}.{key}.parent", f"is no brain, got {parent!r}", "It may have been deleted", "format")
        for table, key, parent in moved
        if parent is not None and nodes.get(parent, {}).get("type") != BRAIN
    ]
    if moved:
        was = {**nodes, **{key: before for table, key, before, _ in patch if table == "nodes"}}
        known = misplaced({k: n for k, n in was.items() if n is not None})
        problems += [
            Problem(f"nodes.{k}", why, "", "format") for k, why in misplaced(nodes).items() if known.get(k) != why
        ]
    return problems


def load_document(path: str | Path) -> Document:
    """Read a model file.

    Raises:
        FormatError: It cannot be read, or is none.
    """
    return read_document(str(path), read_bounded(Path(path), MOST_BYTES, TOO_LARGE))


def readable(address: str, document: Document) -> bytes:
    """The bytes of a document, if they are what `read_document` reads again.

    Raises:
        SaveError: They are not: everything that is wrong.
    """
    try:
        data = write_document(document)
    except UnicodeEncodeError as error:
        text = f"a text has half a character, got {in_short(str(error.object)[error.start])}; expected whole ones"
        raise SaveError(Problem(address, text, "Look through names, descriptions and the title", "format")) from error
    try:
        read_document(address, data)
    except FormatError as error:
        raise SaveError(error.problems) from error
    return data


def save_document(document: Document, path: str | Path) -> bytes:
    """Write a model file atomically; returns what was written.

    Raises:
        SaveError: Writing failed, or the file could not be read again; what was there before is untouched.
    """
    data = readable(str(path), document)
    write_atomically(Path(path), data)
    return data


def _check_table(address: str, table: str, records: dict[str, Any]) -> list[Problem]:
    if len(records) > MOST_RECORDS:
        return [Problem(f"{address}: {table}", f"has too many records, got {len(records):,}", "", "format")]
    problems = []
    for key, record in records.items():
        where = f"{address}: {table}.{key[:80]}".removeprefix(": ")
        if not _ID.fullmatch(key):
            problems.append(Problem(where, "is no id", "Ids are up to 64 letters, digits, '_' and '-'", "format"))
        elif not isinstance(record, dict):
            problems.append(Problem(where, f"is not an object, got {type(record).__name__}", "", "format"))
        else:
            problems += [Problem(f"{where}.{name}", why, "", "format") for name, why in _wrong(table, record)]
    return problems


def _wrong(table: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields of a record that have not the form that everything else counts on."""
    wrong = []
    if table == "nodes":
        texts = [name for name in ("type", "name") if not isinstance(record.get(name), str)]
        wrong += [(name, f"must be text, got {record.get(name)!r}") for name in texts]
        if not isinstance(record.get("config", {}), dict):
            wrong.append(("config", "must be an object"))
    if table == "edges":
        wrong += [(end, f"must be a node's id and a port, got {record.get(end)!r}") for end in _wrong_ends(record)]
        if type(record.get("order", 0)) is not int:
            wrong.append(("order", "must be a whole number"))
        if not isinstance(record.get("projection", {}), dict):
            wrong.append(("projection", f"must be an object, got {record['projection']!r}"[:200]))
    if table in ("nodes", "notes", "groups"):
        wrong += _wrong_place(record)
    if table == "probes" and not isinstance(record.get("path"), str):
        wrong.append(("path", "must be text"))
    text = {"notes": "text", "groups": "name"}.get(table)
    if text is not None and not isinstance(record.get(text), str):
        wrong.append((text, f"must be text, got {record.get(text)!r}"[:200]))
    if table == "groups" and not _are_texts(record.get("nodes")):
        wrong.append(("nodes", "must be a list of ids"))
    return wrong


def _wrong_single(document: Document) -> list[tuple[str, str]]:
    """Properties and settings of a run that have not the form that everything else counts on."""
    meta, run = document["meta"], document["run"]
    wrong = [
        (f"meta.{name}", f"must be text, got {meta[name]!r}"[:200])
        for name in ("name", "description")
        if not isinstance(meta.get(name), str | None)
    ]
    wrong += [
        (f"run.{name}", f"must be text, got {run[name]!r}"[:200])
        for name in ("environment", "observation", "action")
        if not isinstance(run.get(name), str | None)
    ]
    wrong += [
        (f"run.{name}", "must be an object")
        for name in ("inputs", "stop")
        if not isinstance(run.get(name), dict | None)
    ]
    return wrong


def _wrong_ends(record: dict[str, Any]) -> list[str]:
    return [end for end in ("from", "to") if not _are_texts(record.get(end)) or len(record[end]) != 2]


def _wrong_place(record: dict[str, Any]) -> list[tuple[str, str]]:
    place = record.get("ui", {})
    wrong = []
    if not isinstance(place, dict) or any(not _is_number(place.get(a, 0)) for a in ("x", "y", "width", "height")):
        wrong.append(("ui", "must hold the numbers x and y"))
    if not isinstance(record.get("parent"), str | None):
        wrong.append(("parent", "must be a node's id or null"))
    return wrong


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _error(address: str, message: str, fix: str = "Write it with Spark") -> FormatError:
    return FormatError(Problem(address, message, fix, "format"))

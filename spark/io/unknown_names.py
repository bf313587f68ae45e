"""Names in a document that mean nothing: of its tables, of the fields of their records, of settings of a run.

The editor keeps what it does not know and writes it back, for a file may come from a newer version. A brain is not
built from such a file: a misspelt name would be a setting that is left out, and nothing would say so.
"""

from collections.abc import Iterable, Iterator, Mapping

from spark.core.errors import Problem
from spark.core.names import suggestion
from spark.core.registry import modules as registry
from spark.io.model_file import BRAIN, BRAIN_FIELDS, INPUT, OUTPUT, SINGLE, TABLES, Document

_TOP = ("format", "version", *SINGLE, *TABLES)
_META = ("name", "description", *BRAIN_FIELDS)
_RUN = ("environment", "observation", "action", "scale", "steps_per_action", "inputs", "speed", "stop")
_SOURCE = ("value", "rate", "file")
_STOP = ("nan", "step", "silence", "rate")
_FIELDS = {
    "nodes": ("type", "name", "parent", "config", "ui"),
    "edges": ("from", "to", "order", "projection"),
    "notes": ("text", "parent", "ui"),
    "groups": ("name", "nodes", "parent", "ui"),
    "probes": ("path", "view", "node", "settings"),
}
_PLACE = ("x", "y", "width", "height")
_PORT = ("payload_type", "shape", "dtype", "description")


def unknown_names(document: Document) -> Iterator[tuple[Problem, str, str]]:
    """Every name that means nothing: the problem, and the table and the id of its record, empty outside of records.

    Configs of modules, brains and projections are left to those who read them.
    """
    yield from _outside("", document, _TOP)
    yield from _outside("meta", document["meta"], _META)
    yield from _outside("run", document["run"], _RUN)
    yield from _outside("run.stop", document["run"].get("stop"), _STOP)
    inputs = document["run"].get("inputs")
    for name, source in (inputs if isinstance(inputs, Mapping) else {}).items():
        yield from _outside(f"run.inputs.{name}", source, _SOURCE)
    for table, fields in _FIELDS.items():
        for key, record in document[table].items():
            # What is not installed here may be of a later version, with names of its own.
            if table == "nodes" and record["type"] not in {INPUT, OUTPUT, BRAIN, *registry.names()}:
                continue
            place = f"{table}.{key}"
            found = [*_unknown(place, record, fields), *_unknown(f"{place}.ui", record.get("ui"), _PLACE)]
            if table == "nodes" and record["type"] in (INPUT, OUTPUT):
                found += _unknown(f"{place}.config", record.get("config"), _PORT)
            for problem in found:
                yield problem, table, key


def _outside(place: str, found: object, known: Iterable[str]) -> Iterator[tuple[Problem, str, str]]:
    for problem in _unknown(place, found, known):
        yield problem, "", ""


def _unknown(place: str, found: object, known: Iterable[str]) -> Iterator[Problem]:
    """The names of an object that are none of those known; what is no object is judged elsewhere."""
    for name in found if isinstance(found, Mapping) else ():
        if name not in known:
            address = f"{place}.{name[:80]}".removeprefix(".")
            yield Problem(address, "is unknown", suggestion(name, known), "unknown-name")

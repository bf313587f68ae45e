"""Which wires can be drawn is one rule: the server's, by a list of kinds that the page looks into.

`web/test/wires.json` holds what the page's own test compares with: `python tests/editor/test_wires_agree.py` writes it.
"""

import json
from pathlib import Path

from spark import FloatArray, SpikeArray
from spark.editor.ports import kinds_of, port_list
from spark.io.graph_config import PAYLOADS

PATH = Path(__file__).parents[2] / "web" / "test" / "wires.json"


class LoudFloat(FloatArray):
    """A payload of a user's own: a port that takes numbers takes it too, and not the other way round."""


class LoudSpike(SpikeArray):
    """Another."""


class LouderFloat(LoudFloat):
    """And one of its kind."""


TYPES = [*PAYLOADS.values(), LoudFloat, LouderFloat, LoudSpike]


def shared():
    """A catalogue with a module of each payload, a document with a node of each, and the pairs that fit."""
    modules = {
        f"M{t.__name__}": {"inputs": port_list({"x": t}), "outputs": port_list({"y": t})}
        for t in TYPES
    }  # fmt: skip
    nodes = {f"n{i}": {"type": f"M{t.__name__}", "name": t.__name__.lower(), "config": {}} for i, t in enumerate(TYPES)}
    fits = [f"n{i} n{j}" for i, a in enumerate(TYPES) for j, b in enumerate(TYPES) if issubclass(a, b)]
    document = {"meta": {}, "run": {}, "nodes": nodes, "edges": {}, "notes": {}, "groups": {}, "probes": {}}
    return {"catalogue": {"modules": modules, "payloads": {}, "kinds": {}}, "document": document, "fits": fits}


def test_the_page_is_tested_with_what_the_server_allows():
    assert json.loads(PATH.read_text(encoding="utf-8")) == shared()


def test_a_payload_may_be_taken_by_what_takes_its_base():
    assert kinds_of(LouderFloat) == ["LouderFloat", "LoudFloat", "FloatArray"]
    assert all(
        (b.__name__ in kinds_of(a)) == issubclass(a, b) for a in TYPES for b in TYPES
    )  # fmt: skip


if __name__ == "__main__":
    PATH.write_text(json.dumps(shared(), indent=1) + "\n", encoding="utf-8")

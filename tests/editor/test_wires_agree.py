"""Which wires can be drawn, and why others cannot, is one rule in one table of words: the server's.

`web/test/wires.json` holds what the page's own test compares with, case by case and word by word:
`python tests/editor/test_wires_agree.py` writes it.
"""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from spark import FloatArray, SpikeArray
from spark.core.part import Part
from spark.editor import catalogue_view, ports
from spark.editor.ports import REASONS, inputs, kinds_of, outputs, port_list, why_not
from spark.io.graph_config import PAYLOADS
from spark.io.model_file import BRAIN, INPUT, OUTPUT

PATH = Path(__file__).parents[2] / "web" / "test" / "wires.json"


class LoudFloat(FloatArray):
    """A payload of a user's own: a port that takes numbers takes it too, and not the other way round."""


class LoudSpike(SpikeArray):
    """Another."""


class LouderFloat(LoudFloat):
    """And one of its kind."""


TYPES = [*PAYLOADS.values(), LoudFloat, LouderFloat, LoudSpike]


def node(type_name, name, parent=None, **config):
    return {"type": type_name, "name": name, "parent": parent, "config": config}


def shared():
    """A catalogue with a module of each payload, a document with a node of each, and why which wires cannot be.

    Beside them stand outputs with and without a wire, and a brain in the brain with two ports.
    """
    classes = {f"M{t.__name__}": SimpleNamespace(inputs={"x": t}, optional={}, outputs={"y": t}) for t in TYPES}
    modules = {n: {"inputs": port_list(c.inputs), "outputs": port_list(c.outputs)} for n, c in classes.items()}
    nodes = {f"n{i}": node(f"M{t.__name__}", t.__name__.lower()) for i, t in enumerate(TYPES)}
    floats = f"n{TYPES.index(FloatArray)}"
    nodes |= {
        "i": node(INPUT, "level"),
        "o": node(OUTPUT, "bare"),
        "p": node(OUTPUT, "wired"),
        "b": node(BRAIN, "inner"),
    }
    nodes |= {"c": node(INPUT, "enters", "b"), "d": node(OUTPUT, "leaves", "b", payload_type="SpikeArray")}
    edges = {
        f"e{i}": {"from": [floats, "y"], "to": end, "order": 0} for i, end in enumerate([[floats, "x"], ["p", "value"]])
    }
    document = {"meta": {}, "run": {}, "nodes": nodes, "edges": edges, "notes": {}, "groups": {}, "probes": {}}
    lone = [("n0", "nothing"), ("away", "x")]
    begins = [(n, "y") for n in nodes if n[0] == "n"] + [("i", "value"), ("b", "leaves"), ("c", "value"), ("n0", "x")]
    ends = [(n, "x") for n in nodes if n[0] == "n"] + [("o", "value"), ("p", "value"), ("b", "enters"), ("d", "value")]
    pairs = [(list(a), list(b)) for a in begins + lone for b in [*ends, ("n0", "y"), *lone]]
    registry = {n: type(n, (Part,), {"ports": staticmethod(lambda c=c: c)}) for n, c in classes.items()}
    with patch.object(ports, "registry", registry):
        inner = {"b": {"inputs": port_list(inputs(document, "b")), "outputs": port_list(outputs(document, "b"))}}
        why = {".".join(a) + " " + ".".join(b): why_not(document, a, b) for a, b in pairs}
    payloads = {n: {"kinds": kinds_of(t)} for n, t in PAYLOADS.items()}
    catalogue = {"modules": modules, "payloads": payloads, "kinds": {}, "reasons": REASONS}
    return {"catalogue": catalogue, "document": document, "ports": inner, "why": why}


def test_the_page_is_tested_with_what_the_server_allows_and_says():
    assert json.loads(PATH.read_text(encoding="utf-8")) == shared()


def test_every_reason_is_among_the_cases_and_fits_are_those_of_the_payloads():
    why = shared()["why"]
    for reason in REASONS.values():
        pattern = re.sub(r"\\{\w+\\}", ".+", re.escape(reason))
        assert any(text and re.fullmatch(pattern, text) for text in why.values()), reason
    wired = f"n{TYPES.index(FloatArray)}"
    for i, a in enumerate(TYPES):
        for j, b in enumerate(TYPES):
            if {f"n{i}", f"n{j}"} != {wired}:
                assert (why[f"n{i}.y n{j}.x"] is None) == issubclass(a, b)


def test_the_page_has_its_words_from_the_catalogue():
    assert catalogue_view.view()["reasons"] == REASONS


def test_a_payload_may_be_taken_by_what_takes_its_base():
    assert kinds_of(LouderFloat) == ["LouderFloat", "LoudFloat", "FloatArray"]
    assert all(
        (b.__name__ in kinds_of(a)) == issubclass(a, b) for a in TYPES for b in TYPES
    )  # fmt: skip


if __name__ == "__main__":
    PATH.write_text(json.dumps(shared(), indent=1) + "\n", encoding="utf-8")

"""The built page: whole, of these sources, small, and asking nobody for anything. Needs no Node."""

import hashlib
import json
import re
from importlib import resources
from pathlib import Path

import pytest

from spark.editor.app import FILES

ROOT = Path(__file__).parents[2]
STATIC = resources.files("spark.editor").joinpath("static")
BUILD = json.loads(STATIC.joinpath("BUILD.json").read_text())
MEND = "The page was not built from these sources: run `make web`, and commit spark/editor/static"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_the_page_is_built_from_the_sources_that_are_here():
    web = ROOT / "web"
    found = [p for p in (web / "src").rglob("*") if p.is_file()]
    found += [web / n for n in ("package.json", "package-lock.json", "build.mjs", "index.html", "icon.svg")]
    assert {p.relative_to(web).as_posix(): digest(p.read_bytes()) for p in found} == BUILD["sources"], MEND


def test_the_files_are_those_that_were_built():
    names = {f.name for f in STATIC.iterdir()} - {"BUILD.json"}
    assert {n: digest(STATIC.joinpath(n).read_bytes()) for n in names} == BUILD["built"], MEND


def test_the_page_is_below_a_megabyte_and_a_half():
    assert sum(len(f.read_bytes()) for f in STATIC.iterdir()) < 1.5 * 2**20


def test_everything_that_is_served_is_there():
    assert set(FILES) | {"index.html", "replay.js", "replay.css"} <= {f.name for f in STATIC.iterdir()}


@pytest.mark.parametrize("name", ["index.html", "app.css", "replay.css", "icon.svg"])
def test_nothing_is_loaded_from_elsewhere(name):
    text = STATIC.joinpath(name).read_text()
    assert not re.findall(r"""(?:src|href)=["']\s*(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""", text)


def test_no_code_is_made_from_text_and_no_source_map_is_shipped():
    for name in ("app.js", "widget.js", "replay.js"):
        text = STATIC.joinpath(name).read_text()
        assert "sourceMappingURL" not in text and "new Function(" not in text and not re.search(r"\beval\(", text)


def test_the_licences_of_what_is_shipped_are_there():
    text = STATIC.joinpath("THIRD_PARTY_LICENSES.txt").read_text()
    locked = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    shipped = {
        p.rpartition("node_modules/")[2]
        for p, about in locked.items()
        if p and not about.keys() & {"dev", "devOptional"}
    }
    assert shipped >= {"react", "react-dom", "@xyflow/react", "uplot", "zustand"}
    assert {n for n in shipped if f"{n} " not in text} == set()
    assert len(text) > 1000 * 10

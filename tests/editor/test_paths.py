"""No path that comes over the wire leads out of the editor's folder."""

import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark.editor.paths import Root

BAD = [
    "",
    ".",
    "..",
    "../a",
    "a/../../b",
    "a/..",
    "/etc/passwd",
    "/",
    "//host/share",
    "\\\\host\\share",
    "C:\\a",
    "C:/a",
    "c:a",
    "....//a",
    "..;/a",
    "%2e%2e/a",
    "%252e%252e/a",
    "a%00b",
    "a\0b",
    "a\nb",
    "a\rb",
    "a\tb",
    "\x7f",
    "a:b",
    "a|b",
    "a<b",
    "a>b",
    'a"b',
    "a?b",
    "a*b",
    "CON",
    "con",
    "CON.spark.json",
    "nul.txt",
    "COM1",
    "lpt9.svg",
    "AUX.",
    "a.",
    "a ",
    "a. ",
    "a/b.",
    "a /b",
    ".hidden",
    "a/.hidden",
    ".ssh/id",
    "~/a\0",
    "x" * 501,
    "a//b",
    "a/",
    "/a/",
    "a/./b",
    "./a",
    "a\\b",
    "a\\..\\b",
    "\u202e\0",
    "..\\a",
    "..%2fa",
    "..%5ca",
    "%c0%ae%c0%ae/a",
    "file:///etc/passwd",
    "http://a/b",
    "a\x1bb",
    "a\x00.spark.json",
    "../files-other/a",
    "../files/../../a",
    None,
    3,
    ["a"],
    {"a": 1},
    True,
    b"a",
]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files-other").mkdir()
    (tmp_path / "files-other" / "secret").write_text("secret")
    return Root(tmp_path / "files")


@pytest.mark.parametrize("text", BAD, ids=lambda t: repr(t)[:30])
def test_a_bad_path_is_refused(root, text):
    with pytest.raises(spark.FormatError):
        root.resolve(text)


@given(st.text(max_size=40))
def test_whatever_is_not_refused_is_inside(tmp_path_factory, text):
    root = Root(tmp_path_factory.getbasetemp())
    try:
        found = root.resolve(text)
    except spark.FormatError:
        return
    assert os.path.commonpath([root.folder, found]) == str(root.folder) and found != root.folder


@pytest.mark.parametrize(
    "text", ["a.spark.json", "folder/b.spark.json", "with space.spark.json", "größe.spark.json", "~a"]
)
def test_plain_names_are_taken(root, text):
    assert root.resolve(text) == root.folder / text


def test_a_link_that_leads_out_is_refused(root):
    (root.folder / "link").symlink_to(root.folder.parent / "files-other")
    with pytest.raises(spark.FormatError, match="leads out"):
        root.resolve("link/secret")
    assert root.listing(("secret",)) == []


def test_another_ending_is_refused(root):
    with pytest.raises(spark.FormatError, match=r"another ending than \.spark\.json"):
        root.resolve("a.py", (".spark.json",))


def test_a_listing_shows_files_below_and_no_hidden_ones(root):
    for name in ("b.npy", "a.npy", ".c.npy", "in/d.npy", ".git/e.npy", "f.txt"):
        path = root.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    assert root.listing((".npy",)) == ["a.npy", "b.npy", "in/d.npy"]


@pytest.mark.skipif(sys.platform == "win32", reason="swaps links as Linux does")
def test_a_link_swapped_in_while_a_path_is_resolved_never_leads_out(root):
    """What is resolved is the real path: a link that is put there later changes nothing of it."""
    target = root.folder / "sub"
    for _ in range(200):
        target.mkdir()
        found = root.resolve("sub/a")
        target.rmdir()
        target.symlink_to(root.folder.parent / "files-other")
        assert found == root.folder / "sub" / "a"
        with pytest.raises(spark.FormatError):
            root.resolve("sub/a")
        target.unlink()

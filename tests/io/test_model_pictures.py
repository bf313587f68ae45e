"""Pictures with the model inside."""

import base64
import contextlib
import struct
import xml.etree.ElementTree as ET
import zlib

import pytest
from documents import examples, small, tutorial
from hypothesis import given
from hypothesis import strategies as st

import spark
from spark.io.model_file import write_document
from spark.io.pictures import BEGIN, END, KEYWORD, model_in, svg

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", examples())
def test_the_model_comes_out_of_an_svg(name):
    document = examples()[name]
    assert model_in("a.svg", svg(document).encode()) == document


def test_an_svg_shows_every_node_and_wire():
    root = ET.fromstring(svg(tutorial()))
    texts = {t.text for t in root.iter(f"{NAMESPACE}text")}
    assert {"drive", "spiker", "neurons_pool", "integrator", "action"} <= texts
    assert len(list(root.iter(f"{NAMESPACE}path"))) == 5


@pytest.mark.parametrize("name", [*examples(), "far away"])
def test_a_whole_svg_is_seen_with_a_margin(name):
    document = examples()[name] if name in examples() else small()
    if name == "far away":
        for node, place in zip(document["nodes"].values(), ((-900, -70), (40, 5), (800, 1200)), strict=True):
            node["ui"] = dict(zip("xy", place, strict=True))
    root = ET.fromstring(svg(document))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    boxes = [
        [float(r.attrib[a]) for a in ("x", "y", "width", "height")]
        for r in root.iter(f"{NAMESPACE}rect")
        if "rx" in r.attrib
    ]
    assert len(boxes) == sum(node.get("parent") is None for node in document["nodes"].values())
    # The margin is the same on all sides, and wires bend no further.
    assert left + 60 == min(x for x, *_ in boxes)
    assert top + 60 == min(y for _, y, *_ in boxes)
    assert left + width - 60 == max(x + across for x, _, across, _ in boxes)
    assert top + height - 60 == max(y + down for _, y, _, down in boxes)


@given(st.text(max_size=30))
def test_whatever_its_name_an_svg_is_well_formed_and_holds_no_element_of_the_name(text):
    document = small()
    document["nodes"]["n3"]["name"] = document["meta"]["name"] = "<script>alert(1)</script>&\"'" + text
    try:
        root = ET.fromstring(svg(document))
    except ET.ParseError:
        # Control characters have no place in XML at all.
        assert any(ord(c) < 32 or ord(c) in (0xFFFE, 0xFFFF) for c in text)
        return
    assert not list(root.iter(f"{NAMESPACE}script"))


def png(*chunks):
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in chunks:
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data


def inside(document):
    text = BEGIN + base64.b64encode(write_document(document)).decode() + END
    return f"{KEYWORD}\0\0\0\0\0{text}".encode()


def test_the_model_comes_out_of_a_png():
    data = png((b"IHDR", b"\0" * 13), (b"tEXt", b"Software\0x"), (b"iTXt", inside(small())), (b"IEND", b""))
    assert model_in("a.png", data) == small()


def test_a_plain_model_file_is_read_as_one():
    assert model_in("a.spark.json", write_document(small())) == small()


WHOLE = png((b"IHDR", b"\0" * 13), (b"iTXt", inside(small())), (b"IEND", b""))
BAD = {
    "a PNG without a model": png((b"IEND", b"")),
    "a PNG whose chunk is damaged": WHOLE.replace(b"c3Bhcms", b"c3Bhcmt"),
    "a PNG that is cut off": WHOLE[:200],
    "an SVG without a model": b"<svg xmlns='a'/>",
    "an SVG with no base64": f"<svg >{BEGIN}!!!{END}</svg>".encode(),
    "an SVG with another text": f"<svg >{BEGIN}e30={END}</svg>".encode(),
    "an SVG whose marks are turned": f"<svg >{END} {BEGIN}</svg>".encode(),
    "something else": b"GIF89a",
}


@pytest.mark.parametrize("name", BAD)
def test_a_picture_without_a_model_is_refused(name):
    with pytest.raises(spark.FormatError, match=r"a\.\w+"):
        model_in("a.svg" if "SVG" in name else "a.png", BAD[name])


@given(st.data())
def test_a_damaged_png_gives_the_model_or_is_refused(data):
    broken = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(spark.FormatError):
        assert model_in("a.png", bytes(broken)) == small()

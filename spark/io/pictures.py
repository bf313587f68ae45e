"""Pictures of a graph with the model inside: SVG made here, PNG made by the page; and the model taken out again.

The model stands in the SVG's `<metadata>`, and in an `iTXt` chunk of the PNG, in base64 and between marks, so that it
is found without parsing XML.
"""

import base64
import struct
import zlib
from html import escape
from typing import Any

from spark.core.errors import FormatError, Problem
from spark.io.model_file import BRAIN, INPUT, OUTPUT, Document, read_document, readable

SUFFIXES = (".svg", ".png")
KEYWORD = "spark-graph"
BEGIN, END = f"{KEYWORD}:", f":{KEYWORD}"
MOST_PICTURE = 64 << 20
WIDTH, HEAD, ROW = 190, 30, 20
_PNG = b"\x89PNG\r\n\x1a\n"
_COLOURS = {INPUT: "#3a7d44", OUTPUT: "#3a7d44", BRAIN: "#5b4b8a"}


def svg(document: Document, parent: str | None = None) -> str:
    """The graph of a brain as SVG; ports and wires as on the page.

    Raises:
        SaveError: The document is none that could be taken out again.
    """
    nodes = {k: n for k, n in document["nodes"].items() if n.get("parent") == parent}
    edges = [e for e in document["edges"].values() if e["from"][0] in nodes and e["to"][0] in nodes]
    ports = {k: _ports(k, edges) for k in nodes}
    boxes = {k: _box(n, ports[k]) for k, n in nodes.items()}
    left = min((b[0] for b in boxes.values()), default=0) - 60
    top = min((b[1] for b in boxes.values()), default=0) - 60
    right = max((b[0] + WIDTH for b in boxes.values()), default=300) + 60
    bottom = max((b[1] + b[2] for b in boxes.values()), default=100) + 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {right - left:g} {bottom - top:g}" '
        f'width="{right - left:g}" height="{bottom - top:g}" font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(str(document['meta'].get('name', 'brain')))}</title>",
        f"<metadata>{_inside(document)}</metadata>",
        f'<rect x="{left:g}" y="{top:g}" width="100%" height="100%" fill="#ffffff"/>',
    ]
    for edge in edges:
        x1, y1 = _place(boxes, ports, edge["from"], 1)
        x2, y2 = _place(boxes, ports, edge["to"], 0)
        bend = max(50.0, abs(x2 - x1) / 2)
        parts.append(
            f'<path d="M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}" '
            'fill="none" stroke="#667" stroke-width="1.5"/>'
        )
    for key, node in nodes.items():
        x, y, height = boxes[key]
        colour = _COLOURS.get(node["type"], "#28557a")
        parts.append(
            f'<g><rect x="{x:g}" y="{y:g}" width="{WIDTH}" height="{height:g}" rx="6" fill="#f6f8fa" '
            f'stroke="{colour}"/>'
            f'<text x="{x + 10:g}" y="{y + 19:g}" font-weight="600" fill="#111">{escape(node["name"][:26])}</text>'
            f'<text x="{x + WIDTH - 8:g}" y="{y + height - 6:g}" text-anchor="end" font-size="9" fill="#556">'
            f"{escape(node['type'][:34])}</text>"
        )
        for side in (0, 1):
            for i, port in enumerate(ports[key][side]):
                px, py = x + side * WIDTH, y + HEAD + ROW * i + ROW / 2
                anchor, shift = ("end", -9) if side else ("start", 9)
                parts.append(f'<circle cx="{px:g}" cy="{py:g}" r="4" fill="{colour}"/>')
                parts.append(
                    f'<text x="{px + shift:g}" y="{py + 4:g}" text-anchor="{anchor}" fill="#333">'
                    f"{escape(port[:20])}</text>"
                )
        parts.append("</g>")
    return "\n".join([*parts, "</svg>\n"])


def _ports(key: str, edges: list[Any]) -> tuple[list[str], list[str]]:
    into = sorted({e["to"][1] for e in edges if e["to"][0] == key})
    return into, sorted({e["from"][1] for e in edges if e["from"][0] == key})


def _box(node: Any, ports: tuple[list[str], list[str]]) -> tuple[float, float, float]:
    ui = node.get("ui", {})
    return ui.get("x", 0), ui.get("y", 0), HEAD + ROW * max(1, *(len(p) for p in ports)) + 14


def _place(boxes: Any, ports: Any, end: list[str], side: int) -> tuple[float, float]:
    x, y, _ = boxes[end[0]]
    return x + side * WIDTH, y + HEAD + ROW * ports[end[0]][side].index(end[1]) + ROW / 2


def _inside(document: Document) -> str:
    return _enclosed(readable("picture", document))


def _enclosed(data: bytes) -> str:
    """Bytes of a model file as they stand in a picture."""
    return BEGIN + base64.b64encode(data).decode() + END


def model_in(name: str, data: bytes) -> Document:
    """The document in a model file, or in a picture that has one inside.

    Raises:
        FormatError: There is none.
    """
    if len(data) > MOST_PICTURE:
        raise _none(name, "is too long")
    if data.startswith(_PNG):
        text = _png_text(name, data)
    elif name.endswith(".svg") or data.lstrip()[:5] in (b"<?xml", b"<svg "):
        text = data.decode("utf-8", "replace")
    else:
        return read_document(name, data)
    begin, end = text.find(BEGIN), text.find(END)
    if not 0 <= begin < end:
        raise _none(name, "is a picture without a model inside")
    try:
        inner = base64.b64decode(text[begin + len(BEGIN) : end], validate=True)
    except ValueError as error:
        raise _none(name, "has a damaged model inside") from error
    return read_document(name, inner)


def _png_text(name: str, data: bytes) -> str:
    at = len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if kind == b"iTXt" and body.startswith(f"{KEYWORD}\0".encode()):
            stated = struct.unpack_from(">I", data, at + 8 + length)[0] if at + 12 + length <= len(data) else None
            if stated != zlib.crc32(kind + body):
                raise _none(name, "has a damaged model inside")
            return body.decode("utf-8", "replace")
        at += 12 + length
    raise _none(name, "is a picture without a model inside")


def _none(name: str, message: str) -> FormatError:
    return FormatError(Problem(name, message, "Open a model file, or a picture exported by the editor", "format"))

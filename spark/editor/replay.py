"""One page that replays a recorded run: no Python, no server, nothing loaded from anywhere."""

import base64
import hashlib
import json
from html import escape
from importlib import resources

from spark.io.model_file import Document
from spark.io.pictures import svg


def replay_page(document: Document, frames: list[str]) -> str:
    """A self-contained HTML page.

    Args:
        document: The graph that is shown.
        frames: What was recorded, frames of the editor's protocol in base64.
    """
    folder = resources.files("spark.editor").joinpath("static")
    script = folder.joinpath("replay.js").read_text(encoding="utf-8")
    style = folder.joinpath("replay.css").read_text(encoding="utf-8")
    name = escape(str(document["meta"].get("name") or "brain"))
    probes = {k: {"path": p["path"], "view": p.get("view", "trace")} for k, p in document["probes"].items()}
    # Only "<" could end the element that holds the data.
    data = json.dumps({"frames": frames, "probes": probes}, allow_nan=False).replace("<", "\\u003c")
    digests = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in (script, style)]
    policy = f"default-src 'none'; script-src 'sha256-{digests[0]}'; style-src 'sha256-{digests[1]}'; img-src data:"
    picture = base64.b64encode(svg(document).encode()).decode()
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width"><style>{style}</style></head>\n'
        f"<body><header><h1>{name}</h1><p>A recorded run of a brain, made with Spark.</p></header>\n"
        f'<main><img alt="The graph of {name}" src="data:image/svg+xml;base64,{picture}">'
        '<div id="panels"></div></main>\n'
        f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script></body></html>\n'
    )

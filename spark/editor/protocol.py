"""How the worker and the editor's server talk: length-prefixed messages over pipes.

A message is a byte `J` (JSON) or `B` (a frame), its length in 4 bytes (little-endian), and its bytes. A frame is the
length of its header in 4 bytes, the header in JSON, padded with spaces so that what follows begins at a multiple of 8,
and arrays one after the other, each padded likewise; the header's `arrays` lists dtype and shape of each.
"""

import json
import struct
from typing import IO, Any

import numpy as np

HEAD = struct.Struct("<cI")


def message(kind: bytes, body: bytes) -> bytes:
    """One message."""
    return HEAD.pack(kind, len(body)) + body


def to_json(value: Any) -> bytes:
    """A message of plain data."""
    return message(b"J", json.dumps(value, allow_nan=False).encode())


def frame(header: dict[str, Any], arrays: list[np.ndarray]) -> bytes:
    """A frame: a header and arrays."""
    arrays = [np.ascontiguousarray(a) for a in arrays]
    header = {**header, "arrays": [[a.dtype.str, list(a.shape)] for a in arrays]}
    head = json.dumps(header, allow_nan=False).encode()
    head += b" " * (-(len(head) + 4) % 8)
    parts = [struct.pack("<I", len(head)), head]
    for array in arrays:
        data = array.tobytes()
        parts += [data, b"\0" * (-len(data) % 8)]
    return b"".join(parts)


def header_of(data: bytes) -> dict[str, Any]:
    """The header of a frame."""
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length])


def arrays_of(data: bytes) -> list[np.ndarray]:
    """The arrays of a frame."""
    (length,) = struct.unpack_from("<I", data)
    at, found = 4 + length, []
    for dtype, shape in header_of(data)["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        found.append(np.frombuffer(data, np.dtype(dtype), count, at).reshape(shape))
        at += -(-count * np.dtype(dtype).itemsize // 8) * 8
    return found


def read(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    """The next message of a pipe, or None at its end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, length = HEAD.unpack(head)
    body = stream.read(length)
    return (kind, body) if len(body) == length else None

"""Sockets between the processes of `jax.distributed`, over which they tell each other a step's spikes."""

import secrets
import socket
import struct
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh

from spark import kernels
from spark.core.errors import Problem, ShardError

_PATIENCE = 300.0  # Seconds for the others to come: they make the same call.
_TOKEN = 16  # Bytes that only processes of this program know.


@dataclass(frozen=True)
class Exchange:
    """A socket to every other process; the sockets are open as long as this is kept.

    Attributes:
        sockets: By number of the process; None for its own.
    """

    sockets: tuple[socket.socket | None, ...]

    @property
    def ends(self) -> np.ndarray:
        """Numbers of the sockets as the native call takes them, int32; -1 for its own."""
        return np.array([-1 if end is None else end.fileno() for end in self.sockets], np.int32)


def exchange(row: jax.Array, ends: jax.Array, turn: jax.Array) -> jax.Array:
    """Tell all processes a row of words, and hear theirs.

    Args:
        row: uint32 (words,).
        ends: int32 (processes,), see `Exchange`.
        turn: uint32 (), which exchange it is: the same in all processes, or they have lost each other.

    Returns:
        All rows, uint32 (processes, words).
    """
    out = jax.ShapeDtypeStruct((ends.size, row.size), jnp.uint32)
    return jax.ffi.ffi_call("spark_exchange", out, has_side_effect=True)(row, ends, turn)


def connect(mesh: Mesh) -> Exchange | None:
    """Connect all processes, where each has one CPU device of the mesh and native kernels; else None, in all of them.

    The collective operations that JAX has for CPUs need a millisecond or two for what takes tens of microseconds so.

    Raises:
        ShardError: A process did not come, or cannot be reached.
    """
    processes = jax.process_count()
    if processes == 1 or [device.process_index for device in mesh.devices.flat] != list(range(processes)):
        return None
    from jax.experimental.multihost_utils import process_allgather

    able = mesh.devices.flat[0].platform == "cpu" and kernels.available()
    with socket.socket() as door:
        address = _own_address()
        door.bind((address, 0))
        door.listen(processes)
        door.settimeout(_PATIENCE)
        own = socket.inet_aton(address) + struct.pack("!HB", door.getsockname()[1], able) + secrets.token_bytes(_TOKEN)
        known = [bytes(row) for row in np.asarray(process_allgather(np.frombuffer(own, np.uint8)))]
        if not all(said[6] for said in known):
            return None
        try:
            return Exchange(_met(door, known, jax.process_index()))
        except OSError as error:
            text = f"did not find each other, got {error}; expected {processes} that all make the same call"
            mend = "Let processes reach each other by TCP, or look why one of them ended"
            raise ShardError(Problem("processes", text, mend, "processes")) from error


def _met(door: socket.socket, known: list[bytes], own: int) -> tuple[socket.socket | None, ...]:
    """A socket to each process: those before this one are called, those behind it call."""
    met: dict[int, socket.socket] = {}
    token = known[0][7:]
    for number in range(own):
        (port,) = struct.unpack("!H", known[number][4:6])
        met[number] = socket.create_connection((socket.inet_ntoa(known[number][:4]), port), _PATIENCE)
        met[number].sendall(token + struct.pack("!I", own))
    while len(met) < len(known) - 1:
        caller, _ = door.accept()
        caller.settimeout(_PATIENCE)
        said = _read(caller, _TOKEN + 4)
        # Whoever else calls is no process of this program.
        if secrets.compare_digest(said[:_TOKEN], token):
            met[struct.unpack("!I", said[_TOKEN:])[0]] = caller
        else:
            caller.close()
    for end in met.values():
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end.settimeout(None)
    return tuple(met.get(number) for number in range(len(known)))


def _read(caller: socket.socket, count: int) -> bytes:
    """So many bytes, or fewer if the caller has ended."""
    said = b""
    while len(said) < count and (more := caller.recv(count - len(said))):
        said += more
    return said


def _own_address() -> str:
    """The address by which this machine reaches others; that of the loopback interface if it reaches none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            # Nothing is sent: the system only says which way it would go.
            asking.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return asking.getsockname()[0]

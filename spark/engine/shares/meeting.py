"""How the processes of `jax.distributed` find each other, to have a socket between every two of them."""

import contextlib
import hashlib
import platform
import secrets
import selectors
import socket
import struct
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import jax
import numpy as np
from jax.sharding import Mesh

from spark import kernels
from spark.engine.shares.exchange import Exchange

_PATIENCE = 30.0  # Seconds for all to meet: they begin together.
_CALL = 3.0  # Seconds for one address to take a call; a firewall may leave it without an answer.
_SILENCE = 60  # Seconds after which a machine that acknowledges nothing is given up.
_LOOPBACK = "127.0.0.1"
_MOST_ADDRESSES = 6
_SAID = struct.Struct(f"!B8sH{4 * _MOST_ADDRESSES}s16s")
_HELLO = struct.Struct("!16sI")


@dataclass(frozen=True)
class Introduction:
    """What a process says of itself to all others, by JAX's own connection.

    Attributes:
        able: Whether it can exchange words over sockets.
        host: Eight bytes that tell its machine from others.
        port: At which it takes calls.
        addresses: By which it may be reached; that of the loopback interface is not among them.
        token: 16 random bytes; those of process 0 are what a caller must know.
    """

    able: bool
    host: bytes
    port: int
    addresses: tuple[str, ...]
    token: bytes

    @classmethod
    def of_this_process(cls, door: socket.socket | None) -> Self:
        """Of this process, which takes calls at this door; without one it is not able."""
        host = hashlib.sha256(platform.node().encode()).digest()[:8]
        port = 0 if door is None else door.getsockname()[1]
        return cls(door is not None, host, port, () if door is None else own_addresses(), secrets.token_bytes(16))

    def packed(self) -> np.ndarray:
        """As bytes, equally many for every process."""
        addresses = b"".join(map(socket.inet_aton, self.addresses))
        return np.frombuffer(_SAID.pack(self.able, self.host, self.port, addresses, self.token), np.uint8)

    @classmethod
    def unpacked(cls, row: np.ndarray) -> Self:
        """From these bytes."""
        able, host, port, packed, token = _SAID.unpack(row.astype(np.uint8).tobytes())
        found = [socket.inet_ntoa(packed[at : at + 4]) for at in range(0, len(packed), 4)]
        return cls(bool(able), host, port, tuple(address for address in found if address != "0.0.0.0"), token)

    def ways_to(self, other: Self) -> tuple[str, ...]:
        """The addresses by which this process may reach another; what both have is another thing for each."""
        if self.host == other.host:
            return (_LOOPBACK, *other.addresses)
        return tuple(address for address in other.addresses if address not in self.addresses)


def connect(mesh: Mesh) -> Exchange | None:
    """Connect all processes, where each has one CPU device of the mesh and native kernels; else None, in all of them.

    The collective operations that JAX has for CPUs need a millisecond or two for what takes tens of microseconds so.
    Where some do not find each other, which a warning says, all use those.
    """
    processes = jax.process_count()
    if processes == 1 or [device.process_index for device in mesh.devices.flat] != list(range(processes)):
        return None
    with contextlib.ExitStack() as opened:
        door, own = _introduced(mesh, processes, opened)
        known = [Introduction.unpacked(row) for row in _told(own.packed())]
        if door is None or not all(said.able for said in known):
            return None
        found, why = _all_met(door, known)
    if found is None:
        warnings.warn(
            f"The processes did not reach each other by TCP, and exchange spikes by JAX's operation: the same results, "
            f"slower. Got: {why}. To mend it: let them reach each other through firewalls, on any port.",
            RuntimeWarning,
            # At the call of `spark.shard`.
            stacklevel=5,
        )
    return found


def _all_met(door: socket.socket, known: Sequence[Introduction]) -> tuple[Exchange | None, str]:
    """Sockets to all where all have met all, else none in any process, and why."""
    for number, said in enumerate(known):
        for before in range(number):
            # All know this of all, and need not wait for a call that nobody can make.
            if not said.ways_to(known[before]):
                return None, f"process {number} has no way to process {before}"
    found, why = None, "another process found not all"
    try:
        found = meet(door, known, jax.process_index(), time.monotonic() + _PATIENCE)
    except OSError as error:
        why = str(error)
    agreed = _told(np.array([found is not None], np.uint8)).all()
    if found is not None and agreed:
        return Exchange(found), ""
    for end in found or ():
        if end is not None:
            end.close()
    return None, why


def _told(row: np.ndarray) -> np.ndarray:
    """What all processes say in this call, (processes, bytes)."""
    from jax.experimental.multihost_utils import process_allgather

    return np.asarray(process_allgather(row))


def _introduced(mesh: Mesh, processes: int, opened: contextlib.ExitStack) -> tuple[socket.socket | None, Introduction]:
    """Where this process takes calls, or None where it cannot exchange words over sockets, and what it says."""
    try:
        if mesh.devices.flat[0].platform == "cpu" and kernels.available():
            door = opened.enter_context(socket.socket())
            door.bind(("", 0))
            door.listen(processes + 16)
            return door, Introduction.of_this_process(door)
    except Exception:  # Whatever it is, the others wait to be told; they would wait for ever.
        return None, Introduction.of_this_process(None)
    return None, Introduction.of_this_process(None)


def meet(
    door: socket.socket, known: Sequence[Introduction], own: int, until: float
) -> tuple[socket.socket | None, ...]:
    """A socket to each process: those before this one are called, those behind it call.

    Args:
        door: A socket that listens, at the port that this process has said.
        known: What each process says of itself.
        own: Number of this process.
        until: When to give up, as `time.monotonic` counts.

    Raises:
        OSError: One was not reached, or did not call in time.
    """
    met: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as opened:
        for number in range(own):
            met[number] = opened.enter_context(_called(known, own, number, until))
        for number, caller in _callers(door, known, own, until).items():
            met[number] = opened.enter_context(caller)
        for end in met.values():
            _make_lasting(end)
        opened.pop_all()
    return tuple(met.get(number) for number in range(len(known)))


def _called(known: Sequence[Introduction], own: int, number: int, until: float) -> socket.socket:
    """A socket to another process, which has said that it is that one."""
    token, port, failed = known[0].token, known[number].port, "it has no address"
    for address in known[own].ways_to(known[number]):
        left = until - time.monotonic()
        if left <= 0:
            break
        with contextlib.ExitStack() as opened:
            try:
                end = opened.enter_context(socket.create_connection((address, port), min(left, _CALL)))
                end.sendall(_HELLO.pack(token, own))
                # It may have others to call before it answers.
                end.settimeout(max(until - time.monotonic(), 0.001))
                if _is_from(_read(end), token, range(number, number + 1)):
                    opened.pop_all()
                    return end
                failed = f"{address} is somebody else"
            except OSError as error:
                failed = f"{address}: {error}"
    raise OSError(f"process {own} cannot reach process {number}: {failed}")


def _callers(door: socket.socket, known: Sequence[Introduction], own: int, until: float) -> dict[int, socket.socket]:
    """The sockets of the processes behind this one. Whoever else calls is no process of this program."""
    token, awaited = known[0].token, set(range(own + 1, len(known)))
    met: dict[int, socket.socket] = {}
    # None of them keeps the others waiting, whatever it says or does not say.
    said: dict[socket.socket, bytes] = {}
    door.setblocking(False)
    with contextlib.ExitStack() as opened, selectors.DefaultSelector() as waiting:
        waiting.register(door, selectors.EVENT_READ)
        while awaited:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"process {min(awaited)} did not call process {own}")
            for key, _ in waiting.select(left):
                caller: Any = key.fileobj
                if caller is door:
                    with contextlib.suppress(OSError):
                        caller = opened.enter_context(door.accept()[0])
                        caller.setblocking(False)
                        waiting.register(caller, selectors.EVENT_READ)
                        said[caller] = b""
                    continue
                ended, said[caller] = _heard(caller, said[caller])
                if not ended:
                    continue
                waiting.unregister(caller)
                if _is_from(said[caller], token, awaited) and _answered(caller, _HELLO.pack(token, own)):
                    number = _HELLO.unpack(said[caller])[1]
                    awaited.remove(number)
                    met[number] = caller
                else:
                    caller.close()
        opened.pop_all()
    for caller in said.keys() - set(met.values()):
        caller.close()
    return met


def _heard(caller: socket.socket, before: bytes) -> tuple[bool, bytes]:
    """What a caller has said by now, and whether that is all."""
    try:
        more = caller.recv(_HELLO.size - len(before))
    except BlockingIOError:
        return False, before
    except OSError:
        return True, b""
    return not more or len(before + more) == _HELLO.size, before + more


def _answered(caller: socket.socket, hello: bytes) -> bool:
    try:
        caller.sendall(hello)
    except OSError:
        return False
    return True


def _is_from(said: bytes, token: bytes, expected: Any) -> bool:
    """Whether one of the expected processes has said this."""
    if len(said) != _HELLO.size:
        return False
    known, number = _HELLO.unpack(said)
    return secrets.compare_digest(known, token) and number in expected


def _read(end: socket.socket) -> bytes:
    """A hello, or less if the other one has ended."""
    said = b""
    while len(said) < _HELLO.size and (more := end.recv(_HELLO.size - len(said))):
        said += more
    return said


def _make_lasting(end: socket.socket) -> None:
    """Send at once, wait for as long as the other one computes, and find out when its machine is gone."""
    end.settimeout(None)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _SILENCE // 6)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    if sys.platform == "darwin":
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPALIVE, _SILENCE // 2)
    elif sys.platform == "linux":
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _SILENCE // 2)
        # Nobody asks a machine that has not acknowledged what was sent to it.
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE * 1000)


def own_addresses() -> tuple[str, ...]:
    """The addresses by which other machines may reach this one; first that by which it reaches most others."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        with contextlib.suppress(OSError):
            # Nothing is sent: the system only says which way it would go.
            asking.connect(("192.0.2.1", 9))
            found.append(asking.getsockname()[0])
        if sys.platform == "linux":
            found += _of_interfaces(asking)
        else:
            with contextlib.suppress(OSError):
                found += socket.gethostbyname_ex(socket.gethostname())[2]
    outside = [address for address in dict.fromkeys(found) if not address.startswith(("127.", "0."))]
    return tuple(outside[:_MOST_ADDRESSES])


def _of_interfaces(asking: socket.socket) -> list[str]:
    """The address of each network interface that has one, under Linux."""
    import fcntl

    address_of = 0x8915  # SIOCGIFADDR
    found = []
    for _, name in socket.if_nameindex():
        with contextlib.suppress(OSError):
            told = fcntl.ioctl(asking.fileno(), address_of, struct.pack("256s", name.encode()[:15]))
            found.append(socket.inet_ntoa(told[20:24]))
    return found

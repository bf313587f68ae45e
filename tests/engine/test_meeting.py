"""Processes that find each other: strangers and lost ones keep nobody, and all agree whether they have met."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

from spark import kernels
from spark.engine.shares import meeting
from spark.engine.shares.meeting import Introduction, connect, meet

TOKEN = bytes(range(16))
LONG, SHORT = 1200.0, 0.3  # Seconds until the others are given up; only a hang takes the long ones.


@contextlib.contextmanager
def doors(count: int) -> Iterator[tuple[list[socket.socket], list[Introduction]]]:
    """Doors of processes of this machine, and what they say of themselves."""
    with contextlib.ExitStack() as opened:
        made = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        yield made, [replace(Introduction.of_this_process(door), addresses=(), token=TOKEN) for door in made]


def met(made: list[socket.socket], known: list[Introduction], seconds: float = LONG) -> list[Any]:
    """What each process found, or how it failed, each in a thread."""
    found: list[Any] = [None] * len(made)

    def run(own: int) -> None:
        try:
            found[own] = meet(made[own], known, own, time.monotonic() + seconds)
        except OSError as error:
            found[own] = error

    threads = [threading.Thread(target=run, args=(own,)) for own in range(len(made))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def check(found: list[Any]) -> None:
    """Every two hear what the other says, and only the other."""
    for one, ends in enumerate(found):
        assert not isinstance(ends, OSError), ends
        for other, end in enumerate(ends):
            assert (end is None) == (one == other)
            if end is not None:
                end.sendall(bytes([one, other]))
    for one, ends in enumerate(found):
        for other, end in enumerate(ends):
            if end is not None:
                with end:
                    assert end.recv(2) == bytes([other, one])


def reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


HELLO = struct.Struct("!16sI")
STRANGERS: dict[str, Callable[[socket.socket], Any]] = {
    "silent": lambda end: None,
    "reset": reset,
    "ended": lambda end: end.close(),
    "in the middle": lambda end: end.sendall(TOKEN),
    "ended in the middle": lambda end: (end.sendall(TOKEN + b"\0"), end.close()),
    "another token": lambda end: end.sendall(HELLO.pack(TOKEN[::-1], 1)),
    "no such number": lambda end: end.sendall(HELLO.pack(TOKEN, 3)),
    "its own number": lambda end: end.sendall(HELLO.pack(TOKEN, 0)),
    "long": lambda end: end.sendall(b"GET / HTTP/1.1\r\nHost: somebody\r\n\r\n"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_that_calls_first_keeps_nobody(stranger):
    with doors(3) as (made, known), socket.create_connection(made[0].getsockname()) as calling:
        STRANGERS[stranger](calling)
        check(met(made, known))


def test_who_says_a_number_that_was_met_is_turned_away():
    with doors(3) as (made, known), contextlib.ExitStack() as opened:
        calling = [opened.enter_context(socket.create_connection(made[0].getsockname())) for _ in range(3)]
        for end, number in zip(calling, (1, 1, 2), strict=True):
            end.settimeout(LONG)
            end.sendall(HELLO.pack(TOKEN, number))
            time.sleep(0.02)
        found = meet(made[0], known, 0, time.monotonic() + LONG)
        assert [end is None for end in found] == [True, False, False]
        assert sum(end.recv(20) == HELLO.pack(TOKEN, 0) for end in calling) == 2
        for end in found:
            if end is not None:
                end.close()


def test_who_does_not_come_is_named_in_time():
    with doors(2) as (made, known):
        (error,) = met(made[:1], known, SHORT)
    assert str(error) == "process 1 did not call process 0"


def test_who_is_not_reached_is_named_with_the_address_that_was_tried():
    with doors(2) as (made, known):
        made[0].close()
        with pytest.raises(OSError, match=r"process 1 cannot reach process 0: 127.0.0.1: .*refused"):
            meet(made[1], known, 1, time.monotonic() + LONG)


def test_somebody_else_at_an_address_is_no_process_and_the_next_address_is_tried():
    with doors(2) as (made, known), doors(1) as ((stranger,), _):
        port = stranger.getsockname()[1]

        def answer() -> None:
            with stranger.accept()[0] as end:
                end.sendall(b"220 somebody's mail ready\r\n")
                end.recv(1000)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(OSError, match=r"127.0.0.1 is somebody else"):
            meet(made[1], [replace(known[0], port=port), known[1]], 1, time.monotonic() + LONG)
        thread.join()


def test_machines_that_differ_do_not_try_the_loopback_interface_nor_an_address_that_both_have():
    one = Introduction(True, b"machine1", 1, ("172.17.0.1", "10.0.0.1"), TOKEN)
    other = Introduction(True, b"machine2", 2, ("172.17.0.1", "10.0.0.2", "192.168.1.2"), TOKEN)
    assert one.ways_to(other) == ("10.0.0.2", "192.168.1.2")
    assert one.ways_to(replace(other, host=one.host))[0] == "127.0.0.1"
    assert one.ways_to(replace(other, addresses=())) == ()


def test_an_introduction_is_told_whole():
    said = Introduction(True, b"machine1", 65535, ("10.0.0.1", "192.168.255.254"), TOKEN)
    assert Introduction.unpacked(said.packed()) == said
    assert all(not address.startswith("127.") for address in meeting.own_addresses())


def test_an_idle_socket_is_asked_whether_its_machine_is_there():
    with doors(2) as (made, known):
        for ends in met(made, known):
            (end,) = [end for end in ends if end is not None]
            with end:
                assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) <= 10
                assert end.gettimeout() is None


class Others:
    """Process 1 of two, as process 0 hears it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[np.ndarray] = []
        self.calls = self.agrees = self.near = True
        devices = [SimpleNamespace(platform="cpu", process_index=number) for number in (0, 1)]
        self.mesh: Any = SimpleNamespace(devices=np.array(devices))
        monkeypatch.setattr(jax, "process_count", lambda: 2)
        monkeypatch.setattr(jax, "process_index", lambda: 0)
        monkeypatch.setattr(meeting, "_told", self.told)
        monkeypatch.setattr(meeting, "_PATIENCE", SHORT)

    def told(self, row: np.ndarray) -> np.ndarray:
        self.asked.append(row)
        if len(self.asked) == 2:
            return np.stack([row, np.array([self.agrees], np.uint8)])
        first = Introduction.unpacked(row)
        host = first.host if self.near else b"machine2"
        if self.calls and first.able:
            self.end = socket.create_connection(("127.0.0.1", first.port))
            self.end.sendall(HELLO.pack(first.token, 1))
        return np.stack([row, replace(first, port=1, host=host).packed()])


@pytest.fixture
def others(monkeypatch):
    made = Others(monkeypatch)
    yield made
    with contextlib.suppress(AttributeError):
        made.end.close()


needs_kernels = pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")


@needs_kernels
def test_all_that_have_met_have_sockets(others):
    found = connect(others.mesh)
    assert found is not None
    own, other = found.sockets
    assert own is None
    assert other is not None
    other.close()
    assert len(others.asked) == 2


@needs_kernels
@pytest.mark.parametrize("fails", ["bind", "listen", "own_addresses", "available"])
def test_who_cannot_open_a_door_still_tells_the_others(fails, others, monkeypatch):
    class Broken(socket.socket):
        pass

    def broken(*_: Any) -> None:
        raise OSError("no more of them")

    monkeypatch.setattr(meeting.socket, "socket", Broken)
    owner = {"available": kernels, "own_addresses": meeting}.get(fails, Broken)
    monkeypatch.setattr(owner, fails, broken)
    assert connect(others.mesh) is None
    assert [Introduction.unpacked(row).able for row in others.asked] == [False]


def test_no_door_is_opened_where_devices_are_no_cpus(others, monkeypatch):
    monkeypatch.setattr(kernels, "available", lambda: pytest.fail("asked for kernels of CPUs"))
    for device in others.mesh.devices:
        device.platform = "gpu"
    assert connect(others.mesh) is None
    assert [Introduction.unpacked(row).able for row in others.asked] == [False]


@needs_kernels
def test_where_one_meets_nobody_all_agree_to_use_the_operation_of_jax(others):
    others.calls = False
    with pytest.warns(RuntimeWarning, match="reach each other by TCP.*Got: process 1 did not call process 0"):
        assert connect(others.mesh) is None
    assert [row.tolist() for row in others.asked[1:]] == [[0]]


@needs_kernels
def test_who_has_met_all_gives_up_where_another_has_not(others):
    others.agrees = False
    with pytest.warns(RuntimeWarning, match="Got: another process found not all"):
        assert connect(others.mesh) is None
    assert [row.tolist() for row in others.asked[1:]] == [[1]]
    others.end.settimeout(LONG)
    others.end.recv(20)
    assert others.end.recv(1) == b""


@needs_kernels
def test_where_no_way_leads_to_another_machine_nobody_waits_for_it(others):
    """Both have the same addresses only, which are others on each machine."""
    others.near = others.calls = False
    with pytest.warns(RuntimeWarning, match="Got: process 1 has no way to process 0"):
        assert connect(others.mesh) is None
    assert len(others.asked) == 1

"""What one process says to another over a socket: few words as numbered ones, many as they are; errors in words."""

import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from builders import drive, tutorial_brain

import spark
from spark import kernels
from spark.engine.shares.exchange import Exchange, exchange, lost

pytestmark = pytest.mark.skipif(not kernels.available(), reason="no native kernels on this machine")
WORDS = 40
HEADER = struct.Struct("=III")
WHOLE = 0xFFFFFFFF


def letter(row: np.ndarray, turn: int, words: int = WORDS) -> bytes:
    """A row as its sender writes it."""
    found = np.flatnonzero(row).astype(np.uint32)
    if 2 * found.size > row.size:
        return HEADER.pack(turn, words, WHOLE) + row.tobytes()
    return HEADER.pack(turn, words, found.size) + np.stack([found, row[found]], axis=1).tobytes()


def told(row: np.ndarray, say: Callable[[socket.socket], None], turn: int = 5) -> tuple[np.ndarray, bytes]:
    """All rows as process 0 of two knows them, and the bytes that it sent, where the other one says this."""
    own, other = socket.socketpair()
    heard = bytearray()

    def peer() -> None:
        with other:
            say(other)
            while more := other.recv(1 << 16):
                heard.extend(more)

    thread = threading.Thread(target=peer)
    thread.start()
    ends = Exchange((None, own)).ends
    try:
        rows = np.asarray(jax.jit(exchange)(jnp.asarray(row), jnp.asarray(ends), jnp.uint32(turn)))
    finally:
        own.close()
        thread.join()
    return rows, bytes(heard)


@pytest.mark.parametrize("many", [(3, 2), (2, 30), (40, 3), (20, 0), (21, 40), (0, 20)])
def test_both_know_both_rows_and_the_shorter_letter_is_sent(many, rng):
    rows = np.zeros((2, WORDS), np.uint32)
    for row, count in zip(rows, many, strict=True):
        row[rng.permutation(WORDS)[:count]] = rng.integers(1, 2**32, count, dtype=np.uint32)
    found, sent = told(rows[0], lambda end: end.sendall(letter(rows[1], 5)))
    np.testing.assert_array_equal(found, rows)
    assert sent == letter(rows[0], 5)
    assert len(sent) == HEADER.size + 4 * min(WORDS, 2 * many[0])


def test_a_letter_that_comes_in_pieces_is_put_together(rng):
    row = rng.integers(1, 2**32, WORDS, dtype=np.uint32)

    def say(end: socket.socket) -> None:
        for at in range(0, len(letter(row, 5)), 7):
            end.sendall(letter(row, 5)[at : at + 7])

    np.testing.assert_array_equal(told(np.zeros(WORDS, np.uint32), say)[0][1], row)


def test_signals_while_a_peer_is_late_end_nothing(rng):
    row = rng.integers(1, 2**32, WORDS, dtype=np.uint32)
    handled = []

    def say(end: socket.socket) -> None:
        # Each breaks off whatever the process waits for in the kernel.
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        time.sleep(0.1)
        signal.setitimer(signal.ITIMER_REAL, 0)
        end.sendall(letter(row, 5))

    usual = signal.signal(signal.SIGALRM, lambda number, _: handled.append(number))
    try:
        np.testing.assert_array_equal(told(np.zeros(WORDS, np.uint32), say)[0][1], row)
    finally:
        signal.signal(signal.SIGALRM, usual)
    assert handled


LOST = "process 1 is in another step, or has another brain"


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (lambda end: end.shutdown(socket.SHUT_WR), "process 1 has ended"),
        (lambda end: end.sendall(letter(np.zeros(WORDS, np.uint32), 6)), LOST),
        (lambda end: end.sendall(letter(np.zeros(WORDS, np.uint32), 5, WORDS + 1)), LOST),
        (lambda end: end.sendall(HEADER.pack(5, WORDS, WORDS + 1)), LOST),
        (
            lambda end: end.sendall(HEADER.pack(5, WORDS, 1) + struct.pack("=II", WORDS, 1)),
            "sent words of another brain",
        ),
    ],
    ids=["ended", "another step", "another length", "too many words", "no such word"],
)
def test_who_ends_or_says_something_else_is_named(say, said):
    with pytest.raises(jax.errors.JaxRuntimeError, match=said) as caught:
        told(np.zeros(WORDS, np.uint32), say)
    why = lost(caught.value)
    assert why is not None
    assert said in why
    assert why.startswith("process 1 ")


def test_another_error_is_not_about_another_process():
    assert lost(jax.errors.JaxRuntimeError("INTERNAL: out of memory")) is None


def test_a_run_whose_peer_has_ended_says_that_the_state_is_lost():
    brain = tutorial_brain()
    sharded = spark.shard(brain, 1)
    own, other = socket.socketpair()
    other.close()
    # A process of one, whose only device is told to hear another's words as well.
    sharded._exchange = Exchange((own,))
    sharded._fixed = replace(sharded._fixed, ends=jnp.asarray(sharded._exchange.ends)[None])
    with own, pytest.raises(spark.ShardError) as caught:
        sharded.advance(sharded.state, {"drive": drive()}, steps=3)
    text = str(caught.value)
    assert re.match(r"processes: have lost each other, got: process 0 (has ended|cannot be told: \w.*)\. Begin", text)
    assert text.endswith("Begin again from a checkpoint, in all processes: the state is lost")

"""Threads wait where one might meet what another does, and hardly anywhere else."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark.kernels import instructions as ins
from spark.kernels.place import SCRATCH, STATE, Place
from spark.kernels.sharing import LIST_BYTES, Line, Use, formula_line, line, own, whole, with_barriers

pytestmark = pytest.mark.hypothesis
SHARES, BLOCK = 3, 64


def bytes_of(use: Use, share: int, by_one: bool) -> set[tuple[tuple[int, int], int]]:
    """Which bytes a share may touch, from how native code cuts units: whole blocks of 64."""
    if by_one and share != 0:
        return set()
    touched = set(range(use.first, use.end))
    if use.own is not None and not by_one:
        first, size, units = use.own
        blocks = -(-units // BLOCK)
        low, high = (min(units, blocks * n // SHARES * BLOCK) for n in (share, share + 1))
        touched = {at for at in touched if low <= (at - first) // size % units < high}
    return {(use.buffer, at) for at in touched}


def meet(one: Line, other: Line) -> bool:
    """Whether two shares meet at a byte at which one of them writes."""
    return any(
        (a.writes or b.writes)
        and a.buffer == b.buffer
        and bytes_of(a, x, not one.is_shared) & bytes_of(b, y, not other.is_shared)
        for a in one.uses
        for b in other.uses
        for x, y in itertools.permutations(range(SHARES), 2)
    )


def place(first: int, size: int, space: int = SCRATCH) -> Place:
    return Place(space, 0, first, (size,), "int8")


@st.composite
def lines(draw: st.DrawFn) -> Line:
    uses = []
    for _ in range(draw(st.integers(1, 2))):
        writes, units = draw(st.booleans()), draw(st.sampled_from([130, 200]))
        at = place(draw(st.sampled_from([0, 64, 200])), units)
        rows = draw(st.integers(1, 2))
        uses.append(own(at, units, writes, rows) if draw(st.booleans()) else whole(at, writes))
    shared = draw(st.booleans())
    # What all shares write no instruction is shared by.
    shared &= all(use.own is not None or not use.writes for use in uses)
    return Line(ins.COPY, [], uses, shared)


@settings(max_examples=100)
@given(st.lists(lines(), min_size=1, max_size=5))
def test_between_two_that_meet_threads_wait_also_from_one_step_to_the_next(given):
    twice = [*with_barriers(given)] * 2
    for first, last in itertools.combinations(range(len(twice)), 2):
        if all(between.number != ins.BARRIER for between in twice[first : last + 1]):
            assert not meet(twice[first], twice[last])


def waits(*given: Line) -> str:
    """Which lines follow a wait, as a bar."""
    names = {id(one): chr(97 + n) for n, one in enumerate(given)}
    return "".join("|" if one.number == ins.BARRIER else names[id(one)] for one in with_barriers(given))


def test_who_stays_within_their_share_waits_for_nobody():
    current, potential, spikes = (place(at, 128) for at in (0, 128, 256))
    step = place(384, 8)
    soma = line(ins.SOMA, (potential, current, None, current, spikes), (128,))
    sign = line(ins.SIGN, (potential, spikes, current), (128,))
    drawn = line(ins.DRAW_SPIKES, (step, step, current, spikes), (128,))
    assert waits(soma, sign, drawn) == "abc"


def test_a_step_of_a_network_waits_before_spikes_are_read_and_before_they_are_noted():
    cached, ring, spikes = place(0, 128, STATE), place(128, 128, STATE), place(0, 128)
    step, rows, total = place(256, 8, STATE), place(264, 4, STATE), place(128, 4)
    before, now = place(1024, 2 * LIST_BYTES), place(2048, 2 * LIST_BYTES)
    numbers = (128, 1, 128, 0, 0, 0, 0, 0, 1)
    listed = line(ins.LIST_FIRED, (cached, before), (128,))
    scatter = line(ins.SCATTER, (before, rows, rows, rows, None, ring, step, None, None), numbers)
    formula = formula_line([], 128, [(ring, 1, True, True), (spikes, 1, True, True), (step, 1, False, False)])
    copy = line(ins.COPY, (cached, spikes), (128, 1))
    count = line(ins.STEP, (step,), ())
    fired = line(ins.LIST_FIRED, (spikes, now), (128,))
    note = line(ins.NOTE_SPIKES, (total, None, None, now), ())
    room = line(ins.GUARD, (total,), (128, 1000))
    assert waits(listed, scatter, formula, copy, count) == "a|bcd|e"
    # Whether there is room for the spikes of a step all must know before anything that lasts is written.
    assert waits(room, listed, scatter, formula, copy, fired, note, count) == "ab|cdef|gh"


def rule(eligibility: Place | None = None, lists: Place | None = None) -> tuple[Line, Line, Line]:
    """Delivery, traces and change of weights of a rule with one trace on either side."""
    pre, post = 128, 192
    spikes, fired, arrivals = place(0, pre), place(128, post), place(320, 4 * post)
    weights = Place(STATE, 0, 0, (pre, post), "float32")
    kept, read = [Place(STATE, 1, 0, (pre,), "float32"), Place(STATE, 2, 0, (post,), "float32")], []
    read = [Place(SCRATCH, 0, at, (size,), "float32") for at, size in ((4096, pre), (8192, post))]
    step, table = place(12288, 8), place(12352, 64)
    deliver = line(ins.DELIVER_WAITING, (spikes, weights, arrivals, table, None), (pre, post, 1, 1))
    traces = line(ins.TRACES, (*kept, spikes, None, fired, step, *read), (pre, post, 0, 1, 1, 1))
    places = (weights, table, kept[0], spikes, None, fired, step, *read, *(lists,) * 8, eligibility, *(None,) * 6)
    return deliver, traces, line(ins.STDP, places, (1, 1, pre, post, pre * post, 0, 0, 1, 0, 1, 1))


def test_the_weights_of_a_rule_wait_for_its_traces_and_for_nothing_else():
    assert waits(*rule()) == "a|b|c"
    deliver, traces, change = rule(lists=place(16384, 8))
    assert waits(traces, change) == "|a|b" and deliver.is_shared


def test_a_rule_with_an_eligibility_is_one_thread_s_but_its_traces_are_all_threads():
    _, traces, change = rule(eligibility=place(16384, 8))
    assert traces.is_shared and not change.is_shared


def test_a_few_numbers_that_are_read_and_written_in_one_place_are_one_thread_s():
    few, each = place(0, 4), place(64, 128)
    read, written = (few, 1, False, False), (few, 1, False, True)
    assert not formula_line([], 128, [read, (each, 1, True, False), written]).is_shared
    assert formula_line([], 128, [read, (each, 1, True, True)]).is_shared


def test_an_instruction_of_which_nothing_is_said_is_one_thread_s():
    found = line(ins.WATCH, (place(0, 128), None), (1,))
    assert not found.is_shared and all(use.writes for use in found.uses)

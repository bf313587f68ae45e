"""The build order against brute force, on small random graphs."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from spark.graph.order import build_order, is_cycle, upstream

NAMES = "abcdef"


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    return {name: draw(st.lists(st.sampled_from([*names, "__call__"]), max_size=4)) for name in names}


def reach(feeds: dict[str, list[str]]) -> dict[str, set[str]]:
    """Who feeds whom over any number of wires: the wires' matrix, squared until it is closed."""
    closed = {name: {o for o in origins if o in feeds} for name, origins in feeds.items()}
    for _ in feeds:
        closed = {name: found.union(*(closed[o] for o in found)) for name, found in closed.items()}
    return closed


@given(graphs())
def test_upstream_is_the_closure_of_the_wires(feeds: dict[str, list[str]]) -> None:
    assert {name: upstream(name, feeds) for name in feeds} == reach(feeds)


@given(graphs())
def test_every_name_stands_in_one_group(feeds: dict[str, list[str]]) -> None:
    assert sorted(itertools.chain(*build_order(feeds))) == sorted(feeds)


@given(graphs())
def test_two_names_share_a_group_exactly_if_each_feeds_the_other(feeds: dict[str, list[str]]) -> None:
    closed = reach(feeds)
    together = {pair for group in build_order(feeds) for pair in itertools.permutations(group, 2)}
    assert together == {(a, b) for a, b in itertools.permutations(feeds, 2) if a in closed[b] and b in closed[a]}


@given(graphs())
def test_a_group_needs_only_itself_and_earlier_groups(feeds: dict[str, list[str]]) -> None:
    done: set[str] = set()
    for group in build_order(feeds):
        done |= set(group)
        assert all(origin in done for name in group for origin in feeds[name] if origin in feeds)


@given(graphs(), st.randoms())
def test_the_order_does_not_depend_on_the_listing(feeds: dict[str, list[str]], random) -> None:
    listed = [(name, random.sample(origins, len(origins))) for name, origins in feeds.items()]
    random.shuffle(listed)
    assert build_order(dict(listed)) == build_order(feeds)


@given(graphs())
def test_a_group_is_a_cycle_exactly_if_its_first_name_feeds_itself(feeds: dict[str, list[str]]) -> None:
    closed = reach(feeds)
    groups = build_order(feeds)
    assert [is_cycle(g, feeds) for g in groups] == [g[0] in closed[g[0]] for g in groups]

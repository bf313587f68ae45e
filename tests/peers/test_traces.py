"""Traces of Spark beside those of other simulators, which run in environments of their own."""

import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module", params=["brian2", "nest"])
def peer(request: pytest.FixtureRequest) -> tuple[str, Any, dict[str, Any]]:
    """A peer, what compares, and all cases here and there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(BENCH), str(BENCH / "engine"), str(BENCH / "traces"), *sys.path])
        import traces
        from peer import PeerError

        names = traces.cases.HOW[request.param]
        try:
            there, _ = traces.theirs(request.param, names)
        except PeerError as error:
            pytest.skip(f"The environment of {request.param} cannot be made here: {error}")
        return request.param, traces, {name: (traces.ours.result(name), there[name]) for name in names}


@pytest.mark.slow
def test_every_model_follows_the_same_model_of_another_simulator(peer: tuple[str, Any, dict[str, Any]]) -> None:
    which, traces, results = peer
    far = {}
    for name, (here, there) in results.items():
        found = traces.compared(here, there, traces.cases.STEPS[name][0])
        if not traces.within(which, name, found):
            far[name] = found
    assert len(results) >= 14
    assert far == {}

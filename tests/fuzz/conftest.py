"""What a test of random brains sets is gone after it."""

import pytest

from spark.kernels import order


@pytest.fixture(autouse=True)
def usual_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases set these; other tests are to find what was there before."""
    for name in ("SPREAD_BYTES", "SPREAD_CONNECTIONS"):
        monkeypatch.setattr(order, name, getattr(order, name))

"""How many examples a random test draws."""

from hypothesis import settings

# What the profile of `make test` draws of a test that does not say; a thorough one draws more.
USUAL = 30


def examples(quick: int, thorough: int) -> settings:
    """For a test whose every example compiles: few in `make test`, more in `make verify`."""
    return settings(max_examples=thorough if settings.default.max_examples > USUAL else quick)

"""What a rate may be: units fire at most once in a step."""

from spark.core.errors import Problem


def too_fast(max_freq: float, dt: float) -> list[Problem]:
    """The problem of a `max_freq`, Hz, above one spike a step of `dt` ms; none where there is none."""
    most = 1000.0 / dt
    if max_freq <= most:
        return []
    text = f"is above one spike a step, got {max_freq:g} Hz; expected at most {most:g} Hz"
    return [Problem("max_freq", text, "Lower max_freq or shorten dt", "bounds")]

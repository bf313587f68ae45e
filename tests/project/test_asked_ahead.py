"""Memory is asked for ahead by functions whose calls compilers keep."""

from pathlib import Path

NATIVE = Path(__file__).parents[2] / "native"


def test_the_builtin_that_asks_ahead_stands_only_where_it_has_an_effect() -> None:
    """GCC drops calls of a function that does nothing else; see native/ahead.h."""
    files = {path.name: path.read_text() for path in NATIVE.iterdir() if path.is_file()}
    assert [name for name, text in files.items() if "__builtin_prefetch" in text] == ["ahead.h"]
    assert files["ahead.h"].count("__builtin_prefetch(") == files["ahead.h"].count('asm volatile("");')
    assert sum("ask_for_line(" in text for text in files.values()) > 4

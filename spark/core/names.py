"""Names: what is legal, and which legal name was probably meant."""

import difflib
import keyword
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, or None when nothing is close."""
    known = list(known)
    lowered = {k.lower(): k for k in known}
    if name.lower() in lowered:
        return lowered[name.lower()]
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.55)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A sentence for the end of an error that lists the known names already."""
    close = nearest(name, known)
    return otherwise if close is None else f"Did you mean '{close}'?"


def suggestion(name: str, known: Iterable[str], what: str = "name") -> str:
    """A sentence for the end of an error: the nearest name, else all of them."""
    known = sorted(known)
    if not known:
        return f"There is no {what} to choose from"
    close = nearest(name, known)
    if close is not None:
        return f"Did you mean '{close}'?"
    listed = ", ".join(f"'{k}'" for k in known[:12]) + (", ..." if len(known) > 12 else "")
    return f"Known: {listed}"


def illegal(name: object, reserved: Iterable[str] = ()) -> str | None:
    """Why `name` cannot name a module or a port, or None when it can."""
    if not isinstance(name, str):
        return f"a name must be a string, got {type(name).__name__}"
    if not name.isidentifier():
        return f"a name must be a Python identifier, got {name!r}"
    if keyword.iskeyword(name):
        return f"a name must not be a word that Python keeps for itself, got {name!r}"
    if name.startswith("_"):
        return f"a name must not begin with an underscore, got {name!r}"
    if "__" in name:
        return f"a name must not hold a double underscore, got {name!r}"
    if name in set(reserved):
        return f"{name!r} is the name of something that every module has"
    return None

"""Equations of docstrings, which are plain text, as HTML with Greek letters, subscripts and real minus signs."""

import html
import re
from dataclasses import dataclass

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "Delta": "Δ", "eta": "η", "theta": "θ", "Theta": "Θ", "lambda": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "xi": "ξ", "pi": "π",
}  # fmt: skip
FUNCTIONS = {"exp", "log", "min", "max", "clip", "cos", "sin", "tanh", "sqrt", "floor", "argmax", "softmax", "sigmoid"}
UNITS = {"mV", "ms", "pA", "nA", "nS", "MOhm", "GOhm", "Hz", "pF"}
SIGNS = {"<-": "←", "->": "→", ">=": "≥", "<=": "≤", "-": "−", "*": "·", "...": "…"}
CLOSING = {"(": ")", "[": "]"}
TOKEN = re.compile(
    r"(?P<code>`[^`]+`)|(?P<power>\^)|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)"
    r"|(?P<sign><-|->|>=|<=|\.\.\.|[-*])|(?P<other>.)",
    re.DOTALL,
)


def block(text: str) -> str:
    """A block of equations: a line for each, whose columns stand apart where the text has three spaces or more."""
    rows = []
    for line in text.splitlines():
        columns = [part for part in re.split(r"\s{3,}", line.strip()) if part]
        cells = "".join(f'<span class="equation">{words(part) or formula(part)}</span>' for part in columns)
        rows.append(f'<div class="equations-row">{cells}</div>')
    label = html.escape(" ".join(text.split()), quote=True)
    return f'<div class="equations" role="math" aria-label="{label}">{"".join(rows)}</div>'


def words(text: str) -> str:
    """A condition in words, which ends with a colon, as HTML; empty for anything else."""
    if re.fullmatch(r"[A-Za-z][A-Za-z ,]+:", text):
        return f'<span class="word">{text}</span>'
    return ""


@dataclass
class Piece:
    """A part of a formula that may stand above or below a stroke.

    Attributes:
        shown: It as HTML.
        within: It without the brackets around it, where it is all in brackets.
        binds: Whether it is a name, a number or something in brackets: no sign and no space.
        calls: Whether brackets right behind it are its argument.
    """

    shown: str
    within: str = ""
    binds: bool = True
    calls: bool = False


def formula(text: str) -> str:
    """One formula, or words beside one. A quotient of two symbols or brackets is a fraction."""
    tokens = list(TOKEN.finditer(text))
    try:
        return joined(sequence(tokens, 0, "")[0])
    except Unbalanced:
        # A piece of a formula that goes on in another line.
        return "".join(symbol(token) for token in tokens)


class Unbalanced(Exception):
    """A bracket has no other."""


def joined(pieces: list[Piece]) -> str:
    """All pieces, one behind the other."""
    return "".join(piece.shown for piece in pieces)


def sequence(tokens: list[re.Match[str]], position: int, closing: str) -> tuple[list[Piece], int]:
    """The pieces up to a closing bracket, or to the end, and where that is."""
    pieces: list[Piece] = []
    while position < len(tokens):
        text = tokens[position][0]
        if text == closing:
            return pieces, position
        if text in CLOSING.values():
            raise Unbalanced
        if text == "/":
            position = divided(tokens, position, pieces)
        elif tokens[position].lastgroup == "power":
            raised, position = exponent(tokens, position + 1)
            last = pieces.pop() if pieces else Piece("")
            pieces.append(Piece(f"{last.shown}<sup>{raised}</sup>"))
        else:
            piece, position = atom(tokens, position)
            if piece.within and pieces and pieces[-1].calls:
                piece = Piece(pieces.pop().shown + piece.shown)
            pieces.append(piece)
    if closing:
        raise Unbalanced
    return pieces, position


def atom(tokens: list[re.Match[str]], position: int) -> tuple[Piece, int]:
    """One symbol, or what is in brackets, and where the rest begins."""
    text, kind = tokens[position][0], tokens[position].lastgroup
    if text not in CLOSING:
        named = kind == "name" and text not in UNITS
        return Piece(symbol(tokens[position]), binds=named or kind == "number", calls=named), position + 1
    pieces, end = sequence(tokens, position + 1, CLOSING[text])
    inner, shut = joined(pieces), CLOSING[text]
    if text == "[" and end + 1 < len(tokens) and is_index(tokens, end + 1):
        return Piece(f"[{inner}]<sub>+</sub>"), end + 2
    return Piece(f"{text}{inner}{shut}", within=inner if text == "(" else ""), end + 1


def divided(tokens: list[re.Match[str]], position: int, pieces: list[Piece]) -> int:
    """Put a fraction in the place of the last piece, where what stands on both sides can be one; where to go on."""
    after = position + 1
    while after < len(tokens) and not tokens[after][0].strip():
        after += 1
    before = len(pieces)
    while before and not pieces[before - 1].shown.strip():
        before -= 1
    if before and after < len(tokens) and pieces[before - 1].binds and tokens[after][0] not in CLOSING.values():
        below, end = atom(tokens, after)
        while below.calls and end < len(tokens) and tokens[end][0] == "(":
            argument, end = atom(tokens, end)
            below = Piece(below.shown + argument.shown)
        if below.binds:
            if end < len(tokens) and tokens[end].lastgroup == "power":
                raised, end = exponent(tokens, end + 1)
                below = Piece(f"{below.shown}<sup>{raised}</sup>")
            above = pieces[before - 1]
            strokes = f"<span>{above.within or above.shown}</span><span>{below.within or below.shown}</span>"
            pieces[before - 1 :] = [Piece(f'<span class="fraction">{strokes}</span>')]
            return end
    pieces.append(Piece("/", binds=False))
    return position + 1


def is_index(tokens: list[re.Match[str]], position: int) -> bool:
    """Whether a plus sign right after a bracket is its index: the part of a number that is positive."""
    return tokens[position][0] == "+" and (position + 1 == len(tokens) or tokens[position + 1][0] in " ,)")


def exponent(tokens: list[re.Match[str]], position: int) -> tuple[str, int]:
    """What stands after `^`: one symbol with its sign, or what is in brackets; and where the rest begins."""
    if position < len(tokens) and tokens[position][0] == "(":
        depth, end = 0, position
        for end in range(position, len(tokens)):
            depth += {"(": 1, ")": -1}.get(tokens[end][0], 0)
            if depth == 0:
                break
        return "".join(map(symbol, tokens[position + 1 : end])), end + 1
    end = position + (2 if tokens[position][0] == "-" else 1)
    return "".join(map(symbol, tokens[position:end])), end


def symbol(token: re.Match[str]) -> str:
    """One token as HTML."""
    kind, text = token.lastgroup, token[0]
    if kind == "code":
        return f"<code>{html.escape(text.strip('`'))}</code>"
    if kind == "sign":
        return SIGNS[text]
    if kind == "name":
        return name(text)
    return html.escape(text)


def name(text: str) -> str:
    """A variable in italics with its index below; functions, units and words stand upright."""
    if text in UNITS or text in FUNCTIONS:
        return text.replace("MOhm", "MΩ").replace("GOhm", "GΩ")
    if text == "sum":
        return "Σ"
    head, _, index = text.partition("_")
    differential = re.fullmatch(r"d([A-Za-z]|[A-Za-z]+)", head)
    if differential and (len(differential[1]) == 1 or differential[1] in GREEK):
        return f"d{variable(differential[1], index)}"
    numbered = re.fullmatch(r"([A-Za-z])(\d+)", head)
    if numbered:
        head, index = numbered[1], numbered[2] + ("," + index if index else "")
    if len(head) > 1 and head not in GREEK:
        head, below = (head, f"<sub>{index}</sub>") if len(index) == 1 else (text, "")
        return f'<span class="word">{html.escape(head)}</span>{below}'
    return variable(head, index)


def variable(head: str, index: str) -> str:
    """A letter, with what stands below it."""
    letter = f"<i>{GREEK.get(head, html.escape(head))}</i>"
    if not index:
        return letter
    signs = {"plus": "+", "minus": "−"}
    below = ",".join(signs.get(part, GREEK.get(part, part)) for part in re.split("[_,]", index) if part)
    return f"{letter}<sub>{html.escape(re.sub(r',([+−])', lambda m: m[1], below))}</sub>"

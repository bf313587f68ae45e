"""Equations of docstrings, which are plain text, as HTML with Greek letters, subscripts and real minus signs."""

import html
import re

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "Delta": "Δ", "eta": "η", "theta": "θ", "Theta": "Θ", "lambda": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "xi": "ξ",
}  # fmt: skip
FUNCTIONS = {"exp", "log", "min", "max", "clip", "cos", "sin", "tanh", "sqrt", "floor", "argmax", "softmax", "sigmoid"}
UNITS = {"mV", "ms", "pA", "nA", "nS", "MOhm", "GOhm", "Hz", "pF"}
SIGNS = {"<-": "←", "->": "→", ">=": "≥", "<=": "≤", "-": "−", "*": "·", "...": "…"}
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


def formula(text: str) -> str:
    """One formula, or words beside one."""
    out = []
    tokens = list(TOKEN.finditer(text))
    position = 0
    while position < len(tokens):
        token = tokens[position]
        kind = token.lastgroup
        if kind == "power":
            piece, position = exponent(tokens, position + 1)
            out.append(f"<sup>{piece}</sup>")
            continue
        if kind == "other" and token[0] == "]" and position + 1 < len(tokens) and is_index(tokens, position + 1):
            out.append("]<sub>+</sub>")
            position += 2
            continue
        out.append(symbol(token))
        position += 1
    return "".join(out)


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
        return f'<span class="word">{html.escape(text)}</span>'
    return variable(head, index)


def variable(head: str, index: str) -> str:
    """A letter, with what stands below it."""
    letter = f"<i>{GREEK.get(head, html.escape(head))}</i>"
    if not index:
        return letter
    signs = {"plus": "+", "minus": "−"}
    below = ",".join(signs.get(part, GREEK.get(part, part)) for part in re.split("[_,]", index) if part)
    return f"{letter}<sub>{html.escape(re.sub(r',([+−])', lambda m: m[1], below))}</sub>"

"""Regular expressions of a contract in Java's dialect.

The standard names ECMA-262 for them, and Spark reads Java's. Owns which signs mean the same in both, and how the others are
written in Java; an expression with anything else is not translated, so that no rule means something else than its contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SPACES = r"\t\n\x0B\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}"
"""What `\\s` is in ECMA-262; in Java it is a part of that."""
_NO_BREAK = r"[^\n\r\x{2028}\x{2029}]"
"""What `.` is in ECMA-262; in Java it is without U+0085, too."""
_SAME_ESCAPES = re.compile(r"\\(?:[dDwWtnrf]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[^A-Za-z0-9])")
_COUNT = re.compile(r"\{(\d{1,5})(?:(,)(\d{1,5})?)?\}")
_GROUP = re.compile(r"\((?:\?(?:[:=!]|<[A-Za-z][A-Za-z0-9]*>))?")


class Untranslatable(ValueError):
    """What in a regular expression has no exact counterpart in Java."""


def in_java(pattern: str) -> str:
    """A regular expression that has to match from the first character to the last, in Java's dialect, with the same meaning.

    Raises:
        Untranslatable: it may match a part of the text only, which the standard leaves open; or it uses what the two
            dialects do not share. The message says which.
    """
    if not pattern.startswith("^") or not pattern.endswith("$") or _escaped(pattern[:-1]):
        raise Untranslatable(
            "the standard leaves open whether it has to match the whole text; begin with ^, end with $"
        )
    return f"^{''.join(_translated(pattern[1:-1]))}$"


def _escaped(before: str) -> bool:
    """Whether the sign after `before` is escaped: an odd number of backslashes stands there."""
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _translated(inner: str) -> Iterator[str]:
    at = depth = 0
    repeatable = False
    while at < len(inner):
        sign = inner[at]
        was, repeatable = repeatable, True
        match sign:
            case "\\":
                found, length = _escape(inner[at:], in_class=False)
            case ".":
                found, length = _NO_BREAK, 1
            case "[":
                found, length = _class(inner[at:])
            case "(":
                found, length = _group(inner[at:])
                depth, repeatable = depth + 1, False
            case ")":
                depth, found, length = depth - 1, ")", 1
            case "|" if depth:
                found, length, repeatable = "|", 1, False
            case "*" | "+" | "?" | "{":
                found, length = _repeated(inner[at:], was)
                repeatable = False
            case _:
                found, length = _plain(sign), 1
        if depth < 0:
            break
        yield found
        at += length
    if depth:
        raise Untranslatable("its brackets do not match")


def _plain(sign: str) -> str:
    if sign in "^$|":
        raise Untranslatable(f"{sign} stands within it, so that a part of the text may be enough")
    return f"\\{sign}" if sign in "]}" else sign


def _group(rest: str) -> tuple[str, int]:
    found = _GROUP.match(rest)
    if found is None or rest[found.end() : found.end() + 1] == "?":
        raise Untranslatable(f"{rest[:4]} is not the same in ECMA-262 and in Java")
    # The name of a group says nothing, since no other part can refer to it.
    return "(" if found[0].startswith("(?<") else found[0], found.end()


def _repeated(rest: str, repeatable: bool) -> tuple[str, int]:
    count = _COUNT.match(rest)
    if not repeatable or (rest[0] == "{" and (count is None or (count[3] and int(count[1]) > int(count[3])))):
        raise Untranslatable(f"{rest[:6]} repeats nothing")
    length = count.end() if count else 1
    lazy = rest[length : length + 1] == "?"
    if rest[length + lazy : length + lazy + 1] in {"+", "*", "?"}:
        raise Untranslatable(f"{rest[: length + 1]} is not the same in ECMA-262 and in Java")
    return rest[: length + lazy], length + lazy


def _escape(rest: str, *, in_class: bool) -> tuple[str, int]:
    if rest[:2] == "\\s":
        return (_SPACES if in_class else f"[{_SPACES}]"), 2
    if rest[:2] == "\\S" and not in_class:
        return f"[^{_SPACES}]", 2
    if rest[:2] == "\\v":
        return "\\x0B", 2
    if rest[:2] == "\\0" and not rest[2:3].isdecimal():
        return "\\x00", 2
    same = _SAME_ESCAPES.match(rest)
    if same is None:
        raise Untranslatable(f"{rest[:2]} is not the same in ECMA-262 and in Java")
    return same[0], same.end()


def _class(rest: str) -> tuple[str, int]:
    """A set of signs in square brackets; in Java `[` and `&&` within it mean something of their own."""
    begin = "[^" if rest.startswith("[^") else "["
    at, found, last = len(begin), "", ""
    while at < len(rest) and rest[at] != "]":
        sign = rest[at]
        one, length = _escape(rest[at:], in_class=True) if sign == "\\" else (_member(sign), 1)
        many = one == _SPACES or one[1:2] in {"d", "D", "w", "W"}
        if sign == "-" and found and rest[at + 1 : at + 2] not in {"]", ""}:
            if last in {"many", "range"} or rest[at + 1 : at + 3] in {"\\s", "\\d", "\\D", "\\w", "\\W"}:
                raise Untranslatable("a - between more than two signs is read in several ways")
            one, last = "-", "dash"
        else:
            last = "many" if many else "range" if last == "dash" else "one"
            one = "\\-" if sign == "-" else one
        found += one
        at += length
    if at >= len(rest) or not found:
        raise Untranslatable("a set in square brackets is empty or has no end")
    return f"{begin}{found}]", at + 1


def _member(sign: str) -> str:
    return f"\\{sign}" if sign in "[&^~" else sign

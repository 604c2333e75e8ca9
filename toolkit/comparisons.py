"""SQL rewritten so that comparisons mean here what they mean to Spark.

The engine that reads without a JVM compares a decimal with a double as decimals, which hardly any double equals, and takes
text and dates that meet a time to nanoseconds, which end in the year 2262. Spark compares the first as doubles, the second
in microseconds. So each comparison, IN list, BETWEEN, CASE and `coalesce` whose sides are of two such kinds gets casts; all
else stays as it was typed. The engine itself says of which type a side is: here only its extent is found, which is what
stands between operators that bind no tighter than a comparison. Text that cannot be taken apart for certain is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

TypeOf = Callable[[str], str]
"""The Arrow type of an expression over the table, such as `Decimal128(10, 2)`; empty when the engine knows none."""

_TOKEN = re.compile(
    r"""(?P<space>(?:\s+|--[^\n]*|/\*(?:(?!/\*|\*/).)*\*/)+)
    |(?P<text>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<sign><=>|<>|!=|<=|>=|==|\|\||::|->>|->|[-+*/%^&|=<>.,:()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_COMPARED = {"=", "==", "<>", "!=", "<", ">", "<=", ">=", "<=>"}
_ENDS = {
    *_COMPARED, ",", "AND", "OR", "NOT", "IS", "IN", "LIKE", "ILIKE", "SIMILAR", "ESCAPE", "BETWEEN", "WHEN", "THEN", "ELSE",
    "SELECT", "DISTINCT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "BY", "LIMIT", "OFFSET", "ON", "JOIN", "UNION",
    "INTERSECT", "EXCEPT", "ALL", "AS", "WITH", "ASC", "DESC", "NULLS", "QUALIFY",
}  # fmt: skip
"""What an operand of a comparison ends at."""
_CLOSES = {"(": ")", "[": "]", "{": "}", "CASE": "END"}
_CHOOSING = {"COALESCE", "NVL", "IFNULL", "NULLIF", "GREATEST", "LEAST"}
"""Functions that bring their arguments to one type, as a comparison does its sides."""
_NEUTRAL = {"NULL", "TRUE", "FALSE"}
_AS_DECIMAL = re.compile(r" AS Decimal128\((30, 15|14, 7)\)")
"""What the engine casts a double and a float to when a decimal meets them."""
_FAR_DAY = re.compile(r"'(\d{5,}-\d\d-\d\d)'")


class _Unclear(Exception):
    """The text cannot be taken apart for certain."""


@dataclass
class _Token:
    kind: str
    text: str

    @property
    def key(self) -> str:
        return self.text.upper() if self.kind in ("word", "sign") else ""

    def render(self) -> str:
        return self.text


@dataclass
class _Operand:
    """What stands between two ends: one side of a comparison, or anything else without a comparison of its own."""

    lead: str = ""
    parts: list[_Token | _Level] = field(default_factory=list)
    trail: str = ""

    @property
    def text(self) -> str:
        return "".join(part.render() for part in self.parts)

    @property
    def only(self) -> _Token | _Level | None:
        """Its one part; None when it has several."""
        return self.parts[0] if len(self.parts) == 1 else None

    @property
    def is_neutral(self) -> bool:
        """Whether it is a whole number or a constant that is compared alike with everything."""
        only = self.only
        return isinstance(only, _Token) and (only.text.isdigit() or only.key in _NEUTRAL)

    def wrap(self, before: str, after: str) -> None:
        # The line break ends a comment in the operand, which would swallow what follows.
        self.parts = [_Token("call", f"{before}{self.text}{chr(10) if '--' in self.text else ''}{after}")]


@dataclass
class _Level:
    """Operands and their ends at one depth of brackets; `CASE … END` counts as brackets."""

    opening: str
    closing: str
    operands: list[_Operand]
    ends: list[_Token]

    def render(self) -> str:
        ended = [*(end.text for end in self.ends), ""]
        inner = (f"{side.lead}{side.text}{side.trail}{end}" for side, end in zip(self.operands, ended, strict=True))
        return f"{self.opening}{''.join(inner)}{self.closing}"

    @property
    def keys(self) -> list[str]:
        return [end.key for end in self.ends]


def as_spark(sql: str, type_of: TypeOf) -> str:
    """`sql` with its comparisons as Spark makes them.

    Args:
        sql: a condition on the table `t`, or a SELECT. Of a SELECT only what is taken from `t` alone is rewritten, since
            `type_of` knows nothing else.
        type_of: asks the engine for the type of an expression over `t`.
    """
    try:
        return _Reader(list(_tokens(sql)), type_of).level("", "", in_scope=True).render()
    except (_Unclear, RecursionError):
        return sql


def meets_double(plan: str, exact: Iterable[str]) -> bool:
    """Whether a plan of the engine still compares a double, or a float, as a decimal: hardly any equals one.

    Args:
        plan: its text, from `EXPLAIN`.
        exact: columns of the table that are decimals themselves.
    """
    for name in exact if _AS_DECIMAL.search(plan) else ():
        plan = plan.replace(f"CAST(t.{name} AS Decimal128", "")
    return bool(_AS_DECIMAL.search(plan))


def _tokens(sql: str) -> Iterator[_Token]:
    at, before = 0, ""
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        kind = (match and match.lastgroup) or ""
        # A letter directly before a text makes it one with other rules: E'it\'s'.
        if match is None or (kind == "text" and before == "word"):
            raise _Unclear
        with_exponent = kind == "number" and "e" in match[0].lower()
        # To Spark a number with an exponent is a double.
        yield _Token(kind, f"CAST('{match[0]}' AS DOUBLE)" if with_exponent else match[0])
        at, before = match.end(), kind


class _Reader:
    """Takes tokens apart into levels, the innermost first, and mends each level as it is complete."""

    def __init__(self, tokens: list[_Token], type_of: TypeOf) -> None:
        self.tokens = tokens
        self.type_of = type_of
        self.at = 0

    def level(self, opening: str, caller: str, *, in_scope: bool) -> _Level:
        """The level that begins here; `caller` is the word before its bracket."""
        closing = _CLOSES.get(opening.upper(), "")
        in_scope = self._scope(in_scope)
        result = _Level(opening, "", [], [])
        parts: list[_Token | _Level] = []
        before = ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.key in _CLOSES:
                parts.append(self.level(token.text, before, in_scope=in_scope))
            elif token.key in _CLOSES.values():
                if token.key != closing:
                    raise _Unclear
                result.closing = token.text
                break
            elif token.key in _ENDS:
                result.operands.append(self._divided(_operand(parts), in_scope=in_scope))
                result.ends.append(token)
                parts = []
            else:
                parts.append(self._in_microseconds(token, caller, result.ends[-1].key if result.ends else ""))
            before = token.key or (before if token.kind == "space" else "")
        if bool(closing) != bool(result.closing):
            raise _Unclear
        result.operands.append(self._divided(_operand(parts), in_scope=in_scope))
        for sides in _linked(result, caller):
            self._mend(sides, in_scope=in_scope)
        return result

    def _scope(self, outer: bool) -> bool:
        """Whether types can be asked for at the level that begins here: a SELECT of its own has to be from `t` alone."""
        begin = [token.key for token in self.tokens[self.at : self.at + 2] if token.kind != "space"]
        if not {"SELECT", "WITH"} & set(begin[:1]):
            return outer
        rest = [token for token in self.tokens[self.at :] if token.kind != "space"]
        depth, sources = 0, []
        for i, token in enumerate(rest):
            depth += (token.key in ("(", "[", "{")) - (token.key in (")", "]", "}"))
            if depth < 0:
                break
            if depth == 0 and token.key in ("FROM", "JOIN", "WITH") and rest[i - 1].key != "DISTINCT":
                after = [later.text.lower() for later in rest[i + 1 : i + 4]]
                sources.append("" if token.key != "FROM" or "," in after else "".join(after[:1]))
        return set(sources) == {"t"}

    def _in_microseconds(self, token: _Token, caller: str, end: str) -> _Token:
        """The type TIMESTAMP as one of microseconds, where it is a type: `TIMESTAMP '…'`, `CAST(… AS TIMESTAMP)`, `::`."""
        if token.key != "TIMESTAMP":
            return token
        before = next((near for near in reversed(self.tokens[: self.at - 1]) if near.kind != "space"), token)
        after = next((near for near in self.tokens[self.at :] if near.kind != "space"), token)
        cast = before.key == "::" or (caller in ("CAST", "TRY_CAST") and end == "AS")
        is_type = after.kind == "text" or (cast and after.key != "(")
        return _Token("word", "TIMESTAMP(6)") if is_type else token

    def _divided(self, operand: _Operand, *, in_scope: bool) -> _Operand:
        """The operand with each quotient of whole numbers as a double, which the engine would cut to a whole number."""
        for i, sign in enumerate(operand.parts):
            if isinstance(sign, _Token) and sign.key == "/":
                first = max((k for k in range(i) if _is_sign(operand.parts[k], "+-")), default=-1) + 1
                end = next((k for k in range(i + 1, len(operand.parts)) if _is_sign(operand.parts[k], "+-*/%")), None)
                sides = [_operand(operand.parts[first:i]), _operand(operand.parts[i + 1 : end])]
                if all("Int" in self._type(side, in_scope=in_scope) for side in sides):
                    operand.parts[i] = _Token("call", "* CAST(1 AS DOUBLE) /")
        return operand

    def _mend(self, sides: list[_Operand], *, in_scope: bool) -> None:
        """Cast the sides of one comparison to what Spark compares them as."""
        if sum(not side.is_neutral for side in sides) < 2:  # noqa: PLR2004 - one alone meets nothing of another kind
            return
        types = [self._type(side, in_scope=in_scope) for side in sides]
        kinds = set(map(_kind, types))
        if "time" in kinds:
            zone = 'Some("UTC")' if any("Timestamp" in kind and '"' in kind for kind in types) else "None"
            _wrap(sides, types, "text", "arrow_cast(", f", 'Timestamp(Microsecond, {zone})')")
            _wrap(sides, types, "day", "CAST(", " AS TIMESTAMP(6))")
            _wrap(
                [s for s, kind in zip(sides, types, strict=True) if "ns" in kind],
                None,
                "",
                "CAST(",
                " AS TIMESTAMP(6))",
            )
        elif "day" in kinds:
            for side in sides:
                if isinstance(side.only, _Token) and (far := _FAR_DAY.fullmatch(side.text)):
                    side.parts = [_Token("text", f"'+{far[1]}'")]
        # The engine rounds a decimal to another scale than it says, and cannot compare the result.
        rounded = any(re.search(r"\bround\s*\(", side.text, re.IGNORECASE) for side in sides)
        if "decimal" in kinds and (rounded or kinds & {"double", "text"}):
            _wrap(sides, types, "decimal", "CAST(", " AS DOUBLE)")

    def _type(self, side: _Operand, *, in_scope: bool) -> str:
        only = side.only
        if isinstance(only, _Token) and only.kind == "text":
            return "Utf8"
        if isinstance(only, _Token) and only.kind == "number":
            return "Float64" if "CAST" in only.text else "Decimal128" if "." in only.text else "Int64"
        return self.type_of(side.text) if in_scope and side.parts else ""


def _operand(parts: list[_Token | _Level]) -> _Operand:
    """An operand of these parts, with the space around it kept apart."""

    def is_space(part: _Token | _Level) -> bool:
        return isinstance(part, _Token) and part.kind == "space"

    solid = [i for i, part in enumerate(parts) if not is_space(part)]
    if not solid:
        return _Operand("".join(part.render() for part in parts))
    first, last = solid[0], solid[-1] + 1
    lead, trail = ("".join(part.render() for part in some) for some in (parts[:first], parts[last:]))
    return _Operand(lead, parts[first:last], trail)


def _is_sign(part: _Token | _Level, signs: str) -> bool:
    return isinstance(part, _Token) and part.kind in ("sign", "call") and part.text[:1] in signs


def _linked(level: _Level, caller: str) -> Iterator[list[_Operand]]:
    """The operands of a level that are compared with each other, comparison by comparison."""
    keys, operands = level.keys, level.operands
    if caller in _CHOOSING and set(keys) <= {","}:
        yield operands
    if level.opening.upper() == "CASE":
        yield from _of_case(level)
    for i, key in enumerate(keys):
        # NOT IN and IS NOT DISTINCT FROM are several words, with nothing between them.
        left = next((operands[k] for k in range(i, max(i - 4, -1), -1) if operands[k].parts), None)
        right = operands[i + 1]
        if left is None:
            continue
        if key in _COMPARED or (key == "FROM" and keys[i - 1] == "DISTINCT" and keys[i - 2] in ("IS", "NOT")):
            yield [left, right]
        elif key == "BETWEEN" and keys[i + 1 : i + 2] == ["AND"]:
            yield [left, right, operands[i + 2]]
        elif key == "IN" and isinstance(right.only, _Level) and "SELECT" not in right.only.keys:
            yield [left, *right.only.operands]


def _of_case(level: _Level) -> Iterator[list[_Operand]]:
    """In `CASE x WHEN a THEN b ELSE c END`: x with a, and b with c."""
    keys, operands = level.keys, level.operands
    results = [i for i, key in enumerate(keys) if key in ("THEN", "ELSE")]
    if all(set(keys[i + 1 : i + 2]) <= {"WHEN", "ELSE"} for i in results):
        yield [operands[i + 1] for i in results]
    if operands[0].parts:
        yield [operands[0], *(operands[i + 1] for i, key in enumerate(keys) if key == "WHEN")]


def _wrap(sides: list[_Operand], types: list[str] | None, kind: str, before: str, after: str) -> None:
    for i, side in enumerate(sides):
        if types is None or _kind(types[i]) == kind:
            side.wrap(before, after)


def _kind(arrow_type: str) -> str:
    """What matters of an Arrow type when two of them meet."""
    kinds = {
        "Decimal": "decimal",
        "Float": "double",
        "Timestamp": "time",
        "Date": "day",
        "Utf8": "text",
        "LargeUtf8": "text",
    }
    return next((kind for begin, kind in kinds.items() if arrow_type.startswith(begin)), "")

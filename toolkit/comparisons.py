"""SQL rewritten so that comparisons mean here what they mean to Spark.

The engine that reads without a JVM compares a decimal with a double as decimals, which hardly any double equals, and takes
text and dates that meet a time to nanoseconds, which end in the year 2262. Spark compares the first as doubles, the second
in microseconds. So each comparison, IN list, BETWEEN, CASE and `coalesce` whose sides are of two such kinds gets casts; all
else stays as it was typed. The engine itself says of which type a side is. Text that cannot be parsed for certain stays, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

    from toolkit.sql_operands import SqlText

TypeOf = Callable[[str], str]
"""The Arrow type of an expression over the table, such as `Decimal128(10, 2)`; empty when the engine knows none."""

_PLAIN = re.compile(r"(?i)(\s*[^\W\d]\w*(\s*(=|<>|!=|[<>]=?)\s*-?\d+|\s+is\s+(not\s+)?null)\s*($|\b(and|or)\b))*")
"""A condition that means the same to all, which need not be parsed: `a > 5 AND b IS NULL`."""
_COMPARISONS = ("eq", "neq", "lt", "lte", "gt", "gte", "nullsafeeq", "nullsafeneq")
_CHOOSING = ("COALESCE", "NVL", "IFNULL", "NULLIF", "GREATEST", "LEAST")
"""Functions that bring their arguments to one type, as a comparison does its sides."""
_COMPARES = re.compile(rf"(?i)[=<>/]|--|[\d.]e|\b(in|between|case|timestamp|distinct\s+from|{'|'.join(_CHOOSING)})\b")
"""What text contains that could have to be rewritten."""
_EXPONENT = re.compile(r"\+?[\d.]+e[-+]?\d+", re.IGNORECASE)
_AS_DECIMAL = re.compile(r" AS Decimal128\((30, 15|14, 7)\)")
"""What the engine casts a double and a float to when a decimal meets them."""
_FAR_DAY = re.compile(r"'(\d{5,}-\d\d-\d\d)'")


def as_spark(sql: str, type_of: TypeOf) -> str:
    """`sql` with its comparisons as Spark makes them.

    Args:
        sql: a condition on the table `t`, or a SELECT. Of a SELECT only what is taken from `t` alone is rewritten, since
            `type_of` knows nothing else.
        type_of: asks the engine for the type of an expression over `t`.
    """
    if not _COMPARES.search(sql) or _PLAIN.fullmatch(sql):
        return sql
    from toolkit.sql_operands import SqlText

    try:
        text = SqlText(sql)
        _Rewriter(text, type_of).rewrite()
    except (ValueError, RecursionError):
        return sql
    return str(text)


def meets_double(plan: str, exact: Iterable[str]) -> bool:
    """Whether a plan of the engine still compares a double, or a float, as a decimal: hardly any equals one.

    Args:
        plan: its text, from `EXPLAIN`.
        exact: columns of the table that are decimals themselves.
    """
    for name in exact if _AS_DECIMAL.search(plan) else ():
        plan = plan.replace(f"CAST(t.{name} AS Decimal128", "")
    return bool(_AS_DECIMAL.search(plan))


class _Rewriter:
    """Changes the words of one text, the innermost operands first, since a cast inside changes the type outside."""

    def __init__(self, text: SqlText, type_of: TypeOf) -> None:
        self.text = text
        self.type_of = type_of

    def rewrite(self) -> None:
        for node, in_scope in self.text.nodes():
            if node.key == "div" and all("Int" in self._type(side, in_scope) for side in (node.this, node.expression)):
                # The engine would cut it to a whole number.
                self.text.words[self.text.place(node.this).stop] = "* CAST(1 AS DOUBLE) /"
            elif node.key == "literal" and _EXPONENT.fullmatch(self.text.part(node)):
                self._wrap(node, "CAST('", "' AS DOUBLE)")  # to Spark a number with an exponent is a double
            elif node.key == "datatype" and re.match(r"(?i)timestamp\b(?!\s*\()", self.text.part(node)):
                self.text.words[self.text.place(node).start] = "TIMESTAMP(6)"
            for sides in _compared(node):
                self._mend(sides, [self._type(side, in_scope) for side in sides])

    def _mend(self, sides: list[Expr], types: list[str]) -> None:
        """Cast the sides of one comparison to what Spark compares them as."""
        kinds = set(map(_kind, types))
        # The engine rounds a decimal to another scale than it says, and cannot compare the result.
        rounded = any(re.search(r"\bround\s*\(", self.text.part(side), re.IGNORECASE) for side in sides)
        zone = 'Some("UTC")' if any("Timestamp" in kind and '"' in kind for kind in types) else "None"
        for side, arrow_type in zip(sides, types, strict=True):
            kind = _kind(arrow_type)
            if "time" in kinds and kind == "text":
                self._wrap(side, "arrow_cast(", f", 'Timestamp(Microsecond, {zone})')")
            elif "time" in kinds and (kind == "day" or "ns" in arrow_type):
                self._wrap(side, "CAST(", " AS TIMESTAMP(6))")
            elif kind == "decimal" and (rounded or kinds & {"double", "text"}):
                self._wrap(side, "CAST(", " AS DOUBLE)")
            elif "day" in kinds and (far := _FAR_DAY.fullmatch(self.text.part(side))):
                self.text.words[self.text.place(side).start] = f"'+{far[1]}'"

    def _wrap(self, side: Expr, before: str, after: str) -> None:
        place = self.text.place(side)
        self.text.words[place.start] = f"{before}{self.text.words[place.start]}"
        self.text.words[place.stop - 1] += after

    def _type(self, side: Expr, in_scope: bool) -> str:
        sql = self.text.part(side)
        if side.key != "literal":
            return self.type_of(sql) if in_scope and sql else ""
        if side.is_string:
            return "Utf8"
        return "Float64" if "CAST" in sql else "Int64" if side.is_int else "Decimal128"


def _compared(node: Expr) -> Iterator[list[Expr]]:
    """The operands that are compared with each other in this node itself, of which two or more have a type of their own."""
    groups: list[list[Expr]] = []
    if node.key in _COMPARISONS:
        right = node.expression
        # `a = b IS NULL` is parsed as `a = (b IS NULL)`; it means `(a = b) IS NULL`.
        while right.key in ("is", "not", "paren") and "place" not in right.meta:
            right = right.this
        groups = [[node.this, right]]
    elif node.key == "between":
        groups = [[node.this, node.args["low"], node.args["high"]]]
    elif node.key == "in" and node.expressions:
        groups = [[node.this, *node.expressions]]
    elif node.key == "anonymous" and node.name.upper() in _CHOOSING:
        groups = [node.expressions]
    elif node.key == "case":
        branches = node.args["ifs"]
        groups = [[*(branch.args["true"] for branch in branches), *filter(None, [node.args.get("default")])]]
        groups += [[node.this, *(branch.this for branch in branches)]] if node.this else []
    for sides in groups:
        if sum(not (side.key in ("null", "boolean") or side.is_int) for side in sides) > 1:
            yield sides


_KINDS = {
    "Decimal": "decimal",
    "Float": "double",
    "Timestamp": "time",
    "Date": "day",
    "Utf8": "text",
    "LargeUtf8": "text",
}
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_ALIKE = {
    "ABS",
    "AND",
    "COALESCE",
    "EXISTS",
    "IN",
    "LENGTH",
    "LOWER",
    "NOT",
    "OR",
    "TRIM",
    "UPPER",
    "WHEN",
    "THEN",
    "ELSE",
}
"""Words before a bracket that mean the same to the engine and to Spark."""


def _kind(arrow_type: str) -> str:
    """What matters of an Arrow type when two of them meet."""
    return next((kind for begin, kind in _KINDS.items() if arrow_type.startswith(begin)), "")


def doubtful(sql: str) -> str:
    """What of a condition may mean something else to Spark, such as `concat(…)` or `[…]`; empty where nothing may."""
    bare = _QUOTED.sub("''", sql)
    if call := next((word for word in _CALL.findall(bare) if word.upper() not in _ALIKE), None):
        return f"{call}(…)"
    if "[" in bare:
        return "[…]"
    return "a list with NULL" if re.search(r"\bIN\s*\([^)]*\bNULL\b", bare, re.IGNORECASE) else ""

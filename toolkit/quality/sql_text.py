"""Names and values as Spark SQL writes them.

A long expression is put together as text and parsed by Spark once; a call into the JVM for each of its parts takes longer than
many a query. Owns the quoting, so that no name and no message can become anything else.
"""

from __future__ import annotations

import re

from toolkit.columns import quoted

SPACE = r"\p{IsWhite_Space}\x{180E}\x{200B}\x{2060}\x{FEFF}"
"""What is white space, between the brackets of a regular expression of Java's: all that Unicode calls so, and those of its
invisible characters that have no width and join nothing."""
_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")


def parts(column: str) -> list[str]:
    """The names in a column's path: `a.b` is the field `b` of `a`, `` `a.b` `` a column with a dot in its name."""
    return [inside.replace("``", "`") if inside else plain for inside, plain in _PART.findall(column)]


def column(name: str) -> str:
    """A column as rules name it, each part quoted."""
    return ".".join(map(quoted, parts(name)))


def named(name: str) -> str:
    """One name as a part of a column's path, as rules and `F.col` take it: in backticks where it has dots or backticks."""
    return quoted(name) if "." in name or "`" in name else name


def text(value: str) -> str:
    """A text value. A `$` is written by its number, or Spark would put the value of a setting in place of `${setting}`."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def array(elements: list[str], of: str = "string") -> str:
    """An array of those elements that are not null."""
    return (
        f"CAST(array_compact(array({', '.join(elements)})) AS array<{of}>)"
        if elements
        else f"CAST(array() AS array<{of}>)"
    )

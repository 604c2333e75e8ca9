"""What is told about a row that broke a rule: the rule, its column, the values that broke it, and what is wrong.

Owns the form of a reason, and which values it shows. It is put together as SQL text and asked only of bad rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolkit.columns import quoted
from toolkit.quality import sql_text
from toolkit.quality.rules import RowRule

TYPE = "struct<rule:string,column:string,value:string,message:string>"
"""Of a reason, in SQL."""
_TOKEN = re.compile(
    r"""
    '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*"           # text
    | --[^\n]* | /\*.*?\*/                          # a comment
    | \d\w*                                         # a number
    | `(?P<quoted>(?:[^`]|``)+)` | (?P<plain>\w+)   # a name, or a word of SQL
    | (?P<sign>->|\S)
    """,
    re.VERBOSE | re.DOTALL,
)


def reason(rule: RowRule, columns: Sequence[str], unevaluated: str | None = None) -> str:
    """The reason as a SQL expression; its `column` is the rule's first, empty where it names none.

    The value of one column stands by itself; those of several, and of a condition's columns, with their names:
    `ordered_at=2026-01-02, shipped_at=null`.

    Args:
        rule: the one that is broken.
        columns: of the frame.
        unevaluated: the SQL condition that the rule could not be evaluated for the row, for a rule that may fail so; then
            the values are those of all columns that its SQL names.
    """
    named = list(dict.fromkeys(rule.columns))
    value, message = _value(named, columns, rule.conditions), sql_text.text(rule.message)
    if unevaluated:
        value = f"if({unevaluated}, {_value([], columns, rule.sql) if rule.sql else value}, {value})"
        message = f"if({unevaluated}, {sql_text.text(f'For this row {rule.unevaluated}.')}, {message})"
    parts = {
        "rule": sql_text.text(rule.name),
        "column": sql_text.text(named[0] if named else ""),
        "value": value,
        "message": message,
    }
    return f"named_struct({', '.join(f'{sql_text.text(name)}, {value}' for name, value in parts.items())})"


def _value(named: Sequence[str], columns: Sequence[str], conditions: Sequence[str]) -> str:
    if len(named) == 1:
        return f"CAST({sql_text.column(named[0])} AS string)"
    shown = {name: sql_text.column(name) for name in named}
    shown = shown or {sql_text.named(name): quoted(name) for name in columns_in("\n".join(conditions), columns)}
    told = [
        f"{sql_text.text(f'{name}=')}, coalesce(CAST({column} AS string), 'null')" for name, column in shown.items()
    ]
    return f"concat({(', ' + sql_text.text(', ') + ', ').join(told)})" if told else "CAST(NULL AS string)"


def columns_in(sql: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Those of `columns` that an SQL expression names, in the order in which it does.

    It is read word by word: a field's name, a function's and a lambda's own are told from a column's by what stands beside
    them. A word that could be either counts as the column, which is there to be shown in any case.
    """
    there = {name.lower(): name for name in columns}
    names = [there[name] for name in _names(sql) if name in there]
    return tuple(dict.fromkeys(names))


def _names(sql: str) -> Iterator[str]:
    """What could be columns in an expression, in small letters."""
    tokens = [token for token in _TOKEN.finditer(sql) if not token[0].startswith(("--", "/*"))]
    texts = ["", *(token[0] for token in tokens), ""]
    own = {before.strip("`").lower() for before, text in pairwise(texts) if text == "->"}
    for token, before, after in zip(tokens, texts[:-2], texts[2:], strict=True):
        name = (token["quoted"] or "").replace("``", "`") or token["plain"] or ""
        # Before a text stands the word of a literal, such as DATE, or an operator, such as LIKE.
        another = before == "." or after == "(" or after.startswith(("'", '"'))
        if name and not another and name.lower() not in own:
            yield name.lower()

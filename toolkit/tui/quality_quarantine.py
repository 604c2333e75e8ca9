"""A table's quarantine by reason, one row of it explained, and what a repair would do.

Owns the SQL about quarantined rows. Only reads: rows are repaired and released by `toolkit quality release`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual.content import Content

from toolkit.errors import UsageError
from toolkit.lakehouse import Lakehouse
from toolkit.quality import sql_text
from toolkit.quality.quarantine import RULES, VIOLATIONS, quarantine_name
from toolkit.quality.records import RELEASES
from toolkit.quality.verdicts import check_rule_name
from toolkit.query_engine import quoted
from toolkit.reader import DeltaReader, open_table
from toolkit.scenario import check_table_name
from toolkit.words import as_text, cut, literal, plural, when

SAMPLE = 3
LONGEST = 60
NOT_SPARK = "This preview is not by Spark, which judges when it runs."
_SET = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^=`\s]+))\s*=(?!=)(.*)", re.DOTALL)
_PLAIN = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Reason:
    """One rule, and the rows that it sent to quarantine; an empty name stands for all rows."""

    rule: str
    rows: int
    first: datetime | None = None
    """When the first of them came in; None when the table does not say."""
    sources: int = 0
    source: str = ""
    """One of the files they come from."""

    @property
    def where(self) -> str:
        """The condition that finds them.

        Raises:
            UsageError: the rule's name cannot stand in a condition.
        """
        return f"array_has({RULES}, '{check_rule_name(self.rule)}')" if self.rule else ""


@dataclass(frozen=True)
class Quarantine:
    """The rows that a table refused; the first reason is all of them."""

    table: str
    reasons: tuple[Reason, ...]
    columns: tuple[str, ...]
    released: int = 0
    """How many rows ever left it, repaired or not."""
    version: int | None = None
    """Of the table that holds them; None when there is none."""

    @property
    def total(self) -> int:
        """All rows."""
        return self.reasons[0].rows


def read(table: str) -> Quarantine:
    """A table's quarantine by reason, the most frequent first; without such a table it is empty.

    Raises:
        DataError: it cannot be read.
    """
    name = quarantine_name(table)
    released = _released(table)
    if not Lakehouse.default().exists(name):
        return Quarantine(table, (Reason("", 0),), (), released)
    reader = open_table(name)
    columns = tuple(column.name for column in reader.columns())
    everything = Reason("", reader.count())
    reasons = (everything, *(_reasons(reader, columns) if RULES in columns else ()))
    return Quarantine(table, reasons, columns, released, reader.version)


def _released(table: str) -> int:
    if not Lakehouse.default().exists(RELEASES):
        return 0
    return open_table(RELEASES).count(f"table_name = '{check_table_name(table)}'")


def _reasons(reader: DeltaReader, columns: Sequence[str]) -> list[Reason]:
    came = "min(_ingested_at)" if "_ingested_at" in columns else "NULL"
    source = "count(DISTINCT _source), max(_source)" if "_source" in columns else "0, NULL"
    marked = f"(SELECT *, unnest({RULES}) AS broken_rule FROM t)"  # noqa: S608
    sql = f"SELECT broken_rule, count(*), {came}, {source} FROM {marked} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    return [
        Reason(rule, rows, first if isinstance(first, datetime) else None, sources, one or "")
        for rule, rows, first, sources, one in reader.sql(sql).rows
    ]


# One row


def explained(row: Mapping[str, Any]) -> Content:
    """Why a row is in quarantine, where it came from, and what it holds."""
    parts: list[Content | tuple[str, str] | str] = []
    for violation in row.get(VIOLATIONS) or []:
        parts += _violation(violation)
    if row.get("_corrupt_record"):
        parts += [("✖ ", "$text-error bold"), "The line could not be read.\n"]
    if not parts:
        parts.append(("No reason is kept with this row.\n", "$text-muted"))
    parts += [(f"\n{literal(_origin(row))}\n\n", "$text-muted")]
    own = [(name, value) for name, value in row.items() if not name.startswith("_")]
    width = max((len(name) for name, _ in own), default=0)
    for name, value in own:
        parts += [(f"{literal(name):<{width}}  ", "$primary"), f"{literal(as_text(value))}\n"]
    return Content.assemble(*parts)


def _violation(one: Any) -> list[Content | tuple[str, str] | str]:
    if not isinstance(one, dict):
        return [("✖ ", "$text-error bold"), f"{literal(as_text(one))}\n"]
    return [
        ("✖ ", "$text-error bold"),
        (literal(str(one.get("rule", ""))), "bold"),
        f"  {literal(str(one.get('message') or 'no message'))}",
        (f"\n  {literal(about)}\n" if (about := _broken_by(one)) else "\n", "$text-muted"),
    ]


def _broken_by(violation: Mapping[str, Any]) -> str:
    """The value, and whose it is; of several columns each value says so itself."""
    column, value = violation.get("column"), violation.get("value")
    if not column or str(value).startswith(f"{column}="):
        return "" if value is None else str(value)
    return f"{column} = {as_text(value)}"


def _origin(row: Mapping[str, Any]) -> str:
    """Where a row came from, as far as it says."""
    parts = [f"from {row['_source']}"] if row.get("_source") else []
    if row.get("_run_id"):
        parts.append(f"brought in by run {row['_run_id']}")
    if isinstance(row.get("_ingested_at"), datetime):
        parts.append(f"on {when(row['_ingested_at'])[:16]}")
    return f"It came {', '.join(parts)}." if parts else "It does not say where it came from."


# Repair


@dataclass(frozen=True)
class Change:
    """One `column = expression` of a repair."""

    column: str
    expression: str

    @property
    def word(self) -> str:
        """As the command takes it."""
        return f"{self.column if _PLAIN.fullmatch(self.column) else sql_text.quoted(self.column)}={self.expression}"


def change(text: str, columns: Sequence[str]) -> Change:
    """`column = expression` as typed.

    Raises:
        UsageError: it is not of that form, or there is no such column.
    """
    found = _SET.fullmatch(text)
    if found is None or not found[3].strip():
        raise UsageError("Write it as column = expression.", cure="For example: amount = abs(amount)")
    column = found[1].replace("``", "`") if found[1] else found[2]
    if column not in columns or column.startswith("_"):
        raise UsageError.unknown("column", column, [name for name in columns if not name.startswith("_")])
    return Change(column, found[3].strip())


@dataclass(frozen=True)
class Preview:
    """What a repair concerns.

    Attributes:
        rows: how many rows.
        samples: for some of them, each changed column with its value before and after.
        problem: why the values cannot be shown beforehand; empty if they can.
    """

    rows: int
    samples: tuple[tuple[tuple[str, Any, Any], ...], ...] = ()
    problem: str = ""


def preview(table: str, conditions: Sequence[str], changes: Sequence[Change]) -> Preview:
    """How many rows a release would take, and what some of them would become.

    The engine that reads here is not Spark: what it cannot evaluate, Spark may.

    Args:
        table: which.
        conditions: what the rows have to meet, all of them.
        changes: what is to be set.

    Raises:
        UsageError: there is no such quarantine, or a condition cannot be evaluated here.
        DataError: it cannot be read.
    """
    reader = open_table(quarantine_name(table))
    rows = reader.count(conditions)
    if not changes or not rows:
        return Preview(rows)
    names = [one.column for one in changes]
    pairs = ", ".join(f"{quoted(one.column)}, ({one.expression}\n)" for one in changes)
    where = reader.condition(conditions)
    try:
        found = reader.sql(f"SELECT {pairs} FROM (SELECT * FROM t{where} LIMIT {SAMPLE})").rows  # noqa: S608
    except UsageError as problem:
        return Preview(rows, problem=problem.what)
    return Preview(rows, tuple(tuple(zip(names, row[::2], row[1::2], strict=True)) for row in found))


def preview_words(found: Preview, total: int) -> Content:
    """The preview, for people."""
    parts: list[Content | tuple[str, str] | str] = [
        (f"{plural(found.rows, 'row')}", "bold"),
        f" of {total:,} in quarantine would be checked again, and released where no rule is broken any more.",
    ]
    for sample in found.samples:
        told = "   ".join(f"{name}: {_short(before)} → {_short(after)}" for name, before, after in sample)
        parts += [("\n· ", "$text-muted"), literal(told)]
    if found.problem:
        parts += [("\n▲ ", "$text-warning"), literal(found.problem), f"\n{NOT_SPARK}"]
    return Content.assemble(*parts)


def _short(value: Any) -> str:
    return cut(as_text(value), LONGEST)

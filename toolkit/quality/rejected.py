"""A table's quarantine read without a JVM: its rows by reason, those that are meant, and what a repair would make of them.

Owns the SQL about quarantined rows. Only reads: what repairs and releases is the task `release`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolkit.errors import DataError, UsageError
from toolkit.quality.quarantine import RULES, VIOLATIONS, WARNINGS, quarantine_name
from toolkit.quality.records import RELEASES
from toolkit.quality.verdicts import check_rule_name
from toolkit.scenario import check_table_name
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.query_engine import quoted
from toolkit.store.reader import DeltaReader
from toolkit.words import as_text, cut, plural, when

SAMPLE = 3
LONGEST = 60
"""Characters of a value in a preview."""
NOT_SPARK = "This preview is not by Spark, which judges when it runs."
_SETTING = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^\W\d]\w*))\s*=(?!=)\s*(.+)", re.DOTALL)
"""A column, in backticks where it is no plain name, and an expression."""
_LACKS = ("Invalid function", "Unsupported ast node", "No infix parser")
"""How the engine that reads without Spark says that it does not know something, which need not be wrong."""


@dataclass(frozen=True)
class Reason:
    """One rule, and the rows that it sent to quarantine.

    Attributes:
        first: when the first of them came in; None when the table does not say.
        source: one of the files that they come from; empty when the table does not say.
        sources: how many files there are.
    """

    rule: str
    rows: int
    first: datetime | None = None
    source: str = ""
    sources: int = 0


def open_quarantine(table: str, lakehouse: Lakehouse) -> DeltaReader:
    """The quarantine of a table.

    Raises:
        UsageError: the table has none.
        DataError: it cannot be read, or its rows do not say why they are there.
    """
    reader = lakehouse.open(quarantine_name(table))
    if RULES not in {column.name for column in reader.columns()}:
        raise DataError(f"{reader.name} does not say why its rows are there.", cure="Run the scenario again.")
    return reader


def reasons(reader: DeltaReader) -> list[Reason]:
    """The rules that sent rows to a quarantine, the most frequent first; a row may have several."""
    columns = {column.name for column in reader.columns()}
    came = "min(_ingested_at)" if "_ingested_at" in columns else "NULL"
    source = "max(_source), count(DISTINCT _source)" if "_source" in columns else "NULL AS source, 0"
    marked = f"(SELECT *, unnest({RULES}) AS broken_rule FROM t)"  # noqa: S608
    sql = f"SELECT broken_rule, count(*), {came}, {source} FROM {marked} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    return [
        Reason(str(rule), rows, first if isinstance(first, datetime) else None, name or "", names)
        for rule, rows, first, name, names in reader.sql(sql).rows
    ]


def released(table: str, lakehouse: Lakehouse) -> int:
    """How many rows ever left the quarantine of a table, repaired or not."""
    if not lakehouse.exists(RELEASES):
        return 0
    return lakehouse.open(RELEASES).count(f"table_name = '{check_table_name(table)}'")


def chosen(reader: DeltaReader, rule: str = "", where: str = "") -> tuple[str, str]:
    """The conditions that the rows meet which `rule` sent to a quarantine and which meet `where`.

    Raises:
        UsageError: no row is there because of that rule, or the condition cannot be right.
    """
    if rule:
        known = [reason.rule for reason in reasons(reader)]
        if check_rule_name(rule) not in known:
            if not known:
                raise UsageError(f"{reader.name} is empty: no rule has sent a row there, {rule!r} neither.")
            raise UsageError.unknown(f"row in {reader.name} because of rule", rule, known)
    _check_condition(reader, where)
    return (f"array_has({RULES}, '{rule}')" if rule else "", where)


def _check_condition(reader: DeltaReader, where: str) -> None:
    """Refuse a condition that cannot be right; what the engine that reads here lacks, Spark may know."""
    try:
        reader.condition(where)
    except UsageError as problem:
        text = re.search(r"No field named \"?([^\s\".]+)", problem.what)
        # In Spark's SQL, double quotes are around text.
        is_text = text is not None and f'"{text[1]}"' in where
        if not is_text and not any(lack in problem.what for lack in _LACKS):
            raise


# Why a row is there


def reason_text(row: Mapping[str, Any]) -> str:
    """Why a row is in quarantine, or which warnings it has, in a line."""
    violations = row.get(VIOLATIONS) or []
    texts = [_violation(one) for one in violations] or [str(name) for name in row.get(WARNINGS) or []]
    if row.get("_corrupt_record"):
        texts.append("the line could not be read")
    return "; ".join(texts)


def _violation(violation: Any) -> str:
    if not isinstance(violation, dict):
        return as_text(violation)
    message = violation.get("message") or "no message"
    found = _found(violation)
    return f"{violation.get('rule', '')}{f' ({found})' if found else ''}: {message}"


def _found(violation: Mapping[str, Any]) -> str:
    """The value, and whose it is; of several columns each value says so itself."""
    column, value = violation.get("column"), violation.get("value")
    if not column or str(value).startswith(f"{column}="):
        return "" if value is None else str(value)
    return f"{column} = {as_text(value)}"


def explanation(row: Mapping[str, Any]) -> str:
    """Why a row is there, a line for each reason, and where it came from."""
    lines = [_violation(one) for one in row.get(VIOLATIONS) or []]
    if row.get("_corrupt_record"):
        lines.append("The line could not be read.")
    if not lines:
        warnings = row.get(WARNINGS) or []
        lines = [f"Marked by {', '.join(map(str, warnings))}." if warnings else "No reason is kept with this row."]
    return "\n".join([*lines, _origin(row)])


def _origin(row: Mapping[str, Any]) -> str:
    """Where a row came from, as far as it says."""
    parts = [f"from {row['_source']}"] if row.get("_source") else []
    if row.get("_run_id"):
        parts.append(f"brought in by run {row['_run_id']}")
    if isinstance(row.get("_ingested_at"), datetime):
        parts.append(f"on {when(row['_ingested_at'])[:16]}")
    return f"It came {', '.join(parts)}." if parts else "It does not say where it came from."


# Repair


def settings_of(texts: Iterable[str]) -> dict[str, str]:
    """Columns with the SQL for their new values, from settings such as `amount=0` or `` `order id`=upper(id) ``.

    Raises:
        UsageError: one of them is no setting.
    """
    parsed: dict[str, str] = {}
    for text in texts:
        match = _SETTING.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{text!r} sets nothing.",
                cure="Write column=SQL, such as country=upper(country); a name that is not one word in backticks.",
            )
        parsed[match[1].replace("``", "`") if match[1] else match[2]] = match[3]
    return parsed


def check_settings(settings: Sequence[str], reader: DeltaReader) -> None:
    """Refuse a repair that is no setting, or of a column that is not there.

    Raises:
        UsageError: it is.
    """
    columns = [column.name for column in reader.columns() if not column.name.startswith("_")]
    for name in settings_of(settings):
        if name not in columns:
            raise UsageError.unknown("column to repair:", name, columns)


def preview(reader: DeltaReader, conditions: Sequence[str], settings: Sequence[str]) -> str:
    """How many rows a release would look at, and what some of them would become.

    The engine that reads here is not Spark: what it cannot evaluate, Spark may.

    Raises:
        DataError: the quarantine cannot be read.
    """
    try:
        rows = reader.count(conditions)
    except UsageError as problem:
        return f"{problem.what}\n{NOT_SPARK}"
    total = reader.count()
    head = "No row in quarantine meets this: nothing would be released."
    if rows:
        what = "would be checked again, and released where no rule is broken any more."
        head = f"{plural(rows, 'row')} of {total:,} in quarantine {what}"
    samples = _samples(reader, conditions, settings_of(settings)) if rows and settings else []
    return "\n".join([head, *samples])


def _samples(reader: DeltaReader, conditions: Sequence[str], settings: Mapping[str, str]) -> list[str]:
    """Some rows, each changed column before and after."""
    pairs = ", ".join(f"{quoted(column)}, ({sql}\n)" for column, sql in settings.items())
    where = reader.condition(conditions)
    try:
        rows = reader.sql(f"SELECT {pairs} FROM (SELECT * FROM t{where} LIMIT {SAMPLE})").rows  # noqa: S608
    except UsageError as problem:
        return [problem.what, NOT_SPARK]
    return ["· " + "   ".join(_changes(settings, row)) for row in rows]


def _changes(settings: Mapping[str, str], row: Sequence[Any]) -> list[str]:
    return [
        f"{column}: {cut(as_text(before), LONGEST)} → {cut(as_text(after), LONGEST)}"
        for column, before, after in zip(settings, row[::2], row[1::2], strict=True)
    ]

"""Rows in quarantine, counted and chosen without Spark; and what of a release can be refused so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.errors import DataError, UsageError
from toolkit.quality.quarantine import RULES, quarantine_name
from toolkit.quality.verdicts import check_rule_name
from toolkit.reader import DeltaReader, open_table

_LACKS = ("Invalid function", "Unsupported ast node", "No infix parser")
"""How the engine that reads without Spark says that it does not know something, which need not be wrong."""


def quarantined(table: str) -> tuple[DeltaReader, list[tuple[str, int]]]:
    """A table's quarantine, and how many rows each rule sent there, most first.

    Raises:
        UsageError: the table has no quarantine.
    """
    reader = open_table(quarantine_name(table))
    if RULES not in {column.name for column in reader.columns()}:
        raise DataError(f"{reader.name} does not say why its rows are there.", cure="Run the scenario again.")
    counted = (
        f"SELECT rule, count(*) AS n FROM (SELECT unnest({RULES}) AS rule FROM t) GROUP BY rule ORDER BY n DESC, rule"  # noqa: S608
    )
    return reader, [(str(rule), int(count)) for rule, count in reader.sql(counted).rows]


def chosen_rows(table: str, rule: str = "", where: str = "") -> tuple[DeltaReader, tuple[str, str]]:
    """A table's quarantine, and the conditions that the rows meet which `rule` sent there and which meet `where`.

    Raises:
        UsageError: the table has no quarantine, no row is there because of that rule, or the condition does not fit.
    """
    reader, counts = quarantined(table)
    rules = [name for name, _ in counts]
    if rule and check_rule_name(rule) not in rules:
        if not rules:
            raise UsageError(f"{reader.name} is empty: no rule has sent a row there, {rule!r} neither.")
        raise UsageError.unknown(f"row in {reader.name} because of rule", rule, rules)
    _check_condition(reader, where)
    return reader, (f"array_has({RULES}, '{rule}')" if rule else "", where)


def _check_condition(reader: DeltaReader, where: str) -> None:
    """Refuse a condition that cannot be right; what the engine that reads here lacks, Spark may know."""
    try:
        reader.condition(where)
    except UsageError as problem:
        text = re.search(r"No field named \"?([^\s\".]+)", problem.what)
        # In Spark's SQL, double quotes are around text.
        quoted = text is not None and f'"{text[1]}"' in where
        if not quoted and not any(lack in problem.what for lack in _LACKS):
            raise


def check_settings(settings: Sequence[str], reader: DeltaReader) -> None:
    """Refuse a repair that is no setting, or of a column that is not there.

    Raises:
        UsageError: it is.
    """
    if not settings:
        return
    from toolkit.quality.repair import settings_of

    columns = [column.name for column in reader.columns() if not column.name.startswith("_")]
    for name in settings_of(settings):
        if name not in columns:
            raise UsageError.unknown("column to repair:", name, columns)

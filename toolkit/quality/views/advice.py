"""What to do about broken rules: where their rows come from, since when, and whom to ask."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.quality.history import measurements
from toolkit.quality.recommendations import Recommendation, recommendations
from toolkit.quality.records import RESULTS, Measurement
from toolkit.quality.verdicts import is_rule_name
from toolkit.quality.views.measured import of_table
from toolkit.quality.views.naming import NOTHING, TO_MEASUREMENTS, TO_QUARANTINE, TO_ROWS, OfAnyTable, entered
from toolkit.scenario import is_table_name
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.views import Column, Result, Row, View


def _advice(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    if not lakehouse.exists(RESULTS):
        return Result((), (NOTHING,))
    found = of_table(lakehouse, parameters.table) if parameters.table else _of_every_table(lakehouse)
    nameless = {one.rule for one in found if not is_rule_name(one.rule)}
    rows = [_row(one) for one in recommended(lakehouse, (one for one in found if one.rule not in nameless))]
    return Result(
        rows, tuple(f"{name!r} is no name of a rule, so that its rows cannot be looked for." for name in nameless)
    )


def _of_every_table(lakehouse: Lakehouse) -> list[Measurement]:
    every = measurements(lakehouse.open(RESULTS))
    return [one for one in every if is_table_name(one.table)]


def recommended(lakehouse: Lakehouse, found: Iterable[Measurement]) -> list[Recommendation]:
    """What to do about each broken rule, the worst first."""

    def opened(table: str) -> DeltaReader | None:
        return lakehouse.open(table) if lakehouse.exists(table) else None

    return recommendations(found, opened)


def advice_on(lakehouse: Lakehouse, table: str, rule: str) -> list[str]:
    """The evidence on a rule, and what to do; nothing where no row breaks it now.

    Raises:
        UsageError: it was never measured.
        DataError: a table cannot be read.
    """
    found = recommended(lakehouse, of_table(lakehouse, table, rule))
    return [text for one in found for text in (" ".join(one.evidence), f"→ {one.advice}" if one.advice else "") if text]


def _row(found: Recommendation) -> Row:
    return {
        "table": found.table,
        "rule": found.rule,
        "severity": found.severity,
        "rows": found.rows,
        "since": found.since,
        "cause": found.cause.text if found.cause else None,
        "advice": found.advice or None,
        "evidence": list(found.evidence),
        "text": found.text,
    }


ADVICE = View(
    "advice",
    "Advice",
    "Where do the rows of each broken rule come from, since when, and what is to be done?",
    _advice,
    (
        Column("table", "name"),
        Column("rule", "name"),
        Column("severity", "severity", shown="wide"),
        Column("rows", "count"),
        Column("since", "moment", shown="wide"),
        Column("advice", "text"),
        Column("cause", "text", shown="wide"),
        Column("evidence", "names", shown="asked"),
        Column("text", "text", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "rule"),
    sentence=lambda row: str(row["text"]),
    links=(entered(TO_ROWS), TO_MEASUREMENTS, TO_QUARANTINE),
    empty="No rule is known to be broken.",
)

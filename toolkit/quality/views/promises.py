"""What one contract promises of its tables, named or implied, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import Field

from toolkit.parameters import Parameters
from toolkit.quality.contracts import Contract, ContractTable, load, rules_of, unread
from toolkit.quality.contracts.places import file_of
from toolkit.quality.history import by_rule, loads, measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.quality.sla import FreshnessSla
from toolkit.quality.views.measured import finding
from toolkit.quality.views.naming import TO_JUDGE, TO_MEASUREMENTS
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Result, Row, View
from toolkit.words import count, plural, share

_KEPT = {"ok": "kept", "at risk": "at risk", "breached": "broken", "unknown": "unknown"}
"""The state of a promise, by that of its service level."""
CONTRACT = (
    "A file in the YAML of the Open Data Contract Standard, version 3, or the name of one that lies with a scenario."
)


@dataclass(frozen=True)
class Promise:
    """One thing that a contract promises of a table, and what became of it.

    Attributes:
        name: of the rule; `freshness` or `volume`.
        state: kept, at risk, broken, not measured, or unknown where the table is not there.
        found: what was found; empty while nothing was.
    """

    name: str
    kind: str
    severity: str | None
    text: str
    state: str
    found: str


def promises(lakehouse: Lakehouse, contract: Contract, table: ContractTable) -> Iterator[Promise]:
    """Every rule that a contract names or implies of a table, its freshness and its volume.

    Raises:
        DataError: the table or its results cannot be read.
    """
    newest = _newest(lakehouse, table.name)
    for rule in rules_of(table, contract):
        measured = newest.get(rule.name)
        found = finding(measured) if measured else ""
        yield Promise(rule.name, rule.kind, rule.severity, rule.description, _state(measured), found)
    yield from _freshness(lakehouse, table)
    yield from _volume(lakehouse, table)


def _newest(lakehouse: Lakehouse, table: str) -> dict[str, Measurement]:
    """The newest result of each rule on the table."""
    if not lakehouse.exists(RESULTS):
        return {}
    found = measurements(lakehouse.open(RESULTS), table=table)
    return {one.rule: one.newest for one in by_rule(found)}


def _state(measured: Measurement | None) -> str:
    if measured is None:
        return "not measured"
    return {"passed": "kept", "tolerated": "kept", "failed": "broken"}.get(measured.state, "not measured")


def _freshness(lakehouse: Lakehouse, table: ContractTable) -> Iterator[Promise]:
    if table.freshness is None:
        return
    text = f"a load at least every {table.freshness.hours:g} hours"
    if not lakehouse.exists(table.name):
        yield Promise("freshness", "freshness", None, text, "unknown", "")
        return
    sla = FreshnessSla(table=table.name, hours=table.freshness.hours)
    report = sla.report(loads(lakehouse.open(table.name)), datetime.now(UTC))
    kept = "nothing was counted yet"
    if report.attained is not None:
        kept = f"kept on {share(report.attained)} of {plural(report.counted, 'day')}"
    going = next((f"; {one.text} and counting" for one in report.breaches if one.ended is None), "")
    objective = f"of the last {sla.window_days} days; {share(sla.objective)} is the objective"
    yield Promise("freshness", "freshness", None, text, _KEPT[report.state], f"{kept} {objective}{going}")


def _volume(lakehouse: Lakehouse, table: ContractTable) -> Iterator[Promise]:
    volume = table.volume
    if volume is None:
        return
    bounds = (("at least", volume.min_rows), ("at most", volume.max_rows))
    text = f"{' and '.join(f'{word} {count(rows)}' for word, rows in bounds if rows is not None)} rows"
    if not lakehouse.exists(table.name):
        yield Promise("volume", "volume", None, text, "unknown", "")
        return
    rows = lakehouse.open(table.name).count()
    kept = (volume.min_rows or 0) <= rows and (volume.max_rows is None or rows <= volume.max_rows)
    yield Promise("volume", "volume", None, text, "kept" if kept else "broken", f"it has {count(rows)}")


class OfContract(Parameters):
    """One contract."""

    contract: str = Field(description=CONTRACT)


class OfContractTable(OfContract):
    """What a contract says of one table, or of all of its tables."""

    table: str = Field("", description="Only this table.")


def _promises(lakehouse: Lakehouse, parameters: OfContractTable) -> Result:
    contract = load(file_of(parameters.contract))
    tables = [contract.table(parameters.table)] if parameters.table else contract.tables
    rows = [_promise_row(table.name, one) for table in tables for one in promises(lakehouse, contract, table)]
    measure = [
        f"Not all are measured: {judging(table.name, parameters.contract)}"
        for table in tables
        if any(row["table"] == table.name and row["state"] == "not measured" for row in rows)
    ]
    return Result(rows, (*measure, *unread(contract)))


def judging(table: str, contract: str) -> str:
    """The command that holds the rows of a table against a contract."""
    return f"toolkit quality run {table} --contract {contract}"


def _promise_row(table: str, one: Promise) -> Row:
    named = {"rule": one.name, "kind": one.kind, "severity": one.severity, "what": one.text}
    return {"state": one.state, "table": table, **named, "finding": one.found or None}


TO_JUDGE_BY = replace(TO_JUDGE, given={"table": "table", "contract": "contract"})
PROMISES = View(
    "promises",
    "Promises of a contract",
    "What does a contract promise, named or implied, and what became of it?",
    _promises,
    (
        Column("state", "state"),
        Column("table", "name", shown="wide"),
        Column("rule", "name"),
        Column("severity", "severity", shown="wide"),
        Column("what", "text"),
        Column("finding", "text", shown="wide"),
        Column("kind", "name", shown="asked"),
    ),
    OfContractTable,
    key=("table", "rule"),
    sentence=lambda row: f"{row['rule']}: {row['what']}\n{row['finding'] or 'not measured yet'}",
    links=(TO_MEASUREMENTS, TO_JUDGE_BY),
    empty="It promises nothing but its columns.",
)

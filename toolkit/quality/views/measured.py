"""Reading measurements for a view, and saying what one of them found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolkit.errors import UsageError
from toolkit.quality.history import measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.scenario import is_table_name
from toolkit.store.lakehouse import Lakehouse
from toolkit.words import number, plural, share

STATES = ("failed", "not measured", "tolerated", "passed")
"""The worst first."""
MOST_RUNS = 60
"""How many of a table's newest runs are looked at."""
AT_ONCE = 50_000
"""Up to how many results are read with one query, which takes a third of the time of one for each table."""


def measured(lakehouse: Lakehouse) -> list[Measurement]:
    """The newest runs of every table, oldest first; a name that is none, written by somebody else, is left out."""
    if not lakehouse.exists(RESULTS):
        return []
    reader = lakehouse.open(RESULTS)
    if reader.count() <= AT_ONCE:
        return [one for one in measurements(reader) if is_table_name(one.table or "")]
    # One query for each table, so that one that is seldom checked keeps its history beside one checked hourly.
    names = [name for (name,) in reader.sql("SELECT DISTINCT table_name FROM t").rows if is_table_name(name or "")]
    return [one for name in names for one in measurements(reader, table=name, runs=MOST_RUNS)]


def of_table(lakehouse: Lakehouse, table: str, rule: str = "") -> Sequence[Measurement]:
    """What was measured of a table, or of one of its rules.

    Raises:
        UsageError: nothing ever was; a name that was never measured must not pass for good news.
    """
    if not lakehouse.exists(RESULTS):
        raise UsageError("Nothing was measured yet.", cure="Run a scenario, or: toolkit quality run TABLE")
    reader = lakehouse.open(RESULTS)
    found = measurements(reader, table=table, rule=rule, runs=MOST_RUNS)
    if found:
        return found
    every = measurements(reader)
    rules = {one.rule for one in every if one.table == table}
    if rules:
        raise UsageError.unknown(f"measured rule of {table}", rule, rules)
    cure = "Measure one: toolkit quality run TABLE"
    raise UsageError.unknown("measured table", table, {one.table for one in every}, cure=cure)


def worst(found: Iterable[Measurement]) -> str:
    """The worst state that any rule is in now."""
    newest = {one.rule: one.state for one in sorted(found, key=lambda one: one.at)}
    return next((state for state in STATES if state in newest.values()), "not measured")


def finding(one: Measurement) -> str:
    """What was found, in numbers: `12 of 460 rows break it (2.6%)`, or what the table as a whole measured."""
    if one.measured is not None:
        return f"measured {number(one.measured)}{', with nothing to compare it with' if one.passed is None else ''}"
    if one.passed is None:
        return "there was nothing to measure"
    if one.failed:
        allowed = f", {share(one.tolerance)} allowed" if one.tolerance else ""
        return f"{one.failed:,} of {plural(one.rows, 'row')} break it ({share(one.failure_rate)}{allowed})"
    return f"none of {plural(one.rows, 'row')} breaks it" if one.passed else "broken by the table as a whole"


def about(one: Measurement) -> str:
    """Kind, columns, dimension and severity of its rule."""
    return " · ".join(part for part in (one.kind, ", ".join(one.columns), one.dimension, one.severity) if part)


def heat(one: Measurement | None) -> str:
    """The cell of a heat map: its state, and how much of the table breaks the rule."""
    if one is None:
        return ""
    if one.state == "tolerated":
        return "tolerated" if one.failure_rate > one.tolerance / 2 else "slightly tolerated"
    if one.state == "failed":
        shades = ((0.01, "failed by few"), (0.1, "failed by some"), (0.5, "failed by many"))
        return next((name for below, name in shades if one.failure_rate < below), "failed")
    return one.state

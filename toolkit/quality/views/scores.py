"""How far each table can be trusted, and how its score comes about."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.parameters import Parameters
from toolkit.quality.history import current
from toolkit.quality.records import Measurement
from toolkit.quality.scores import DIMENSIONS, TableScore, scores, terms
from toolkit.quality.views.measured import measured, of_table, worst
from toolkit.quality.views.naming import (
    NOTHING,
    TO_ADVICE,
    TO_COLUMNS,
    TO_CONTRACTS,
    TO_HISTORY,
    TO_JUDGE,
    TO_MEASUREMENTS,
    TO_QUARANTINE,
    TO_ROWS,
    OfTable,
    entered,
)
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import number, plural, when


def _scores(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    del parameters
    found = measured(lakehouse)
    by_table: dict[str, list[Measurement]] = {}
    for measurement in found:
        by_table.setdefault(measurement.table, []).append(measurement)
    rows = [_score_row(score, by_table[score.table]) for score in scores(found)]
    return Result(sorted(rows, key=lambda row: (row["score"] is not None, row["score"] or 0.0, row["table"])))


def _score_row(score: TableScore, found: list[Measurement]) -> Row:
    return {
        "state": worst(current(found)),
        "table": score.table,
        "score": score.overall,
        "trend": score.trend,
        **{name: score.dimensions.get(name) for name in DIMENSIONS},
        "rules": score.rules,
        "not_measured": score.unmeasured,
        "measured_at": score.at,
        "lost": [
            f"{term.rule} −{number(round(term.lost, 1))}"
            for term in terms(found, score.table)[:3]
            if round(term.lost, 1)
        ],
    }


def _score_sentence(row: Row) -> str:
    known = [f"{name} {number(round(row[name], 1))}" for name in DIMENSIONS if row.get(name) is not None]
    silent = [name for name in DIMENSIONS if row.get(name) is None]
    score = "No score" if row["score"] is None else f"{number(round(row['score'], 1))} of 100"
    parts = [
        f"{score} over {plural(row['rules'], 'rule')}, measured {when(row['measured_at'])[:16]}. {', '.join(known)}."
    ]
    if row["lost"]:
        parts.append(f"Lost: {', '.join(row['lost'])}.")
    if row["not_measured"]:
        parts.append(f"{plural(row['not_measured'], 'more rule')} not measured.")
    if silent:
        parts.append(f"No rule on {', '.join(silent)}.")
    return " ".join(parts)


SCORES = View(
    "scores",
    "Scores",
    "How far can each table be trusted? A score from 0 to 100 by dimension, from its rules' newest results.",
    _scores,
    (
        Column("state", "state"),
        Column("table", "name"),
        Column("score", "points"),
        Column("trend", "change"),
        *(Column(name, "points", shown="wide") for name in DIMENSIONS),
        Column("rules", "count", shown="wide"),
        Column("not_measured", "count", shown="asked"),
        Column("measured_at", "moment", "measured", shown="wide"),
        Column("lost", "names", shown="asked"),
    ),
    Parameters,
    key=("table",),
    sentence=_score_sentence,
    links=(
        Link("enter", "Rules", "quality.rules", "Show the table's rules, run by run.", {"table": "table"}),
        Link("w", "Why", "quality.score", "Show how the score comes about, rule by rule.", {"table": "table"}),
        TO_HISTORY,
        Link("r", "Run", "quality.results", "Show what the newest run found that judged it.", {"table": "table"}),
        TO_QUARANTINE,
        TO_ADVICE,
        TO_COLUMNS,
        TO_CONTRACTS,
        TO_JUDGE,
        Link("l", "Levels", "quality.sla", "Say how often it was fresh, right or full enough.", {"table": "table"}),
    ),
    empty=NOTHING,
)


def _terms(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    found = of_table(lakehouse, parameters.table)
    (score,) = (score for score in scores(found) if score.table == parameters.table)
    rows = [
        {
            "dimension": term.dimension,
            "rule": term.rule,
            "severity": term.severity,
            "weight": term.weight,
            "points": term.points,
            "failed": term.measurement.failed,
            "rows": term.measurement.rows,
            "lost": term.lost,
        }
        for term in terms(found, parameters.table)
    ]
    return Result(rows, notes=tuple(_formula(score, rows)))


def _formula(score: TableScore, rows: Sequence[Row]) -> list[str]:
    """The arithmetic, with its numbers."""
    known = {name: value for name, value in score.dimensions.items() if value is not None}
    notes = []
    for name, value in known.items():
        mine = [row for row in rows if row["dimension"] == name]
        won, weights = sum(row["weight"] * row["points"] for row in mine), sum(row["weight"] for row in mine)
        notes.append(f"{name}: 100 × {number(won)} of {weights} weighted points = {number(value)}")
    unmeasured = f" {plural(score.unmeasured, 'more rule')} not measured." if score.unmeasured else ""
    if score.overall is None:
        return [*notes, f"{score.table} has no score: none of its rules was measured.{unmeasured}"]
    mean = f"mean of {plural(len(known), 'dimension')} = {number(score.overall)}"
    return [*notes, f"{score.table}: {mean}. `lost` is what the score would gain.{unmeasured}"]


SCORE = View(
    "score",
    "Score",
    "How does a table's score come about? Each rule with its points and its weight.",
    _terms,
    (
        Column("dimension", "name"),
        Column("rule", "name"),
        Column("severity", "severity", shown="wide"),
        Column("weight", "count"),
        Column("points", "number"),
        Column("failed", "count"),
        Column("rows", "count", "of rows", shown="wide"),
        Column("lost", "number"),
    ),
    OfTable,
    key=("dimension", "rule"),
    links=(entered(TO_MEASUREMENTS), TO_ROWS),
    empty=NOTHING,
)

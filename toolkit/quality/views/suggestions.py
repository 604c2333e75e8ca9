"""The rules that follow from the kept profile of a table."""

from __future__ import annotations

from toolkit.quality.profiling import Suggestion, suggest
from toolkit.quality.views.naming import TO_PROFILE
from toolkit.quality.views.profile import OfProfile, kept, none_kept
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Result, Row, View


def _suggestions(lakehouse: Lakehouse, parameters: OfProfile) -> Result:
    table = parameters.table
    version, profile = kept(lakehouse, table, parameters.version)
    if profile is None:
        return none_kept(parameters)
    rows = [_row(suggestion) for suggestion in suggest(profile)]
    return Result(rows, (f"From version {version}. As a file of rules: toolkit quality suggest {table} > FILE",))


def _row(suggestion: Suggestion) -> Row:
    rule = suggestion.rule
    return {
        "rule": rule.name,
        "kind": rule.kind,
        "columns": rule.columns,
        "severity": rule.severity,
        "confidence": suggestion.confidence,
        "description": rule.description,
        "reason": suggestion.reason,
    }


SUGGESTIONS = View(
    "suggestions",
    "Suggested rules",
    "Which rules does the profile of a table speak for, how surely, and why?",
    _suggestions,
    (
        Column("rule", "name"),
        Column("severity", "severity"),
        Column("confidence", "share"),
        Column("reason", "text"),
        Column("kind", "name", shown="wide"),
        Column("columns", "names", shown="wide"),
        Column("description", "text", shown="asked"),
    ),
    OfProfile,
    sentence=lambda row: f"{row['rule']}: {row['description']}\n{row['reason']}",
    links=(TO_PROFILE,),
    empty="Nothing to suggest: the line below says more.",
)

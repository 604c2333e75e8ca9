"""What to do about one broken rule: the recommendation, with its cause and since when."""

from __future__ import annotations

from textual.content import Content

from toolkit.lakehouse import Lakehouse
from toolkit.quality.history import measurements
from toolkit.quality.recommendations import Recommendation, recommendations
from toolkit.quality.records import RESULTS
from toolkit.reader import DeltaReader, open_table
from toolkit.words import literal


def read(table: str, rule: str) -> Content | None:
    """The recommendation for a rule; None when it was never measured, or nothing breaks it now.

    Raises:
        UsageError: table or rule cannot be a name.
        DataError: a table cannot be read.
    """
    if not Lakehouse.default().exists(RESULTS):
        return None
    found = recommendations(measurements(open_table(RESULTS), table=table, rule=rule), _open)
    return told(found[0]) if found else None


def _open(table: str) -> DeltaReader | None:
    return open_table(table) if Lakehouse.default().exists(table) else None


def told(one: Recommendation) -> Content:
    """The evidence, and then what to do where that can be said."""
    evidence = literal(" ".join(one.evidence))
    if not one.advice:
        return Content(evidence)
    return Content.assemble(evidence, ("\n→ ", "$primary bold"), (literal(one.advice), "bold"))

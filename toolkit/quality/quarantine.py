"""The tables that bad rows go to.

Owns their names and columns. Importing it does not import Spark, since scenarios declare their quarantine tables with it.
"""

from __future__ import annotations

from toolkit.scenario import Table, check_table_name
from toolkit.store import links

CORRUPT = "_corrupt_record"
VIOLATIONS, RULES, WARNINGS, QUARANTINED = "_violations", "_rules", "_warnings", "_quarantined"
_REASONS = {
    CORRUPT: "The text of a line that could not be read; null otherwise.",
    VIOLATIONS: "Every rule the row broke: rule, column, value and message.",
    RULES: "The names of the rules that sent the row here.",
}


def quarantine_name(table: str) -> str:
    """`silver.orders` → `quarantine.orders`, which is its own quarantine; that of a linked table is apart from ours.

    Raises:
        UsageError: that is not a table name.
    """
    name = check_table_name(table).partition(".")[2]
    return f"quarantine.{links.LAYER}_{name}" if links.is_linked(table) else f"quarantine.{name}"


def quarantine_of(table: Table, **technical: str) -> Table:
    """The table for the rows that `table` refuses: the same columns, and why.

    Args:
        table: the table of the good rows.
        technical: more columns, whose names begin with `_`, that its rules look at; without them no row could be judged again.
    """
    columns = {name: text for name, text in table.columns.items() if name != WARNINGS} | technical
    return Table(
        quarantine_name(table.name),
        f"A row that {table.name} refused, with every reason.",
        {**columns, **_REASONS},
    )

"""What protects columns and rows: classes that are confirmed, masks, and row filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from toolkit.errors import UsageError
from toolkit.governance import filters
from toolkit.governance.classes import Finding, Fingerprint, classify, has_drifted
from toolkit.governance.masks import Mask
from toolkit.governance.masks import check as check_mask
from toolkit.governance.names import table_of
from toolkit.governance.policies import rank
from toolkit.governance.records import Class, ColumnClass, ColumnMask, MaskKind, RowFilter
from toolkit.governance.stewardship import Steward


def mask(steward: Steward, table: str, column: str, mask: MaskKind, argument: str = "") -> ColumnMask:
    """Choose what is shown of a column to those who may not see it.

    Raises:
        UsageError: there is no such column, or the mask does not fit it.
        AccessDenied: the principal does not manage the table.
    """
    name = steward.table(table)
    types = steward.columns(column, name)
    if mask != "none":
        check_mask(Mask(mask, argument), column, types[column], types)
    steward.allowed("manage", name, "mask", column)
    made = ColumnMask(name, column, mask, argument, steward.principal, steward.at())
    before = steward.policies.masks.get((name, column))
    if before is not None or mask != "none":
        steward.keep("mask", name, [made], before, f"{column}: {mask} {argument}".strip())
    return made


def filter_rows(steward: Steward, table: str, condition: str, exempt: Sequence[str] = ()) -> RowFilter:
    """Say which rows of a table are shown, and to whom all are; an empty condition takes it back.

    Raises:
        UsageError: it is no condition on its columns, or there is no such principal.
        AccessDenied: the principal does not manage the table.
    """
    name = steward.table(table)
    if condition:
        filters.check(condition, steward.types(name))
    for one in exempt:
        steward.policies.require_principal(one)
    steward.allowed("manage", name, "filter rows")
    made = RowFilter(name, condition, tuple(exempt), steward.principal, steward.at())
    before = steward.policies.filters.get(name)
    if before is not None or condition:
        steward.keep("filter rows", name, [made], before, condition or "none")
    return made


def confirm(steward: Steward, table: str, columns: Sequence[str], sensitivity: Class | None) -> list[ColumnClass]:
    """Confirm the classes of columns, as suggested or as said.

    Args:
        steward: who confirms.
        table: which.
        columns: which of it; all that were suggested when empty.
        sensitivity: the class; as suggested when None.

    Raises:
        UsageError: there is no such column, or nothing was suggested for it.
        AccessDenied: the principal does not manage the table.
    """
    name = steward.table(table)
    known = {one.column: one for one in steward.policies.classes_of.get(name, ())}
    wanted = list(columns) or [one.column for one in known.values() if one.state != "confirmed" and one.sensitivity]
    if not wanted:
        raise UsageError(f"Nothing of {table} waits to be confirmed.", cure=f"toolkit governance classify {table}")
    for column in wanted:
        if column not in known:
            steward.columns(column.partition(".")[0], name)
        if sensitivity is None and (column not in known or known[column].sensitivity is None):
            raise UsageError(f"Nothing was suggested for {column}.", cure="Say its class: --as")
    steward.allowed("manage", name, "confirm")
    at = steward.at()
    made = [_confirmed(steward, name, column, known.get(column), sensitivity, at) for column in wanted]
    said = ", ".join(f"{one.column} {one.sensitivity}" for one in made)
    steward.keep("confirm", name, made, [known.get(one.column) for one in made], said)
    return made


def _confirmed(
    steward: Steward, table: str, column: str, known: ColumnClass | None, sensitivity: Class | None, at: datetime
) -> ColumnClass:
    blank = ColumnClass(table, column, sensitivity, "", "confirmed", None, "", "a person", "", steward.principal, at)
    if known is None:
        return blank
    said = sensitivity or known.sensitivity
    # What it holds stays what was recognised; where a person says another class, the reason is the person's.
    agrees = said == known.sensitivity
    return replace(
        blank,
        sensitivity=said,
        kind=known.kind,
        confidence=known.confidence if agrees else None,
        reason=known.reason if agrees else "",
        source=known.source if agrees else "a person",
        fingerprint=known.fingerprint,
    )


CONTENT = "its name and content"
"""What a column was classified by, where that was looked at."""


def suggest(steward: Steward, table: str) -> list[ColumnClass]:
    """Look at the content of a table, and suggest how sensitive each column is.

    What was confirmed stays so while its content is what it was; where it is not, the column waits to be confirmed anew.

    Raises:
        UsageError: there is no such table.
        AccessDenied: the principal does not manage the table.
    """
    name = steward.table(table)
    steward.allowed("manage", name, "classify")
    known = {one.column: one for one in steward.policies.classes_of.get(name, ())}
    at = steward.at()
    found = [
        _suggested(name, one, known.get(one.column), steward.principal, at)
        for one in classify(steward.tables.reader(table_of(name)))
    ]
    changed = [one for one in found if one is not None]
    said = f"{len(changed)} of {len(found)} columns"
    steward.keep("classify", name, changed, [known.get(one.column) for one in changed], said)
    return changed


def _suggested(
    table: str, finding: Finding, known: ColumnClass | None, principal: str, at: datetime
) -> ColumnClass | None:
    """What is written of a column; None where a person has confirmed it, and its content is what it was."""
    print_ = finding.fingerprint.to_text() if finding.fingerprint else ""
    made = ColumnClass(
        securable=table,
        column=finding.column,
        sensitivity=finding.class_.value if finding.class_ else None,
        kind=finding.kind or "",
        state=finding.state,
        confidence=None if finding.state == "unknown" else finding.confidence,
        reason=finding.reason,
        source=CONTENT,
        fingerprint=print_,
        changed_by=principal,
        changed_at=at,
    )
    if known is None or known.state != "confirmed":
        by_lineage = known is not None and known.source != CONTENT and known.state == "suggested"
        # What it is made of may say more than its content does; that is not taken back by looking again.
        return None if known is not None and by_lineage and rank(known) >= rank(made) else made
    if finding.state == "unknown" or not known.fingerprint:
        # A person said it without a look at the content, or it cannot be looked at now: that stands.
        return None
    drift = has_drifted(Fingerprint.from_text(known.fingerprint), finding.fingerprint) if finding.fingerprint else None
    if not drift:
        return None
    return replace(made, state="drifted", reason=f"{drift.reason} It was confirmed as {known.sensitivity}.")

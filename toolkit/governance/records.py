"""What is kept of governance: who there is, what there is, who may do what, what hides what, and who did what.

Each table is added to and never changed: of several rows of one key the newest counts, and the others are its history. Must not
import Spark, since every run declares these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from toolkit.store.records import CONTENT, Named, Record

PRINCIPALS, SECURABLES, GRANTS = "ops.principals", "ops.securables", "ops.grants"
LINEAGE, VAULT = "ops.column_origins", "ops.vault_entries"
CLASSES, MASKS, FILTERS, AUDIT = "ops.column_classes", "ops.column_masks", "ops.row_filters", "ops.audit_entries"

PrincipalKind = Literal["user", "group", "role", "service", "recipient"]
SecurableKind = Literal[
    "catalog", "schema", "table", "view", "volume", "function", "external_location", "share", "column"
]
Privilege = Literal[
    "all",
    "browse",
    "use_catalog",
    "use_schema",
    "select",
    "modify",
    "execute",
    "read_volume",
    "write_volume",
    "unmask",
    "export",
    "break_glass",
    "manage",
]
Effect = Literal["permit", "forbid"]
Class = Literal["public", "internal", "confidential", "restricted"]
ClassState = Literal["suggested", "confirmed", "drifted", "unknown"]
OriginState = Literal["direct", "indirect", "none", "unknown"]
MaskKind = Literal["null", "hash", "partial", "generalise", "token", "noise", "none"]


@dataclass(frozen=True)
class Principal(Record, table=PRINCIPALS, description="One state of somebody who may be allowed something."):
    """One state of a principal: a person, a service, a recipient outside, or a group or role that others are in."""

    name: Annotated[str, "Its name."]
    kind: Annotated[PrincipalKind, "What it is."]
    groups: Annotated[tuple[str, ...], "Groups and roles that it is in, by name."]
    attributes: Annotated[tuple[str, ...], "What row filters may ask of it, as name=value."]
    is_removed: Annotated[bool, "Whether it is gone from then on."]
    changed_by: Annotated[str, "The principal that made it so."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class Securable(Record, table=SECURABLES, description="One state of an object of the catalogue."):
    """One state of an object that is governed."""

    name: Annotated[str, "Its full name: catalog.schema.table, and for a column a part more."]
    kind: Annotated[SecurableKind, "What it is."]
    owner: Annotated[str, "The principal that it belongs to."]
    comment: Annotated[str, "What it is for."]
    tags: Annotated[tuple[str, ...], "Its tags, as name=value."]
    properties: Annotated[tuple[str, ...], "Its properties, as name=value."]
    location: Annotated[str, "Where it lies, if not where its name says."]
    definition: Annotated[str, "The SQL of a view or a function."]
    is_removed: Annotated[bool, "Whether it is gone from then on."]
    changed_by: Annotated[str, "The principal that made it so."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class Grant(Record, table=GRANTS, description="One state of a permission or a denial."):
    """One state of a permission, or of a denial, which wins over all permissions."""

    grant: Annotated[str, "Its id."]
    principal: Annotated[str, "To whom, and to all that are in it."]
    effect: Annotated[Effect, "Whether it permits or forbids."]
    privilege: Annotated[Privilege, "To do what; all is every one of them."]
    securable: Annotated[str, "On what, and on all that is in it."]
    tag: Annotated[str, "Only where the object has this tag, as name=value; anywhere when empty."]
    purpose: Annotated[str, "Only for this purpose; for any when empty."]
    version: Annotated[int | None, "Only this version of a table; any when null."]
    until: Annotated[datetime | None, "Until then; null for no end."]
    reason: Annotated[str, "Why."]
    is_break_glass: Annotated[bool, "Whether the principal gave it to itself in an emergency."]
    is_revoked: Annotated[bool, "Whether it is taken back from then on."]
    changed_by: Annotated[str, "The principal that made it so."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class ColumnClass(Record, table=CLASSES, description="How sensitive a column is, as suggested or as confirmed."):
    """One state of a column's class."""

    securable: Annotated[str, "The table, by its full name."]
    column: Annotated[str, "The column; a field of a struct after a dot."]
    sensitivity: Annotated[Class | None, "How sensitive it is; null where that is not known."]
    kind: Annotated[str, "What it holds, such as email; empty where that is not known."]
    state: Annotated[ClassState, "Whether a person has confirmed it, and whether its content is still what it was."]
    confidence: Annotated[float | None, "How sure the suggestion is, from 0 to 1; null for what a person said."]
    reason: Annotated[str, "Why."]
    source: Annotated[str, "Where it comes from: its content, a person, or the column that it is made from."]
    fingerprint: Annotated[str, "What its content was like, without any of it; empty where it was not looked at."]
    changed_by: Annotated[str, "The principal that classified or confirmed it."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class ColumnMask(Record, table=MASKS, description="What is shown of a column to those who may not see it."):
    """One state of the mask of a column."""

    securable: Annotated[str, "The table, by its full name."]
    column: Annotated[str, "The column."]
    mask: Annotated[MaskKind, "What is shown; none takes an earlier one back."]
    argument: Annotated[str, "How: see the kind of mask."]
    changed_by: Annotated[str, "The principal that made it so."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class RowFilter(Record, table=FILTERS, description="Which rows of a table are shown, and to whom all of them are."):
    """One state of the row filter of a table."""

    securable: Annotated[str, "The table, by its full name."]
    condition: Annotated[str, "In SQL, which rows are shown; empty takes an earlier one back."]
    exempt: Annotated[tuple[str, ...], "Principals, and groups of them, to whom all rows are shown."]
    changed_by: Annotated[str, "The principal that made it so."]
    changed_at: Annotated[datetime, "When."]


@dataclass(frozen=True)
class AuditEntry(
    Record, table=AUDIT, description="One thing that was done or refused; each carries the hash of the last."
):
    """One thing that somebody did, or was refused."""

    sequence: Annotated[int, "Its number, from 1, without gaps."]
    at: Annotated[datetime, "When."]
    principal: Annotated[str, "Who."]
    action: Annotated[str, "What: read, grant, revoke, classify and the like."]
    securable: Annotated[str, "On what, by its full name."]
    columns: Annotated[tuple[str, ...], "Columns that were shown as they are although they are sensitive."]
    is_allowed: Annotated[bool, "Whether it was allowed."]
    reason: Annotated[str, "By which grants, or why not."]
    purpose: Annotated[str, "What for, as the principal said."]
    detail: Annotated[str, "What else is to be known: the version, the statement."]
    run_id: Annotated[str, "The run that it was part of; empty for none."]
    previous: Annotated[str, "The hash of the entry before; empty for the first."]
    digest: Annotated[str, "SHA-256 of this entry and the hash of the entry before."]


@dataclass(frozen=True)
class ColumnOrigin(
    Record, table=LINEAGE, description="Where a column comes from, as read from the plan that wrote it."
):
    """One thing that is known of where a column comes from: a source, that it has none, or that it is not known.

    A column of null stands for the rows of the table: what decides over them decides over all columns.
    """

    run_id: Annotated[str, "The run that wrote it."]
    step: Annotated[str, "The step of the run."]
    at: Annotated[datetime, "When."]
    table: Annotated[
        str, "What was written: a table of this lakehouse by its name, anything else by its place.", Named("table_name")
    ]
    column: Annotated[str | None, "The column; null for the rows."]
    state: Annotated[OriginState, "direct, indirect; none where it has no source; unknown where that is not known."]
    how: Annotated[str, "identity, transformation, aggregation, filter, join, and the like; why it is not known."]
    source_kind: Annotated[str, "table, topic, file, jdbc, memory or other; empty where there is no source."]
    source: Annotated[str, "What was read: a table of this lakehouse by its name, anything else by its place."]
    source_column: Annotated[str, "The column that was read; empty where that is not known."]
    source_version: Annotated[int | None, "The version of the table that was read, where that is known."]
    source_format: Annotated[str, "Of files and of other sources."]
    source_namespace: Annotated[str, "The brokers of a topic, the address of a database."]
    transformation: Annotated[str, "What was done, as SQL without its literals."]
    is_masking: Annotated[bool, "Whether that hides the value."]


@dataclass(frozen=True)
class VaultEntry(Record, table=VAULT, description="What stands behind a token, encrypted."):
    """The value behind one token."""

    token: Annotated[str, "The token."]
    securable: Annotated[str, "The table that the value is of, by its full name."]
    column: Annotated[str, "The column."]
    sealed: Annotated[bytes, "The value, encrypted, and bound to the token.", CONTENT]
    added_at: Annotated[datetime, "When it came in."]


RECORDS = (Principal, Securable, Grant, ColumnClass, ColumnMask, RowFilter, AuditEntry, ColumnOrigin, VaultEntry)

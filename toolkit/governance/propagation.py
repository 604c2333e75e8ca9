"""Classes travel along lineage: what is made of a sensitive column is suggested to be as sensitive.

Owns where they stop: at a column that is declared to be anonymous, by the tag `anonymised=yes` in the catalogue, and nowhere
else. That a function hides a value is no such declaration: a hash of a telephone number is found by trying all numbers. A
column whose origin is not known gets no class by it, and is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from toolkit.governance.lineage.model import Lineage
from toolkit.governance.names import full_name, table_of
from toolkit.governance.policies import Policies, rank
from toolkit.governance.records import ColumnClass
from toolkit.governance.stewardship import Steward
from toolkit.governance.tracing import lineages

ANONYMISED = "anonymised=yes"
INTERNAL = 1
"""The rank of what need not travel: nothing of it is masked once it is confirmed."""


@dataclass(frozen=True)
class Propagated:
    """What came of it.

    Attributes:
        suggested: the classes that are new.
        stopped: columns that are declared to be anonymous and so took none.
        unknown: columns whose origin is not known, so that nothing is said of them.
    """

    suggested: tuple[ColumnClass, ...]
    stopped: tuple[str, ...]
    unknown: tuple[str, ...]


def propagate(steward: Steward) -> Propagated:
    """Suggest for every column the class of what it is made of, where that is more than is known of it.

    What a person has confirmed stays. Sources whose class is only suggested count, too.

    Raises:
        AccessDenied: the principal does not manage the catalog.
    """
    catalog = steward.catalog
    steward.allowed("manage", catalog, "propagate")
    state, at = steward.policies, steward.at()
    known: dict[tuple[str, str], ColumnClass] = dict(state.classes)
    made: dict[tuple[str, str], ColumnClass] = {}
    stopped: dict[str, None] = {}
    kept = [lineage for lineage, _ in lineages(steward.tables.lakehouse) if lineage.target]
    ways = list(_ways(steward, catalog, kept))
    changed = True
    while changed:
        changed = False
        for target, column, source, source_column in ways:
            if is_anonymised(state, target, column):
                stopped[f"{table_of(target)}.{column}"] = None
                continue
            origin = _strongest(known, source, source_column)
            if origin is None or not _is_more(origin, known.get((target, column))):
                continue
            one = replace(
                origin,
                securable=target,
                column=column,
                state="suggested",
                confidence=1.0,
                reason=f"Its value comes from {table_of(source)}.{source_column}, which is {origin.sensitivity}.",
                source=f"{table_of(source)}.{source_column}",
                fingerprint="",
                changed_by=steward.principal,
                changed_at=at,
            )
            known[target, column] = made[target, column] = one
            changed = True
    suggested = tuple(made.values())
    if suggested:
        steward.note("propagate", catalog, detail=f"{len(suggested)} columns")
        steward.tables.append(suggested)
    return Propagated(suggested, tuple(stopped), tuple(_unknown(kept)))


def _ways(steward: Steward, catalog: str, kept: Iterable[Lineage]) -> Iterable[tuple[str, str, str, str]]:
    """Target, column, source and its column, of each value that is handed on between tables of the lakehouse."""
    tables = set(steward.tables.lakehouse.tables())
    for lineage in kept:
        if lineage.target is None or lineage.target.name not in tables:
            continue
        for edge in lineage.edges:
            origin = edge.origin
            if edge.kind == "direct" and edge.column and origin.source.kind == "table" and origin.source.name in tables:
                source = full_name(origin.source.name, catalog)
                yield full_name(lineage.target.name, catalog), edge.column, source, origin.column


def _strongest(known: dict[tuple[str, str], ColumnClass], table: str, column: str) -> ColumnClass | None:
    """What is known of a column, or of the struct that a field is in."""
    whole = column.split(".", 1)[0]
    found = [one for one in (known.get((table, column)), known.get((table, whole))) if one and one.sensitivity]
    return max(found, key=rank, default=None)


def _is_more(origin: ColumnClass, now: ColumnClass | None) -> bool:
    """Whether a column is to get the class of its origin; what a person has confirmed stays."""
    if rank(origin) <= INTERNAL or (now is not None and now.state == "confirmed"):
        return False
    return now is None or rank(origin) > rank(now)


def _unknown(kept: Iterable[Lineage]) -> list[str]:
    found = {
        f"{lineage.target.name}.{one.column or '*'}": None
        for lineage in kept
        if lineage.target
        for one in lineage.unknown
    }
    return list(found)


def is_anonymised(state: Policies, securable: str, column: str) -> bool:
    """Whether a column is declared to be anonymous."""
    return ANONYMISED in state.tags_of(f"{securable}.{column}")

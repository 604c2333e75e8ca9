"""The state of governance: the newest row of each key, of all its tables.

Owns the reading of it. It is read again when one of the tables has changed, and never in part: a table that cannot be read
refuses everything, since what it forbids is not known. Must not decide anything; that is `decisions`.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

import networkx as nx

from toolkit import settings
from toolkit.errors import UsageError
from toolkit.governance.records import (
    ColumnClass,
    ColumnMask,
    Grant,
    Principal,
    RowFilter,
    Securable,
)
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.records import R, decode_all, table_of

WHO_LOOKS = ("user", "service", "recipient")
"""Kinds of principals that can look: behind a group there is nobody in person."""
EVERYONE = "everyone"
"""The group that every principal is in."""
_NEVER = datetime.min.replace(tzinfo=UTC)
K = TypeVar("K", bound=Hashable)
_STATE = (Principal, Securable, Grant, ColumnClass, ColumnMask, RowFilter)


@dataclass(frozen=True)
class Policies:
    """Who there is, what there is, and what is permitted, forbidden, masked and filtered.

    Attributes:
        principals: by name.
        securables: by full name.
        grants: those that are not revoked; some may be over.
        classes: by table and column.
        masks: by table and column.
        filters: by table.
        newest: when the last change of all was made, of what is gone as well.
    """

    principals: Mapping[str, Principal] = field(default_factory=dict)
    securables: Mapping[str, Securable] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    classes: Mapping[tuple[str, str], ColumnClass] = field(default_factory=dict)
    masks: Mapping[tuple[str, str], ColumnMask] = field(default_factory=dict)
    filters: Mapping[str, RowFilter] = field(default_factory=dict)
    newest: datetime = _NEVER

    @cached_property
    def catalog(self) -> str:
        """The catalog that the lakehouse is; empty while it is not governed."""
        return next((name for name, one in self.securables.items() if one.kind == "catalog"), "")

    @cached_property
    def memberships(self) -> nx.DiGraph:
        """An arrow from each principal to each group that it is in."""
        graph = nx.DiGraph()
        graph.add_node(EVERYONE)
        for one in self.principals.values():
            graph.add_node(one.name)
            graph.add_edges_from((one.name, group) for group in one.groups if group in self.principals)
            graph.add_edge(one.name, EVERYONE)
        return graph

    def groups_of(self, principal: str) -> frozenset[str]:
        """A principal and all groups that it is in, at whatever remove; none where there is no such principal."""
        if principal not in self.principals:
            return frozenset()
        return frozenset({principal, *nx.descendants(self.memberships, principal)})

    def way_to(self, principal: str, group: str) -> list[str]:
        """The groups through which a principal is in a group, from the one to the other."""
        return list(nx.shortest_path(self.memberships, principal, group))

    @cached_property
    def grants_on(self) -> Mapping[str, tuple[Grant, ...]]:
        """The grants by what they are on."""
        found: dict[str, list[Grant]] = {}
        for one in self.grants:
            found.setdefault(one.securable, []).append(one)
        return {name: tuple(grants) for name, grants in found.items()}

    def class_of(self, table: str, column: str) -> ColumnClass | None:
        """What is known of a column's class; of a struct the most that any of its fields has."""
        found = self.classes_of.get(table, ())
        # A field of a struct stands after a dot, an element of a list after a bracket.
        inner = (f"{column}.", f"{column}[")
        known = [one for one in found if one.column == column or one.column.startswith(inner)]
        return max(known, key=_sensitivity) if known else None

    @cached_property
    def classes_of(self) -> Mapping[str, tuple[ColumnClass, ...]]:
        """What is known of columns' classes, by table."""
        found: dict[str, list[ColumnClass]] = {}
        for one in self.classes.values():
            found.setdefault(one.securable, []).append(one)
        return {name: tuple(some) for name, some in found.items()}

    def tags_of(self, securable: str) -> frozenset[str]:
        """The tags of one object itself."""
        one = self.securables.get(securable)
        return frozenset(one.tags) if one else frozenset()

    def require_principal(self, name: str) -> Principal:
        """The principal of that name.

        Raises:
            UsageError: there is none.
        """
        if name not in self.principals:
            raise UsageError.unknown("principal", name, self.principals, cure="Add one: toolkit governance enroll")
        return self.principals[name]


_ORDER = ("public", "internal", "confidential", "restricted")


def rank(one: ColumnClass) -> int:
    """How sensitive it is said to be, from 0 for public to 3 for restricted; -1 where that is not known."""
    return _ORDER.index(one.sensitivity) if one.sensitivity else -1


def _sensitivity(one: ColumnClass) -> int:
    """The more sensitive the larger; what is not known, or not confirmed, is more than all."""
    return rank(one) if one.sensitivity and one.state == "confirmed" else len(_ORDER)


_read_last: dict[str, tuple[tuple[int, ...], Policies]] = {}


def policies(lakehouse: Lakehouse) -> Policies:
    """The state of governance of a lakehouse; an empty one where it is not governed.

    Raises:
        DataError: one of its tables cannot be read.
    """
    stamps = tuple(lakehouse.stamp(table_of(record).name) for record in _STATE)
    known = _read_last.get(str(lakehouse.root))
    if known is None or known[0] != stamps:
        known = _read_last[str(lakehouse.root)] = (stamps, _read(lakehouse))
    return known[1]


def _read(lakehouse: Lakehouse) -> Policies:
    people, things = rows_of(lakehouse, Principal), rows_of(lakehouse, Securable)
    grants, classes = rows_of(lakehouse, Grant), rows_of(lakehouse, ColumnClass)
    masks, filters = rows_of(lakehouse, ColumnMask), rows_of(lakehouse, RowFilter)
    every = (people, things, grants, classes, masks, filters)
    newest = [some[-1].changed_at for some in every if some]
    return Policies(
        {key: one for key, one in _newest(people, lambda one: one.name).items() if not one.is_removed},
        {key: one for key, one in _newest(things, lambda one: one.name).items() if not one.is_removed},
        tuple(one for one in _newest(grants, lambda one: one.grant).values() if not one.is_revoked),
        _newest(classes, lambda one: (one.securable, one.column)),
        {
            key: one
            for key, one in _newest(masks, lambda one: (one.securable, one.column)).items()
            if one.mask != "none"
        },
        {key: one for key, one in _newest(filters, lambda one: one.securable).items() if one.condition},
        max(newest, default=_NEVER),
    )


def rows_of(lakehouse: Lakehouse, record: type[R], order: str = "changed_at") -> list[R]:
    """All rows of a table of records, the oldest first; none where there is no such table."""
    from toolkit.store.reader import DeltaReader

    name = table_of(record).name
    if not lakehouse.has_version(name):
        return []
    # Through the reader itself: the state that decides what may be seen is not itself seen through it.
    page = DeltaReader(lakehouse.path(name), name).sql(f"SELECT * FROM t ORDER BY {order}", as_it_stands=True)  # noqa: S608
    return decode_all(record, page.columns, page.rows)


def _newest(rows: Iterable[R], key: Callable[[R], K]) -> dict[K, R]:
    """The newest of each key."""
    return {key(one): one for one in rows}


def acting() -> str:
    """Who is at work: the principal that `TOOLKIT_PRINCIPAL` names, else the user of this computer."""
    return settings.current().principal or getpass.getuser()


def catalog_of(lakehouse: Lakehouse) -> str:
    """The catalog that a lakehouse is.

    Raises:
        UsageError: it is not governed.
    """
    if not (catalog := policies(lakehouse).catalog):
        raise UsageError(
            f"The lakehouse at {lakehouse.root} is not governed yet.",
            cure="Take it in: toolkit governance take_in",
        )
    return catalog

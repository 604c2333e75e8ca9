"""What a step works with to govern its lakehouse: the changes that the tasks make too, and what is seen and traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from toolkit.governance import catalogue, granting, people, propagation, protection
from toolkit.governance.audit import Trail
from toolkit.governance.granting import NO_LIMITS, Limits
from toolkit.governance.propagation import Propagated
from toolkit.governance.records import (
    Class,
    ColumnClass,
    ColumnMask,
    Effect,
    Grant,
    MaskKind,
    Principal,
    PrincipalKind,
    Privilege,
    RowFilter,
    Securable,
)
from toolkit.governance.stewardship import Steward
from toolkit.governance.tracing import Tracer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.governance.governed import Governed
    from toolkit.governance.lineage.graph import LineageGraph
    from toolkit.store.tables import Tables


class Governance:
    """A lakehouse governed by who is at work; what that principal may not do is refused."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @cached_property
    def steward(self) -> Steward:
        """Who is at work."""
        return Steward(self.tables)

    @cached_property
    def tracer(self) -> Tracer:
        """Keeps the lineage of what the run writes."""
        return Tracer(self.tables)

    @property
    def trail(self) -> Trail:
        """The audit trail."""
        return Trail(self.tables.lakehouse, self.tables.session)

    def as_seen_by(self, principal: str, purpose: str = "") -> Governed:
        """The lakehouse as a principal sees it."""
        from toolkit.governance.governed import governed

        tables = self.tables
        return governed(tables.spark, principal, purpose=purpose, lakehouse=tables.lakehouse, run_id=tables.run_id)

    def lineage(self) -> LineageGraph:
        """Where everything comes from, as far as that was kept."""
        from toolkit.governance.tracing import graph

        return graph(self.tables.lakehouse)

    def take_in(self, catalog: str = "main") -> list[Securable]:
        """See `catalogue.take_in`."""
        return catalogue.take_in(self.steward, self.steward.policies.catalog or catalog)

    def enroll(
        self, name: str, kind: PrincipalKind = "user", groups: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> Principal:
        """See `people.enroll`."""
        return people.enroll(self.steward, name, kind, groups, attributes)

    def grant(
        self,
        principal: str,
        privilege: Privilege,
        securable: str,
        effect: Effect = "permit",
        limits: Limits = NO_LIMITS,
    ) -> Grant:
        """See `granting.grant`."""
        return granting.grant(self.steward, principal, privilege, securable, effect, limits)

    def suggest(self, table: str) -> list[ColumnClass]:
        """See `protection.suggest`."""
        return protection.suggest(self.steward, table)

    def propagate(self) -> Propagated:
        """See `propagation.propagate`."""
        return propagation.propagate(self.steward)

    def alter(
        self, securable: str, *, owner: str = "", comment: str | None = None, tags: Sequence[str] = ()
    ) -> Securable:
        """See `catalogue.alter`."""
        return catalogue.alter(self.steward, securable, owner=owner, comment=comment, tags=tags)

    def confirm(self, table: str, columns: Sequence[str] = (), sensitivity: Class | None = None) -> list[ColumnClass]:
        """See `protection.confirm`."""
        return protection.confirm(self.steward, table, columns, sensitivity)

    def encrypt(self, table: str, df: DataFrame, columns: Mapping[str, str]) -> DataFrame:
        """Rows of a table with columns encrypted, to be written; say `store_encrypted` of the same once they are.

        Args:
            table: which.
            df: its rows.
            columns: to be encrypted, each with its type.
        """
        from toolkit.governance.encryption import encrypted

        return encrypted(df, table, columns, self.steward.access.keys)

    def store_encrypted(self, table: str, columns: Mapping[str, str]) -> None:
        """Note in the catalogue that columns are stored encrypted, and with which type, so that they can be decrypted."""
        from toolkit.governance.encryption import PROPERTY

        for name, kind in columns.items():
            catalogue.alter(self.steward, f"{table}.{name}", properties=[f"{PROPERTY}={kind}"])

    def mask(self, table: str, column: str, mask: MaskKind, argument: str = "") -> ColumnMask:
        """See `protection.mask`."""
        return protection.mask(self.steward, table, column, mask, argument)

    def filter_rows(self, table: str, condition: str, exempt: Sequence[str] = ()) -> RowFilter:
        """See `protection.filter_rows`."""
        return protection.filter_rows(self.steward, table, condition, exempt)

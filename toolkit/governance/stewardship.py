"""Changes to governance by a principal: each is allowed or refused, noted in the audit trail, and then written in one commit.

Owns who may change what: whoever manages an object, or what it is a part of, or owns it. Must not decide what anybody sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.errors import DataError, UsageError
from toolkit.governance.access import Access
from toolkit.governance.audit import Act
from toolkit.governance.decisions import Decision
from toolkit.governance.names import column_of, parent_of, resolve, table_of
from toolkit.governance.policies import Policies, acting, catalog_of
from toolkit.governance.records import (
    Principal,
    PrincipalKind,
    Privilege,
    Securable,
    SecurableKind,
)
from toolkit.scenario import is_table_name
from toolkit.store.records import Record

if TYPE_CHECKING:
    from toolkit.store.tables import Tables


def _said(states: Sequence[object]) -> list[dict[str, object] | None]:
    """What states say, without by whom and when."""
    return [
        None if one is None else {name: value for name, value in vars(one).items() if not name.startswith("changed_")}
        for one in states
    ]


class Steward:
    """Changes governance, as the principal that is at work."""

    def __init__(self, tables: Tables, principal: str = "") -> None:
        self.tables = tables
        self.principal = principal or acting()
        self.access = Access(tables.lakehouse, self.principal, run_id=tables.run_id, session=tables.session)

    @property
    def policies(self) -> Policies:
        """The state of governance, now."""
        return self.access.policies

    @property
    def catalog(self) -> str:
        """The catalog.

        Raises:
            UsageError: the lakehouse is not governed yet.
        """
        return catalog_of(self.tables.lakehouse)

    def at(self) -> datetime:
        """The moment of a change: later than all before, whatever the clock was set to, since the newest row counts."""
        return max(datetime.now(UTC), self.policies.newest + timedelta(microseconds=1))

    def new_securable(self, name: str, kind: SecurableKind) -> Securable:
        """An object of the catalogue that the principal owns, not yet written."""
        return Securable(name, kind, self.principal, "", (), (), "", "", False, self.principal, self.at())

    def new_principal(
        self, name: str, kind: PrincipalKind, groups: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> Principal:
        """A principal of that content, not yet written."""
        return Principal(name, kind, tuple(groups), tuple(attributes), False, self.principal, self.at())

    def allowed(self, privilege: Privilege, securable: str, action: str, detail: str = "") -> Decision:
        """Whether it may be done; a refusal is noted.

        Raises:
            AccessDenied: it may not.
        """
        return self.access.require(privilege, securable, action, detail)

    def note(self, action: str, securable: str, detail: str = "") -> None:
        """Write down what is done now.

        Raises:
            DataError: it cannot be written down; then it is not to be done.
        """
        self.access.trail.append([Act(self.principal, action, securable, detail=detail, run_id=self.tables.run_id)])

    def keep(self, action: str, securable: str, records: Sequence[Record], before: object, detail: str = "") -> None:
        """Note a change and write it; nothing where all is as it was before, but for who says it and when.

        Args:
            action: what is done.
            securable: on what.
            records: the new states, of one kind.
            before: the states before, in the same order; None for none.
            detail: what else is to be noted.
        """
        if _said(records) == _said(before if isinstance(before, (list, tuple)) else [before]):
            return
        self.note(action, securable, detail)
        self.tables.append(records)

    def known(self, securable: str) -> str:
        """The full name of an object, or of a column of a table that is in the catalogue.

        Raises:
            UsageError: there is none.
        """
        name, state = resolve(securable, self.catalog), self.policies
        if name in state.securables:
            return name
        if (column := column_of(name)) and parent_of(name) in state.securables:
            self.columns(column, parent_of(name))
            return name
        raise UsageError.unknown(
            "object of the catalogue",
            securable,
            state.securables,
            cure="New tables come by: toolkit governance take_in",
        )

    def table(self, table: str) -> str:
        """The full name of a table of the catalogue.

        Raises:
            UsageError: it is none.
        """
        name = self.known(table)
        if self.policies.securables.get(name) is None or not is_table_name(table_of(name)):
            raise UsageError(f"{table} is no table.", cure="Name one as <layer>.<table>.")
        return name

    def types(self, securable: str) -> dict[str, str]:
        """The types of a table's columns, for checks only; its content is not looked at.

        Raises:
            DataError: it is not there.
        """
        name = table_of(securable)
        if not self.tables.lakehouse.has_version(name):
            raise DataError(f"{name} is in the catalogue, and not in the lakehouse.", cure="Run what writes it.")
        return {one.name: one.type for one in self.tables.reader(name).columns()}

    def columns(self, column: str, securable: str) -> dict[str, str]:
        """The types of a table's columns, if it has this one.

        Raises:
            UsageError: it has not.
        """
        types = self.types(securable)
        if column not in types:
            raise UsageError.unknown("column", column, types)
        return types

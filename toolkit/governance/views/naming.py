"""What the views of governance are asked with, who asks, and where their keys lead."""

from __future__ import annotations

from pydantic import Field

from toolkit.errors import UsageError
from toolkit.governance.access import Access
from toolkit.governance.names import column_of, parent_of, resolve, table_of
from toolkit.governance.policies import Policies, acting, policies
from toolkit.governance.records import Privilege
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Link

SHOWN = 40
"""Rows that a command prints unless asked for more."""
EMPTY = "Nothing to show. A lakehouse that is not governed yet is taken in by: toolkit governance take_in"


class OfAnyTable(Parameters):
    """One table, or all of them."""

    table: str = Field("", description="Only this table, such as silver.customers.")


class OfColumn(Parameters):
    """One column."""

    column: str = Field(description="As layer.table.column.", examples=["silver.customers.email"])


TO_ACCESS = Link(
    "enter", "Access", "governance.access", "Show who can see this column, and by which grants.", {"column": "address"}
)


def looker(lakehouse: Lakehouse) -> Access:
    """Who asks: whose lens it is, or who is at work."""
    return lakehouse.lens if isinstance(lakehouse.lens, Access) else Access(lakehouse, acting())


def state_of(lakehouse: Lakehouse) -> Policies:
    """What governs the lakehouse; an empty state where nothing does."""
    return policies(Lakehouse(lakehouse.root))


def may(lakehouse: Lakehouse, privilege: Privilege, securable: str) -> bool:
    """Whether who asks may do something, without a note of it: what is shown of governance itself depends on it."""
    return looker(lakehouse).decide(privilege, securable).is_allowed


def require_visible(lakehouse: Lakehouse, table: str) -> None:
    """Nothing, where who asks may know of the table; its rows are not looked at, so that is no access.

    Raises:
        UsageError: there is no such table, or none that may be seen.
    """
    there = lakehouse.tables()
    if table not in there:
        raise UsageError.unknown("table", table, there)


def asked_column(lakehouse: Lakehouse, address: str) -> tuple[str, str]:
    """The table and the column at `layer.table.column`, of a table that may be seen to be there.

    Raises:
        UsageError: it is no column, or there is no such table, or none that may be seen.
    """
    full = resolve(address, state_of(lakehouse).catalog or "main")
    if not (column := column_of(full)):
        raise UsageError(f"{address!r} is no column.", cure="Write it as layer.table.column.")
    table = table_of(parent_of(full))
    require_visible(lakehouse, table)
    return table, column


def short(securable: str) -> str:
    """A full name as a lakehouse calls it: without the catalog, which is itself."""
    return table_of(securable) or securable

"""What the views of governance are asked with, who asks, and where their keys lead."""

from __future__ import annotations

from pydantic import Field

from toolkit.errors import UsageError
from toolkit.governance.access import Access
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


def short(securable: str) -> str:
    """A full name as a lakehouse calls it: without the catalog, which is itself."""
    return securable.partition(".")[2] or securable

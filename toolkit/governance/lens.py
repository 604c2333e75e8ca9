"""The lakehouse as whoever is at work here may see it: what the app, the command line and a notebook's displays read from.

Owns that one look. A lakehouse that is not governed is seen as it is, and costs no more than it did.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from toolkit.errors import AccessDenied, UsageError
from toolkit.governance.records import SECURABLES
from toolkit.scenario import is_table_name
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from toolkit.governance.access import Access


def looked_at(lakehouse: Lakehouse | None = None) -> Lakehouse:
    """A lakehouse, the default one when None, through the eyes of who is at work.

    Raises:
        UsageError: it is governed, and that is none of its principals.
        DataError: what governs it cannot be read, so nothing may be seen.
    """
    where = lakehouse or Lakehouse.default()
    if where.lens is not None or not where.has_version(SECURABLES):
        return where
    from toolkit.governance.policies import WHO_LOOKS, acting, policies

    principal = acting()
    known = policies(where).principals
    if principal not in known or known[principal].kind not in WHO_LOOKS:
        raise UsageError(
            f"{principal} is no principal of the lakehouse at {where.root}.",
            choices=sorted(one.name for one in known.values() if one.kind in WHO_LOOKS),
            cure="Say who you are: TOOLKIT_PRINCIPAL=name. Who manages it adds principals: toolkit governance enroll",
        )
    return Lakehouse(where.root, _access(Lakehouse(where.root), principal))


def refuse_unpermitted(tables: Iterable[str], writes: Iterable[str]) -> None:
    """Nothing, where who is at work may do what reads a table as it is and writes others.

    Args:
        tables: that may be read; what is no name of a table, or of none that is there, is passed over.
        writes: tables that are written; those of `ops` are the program's own.

    Raises:
        AccessDenied: it sees the table in part only, or may not modify one of the others.
        UsageError: it is no principal of the lakehouse, or there is no such table that it may see.
    """
    lakehouse = looked_at()
    access = lakehouse.lens
    if access is None:
        return
    from toolkit.governance.access import Access
    from toolkit.governance.decisions import Decision

    assert isinstance(access, Access)  # noqa: S101 - no other lens is put on here
    for one in tables:
        if is_table_name(one) and lakehouse.exists(one) and not lakehouse.shows_whole(one):
            refused = Decision(False, (), "it sees the table in part, or not at all")
            access.note("work on", access.name_of(one), refused)
            raise AccessDenied(
                f"This works on all of {one} as it is, and you see it in part, or not at all.",
                cure="Ask its owner for unmask on it, and for all its rows.",
            )
    for one in writes:
        if not one.startswith("ops."):
            access.require("modify", access.name_of(one), "modify")


@cache
def _access(lakehouse: Lakehouse, principal: str) -> Access:
    """One for a process, so that what it reads again is no second sitting."""
    from toolkit.governance.access import Access

    return Access(lakehouse, principal)

"""The lakehouse as whoever is at work here may see it: what the app, the command line and a notebook's displays read from.

Owns that one look. A lakehouse that is not governed is seen as it is, and costs no more than it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.errors import AccessDenied, ToolkitError, UsageError
from toolkit.governance.heads import refuse_bereft
from toolkit.governance.records import SECURABLES
from toolkit.parameters import Parameters
from toolkit.scenario import is_table_name
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.lens import Seen
from toolkit.views import Task

if TYPE_CHECKING:
    from toolkit.governance.access import Access


@dataclass(frozen=True)
class _Closed:
    """The lens of a lakehouse of which it is not known who may see what, since its store does not answer.

    What does not look at tables, as the list of servers, goes on; all else says why it cannot.
    """

    problem: ToolkitError

    def visible(self, tables: Sequence[str]) -> list[str]:
        """None: raises what stands in the way."""
        del tables
        raise self.problem

    def manages(self) -> bool:
        """Raises what stands in the way."""
        raise self.problem

    def seen(self, table: str, columns: Mapping[str, str], version: int | None) -> Seen:
        """Raises what stands in the way."""
        del table, columns, version
        raise self.problem


def looked_at(lakehouse: Lakehouse | None = None) -> Lakehouse:
    """A lakehouse, the default one when None, through the eyes of who is at work.

    Raises:
        UsageError: it is governed, and that is none of its principals.
        DataError: what governs it cannot be read, so nothing may be seen.
    """
    where = lakehouse or Lakehouse.default()
    if where.lens is not None:
        return where
    try:
        is_governed = where.has_version(SECURABLES)
    except ToolkitError as problem:
        return Lakehouse(where.root, _Closed(problem))
    if not is_governed:
        refuse_bereft(where)
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


def refuse_unpermitted(tables: Iterable[str], writes: Sequence[str], *, is_task: bool = True) -> None:
    """Nothing, where who is at work may do what reads a table as it is and writes others.

    Args:
        tables: that may be read; what is no name of a table, or of none that is there, is passed over.
        writes: tables that are written; those of `ops` are the program's own.
        is_task: one that names no table is for who manages the lakehouse: it may work on any.

    Raises:
        AccessDenied: it sees the table in part only, or may not modify one of the others.
        UsageError: it is no principal of the lakehouse, or there is no such table that it may see.
    """
    own = [one for one in writes if not one.startswith("ops.")]
    if not (own or is_task):
        # The lakehouse is not looked for: what is done may be to start the server that it lies in.
        return
    lakehouse = looked_at()
    access = lakehouse.lens
    if access is None:
        return
    from toolkit.governance.access import Access
    from toolkit.governance.decisions import Decision

    if isinstance(access, _Closed):
        raise access.problem
    assert isinstance(access, Access)  # noqa: S101 - no other lens is put on here
    named = [one for one in tables if is_table_name(one) and lakehouse.exists(one)]
    if not (named or own):
        lakehouse.refuse_unmanaged("Tasks that name no table")
    for one in named:
        if not lakehouse.shows_whole(one):
            refused = Decision(False, (), "it sees the table in part, or not at all")
            access.note("work on", access.name_of(one), refused)
            raise AccessDenied(
                f"This works on all of {one} as it is, and you see it in part, or not at all.",
                cure="Ask its owner for unmask on it, and for all its rows.",
            )
    for one in own:
        access.require("modify", access.name_of(one), "modify")


def permitted(task: Task[Any, Any], parameters: Parameters) -> None:
    """Refuse a task that may not be done: by who is at work, or at all.

    Raises:
        AccessDenied: who is at work may not read or write its tables, or it names none and they do not manage the lakehouse.
        ToolkitError: it is refused by itself.
    """
    texts = [task.about(parameters), *_texts(parameters.model_dump())]
    if not task.is_guarded:
        refuse_unpermitted(texts, task.writes(parameters))
    task.prepare(parameters)


def _texts(value: Any) -> Iterator[str]:
    """All texts that a task is asked with: one of them may name a table that it reads."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from (*_texts(key), *_texts(one))
    elif isinstance(value, Iterable):
        for one in value:
            yield from _texts(one)


@cache
def _access(lakehouse: Lakehouse, principal: str) -> Access:
    """One for a process, so that what it reads again is no second sitting."""
    from toolkit.governance.access import Access

    return Access(lakehouse, principal)

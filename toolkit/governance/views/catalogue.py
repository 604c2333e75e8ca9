"""What there is, whose it is, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field

from toolkit.errors import ToolkitError
from toolkit.governance.names import full_name
from toolkit.governance.policies import Policies
from toolkit.governance.records import RECORDS
from toolkit.governance.views.naming import EMPTY, SHOWN, looker, short, state_of
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.records import table_of
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import plural

_OWN = frozenset(table_of(record).name for record in RECORDS)


class Search(Parameters):
    """What is looked for."""

    find: str = Field("", description="Words that occur in names, comments, tags or columns.")


def _catalogue(lakehouse: Lakehouse, parameters: Search) -> Result:
    state = state_of(lakehouse)
    if not state.catalog:
        return Result([])
    access, there = looker(lakehouse), lakehouse.tables()
    known = [one for one in state.securables.values() if one.kind != "column"]
    seen = set(access.visible([short(one.name) for one in known if one.kind not in ("catalog", "schema")]))
    visible = [one for one in known if one.kind in ("catalog", "schema") or short(one.name) in seen]
    rows: list[Row] = [
        {
            "name": short(one.name),
            "kind": one.kind,
            "state": _state(one.kind, short(one.name), there),
            "owner": one.owner,
            "comment": one.comment,
            "tags": one.tags,
            "properties": one.properties,
            "table": short(one.name) if one.kind == "table" else None,
            "full_name": one.name,
        }
        for one in visible
    ]
    rows += [_not_taken_in(name, state) for name in there if full_name(name, state.catalog) not in state.securables]
    wanted = parameters.find.casefold().split()
    return Result([row for row in rows if all(_has(word, row, lakehouse) for word in wanted)])


def _state(kind: str, name: str, there: Sequence[str]) -> str:
    if kind != "table" or name in there:
        return "ok"
    # Of those that govern some are made when they are first needed.
    return "new" if name in _OWN else "gone"


def _not_taken_in(name: str, state: Policies) -> Row:
    return {
        "name": name,
        "kind": "table",
        "state": "not taken in",
        "table": name,
        "full_name": full_name(name, state.catalog),
    }


def _has(word: str, row: Row, lakehouse: Lakehouse) -> bool:
    """Whether a word occurs in what is said of an object, or in the names and comments of its columns."""
    said = [row["full_name"], row.get("comment"), *(row.get("tags") or ()), *(row.get("properties") or ())]
    return word in _folded(said) or (row["kind"] == "table" and word in _folded(_columns(lakehouse, row["name"])))


def _columns(lakehouse: Lakehouse, table: str) -> list[str]:
    from toolkit.store.reader import DeltaReader

    try:
        # Names and comments of columns are of the catalogue: whoever may browse it may find a table by them.
        columns = DeltaReader(lakehouse.path(table), table).columns()
    except ToolkitError:
        return []
    return [text for one in columns for text in (one.name, one.comment)]


def _folded(texts: Iterable[str | None]) -> str:
    return " ".join(text for text in texts if text).casefold()


def _sentence(row: Row) -> str:
    said = row.get("comment") or "Nothing is said of it."
    if row["state"] == "not taken in":
        return "It is in the lakehouse and not in the catalogue: only its schema's owner sees it. toolkit governance take_in"
    gone = " It is not in the lakehouse." if row["state"] == "gone" else ""
    return f"{said}{gone} {plural(len(row.get('tags') or ()), 'tag')}."


CATALOGUE = View(
    "catalogue",
    "Catalogue",
    "What is there, whose is it, and what is it for?",
    _catalogue,
    (
        Column("name", "name"),
        Column("kind", "name"),
        Column("state", "state"),
        Column("owner", "name"),
        Column("tags", "names", shown="wide"),
        Column("comment", "text", shown="wide"),
        Column("properties", "names", shown="asked"),
        Column("table", "name", shown="asked"),
        Column("full_name", "name", shown="asked"),
    ),
    Search,
    sentence=_sentence,
    links=(
        Link("enter", "Classes", "governance.classes", "Show the classes of its columns.", {"table": "table"}),
        Link("k", "Classify", "governance.classify", "Look at its content, and suggest classes.", {"table": "table"}),
        Link("m", "Grant", "governance.grant", "Permit somebody something on it.", {"securable": "full_name"}),
        Link(
            "a",
            "Alter",
            "governance.alter",
            "Say what it is for, tag it, give it to another.",
            {"securable": "full_name"},
        ),
    ),
    empty=EMPTY,
    limit=SHOWN,
)

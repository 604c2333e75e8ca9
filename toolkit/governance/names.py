"""Names of what is governed: catalog, schema, table, column, each a part of the one before.

Owns the way from the two-part names of a lakehouse to the three parts of a catalogue and back. A name is checked before it is
used for anything: it becomes part of paths, policies and SQL.
"""

from __future__ import annotations

import re

from toolkit.errors import UsageError
from toolkit.scenario import is_table_name
from toolkit.words import cut

SCHEMA, TABLE = 2, 3
"""Parts of a name."""
LONGEST_NAME = 80
"""Characters of a name that a message shows."""
_PRINCIPAL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._@+\-]{0,127}")
_PART = re.compile(r"[a-z][a-z0-9_]{0,127}")
_ASSIGNMENT = re.compile(r"[a-z][a-z0-9_.]{0,63}=[^\x00-\x1f]{0,255}")


def _shown(text: str) -> str:
    """A text in a message, however long it is."""
    return cut(repr(text), LONGEST_NAME)


def check_principal(name: str) -> str:
    """The name of a principal itself, if it is one.

    Raises:
        UsageError: it is not.
    """
    if not _PRINCIPAL.fullmatch(name):
        raise UsageError(
            f"{_shown(name)} cannot name a principal.",
            cure="Use letters, digits and . _ @ + -, as in anna@example.com.",
        )
    return name


def check_part(name: str, what: str) -> str:
    """One part of a name itself, if it can be one.

    Raises:
        UsageError: it cannot.
    """
    if not _PART.fullmatch(name):
        raise UsageError(f"{_shown(name)} cannot name a {what}.", cure="Use small letters, digits and underscores.")
    return name


def check_assignment(text: str, what: str) -> str:
    """`name=value` itself, if it is that.

    Raises:
        UsageError: it is not.
    """
    if not _ASSIGNMENT.fullmatch(text):
        raise UsageError(f"{_shown(text)} is no {what}.", cure="Write it as name=value, the name in small letters.")
    return text


def parent_of(securable: str) -> str:
    """What it is a part of; empty for a catalog. A column's name may hold dots, so it is what stands after the table."""
    parts = securable.split(".", TABLE)
    return ".".join(parts[:-1])


def ancestors(securable: str) -> tuple[str, ...]:
    """It and all that it is a part of, the nearest first."""
    names = [securable]
    while parent := parent_of(names[-1]):
        names.append(parent)
    return tuple(names)


def level(securable: str) -> int:
    """How many parts its name has: 1 for a catalog to 4 for a column."""
    return len(securable.split(".", TABLE))


def full_name(table: str, catalog: str) -> str:
    """A table's full name: `silver.customers` is `main.silver.customers` in the catalog main; a full one is itself."""
    return table if table.count(".") >= SCHEMA and table.startswith(f"{catalog}.") else f"{catalog}.{table}"


def column_of(securable: str) -> str:
    """The column of a full name; empty for what is no column."""
    return "".join(securable.split(".", TABLE)[TABLE:])


def table_of(securable: str) -> str:
    """The table of a full name as a lakehouse calls it: `main.silver.customers` is `silver.customers`."""
    return securable.partition(".")[2]


def resolve(name: str, catalog: str) -> str:
    """The full name of a catalog, schema, table or column, given in full or without the catalog.

    Raises:
        UsageError: it is none of them.
    """
    full = name if name == catalog or name.startswith(f"{catalog}.") else f"{catalog}.{name}"
    parts = full.split(".", TABLE)
    if not all(parts) or (len(parts) >= TABLE and not is_table_name(".".join(parts[1:TABLE]))):
        raise UsageError(
            f"{_shown(name)} names nothing that is governed.",
            cure=f"Write {catalog}, <layer>, <layer>.<table> or <layer>.<table>.<column>.",
        )
    if len(parts) >= SCHEMA:
        check_part(parts[1], "schema")
    return full

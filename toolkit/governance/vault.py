"""The vault of tokens: which value stands behind a token, kept encrypted, and looked up by who may unmask the column.

Owns the entries. A token follows from its value and the key (`masks`), so that all who see the column see the same one; the
vault is needed for the way back alone. What is looked up is given to the caller and written nowhere; that it was is noted.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from toolkit.errors import AccessDenied, UsageError
from toolkit.governance.access import Access, mask_of
from toolkit.governance.audit import Act
from toolkit.governance.encryption import opened, sealed
from toolkit.governance.keys import Keys
from toolkit.governance.masks import HASHED, Mask
from toolkit.governance.names import table_of
from toolkit.governance.policies import rows_of
from toolkit.governance.records import VaultEntry
from toolkit.governance.stewardship import Steward
from toolkit.store.query_engine import quoted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

AT_ONCE = 50_000
"""Entries that are written in one commit."""


def token_of(value: str, mask: Mask, keys: Keys) -> str:
    """The token of a value, as the mask's expressions give it."""
    key = keys.key(f"token of {mask.argument or mask.domain}")
    return f"tok_{hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:HASHED]}"


def fill(steward: Steward, table: str, column: str) -> int:
    """Put the values of a column into the vault that are not in it yet; returns how many.

    Raises:
        UsageError: there is no such column, or its mask is no token.
        AccessDenied: the principal does not manage the table, or may not unmask the column.
    """
    name = steward.table(table)
    types = steward.columns(column, name)
    mask = mask_of(steward.policies, name, column, types[column])
    if mask.kind != "token":
        raise UsageError(
            f"What others see of {column} is {mask.words}, and no token.",
            cure=f"toolkit governance mask {table} {column} token",
        )
    steward.allowed("manage", name, "fill vault", column)
    steward.allowed("unmask", f"{name}.{column}", "fill vault", column)
    known = {one.token for one in _entries(steward.access, name, column)}
    select = f"SELECT DISTINCT {quoted(column)} FROM t WHERE {quoted(column)} IS NOT NULL"  # noqa: S608 - quoted
    values = (str(row[0]) for row in steward.tables.reader(table_of(name)).sql(select, as_it_stands=True).rows)
    keys = steward.access.keys
    fresh = [(token, value) for value in values if (token := token_of(value, mask, keys)) not in known]
    if fresh:
        steward.note("fill vault", name, f"{len(fresh)} values of {column}")
    for at in range(0, len(fresh), AT_ONCE):
        steward.tables.append([_entry(name, column, *one, keys) for one in fresh[at : at + AT_ONCE]])
    return len(fresh)


def look_up(access: Access, tokens: Sequence[str]) -> Mapping[str, str]:
    """The values behind tokens, of columns that the principal may unmask; tokens that are in no vault are left out.

    Raises:
        AccessDenied: the principal may not unmask the column of one of them; then none is given.
    """
    wanted = set(tokens)
    found = [one for one in rows_of(access.lakehouse, VaultEntry, "added_at") if one.token in wanted]
    columns = dict.fromkeys((one.securable, one.column) for one in found)
    for securable, column in columns:
        decision = access.decider.columns(access.request("unmask", securable), access.tags(securable, [column]))[column]
        act = Act(
            access.principal,
            "look up",
            securable,
            decision.is_allowed,
            decision.reason,
            (column,) if decision.is_allowed else (),
            access.purpose,
            f"{len(wanted)} tokens",
            access.run_id,
        )
        access.trail.append([act])
        if not decision.is_allowed:
            raise AccessDenied(
                f"{access.principal} may not look up tokens of {table_of(securable)}.{column}: {decision.reason}.",
                cure="Ask its owner for unmask.",
            )
    return {one.token: _opened(one, access.keys) for one in found}


def _entries(access: Access, securable: str, column: str) -> Iterable[VaultEntry]:
    every = rows_of(access.lakehouse, VaultEntry, "added_at")
    return [one for one in every if (one.securable, one.column) == (securable, column)]


def _entry(securable: str, column: str, token: str, value: str, keys: Keys) -> VaultEntry:
    sealed_value = sealed(_cipher(securable, column, keys), token.encode(), value)
    return VaultEntry(token, securable, column, sealed_value, datetime.now(UTC))


def _opened(entry: VaultEntry, keys: Keys) -> str:
    """The value of an entry.

    Raises:
        UsageError: it was sealed with another key, or moved to another token.
    """
    try:
        return opened(_cipher(entry.securable, entry.column, keys), entry.token.encode(), entry.sealed)
    except ValueError:
        raise UsageError(
            f"The entry of {entry.token} was sealed with another key, or is not its own.", cure="Fill the vault anew."
        ) from None


def _cipher(securable: str, column: str, keys: Keys) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(keys.key(f"vault of {securable}.{column}"))

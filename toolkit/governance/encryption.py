"""Columns that are stored encrypted, so that whoever reads the files gains nothing: AES-256-GCM, a key for each column.

Owns the form: twelve random bytes, then what AES-GCM makes of the value as a text, bound to the table and the column, so that
no value can be moved to another place. Null stays null, and how long a value is can still be seen. Which columns are so is a
property in the catalogue, by which `governed` decrypts them for who may unmask them. The key itself is `keys`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from toolkit.columns import quoted
from toolkit.errors import UsageError
from toolkit.governance.keys import Keys
from toolkit.governance.policies import Policies

if TYPE_CHECKING:
    import pandas as pd
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from pyspark.sql import Column, DataFrame

NONCE = 12
"""Bytes; random for each value, so that equal ones do not look equal."""
PROPERTY = "encrypted"
"""Of a column in the catalogue: the type that it has when it is decrypted."""


def encrypted(df: DataFrame, table: str, columns: Mapping[str, str], keys: Keys) -> DataFrame:
    """The rows with columns encrypted, which are BINARY then; the others stay as they are.

    Args:
        df: the rows.
        table: that they are written to, as the lakehouse calls it.
        columns: to be encrypted, each with its type.
        keys: whoever keeps the key.

    Raises:
        UsageError: a column is not there.
    """
    from pyspark.sql import functions as F

    for name in columns:
        if name not in df.columns:
            raise UsageError.unknown("column", name, df.columns)
    return df.select(
        *[
            _through(_sealing(*_bound(table, name, keys)), F.col(quoted(name)).cast("string"), "binary").alias(name)
            if name in columns
            else F.col(quoted(name))
            for name in df.columns
        ]
    )


def decrypted(table: str, column: str, kind: str, keys: Keys) -> Column:
    """A column that is stored encrypted, as it was, by the same name.

    The query fails where a value was encrypted with another key, or for another place; the message has nothing of it.
    """
    from pyspark.sql import functions as F

    opened = _through(_opening(*_bound(table, column, keys)), F.col(quoted(column)), "string")
    return opened.cast(kind).alias(column)


def columns_of(state: Policies, securable: str, names: Iterable[str]) -> dict[str, str]:
    """The columns of a table that are stored encrypted, each with its type when it is decrypted.

    Args:
        state: of governance.
        securable: the table, by its full name.
        names: of its columns.
    """
    found: dict[str, str] = {}
    for name in names:
        one = state.securables.get(f"{securable}.{name}")
        for property_ in one.properties if one else ():
            key, _, value = property_.partition("=")
            found |= {name: value} if key == PROPERTY else {}
    return found


def _bound(table: str, column: str, keys: Keys) -> tuple[bytes, bytes]:
    """The key of a column, and what its values are bound to."""
    place = f"{table}.{column}"
    return keys.key(f"column {place}"), place.encode()


def _through(work: Callable[[pd.Series[Any]], pd.Series[Any]], column: Column, kind: str) -> Column:
    """A column through a function of Python, which gets many values at once."""
    import pandas
    from pyspark.sql import functions as F

    # By these Spark tells what the function takes; pandas is not imported where they would stand.
    work.__annotations__ = {"values": pandas.Series, "return": pandas.Series}
    return F.pandas_udf(work, kind)(column)  # type: ignore[attr-defined, no-any-return]


def _sealing(key: bytes, place: bytes) -> Callable[[pd.Series[Any]], pd.Series[Any]]:
    def sealing(values: pd.Series[Any]) -> pd.Series[Any]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = AESGCM(key)
        return values.map(lambda value: sealed(cipher, place, value) if isinstance(value, str) else None)

    return sealing


def _opening(key: bytes, place: bytes) -> Callable[[pd.Series[Any]], pd.Series[Any]]:
    def opening(values: pd.Series[Any]) -> pd.Series[Any]:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = AESGCM(key)
        return values.map(
            lambda value: opened(cipher, place, bytes(value)) if isinstance(value, bytes | bytearray) else None
        )

    return opening


def sealed(cipher: AESGCM, place: bytes, value: str) -> bytes:
    """A text encrypted, and bound to a place."""
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, value.encode(), place)


def opened(cipher: AESGCM, place: bytes, value: bytes) -> str:
    """What `sealed` encrypted.

    Raises:
        ValueError: it was encrypted with another key, or for another place.
    """
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(value[:NONCE], value[NONCE:], place).decode()
    except InvalidTag:
        raise ValueError(f"A value of {place.decode()} was encrypted with another key, or for another place.") from None

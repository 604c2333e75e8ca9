"""Delta by SQL: the name of a table that lies at a place, rows as a view, and commits that are signed.

Owns the settings by which SQL takes what writers have options for. Must not write anything itself.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator

from pyspark.sql import DataFrame, SparkSession

from toolkit.store.commits import Way
from toolkit.store.location import Location

_NOTE = "spark.databricks.delta.commitInfo.userMetadata"
_APP, _VERSION = "spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion"


def table_name(path: Location) -> str:
    """The table in a folder, as SQL names it."""
    return f"delta.`{str(path).replace('`', '``')}`"


def text_of(value: str) -> str:
    """A text as Spark's SQL takes it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@contextlib.contextmanager
def as_view(df: DataFrame) -> Iterator[str]:
    """The name of a view of those rows, which is gone afterwards."""
    name = f"rows_{secrets.token_hex(8)}"
    df.createOrReplaceTempView(name)
    try:
        yield name
    finally:
        df.sparkSession.catalog.dropTempView(name)


@contextlib.contextmanager
def noted(spark: SparkSession, way: Way) -> Iterator[None]:
    """Commits within are signed, and done once where they have a name; SQL takes neither otherwise than as settings."""
    given = {_NOTE: json.dumps(dict(way.signature))} if way.signature else {}
    if way.once:
        given |= {_APP: way.once.name, _VERSION: str(way.once.number)}
    before = {name: spark.conf.get(name, None) for name in given}
    try:
        for name, value in given.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, earlier)

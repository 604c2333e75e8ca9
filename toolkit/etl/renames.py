"""Columns of a table called otherwise, through Delta's column mapping: no data file is written anew, and earlier versions stay.

Owns what is refused. Must not change rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from toolkit.columns import quoted
from toolkit.errors import DataError, UsageError
from toolkit.store.commits import PLAIN, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader
from toolkit.store.sql import noted, table_name

_MAPPING = "delta.columnMapping.mode"
_MAPPED = f"'{_MAPPING}' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"


def rename_columns(target: Location, spark: SparkSession, names: Mapping[str, str], way: Way = PLAIN) -> int:
    """Call columns otherwise; those that are called so already are left, so an interrupted call is made again.

    The table gets column mapping, if it has none: readers older than Delta's reader version 2 cannot open it then. Each name is
    a commit of its own. Who follows the table by its change feed cannot read over the change, and has to begin anew.

    Args:
        target: the table.
        spark: the session.
        names: the new name of each column, by its old one; the case of letters does not matter to find it.
        way: who does it.

    Returns:
        The version of the table then.

    Raises:
        DataError: there is no table.
        UsageError: a column is not there, or a new name is taken, or given twice; nothing was changed.
    """
    before = DeltaLog(target).newest
    if before is None:
        raise DataError(f"{target.name} is not there yet.", cure="Name a table that was written.")
    there = [column.name for column in DeltaReader(target, target.name).columns()]
    to_do = _to_do(there, names)
    if not to_do:
        return before
    properties = spark.sql(f"SHOW TBLPROPERTIES {table_name(target)}").collect()
    with noted(spark, way.noted("rename")):
        if {row["key"]: row["value"] for row in properties}.get(_MAPPING, "none") == "none":
            spark.sql(f"ALTER TABLE {table_name(target)} SET TBLPROPERTIES ({_MAPPED})")
        for old, new in to_do.items():
            spark.sql(f"ALTER TABLE {table_name(target)} RENAME COLUMN {quoted(old)} TO {quoted(new)}")
    return DeltaLog(target).newest or before


def _to_do(there: list[str], names: Mapping[str, str]) -> dict[str, str]:
    by_lower = {name.lower(): name for name in there}
    found: dict[str, str] = {}
    for old, new in names.items():
        has_new = new in there
        if old.lower() not in by_lower and has_new:
            continue
        if old.lower() not in by_lower:
            raise UsageError.unknown("column", old, there)
        if by_lower[old.lower()] == new:
            continue
        if not new.strip():
            raise UsageError(f"Column {old} would have no name.", cure="Name it.")
        if new.lower() in by_lower:
            raise UsageError(f"There is a column {by_lower[new.lower()]} already.", cure="Choose a name that is free.")
        if new.lower() in {taken.lower() for taken in found.values()}:
            raise UsageError(f"Two columns would be called {new}.", cure="Give each a name of its own.")
        found[by_lower[old.lower()]] = new
    return found

"""Write, audit, publish: rows are written once, looked at, and become visible in one commit.

The rows land in a staging table of their own, parted by a boolean column. Publishing a part moves its files into the
table's folder and commits them there: nothing is written a second time, and until the commit nobody sees a row. Where a
table asks for more than plain Delta (deletion vectors, column mapping), or lies in an object store, where nothing can be
moved, its rows are copied by Spark instead.
Must not judge: who stages decides whether to publish.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError
from toolkit.scenario import Table
from toolkit.store.commits import (
    Mode,
    Written,
    is_plain_folder,
    is_plain_protocol,
    refuse_other_columns,
    written,
)
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location, remove
from toolkit.store.write import write_table


@dataclass(frozen=True)
class Staged:
    """Rows that are written and not yet visible."""

    folder: Location
    by: str
    """The boolean column that parts them."""
    spark: SparkSession = field(repr=False)
    actions: tuple[dict[str, Any], ...] = field(repr=False)
    """What the staging table's only commit says."""
    source: DataFrame | None = field(default=None, repr=False)
    """The rows before they were staged, by which it can be told where they come from."""

    def rows(self, part: bool) -> int:
        """Rows of one part."""
        return sum(int(json.loads(file["stats"])["numRecords"]) for file in self.files(part))

    @property
    def total(self) -> int:
        """Rows of both parts."""
        return self.rows(False) + self.rows(True)

    def files(self, part: bool) -> list[dict[str, Any]]:
        """The files of one part, as Delta's log describes them."""
        added = (action["add"] for action in self.actions if "add" in action)
        return [file for file in added if file["partitionValues"][self.by] == str(part).lower()]

    def frame(self, part: bool) -> DataFrame:
        """The rows of one part, before they are published."""
        rows = self.spark.read.format("delta").load(str(self.folder))
        return rows.where(F.col(self.by) if part else ~F.col(self.by)).drop(self.by)

    def one(self, name: str) -> dict[str, Any]:
        """The commit's only `protocol` or `metaData`."""
        found: dict[str, Any] = next(action[name] for action in self.actions if name in action)
        return found


def stage(df: DataFrame, folder: Location, by: str) -> Staged:
    """Write `df` to a staging table in `folder`, in place of what an earlier attempt left there.

    Args:
        df: the rows, with the boolean column `by`, which is never null.
        folder: on the same disk as the tables that they are to be published to.
        by: parts the rows.
    """
    remove(folder)
    df.write.format("delta").partitionBy(by).save(str(folder))
    log = (folder / "_delta_log" / f"{0:020}.json").read_text(encoding="utf-8")
    return Staged(folder, by, df.sparkSession, tuple(json.loads(line) for line in log.splitlines()))


def discard(staged: Staged) -> None:
    """Remove what was staged, published or not."""
    remove(staged.folder)


def publish(
    staged: Staged,
    part: bool,
    path: Location,
    declared: Table,
    *,
    mode: Mode = "overwrite",
    signature: Mapping[str, str] | None = None,
) -> Written:
    """Make one part of the staged rows the content of a table, or add it, in one commit.

    Args:
        staged: the rows; a part can be published once.
        part: which: those where the staging column is true, or false.
        path: the table's folder.
        declared: names and comments of the table's columns; other columns of the staged rows stay out of it.
        mode: replace the content, or add to it.
        signature: who wrote it and from what; kept in the commit.

    Raises:
        DataError: columns are missing.
    """
    fields = {field["name"]: field for field in json.loads(staged.one("metaData")["schemaString"])["fields"]}
    refuse_other_columns(declared, [name for name in fields if name in declared.columns])
    here, there = staged.folder, path
    if isinstance(here, Path) and _is_plain(staged.one("protocol")) and is_plain_folder(there):
        schema = [{**fields[name], "metadata": {"comment": text}} for name, text in declared.columns.items()]
        _commit(there, schema, list(_moved(staged.files(part), here, there)), mode, signature or {})
        return written(path, declared.name)
    rows = staged.frame(part).select(*declared.columns)
    return write_table(rows, path, declared, mode=mode, signature=signature)


def _moved(files: Sequence[dict[str, Any]], folder: Path, path: Path) -> Iterator[dict[str, Any]]:
    """The files of a part, once they lie in the table's folder; their names are unique, so nothing is replaced."""
    path.mkdir(parents=True, exist_ok=True)
    for file in files:
        source = folder / unquote(file["path"])
        source.rename(path / source.name)
        yield {**file, "path": source.name}


def _commit(
    path: Path,
    fields: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
    mode: Mode,
    said: Mapping[str, str],
) -> None:
    from deltalake import CommitProperties, DeltaTable, Schema
    from deltalake.exceptions import DeltaError
    from deltalake.transaction import AddAction, create_table_with_add_actions

    schema = Schema.from_json(json.dumps({"type": "struct", "fields": list(fields)}))
    added = [AddAction(f["path"], f["size"], {}, f["modificationTime"], True, f["stats"]) for f in files]
    counted = {
        "numFiles": str(len(files)),
        "numOutputRows": str(sum(int(json.loads(f["stats"])["numRecords"]) for f in files)),
        "numOutputBytes": str(sum(int(f["size"]) for f in files)),
    }
    told = CommitProperties(custom_metadata={"userMetadata": json.dumps(dict(said)), "operationMetrics": counted})
    try:
        if DeltaLog(path).newest is not None:
            DeltaTable(str(path)).create_write_transaction([*added], mode, schema, [], commit_properties=told)
        else:
            create_table_with_add_actions(str(path), schema, added, commit_properties=told)
    except DeltaError as problem:
        raise DataError(
            f"{path.name} could not be published: {problem}", cure="Run it again; nothing was changed."
        ) from problem


def _is_plain(protocol: Mapping[str, Any]) -> bool:
    return is_plain_protocol(int(protocol["minReaderVersion"]), int(protocol["minWriterVersion"]))

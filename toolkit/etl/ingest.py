"""Files that keep coming, loaded into a table: only new ones, each exactly once however often the load is killed.

A batch is planned in a ledger, then its rows and its number come into the table in one commit. A load that was killed between
the two carries out what was planned. Owns what is done with columns that the schema does not have, and with files that were
put in the place of others. Must not choose the files; that is `etl.discovery`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from toolkit.errors import BusyError, DataError, UsageError
from toolkit.etl import load
from toolkit.etl.discovery import Discovery, Found, Place, Print, batch_of, discover, looked_at
from toolkit.etl.extract import CORRUPT, RESCUED, with_origin
from toolkit.etl.files import refusal
from toolkit.etl.ledger import Ledger, ahead, commits_of, last_batch, loaded, print_of
from toolkit.etl.records import IngestedFile
from toolkit.etl.schemas import expected
from toolkit.etl.technical import NOT_IN_A_NAME
from toolkit.store.commits import PLAIN, Once, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader, done
from toolkit.store.sql import text_of

if TYPE_CHECKING:
    Read = Callable[..., DataFrame]

Rows = tuple[DataFrame, tuple[str, ...]]
"""Rows of files, and the columns among them that are to be added to their table."""
NewColumns = Literal["rescue", "add", "fail"]
Replaced = Literal["tell", "reload"]
MOST_FILES = 1000
"""Files in one batch."""
FOLLOWED = {"delta.enableChangeDataFeed": "true"}
"""Properties of a table that others can follow: `etl.incremental.follow`."""


@dataclass(frozen=True)
class FileFlow:
    """Files that keep coming, and how they are read.

    Attributes:
        place: where they come.
        schema: DDL of their columns.
        read: a reader of `etl.extract`, such as `read_csv`; it is given the session, the files, the schema and `options`.
        options: of the reader.
        name: of the flow, within its table; the pattern of the place unless given. Batches are numbered within it.
        new_columns: of a column that the schema does not have: its values are put into `_rescued_data`; or it is added to the
            table, as text; or it is an error, and nothing of its batch is loaded.
        replaced: a file in the place of one that was loaded is told, and not loaded; or its rows take the place of those of the
            earlier one, in the same commit.
        most_files: in one batch.
        most_bytes: in one batch; a larger file is a batch of its own. No limit when None.
    """

    place: Place
    schema: str
    read: Read
    options: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    new_columns: NewColumns = "rescue"
    replaced: Replaced = "tell"
    most_files: int = MOST_FILES
    most_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse limits that no batch can keep.

        Raises:
            UsageError: they are.
        """
        if self.most_files < 1 or (self.most_bytes is not None and self.most_bytes < 1):
            raise UsageError("A batch has one file and one byte at least.", cure="Set most_files and most_bytes so.")

    @property
    def title(self) -> str:
        """The name, or what stands for it."""
        return self.name or self.place.pattern

    @property
    def commits(self) -> str:
        """How the commits of its batches are numbered: see `Once`."""
        return commits_of(self.title)


NOTHING_YET = Discovery((), (), 0, (), {})
REFRESH = ("", Print(0, datetime.fromtimestamp(0, UTC)), False)
"""Stands in a plan for no file: its batch empties the table."""


@dataclass(frozen=True)
class Ingested:
    """What a load of files did.

    Attributes:
        batches: commits that were made.
        resumed: batches among them that an earlier load had planned.
        files: that were loaded.
        inserted: rows.
        deleted: rows of replaced files.
        corrupt: rows that keep their text because it could not be read; None where the commits do not tell.
        added: columns that the table got.
        discovery: what is there now beside what was loaded; `replaced` are those that were not.
        version: of the table; None where there is none.
    """

    batches: int = 0
    resumed: int = 0
    files: int = 0
    inserted: int = 0
    deleted: int = 0
    corrupt: int | None = 0
    added: tuple[str, ...] = ()
    discovery: Discovery = NOTHING_YET
    version: int | None = None


def ingest(
    target: Location,
    *,
    flow: FileFlow,
    ledger: Ledger,
    spark: SparkSession,
    table: str = "",
    full_refresh: bool = False,
    way: Way = PLAIN,
) -> Ingested:
    """Load the files of a flow that its table has not had, batch after batch.

    One program at a time may do it to a table: of two that load the same batch, one is an error. A table that is made gets a
    change feed, so that others can follow it.

    Args:
        target: the table; it is made if it is not there.
        flow: the files.
        ledger: where batches are planned.
        spark: the session.
        table: how the ledger calls the table; as its folder is called unless given.
        full_refresh: empty the table first, and load all files anew; it gets the columns that the flow has now.
        way: how the table is written; `once` and `evolution` are the flow's.

    Raises:
        DataError: a file cannot be read, has other columns than it may have, or was planned and is gone; or the ledger does not
            know of batches that the table has. Batches before that one are loaded, of it nothing is.
        BusyError: another program loads the flow at the same time.
        UsageError: the schema is none, or does not fit the table.
    """
    name = table or target.name
    files, batch = ledger.files(name, flow.title), done(target, flow.commits) or 0
    _refuse_lost_plan(files, batch, name, flow)
    work = _Load(spark, flow, target, name, ledger, way)
    if full_refresh:
        files = [*files, *work.plan([REFRESH], last_batch(files) + 1)]
    result = Ingested(version=DeltaLog(target).newest)
    for planned in ahead(files, batch):
        with _said_as_planned(planned):
            result = work.carry_out(planned, replace(result, resumed=result.resumed + bool(planned[0].file)))
        batch = planned[0].batch
    while True:
        found = discover(flow.place, loaded(files, batch))
        waiting = [*found.new, *(found.replaced if flow.replaced == "reload" else ())]
        if not waiting:
            return replace(result, discovery=found)
        while taken := batch_of(waiting, flow.most_files, flow.most_bytes):
            waiting = waiting[len(taken) :]
            prints = work.prints(taken)
            # Before they are planned: a file that cannot be read would have to be mended before any other could be loaded.
            rows = work.read([name for name, _, _ in prints]) if prints else None
            if planned := work.plan(prints, last_batch(files) + 1):
                result, batch = work.carry_out(planned, result, rows), planned[0].batch
                files = [*files, *planned]


@contextlib.contextmanager
def _said_as_planned(batch: Sequence[IngestedFile]) -> Iterator[None]:
    """What is wrong with a file that an earlier load has planned: whoever loads now may never have heard of it."""
    try:
        yield
    except DataError as problem:
        waits = f"An earlier load of {batch[0].table} has planned batch {batch[0].batch}, which comes before any other."
        raise DataError(f"{waits} {problem.what}", choices=problem.choices, cure=problem.cure) from problem


def _refuse_lost_plan(files: Sequence[IngestedFile], done: int, table: str, flow: FileFlow) -> None:
    if done > last_batch(files):
        raise DataError(
            f"{table} has batch {done} of {flow.title}, and the ledger does not know which "
            "files that was. Nothing was loaded: files would come twice.",
            cure="Restore the ledger, or load the files into a new table.",
        )


@dataclass(frozen=True)
class _Load:
    """One call of `ingest`: what its steps share."""

    spark: SparkSession
    flow: FileFlow
    target: Location
    table: str
    ledger: Ledger
    way: Way

    def prints(self, files: Sequence[Found]) -> list[tuple[str, Print, bool]]:
        """Name, print and `replaces` of each file that is still there."""
        found = []
        for one in files:
            with contextlib.suppress(FileNotFoundError):
                found.append((one.name, looked_at(one.place), one.replaces))
        return found

    def plan(self, files: Sequence[tuple[str, Print, bool]], number: int) -> list[IngestedFile]:
        """Plan a batch, unless there is no file for it.

        Raises:
            BusyError: another program has planned it meanwhile: a file of one plan would count as loaded by the other.
        """
        now, run_id = datetime.now(UTC), (self.way.signature or {}).get("run_id", "")
        names, rest = (self.table, self.flow.title, number), (str(self.flow.place), now, run_id)
        planned = [IngestedFile(*names, name, *print_, replaces, *rest) for name, print_, replaces in files]
        if planned and not self.ledger.plan(planned, f"{self.table}:{self.flow.title}:{number}"):
            raise BusyError(
                f"Another program is loading {self.flow.title} into {self.table}.", cure="Load again when it has ended."
            )
        return planned

    def read(self, names: Sequence[str]) -> Rows:
        """The rows of files.

        Raises:
            DataError: one cannot be read, or has other columns than it may have, as far as that is seen beforehand.
        """
        return _rows(self.spark, self.flow, self.target, [self.flow.place.file(name) for name in names])

    def carry_out(self, batch: Sequence[IngestedFile], result: Ingested, read: Rows | None = None) -> Ingested:
        """Load a planned batch as its files are now; its rows, where they were read before it was planned."""
        load_kind = "ingest" if batch[0].file else "empty"
        signed = replace(
            self.way.noted(load_kind, received_files=len(batch)),
            once=Once(self.flow.commits, batch[0].batch),
            evolution="add" if self.flow.new_columns == "add" else "refuse",
            properties={**FOLLOWED, **self.way.properties},
        )
        if not batch[0].file:
            return self._emptied(signed, result)
        self._note_changes(batch)
        rows, added = read or self.read([one.file for one in batch])
        replaced = [one.file for one in batch if one.replaces]
        done = self._put(self._with_origin(rows, signed), replaced, batch, signed)
        corrupt = _corrupt_rows(self.target, done.version)
        return replace(
            result,
            batches=result.batches + 1,
            files=result.files + len(batch),
            inserted=result.inserted + done.inserted,
            deleted=result.deleted + done.deleted,
            corrupt=None if corrupt is None or result.corrupt is None else result.corrupt + corrupt,
            added=(*result.added, *added),
            version=done.version,
        )

    def _put(self, rows: DataFrame, replaced: Sequence[str], batch: Sequence[IngestedFile], signed: Way) -> load.Loaded:
        """Add the rows; those of files that replace others take the place of theirs, in the same commit."""
        if not replaced:
            return load.append(self.target, rows, signed)
        names = ", ".join(text_of(one.file) for one in batch)
        return load.overwrite_part(self.target, rows, f"_source IN ({names})", signed)

    def _emptied(self, signed: Way, result: Ingested) -> Ingested:
        first = next((file for _, file in self.flow.place.files() if refusal(file) is None), None)
        if first is None or DeltaLog(self.target).newest is None:
            done = load.empty(self.target, self.spark, signed)
        else:
            how = "fail" if self.flow.new_columns == "fail" else "rescue"
            rows = self.flow.read(self.spark, [first], self.flow.schema, extra=how, **self.flow.options)
            done = load.empty(self.target, self.spark, signed, columns_of=self._with_origin(rows, signed))
        return replace(result, deleted=result.deleted + done.deleted, version=done.version)

    def _with_origin(self, rows: DataFrame, signed: Way) -> DataFrame:
        run_id = (signed.signature or {}).get("run_id", "")
        return with_origin(rows, self.flow.place.folder, run_id, datetime.now(UTC))

    def _note_changes(self, batch: Sequence[IngestedFile]) -> None:
        """Write down what files are now that have changed since they were planned.

        Raises:
            DataError: one is not there any more.
        """
        there = [(one, self._as_it_is(one)) for one in batch]
        now = datetime.now(UTC)
        changed = [
            replace(one, bytes=is_now.bytes, modified_at=is_now.modified_at, digest=is_now.digest, planned_at=now)
            for one, is_now in there
            if is_now != print_of(one)
        ]
        if changed:
            self.ledger.plan(changed, f"{self.table}:{self.flow.title}:{batch[0].batch}:{now.isoformat()}")

    def _as_it_is(self, planned: IngestedFile) -> Print:
        file = self.flow.place.file(planned.file)
        try:
            return looked_at(file, print_of(planned))
        except FileNotFoundError as problem:
            raise DataError(f"{file} is not there any more.", cure="Restore it, and load again.") from problem


def _rows(spark: SparkSession, flow: FileFlow, target: Location, files: Sequence[Location]) -> Rows:
    """The rows of files, and the columns among them that the table does not have and the flow adds."""
    if flow.new_columns != "add":
        rows = flow.read(spark, files, flow.schema, extra=flow.new_columns, **flow.options)
        return _with_rescued(rows, target), ()
    # A file that was written before a column was there lacks it; JSON names what it likes in any case.
    lacking = {"missing": "null"} if "missing" in signature(flow.read).parameters else {}
    how = {**lacking, **flow.options, "extra": "rescue"}
    declared = expected(flow.schema, extra="rescue").fields
    schema = _with(declared, _added_before(target, declared))
    rows = flow.read(spark, files, schema.toDDL(), **how)
    names: list[str] = []
    for name in _rescued_names(rows):
        if _can_be_added(name, [*schema.names, *names]):
            names.append(name)
    if not names:
        return rows, ()
    return flow.read(spark, files, _with(schema, names).toDDL(), **how), tuple(names)


def _with_rescued(rows: DataFrame, target: Location) -> DataFrame:
    """The rows with nothing rescued, where the table was begun by a flow that rescues."""
    if RESCUED in rows.columns or DeltaLog(target).newest is None:
        return rows
    there = [column.name for column in DeltaReader(target, target.name).columns()]
    return rows.withColumn(RESCUED, F.lit(None).cast("string")) if RESCUED in there else rows


def _added_before(target: Location, schema: StructType) -> list[str]:
    if DeltaLog(target).newest is None:
        return []
    declared = {name.lower() for name in schema.names}
    there = [column.name for column in DeltaReader(target, target.name).columns()]
    return [name for name in there if name.lower() not in declared and not name.startswith("_")]


def _rescued_names(rows: DataFrame) -> list[str]:
    names = F.map_keys(F.from_json(RESCUED, "map<string,string>"))
    return sorted(row[0] for row in rows.select(F.explode(names)).distinct().collect())


def _can_be_added(name: str, others: Sequence[str]) -> bool:
    """Whether a table can have a column of that name beside the others, whatever letter case they have."""
    return (
        bool(name)
        and name.lower() not in map(str.lower, others)
        and name[0] != "_"
        and not NOT_IN_A_NAME.intersection(name)
    )


def _with(schema: StructType, names: Sequence[str]) -> StructType:
    return StructType([*schema.fields, *(StructField(name, StringType()) for name in names)])


def _corrupt_rows(target: Location, version: int | None) -> int | None:
    """Rows of a commit that keep a text which could not be read, by the statistics of its files; None if they do not tell."""
    if version is None:
        return None
    total = 0
    for action in DeltaLog(target).actions(version, "add"):
        rows, nulls = _counted(action["add"], CORRUPT)
        if rows is None or nulls is None:
            return None
        total += rows - nulls
    return total


def _counted(added: dict[str, Any], column: str) -> tuple[int | None, int | None]:
    statistics = json.loads(added.get("stats") or "{}")
    return statistics.get("numRecords"), (statistics.get("nullCount") or {}).get(column)

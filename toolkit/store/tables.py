"""The tables of a run: read, written, staged, published and told about; what every step does, whatever it does to the data.

Owns who signs a commit. What is done to rows on the way is the areas' work; which `ops` tables there are, the records say that
are handed in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from toolkit.columns import cols
from toolkit.errors import DataError
from toolkit.events import EventLog
from toolkit.scenario import Scenario, Table
from toolkit.store.commits import Mode, Once, Way, Written
from toolkit.store.few_rows import arrow_of, write_few
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader
from toolkit.store.records import Record, refuse_other_shape, table_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from toolkit.store.observer import Observer
    from toolkit.store.staging import Staged


@dataclass
class Tables:
    """The lakehouse as one run sees it.

    Attributes:
        scenario: what is being run.
        parameters: the scenario's own model.
        run_id: signs every row and commit.
        log: where events go.
        session: gives the SparkSession, starting it when first asked.
        own: tables that the run declares itself, by name.
    """

    scenario: Scenario
    parameters: Any
    run_id: str
    log: EventLog
    session: Callable[[], SparkSession]
    lakehouse: Lakehouse = field(default_factory=Lakehouse.default)
    step: str = ""
    fingerprint: str = ""
    own: dict[str, Table] = field(default_factory=dict, init=False)

    @property
    def spark(self) -> SparkSession:
        """The session."""
        return self.session()

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """A table, as it is or as it was at `version`.

        Raises:
            DataError: it is not there.
        """
        if not self.lakehouse.has_version(table):
            raise DataError(f"{table} is not there yet.", cure="Run the step that writes it first.")
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(str(self.lakehouse.path(table)))

    def path(self, table: str | type[Record]) -> Location:
        """Where a table lies that this run or a record declares."""
        return self.lakehouse.path(self.declared(table).name)

    def way(self, table: str | type[Record], once: Once | None = None) -> Way:
        """How rows are written to a table: signed by this run, with the columns and comments that are declared, if any are.

        Args:
            table: which.
            once: a name and a number, so that a retry is left out.
        """
        declared = self.declared(table)
        return Way(self.signature(), once, declared=declared if declared.columns else None, observer=self.observer())

    def observer(self) -> Observer | None:
        """Who is told what is written from what; nobody, unless a platform says."""
        return None

    def reader(self, table: str) -> DeltaReader:
        """A table as it is, to be looked at without Spark."""
        return DeltaReader(self.lakehouse.path(table), table)

    def write(
        self,
        table: str | type[Record],
        df: DataFrame,
        mode: Mode = "overwrite",
        once: str = "",
        note: Mapping[str, str] | None = None,
    ) -> int:
        """Write a table that the scenario or a record declares, in one commit signed by this run; returns the rows written.

        Args:
            table: which: a name, or a record that is a row of it.
            df: its rows.
            mode: replace the content, or add to it.
            once: a name for this write; a second write of the same name to the same table is left out.
            note: what the commit says beside who wrote it.
        """
        from toolkit.store.write import write_table

        declared, signature = self.declared(table), self.signature(note)
        path = self.lakehouse.path(declared.name)
        done = write_table(df, path, declared, mode=mode, signature=signature, once=once, observer=self.observer())
        self.say_rows(done)
        return done.rows

    def append(self, records: Sequence[Record], once: str = "") -> None:
        """Add rows to the table of these records, which are of one kind; nothing is done when there are none.

        Args:
            records: the rows.
            once: a name for this write; a second write of the same name is left out.

        Raises:
            DataError: the table has other columns: another version of this program wrote it.
        """
        if not records:
            return
        record = type(records[0])
        self.refuse_other_shape(record)
        self.write_rows(record, arrow_of(records), "append", once)

    def write_rows(
        self,
        table: str | type[Record],
        rows: pa.Table,
        mode: Mode = "overwrite",
        once: str = "",
    ) -> None:
        """Write a few rows that are at hand, in one commit signed by this run; without Spark where the table is a plain one.

        Args:
            table: which: a name, or a record that is a row of it.
            rows: in Arrow; with the declared columns, in their order.
            mode: replace the content, or add to it.
            once: a name for this write; a second write of the same name is left out.
        """
        declared, signature = self.declared(table), self.signature()
        path = self.lakehouse.path(declared.name)
        done = write_few(rows, path, declared, self.session, mode=mode, signature=signature, once=once)
        if done is not None:
            self.say_rows(done)

    def refuse_other_shape(self, record: type[Record]) -> None:
        """Raise if the table of a record is there and has other columns.

        Raises:
            DataError: it has: another version of this program wrote it.
        """
        name = table_of(record).name
        if self.lakehouse.has_version(name):
            refuse_other_shape(record, self.reader(name))

    @contextlib.contextmanager
    def staged(self, table: str, df: DataFrame, by: str) -> Iterator[Staged]:
        """Rows that are written and not yet visible; removed in the end, published or not.

        Args:
            table: where they are to go, or those of them for which `by` is false.
            df: the rows.
            by: a boolean column, never null, that parts them.
        """
        from toolkit.store.staging import discard, stage

        rows = replace(stage(df, self.lakehouse.staging(table), by), source=df)
        try:
            yield rows
        finally:
            discard(rows)

    def publish(self, table: str, staged: Staged, part: bool, note: Mapping[str, str] | None = None) -> None:
        """Make one part of staged rows the content of a table, in one commit signed by this run.

        Args:
            table: which.
            staged: the rows.
            part: those for which the column that parts them is true, or false.
            note: what the commit says beside who wrote it.
        """
        from toolkit.store.staging import publish

        path, signature = self.lakehouse.path(table), self.signature(note)
        self.say_rows(publish(staged, part, path, self.declared(table), signature=signature))
        if (observer := self.observer()) and staged.source is not None:
            kept = [name for name in staged.source.columns if name in self.declared(table).columns]
            observer.frame(staged.source.select(*cols(kept)), path)

    def state(self, table: str) -> tuple[int, int]:
        """Version and number of rows of a table, from its log where that says how many there are."""
        reader = self.reader(table)
        rows = reader.summary().rows
        return reader.version, reader.count() if rows is None else rows

    def sql(self, table: str, query: str) -> tuple[Any, ...]:
        """The first row of a SELECT over one table, called `t` in it, without Spark."""
        return self.reader(table).sql(query).rows[0]

    def export_folder(self, table: str, form: str) -> Location:
        """Where an export of `table` in the given format goes."""
        return self.lakehouse.root.joinpath("exports", table, form)

    def metric(self, name: str, value: float, unit: str) -> None:
        """Record a number that the run should be remembered by."""
        self.log.emit("metric", self.step, name=name, value=value, unit=unit)

    def alert(self, message: str, level: Literal["info", "warn", "error"] = "warn") -> None:
        """Say something that whoever watches the run should read."""
        self.log.emit("alert", self.step, level=level, message=message)

    def tell(self, record: type[Record], data: Mapping[str, Any]) -> None:
        """Say what was found, before the record of it is appended."""
        self.log.emit("record", self.step, record=table_of(record).name, **data)

    def declare(self, table: Table) -> None:
        """Declare a table that the scenario does not."""
        self.own[table.name] = table

    def declared(self, table: str | type[Record]) -> Table:
        """The declaration of a table of this scenario or of this run, or of a record's table.

        Raises:
            UsageError: nothing declares such a table.
        """
        if not isinstance(table, str):
            return table_of(table)
        return self.own.get(table) or self.scenario.table(table)

    def signature(self, note: Mapping[str, str] | None = None) -> dict[str, str]:
        """Who writes, and from what: kept in every commit, with what else is to be noted of it."""
        return {
            "run_id": self.run_id,
            "scenario": self.scenario.id,
            "step": self.step,
            "fingerprint": self.fingerprint,
            **(note or {}),
        }

    def say_rows(self, done: Written) -> None:
        """Tell that a table was written."""
        self.log.emit(
            "rows",
            self.step,
            table=done.table,
            version=done.version,
            rows=done.rows,
            files=done.files,
            bytes=done.bytes,
        )

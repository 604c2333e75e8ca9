"""Loads of a run: into its tables by name, signed by it, with the columns and comments that they are declared with.

Owns nothing but that; what a load does is said in `etl.load`, `etl.changes`, `etl.incremental` and `etl.ingest`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.store.commits import Once, Way, Written
from toolkit.store.location import Location

if TYPE_CHECKING:
    from toolkit.etl.incremental import Followed
    from toolkit.etl.ingest import FileFlow, Ingested
    from toolkit.store.tables import Tables

T = TypeVar("T")


class Loads:
    """Loads into the tables of one run.

    Args:
        tables: of the run.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def way(self, table: str, once: Once | None = None) -> Way:
        """How a load into a table of this run is written."""
        return Way(self.tables.signature(), once, declared=self.tables.declared(table))

    def into(
        self,
        target: str,
        how: Callable[..., T],
        *given: Any,
        once: Once | None = None,
        way: Way | None = None,
        **more: Any,
    ) -> T:
        """Load into a table: `into("silver.orders", upsert, rows, ["order_id"])`.

        Args:
            target: a table that the scenario declares.
            how: a load of `etl.load`, or `apply_changes`.
            given: what it takes after the target.
            once: a name and a number, so that a retry is left out.
            way: that a flow asks for; the run's own unless given.
            more: what else it takes, by name.
        """
        ours = self.way(target, once)
        done = how(self.path(target), *given, way=replace(way, declared=ours.declared) if way else ours, **more)
        if (version := getattr(done, "version", None)) is not None and not getattr(done, "skipped", False):
            rows, files, size = (int(getattr(done, name, 0)) for name in ("inserted", "files", "bytes"))
            self.tables.say_rows(Written(target, version, rows + int(getattr(done, "updated", 0)), files, size))
        return done

    def follow(self, source: str, table: str, name: str, load: Callable[[Followed], T]) -> T | None:
        """Load what changed in a table since another one last followed it: `etl.incremental.follow`.

        Args:
            source: the table that is followed.
            table: the one that follows.
            name: of the flow, within that table.
            load: is handed the changes, and the way they have to be loaded, which this run signs.
        """
        from toolkit.etl.incremental import follow

        def signed(new: Followed) -> T:
            return load(replace(new, way=replace(new.way, signature=self.tables.signature())))

        return follow(self.tables.spark, self.path(source), self.path(table), name, signed)

    def ingest(self, table: str, flow: FileFlow, *, full_refresh: bool = False) -> Ingested:
        """Load the files of a flow that a table has not had: `etl.ingest.ingest`; planned in `ops.ingested_files`."""
        from toolkit.etl.ingest import ingest
        from toolkit.etl.ledger import Ledger
        from toolkit.etl.records import FILES, IngestedFile

        self.tables.refuse_other_shape(IngestedFile)
        ledger = Ledger(self.path(FILES), lambda: self.tables.spark, self.tables.signature())
        spark = self.tables.spark
        done: Ingested = self.into(
            table, ingest, flow=flow, ledger=ledger, spark=spark, table=table, full_refresh=full_refresh
        )
        for file in done.discovery.replaced:
            self.tables.alert(f"{file.name} was replaced since {table} had it; the rows are those of the earlier file.")
        for name in done.discovery.gone:
            self.tables.alert(f"{name} is gone; {table} keeps its rows.", "info")
        for name, why in done.discovery.unfit.items():
            self.tables.alert(f"{name} was left out: {why}")
        return done

    def empty(self, table: str) -> None:
        """Take all rows out of a table, to begin anew; nothing is done where there is none. Its versions stay."""
        from toolkit.etl.load import overwrite_part

        if self.tables.lakehouse.has_version(table):
            way = Way(self.tables.signature()).noted("empty")
            overwrite_part(self.path(table), self.tables.read(table).limit(0), "true", way)

    def path(self, table: str) -> Location:
        """Where a table lies."""
        return self.tables.lakehouse.path(table)

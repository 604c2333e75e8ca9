"""Loads of a run: into its tables by name, signed by it, with the columns and comments that they are declared with.

Owns nothing but that; what a load does is said in `etl.load`, `etl.changes`, `etl.incremental` and `etl.ingest`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.etl.commit_counts import load_of
from toolkit.store.commits import Once, Way, Written
from toolkit.store.delta_log import DeltaLog

if TYPE_CHECKING:
    from toolkit.etl.incremental import Followed
    from toolkit.etl.ingest import FileFlow, Ingested
    from toolkit.store.tables import Tables

T = TypeVar("T")
COUNTED = ("inserted", "updated", "files", "bytes")


class Loads:
    """Loads into the tables of one run.

    Args:
        tables: of the run.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

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
        ours, path = self.tables.way(target, once), self.tables.lakehouse.path(target)
        before = DeltaLog(path).newest
        result = how(path, *given, way=replace(way, declared=ours.declared) if way else ours, **more)
        self._say_commits(target, -1 if before is None else before)
        return result

    def _say_commits(self, table: str, after: int) -> None:
        """Tell of each version of a table after one, the oldest first, what its commit says."""
        path = self.tables.lakehouse.path(table)
        newest = DeltaLog(path).newest
        for version in range(after + 1, -1 if newest is None else newest + 1):
            (commit,) = DeltaLog(path).history(version, 1)
            counts = {name: value or 0 for name, value in load_of(table, commit).items() if name in COUNTED}
            rows = counts["inserted"] + counts["updated"]
            self.tables.say_rows(Written(table, version, rows, counts["files"], counts["bytes"]))

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

        return follow(
            self.tables.spark, self.tables.lakehouse.path(source), self.tables.lakehouse.path(table), name, signed
        )

    def ingest(self, table: str, flow: FileFlow, *, full_refresh: bool = False) -> Ingested:
        """Load the files of a flow that a table has not had: `etl.ingest.ingest`; planned in `ops.ingested_files`."""
        from toolkit.etl.ingest import ingest
        from toolkit.etl.ledger import Ledger
        from toolkit.etl.records import FILES, IngestedFile

        self.tables.refuse_other_shape(IngestedFile)
        ledger = Ledger(self.tables.lakehouse.path(FILES), lambda: self.tables.spark, self.tables.signature())
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
        from toolkit.etl.load import empty

        if self.tables.lakehouse.has_version(table):
            empty(self.tables.lakehouse.path(table), self.tables.spark, Way(self.tables.signature()))

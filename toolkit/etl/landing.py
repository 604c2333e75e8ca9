"""The files of a run's datasets: landed, found again, and read into bronze with their origin."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import datasets, paths, settings
from toolkit.datasets import Landed
from toolkit.errors import DataError
from toolkit.store.location import Location, copied

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.store.tables import Tables


class Landing:
    """What has been landed in one run.

    Args:
        tables: of the run.

    Attributes:
        landed: by dataset.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.landed: dict[str, Landed] = {}

    def land(self, dataset: str, **parameters: Any) -> Path:
        """Land a dataset's files, or find them landed already; returns their folder."""
        root = paths.ensure_folder(paths.home() / "landing")
        found = datasets.land(dataset, root, progress=self._progressed, **parameters)
        self.landed[dataset] = found
        self.tables.metric(f"{dataset} rows landed", sum(found.rows.values()), "rows")
        return found.folder

    def files(self, dataset: str) -> Location:
        """The files of a dataset that `land` has landed, where Spark can read them.

        Raises:
            DataError: it has not, in this run.
        """
        return self.readable(self.folder(dataset))

    def folder(self, dataset: str) -> Path:
        """The folder of a dataset that `land` has landed.

        Raises:
            DataError: it has not, in this run.
        """
        if dataset not in self.landed:
            raise DataError(f"The files of {dataset} have not been landed.", cure="Run the step that lands them first.")
        return self.landed[dataset].folder

    def readable(self, folder: Path) -> Location:
        """A folder of files as Spark can read it: the folder, or a copy beside the tables where Spark runs elsewhere.

        Which is where it runs on a cluster or behind a Spark Connect server, and the lakehouse lies in an object store. Files
        that are there with the same size are not copied again.
        """
        root = self.tables.lakehouse.root
        if isinstance(root, Path) or settings.current().runs_here:
            return folder
        return copied(folder, root.joinpath("landing", folder.name))

    def ingest(self, table: str, df: DataFrame, dataset: str) -> None:
        """Write what was read from a dataset's files to bronze, with its origin."""
        from toolkit.etl.extract import with_origin

        self.tables.write(table, with_origin(df, self.files(dataset), self.tables.run_id, datetime.now(UTC)))

    def _progressed(self, done: int, total: int) -> None:
        counts = {"tasks_done": done, "tasks": total, "rows_read": 0, "rows_written": done}
        self.tables.log.emit("step_progressed", self.tables.step, **counts)

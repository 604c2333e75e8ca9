"""The bronze tables of a dataset's files: what their columns mean, beside those that say where each row came from.

Scenarios declare them by it, so it must not import Spark, nor anything that is slow.
"""

from __future__ import annotations

from collections.abc import Mapping

from toolkit import datasets
from toolkit.etl.technical import ORIGIN
from toolkit.scenario import Table


def bronze_tables(dataset: str, sources: Mapping[str, str]) -> tuple[Table, ...]:
    """The tables into which files of a dataset are read as they are.

    Args:
        dataset: its name.
        sources: the file of each table, as the dataset declares it.
    """
    known = datasets.get(dataset)
    files = {table: known.file(file) for table, file in sources.items()}
    return tuple(
        Table(
            table,
            file.description,
            {**{name: text for name, text in file.columns.items() if "." not in name}, **ORIGIN},
        )
        for table, file in files.items()
    )

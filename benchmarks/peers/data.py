"""The flights as every side reads them: one folder of Parquet, written once, without Spark."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from toolkit import datasets

COPIES_FOR_BENCHMARK = 10
"""336,776 flights ten times over are the 3.37 million of the benchmark."""
ROWS_PER_GROUP = 262_144


def flights(rows_factor: int, folder: Path) -> Path:
    """The flights `rows_factor` times over, as a folder of one Parquet file each time; what is there already is kept.

    Args:
        rows_factor: how many times; 1 has 336,776 rows.
        folder: where they, and the files that they are made from, are kept.

    Raises:
        ToolkitError: the flights cannot be landed.
    """
    if rows_factor < 1:
        raise ValueError(f"rows_factor is {rows_factor}; it has to be at least 1")
    made = folder / f"flights-{rows_factor}"
    if not made.is_dir():
        once = _landed(folder)
        unfinished = folder / f"unfinished-{rows_factor}-{os.getpid()}"
        unfinished.mkdir(parents=True)
        for copy in range(rows_factor):
            once.write_parquet(unfinished / f"part-{copy:03}.parquet", row_group_size=ROWS_PER_GROUP)
        unfinished.rename(made)
    return made


def _landed(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(datasets.land("flights", folder / "landing").folder / "flights.parquet")

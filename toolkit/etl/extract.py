"""Reading files into bronze: as they are, with nothing lost.

Owns the technical columns that say where each row came from. Schemas are always given, never guessed, and a line that does
not fit its schema is kept with its text.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError

CORRUPT = "_corrupt_record"


def read_csv(spark: SparkSession, files: Path, schema: str) -> DataFrame:
    """Rows of CSV files with a header; a line of another length than the header keeps its text in `_corrupt_record`.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.csv`.
        schema: DDL, such as `id STRING, price STRING`. Bronze keeps text; `etl.transform` gives types.

    Raises:
        DataError: no such file, or one whose header names other columns, or the same ones in another order.
    """
    reader = spark.read.schema(f"{schema}, {CORRUPT} STRING").option("header", True)
    # Two quotes inside quotes are one quote, as every other program writes CSV; Spark's default is a backslash.
    reader = reader.option("escape", '"').option("columnNameOfCorruptRecord", CORRUPT)
    df = reader.csv(_existing(files))
    _refuse_other_headers(files, [name for name in df.columns if name != CORRUPT])
    return df


def read_json(spark: SparkSession, files: Path, schema: str) -> DataFrame:
    """Rows of JSON-lines files; a line that is no JSON is null but for `_corrupt_record`, which keeps its text.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.json`.
        schema: DDL.

    Raises:
        DataError: no such file.
    """
    reader = spark.read.schema(f"{schema}, {CORRUPT} STRING").option("columnNameOfCorruptRecord", CORRUPT)
    return reader.json(_existing(files))


def with_origin(df: DataFrame, root: Path, run_id: str, at: datetime) -> DataFrame:
    """Add `_source` (file below `root`), `_row`, `_ingested_at` and `_run_id`.

    `_row` numbers the rows of one load: it orders rows that are equal in everything else, and means nothing more.
    """
    uri = F.col("_metadata.file_path")
    # A plus sign is itself in a URI; the function that decodes forms would take it for a space.
    decoded = F.try_url_decode(F.replace(uri, F.lit("+"), F.lit("%2B")))
    name = F.when(uri.contains("%"), decoded).otherwise(uri)
    # What stands after the root's own name does not depend on how the URI begins.
    below_root = F.substring_index(name, f"/{root.name}/", -1)
    return df.select(
        "*",
        below_root.alias("_source"),
        F.monotonically_increasing_id().alias("_row"),
        F.lit(at).cast("timestamp").alias("_ingested_at"),
        F.lit(run_id).alias("_run_id"),
    )


def _refuse_other_headers(files: Path, expected: list[str]) -> None:
    """Spark fills the columns from left to right, whatever the header calls them."""
    for file in filter(Path.is_file, _found(files)):
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            header = next((line for line in csv.reader(stream) if line), expected)
        if header != expected:
            raise DataError(
                f"{file.name} has the columns {', '.join(header)}; expected are {', '.join(expected)}.",
                cure=f"Mend {file}, or declare its columns as they are.",
            )


def _existing(files: Path) -> str:
    if not _found(files):
        raise DataError(f"There is no file {files}.", cure="Run the step that lands it first.")
    return str(files)


def _found(files: Path) -> list[Path]:
    """The files that a path or a pattern names."""
    return sorted(Path(files.anchor).glob(str(files.relative_to(files.anchor))))

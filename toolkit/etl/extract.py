"""Reading files into bronze: as they are, with nothing lost.

Owns the technical columns that say where each row came from. Schemas are always given, never guessed, and a line that does
not fit its schema is kept with its text.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError

CORRUPT = "_corrupt_record"


def read_csv(spark: SparkSession, files: Path, schema: str) -> DataFrame:
    """Rows of one CSV file with a header; a line that does not fit is null but for `_corrupt_record`.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.csv`.
        schema: DDL, such as `id STRING, price STRING`. Bronze keeps text; `etl.transform` gives types.

    Raises:
        DataError: no such file.
    """
    reader = spark.read.schema(f"{schema}, {CORRUPT} STRING").option("header", True)
    # Two quotes inside quotes are one quote, as every other program writes CSV; Spark's default is a backslash.
    reader = reader.option("escape", '"').option("columnNameOfCorruptRecord", CORRUPT)
    return reader.csv(_existing(files))


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
    # The path arrives as a URI: what stands after the root's own name is the same in both spellings.
    below_root = F.substring_index(F.col("_metadata.file_path"), f"/{root.name}/", -1)
    return df.select(
        "*",
        below_root.alias("_source"),
        F.monotonically_increasing_id().alias("_row"),
        F.lit(at).cast("timestamp").alias("_ingested_at"),
        F.lit(run_id).alias("_run_id"),
    )


def _existing(files: Path) -> str:
    if not any(files.parent.glob(files.name)):
        raise DataError(f"There is no file {files}.", cure="Run the step that lands it first.")
    return str(files)

"""Reading files into bronze: as they are, with nothing lost.

Owns the technical columns that say where each row came from. Schemas are always given, never guessed, and a line that does
not fit its schema is kept with its text. Which files are read is said in `etl.files`, what their bytes have to be in
`etl.encodings`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pyspark.errors import ParseException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, StructType, VariantType

from toolkit.errors import UsageError
from toolkit.etl import csv_rows, json_rows
from toolkit.etl.encodings import encoding_of
from toolkit.etl.files import Files, files_meant
from toolkit.store.location import Location

CORRUPT, RESCUED = "_corrupt_record", "_rescued_data"
_NESTED = (ArrayType, MapType, StructType, VariantType)


def read_csv(
    spark: SparkSession, files: Files, schema: str, *, encoding: str = "utf-8", split_files: bool = True
) -> DataFrame:
    """Rows of CSV files with a header; a row that does not fit keeps its text in `_corrupt_record`.

    Which it does when it has more or fewer values than the header, a quote that is not closed or stands where none can, or a
    value that its type does not hold without change (`casts.exactly`). A line break between quotes is part of a value.

    What is read does not depend on `split_files`, only how fast: files are read in parts, by many tasks, when each line of all
    of them is a row; looking takes up to three seconds for 100 MB. Otherwise one task reads a file whole, and has three to four
    times the work for each row: of two files of 52 MB on two busy cores, 11 s for both together in place of 3 s.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.csv`; see `etl.files`.
        schema: DDL, such as `id STRING, price STRING`. Bronze keeps text; `etl.transform` gives types.
        encoding: of the bytes: `utf-8`, `utf-16`, or one with one byte a character, such as `windows-1252`.
        split_files: look through the files first, to find those that can be read in parts. False saves that look.

    Raises:
        DataError: no such file; or one whose header names other columns, or the same ones in another order; or whose bytes are
            not in that encoding; or that is compressed otherwise than by gzip.
        UsageError: the schema is none, or has nested columns, or the encoding is none that can be read.
    """
    fields = _fields(schema)
    if nested := [field.name for field in fields if isinstance(field.dataType, _NESTED)]:
        raise UsageError(f"CSV has no nested values, as {nested[0]} would be.", cure="Read it as STRING.")
    return csv_rows.read(spark, files_meant(files), fields, CORRUPT, encoding_of(encoding), split_files=split_files)


def read_json(spark: SparkSession, files: Files, schema: str, *, encoding: str = "utf-8") -> DataFrame:
    """Rows of files of JSON lines; a line that is not one JSON object keeps its text in `_corrupt_record`.

    An array of objects on one line gives a row for each. A line with text after its value, or with a value that its type does
    not hold without change, is kept; so is one whose bytes are not in the encoding, and they are given after it. Names that
    the schema does not have are left out; of a name that an object has twice, the last value counts.

    Files are looked through first: where all their lines are plain (an object, nothing around it, no number that its type
    changes), reading costs little more than by Spark's own reader, which drops what follows the first value of a line and
    rounds decimals. Else it costs two and a half to three and a half times as much: 16 to 23 s of processor time in place of
    6.5 s for a million nested lines, 380 MB.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.json`; see `etl.files`.
        schema: DDL.
        encoding: of the bytes: `utf-8`, or one with one byte a character, such as `windows-1252`.

    Raises:
        DataError: no such file, or one that is compressed otherwise than by gzip, or begins as another encoding does.
        UsageError: the schema is none, or the encoding is none that can be read.
    """
    return json_rows.read(spark, files_meant(files), _fields(schema), CORRUPT, encoding_of(encoding))


def with_origin(df: DataFrame, root: Location, run_id: str, at: datetime) -> DataFrame:
    """Add `_source` (file below `root`), `_row`, `_ingested_at` and `_run_id`.

    `_row` numbers the rows of one load: it orders rows that are equal in everything else, and means nothing more.
    """
    uri = F.col("_metadata.file_path")
    # A plus sign is itself in a URI; the function that decodes forms would take it for a space.
    decoded = F.try_url_decode(F.replace(uri, F.lit("+"), F.lit("%2B")))
    name = F.when(uri.contains("%"), decoded).otherwise(uri)
    # How the URI begins depends on the driver.
    begin = f"{root.absolute().as_posix() if isinstance(root, Path) else f'{root.authority}/{root.key}'}/".replace(
        "//", "/"
    )
    found = F.locate(begin, name)
    below_root = F.when(found > 0, F.substring(name, found + len(begin), F.lit(2**31 - 1))).otherwise(name)
    return df.select(
        "*",
        below_root.alias("_source"),
        F.monotonically_increasing_id().alias("_row"),
        F.lit(at).cast("timestamp").alias("_ingested_at"),
        F.lit(run_id).alias("_run_id"),
    )


def _fields(schema: str) -> StructType:
    """The columns that a schema declares.

    Raises:
        UsageError: it is none, or it declares a column of ours.
    """
    cure = "A schema looks like: id STRING, price DECIMAL(10,2), tags ARRAY<STRING>."
    try:
        fields = StructType.fromDDL(schema)
    except ParseException as problem:
        said = str(problem).strip().splitlines()[0]
        raise UsageError(f"{schema!r} is no schema: {said}", cure=cure) from problem
    if not isinstance(fields, StructType) or not fields.names:
        raise UsageError(f"{schema!r} is no schema: it names no column.", cure=cure)
    if CORRUPT in fields.names:
        raise UsageError(f"{schema!r} names {CORRUPT}, which the reader adds itself.", cure="Leave it out.")
    return fields

"""Reading files into bronze: as they are, with nothing lost.

Owns the technical columns that say where each row came from. Schemas are always given, never guessed, and a line that does
not fit its schema is kept with its text. Which files are read is said in `etl.files`, what their bytes have to be in
`etl.encodings`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, StructType, VariantType

from toolkit.errors import UsageError
from toolkit.etl import csv_rows, json_rows, xml_rows
from toolkit.etl.csv_dialect import dialect_of
from toolkit.etl.csv_layout import layout_of
from toolkit.etl.encodings import encoding_of
from toolkit.etl.files import Files, files_meant
from toolkit.etl.origin import file_name, refuse_undeclared
from toolkit.etl.schemas import Extra, Missing, expected
from toolkit.etl.shapes import as_declared, matched
from toolkit.etl.technical import CORRUPT, RESCUED
from toolkit.store.location import Location

__all__ = ["CORRUPT", "RESCUED", "read_csv", "read_json", "read_xml", "with_origin"]
_NESTED = (ArrayType, MapType, StructType, VariantType)


def read_csv(  # noqa: PLR0913 - the format has as many options
    spark: SparkSession,
    files: Files,
    schema: str,
    *,
    separator: str = ",",
    quote: str = '"',
    header: bool = True,
    extra: Extra = "fail",
    missing: Missing = "fail",
    encoding: str = "utf-8",
    split_files: bool = True,
) -> DataFrame:
    """Rows of CSV files; a row that does not fit keeps its text in `_corrupt_record`.

    Which it does when it has more or fewer values than the header, a quote that is not closed or stands where none can, or a
    value that its type does not hold without change (`casts.exactly`). A line break between quotes is part of a value.

    Columns are found by their names in the header, whatever their order and the case of their letters; those of one file may
    stand otherwise than those of the next.

    What is read does not depend on `split_files`, only how fast: files are read in parts, by many tasks, when each line of all
    of them is a row; looking takes up to three seconds for 100 MB. Otherwise one task reads a file whole, and has three to four
    times the work for each row: of two files of 52 MB on two busy cores, 11 s for both together in place of 3 s. Where files
    have different numbers of columns, each row is that much work, too, but in parts.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.csv`; see `etl.files`.
        schema: DDL, such as `id STRING, price STRING`. Bronze keeps text; `etl.transform` gives types.
        separator: the character between values; no letter, digit, quote, backslash or line break.
        quote: the character that encloses values and is doubled within one; empty where none does.
        header: whether the first line of each file names its columns. Without, they are as declared.
        extra: of columns that the schema does not have: `fail`; `rescue`, which keeps what is in them as a JSON object of texts
            in `_rescued_data` (null where there is nothing in them); or `ignore`.
        missing: of columns that a file does not have: `fail`, or `null`.
        encoding: of the bytes: `utf-8`, `utf-16`, or one with one byte a character, such as `windows-1252`.
        split_files: look through the files first, to find those that can be read in parts. False saves that look.

    Raises:
        DataError: no such file; or one whose header lacks columns, has others, has a name twice, or two that a declared one
            could mean; or whose bytes are not in that encoding; or that is compressed otherwise than by gzip.
        UsageError: the schema is none, or has nested columns, or an option is none that can be.
    """
    columns, how = expected(schema, extra=extra, missing=missing), encoding_of(encoding)
    if nested := [field.name for field in columns.fields if isinstance(field.dataType, _NESTED)]:
        raise UsageError(f"CSV has no nested values, as {nested[0]} would be.", cure="Read it as STRING.")
    if not header and (columns.extra, columns.missing) != ("fail", "fail"):
        raise UsageError("Without a header no column is extra or missing.", cure="Leave out extra and missing.")
    dialect = dialect_of(separator, quote, header=header, encoding=how)
    found = files_meant(files)
    layouts = [layout_of(file, how, dialect, look_for_parts=split_files) for file in found]
    shapes = [
        matched(file, layout.header, columns) if layout.header else None
        for file, layout in zip(found, layouts, strict=True)
    ]
    # A file without a line has no rows; without a header all files have the declared columns.
    known = shapes if any(shapes) else [as_declared(columns)] * len(found)
    return csv_rows.read(spark, csv_rows.Delivery(found, layouts, known, dialect, how), columns)


def read_json(
    spark: SparkSession,
    files: Files,
    schema: str,
    *,
    extra: Extra = "ignore",
    whole: str = "",
    multi_line: bool = False,
    encoding: str = "utf-8",
) -> DataFrame:
    """Rows of files of JSON lines; a line that is not one JSON object keeps its text in `_corrupt_record`.

    An array of objects on one line gives a row for each. A line with text after its value, or with a value that its type does
    not hold without change, is kept; so is one whose bytes are not in the encoding, and they are given after it. Of a name that
    an object has twice, the last value counts; within a VARIANT, or where names are rescued and it is in an object within
    another, the line is kept. Names are those of the schema only in the same case of their letters.

    Files are looked through first: where all their lines are plain (an object, nothing around it, no number that its type
    changes), reading costs little more than by Spark's own reader, which drops what follows the first value of a line and
    rounds decimals. Else it costs two and a half to three and a half times as much: 16 to 23 s of processor time in place of
    6.5 s for a million nested lines, 380 MB.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.json`; see `etl.files`.
        schema: DDL. A column of type VARIANT takes any value. Its numbers are decimals of up to 38 digits; those with an
            exponent are doubles, and a line with one that neither holds is kept.
        extra: of names that the schema does not have: `ignore`; `rescue`, which keeps them with their values, numbers as they
            are written, as a JSON object in `_rescued_data` (null where there are none); or `fail`, for which all files are
            read once before this returns.
        whole: the schema's only column, of type VARIANT, that takes each line as a whole, whatever JSON it is.
        multi_line: each file is one value, an array or an object, over any number of lines. A file that is no JSON, or has text
            after its value, is one row with its text (the first million characters); an element of an array that does not fit
            keeps its own text, without blanks and with its names in order. One task has a file in memory several times over.
        encoding: of the bytes: `utf-8`, or one with one byte a character, such as `windows-1252`.

    Raises:
        DataError: no such file, or one that is compressed otherwise than by gzip, or begins as another encoding does; or an
            object has names that the schema does not have, and `extra` is `fail`.
        UsageError: the schema is none, or the encoding is none that can be read, or an option is none that can be.
    """
    columns, how, found = expected(schema, extra=extra), encoding_of(encoding), files_meant(files)
    if whole:
        if [(field.name, field.dataType) for field in columns.fields] != [(whole, VariantType())] or extra != "ignore":
            raise UsageError(
                f"Whole lines go into one column: whole={whole!r} does not fit the schema {schema!r}.",
                cure=f"Declare `{whole} VARIANT` and nothing else, and leave out extra.",
            )
        return json_rows.read_whole(spark, found, whole, how, multi_line=multi_line)
    if columns.extra == "fail":
        rescued = replace(columns, extra="rescue")
        refuse_undeclared(json_rows.read(spark, found, rescued, how, multi_line=multi_line), columns)
    return json_rows.read(spark, found, columns, how, multi_line=multi_line)


def read_xml(
    spark: SparkSession,
    files: Files,
    schema: str,
    *,
    row_tag: str,
    extra: Extra = "fail",
    encoding: str = "utf-8",
) -> DataFrame:
    """Rows of XML files: one for each element of a name; what does not fit keeps its text in `_corrupt_record`.

    An element within the row is a column, or a field of a STRUCT, or of an ARRAY where it may occur several times; an attribute
    has an underscore before its name (`_id`), and the text beside attributes is `_VALUE`. Blanks are part of a text; an empty
    element is an empty text, and null of any other type.

    A row with a text that its type does not hold without change (`casts.exactly`) is kept as what was read of it, as XML again.
    What is no XML, or is cut off, is one row with the text of its file (the first million characters), after the rows before
    it: those after it are in that text.

    Files are read twice: first for all their names, so that nothing is left out that nobody declared. Comments, and the order
    of elements of different names, are not kept; nor is what stands outside of the rows. No file with a document type is read:
    no entity is resolved, and none can name another file or grow without end.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.xml`; see `etl.files`.
        schema: DDL, such as `_id STRING, name STRING, tag ARRAY<STRING>`.
        row_tag: the name of the element that is a row, with its prefix. An element of that name within another is no row.
        extra: of elements and attributes that the schema does not have: `fail`; `rescue`, which keeps those directly in a row
            as a JSON object of texts in `_rescued_data`; or `ignore`.
        encoding: of the bytes: `utf-8`, `utf-16` or `iso-8859-1`.

    Raises:
        DataError: no such file, or none with such an element; or a file has names that were not declared, or an element several
            times where no ARRAY is; or it declares a document type or another encoding.
        UsageError: the schema is none, or an option is none that can be.
    """
    return xml_rows.read(spark, files_meant(files), expected(schema, extra=extra), row_tag, encoding_of(encoding))


def with_origin(df: DataFrame, root: Location, run_id: str, at: datetime) -> DataFrame:
    """Add `_source` (file below `root`), `_row`, `_ingested_at` and `_run_id`.

    `_row` numbers the rows of one load: it orders rows that are equal in everything else, and means nothing more.
    """
    # How the URI begins depends on the driver.
    place = root.absolute().as_posix() if isinstance(root, Path) else f"{root.authority}/{root.key}"
    begin, name = f"{place}/".replace("//", "/"), file_name()
    found = F.locate(begin, name)
    below_root = F.when(found > 0, F.substring(name, found + len(begin), F.lit(2**31 - 1))).otherwise(name)
    return df.select(
        "*",
        below_root.alias("_source"),
        F.monotonically_increasing_id().alias("_row"),
        F.lit(at).cast("timestamp").alias("_ingested_at"),
        F.lit(run_id).alias("_run_id"),
    )

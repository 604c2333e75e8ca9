"""Rows of CSV files that have been looked at: by Spark's reader as it is where that is safe, else with each record's text.

Spark's reader gives a record's text only where it has another number of values than the schema. So it is given a schema that no
record fits, gives the text of each, and the text decides: a record is good when all of it is values of the right form. Must
not decide which files are read.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from toolkit import casts, columns
from toolkit.etl.csv_layout import common_line_end, layout_of
from toolkit.etl.encodings import Encoding
from toolkit.etl.files import spark_paths
from toolkit.store.location import Location

_SURPLUS = 1000
"""Columns that no file has: they are declared, never asked for, and make each record one of another length."""
_MOST_VALUES = 100_000
"""Values in one record; Spark's reader ends at a record with more."""
_QUOTED = r'"[^"]*+(?:""[^"]*+)*+"'
# Without quotes a value may have them inside (5" pipe), but not after blanks at its beginning, unless in pairs: there they
# were meant to enclose it, and what they enclose may be cut.
_BLANKS = r'[ \t]++(?:(?!")[^,\r\n]*+|(?:"[^",\r\n]*+"[^",\r\n]*+)++)'
_UNQUOTED = rf'(?:[^", \t\r\n][^,\r\n]*+|{_BLANKS}|)'
_VALUE = rf"(?:{_QUOTED}|{_UNQUOTED})"


def read(
    spark: SparkSession,
    files: list[Location],
    fields: StructType,
    corrupt: str,
    encoding: Encoding,
    *,
    split_files: bool,
) -> DataFrame:
    """The rows of those files.

    Args:
        spark: the session.
        files: each is there, with a header.
        fields: the columns that all of them have.
        corrupt: the column that keeps the text of a row that does not fit.
        encoding: of the bytes.
        split_files: whether to look for files that can be read in parts.
    """
    # A line of blanks alone is a value where there is one column, and nothing else; Spark's reader leaves it out in parts.
    look_for_parts = split_files and len(fields) > 1
    layouts = [layout_of(file, fields.names, encoding, look_for_parts=look_for_parts) for file in files]
    in_parts = all(layout.lines_are_rows for layout in layouts)
    reader = spark.read.option("header", True).option("columnNameOfCorruptRecord", corrupt)
    # Two quotes inside quotes are one quote, as every other program writes CSV; Spark's default is a backslash.
    reader = reader.option("escape", '"').option("encoding", encoding.for_spark).option("maxColumns", _MOST_VALUES)
    # A query that needs a few columns would else count the values of those alone, and find no row too long or too short.
    reader, paths = reader.option("columnPruning", False), spark_paths(files)
    if in_parts and all(field.dataType == StringType() for field in fields):
        rows = _translated(reader.schema(_texts(fields.names, corrupt)).csv(paths), encoding)
        return rows.withColumn(corrupt, _with(F.col(corrupt), _quoted(fields.names)[0]))
    reader = reader.option("multiLine", not in_parts).option("lineSep", common_line_end(files, layouts))
    records = reader.schema(_texts(fields.names, corrupt, _SURPLUS)).csv(paths).select(*_quoted(fields.names), corrupt)
    return _judged(_translated(records, encoding), fields, corrupt)


def _judged(records: DataFrame, fields: StructType, corrupt: str) -> DataFrame:
    """Values of the declared types, from records of which each has its text in `corrupt`.

    What is asked more than once is a column first: Spark would else work it out each time.
    """
    quoted, typed = _quoted(fields.names), [n for n, field in enumerate(fields) if field.dataType != StringType()]
    texts = records.select(*quoted, F.regexp_replace(corrupt, r"\r\z", "").alias(corrupt))
    # A line of blanks is no row, but for a table of one column.
    rows = texts.where(F.col(corrupt).isNull() | F.col(corrupt).rlike(r"[^\x00-\x20]")) if len(fields) > 1 else texts
    whole = F.col(corrupt).rlike(rf"\A{_VALUE}(?:,{_VALUE}){{{len(fields) - 1}}}\z")
    formed = rows.select(*quoted, corrupt, whole.alias("_whole")).select(
        "*",
        # Of a record with too many values, or too few, those that have a column are given beside its text.
        (F.col("_whole") | F.col(corrupt).rlike(rf"\A{_VALUE}(?:,{_VALUE})*+\z")).alias("_formed"),
    )
    values = _without_line_end(quoted, F.col(corrupt))
    cast = {n: casts.exactly(values[n], fields[n].dataType.simpleString()) for n in typed}
    valued = formed.select("*", *[cast.get(n, value).alias(f"_value_{n}") for n, value in enumerate(values)])
    good = F.col("_whole")
    for n in typed:
        good = good & (values[n].isNull() | F.col(f"_value_{n}").isNotNull())
    many = F.lit(f"A row of {len(fields) + _SURPLUS} values; its text is not kept.")
    kept = F.when(good, F.lit(None)).otherwise(F.coalesce(F.col(corrupt), many))
    columns = [F.when(F.col("_formed"), F.col(f"_value_{n}")).alias(name) for n, name in enumerate(fields.names)]
    return valued.select(*columns, _with(kept, quoted[0]).alias(corrupt))


def _without_line_end(quoted: list[str], text: Column) -> list[Column]:
    """The values; the last one without the first half of a line end of two characters, unless it is quoted."""
    last = F.col(quoted[-1])
    bare = F.nullif(F.regexp_replace(last, r"\r\z", ""), F.lit(""))
    return [*map(F.col, quoted[:-1]), F.when(text.endswith('"') | ~last.endswith("\r"), last).otherwise(bare)]


def _with(kept: Column, name: str) -> Column:
    """The same, by an expression that needs a value: Spark refuses to read texts of records alone."""
    return F.concat(kept, F.substring(F.coalesce(F.col(name), F.lit("")), 1, 0))


def _translated(df: DataFrame, encoding: Encoding) -> DataFrame:
    latin, characters = encoding.translation
    if not latin:
        return df
    columns = zip(_quoted(df.columns), df.columns, strict=True)
    return df.select(*[F.translate(F.col(quoted), latin, characters).alias(name) for quoted, name in columns])


def _texts(names: list[str], corrupt: str, surplus: int = 0) -> StructType:
    columns = [*names, *(f"_surplus_{number}" for number in range(surplus)), corrupt]
    return StructType([StructField(name, StringType()) for name in columns])


def _quoted(names: list[str]) -> list[str]:
    """Names as `F.col` takes them, whatever is in them."""
    return list(map(columns.quoted, names))

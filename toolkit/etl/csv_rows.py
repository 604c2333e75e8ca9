"""Rows of CSV files that have been looked at: by Spark's reader as it is where that is safe, else with each record's text.

Spark's reader gives a record's text only where it has another number of values than the schema. So it is given a schema that no
record fits, gives the text of each, and the text decides: a record is good when all of it is values of the right form. All
files are read at once, also where their columns differ, so that Spark knows of each row which file it came from. Must not
decide which files are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from toolkit import casts, columns
from toolkit.etl.csv_dialect import Dialect
from toolkit.etl.csv_layout import Layout, common_line_end
from toolkit.etl.encodings import Encoding
from toolkit.etl.files import spark_paths
from toolkit.etl.origin import number_of
from toolkit.etl.schemas import Expected
from toolkit.etl.shapes import Shape
from toolkit.etl.technical import CORRUPT, RESCUED
from toolkit.store.location import Location

_SURPLUS = 1000
"""Columns that no file has: they are declared, never asked for, and make each record one of another length."""
_MOST_VALUES = 100_000
"""Values in one record; Spark's reader ends at a record with more."""
_TEXT, _SHAPE = "_text", "_shape"
"""Columns of this module's own; the values of a record are `_0`, `_1` and so on, so no name of a file's meets one of these."""


@dataclass(frozen=True)
class Delivery:
    """Files that are read together, and what was seen of them.

    Attributes:
        files: each is there.
        layouts: of each file.
        shapes: of each file; None for one that has no line.
        dialect: of all of them.
        encoding: of their bytes.
    """

    files: Sequence[Location]
    layouts: Sequence[Layout]
    shapes: Sequence[Shape | None]
    dialect: Dialect
    encoding: Encoding

    @cached_property
    def files_of(self) -> dict[Shape, list[Location]]:
        """The files of each shape."""
        found: dict[Shape, list[Location]] = {}
        for file, shape in zip(self.files, self.shapes, strict=True):
            if shape is not None:
                found.setdefault(shape, []).append(file)
        return found

    @property
    def widths(self) -> list[int]:
        """How many columns the files have."""
        return sorted({len(shape.names) for shape in self.files_of})

    @property
    def in_parts(self) -> bool:
        """Whether each line of all files is a row."""
        # A line of blanks alone is a value where there is one column, and nothing else; Spark's reader leaves it out in parts.
        return self.widths[0] > 1 and all(layout.lines_are_rows for layout in self.layouts)

    def by_shape(self, pick: Callable[[Shape], Column]) -> Column:
        """What is picked for the shape of a row's file."""
        *others, last = self.files_of
        picked = pick(last)
        for number, shape in reversed(list(enumerate(others))):
            picked = F.when(F.col(_SHAPE) == number, pick(shape)).otherwise(picked)
        return picked


def read(spark: SparkSession, delivery: Delivery, expected: Expected) -> DataFrame:
    """The rows of those files; at least one of them has a shape."""
    all_texts = all(field.dataType == StringType() for field in expected.fields)
    if delivery.in_parts and len(delivery.widths) == 1 and all_texts:
        rows = _records(spark, delivery, in_parts=True)
        values = [_placed(delivery, n).alias(name) for n, name in enumerate(expected.names)]
        return rows.select(*values, *_rescued(delivery, expected), _with(F.col(_TEXT)).alias(CORRUPT))
    return _judged(_records(spark, delivery, in_parts=delivery.in_parts, surplus=_SURPLUS), delivery, expected)


def _records(spark: SparkSession, delivery: Delivery, *, in_parts: bool, surplus: int = 0) -> DataFrame:
    """The values of each record by their places, its text, and the number of its file's shape where there are several."""
    reader = spark.read.options(**delivery.dialect.for_spark(delivery.encoding)).option("maxColumns", _MOST_VALUES)
    reader = reader.option("encoding", delivery.encoding.for_spark).option("columnNameOfCorruptRecord", _TEXT)
    # A query that needs a few columns would else count the values of those alone, and find no row too long or too short.
    reader = reader.option("columnPruning", False)
    if not in_parts or surplus:
        line_end = common_line_end(delivery.files, delivery.layouts)
        reader = reader.option("multiLine", not in_parts).option("lineSep", line_end)
    names = _names(delivery)
    read = reader.schema(_texts([*names, *(f"_surplus_{n}" for n in range(surplus)), _TEXT]))
    records = read.csv(spark_paths(list(delivery.files)))
    shape = [number_of(list(delivery.files_of.values())).alias(_SHAPE)] if len(delivery.files_of) > 1 else []
    values = [F.col(columns.quoted(name)).alias(f"_{n}") for n, name in enumerate(names)]
    return _translated(records.select(*values, _TEXT, *shape), delivery.encoding)


def _names(delivery: Delivery) -> list[str]:
    """What Spark calls the values of a record: as the files do where it can, since it warns of each file that does not."""
    width = delivery.widths[-1]
    names = list(next(iter(delivery.files_of)).names)
    distinct = {name.lower() for name in names} - {_TEXT}
    ours = any(name.startswith("_surplus_") for name in distinct) or "" in distinct
    return (
        names
        if len(delivery.files_of) == 1 and len(distinct) == width and not ours
        else [f"_{n}" for n in range(width)]
    )


def _judged(records: DataFrame, delivery: Delivery, expected: Expected) -> DataFrame:
    """Values of the declared types, from records of which each has its text.

    What is asked more than once is a column first: Spark would else work it out each time.
    """
    fields = expected.fields
    width, dialect, text = delivery.widths[-1], delivery.dialect, F.col(_TEXT)
    texts = records.withColumn(_TEXT, F.regexp_replace(text, r"\r\z", ""))
    whole = delivery.by_shape(lambda shape: text.rlike(dialect.record_of(len(shape.names))))
    formed = texts.where(_is_row(delivery)).withColumn("_whole", whole)
    # Of a record with too many values, or too few, those that have a column are given beside its text.
    formed = formed.withColumn("_formed", F.col("_whole") | text.rlike(dialect.record))
    values = [_placed(delivery, n, text) for n in range(len(fields))]
    typed = [n for n, field in enumerate(fields) if field.dataType != StringType()]
    cast = {n: casts.exactly(values[n], fields[n].dataType.simpleString()) for n in typed}
    valued = formed.select("*", *[cast.get(n, value).alias(f"_value_{n}") for n, value in enumerate(values)])
    good = F.col("_whole")
    for n in typed:
        good = good & (values[n].isNull() | F.col(f"_value_{n}").isNotNull())
    many = F.lit(f"A row of {width + _SURPLUS} values; its text is not kept.")
    kept = F.when(good, F.lit(None)).otherwise(F.coalesce(text, many))
    given = [F.when(F.col("_formed"), F.col(f"_value_{n}")).alias(name) for n, name in enumerate(fields.names)]
    rescued = _rescued(delivery, expected, text)
    return valued.select(*given, *rescued, _with(kept).alias(CORRUPT))


def _is_row(delivery: Delivery) -> Column:
    """Whether a record is a row: a line of blanks is none, but for files of one column."""
    some = F.col(_TEXT).isNull() | F.col(_TEXT).rlike(r"[^\x00-\x20]")
    return delivery.by_shape(lambda shape: some if len(shape.names) > 1 else F.lit(True))


def _placed(delivery: Delivery, declared: int, text: Column | None = None) -> Column:
    """The text of a declared column; null where its file does not have it."""

    def value(shape: Shape) -> Column:
        place = shape.places[declared]
        return F.lit(None).cast("string") if place is None else _value(delivery, shape, place, text)

    return delivery.by_shape(value)


def _value(delivery: Delivery, shape: Shape, place: int, text: Column | None) -> Column:
    """A value; the last one without the first half of a line end of two characters, unless it is quoted."""
    value = F.col(f"_{place}")
    if text is None or place < len(shape.names) - 1:
        return value
    bare = F.nullif(F.regexp_replace(value, r"\r\z", ""), F.lit(""))
    quoted = text.endswith(delivery.dialect.quote) if delivery.dialect.quote else F.lit(False)
    return F.when(quoted | ~value.endswith("\r"), value).otherwise(bare)


def _rescued(delivery: Delivery, expected: Expected, text: Column | None = None) -> list[Column]:
    """The values of columns that nobody declared, as one JSON object, where they are to be kept.

    Args:
        delivery: the files.
        expected: what is declared.
        text: of the record, where values are given only if it has their form.
    """
    if not expected.rescues:
        return []

    def kept(shape: Shape) -> Column:
        if not shape.extras:
            return F.lit(None).cast("string")
        pairs = [part for name, place in shape.extras for part in (F.lit(name), _value(delivery, shape, place, text))]
        there = F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())
        return F.when(F.size(there) > 0, F.to_json(there))

    found = delivery.by_shape(kept)
    return [(found if text is None else F.when(F.col("_formed"), found)).alias(RESCUED)]


def _with(kept: Column) -> Column:
    """The same, by an expression that needs a value: Spark refuses to read texts of records alone."""
    return F.concat(kept, F.substring(F.coalesce(F.col("_0"), F.lit("")), 1, 0))


def _translated(df: DataFrame, encoding: Encoding) -> DataFrame:
    latin, characters = encoding.translation
    if not latin:
        return df
    return df.select(
        *[name if name == _SHAPE else F.translate(name, latin, characters).alias(name) for name in df.columns]
    )


def _texts(names: list[str]) -> StructType:
    return StructType([StructField(name, StringType()) for name in names])

"""Which columns JSON lines have, and the types that hold each of their numbers as it is written.

Spark finds the names and what is nested in what; of numbers with a point it makes doubles. Those are looked at once more, as
texts. Must not look at other formats.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from toolkit.errors import DataError
from toolkit.etl.encodings import Encoding, text_of
from toolkit.etl.files import spark_paths
from toolkit.etl.json_exact import numbers_as_texts
from toolkit.etl.json_rows import objects_of
from toolkit.etl.technical import CORRUPT
from toolkit.store.location import Location

_LONGEST_DECIMAL = 38
_PLAIN = r"-?([0-9]+)(?:\.([0-9]+))?"
Path = tuple[str, ...]


def refuse_values_over_lines(files: Sequence[Location], encoding: Encoding) -> None:
    """Raise if a JSON file is one value over several lines: each of its lines would be kept as one that cannot be read.

    Raises:
        DataError: it is.
    """
    for file in files:
        try:
            with text_of(file, encoding) as text:
                first = next((line.strip() for line in text if line.strip()), "")
        except UnicodeDecodeError:
            continue  # the reader says where
        if first in ("[", "{") or (first.startswith("[") and not _is_json(first)):
            each = "." if first == "{" else ".[]"
            raise DataError(
                f"{file.name} is one JSON value over several lines, and a table is fed by lines of which each is an object.",
                cure=f"Write each object on a line of its own: jq -c '{each}' {file.name} > lines.jsonl",
            )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def fields_of(spark: SparkSession, files: list[Location], encoding: Encoding) -> StructType:
    """The columns of all objects; lines that are none are left out."""
    reader = spark.read.option("encoding", encoding.for_spark).option("columnNameOfCorruptRecord", CORRUPT)
    found = StructType([field for field in reader.json(spark_paths(files)).schema if field.name != CORRUPT])
    if not list(_leaves(F.lit(None), found, ())):
        return found
    mark = secrets.token_hex(8)
    objects = F.from_json(numbers_as_texts(F.col("objects"), mark), ArrayType(_as_texts(found)))
    rows = objects_of(spark, files, encoding).select(objects.alias("objects"))
    asked, paths = [], []
    for path, texts in _leaves(F.col("objects"), found, ()):
        paths.append(path)
        bare = F.transform(texts, lambda text: F.regexp_replace(text, f"^{mark}", ""))
        asked += [measure.alias(f"{len(paths) - 1} {name}") for name, measure in _measured(bare).items()]
    counts = rows.agg(*asked).collect()[0].asDict()
    exact = {path: _narrowest(counts, n) for n, path in enumerate(paths)}
    return StructType([StructField(f.name, _replaced(f.dataType, exact, (f.name,))) for f in found])


def _leaves(values: Column, kind: DataType, path: Path) -> Iterator[tuple[Path, Column]]:
    """Each place of a number that Spark may have changed, and all texts there, as an array.

    Args:
        values: an array of values of that type.
        kind: their type.
        path: where they are.
    """
    match kind:
        case StructType():
            for field in kind:
                yield from _leaves(F.transform(values, _named(field.name)), field.dataType, (*path, field.name))
        case ArrayType():
            there = F.filter(values, lambda value: value.isNotNull())
            yield from _leaves(F.flatten(there), kind.elementType, (*path, "[]"))
        case DoubleType() | DecimalType():
            yield path, F.filter(values, lambda value: value.isNotNull())


def _named(name: str) -> Callable[[Column], Column]:
    return lambda value: value[name]


def _measured(texts: Column) -> dict[str, Column]:
    """How many digits the texts of an array have before the point and after it, and whether one is no plain number."""

    def longest(group: int) -> Column:
        return F.max(
            F.array_max(F.transform(texts, lambda text: F.length(F.regexp_extract(text, rf"\A{_PLAIN}\z", group))))
        )

    other = F.max(F.exists(texts, lambda text: ~text.rlike(rf"\A{_PLAIN}\z")))
    return {"whole": longest(1), "places": longest(2), "other": other}


def _narrowest(counts: dict[str, Any], n: int) -> DataType:
    whole, places, other = (counts[f"{n} {name}"] for name in ("whole", "places", "other"))
    if other is not False or whole + places > _LONGEST_DECIMAL:
        return DoubleType()
    return DecimalType(whole + places, places)


def _as_texts(kind: DataType) -> DataType:
    """The same names, with texts for numbers."""
    match kind:
        case StructType():
            return StructType([StructField(field.name, _as_texts(field.dataType)) for field in kind])
        case ArrayType():
            return ArrayType(_as_texts(kind.elementType))
        case DoubleType() | DecimalType() | LongType():
            return StringType()
    return kind


def _replaced(kind: DataType, exact: dict[Path, DataType], path: Path) -> DataType:
    match kind:
        case StructType():
            return StructType([StructField(f.name, _replaced(f.dataType, exact, (*path, f.name))) for f in kind])
        case ArrayType():
            return ArrayType(_replaced(kind.elementType, exact, (*path, "[]")))
    return exact.get(path, kind)

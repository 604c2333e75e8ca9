"""What files hold, found by looking at all of it: their format, how it is set apart, and a schema that loses nothing.

For files that nobody has described. A type is given to a column only where every one of its values is that type's without
change, and looks like one: a code such as `00123`, `+49` or `1e5` stays text. Must not read rows into a table.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from toolkit import casts
from toolkit.columns import cols, quoted
from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.etl import json_inference, typed_files, xml_rows
from toolkit.etl.csv_dialect import Dialect, dialect_of
from toolkit.etl.encodings import check_form, chunks, decoded, encoding_of, text_of
from toolkit.etl.extract import read_csv
from toolkit.etl.files import Files, files_meant, spark_paths
from toolkit.etl.technical import CORRUPT
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".avro": "avro",
    ".xml": "xml",
}
FORMATS = tuple(dict.fromkeys(_FORMATS.values()))
_SEPARATORS = (",", ";", "\t", "|")
_LINES = 100
"""Records at the beginning of a file that tell what separates values."""
_LONGEST_DECIMAL, _DIGITS_OF_A_DOUBLE = 38, 17
_WHOLE = r"(?:0|-?[1-9][0-9]*)"
# Minus nothing is a number of doubles alone, and no type keeps its sign otherwise.
_PLAIN = r"(?!-0(?:\.0*)?$)-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
# A point or a small exponent: 1e5 may be the code of a product.
_SCIENTIFIC = r"-?[0-9]+(?:\.[0-9]+[eE][+-]?[0-9]+|[eE]-[0-9]+)"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = rf"{_DAY}(?:[T ][0-9]{{2}}:[0-9]{{2}}.*)?"
_LOOKS_LIKE_A_VALUE = re.compile(rf"{_PLAIN}|{_SCIENTIFIC}|{_TIME}|(?i:true|false)")


@dataclass(frozen=True)
class Layout:
    """What files hold.

    Attributes:
        format: `csv`, `json`, `parquet`, `avro` or `xml`.
        separator: of the values of CSV; else empty.
        encoding: of text; else empty.
        header: whether the first line of CSV names the columns; else false.
        schema: DDL.
    """

    format: str
    separator: str
    encoding: str
    header: bool
    schema: str


def infer_schema(  # noqa: PLR0913 - each is what one of the formats can be told
    spark: SparkSession,
    files: Files,
    *,
    format: str = "",
    separator: str = "",
    quote: str = '"',
    encoding: str = "",
    header: bool | None = None,
    row_tag: str = "",
) -> Layout:
    """What files hold, and the narrowest schema that holds every one of their values without change.

    - CSV: `BIGINT`, `DECIMAL(p,s)`, `DOUBLE`, `DATE`, `TIMESTAMP`, `BOOLEAN` (of `true` and `false`), else `STRING`. All rows
      are read once; those that are no rows are left out. A column that is empty throughout is `STRING`. Where files have
      different columns, the schema has those of all.
    - JSON lines: `BIGINT`, `DECIMAL(p,s)`, `DOUBLE` for numbers with an exponent, `BOOLEAN`, and `STRING` for all text, nested
      as they are. They are read twice.
    - Parquet and Avro: as the files declare it. XML: names as they occur, all values text.

    Args:
        spark: the session.
        files: a file, a pattern, or several files; all of one format.
        format: where the names of the files do not tell.
        separator: of CSV; the one that splits the first lines most evenly if it is not said.
        quote: of CSV.
        encoding: of text; told by a byte order mark if it is not said, else UTF-8.
        header: of CSV; if it is not said, there is one unless the first line has a number, a date, or nothing in it.
        row_tag: of XML: the element that is a row.

    Raises:
        DataError: no such file; or files that are not of one format; or bytes that are not in the encoding; or all are empty.
        UsageError: names do not tell the format, or an option is none that can be.
    """
    found = files_meant(files)
    kind = format or _format_of(found)
    if kind not in FORMATS:
        raise UsageError(f"There is no format {kind!r}.", choices=FORMATS)
    if kind in ("parquet", "avro"):
        return Layout(kind, "", "", False, _ddl(_declared(spark, found, kind), found))
    named = encoding or _encoding_of(found[0])
    if kind == "xml":
        if not row_tag:
            raise UsageError("Which element of XML is a row?", cure="Say it: row_tag='order'.")
        names = xml_rows.fields_of(spark, found, row_tag, encoding_of(named))
        return Layout(kind, "", named, False, _ddl(names, found))
    if kind == "json":
        return Layout(kind, "", named, False, _of_json(spark, found, named))
    first = next((file for file in found if _records(file, named, Dialect(",", quote))), None)
    if first is None:
        raise DataError(f"{shown(found[0], LONGEST_PATH)} has no line.", cure="Say which columns it is to have.")
    between = separator or _separator_of(first, named, quote)
    dialect = dialect_of(between, quote, header=True, encoding=encoding_of(named))
    named_first = header if header is not None else _has_header(_records(first, named, dialect)[0])
    schema = _of_csv(spark, found, named, Dialect(between, quote, named_first))
    return Layout(kind, between, named, named_first, schema)


def columns_of(schema: str) -> dict[str, str]:
    """The columns of a schema as `infer_schema` writes it: type by name."""
    fields = StructType.fromDDL(schema)
    return {field.name: _ddl_of(field) for field in fields} if isinstance(fields, StructType) else {}


def _format_of(files: Sequence[Location]) -> str:
    """The format that all names tell."""
    kinds: dict[str, Location] = {}
    for file in files:
        name = re.sub(r"\.(gz|gzip)$", "", file.name.lower())
        kinds.setdefault(_FORMATS.get("." + name.rpartition(".")[2], ""), file)
    if "" in kinds:
        raise UsageError(
            f"The name of {shown(kinds[''], LONGEST_PATH)} does not tell its format.",
            choices=FORMATS,
            cure="Say it: format='csv'.",
        )
    if len(kinds) > 1:
        some = " and ".join(shown(file.name) for file in islice(kinds.values(), 2))
        raise DataError(f"{some} are not of one format.", cure="Choose a pattern that names files of one format.")
    return next(iter(kinds))


def _encoding_of(file: Location) -> str:
    """By its byte order mark; UTF-8 where there is none."""
    start = next(iter(chunks(file)), b"")[:4]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not start.startswith(codecs.BOM_UTF32_LE):
        return "utf-16"
    return "utf-8"


def _records(file: Location, encoding: str, dialect: Dialect) -> list[list[str]]:
    """The first records that are not empty.

    Raises:
        DataError: the bytes are no text in that encoding, or a value is too long to be one.
    """
    how = encoding_of(encoding)
    check_form(file, how)
    try:
        with text_of(file, how) as text:
            records = csv.reader(
                text,
                delimiter=dialect.separator,
                quotechar=dialect.quote or None,
                quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
            )
            return list(islice((record for record in records if record), _LINES))
    except UnicodeDecodeError:
        # Whoever looks through all of it says in which line.
        for _ in decoded(file, how):
            pass
        raise
    except csv.Error as problem:
        raise DataError(
            f"{shown(file, LONGEST_PATH)} is no CSV: {problem}.", cure="Mend it, or say its format."
        ) from problem


def _separator_of(file: Location, encoding: str, quote: str) -> str:
    """The character by which most of the first lines have the same number of values, and more than one."""

    def evenness(separator: str) -> tuple[float, int]:
        widths = [len(record) for record in _records(file, encoding, Dialect(separator, quote))]
        same = sum(width == widths[0] for width in widths) / len(widths)
        return (same, widths[0]) if widths[0] > 1 else (0, 0)

    # The first of equals: where none separates anything, it is one column.
    return max(_SEPARATORS, key=evenness)


def _has_header(first: Sequence[str]) -> bool:
    names = [name.strip() for name in first]
    return all(names) and not any(map(_LOOKS_LIKE_A_VALUE.fullmatch, names))


def _of_csv(spark: SparkSession, found: Sequence[Location], encoding: str, dialect: Dialect) -> str:
    names: dict[str, str] = {}
    firsts = [record for file in found for record in _records(file, encoding, dialect)[:1]]
    for name in (name for record in firsts for name in record):
        names.setdefault(name.lower(), name)
    if not dialect.header:
        names = {f"column_{n}": f"column_{n}" for n in range(1, max(map(len, firsts)) + 1)}
    texts = ", ".join(f"{quoted(name)} STRING" for name in names.values())
    rows = read_csv(
        spark,
        found,
        texts,
        separator=dialect.separator,
        quote=dialect.quote,
        header=dialect.header,
        missing="null" if dialect.header else "fail",
        encoding=encoding,
    )
    counts = _counted(rows, list(names.values()))
    return ", ".join(f"{quoted(name)} {_narrowest(counts.get(n))}" for n, name in enumerate(names.values()))


def _counted(rows: DataFrame, names: Sequence[str]) -> dict[int, dict[str, Any]]:
    """By the place of each column that has values: how many are none of each type. One pass over all rows.

    Values are put below each other first: a plan that asks all this of each column by itself takes Spark minutes to compile.
    """
    good = rows.where(F.col(CORRUPT).isNull()).select(F.posexplode(F.array(*cols(names))).alias("n", "text"))
    text = F.col("text")
    plain, scientific = text.rlike(_all_of(_PLAIN)), text.rlike(_all_of(_SCIENTIFIC))
    digits = F.length(F.regexp_replace(F.regexp_replace(text, "[eE].*", ""), "[^0-9]", ""))
    few = (F.length(text) <= _DIGITS_OF_A_DOUBLE) | (digits <= _DIGITS_OF_A_DOUBLE)
    holds = {
        "BOOLEAN": text.rlike(_all_of("(?i:true|false)")),
        "BIGINT": text.rlike(_all_of(_WHOLE)) & text.try_cast("bigint").isNotNull(),
        "DECIMAL": plain,
        "DOUBLE": (plain | (scientific & casts.exactly(text, "double").isNotNull())) & few,
        "DATE": text.rlike(_all_of(_DAY)) & casts.exactly(text, "date").isNotNull(),
        "TIMESTAMP": text.rlike(_all_of(_TIME)) & casts.exactly(text, "timestamp").isNotNull(),
    }
    # Of plain numbers; a decimal is given to those alone.
    point, sign = F.locate(".", text), F.when(text.startswith("-"), 1).otherwise(0)
    whole = F.when(point > 0, point - 1).otherwise(F.length(text)) - sign
    places = F.when(point > 0, F.length(text) - point).otherwise(0)
    counts = (
        good.where(text.isNotNull())
        .groupBy("n")
        .agg(
            F.max(whole).alias("whole"),
            F.max(places).alias("places"),
            *[F.count_if(~fits).alias(kind) for kind, fits in holds.items()],
        )
    )
    return {row["n"]: row.asDict() for row in counts.collect()}


def _all_of(form: str) -> str:
    return rf"\A(?:{form})\z"


def _narrowest(misfits: dict[str, Any] | None) -> str:
    """The first type that no value of a column is against; text where there is no value."""
    if misfits is None:
        return "STRING"
    precision, places = misfits["whole"] + misfits["places"], misfits["places"]
    for kind in ("BOOLEAN", "BIGINT", "DECIMAL", "DOUBLE", "DATE", "TIMESTAMP"):
        if misfits[kind] or (kind == "DECIMAL" and precision > _LONGEST_DECIMAL):
            continue
        return f"DECIMAL({precision},{places})" if kind == "DECIMAL" else kind
    return "STRING"


def _of_json(spark: SparkSession, found: list[Location], encoding: str) -> str:
    json_inference.refuse_values_over_lines(found, encoding_of(encoding))
    try:
        return _ddl(json_inference.fields_of(spark, found, encoding_of(encoding)), found)
    except AnalysisException as problem:
        raise _unclear(found, str(problem)) from problem


def _declared(spark: SparkSession, found: list[Location], kind: str) -> StructType:
    """What the files themselves say, once each is known to be whole."""
    try:
        if kind == "parquet":
            for file in found:
                typed_files.parquet_fields(file)
            return spark.read.option("mergeSchema", True).parquet(*spark_paths(found)).schema
        for file in found:
            typed_files.avro_schema(file)
        return spark.read.format("avro").load(spark_paths(found)).schema
    except ToolkitError:
        raise
    except Exception as problem:
        # What a task meets comes as an error of Java's.
        raise _unclear(found, str(problem)) from problem


def _ddl(fields: StructType, found: Sequence[Location]) -> str:
    if not fields.names:
        raise DataError(f"{shown(found[0], LONGEST_PATH)} has no names.", cure="Say which columns it is to have.")
    return ", ".join(f"{quoted(field.name)} {_ddl_of(field)}" for field in fields)


def _ddl_of(field: StructField) -> str:
    """The type; what Spark writes of a field has its name in backticks, which may have blanks, and remarks after the type."""
    return StructType([StructField("_", field.dataType)]).toDDL().removeprefix("_ ")


def _unclear(found: Sequence[Location], said: str) -> DataError:
    return DataError(
        f"{shown(found[0], LONGEST_PATH)} does not tell its columns: {shown(said.strip().splitlines()[0])}",
        cure="Mend the file, or say which columns it is to have.",
    )

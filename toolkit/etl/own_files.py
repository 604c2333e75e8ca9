"""How files that no scenario knows are read: found out by looking at them, and kept as YAML that a person edits.

Owns the form of that description. What files hold is found out in `etl.inference`; rows are read by `etl.extract`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from toolkit import paths
from toolkit.columns import quoted
from toolkit.errors import DataError, UsageError, reason_of
from toolkit.etl.technical import NOT_IN_A_NAME, ORIGIN, RESCUED
from toolkit.yaml_text import read_mapping, write_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from toolkit.etl.files import Files
    from toolkit.etl.schemas import Extra, Missing
    from toolkit.store.location import Location

Format = Literal["csv", "json", "parquet", "avro", "xml"]
_INTRODUCTION = """\
# How the files of {table} are read. Edit it, then load them anew: toolkit etl ingest FILE {name} --fresh
# Types are Spark's: STRING, BIGINT, INT, DOUBLE, DECIMAL(10,2), BOOLEAN, DATE, TIMESTAMP, ARRAY<...>, STRUCT<name: TYPE>.
# A value that its type does not hold without change is not lost: its row keeps its text in _corrupt_record.
"""


class Description(BaseModel):
    """How files are read.

    Attributes:
        format: of all files.
        separator: of CSV.
        quote: of CSV.
        header: of CSV: the first line of each file names the columns.
        encoding: of text.
        row_tag: of XML: the element that is a row.
        columns: type by name, as Spark writes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Format
    separator: str = ","
    quote: str = '"'
    header: bool = True
    encoding: str = "utf-8"
    row_tag: str = ""
    columns: dict[str, str] = Field(min_length=1)

    @property
    def schema_ddl(self) -> str:
        """The columns as DDL."""
        return ", ".join(f"{quoted(name)} {kind}" for name, kind in self.columns.items())

    @property
    def reader(self) -> Callable[..., DataFrame]:
        """The function of `etl.extract` or `etl.extract_tables` that reads such files."""
        from toolkit.etl import extract, extract_tables

        readers: dict[str, Callable[..., DataFrame]] = {
            "csv": extract.read_csv if self.header else _without_header,
            "json": extract.read_json,
            "xml": extract.read_xml,
            "parquet": extract_tables.read_parquet,
            "avro": extract_tables.read_avro,
        }
        return readers[self.format]

    @property
    def options(self) -> dict[str, Any]:
        """What the reader is told beside the schema; columns that a file lacks have nulls."""
        lacking = {"missing": "null"} if self.format in ("csv", "parquet", "avro") else {}
        return lacking | self.said

    @property
    def said(self) -> dict[str, Any]:
        """What of the description is about its format."""
        return {name: getattr(self, name) for name in _OPTIONS[self.format]}


def _without_header(
    spark: SparkSession,
    files: Files,
    schema: str,
    *,
    extra: Extra = "rescue",
    missing: Missing = "null",
    **options: Any,
) -> DataFrame:
    """CSV whose columns have no names in the file: none is lacking or unknown, a row has as many values or is kept as text."""
    from pyspark.sql import functions as F

    from toolkit.etl.extract import read_csv

    del missing
    rows = read_csv(spark, files, schema, **options)
    return rows if extra == "fail" else rows.withColumn(RESCUED, F.lit(None).cast("string"))


_OPTIONS: dict[str, tuple[str, ...]] = {
    "csv": ("separator", "quote", "header", "encoding"),
    "json": ("encoding",),
    "xml": ("row_tag", "encoding"),
    "parquet": (),
    "avro": (),
}


def refuse_names(description: Description) -> None:
    """Raise if a column cannot be one of the table.

    Raises:
        DataError: it is called as one that is added to each row, or has a character that a table's columns cannot have.
    """
    for name in description.columns:
        if name.lower() in _ADDED:
            raise DataError(
                f"A column is called {name}, as one that is added to each row.", cure="Rename it in the files."
            )
        if bad := sorted(set(name) & NOT_IN_A_NAME):
            raise DataError(
                f"The column {name!r} has {bad[0]!r} in its name, which a table's columns cannot have.",
                cure="Rename it in the files: letters, digits, underscores and hyphens will do.",
            )


_OF_QUALITY = ("_rules", "_violations", "_warnings", "_quarantined")
_ADDED = frozenset((*ORIGIN, RESCUED, *_OF_QUALITY))


def file_of(table: str) -> Path:
    """Where the description of a table's files lies."""
    return paths.home() / "sources" / f"{table}.yaml"


def kept(table: str) -> Description | None:
    """How a table's files are read, as the file says; None where there is none.

    Raises:
        UsageError: the file says something else.
    """
    file = file_of(table)
    if not file.exists():
        return None
    try:
        return Description.model_validate(read_mapping(file, "format: csv"))
    except ValidationError as problem:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {reason_of(one)}" for one in problem.errors())
        raise UsageError(f"{file} does not describe files: {wrong}.", cure="Mend it, or remove it.") from problem


def keep(table: str, description: Description) -> Path:
    """Write it down, where it is edited; returns the file."""
    file = file_of(table)
    paths.ensure_folder(file.parent)
    said = {"format": description.format, **description.said, "columns": description.columns}
    introduction = _INTRODUCTION.format(table=table, name=table.partition(".")[2])
    paths.write_atomically(file, introduction + write_mapping(said))
    return file


def described(
    spark: SparkSession, files: Sequence[Location], *, format: str, separator: str, encoding: str, row_tag: str
) -> Description:
    """What files hold, found out by looking at all of them; what is said already is not looked for.

    Raises:
        DataError: as `infer_schema`.
        UsageError: as `infer_schema`.
    """
    from toolkit.etl.inference import columns_of, infer_schema

    found = infer_schema(spark, files, format=format, separator=separator, encoding=encoding, row_tag=row_tag)
    said = {"separator": found.separator, "header": found.header} if found.format == "csv" else {}
    if found.encoding:
        said["encoding"] = found.encoding
    columns = columns_of(found.schema)
    if found.format in _AS_TEXT:
        columns = {name: _DECIMAL.sub(_with_room, kind) for name, kind in columns.items()}
    return Description(format=found.format, row_tag=row_tag, columns=columns, **said)


_AS_TEXT = ("csv", "json")
"""Formats that do not say how long their numbers can be."""
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_WHOLE_DIGITS, _PLACES, _MOST_DIGITS = 14, 4, 38


def _with_room(decimal: re.Match[str]) -> str:
    """The type of a number that the files to come may have longer than those that are here."""
    digits, places = int(decimal[1]), int(decimal[2])
    whole, roomy = max(digits - places, _WHOLE_DIGITS), max(places, _PLACES)
    return f"DECIMAL({whole + roomy},{roomy})" if whole + roomy <= _MOST_DIGITS else decimal[0]

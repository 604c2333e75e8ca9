"""Which file a row came from, by Spark's own metadata of files, and which rows have what nobody declared.

Must not decide what is kept of a row.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from toolkit.errors import DataError
from toolkit.etl.schemas import Expected
from toolkit.etl.shapes import listed
from toolkit.etl.technical import RESCUED
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location, ObjectPath


def file_name() -> Column:
    """The URI of a row's file, in which no character stands for another."""
    uri = F.col("_metadata.file_path")
    # A plus sign is itself in a URI; the function that decodes forms would take it for a space.
    decoded = F.try_url_decode(F.replace(uri, F.lit("+"), F.lit("%2B")))
    return F.when(uri.contains("%"), decoded).otherwise(uri)


def number_of(parts: Sequence[Sequence[Location]]) -> Column:
    """Which of several lists of files a row's file is in, from 0; an error where it is in none."""
    # Spark writes a file's URI with one slash, or with three.
    name = F.regexp_replace(file_name(), r"\Afile:/+", "/")
    number = F.raise_error(F.concat(F.lit("Nobody asked for rows of "), name)).cast("int")
    for n, files in enumerate(parts):
        number = F.when(name.isin([_name(file) for file in files]), n).otherwise(number)
    return number


def refuse_undeclared(rows: DataFrame, expected: Expected) -> None:
    """Refuse rows with names that nobody declared, by one pass over all of them.

    Args:
        rows: read with `extra="rescue"`.
        expected: what is declared.

    Raises:
        DataError: there are such names; the message has them, and a file.
    """
    names = rows.select(F.explode(F.json_object_keys(RESCUED)).alias("name"), file_name().alias("file"))
    found = names.agg(F.array_sort(F.collect_set("name")).alias("names"), F.min("file").alias("file")).collect()[0]
    if found["names"]:
        file = shown(found["file"], LONGEST_PATH)
        raise DataError(
            f"{file} has names that the schema does not have, or others have: {listed(found['names'])}; "
            f"declared are {listed(expected.names)}.",
            cure="Declare them, keep them with extra='rescue', or leave them out with extra='ignore'.",
        )


def _name(file: Location) -> str:
    if isinstance(file, ObjectPath):
        return str(file)
    return "/" + os.path.normpath(file.as_posix()).replace(os.sep, "/").lstrip("/")

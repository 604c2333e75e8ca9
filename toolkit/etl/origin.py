"""Which file a row came from, by Spark's own metadata of files. Must not decide what is kept of it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

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


def _name(file: Location) -> str:
    if isinstance(file, ObjectPath):
        return str(file)
    return "/" + os.path.normpath(file.as_posix()).replace(os.sep, "/").lstrip("/")

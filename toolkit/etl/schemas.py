"""What a reader was told to expect: the columns of a schema in DDL, and what becomes of columns that it does not have.

Must not look at a file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from pyspark.errors import ParseException
from pyspark.sql.types import StructType

from toolkit.errors import UsageError
from toolkit.etl.technical import CORRUPT, RESCUED

Extra = Literal["fail", "rescue", "ignore"]
"""What becomes of columns that the schema does not have: an error, a JSON object of them in `_rescued_data`, or nothing."""
Missing = Literal["fail", "null"]
"""What becomes of columns that a file does not have: an error, or nulls."""


@dataclass(frozen=True)
class Expected:
    """The columns that are asked for.

    Attributes:
        fields: as the schema declares them.
        extra: what becomes of others.
        missing: what becomes of those that a file lacks.
    """

    fields: StructType
    extra: Extra = "fail"
    missing: Missing = "fail"

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return self.fields.names

    @property
    def rescues(self) -> bool:
        """Whether the result has `_rescued_data`."""
        return self.extra == "rescue"


def expected(schema: str, *, extra: str, missing: str = "fail") -> Expected:
    """The columns that a schema declares, and what was said of others.

    Raises:
        UsageError: it is none, declares a name twice, or declares a column that the reader adds; or a word is none of those
            that there are.
    """
    for name, said, words in (("extra", extra, get_args(Extra)), ("missing", missing, get_args(Missing))):
        if said not in words:
            raise UsageError(f"{name}={said!r} means nothing.", choices=words)
    fields = _fields(schema)
    for ours in (CORRUPT, RESCUED) if extra == "rescue" else (CORRUPT,):
        if ours in map(str.lower, fields.names):
            raise UsageError(f"{schema!r} names {ours}, which the reader adds itself.", cure="Leave it out.")
    # Spark takes two names for one when they differ by the case of letters alone.
    if twice := next((name for name, many in Counter(map(str.lower, fields.names)).items() if many > 1), ""):
        raise UsageError(
            f"{schema!r} declares {twice} twice.", cure="Names may not differ by the case of letters alone."
        )
    return Expected(fields, extra, missing)  # type: ignore[arg-type]


def _fields(schema: str) -> StructType:
    cure = "A schema looks like: id STRING, price DECIMAL(10,2), tags ARRAY<STRING>."
    try:
        fields = StructType.fromDDL(schema)
    except ParseException as problem:
        said = str(problem).strip().splitlines()[0]
        raise UsageError(f"{schema!r} is no schema: {said}", cure=cure) from problem
    if not isinstance(fields, StructType) or not fields.names:
        raise UsageError(f"{schema!r} is no schema: it names no column.", cure=cure)
    return fields

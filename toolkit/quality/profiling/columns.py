"""The columns of a frame that can be measured: those at its top, and the fields of its structs.

Owns the names and the kinds. Must not run a query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.profiling.model import Kind

_KINDS: tuple[tuple[type[T.DataType], Kind], ...] = (
    (T.NumericType, "number"),
    (T.DateType, "time"),
    (T.TimestampType, "time"),
    (T.TimestampNTZType, "time"),
    (T.StringType, "text"),
    (T.VarcharType, "text"),
    (T.CharType, "text"),
    (T.BooleanType, "boolean"),
    (T.BinaryType, "binary"),
    (T.ArrayType, "array"),
    (T.MapType, "map"),
    (T.StructType, "struct"),
)


@dataclass(frozen=True)
class Leaf:
    """One column, by the name that `F.col` takes."""

    name: str
    type: T.DataType

    @property
    def kind(self) -> Kind:
        """What sort of value it holds."""
        return next((kind for type_, kind in _KINDS if isinstance(self.type, type_)), "other")

    @property
    def value(self) -> Column:
        """The column itself."""
        return F.col(self.name)

    @property
    def fractional(self) -> bool:
        """Whether it holds floating-point numbers, with NaN and infinities."""
        return isinstance(self.type, (T.DoubleType, T.FloatType))

    @property
    def keylike(self) -> bool:
        """Whether people make keys of such values: whole numbers, texts, bytes."""
        return isinstance(self.type, T.IntegralType) or self.kind in {"text", "binary"}

    @property
    def hashable(self) -> bool:
        """Whether different values can be counted: Spark hashes neither maps nor variants."""
        return self.kind not in {"struct", "other"} and not _holds(self.type, (T.MapType, T.VariantType))


def leaves(df: DataFrame) -> list[Leaf]:
    """Every column of `df`, and after each struct its fields, as deep as they go.

    Raises:
        UsageError: `df` is a stream, has no columns, or has a name twice.
    """
    if df.isStreaming:
        raise UsageError(
            "A stream has no end, so there is no profile of it.", cure="Profile the table that it is written to."
        )
    if not df.columns:
        raise UsageError("The frame has no columns.", cure="Select at least one.")
    twice = [name for name, count in Counter(df.columns).items() if count > 1]
    if twice:
        raise UsageError(
            f"The frame has several columns called {', '.join(twice)}.", cure="Rename them before they are profiled."
        )
    return [leaf for field in df.schema.fields for leaf in _unfolded(sql_text.named(field.name), field.dataType)]


def _unfolded(name: str, type_: T.DataType) -> Iterator[Leaf]:
    yield Leaf(name, type_)
    if isinstance(type_, T.StructType):
        for field in type_.fields:
            yield from _unfolded(f"{name}.{sql_text.named(field.name)}", field.dataType)


def _holds(type_: T.DataType, wanted: tuple[type[T.DataType], ...]) -> bool:
    if isinstance(type_, wanted):
        return True
    if isinstance(type_, T.ArrayType):
        return _holds(type_.elementType, wanted)
    if isinstance(type_, T.StructType):
        return any(_holds(field.dataType, wanted) for field in type_.fields)
    return False

"""Refusing rules that do not fit a table, before a row is read.

Owns what is said of a column that is not there, a type that cannot be compared, and SQL or a pattern that cannot be read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql import types as T

from toolkit.errors import UsageError
from toolkit.quality.rules import Context, RowRule, Rule, SetRule
from toolkit.quality.rules.base import Family

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_PART = re.compile(r"`((?:[^`]|``)+)`|([^.`]+)")
_MESSAGE = 400
_FAMILIES: tuple[tuple[type[T.DataType] | tuple[type[T.DataType], ...], Family], ...] = (
    (T.NumericType, "number"),
    ((T.StringType, T.CharType, T.VarcharType), "text"),
    ((T.DateType, T.TimestampType, T.TimestampNTZType), "time"),
    (T.BooleanType, "boolean"),
    (T.ArrayType, "array"),
    (T.StructType, "struct"),
)
_read_before: set[str] = set()
"""Patterns that Java has read in this process."""


def refuse_unfit(df: DataFrame, table: str, rules: Sequence[Rule], context: Context) -> None:
    """Raise if any rule cannot be applied to `df`.

    Raises:
        UsageError: two rules share a name; a rule names a column, frame or field that is not there; a column is of a type
            that the rule cannot judge; a pattern cannot be read.
    """
    twice = [name for name, count in Counter(rule.name for rule in rules).items() if count > 1]
    if twice:
        raise UsageError(f"{table} has several rules called {', '.join(twice)}.", cure="Give each a name of its own.")
    for rule in rules:
        _refuse_other_columns(df, table, rule)
        _refuse_other_frames(table, rule, context)
    if df.isStreaming:
        _refuse_on_streams(table, rules)
    _refuse_bad_patterns(df, table, rules)


def blame(df: DataFrame, table: str, rules: Sequence[Rule], problem: PySparkException) -> UsageError:
    """The rule that Spark cannot make sense of, and why, when all of them together made it raise `problem`."""
    for rule in rules:
        for number, column in enumerate(_expressions(rule)):
            try:
                _ = df.select(column().alias(f"c{number}")).schema
            except PySparkException as own:
                return UsageError(
                    f"Rule {rule.name} of {table} cannot be used: {_first_line(own)}",
                    cure="Mend its SQL, or the column that it names.",
                )
    return UsageError(f"The rules of {table} cannot be used: {_first_line(problem)}")


def _expressions(rule: Rule) -> Iterator[Any]:
    """What can be tried of a rule by itself."""
    for text in rule.sql:
        yield lambda text=text: F.expr(text)
    if isinstance(rule, RowRule) and not rule.refers_to and not rule.over_rows:
        yield rule.broken


def _refuse_other_columns(df: DataFrame, table: str, rule: Rule) -> None:
    for column, families in rule.column_families().items():
        found = column_type(df.schema, column)
        if found is None:
            raise UsageError.unknown(f"column for rule {rule.name} of {table}:", column, df.columns)
        family = family_of(found)
        if families and family not in families:
            raise UsageError(
                f"Rule {rule.name} of {table} cannot judge {column}: it is {found.simpleString()}, and {rule.kind} "
                f"here needs {_either(families)}.",
                cure="Cast the column first, or use another kind of rule: docs/rules.md.",
            )


def _refuse_other_frames(table: str, rule: Rule, context: Context) -> None:
    wanted = rule.refers_to
    if not wanted:
        return
    if wanted not in context.references:
        raise UsageError.unknown(f"reference for rule {rule.name} of {table}:", wanted, context.references)
    there = context.references[wanted]
    for column in rule.columns_there:
        if column_type(there.schema, column) is None:
            raise UsageError.unknown(f"column in {wanted} for rule {rule.name} of {table}:", column, there.columns)


def _refuse_on_streams(table: str, rules: Sequence[Rule]) -> None:
    for rule in rules:
        if (isinstance(rule, RowRule) and rule.over_rows) or (isinstance(rule, SetRule) and rule.refers_to):
            raise UsageError(
                f"Rule {rule.name} of {table} compares rows with each other, which a stream cannot.",
                cure="Check each micro-batch instead, in foreachBatch.",
            )


def _refuse_bad_patterns(df: DataFrame, table: str, rules: Sequence[Rule]) -> None:
    """Patterns are Java's, so only Java can say whether one can be read; a single row of none of the table's data is asked."""
    found = {rule.name: str(getattr(rule, "pattern", "")) for rule in rules}
    patterns = {name: pattern for name, pattern in found.items() if pattern and pattern not in _read_before}
    if not patterns or _readable(df, list(patterns.values())):
        _read_before.update(patterns.values())
        return
    for name, pattern in patterns.items():
        if not _readable(df, [pattern]):
            raise UsageError(
                f"Rule {name} of {table} has a pattern that cannot be read: {pattern!r}.",
                cure="Mend the regular expression; the dialect is Java's.",
            )


def _readable(df: DataFrame, patterns: Sequence[str]) -> bool:
    one = df.sparkSession.range(1)
    try:
        # Of the row's own value, so that the pattern is not left unread; the Java error comes as one of several classes.
        one.select(
            *[F.col("id").cast("string").rlike(pattern).alias(f"p{i}") for i, pattern in enumerate(patterns)]
        ).collect()
    except Exception:
        return False
    return True


def family_of(type_: T.DataType) -> Family:
    """What sort of value a type holds."""
    return next((family for types, family in _FAMILIES if isinstance(type_, types)), "other")


def column_type(schema: T.StructType, path: str) -> T.DataType | None:
    """The type of a column, or of a field in it: `items.product_id` of an array of structs is an array. None if not there."""
    parts = [quoted.replace("``", "`") if quoted else plain for quoted, plain in _PART.findall(path)]
    found: T.DataType = schema
    for number, part in enumerate(parts):
        if isinstance(found, T.ArrayType):
            inner = column_type(_as_struct(found.elementType), ".".join(f"`{p}`" for p in parts[number:]))
            return None if inner is None else T.ArrayType(inner)
        if isinstance(found, T.MapType):
            found = found.valueType
            continue
        field = next((f for f in _as_struct(found).fields if f.name.lower() == part.lower()), None)
        if field is None:
            return None
        found = field.dataType
    return found


def _as_struct(type_: T.DataType) -> T.StructType:
    return type_ if isinstance(type_, T.StructType) else T.StructType([])


def _either(families: Sequence[Family]) -> str:
    words = {"number": "a number", "text": "text", "time": "a date or timestamp", "array": "an array"}
    return " or ".join(words.get(family, f"a {family}") for family in families)


def _first_line(problem: BaseException) -> str:
    line = next((line for line in str(problem).splitlines() if line.strip()), "no reason given")
    return line.split("; line ")[0][:_MESSAGE]

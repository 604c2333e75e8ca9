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

from toolkit.columns import quoted
from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.rules import (
    Compare,
    Context,
    DateFormat,
    Each,
    EachReferences,
    Expression,
    Ks,
    Matches,
    NoGaps,
    NoOverlap,
    Psi,
    References,
    ReferencesTogether,
    RowRule,
    Rule,
    SameTotal,
    SetRule,
)
from toolkit.quality.rules.attempts import attemptable
from toolkit.quality.rules.base import Family

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_OURS = ("_rule_", "_breaks_", "_broken_")
"""Beginnings of the names of columns that rules put beside the rows."""
_SETTING = re.compile(r"\$\{[^}]+\}")
_MESSAGE = 400
_FAMILIES: tuple[tuple[type[T.DataType] | tuple[type[T.DataType], ...], Family], ...] = (
    (T.NumericType, "number"),
    ((T.StringType, T.CharType, T.VarcharType), "text"),
    ((T.DateType, T.TimestampType, T.TimestampNTZType), "time"),
    (T.BooleanType, "boolean"),
    (T.ArrayType, "array"),
    (T.StructType, "struct"),
)
_read_before: set[tuple[str, str]] = set()
"""Patterns, by what reads them, that Java has read in this process."""


def refuse_unfit(df: DataFrame, table: str, rules: Sequence[Rule], context: Context) -> None:
    """Raise if any rule cannot be applied to `df`.

    Raises:
        UsageError: two rules share a name; a column of the table has a name that only rules may use; a rule names a
            column, frame or field that is not there; a column is of a type that the rule cannot judge; a pattern cannot be
            read.
    """
    twice = [name for name, count in Counter(rule.name for rule in rules).items() if count > 1]
    if twice:
        raise UsageError(f"{table} has several rules called {', '.join(twice)}.", cure="Give each a name of its own.")
    ours = [name for name in df.columns if name.lower().startswith(_OURS)]
    if ours:
        raise UsageError(
            f"{table} has columns whose names are kept for the work of rules: {', '.join(ours)}.",
            cure=f"Rename them; no name may begin with {', '.join(_OURS)}.",
        )
    for rule in rules:
        _refuse_other_columns(df, table, rule)
        _refuse_other_frames(table, rule, context)
        _refuse_unlike(df, table, rule, context)
    if df.isStreaming:
        _refuse_on_streams(table, rules)
    _refuse_odd_conditions(df, table, rules)
    _refuse_bad_patterns(df, table, rules)


def blame(df: DataFrame, table: str, rules: Sequence[Rule], problem: PySparkException) -> UsageError:
    """The rule that Spark cannot make sense of, and why, when all of them together made it raise `problem`."""
    rows = attemptable(df)
    for rule in rules:
        for number, column in enumerate(_expressions(rule)):
            try:
                # With all columns, so that an aggregate has no place here either.
                _ = df.select("*", column().alias(f"_tried_{number}")).schema
            except PySparkException as own:
                return UsageError(
                    f"Rule {rule.name} of {table} cannot be used: {_first_line(own)}",
                    cure="Mend its SQL, or the column that it names.",
                )
        try:
            if isinstance(rule, RowRule) and not rule.refers_to:
                _ = rule.prepared(rows, rows, Context()).schema
        except PySparkException as own:
            return UsageError(
                f"Rule {rule.name} of {table} cannot be used on such columns: {_first_line(own)}",
                cure="Values that cannot be put in order, such as maps, cannot be grouped: name their parts.",
            )
    return UsageError(f"The rules of {table} cannot be used: {_first_line(problem)}")


def _expressions(rule: Rule) -> Iterator[Any]:
    """What can be tried of a rule by itself."""
    for text in rule.sql:
        yield lambda text=text: F.expr(text)
    if isinstance(rule, RowRule) and not rule.refers_to and not rule.over_rows:
        yield rule.broken


def _refuse_other_columns(df: DataFrame, table: str, rule: Rule) -> None:
    for column in rule.columns:
        if _SETTING.search(column):
            raise UsageError(
                f"Rule {rule.name} of {table} looks at {column}, in whose place Spark would put the value of a setting.",
                cure="Rename the column: no name that a rule looks at may hold ${…}.",
            )
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
    condition = getattr(rule, "to_where", "")
    try:
        _ = there.where(condition).schema if condition else None
    except PySparkException as problem:
        raise UsageError(
            f"Rule {rule.name} of {table} cannot read {wanted}: {_first_line(problem)}", cure="Mend its to_where."
        ) from problem


def _refuse_unlike(df: DataFrame, table: str, rule: Rule, context: Context) -> None:
    """Values of two sorts are not compared: Spark would make a number of a text, and end at the first that is none."""
    for column, there, where in _compared(df, rule, context):
        here = column_type(df.schema, column)
        here = here.elementType if isinstance(rule, EachReferences) and isinstance(here, T.ArrayType) else here
        if here is None or there is None or _alike(here, there, whole=isinstance(rule, NoGaps)):
            continue
        raise UsageError(
            f"Rule {rule.name} of {table} cannot compare {column}, which is {here.simpleString()}, with {where}, "
            f"which {'are' if isinstance(rule, NoGaps) else 'is'} {there.simpleString()}.",
            cure="Cast one of them first.",
        )


def _compared(df: DataFrame, rule: Rule, context: Context) -> Iterator[tuple[str, T.DataType | None, str]]:
    """Each column whose values are compared with others: it, the type of the others, and where they stand."""
    match rule:
        case Compare(column=column, other=other) | NoOverlap(column=column, end=other):
            yield column, column_type(df.schema, other), other
        case References(to=to) | ReferencesTogether(to=to) | EachReferences(to=to) | SameTotal(to=to):
            for column, key in zip(rule.columns, rule.columns_there, strict=True):
                yield column, column_type(context.references[to].schema, key), f"{key} of {to}"
        case Psi(column=column, to=str() as to) | Ks(column=column, to=str() as to):
            yield column, column_type(context.references[to].schema, column), f"that of {to}"
        case NoGaps(column=column):
            yield column, T.LongType(), "whole numbers"


def _alike(one: T.DataType, other: T.DataType, *, whole: bool) -> bool:
    if whole:
        fraction = one.scale > 0 if isinstance(one, T.DecimalType) else isinstance(one, (T.FloatType, T.DoubleType))
        return not fraction
    return family_of(one) == family_of(other)


def _refuse_odd_conditions(df: DataFrame, table: str, rules: Sequence[Rule]) -> None:
    """A condition is true or false; of a text Spark would make one, and end at the first that is neither."""
    asked = [(rule, told, condition) for rule in rules for told, condition in _conditions(rule)]
    if not asked:
        return
    try:
        tried = df.select([F.expr(one) if isinstance(one, str) else one for _, _, one in asked]).schema
    except PySparkException as problem:
        raise blame(df, table, rules, problem) from problem
    for (rule, text, _), field in zip(asked, tried.fields, strict=True):
        if not isinstance(field.dataType, (T.BooleanType, T.NullType)):
            raise UsageError(
                f"Rule {rule.name} of {table} has a condition that is {field.dataType.simpleString()}, "
                f"neither true nor false: {text}.",
                cure="Compare it with something.",
            )


def _conditions(rule: Rule) -> Iterator[tuple[str, str | Column]]:
    """The conditions that a rule was given: as it says them, and as Spark can tell their type."""
    yield from ((text, text) for text in rule.sql)
    if isinstance(rule, Each):
        of_one = f"element_at(transform({sql_text.column(rule.column)}, item -> ({rule.condition})), 1)"
        yield rule.condition, of_one
    if isinstance(rule, Expression):
        yield rule.sentence(), rule.condition()


def _refuse_on_streams(table: str, rules: Sequence[Rule]) -> None:
    for rule in rules:
        beside = isinstance(rule, NoGaps) or (isinstance(rule, SetRule) and rule.refers_to)
        if (isinstance(rule, RowRule) and rule.over_rows) or beside:
            raise UsageError(
                f"Rule {rule.name} of {table} compares rows with each other or with another table, which a stream cannot.",
                cure="Check each micro-batch instead, in foreachBatch.",
            )


def _refuse_bad_patterns(df: DataFrame, table: str, rules: Sequence[Rule]) -> None:
    """Patterns are Java's, so only Java can say whether one can be read; a single row of none of the table's data is asked."""
    patterns = {rule.name: found for rule in rules if (found := _pattern(rule)) and found not in _read_before}
    if not patterns or _readable(df, list(patterns.values())):
        _read_before.update(patterns.values())
        return
    for name, pattern in patterns.items():
        if not _readable(df, [pattern]):
            what = {"pattern": "regular expression; the dialect is Java's", "format": "format; the letters are Spark's"}
            raise UsageError(
                f"Rule {name} of {table} has a {pattern[0]} that cannot be read: {pattern[1]!r}.",
                cure=f"Mend the {what[pattern[0]]}.",
            )


def _pattern(rule: Rule) -> tuple[str, str] | None:
    """What reads a pattern of the rule, and the pattern."""
    if isinstance(rule, DateFormat):
        return "format", rule.format
    pattern = str(getattr(rule, "pattern", ""))
    return ("pattern", pattern) if pattern else None


def _readable(df: DataFrame, patterns: Sequence[tuple[str, str]]) -> bool:
    one = df.sparkSession.range(1)
    # Of the row's own value, so that the pattern is not left unread; the Java error comes as one of several classes.
    text = F.col("id").cast("string")
    tried = [
        F.try_to_timestamp(text, F.lit(pattern))
        if sort == "format"
        # By itself and as it will be used: `a)|(b` can be read only within brackets, `\Qa` only without.
        else text.rlike(pattern) & text.rlike(Matches(column="c", pattern=pattern).anchored)
        for sort, pattern in patterns
    ]
    try:
        one.select(*[column.alias(f"p{i}") for i, column in enumerate(tried)]).collect()
    except Exception:
        return False
    return True


def family_of(type_: T.DataType) -> Family:
    """What sort of value a type holds."""
    return next((family for types, family in _FAMILIES if isinstance(type_, types)), "other")


def column_type(schema: T.StructType, path: str) -> T.DataType | None:
    """The type of a column, or of a field in it: `items.product_id` of an array of structs is an array. None if not there."""
    parts = sql_text.parts(path)
    found: T.DataType = schema
    for number, part in enumerate(parts):
        if isinstance(found, T.ArrayType):
            inner = column_type(_as_struct(found.elementType), ".".join(map(quoted, parts[number:])))
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

"""The same values in other columns: structs made flat and nested again, rows turned into columns and back.

Each returns a function for `DataFrame.transform`. What cannot be told apart afterwards is refused: two columns of one name,
values for which there is no column, values of unlike types in one column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TypeGuard

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, BooleanType, DataType, StructType

from toolkit.columns import cols, quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.load import SHOWN
from toolkit.etl.windows import How, aggregate

Transform = Callable[[DataFrame], DataFrame]


# structs


def flattened(separator: str = "_", *, explode: Sequence[str] = (), marked: bool = False) -> Transform:
    """The fields of structs as columns, called by the way to them: `address_city`; arrays and maps stay as they are.

    Args:
        separator: between the names.
        explode: arrays that give a row for each element, by the names that they have here, an outer one before one inside it. A
            row whose array is empty or null stays, with null. `nested` does not gather elements again.
        marked: a BOOLEAN column for each struct, called as it was, says whether there was one. Without, a struct of nulls
            alone and no struct are the same afterwards.

    Raises:
        UsageError: two columns would have one name; there is no such array; or of two arrays none is inside the other.
    """

    def transform(df: DataFrame) -> DataFrame:
        flat, known = _flat(df, separator, marked), set[str]()
        for name in explode:
            arrays = {field.name for field in flat.schema if isinstance(field.dataType, ArrayType)}
            if name not in arrays:
                raise UsageError.unknown("array", name, arrays)
            if name in known:
                raise UsageError(
                    f"{name} is not inside {explode[0]}: each of their elements would meet all of the other's.",
                    cure="Make a frame of each, with the key of the row.",
                )
            known |= arrays
            exploded = {c: F.explode_outer(quoted(c)) if c == name else F.col(quoted(c)) for c in flat.columns}
            flat = _flat(flat.select(*[column.alias(c) for c, column in exploded.items()]), separator, marked)
        return flat

    return transform


def _flat(df: DataFrame, separator: str, marked: bool) -> DataFrame:
    leaves = list(_leaves(df.schema, separator, marked))
    seen: dict[str, tuple[str, ...]] = {}
    for path, _ in leaves:
        # Spark does not tell capitals from small letters in names.
        name = separator.join(path)
        if (other := seen.setdefault(name.lower(), path)) != path:
            raise UsageError(
                f"{'.'.join(other)} and {'.'.join(path)} would both be called {name}.", cure="Choose another separator."
            )
    return df.select(*[_reached(path, kind is None).alias(separator.join(path)) for path, kind in leaves])


def _leaves(schema: StructType, separator: str, marked: bool) -> Iterator[tuple[tuple[str, ...], DataType | None]]:
    """The way to each column, and its type; None of one that only says that a struct is there."""
    for field in schema:
        if not _has_fields(field.dataType):
            yield (field.name,), field.dataType
            continue
        if marked:
            yield (field.name,), None
        for path, kind in _leaves(field.dataType, separator, marked):
            yield (field.name, *path), kind


def _has_fields(kind: DataType) -> TypeGuard[StructType]:
    return isinstance(kind, StructType) and bool(kind.fields)


def _reached(path: Sequence[str], is_mark: bool) -> Column:
    column = F.col(".".join(map(quoted, path)))
    return column.isNotNull() if is_mark else column


def nested(schema: StructType, separator: str = "_") -> Transform:
    """The way back from `flattened`: columns gathered into structs, as the schema says; columns that it lacks stay, behind.

    A struct is null where its mark says so; where there is none, if all in it is null. So
    `df.transform(flattened(marked=True)).transform(nested(df.schema))` is `df`.

    Raises:
        UsageError: a column is missing, or of another type.
    """

    def transform(df: DataFrame) -> DataFrame:
        types = {field.name: field.dataType for field in df.schema}
        named = [(separator.join(path), path, kind) for path, kind in _leaves(schema, separator, marked=True)]
        leaves = {name: (path, kind) for name, path, kind in named if kind is not None}
        for name, (path, kind) in leaves.items():
            if name not in types:
                raise UsageError.unknown("column", name, types)
            if types[name] != kind:
                raise UsageError(
                    f"{name} is {types[name].simpleString()}, and {'.'.join(path)} is {kind.simpleString()}.",
                    cure="Cast one of them first.",
                )
        # A column of that name that is a value is no mark.
        marks = {n for n, _, kind in named if kind is None and n not in leaves and types.get(n) == BooleanType()}
        made = [_gathered(field.dataType, (field.name,), separator, marks)[0].alias(field.name) for field in schema]
        return df.select(*made, *cols(name for name in df.columns if name not in leaves and name not in marks))

    return transform


def _gathered(kind: DataType, path: tuple[str, ...], separator: str, marks: Collection[str]) -> tuple[Column, Column]:
    """A value, and whether anything is in it."""
    name = separator.join(path)
    if not _has_fields(kind):
        return F.col(quoted(name)), F.col(quoted(name)).isNotNull()
    parts = {f.name: _gathered(f.dataType, (*path, f.name), separator, marks) for f in kind}
    struct = F.struct(*[value.alias(field) for field, (value, _) in parts.items()])
    given = F.col(quoted(name)) if name in marks else reduce(or_, [is_given for _, is_given in parts.values()])
    return F.when(given, struct), given


# rows and columns


def pivoted(
    keys: Sequence[str],
    by: str,
    values: Sequence[str] | Mapping[str, str],
    of: str,
    *,
    how: How = "sum",
    others: str = "",
) -> Transform:
    """One row for each key, and for each of the values of a column a column with what is made of those rows.

    The values are said, so the columns do not depend on the rows. A value that is not among them, null being one, is
    refused when this is called, by one look at the column, or has a column of its own with all such values.

    Args:
        keys: of the rows that are made.
        by: the column whose values become columns; of text, or compared as text.
        values: these; or what the column of each is called: `{"DE": "germany"}`.
        of: what is in the columns.
        how: what is made of several: `sum`, `min`, `max`, `avg` (null of none) or `count` (0 of none).
        others: the column of all other values; they are refused when empty.

    Raises:
        UsageError: a column is not there, or two would have one name.
        DataError: the column has other values.
    """
    named = dict(values) if isinstance(values, Mapping) else {value: value for value in values}

    def transform(df: DataFrame) -> DataFrame:
        for name in (*keys, by, of):
            if name not in df.columns:
                raise UsageError.unknown("column", name, df.columns)
        made = [*keys, *named.values(), *([others] if others else [])]
        if twice := [name for name in made if [one.lower() for one in made].count(name.lower()) > 1]:
            raise UsageError(f"Two columns would be called {twice[0]}.", cure="Say values={value: name}.")
        text = F.col(quoted(by)).cast("string")
        is_other = text.isNull() | ~text.isin(list(named))
        if not others:
            _refuse_others(df.where(is_other).select(text.alias("_value")), by, named)
        cells = {name: text == value for value, name in named.items()} | ({others: is_other} if others else {})
        agg = aggregate(how)
        return df.groupBy(*cols(keys)).agg(
            *[agg(F.when(condition, F.col(quoted(of)))).alias(name) for name, condition in cells.items()]
        )

    return transform


def _refuse_others(rows: DataFrame, by: str, named: Mapping[str, str]) -> None:
    found = [row[0] for row in rows.distinct().orderBy("_value").limit(SHOWN).collect()]
    if found:
        told = ", ".join("null" if value is None else repr(value) for value in found)
        raise DataError(
            f"{by} has values for which there is no column, such as {told}; columns are made for {', '.join(named)}.",
            cure="Name them among the values, leave those rows out, or give them a column: others='…'.",
        )


def unpivoted(columns: Sequence[str], *, name: str = "name", value: str = "value", nulls: bool = True) -> Transform:
    """One row for each row and column: which one it was, and its value; the other columns are repeated.

    Args:
        columns: whose values become rows; of one type.
        name: the column of their names.
        value: the column of their values.
        nulls: values that are null make rows, too.

    Raises:
        UsageError: a column is not there, they are of several types, or a name is taken.
    """

    def transform(df: DataFrame) -> DataFrame:
        types = dict(df.dtypes)
        for column in columns:
            if column not in types:
                raise UsageError.unknown("column", column, types)
        if unlike := [column for column in columns if types[column] != types[columns[0]]]:
            raise UsageError(
                f"{columns[0]} is {types[columns[0]]}, and {unlike[0]} is {types[unlike[0]]}.",
                cure="Cast them alike first.",
            )
        ids = [column for column in df.columns if column not in columns]
        if taken := [one for one in (name, value) if one in ids]:
            raise UsageError(f"There is a column {taken[0]} already.", cure="Say another name=… or value=….")
        rows = df.unpivot((*cols(ids),), (*cols(columns),), name, value)
        return rows if nulls else rows.where(F.col(quoted(value)).isNotNull())

    return transform

"""Taking rows back out of quarantine: chosen, repaired, checked again beside the table's own rows, and told apart.

Owns what a repair may do and what is kept of it. Lazy, like the engine; who writes is `toolkit.quality.release`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from toolkit.columns import quoted
from toolkit.errors import UsageError
from toolkit.quality.engine import Check, split
from toolkit.quality.quarantine import RULES, VIOLATIONS, WARNINGS
from toolkit.quality.rejected import settings_of
from toolkit.quality.rules import RowRule

Repair = Callable[[DataFrame], DataFrame]
KEY, BEFORE, RULES_BEFORE = "_key", "_before", "_rules_before"
_EVERY_DIGIT = {
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}


@dataclass(frozen=True)
class Released:
    """What became of the rows that were chosen."""

    release_id: str
    looked_at: int
    released: int
    """Rows that keep every rule now, and are in the table."""
    still_bad: int
    """Rows that stay in quarantine, as they were."""


def chosen(quarantine: DataFrame, rule: str = "", where: str = "") -> DataFrame:
    """Quarantined rows to be looked at again, each with a key and itself as JSON; equal rows share a key and a fate.

    Args:
        quarantine: the quarantine table.
        rule: only rows that this rule sent there.
        where: only rows that meet this SQL condition.

    Raises:
        UsageError: the condition does not fit the table.
    """
    everything = _as_json(quarantine.columns)
    rows = quarantine.withColumns({BEFORE: everything, KEY: _key(everything)})
    try:
        found = rows.where(F.array_contains(RULES, rule)) if rule else rows
        found = found.where(where) if where else found
        _ = found.schema
    except PySparkException as problem:
        raise _unfit("The condition", problem) from problem
    return found


def judged_again(rows: DataFrame, own: DataFrame | None, table: str, check: Check, repair: Repair | None) -> DataFrame:
    """The chosen rows, repaired, marked by the engine as if they came for the first time.

    Args:
        rows: from `chosen`.
        own: the rows of the table itself; a key has to be unique among them all.
        table: what messages call it.
        check: the rules, and what they refer to.
        repair: a function of the rows that gives back the same columns; None to try them as they are.

    Raises:
        UsageError: the repair takes away or adds columns, or a rule does not fit.
    """
    plain = rows.withColumnRenamed(RULES, RULES_BEFORE).drop(VIOLATIONS)
    repaired = repair(plain) if repair else plain
    _refuse_other_columns(table, plain, repaired)
    compare = any(isinstance(rule, RowRule) and rule.over_rows for rule in check.rules)
    together = (
        repaired.unionByName(own.drop(WARNINGS), allowMissingColumns=True) if compare and own is not None else repaired
    )
    rules = [rule for rule in check.rules if isinstance(rule, RowRule)]
    marked = split(together, table, rules, check.references, actions=check.actions).uncounted
    return marked.where(F.col(KEY).isNotNull()) if together is not repaired else marked


def refuse_other_rows(table: str, before: DataFrame, after: DataFrame) -> None:
    """Refuse a repair that gives back more rows, fewer rows or rows of another origin than it was given.

    Args:
        table: what messages call it.
        before: from `chosen`.
        after: the same rows, repaired and written.

    Raises:
        UsageError: it does, as a join does whose other side has a key twice, or not at all.
    """
    known = [KEY, BEFORE, RULES_BEFORE]
    came, left = before.withColumnRenamed(RULES, RULES_BEFORE).select(known), after.select(known)
    if came.exceptAll(left).isEmpty() and left.exceptAll(came).isEmpty():
        return
    raise UsageError(
        f"The repair of {table} was given {came.count():,} rows and gave back {left.count():,}, not all of them the same.",
        cure="A repair changes values: each row comes back once. Where it joins, see that the other side has a key once.",
    )


def trace(
    released: DataFrame, table: str, columns: Mapping[str, str], release_id: str, run_id: str, repair: str
) -> DataFrame:
    """The rows of `ops.quarantine_releases`."""
    return released.select(
        F.lit(release_id).alias("release_id"),
        F.lit(run_id).alias("run_id"),
        F.current_timestamp().alias("released_at"),
        F.lit(table).alias("table_name"),
        F.col(RULES_BEFORE).alias("rules"),
        F.lit(repair).alias("repair"),
        F.col(BEFORE).alias("before"),
        _as_json(columns).alias("after"),
    )


def traced(releases: DataFrame, quarantine: DataFrame, columns: Iterable[str]) -> DataFrame:
    """Rows of `ops.quarantine_releases` as they were to be added to their table, each with the key that it had in quarantine.

    Args:
        releases: the traces.
        quarantine: has the table's columns, and knows their types.
        columns: of the table.
    """
    marks = StructField(WARNINGS, ArrayType(StringType()))
    known = {field.name: field for field in quarantine.schema.fields}
    after = F.from_json("after", StructType([known.get(name, marks) for name in columns]), _EVERY_DIGIT)
    return releases.select(_key(F.col("before")).alias(KEY), after.alias("after")).select(KEY, "after.*")


def remaining(quarantine: DataFrame, released: DataFrame) -> DataFrame:
    """The quarantine without the rows that were released, told by their key."""
    keyed = quarantine.withColumn(KEY, _key(_as_json(quarantine.columns)))
    return keyed.join(released.select(KEY).distinct(), KEY, "left_anti").drop(KEY)


def set_columns(*settings: str) -> Repair:
    """A repair from settings such as `country = 'DE'` or `amount = abs(amount)`: a column, and SQL for its new value.

    Raises:
        UsageError: that is no setting; when applied: the SQL does not fit the rows, or there is no such column.
    """
    parsed = settings_of(settings)

    def repair(rows: DataFrame) -> DataFrame:
        for name in parsed:
            if name not in rows.columns or name.startswith("_"):
                raise UsageError.unknown("column to repair:", name, [c for c in rows.columns if not c.startswith("_")])
        try:
            types = dict(rows.dtypes)
            fixed = rows.withColumns({name: F.expr(sql).cast(types[name]) for name, sql in parsed.items()})
            _ = fixed.schema
        except PySparkException as problem:
            raise _unfit("The repair", problem) from problem
        return fixed

    return repair


def _as_json(columns: Iterable[str]) -> Column:
    """A row as JSON, with every digit of its times: by itself Spark writes thousandths, and two rows would look like one."""
    return F.to_json(F.struct(*map(quoted, columns)), _EVERY_DIGIT)


def _key(row: Column) -> Column:
    """What a row is known by, from itself as JSON: `_before` when it is chosen, `before` in its trace."""
    return F.sha2(row, 256)


def _refuse_other_columns(table: str, before: DataFrame, after: DataFrame) -> None:
    lost = [name for name in before.columns if name not in after.columns]
    new = [name for name in after.columns if name not in before.columns]
    retyped = [name for name, type_ in before.dtypes if dict(after.dtypes).get(name, type_) != type_]
    if lost or new or retyped:
        raise UsageError(
            f"The repair of {table} changes the columns: lost {lost or 'none'}, new {new or 'none'}, of another type "
            f"{retyped or 'none'}.",
            cure="A repair gives back the columns that it was given.",
        )


def _unfit(what: str, problem: PySparkException) -> UsageError:
    line = next((line for line in str(problem).splitlines() if line.strip()), "no reason given")
    return UsageError(f"{what} does not fit the rows: {line[:300]}", cure="Mend the SQL, or the column that it names.")

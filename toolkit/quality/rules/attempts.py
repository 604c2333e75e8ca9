"""Conditions that somebody wrote, evaluated so that a row at which they fail does not end the query.

Under ANSI a text that is no number, a division by zero or an index that is not there raises an error. Spark has no `try` for
a whole condition, but some of its functions that begin with `try_` catch whatever is raised inside their arguments, the
addition of intervals among them: so a condition travels as an interval of one month or none. Owns that form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.quality.rules.spark_functions import F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ALWAYS = "_rule__always"
"""The column that `attemptable` adds: true in every row, which Spark cannot know before it runs. No rule has that name."""


def attemptable(df: DataFrame) -> DataFrame:
    """`df` with the column that `attempt` needs; a frame that has it already is returned as it is."""
    return df if ALWAYS in df.columns else df.withColumn(ALWAYS, F.spark_partition_id() >= 0)


def attempt(condition: Column) -> Column:
    """Whether `condition` is true; null where it cannot be evaluated. Where the condition itself is null, it is not true.

    The frame has to be `attemptable`. What two conditions share Spark would evaluate once and ahead of both, where nothing
    catches an error; under a CASE, whose branch might not be taken, it does not.
    """
    months = F.make_ym_interval(F.lit(0), F.coalesce(condition, F.lit(False)).cast("int"))
    return F.try_add(F.expr("INTERVAL '0' MONTH"), F.when(F.col(ALWAYS), months)) == F.expr("INTERVAL '1' MONTH")

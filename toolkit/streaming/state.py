"""What a stream remembers between its batches, as rows: Spark's own reader of state, asked by checkpoint.

Reads only; the stream may be at work. Source: Spark's data sources `statestore` and `state-metadata`.
"""

from __future__ import annotations

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from toolkit.errors import DataError
from toolkit.streaming.checkpoints import Checkpoint


def operators(spark: SparkSession, place: Checkpoint) -> DataFrame:
    """The parts of a stream that remember: `operatorId`, `operatorName`, `numPartitions`, and the batches that are kept.

    Raises:
        DataError: there is no checkpoint, or the stream keeps no state.
    """
    _refuse_without_state(place)
    return spark.read.format("state-metadata").load(str(place.place))


def state_of(
    spark: SparkSession, place: Checkpoint, operator: int = 0, *, variable: str = "", side: str = ""
) -> DataFrame:
    """What one of them remembers after the newest batch.

    Args:
        spark: the session.
        place: of the stream.
        operator: its number, of `operators`.
        variable: of `transformWithState`, the name of a state, such as `clicks`; needed there.
        side: of a join, `left` or `right`; needed there.

    Returns:
        `key` and `value`, as structs, and `partition_id`; of a join the columns of that side; of a list a row for each key,
        with `list_value`.

    Raises:
        DataError: there is no checkpoint, or Spark cannot read that of it: what it says is told.
    """
    _refuse_without_state(place)
    # Spark keeps a list of its stores from its first stream on, and its reader asks that list.
    _ = spark.streams.active
    reader = spark.read.format("statestore").option("operatorId", operator)
    if variable:
        reader = reader.option("stateVarName", variable).option("flattenCollectionTypes", False)
    if side:
        reader = reader.option("joinSide", side)
    try:
        return reader.load(str(place.place))
    except PySparkException as problem:
        raise DataError(
            f"The state of {place.stream} cannot be read so: {str(problem).splitlines()[0]}",
            cure="See which parts of it remember: state.operators. A join needs a side, transformWithState a variable.",
        ) from problem


def _refuse_without_state(place: Checkpoint) -> None:
    _ = place.identity
    if not (place.place / "state").is_dir():
        raise DataError(
            f"The stream {place.stream} keeps no state.",
            cure="It has no window, deduplication, join or state of its own.",
        )

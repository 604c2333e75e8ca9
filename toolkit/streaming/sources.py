"""Streams that come from topics: read, made into columns, with the reason where that cannot be.

Nothing that came is dropped here: a message that does not fit stays a row, with its bytes, its place and the reason. Where such
rows go is the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from toolkit.broker import Broker
from toolkit.columns import quoted
from toolkit.errors import UsageError

TOPIC, PARTITION, OFFSET, SENT_AT, KEY, VALUE = "_topic", "_partition", "_offset", "_sent_at", "_key", "_value"
PLACE = (TOPIC, PARTITION, OFFSET)
"""Where an event lies: no two have the same."""
PROBLEM = "_problem"
"""Why a message cannot be read; null where it can."""
_ORIGIN = {TOPIC: "topic", PARTITION: "partition", OFFSET: "offset", SENT_AT: "timestamp"}
_TEXT = "_text"


def read_topic(
    spark: SparkSession,
    broker: Broker,
    topic: str,
    *,
    starting: str = "earliest",
    most: int | None = None,
) -> DataFrame:
    """A stream of the messages of a topic: `_key` and `_value` in bytes, and where each lies.

    Offsets that the broker no longer has end the stream with an error: events were lost, which is never passed over.

    Args:
        spark: the session, with the jars of `kafka`.
        broker: that is at work.
        topic: that is there.
        starting: where a new checkpoint begins: `earliest`, `latest`, or offsets by partition in JSON. A checkpoint that is
            there goes on where it is.
        most: messages in one batch.
    """
    reader = spark.readStream.format("kafka").options(**broker.of_spark()).option("subscribe", topic)
    reader = reader.option("startingOffsets", starting).option("failOnDataLoss", True)
    if most is not None:
        reader = reader.option("maxOffsetsPerTrigger", most)
    columns = [F.col(name).alias(alias) for alias, name in _ORIGIN.items()]
    return reader.load().select(F.col("key").alias(KEY), F.col("value").alias(VALUE), *columns)


def parsed(messages: DataFrame, schema: str | T.StructType, needed: tuple[str, ...] = ()) -> DataFrame:
    """Messages in JSON as columns; what cannot be read keeps its bytes, and says why.

    Args:
        messages: of `read_topic`.
        schema: of the object in each message.
        needed: columns without which a message cannot be used.

    Returns:
        The columns of the schema, null where there is a problem; `_problem`, `_key`, `_value` and where each message lies. A
        tombstone (a message without value) has a problem, too: it says that its key is gone, which a stream of events has no
        row for.

    Raises:
        UsageError: a needed column is not in the schema.
    """
    fields = schema if isinstance(schema, T.StructType) else cast(T.StructType, T.StructType.fromDDL(schema))
    if lacking := [name for name in needed if name not in fields.names]:
        raise UsageError.unknown("column of the messages", lacking[0], fields.names)
    text = F.col(VALUE).cast("string")
    read = F.from_json(text, T.StructType([*fields, T.StructField(_TEXT, T.StringType())]), _PERMISSIVE)
    rows = messages.withColumn("_read", read)
    judged = rows.withColumn(PROBLEM, _problem(needed))
    # What could be read of a message that has a problem counts for nothing: its time would move the watermark.
    columns = [F.when(F.col(PROBLEM).isNull(), F.col(f"_read.{quoted(name)}")).alias(name) for name in fields.names]
    return judged.select(*columns, PROBLEM, KEY, VALUE, *_ORIGIN)


_PERMISSIVE: Mapping[str, str] = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _TEXT}


def _problem(needed: tuple[str, ...]) -> Column:
    """The first reason that holds."""
    value = F.col(VALUE)
    is_text = F.expr(f"is_valid_utf8({VALUE})")
    reason = F.when(value.isNull(), F.lit("It is a tombstone: a key without a value."))
    reason = reason.when(~is_text, F.lit("It is no text in UTF-8."))
    reason = reason.when(
        F.col("_read").isNull() | F.col(f"_read.{_TEXT}").isNotNull(), F.lit("It is not JSON of the expected form.")
    )
    for name in needed:
        reason = reason.when(F.col(f"_read.{quoted(name)}").isNull(), F.lit(f"It has no {name}."))
    return reason

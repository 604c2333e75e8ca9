"""Streams that come from topics: read, made into columns, with the reason where that cannot be.

Nothing that came is dropped here: a message that does not fit stays a row, with its bytes, its place and the reason. Where such
rows go is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.avro.functions import from_avro

from toolkit.broker import Broker
from toolkit.columns import quoted
from toolkit.errors import UsageError
from toolkit.streaming.schemas import HEADER_BYTES, MAGIC, SchemaFolder
from toolkit.streaming.steering import Begin
from toolkit.streaming.topics import Topics

TOPIC, PARTITION, OFFSET, SENT_AT, KEY, VALUE = "_topic", "_partition", "_offset", "_sent_at", "_key", "_value"
PLACE = (TOPIC, PARTITION, OFFSET)
"""Where an event lies: no two have the same."""
PROBLEM = "_problem"
"""Why a message cannot be read; null where it can."""
_ORIGIN = {TOPIC: "topic", PARTITION: "partition", OFFSET: "offset", SENT_AT: "timestamp"}
EARLIEST = Begin()
_EARLIEST = -2
"""As Spark's source calls it."""
_PATIENCE: Mapping[str, str] = {
    "kafka.request.timeout.ms": "10000",
    "kafka.default.api.timeout.ms": "15000",
    "fetchOffset.numRetries": "1",
}
"""Else a broker that is gone would be waited for three minutes, without a word."""
_TEXT, _READ = "_text", "_read"


def read_topic(
    spark: SparkSession,
    broker: Broker,
    topic: str,
    *,
    begin: Begin = EARLIEST,
    most: int | None = None,
) -> DataFrame:
    """A stream of the messages of a topic: `_key` and `_value` in bytes, and where each lies.

    Offsets that the broker no longer has end the stream with an error: events were lost, which is never passed over.

    Args:
        spark: the session, with the jars of `kafka`.
        broker: that is at work.
        topic: that is there.
        begin: where a new checkpoint begins, such as `platform.streaming.begin(…)`; one that is there goes on where it is.
        most: messages in one batch.

    Raises:
        SetupError: it is to begin at offsets, and the broker does not say which partitions there are.
    """
    reader = spark.readStream.format("kafka").options(**broker.of_spark()).option("subscribe", topic)
    reader = reader.options(**_beginning(begin, broker, topic), **_PATIENCE).option("failOnDataLoss", True)
    if most is not None:
        reader = reader.option("maxOffsetsPerTrigger", most)
    columns = [F.col(name).alias(alias) for alias, name in _ORIGIN.items()]
    return reader.load().select(F.col("key").alias(KEY), F.col("value").alias(VALUE), *columns)


def _beginning(begin: Begin, broker: Broker, topic: str) -> dict[str, str]:
    """The place in the words of Spark's source, which wants to be told of each partition."""
    if begin.latest:
        return {"startingOffsets": "latest"}
    if begin.since is not None:
        return {"startingTimestamp": str(begin.since), "startingOffsetsByTimestampStrategy": "latest"}
    if begin.offsets is None:
        return {"startingOffsets": "earliest"}
    topics = Topics(broker)
    places = {
        name: {
            str(one.number): begin.offsets.get(name, {}).get(str(one.number), _EARLIEST)
            for one in topics.partitions(name)
        }
        for name in topic.split(",")
    }
    return {"startingOffsets": json.dumps(places)}


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
    no_json = F.col(_READ).isNull() | F.col(f"{_READ}.{_TEXT}").isNotNull()
    reasons = {
        "It is no text in UTF-8.": ~F.expr(f"is_valid_utf8({VALUE})"),
        "It is not JSON of the expected form.": no_json,
    }
    return _judged(messages.withColumn(_READ, read), fields.names, needed, reasons)


_PERMISSIVE: Mapping[str, str] = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _TEXT}


def parsed_avro(
    messages: DataFrame,
    schemas: SchemaFolder,
    subject: str,
    needed: tuple[str, ...] = (),
    version: int | None = None,
) -> DataFrame:
    """Messages in Avro as columns, whichever version of a schema each was written with; else as `parsed` has them.

    Args:
        messages: of `read_topic`; each says its version, as `SchemaFolder.encode` writes it.
        schemas: that they were written with.
        subject: whose.
        needed: columns without which a message cannot be used.
        version: whose columns they get; the newest when None. Fields that a message lacks have the default of that version.

    Raises:
        UsageError: there is no such subject or version, or a needed column is not in it.
    """
    columns = [str(field["name"]) for field in schemas.schema(subject, version)["fields"]]
    if lacking := [name for name in needed if name not in columns]:
        raise UsageError.unknown("column of the messages", lacking[0], columns)
    options = {"mode": "PERMISSIVE", "avroSchema": json.dumps(schemas.schema(subject, version))}
    body, number = F.expr(f"substring({VALUE}, {HEADER_BYTES + 1})"), F.expr(f"substring({VALUE}, 2, 4)")
    number = F.conv(F.hex(number), 16, 10).cast("long")
    read = F.lit(None)
    for written in schemas.versions(subject):
        of_version = from_avro(body, json.dumps(schemas.schema(subject, written)), options)
        read = F.when(number == written, of_version).otherwise(read)
    are_null = [F.col(f"{_READ}.{quoted(name)}").isNull() for name in columns]
    has_number = (F.length(VALUE) >= HEADER_BYTES) & (F.expr(f"substring({VALUE}, 1, 1)") == F.lit(MAGIC))
    reasons = {
        "It does not say the version of its schema.": ~has_number,
        f"It was written with a version of {subject} that is not known.": ~number.isin(schemas.versions(subject)),
        # Of what it cannot read Spark makes a row of nulls.
        "It is not Avro of its version, or has no value.": F.forall(F.array(*are_null), lambda is_null: is_null),
    }
    return _judged(messages.withColumn(_READ, read), columns, needed, reasons)


def _judged(rows: DataFrame, names: Sequence[str], needed: Sequence[str], reasons: Mapping[str, Column]) -> DataFrame:
    """The columns of `_read`, or the first reason that holds.

    What could be read of a message that has a problem counts for nothing: its time would move the watermark.
    """
    problem = F.when(F.col(VALUE).isNull(), F.lit("It is a tombstone: a key without a value."))
    for reason, holds in reasons.items():
        problem = problem.when(holds, F.lit(reason))
    for name in needed:
        problem = problem.when(F.col(f"{_READ}.{quoted(name)}").isNull(), F.lit(f"It has no {name}."))
    judged = rows.withColumn(PROBLEM, problem)
    columns = [F.when(F.col(PROBLEM).isNull(), F.col(f"{_READ}.{quoted(name)}")).alias(name) for name in names]
    return judged.select(*columns, PROBLEM, KEY, VALUE, *_ORIGIN)

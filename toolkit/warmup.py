"""The small job from which the class-data archive is made: `python -m toolkit.warmup BASE ARCHIVE`.

Its JVM writes down at exit which classes it loaded, so it does a little of everything that a scenario does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from toolkit import session, settings

WRITING_SECONDS = 240
"""The JVM writes the archive after its work is done, which takes a slow computer a minute."""


def main(base: str, archive: str) -> None:
    """Run the job in a JVM that starts on `base` and writes `archive` when it ends."""
    flags = (f"-XX:SharedArchiveFile={base}", f"-XX:ArchiveClassesAtExit={archive}")
    gateway = session.launch(settings.current(), flags=flags)
    session._gateway = gateway
    spark = session.start(name="warmup")
    with tempfile.TemporaryDirectory(prefix="toolkit-warmup-") as scratch:
        work(spark, Path(scratch))
    session.stop(spark, patience=WRITING_SECONDS)


def work(spark: SparkSession, folder: Path) -> None:
    """Read damaged JSON, write Delta twice, join, and export Parquet and Avro."""
    (folder / "lines.json").write_text('{"id": 1, "items": [{"n": 2}]}\n{"id"\n', encoding="utf-8")
    schema = "id INT, items ARRAY<STRUCT<n: INT>>, _corrupt_record STRING"
    lines = spark.read.schema(schema).json(str(folder / "lines.json"))
    exploded = lines.withColumn("item", F.explode_outer("items")).groupBy("id").agg(F.sum("item.n").alias("n"))
    for _ in range(2):
        exploded.write.format("delta").mode("overwrite").save(str(folder / "table"))
    table = spark.read.format("delta").load(str(folder / "table"))
    table.join(lines, "id").write.parquet(str(folder / "parquet"))
    table.write.format("avro").save(str(folder / "avro"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

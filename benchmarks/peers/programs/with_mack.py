"""A history of type 2 by mack, whose table has `is_current`, `effective_time` and `end_time`.

Every change is newer than all before. It has to be: what mack makes of late changes, of deletes and of several changes of a key
is not what they say.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

import mack
from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from shared import tell

order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
builder = SparkSession.builder.appName("mack")
for key, value in order["properties"].items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
changes = spark.read.format("delta").load(order["changes"])
seconds: list[float] = []
for _ in range(order["repeat"] + 1):
    place = f"{order['table']}-mack"
    shutil.copytree(order["table"], place)
    began = time.perf_counter()
    mack.type_2_scd_upsert(DeltaTable.forPath(spark, place), changes, "id", ["name", "city", "segment"])
    seconds.append(time.perf_counter() - began)
    left = spark.read.format("delta").load(place)
    rows, current = left.count(), left.where("is_current").count()
    shutil.rmtree(place)
tell(version=version("mack"), seconds=seconds[1:], rows=rows, current=current)

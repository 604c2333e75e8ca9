"""A history of type 2 by mack, whose table has `is_current`, `effective_time` and `end_time`.

Every change is newer than all before. It has to be: what mack makes of late changes, of deletes and of several changes of a key
is not what they say.
"""

from __future__ import annotations

import shutil
from importlib.metadata import version
from pathlib import Path

import mack
from delta.tables import DeltaTable
from shared import clear, ordered, started, tell, timed

order = ordered()
spark = started(order["properties"])
changes = spark.read.format("delta").load(order["changes"])
place = f"{order['table']}-mack"


def copied() -> None:
    """Put a fresh copy of the table into the place of the one before."""
    clear(place)
    shutil.copytree(Path(order["table"]), place)


def applied() -> None:
    """Apply all changes."""
    mack.type_2_scd_upsert(DeltaTable.forPath(spark, place), changes, "id", ["name", "city", "segment"])


seconds, _ = timed(applied, order["repeat"], before=copied)
left = spark.read.format("delta").load(place)
tell(version=version("mack"), seconds=seconds, rows=left.count(), current=left.where("is_current").count())

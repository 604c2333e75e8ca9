"""Columns that are stored encrypted: what lies in the files, who sees what, and what a wrong key or place gives."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.governed_world import CUSTOMERS, KnownKey, World
from toolkit.errors import UsageError
from toolkit.governance import granting
from toolkit.governance.encryption import decrypted, encrypted
from toolkit.governance.governed import governed
from toolkit.scenario import Table

CARDS = "silver.cards"
DECLARED = Table(
    CARDS, "A card.", {"id": "Its number here.", "card": "Its number.", "expires": "When.", "country": "Where."}
)
SEALED = {"card": "string", "expires": "date"}
ROWS = [(1, "4067974340045606", date(2027, 1, 31), "DE"), (2, "ü漢", None, "DE"), (3, None, date(1600, 2, 28), "FR")]


class OtherKey:
    def key(self, use: str) -> bytes:
        return b"o" * 32


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    world = World(tmp_path, lambda: spark).govern()
    world.platform.declare(DECLARED)
    frame = spark.createDataFrame(ROWS, "id INT, card STRING, expires DATE, country STRING")
    governance = world.platform.governance
    governance.steward.access.keys = KnownKey()
    governance.steward.principal = governance.steward.access.principal = "root"
    world.platform.write(CARDS, governance.encrypt(CARDS, frame, SEALED))
    governance.take_in()
    governance.store_encrypted(CARDS, SEALED)
    governance.confirm(CARDS, ["id", "country"], "internal")
    granting.grant(world.steward(), "analysts", "select", CARDS)
    return world


def test_the_files_hold_nothing_of_it_and_equal_values_do_not_look_equal(world: World, spark: SparkSession) -> None:
    path = world.lakehouse.path(CARDS)
    assert isinstance(path, Path)
    content = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert b"4067974340045606" not in content
    assert "ü漢".encode() not in content
    twice = spark.createDataFrame([("same",), ("same",)], "card STRING")
    first, second = (row.card for row in encrypted(twice, CARDS, {"card": "string"}, KnownKey()).collect())
    assert first != second


def test_who_may_unmask_sees_it_with_its_type_and_others_nothing(world: World, spark: SparkSession) -> None:
    root = governed(spark, "root", lakehouse=world.lakehouse, keys=KnownKey()).table(CARDS)
    assert dict(root.dtypes) == {"id": "int", "card": "string", "expires": "date", "country": "string"}
    assert [tuple(row) for row in root.orderBy("id").collect()] == ROWS
    anna = governed(spark, "anna", lakehouse=world.lakehouse, keys=KnownKey()).table(CARDS)
    assert anna.dtypes == root.dtypes
    assert [tuple(row) for row in anna.orderBy("id").collect()] == [
        (n, None, None, country) for n, _, _, country in ROWS
    ]
    assert anna.where("card IS NOT NULL").count() == 0


def test_a_reader_without_a_jvm_shows_nothing_of_it_to_anybody(world: World) -> None:
    for who in ("root", "anna"):
        rows = world.as_seen_by(who).open(CARDS).page(order_by="id").named()
        assert [row["id"] for row in rows] == [1, 2, 3]
        assert {row["card"] for row in rows} == {None}


def test_another_key_or_another_place_opens_nothing_and_says_nothing(world: World, spark: SparkSession) -> None:
    stored = world.platform.read(CARDS)
    wrong = governed(spark, "root", lakehouse=world.lakehouse, keys=OtherKey()).table(CARDS)
    for frame in (
        wrong,
        stored.select(decrypted("silver.others", "card", "string", KnownKey())),
        stored.select(F.col("expires").alias("card")).select(decrypted(CARDS, "card", "string", KnownKey())),
        stored.select(F.concat("card", F.lit(b"x")).alias("card")).select(
            decrypted(CARDS, "card", "string", KnownKey())
        ),
    ):
        with pytest.raises(PySparkException, match="another key, or for another place") as failed:
            frame.collect()
        assert "4067" not in str(failed.value)


def test_a_column_that_is_not_there_is_refused(world: World, spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="no column"):
        encrypted(world.platform.read(CUSTOMERS), CUSTOMERS, {"card": "string"}, KnownKey())

"""The rows that break a rule of a table that was judged as it is: they are asked for, by a command."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from tests.homes import WarmHome
from toolkit import runs
from toolkit.store.lakehouse import Lakehouse

RULES = """
table: silver.parcels
rules:
  - {kind: not_null, column: country, name: country_given}
  - {kind: row_count, min: 9, name: enough}
"""


def test_failing_rows_of_a_stored_table_are_shown_and_changes_since_are_told(
    toolkit_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession
) -> None:
    toolkit = WarmHome(toolkit_home, spark).toolkit
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    place = Lakehouse.default().path("silver.parcels")
    write_deltalake(place, pa.table({"id": [1, 2, 3], "country": ["DE", None, None]}))
    (tmp_path / "r.yaml").write_text(RULES, encoding="utf-8")
    judged = toolkit("quality", "run", "silver.parcels", "--rules", "r.yaml")
    assert judged.returncode == 4
    assert "✖ failed  silver.parcels  country_given       2        3  country is missing" in judged.stdout
    record = runs.find("latest").record()
    assert (record.what, record.options) == ("run silver.parcels", {"rules": str(tmp_path / "r.yaml")})
    assert "rules failed" in record.answer
    write_deltalake(place, pa.table({"id": [4], "country": pa.array([None], pa.string())}), mode="append")

    # Another folder: the record knows the file of rules.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    asked = toolkit("quality", "ask", "silver.parcels", "country_given", "--limit", "2")
    assert asked.returncode == 0, asked.stderr
    answer, _, header, *rows = asked.stdout.splitlines()
    assert answer == "silver.parcels: 3 rows break country_given in version 1."
    assert header.split("  ")[0] == "what is wrong"
    assert len(rows) == 2
    assert all(row.startswith("country is missing.") and row.rstrip().endswith("NULL") for row in rows)
    assert "2 of 3 rows of silver.parcels, version 1, break country_given" in asked.stderr
    assert "changed since it was judged at version 0" in asked.stderr
    assert runs.find("latest").record().answer == answer

    # They are kept, and shown again without Spark.
    kept = toolkit("quality", "rows", "silver.parcels", "country_given", "--json")
    assert [row["country"] for row in json.loads(kept.stdout)] == [None, None]

    whole = toolkit("quality", "ask", "silver.parcels", "enough")
    assert (whole.returncode, whole.stdout) == (2, "")
    assert "about silver.parcels as a whole" in whole.stderr

"""The retail lakehouse, from files to gold, by the command line."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from scenarios.retail_lakehouse.rules import DETECTED_BY
from scenarios.retail_lakehouse.scenario import SCENARIO
from tests.homes import Home, as_words, notebook_values
from tests.scenarios.every import EveryScenario
from toolkit import datasets
from toolkit.quality.quarantine import quarantine_name

AS_BUILT = as_words(notebook_values(SCENARIO))
CHECKED = [table for table in SCENARIO.written if table.startswith("silver.") and table != "silver.order_items"]
KEYS = {
    "silver.orders": "order_id",
    "silver.customers": "customer_id",
    "silver.products": "product_id",
    "silver.returns": "return_id",
}


class TestRetailLakehouse(EveryScenario):
    declared = SCENARIO
    told_apart = frozenset({"ops.publications"})


def landed(home: Home) -> datasets.AnswerKey:
    (folder,) = [p.parent for p in home.path.glob("landing/*/answer_key.json")]
    return datasets.answer_key(folder)


@pytest.mark.parametrize("defect", [d for d in DETECTED_BY if d != "late_file"])
def test_quarantine_holds_exactly_the_rows_that_carry_the_defect(built: Home, defect: str) -> None:
    table, rule = DETECTED_BY[defect]
    found = built.rows(quarantine_name(table), f"array_has(_rules, '{rule}')")
    planted = [row for row in landed(built).rows() if row.defect == defect]
    assert len(found) == len(planted) == landed(built).counts[defect]
    if defect == "malformed_json":
        assert all(row["_corrupt_record"] for row in found)
        assert sorted(str(row["_source"]) for row in found) == sorted(row.file for row in planted)
    else:
        assert sorted(str(row[KEYS[table]]) for row in found) == sorted(row.key for row in planted)


def test_every_defect_that_is_planted_has_a_rule() -> None:
    assert set(DETECTED_BY) == {defect.name for defect in datasets.get("shop").defects}


def test_nothing_is_quarantined_without_having_been_planted(built: Home) -> None:
    planted: dict[str, int] = defaultdict(int)
    for defect, count in landed(built).counts.items():
        planted[DETECTED_BY[defect][0]] += count if defect != "late_file" else 0
    assert {t: len(built.rows(quarantine_name(t))) for t in CHECKED} == {t: planted[t] for t in CHECKED}


def test_a_late_order_is_kept_and_remembered(built: Home) -> None:
    late = built.rows("silver.orders", "array_has(_warnings, 'order_came_in_time')")
    assert len(late) == landed(built).counts["late_file"] > 0
    assert {row["_source"] for row in late} == {"orders/2026-06-29-late.json"}


@pytest.mark.parametrize("table", CHECKED)
def test_rows_in_are_rows_out_and_rows_quarantined(built: Home, table: str) -> None:
    came_in = len(built.rows(table.replace("silver", "bronze")))
    assert came_in == len(built.rows(table)) + len(built.rows(quarantine_name(table)))


def test_the_newer_row_of_an_order_that_was_sent_twice_is_in_silver(built: Home) -> None:
    silver = {row["order_id"]: row for row in built.rows("silver.orders")}
    superseded = built.rows("quarantine.orders", "array_has(_rules, 'order_is_the_latest')")
    assert superseded
    for row in superseded:
        newer = silver[row["order_id"]]
        assert (newer["updated_at"], newer["_source"]) > (row["updated_at"], row["_source"])


def test_amounts_agree_from_lines_to_days(built: Home) -> None:
    lines = [row for row in built.rows("silver.order_items") if row["status"] != "cancelled"]
    days = built.rows("gold.daily_sales")
    for column in ("gross_eur", "refund_eur", "net_eur"):
        assert sum(row[column] for row in days) == sum(row[column] for row in lines)  # type: ignore[misc]
    assert sum(row["orders"] for row in days) == len({row["order_id"] for row in lines})  # type: ignore[misc]


def test_a_weekend_takes_the_rate_of_the_friday_before(built: Home) -> None:
    rates = {(str(r["currency"]), str(r["rate_date"])): r["rate_to_eur"] for r in built.rows("silver.exchange_rates")}
    saturday = [r for r in built.rows("silver.order_items") if str(r["order_date"]) == "2026-05-16"]
    assert saturday
    assert all(r["rate_to_eur"] == rates[str(r["currency"]), "2026-05-15"] for r in saturday)


def test_churn_is_judged_by_the_customers_own_rhythm(built: Home) -> None:
    for row in built.rows("gold.churn_risk"):
        ratio = row["overdue_ratio"]
        expected = "unknown" if ratio is None else "lost" if ratio >= 6 else "slipping" if ratio >= 3 else "active"  # type: ignore[operator]
        assert row["risk"] == expected
        assert row["trust"] == ("doubtful" if row["quarantined_orders"] else "solid")


def test_scores_part_the_customers_into_fifths(built: Home) -> None:
    customers = built.rows("gold.customers_rfm")
    for score in ("recency_score", "frequency_score", "monetary_score"):
        assert {row[score] for row in customers} <= {1, 2, 3, 4, 5}
    by_money = [sum(1 for row in customers if row["monetary_score"] == n) for n in range(1, 6)]
    assert max(by_money) - min(by_money) <= 2


def test_exports_hold_what_gold_holds(built: Home) -> None:
    import polars as pl

    for row in built.rows("ops.publications"):
        folder = built.lakehouse.root / str(row["location"])
        files = list(folder.glob(f"*.{row['format']}"))
        assert len(files) == 1
        read = pl.read_parquet if row["format"] == "parquet" else pl.read_avro
        assert read(files[0]).height == row["row_count"] > 0  # type: ignore[operator]


def test_a_table_that_somebody_changed_is_built_again(copied: Home, built: Home) -> None:
    from deltalake import DeltaTable

    DeltaTable(str(copied.lakehouse.path("gold.churn_risk"))).delete("risk = 'active'")
    record = copied.run(*AS_BUILT)
    states = copied.states(record["run_id"])
    assert states["model"] == "step_finished"
    assert states["check"] == "step_skipped"
    assert copied.content("gold.churn_risk") == built.content("gold.churn_risk")


def test_listings_read_what_was_built(built: Home) -> None:
    tables = json.loads(built.toolkit("tables", "--json").stdout)
    assert {row["table"] for row in tables} == set(built.lakehouse.tables())
    runs = json.loads(built.toolkit("runs", "--json").stdout)
    assert [row["status"] for row in runs] == ["succeeded"]
    quality = json.loads(built.toolkit("quality", "results", "--json").stdout)
    assert {row["rule"] for row in quality} >= {rule for _, rule in DETECTED_BY.values()}
    shown = json.loads(
        built.toolkit("tables", "show", "silver.orders", "--version", "0", "--limit", "3", "--json").stdout
    )
    assert len(shown["rows"]) == 3

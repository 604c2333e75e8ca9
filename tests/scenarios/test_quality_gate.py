"""A bad day, by the command line: what the gate stops, what is found, what is let go, and what the number is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from scenarios.quality_gate import bad_day
from scenarios.quality_gate.scenario import SCENARIO
from scenarios.quality_gate.steps import DETECTED_BY
from tests.homes import Home
from tests.scenarios.every import RESULTS, EveryScenario
from toolkit import datasets
from toolkit.quality import rules
from toolkit.store.reader import DeltaReader

SILVER, QUARANTINE = "silver.gate_orders", "quarantine.gate_orders"


class TestQualityGate(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({RESULTS, "ops.quarantine_releases"})


def landed(home: Home) -> list[Path]:
    """The shop's folder, and that of the bad day."""
    return sorted((p.parent for p in home.path.glob("landing/*/answer_key.json")), key=lambda p: p.name, reverse=True)


def planted(home: Home) -> list[datasets.AnswerRow]:
    every = [row for folder in landed(home) for row in datasets.answer_key(folder).rows()]
    return [row for row in every if row.defect in DETECTED_BY]


def as_audited(home: Home) -> list[dict[str, Any]]:
    """The quarantine as the audit of the bad night left it."""
    history = DeltaReader(home.lakehouse.path(QUARANTINE), QUARANTINE).history()
    return home.rows(QUARANTINE, version=max(v.version for v in history if v.step == "audit"))


def read_orders(folder: Path) -> dict[str, dict[str, Any]]:
    """The orders in the bad day's file of a folder, by id."""
    found = {}
    for line in (folder / bad_day.FILE).read_text(encoding="utf-8").splitlines():
        try:
            order = json.loads(line)
        except ValueError:
            continue
        found[order["order_id"]] = order
    return found


def test_the_rules_in_the_file_are_those_that_find_the_defects() -> None:
    declared = rules.load(SCENARIO.folder / "rules" / "orders.yaml")
    assert declared.table == SILVER
    names = {rule.name for rule in declared.rules}
    assert {rule for _, rule in DETECTED_BY.values()} | {"delivery_can_be_used"} == names


def test_the_gate_stops_the_bad_night_and_leaves_the_published_table_as_it_was(gated: Home) -> None:
    before, night = gated.rows("ops.gate_audits")
    assert (before["stopped_by"], night["stopped_by"]) == ("", "delivery_can_be_used")
    assert before["new_count"] == 0
    assert night["version_before"] == night["version_after"] == before["version_after"]
    published = gated.rows(SILVER, version=night["version_after"])
    assert published
    assert not [row for row in published if row["_source"].startswith(f"orders/{bad_day.DAY}")]


@pytest.mark.parametrize("rule", sorted({rule for _, rule in DETECTED_BY.values()} - {"order_came_in_time"}))
def test_each_rule_finds_exactly_the_rows_that_carry_its_defects(gated: Home, rule: str) -> None:
    found = [row for row in as_audited(gated) if rule in row["_rules"]]
    wanted = [row for row in planted(gated) if DETECTED_BY[row.defect][1] == rule]
    assert len(found) == len(wanted) > 0
    assert Counter(row["_source"] for row in found) == Counter(row.file for row in wanted)
    if rule != "order_is_readable":  # a line that is cut off may have lost its id
        assert sorted(row["order_id"] for row in found) == sorted(row.key for row in wanted)


def test_nothing_is_quarantined_without_having_been_planted(gated: Home) -> None:
    wanted = [row for row in planted(gated) if row.disposition == "quarantined"]
    found = as_audited(gated)
    assert len(found) == len(wanted)
    assert all(len(row["_rules"]) == 1 for row in found)


def test_late_orders_stay_and_are_marked(gated: Home) -> None:
    late = gated.rows(SILVER, "array_has(_warnings, 'order_came_in_time')")
    assert sorted(row["order_id"] for row in late) == sorted(r.key for r in planted(gated) if r.defect == "late_file")


def test_the_diagnosis_names_the_file_and_the_hour_for_what_the_bad_day_broke(gated: Home) -> None:
    findings = {row["rule"]: row for row in gated.rows("ops.gate_findings")}
    for rule in ("currency_has_a_rate", "customer_is_known"):
        assert findings[rule]["cause"] == f"_source = {bad_day.FILE}"
        assert findings[rule]["begins_at"].strftime("%Y-%m-%dT%H") == bad_day.BEGINS
    for rule in ("quantities_are_positive", "products_exist"):
        assert findings[rule]["cause"] is None


def test_what_is_released_is_what_was_ordered_and_nothing_else(gated: Home) -> None:
    shop, night = landed(gated)
    ordered = read_orders(shop)
    trace = gated.rows("ops.quarantine_releases")
    saved = {json.loads(row["after"])["order_id"]: json.loads(row["after"]) for row in trace}
    corrections = [line.split(",")[0] for line in (night / bad_day.CORRECTIONS).read_text().splitlines()[1:]]
    symbols = [row.key for row in planted(gated) if row.defect == "currency_symbol"]
    assert len(trace) == len(saved)
    assert set(saved) == {*symbols, *corrections}
    assert corrections
    assert symbols
    silver = {row["order_id"]: row for row in gated.rows(SILVER)}
    for key, after in saved.items():
        for column in ("currency", "customer_id"):
            assert after[column] == silver[key][column] == ordered[key][column]


def test_rows_in_are_rows_out_and_rows_quarantined(gated: Home) -> None:
    came = len(gated.rows("bronze.gate_orders"))
    assert came == len(gated.rows(SILVER)) + len(gated.rows(QUARANTINE))
    assert len({row["order_id"] for row in gated.rows(SILVER)}) == len(gated.rows(SILVER))


def test_the_repaired_report_is_the_truth_less_what_could_not_be_saved(gated: Home) -> None:
    told = {row["report"]: row for row in gated.rows("gold.gate_reports")}
    ordered = read_orders(landed(gated)[0])
    lost = {row["order_id"] for row in gated.rows(QUARANTINE, "_is_new AND customer_id IS NULL")}
    counted = [row for row in gated.rows(SILVER) if str(row["order_date"]) == bad_day.DAY]
    assert {row["order_id"] for row in counted}.isdisjoint(lost)
    spoilt = {row.key for row in planted(gated) if row.file == bad_day.FILE and row.defect in _SHOPS_OWN}
    good = {k for k, o in ordered.items() if o["ordered_at"].startswith(bad_day.DAY) and k not in spoilt | lost}
    assert {row["order_id"] for row in counted} == good
    kept = [row for row in counted if row["status"] != "cancelled"]
    assert told["repaired"]["orders"] == len(kept)
    assert told["good rows only"]["orders"] < told["repaired"]["orders"] < told["no gate"]["orders"]
    assert told["good rows only"]["revenue_eur"] < told["repaired"]["revenue_eur"] != told["no gate"]["revenue_eur"]
    (day,) = gated.rows("gold.gate_revenue", f"order_date = DATE '{bad_day.DAY}'")
    assert day["revenue_eur"] == told["repaired"]["revenue_eur"] == sum(map(_in_euros(gated), kept), Decimal(0))


_SHOPS_OWN = set(DETECTED_BY) - {"currency_symbol", "lost_customer", "sent_twice", "duplicate_order"}


def _in_euros(home: Home) -> Callable[[dict[str, Any]], Decimal]:
    """The amount of an order at the last rate on or before its day, reckoned without Spark."""
    rates: dict[str, dict[str, Decimal]] = {}
    for row in home.rows("bronze.gate_rates"):
        rates.setdefault(row["currency"], {})[row["rate_date"]] = Decimal(row["rate_to_eur"])

    def convert(order: dict[str, Any]) -> Decimal:
        known = rates[order["currency"]]
        rate = known[max(day for day in known if day <= bad_day.DAY)]
        amount: Decimal = order["amount"]
        return (amount * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)

    return convert


def test_the_answer_tells_how_many_rows_its_number_still_lacks(gated: Home) -> None:
    (said,) = [json.loads(p.read_text())["answer"] for p in gated.path.glob("runs/*/run.json")]
    told = {row["report"]: row["revenue_eur"] for row in gated.rows("gold.gate_reports")}
    left = len(gated.rows(QUARANTINE, "_is_new"))
    assert f"{told['repaired']:,} EUR can be defended, with {left:,} rows of that night still in quarantine" in said
    assert f"without the gate, {told['no gate']:,} EUR" in said


# the bad day itself


def order(number: int, **other: Any) -> str:
    usual = {"order_id": f"O{number}", "customer_id": f"C{number}", "ordered_at": f"{bad_day.DAY}T12:00:00Z"}
    return json.dumps({**usual, "channel": "web", "currency": "EUR", **other}, ensure_ascii=False)


def test_only_euros_from_the_web_become_a_symbol() -> None:
    day = bad_day.spoil([order(1), order(2, currency="USD"), order(3, channel=" WEB")], spared=())
    assert [json.loads(line)["currency"] for line in day.lines] == ["€", "USD", "€"]
    assert [(row.defect, row.line, row.key) for row in day.planted] == [
        ("currency_symbol", 1, "O1"),
        ("currency_symbol", 3, "O3"),
    ]


def test_most_customers_that_the_app_lost_are_found_again() -> None:
    day = bad_day.spoil([order(n, channel="app") for n in range(1, 9)], spared=())
    assert all(json.loads(line)["customer_id"] is None for line in day.lines)
    assert day.corrections == [(f"O{n}", f"C{n}") for n in (1, 2, 3, 5, 6, 7)]


def test_orders_of_the_store_come_twice_word_for_word() -> None:
    lines = [order(1, channel="store"), order(2)]
    day = bad_day.spoil(lines, spared={2})
    assert day.lines == [*lines, lines[0]]


@pytest.mark.parametrize(
    "line",
    [
        order(1, ordered_at=f"{bad_day.DAY}T08:59:59Z"),
        order(1, ordered_at="2027-06-29T12:00:00Z"),
        order(1)[:40],
    ],
    ids=["before nine", "in the future", "cut off"],
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert bad_day.spoil([line], spared=()).lines == [line]


def test_a_line_that_is_spared_or_sent_again_is_left_alone() -> None:
    lines = [order(1), order(2), order(2, status="delivered")]
    day = bad_day.spoil(lines, spared={1})
    assert day.lines == lines
    assert not day.planted

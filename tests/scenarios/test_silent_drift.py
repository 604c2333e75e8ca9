"""A silent drift, by the command line: no row rule fails, the right nights do, and the numbers are put right."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from scenarios.silent_drift import feed
from scenarios.silent_drift.scenario import NIGHT_RULES, SCENARIO
from scenarios.silent_drift.steps import NIGHT, ORDERS
from tests.homes import Home
from tests.scenarios.every import EveryScenario
from toolkit import datasets
from toolkit.quality import rules
from toolkit.quality.history import measurements
from toolkit.quality.records import Measurement
from toolkit.store.reader import DeltaReader

NIGHTS = [feed.FIRST + timedelta(days=number) for number in range(feed.NIGHTS)]
WRONG = [day for day in NIGHTS if day >= feed.CHANGED]


class TestSilentDrift(EveryScenario):
    declared = SCENARIO
    # Where the bins of the shares end is estimated from samples, which Spark merges as its tasks end.
    told_apart = frozenset({"ops.drift_profiles"})


def folder(home: Home) -> Path:
    (found,) = home.path.glob("landing/silent_drift-*/answer_key.json")
    return found.parent


def nights(home: Home) -> list[Measurement]:
    found = measurements(DeltaReader(home.lakehouse.path("ops.quality_results"), "ops.quality_results"), table=ORDERS)
    return [one for one in found if one.run_id.startswith(NIGHT)]


def test_no_row_breaks_a_rule(drifted: Home) -> None:
    assert drifted.rows("quarantine.drift_orders") == []
    sent = sum(len(f.read_text(encoding="utf-8").splitlines()) for f in (folder(drifted) / "feed").iterdir())
    assert len(drifted.rows(ORDERS)) == sent > 0
    assert not drifted.rows("ops.quality_results", f"NOT passed AND run_id NOT LIKE '{NIGHT}%'")


def test_every_night_is_measured_once_by_every_rule(drifted: Home) -> None:
    declared = {rule.name for rule in rules.load(SCENARIO.folder / NIGHT_RULES).rules}
    measured = [(one.rule, one.at.date()) for one in nights(drifted)]
    assert sorted(measured) == sorted((rule, day) for rule in declared for day in NIGHTS)


def test_the_limits_are_passed_by_the_drifted_channel_on_the_wrong_nights_and_by_nothing_else(drifted: Home) -> None:
    measured = nights(drifted)
    failing = {(one.rule, one.at.date()) for one in measured if one.passed is False}
    assert failing == {(rule, day) for rule in ("psi_of_app", "ks_of_app") for day in WRONG}
    # The first three have too few nights before them to be compared with.
    unknown = {(one.rule, one.at.date()) for one in measured if one.passed is None}
    assert unknown == {("rows_are_as_usual", day) for day in NIGHTS[:3]}


def test_a_night_is_measured_as_plain_python_measures_it(drifted: Home) -> None:
    amounts: dict[date, list[Decimal]] = defaultdict(list)
    totals: dict[date, Decimal] = defaultdict(Decimal)
    for row in drifted.rows(ORDERS):
        totals[row["order_date"]] += row["amount_eur"]
        if row["channel"] == "app":
            amounts[row["order_date"]].append(row["amount_eur"])
    measured = {(one.rule, one.at.date()): one for one in nights(drifted)}
    for day in NIGHTS:
        mean = measured["mean_of_app", day]
        assert mean.measured == pytest.approx(float(sum(amounts[day]) / len(amounts[day])), abs=1e-5)
        assert mean.rows == len(amounts[day])
        assert measured["revenue_of_the_night", day].measured == pytest.approx(float(totals[day]))


def test_the_finding_names_the_first_night_and_the_rows(drifted: Home) -> None:
    limits = drifted.rows("ops.drift_findings", "found_by = 'limit'")
    assert {(row["rule"], row["night"], row["rows_of"]) for row in limits} == {
        ("psi_of_app", feed.CHANGED, "channel = 'app'"),
        ("ks_of_app", feed.CHANGED, "channel = 'app'"),
    }
    assert all(feed.CHANGED.isoformat() in row["text"] for row in limits)


def test_history_finds_it_on_the_first_night_where_the_total_does_not(drifted: Home) -> None:
    strange = drifted.rows("ops.drift_findings", "found_by = 'history'")
    first = {row["rule"]: row["night"] for row in reversed(strange) if row["night"] >= feed.CHANGED}
    assert {rule: first.get(rule) for rule in ("psi_of_app", "ks_of_app")} == {
        "psi_of_app": feed.CHANGED,
        "ks_of_app": feed.CHANGED,
    }
    total = [row["night"] for row in strange if row["rule"] == "revenue_of_the_night"]
    assert len(total) <= 1
    assert feed.CHANGED not in total
    assert "rows_are_as_usual" not in {row["rule"] for row in strange}


def test_only_the_promise_of_accuracy_is_breached_and_since_the_change(drifted: Home) -> None:
    promises = {row["promise"]: row for row in drifted.rows("ops.drift_promises")}
    accuracy = promises.pop("accuracy")
    assert (accuracy["state"], accuracy["used"], accuracy["nights"]) == ("breached", len(WRONG), 28)
    assert accuracy["broken_since"].date() == feed.CHANGED
    assert {row["state"] for row in promises.values()} == {"ok"}


def test_the_profile_blames_the_amount_alone(drifted: Home) -> None:
    differences = drifted.rows("ops.drift_profiles")
    drifted_columns = {row["column"] for row in differences if row["verdict"] == "drifted"}
    assert drifted_columns == {"amount_eur"}
    assert {row["rows_of"] for row in differences} == {"channel = 'app'"}


def test_the_true_revenue_is_that_of_the_shops_own_orders(drifted: Home) -> None:
    true = dict(line.split(",") for line in (folder(drifted) / feed.CORRECTIONS).read_text().splitlines()[1:])
    assert set(true) == {row.key for row in datasets.answer_key(folder(drifted)).rows()}
    told_by_day: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true_by_day: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for file in (folder(drifted) / "feed").iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            order = json.loads(line, parse_float=Decimal)
            if order["status"] != "cancelled":
                key = (file.stem, order["channel"])
                told_by_day[key] += order["amount_eur"]
                true_by_day[key] += Decimal(true.get(order["order_id"], order["amount_eur"]))
    stored = {(str(row["order_date"]), row["channel"]): row for row in drifted.rows("gold.drift_revenue")}
    assert {key: row["told_eur"] for key, row in stored.items()} == dict(told_by_day)
    assert {key: row["true_eur"] for key, row in stored.items()} == dict(true_by_day)
    wrong = {key for key, row in stored.items() if row["told_eur"] != row["true_eur"]}
    assert wrong == {(day.isoformat(), "app") for day in WRONG}


def test_the_answer_names_the_first_night(drifted: Home) -> None:
    (answer,) = [json.loads(p.read_text())["answer"] for p in drifted.path.glob("runs/*/run.json")]
    assert feed.CHANGED.isoformat() in answer

"""A lakehouse that was checked fifty times: results of two hundred rules, their quarantine, a profile and a contract.

Run it to fill a folder for looking at the quality board by hand: `python tests/tui/quality_world.py FOLDER`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import write_deltalake

from tests.records import append
from toolkit.quality.actions import DEFAULT
from toolkit.quality.profiling import ColumnProfile, ForeignKey, Histogram, Profile, Spread, Top
from toolkit.quality.records import Measurement
from toolkit.store.lakehouse import Lakehouse

RULES, RUNS = 200, 50
FIRST = datetime(2026, 1, 5, 6, tzinfo=UTC)
DIMENSIONS = ("completeness", "validity", "uniqueness", "consistency", "accuracy", "timeliness", "volume")
ROWS = 1_000
BAD_FILE = "orders_2026-02-20.json"
BROKE_FROM = 46
"""The run since which the customers of one file are unknown."""
MESSAGES = {"customer_is_known": "the customer does not exist", "amount_is_positive": "the amount is not above zero"}
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.2.0
status: active
team:
  name: order desk
schema:
- name: orders
  physicalName: silver.orders
  logicalType: object
  properties:
  - name: order_id
    logicalType: string
    physicalType: string
    required: true
    quality:
    - type: custom
      engine: lakehouse-toolkit
      implementation:
        kind: references
        column: order_id
        to: customers
        key: customer_id
        name: customer_is_known
        description: The customer of an order exists.
        owner: customer team
  - name: customer_id
    logicalType: string
    physicalType: string
  - name: amount
    logicalType: number
    physicalType: {amount}
"""


def run_id(run: int) -> str:
    """The id of one of the runs."""
    return f"{FIRST + run * timedelta(days=1):%Y%m%d-%H%M%S}-corner_shop-{run:04x}"


def build(home: Path, rules: int = RULES, runs: int = RUNS) -> None:
    """Fill `home`: results of `rules` rules on `silver.orders` and of a few on two others, and what they speak of."""
    lakehouse = Lakehouse(home / "lakehouse")
    for run in range(runs):
        append(lakehouse.path("ops.quality_results"), measured(run, rules))
    write_deltalake(str(lakehouse.path("silver.orders")), orders(1, 600).to_arrow())
    write_deltalake(str(lakehouse.path("silver.orders")), orders(601, 300).to_arrow(), mode="append")
    for version in range(2):
        date(lakehouse.path("silver.orders"), version, FIRST + version * timedelta(days=1))
    write_deltalake(str(lakehouse.path("quarantine.orders")), quarantined().to_arrow())
    write_profile(home)
    write_contract(home)


def date(table: Path, version: int, at: datetime) -> None:
    """Let a commit say that it was made at `at`."""
    commit = table / "_delta_log" / f"{version:020}.json"
    actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        if "commitInfo" in action:
            action["commitInfo"]["timestamp"] = int(at.timestamp() * 1000)
    commit.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def measured(run: int, rules: int) -> Iterator[Measurement]:
    """What one run found: two rules of known stories, many that hold, and every seventh with a story of its own."""
    yield result(run, "silver.orders", "customer_is_known", 40 if run >= BROKE_FROM else 0, dimension="consistency")
    yield result(run, "silver.orders", "note_is_short", 3 + run % 3, severity="warn", tolerance=0.01, columns=("note",))
    for number in range(rules - 3):
        yield result(
            run,
            "silver.orders",
            f"column_{number:03}_is_given",
            _failed(number, run),
            dimension=DIMENSIONS[number % 4],
            columns=(f"column_{number:03}",),
            severity="critical" if number == 14 else "error",
            tolerance=0.05 if number % 2 else 0.0,
        )
    volume = 600.0 if run == RUNS - 1 else 1_000.0 + (run * 7) % 5
    yield result(run, "silver.orders", "rows_as_usual", 0, dimension="volume", measured=volume, passed=volume > 900)
    if run % 2 == 0:
        yield result(run, "silver.customers", "customer_id_is_unique", 0, dimension="uniqueness", kind="unique")
        yield result(run, "gold.churn_risk", "days_are_known", 600 - run, dimension="completeness", severity="critical")


def _failed(number: int, run: int) -> int:
    """Rows that break one of the many rules."""
    if number % 7:
        return 0
    return [0, 2, 30, 300, 900][(number // 7 + run // 5) % 5] if run % 5 < 3 else 0


def result(run: int, table: str, rule: str, failed: int, **changed: Any) -> Measurement:
    """One row of `ops.quality_results`."""
    tolerance, severity = changed.get("tolerance", 0.0), changed.get("severity", "error")
    usual = Measurement(
        run_id=run_id(run),
        at=FIRST + run * timedelta(days=1),
        table=table,
        rule=rule,
        version=run,
        kind="holds",
        columns=("customer_id",),
        dimension="validity",
        action=getattr(DEFAULT, severity),
        rows=ROWS,
        failed=failed,
        passed=failed <= tolerance * ROWS,
    )
    return replace(usual, **changed)


def orders(first: int, rows: int) -> pl.DataFrame:
    """Orders from two files."""
    ids = range(first, first + rows)
    return pl.DataFrame(
        {
            "order_id": [f"O{i:05}" for i in ids],
            "customer_id": [f"C{i % 97:03}" for i in ids],
            "amount": [float(i % 50) + 0.5 for i in ids],
            "note": [None if i % 3 else f"note {i}" for i in ids],
            "_warnings": [["note_is_short"] if i % 50 == 1 else [] for i in ids],
            "_source": ["orders_2026-02-19.json" for _ in ids],
            "_run_id": [run_id(BROKE_FROM - 1) for _ in ids],
            "_ingested_at": [FIRST + timedelta(days=BROKE_FROM - 1) for _ in ids],
        },
        schema_overrides={"_warnings": pl.List(pl.String)},
    )


def quarantined() -> pl.DataFrame:
    """Forty orders of unknown customers from one file; ten of them also cost nothing."""
    frame = orders(9_001, 40).drop("_warnings")
    broken = [["customer_is_known", "amount_is_positive"][: 2 if i % 4 == 0 else 1] for i in range(40)]
    violations = [
        [{"rule": r, "column": r.partition("_")[0], "value": f"{i}", "message": MESSAGES[r]} for r in rules]
        for i, rules in enumerate(broken)
    ]
    return frame.with_columns(
        pl.lit(BAD_FILE).alias("_source"),
        pl.lit(run_id(BROKE_FROM)).alias("_run_id"),
        pl.lit(FIRST + timedelta(days=BROKE_FROM)).alias("_ingested_at"),
        pl.Series("amount", [0.0 if len(rules) > 1 else 9.5 for rules in broken]),
        pl.Series("_violations", violations),
        pl.Series("_rules", broken),
    )


def write_profile(home: Path) -> None:
    """The profiles of both versions of `silver.orders`."""
    amount = ColumnProfile(
        name="amount",
        type="double",
        kind="number",
        rows=900,
        nulls=0,
        distinct=50,
        min=0.5,
        max=49.5,
        spread=Spread(mean=25.0, stddev=14.4, percentiles=tuple(0.5 + 0.49 * i for i in range(101))),
        histogram=Histogram(edges=(0.5, 10.3, 20.1, 29.9, 39.7, 49.5), counts=(400, 250, 150, 75, 25)),
    )
    note = ColumnProfile(
        name="note",
        type="string",
        kind="text",
        rows=900,
        nulls=600,
        distinct=3,
        distinct_exact=True,
        min="a",
        max="gift",
        top=(Top(value="gift", count=200), Top(value="call first", count=70), Top(value="[red]a[/red]", count=30)),
        top_exact=True,
    )
    key = ColumnProfile(
        name="order_id", type="string", kind="text", rows=900, nulls=0, distinct=900, likely_key=True, min="O00001"
    )
    customer = ColumnProfile(
        name="customer_id", type="string", kind="text", rows=900, nulls=0, distinct=80, min="C0001", max="C0099"
    )
    known = ForeignKey(column="customer_id", to="customers", key="customer_id", rows=900, found=860, named_alike=True)
    columns = (key, amount, note, customer)
    profile = Profile(table="silver.orders", measured_at=FIRST, rows=900, columns=columns, foreign_keys=(known,))
    folder = home / "profiles" / "silver.orders"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1.json").write_text(profile.model_dump_json(), encoding="utf-8")
    before = profile.model_copy(update={"rows": 300, "columns": (key, note.model_copy(update={"nulls": 20}), customer)})
    (folder / "0.json").write_text(before.model_dump_json(), encoding="utf-8")


def write_contract(home: Path, amount: str = "decimal(10,2)") -> None:
    """A contract on `silver.orders` that says another type for `amount` than the table has, unless told otherwise."""
    folder = home / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.yaml").write_text(CONTRACT.format(amount=amount), encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))

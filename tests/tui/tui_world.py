"""A small lakehouse, a history of runs and a scenario with parameters of every kind, all in one folder.

Run it to fill a folder for looking at the app by hand: `python tests/tui/tui_world.py FOLDER`.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake

from tests.records import rule_found
from toolkit.events import EventLog
from toolkit.runs import RunFolder, RunRecord
from toolkit.store.lakehouse import Lakehouse

RUN_ID = "20260301-101500-corner_shop-0a1b"
FAILED_RUN_ID = "20260301-093000-corner_shop-1c2d"
STARTED = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
HOSTILE = "[red]not markup[/red] \x1b[31mnot red\x1b[0m \x00 end"

SCENARIO = '''
"""A corner shop."""

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from toolkit.scenario import Parameters, Scenario, Step, Table


class ShopParameters(Parameters):
    orders: int = Field(1000, ge=10, le=1_000_000, title="Orders", description="How many orders to make")
    tax_rate: float = Field(0.2, ge=0, lt=1, description="Tax within the price")
    currency: str = Field("EUR", min_length=3, max_length=3, description="Currency of all amounts")
    strict: bool = Field(False, title="Strict gate", description="Stop when a rule fails")
    as_of: date = Field(date(2026, 3, 1), title="As of", description="The day that counts as today")
    mode: Literal["full", "incremental"] = Field("full", description="Everything, or only what is new")
    note: str | None = Field(None, description="Kept with the run")

    @model_validator(mode="after")
    def incremental_needs_orders(self):
        if self.mode == "incremental" and self.orders < 100:
            raise ValueError("incremental needs at least 100 orders")
        return self


def table(name, description, **columns):
    return Table(name, description, columns)


SCENARIO = Scenario(
    id="corner_shop",
    title="Corner shop",
    question="Which customers are slipping away, and can we trust the number?",
    story="A shop keeps its orders in files that nobody checks. We land them, clean them and set aside what is wrong.",
    parameters=ShopParameters,
    steps=(
        Step("land", "Land the files", "Copy the day's files to where they can be read again."),
        Step("ingest", "Read them as they are", "Every line is kept, corrupt ones with their text.",
             writes=("bronze.orders",)),
        Step("check", "Split good from bad", "Rows in are rows out plus rows in quarantine.",
             reads=("bronze.orders",), writes=("silver.orders", "quarantine.orders"), parameters=("strict",)),
        Step("model", "Answer the question", "One row per customer, with the days since the last order.",
             reads=("silver.orders",), writes=("gold.churn_risk",), parameters=("as_of",)),
    ),
    tables=(table("silver.orders", "One valid order."),),
    topics=("quality", "modelling"),
    minutes=2,
)
'''


def build(home: Path, scenarios: Path) -> None:
    """Fill `home` with tables and runs, and `scenarios` with a scenario."""
    write_scenario(scenarios)
    write_tables(home)
    write_runs(home)


def write_scenario(scenarios: Path) -> None:
    """The corner shop's declaration."""
    folder = scenarios / "corner_shop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.py").write_text(SCENARIO, encoding="utf-8")


def orders(first: int, rows: int) -> pl.DataFrame:
    """Orders with nested columns, nulls, empty texts and one hostile note."""
    ids = range(first, first + rows)
    return pl.DataFrame(
        {
            "order_id": [f"O{i:05}" for i in ids],
            "customer_id": [f"C{i % 97:03}" for i in ids],
            "ordered_on": [date(2026, 2, 1) + timedelta(days=i % 28) for i in ids],
            "amount": [Decimal(i % 500) + Decimal("0.95") for i in ids],
            "items": [[{"product": f"P{i % 13}", "quantity": i % 4 + 1}] for i in ids],
            "note": [HOSTILE if i == 1 else (None if i % 3 == 0 else "" if i % 3 == 2 else f"note {i}") for i in ids],
            "_warnings": [["note_is_short"] if i % 50 == 1 else [] for i in ids],
        },
        schema_overrides={"_warnings": pl.List(pl.String), "amount": pl.Decimal(10, 2)},
    )


COMMENTS = {"order_id": "The order, unique", "amount": "Gross, in the order's currency", "items": "What was bought"}


def commented(frame: pl.DataFrame) -> pa.Table:
    """The frame with its comments in the schema's metadata."""
    table = frame.to_arrow()
    fields = [f.with_metadata({"comment": COMMENTS[f.name]}) if f.name in COMMENTS else f for f in table.schema]
    return table.cast(pa.schema(fields))


def wrote(step: str, run_id: str = RUN_ID) -> CommitProperties:
    """The note that a run leaves in each commit."""
    return CommitProperties(custom_metadata={"userMetadata": json.dumps({"run_id": run_id, "step": step})})


def write_tables(home: Path) -> None:
    """`silver.orders` in three versions, its quarantine, a gold and a bronze table."""
    lakehouse = Lakehouse(home / "lakehouse")
    silver = str(lakehouse.path("silver.orders"))
    write_deltalake(silver, commented(orders(1, 300)), commit_properties=wrote("check", FAILED_RUN_ID))
    write_deltalake(silver, commented(orders(301, 150)), mode="append", commit_properties=wrote("check"))
    DeltaTable(silver).delete("order_id = 'O00002'", commit_properties=wrote("check"))
    write_deltalake(str(lakehouse.path("bronze.orders")), orders(1, 460).drop("_warnings").to_arrow())
    write_deltalake(str(lakehouse.path("quarantine.orders")), quarantine().to_arrow(), commit_properties=wrote("check"))
    gold = pl.DataFrame({"customer_id": [f"C{i:03}" for i in range(97)], "days_since": list(range(97))})
    write_deltalake(str(lakehouse.path("gold.churn_risk")), gold.to_arrow(), commit_properties=wrote("model"))


def quarantine() -> pl.DataFrame:
    """Ten orders that broke one rule or two."""
    both = ["amount_is_positive", "customer_is_known"]
    broken = [both if i % 5 == 0 else both[:1] for i in range(10)]
    violations = [
        [
            {"rule": r, "column": r.partition("_")[0], "value": str(-i), "message": f"{r.replace('_', ' ')}: not so"}
            for r in rules
        ]
        for i, rules in enumerate(broken)
    ]
    frame = orders(9001, 10).drop("_warnings")
    return frame.with_columns(pl.Series("_violations", violations), pl.Series("_rules", broken))


def write_runs(home: Path) -> None:
    """One run that answered, one that failed."""
    run = run_folder(home, RUN_ID)
    play(EventLog(run.events_file, RUN_ID))
    run.log_file.write_text(
        "Spark started\n[red]a line with brackets[/red]\n\x1b[31mescape\x1b[0m\ndone\n", encoding="utf-8"
    )
    run.save(record(RUN_ID, status="succeeded", answer="12 of 97 customers are slipping away.", exit_code=0))
    failed = run_folder(home, FAILED_RUN_ID)
    log = EventLog(failed.events_file, FAILED_RUN_ID)
    log.emit(
        "run_started", scenario="corner_shop", parameters={"orders": 300}, steps=["land", "ingest", "check", "model"]
    )
    log.emit("step_started", "land")
    log.emit("step_finished", "land", seconds=0.8)
    log.emit("step_started", "ingest")
    log.emit("step_failed", "ingest", message="The file orders.json is not there.", exit_code=5)
    log.emit(
        "run_failed", message="The file orders.json is not there.", cure="Put it back, or land it again.", exit_code=5
    )
    failed.save(
        record(FAILED_RUN_ID, status="failed", error="The file orders.json is not there.", exit_code=5, orders=300)
    )


def run_folder(home: Path, run_id: str) -> RunFolder:
    """The folder of a run, made."""
    folder = home / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    return RunFolder(folder)


def record(run_id: str, *, orders: int = 1000, **more: Any) -> RunRecord:
    """A run that took 42 seconds."""
    values = {
        "run_id": run_id,
        "scenario": "corner_shop",
        "parameters": {"orders": orders, "strict": False},
        "started_at": STARTED,
        "finished_at": STARTED + timedelta(seconds=42),
        **more,
    }
    return RunRecord(**values)


QUALITY = [
    (
        "silver.orders",
        "amount_is_positive",
        ["amount"],
        "error",
        "validity",
        "The amount is above zero.",
        460,
        10,
        True,
    ),
    (
        "silver.orders",
        "customer_is_known",
        ["customer_id"],
        "critical",
        "consistency",
        "The customer exists.",
        460,
        2,
        True,
    ),
    ("silver.orders", "note_is_short", ["note"], "warn", "validity", "Notes are short.", 450, 9, True),
    ("silver.orders", "order_id_is_unique", ["order_id"], "error", "uniqueness", "An order comes once.", 460, 0, True),
    ("gold.churn_risk", "days_are_known", ["days_since"], "critical", "completeness", "Days are known.", 97, 60, False),
]


def play(log: EventLog) -> None:
    """The events of a run that answered."""
    log.emit(
        "run_started",
        scenario="corner_shop",
        parameters={"orders": 1000, "strict": False},
        steps=["land", "ingest", "check", "model"],
    )
    log.emit("step_started", "land")
    log.emit("step_finished", "land", seconds=0.8)
    for step, table, rows in (("ingest", "bronze.orders", 460), ("check", "silver.orders", 449)):
        log.emit("step_started", step)
        log.emit("step_progressed", step, tasks_done=4, tasks=8, rows_read=460, rows_written=200)
        log.emit("step_progressed", step, tasks_done=8, tasks=8, rows_read=460, rows_written=rows)
        log.emit("rows", step, table=table, version=0, rows=rows, files=1, bytes=9000)
        if step == "check":
            log.emit("rows", step, table="quarantine.orders", version=0, rows=10, files=1, bytes=2000)
            quality(log)
        log.emit("step_finished", step, seconds=12.5)
    log.emit("alert", "check", level="warn", message="10 rows went to quarantine.")
    log.emit("step_skipped", "model", reason="its tables are up to date", reused_from=FAILED_RUN_ID)
    log.emit("run_finished", seconds=42.0, answer="12 of 97 customers are slipping away.")


def quality(log: EventLog) -> None:
    """The results of the rules."""
    for table, rule, columns, severity, dimension, description, rows, failed, passed in QUALITY:
        examples = [{"key": "O09001", "value": "-1", "message": "amount is not above zero"}] if failed else []
        found = rule_found(
            table, rule, columns=columns, severity=severity, dimension=dimension, rows=rows, failed=failed
        )
        told = {"description": description, "tolerance": 0.05, "passed": passed, "examples": examples}
        log.emit("record", "check", **found | told)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    build(place / "home", place / "scenarios")

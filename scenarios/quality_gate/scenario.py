"""A bad day, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.etl.bronze import bronze_tables
from toolkit.quality.quarantine import quarantine_of
from toolkit.scenario import Parameters, Scenario, Step, load_tables

_SOURCES = {
    "bronze.gate_orders": "orders/*.json",
    "bronze.gate_products": "products.csv",
    "bronze.gate_rates": "exchange_rates.csv",
}
_RULES = "rules/orders.yaml"


class GateParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(20_000, ge=5_000, le=1_000_000, description="Orders in the shop's ninety days")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


_DECLARED = load_tables(Path(__file__).with_name("tables.toml"))
_ORDERS = next(table for table in _DECLARED if table.name == "silver.gate_orders")

SCENARIO = Scenario(
    id="quality_gate",
    title="A bad day",
    question="May last night's delivery be published, and what can be saved of it?",
    story=(
        "For 89 nights the shop's files were as files are: a few bad rows, all within tolerance. On the 90th a new export "
        "program goes live at nine in the morning, and nobody tells you. A gate stands before the published table: the load "
        "is written, audited, and not shown to anyone. You look at the evidence, find the cause, mend what can be mended, "
        "and publish a number that you can defend."
    ),
    parameters=GateParameters,
    steps=(
        Step("land", "Land the files", "Put the shop's files, and the bad day's, where a pipeline can find them."),
        Step(
            "ingest",
            "Ingest to bronze",
            "Read every line as it is; keep the text of lines that cannot be read.",
            reads=("shop",),
            writes=tuple(_SOURCES),
        ),
        Step(
            "audit",
            "Write, audit, publish",
            "Publish the days before; then try the bad day's load, which the gate stops before anyone sees it.",
            reads=(*_SOURCES, _RULES),
            # Silver and quarantine change, too, but the repair makes both anew: only it can say that they are up to date.
            writes=("ops.gate_audits",),
        ),
        Step(
            "diagnose",
            "Diagnose",
            "For each broken rule: which file, since when, and what to do.",
            reads=("ops.gate_audits",),
            writes=("ops.gate_findings",),
        ),
        Step(
            "repair",
            "Repair and release",
            "Publish the good rows, mend the bad ones that can be mended, check them again, and release them with a trace.",
            reads=(*_SOURCES, _RULES, "ops.gate_audits"),
            writes=("silver.gate_orders", "quarantine.gate_orders"),
        ),
        Step(
            "publish",
            "Publish",
            "Revenue by day, and what the bad day's report would have said without the gate.",
            reads=("silver.gate_orders", "bronze.gate_orders", "bronze.gate_rates"),
            writes=("gold.gate_revenue", "gold.gate_reports"),
        ),
    ),
    tables=(
        *bronze_tables("shop", _SOURCES),
        *_DECLARED,
        quarantine_of(
            _ORDERS,
            _is_latest="Whether no later row of the same order was sent.",
            _is_new="Whether the row came in the bad day's files.",
        ),
    ),
    topics=("write-audit-publish", "quarantine", "repair and release", "root cause", "rules in YAML"),
    minutes=1,
    order=20,
)

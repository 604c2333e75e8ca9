"""A broken contract, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.quality.quarantine import quarantine_of
from toolkit.scenario import Parameters, Scenario, Step, load_tables

OLD, NEW = "contracts/orders-1.0.0.yaml", "contracts/orders-2.0.0.yaml"
_TABLES = load_tables(Path(__file__).with_name("tables.toml"))
_SILVER = next(table for table in _TABLES if table.name == "silver.contract_orders")


class ContractParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(20_000, ge=5_000, le=1_000_000, description="Orders in the shop's ninety days")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


SCENARIO = Scenario(
    id="contract_break",
    title="A broken contract",
    question="The producer changed the feed overnight: what breaks, and which version is it?",
    story=(
        "For four weeks a feed of orders has come every day, under a contract. Tonight the producer's new program goes live: a "
        "column has another name, an amount another unit, a status a new value, a channel may be missing. Every line is good "
        "JSON, and a reader that trusts the old schema does not fail: it is wrong in silence. You hold the delivery to its "
        "contract, tell what the change means, and let old and new readers both live."
    ),
    parameters=ContractParameters,
    steps=(
        Step("land", "Land the feed", "Four weeks of daily files; the last one by the producer's new program."),
        Step(
            "receive",
            "Receive",
            "Hold each delivery to the contract: 27 days come in, the 28th is refused with every difference.",
            reads=("shop", OLD),
            writes=("bronze.contract_orders", "ops.contract_differences"),
        ),
        Step(
            "ignore",
            "What if nobody had looked?",
            "Read all 28 days with the old schema, beside the truth.",
            reads=("shop",),
            writes=("gold.contract_silences",),
        ),
        Step(
            "compare",
            "Compare two versions",
            "Classify what the producer changed, say why it breaks, and propose the version.",
            reads=(OLD, NEW),
            writes=("ops.contract_changes",),
        ),
        Step(
            "adapt",
            "Adapt",
            "A copy in the old form keeps the old readers alive; what it cannot give goes to quarantine.",
            reads=("shop", "bronze.contract_orders", OLD),
            writes=("silver.contract_orders", "quarantine.contract_orders"),
        ),
        Step(
            "agree",
            "Agree on 2.0.0",
            "All 28 days in the new form, under the new contract; then every stored table beside both versions.",
            reads=("shop", "bronze.contract_orders", "silver.contract_orders", OLD, NEW),
            writes=("bronze.contract_orders_v2", "ops.contract_drifts"),
        ),
    ),
    tables=(*_TABLES, quarantine_of(_SILVER)),
    topics=("data contracts", "ODCS", "schema evolution", "semantic versions", "backward compatibility"),
    minutes=1,
    order=30,
)

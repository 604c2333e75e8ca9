"""Ten days of files, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.scenario import Parameters, Scenario, Step, load_tables


class LoadParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(
        20_000, ge=2_000, le=1_000_000, description="Orders in the shop's ninety days, of which ten are loaded"
    )
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


SCENARIO = Scenario(
    id="incremental_loads",
    title="Ten days of files",
    question="Is the table the same as if all files had come at once?",
    story=(
        "Every night a shop's orders come as a file, and every night a job takes what is new. One file is two days late, one "
        "is corrected by a second one, one is replaced under its name, and one night the job is killed in the middle. Ten days "
        "later somebody asks whether the table is right. The only honest test is to load all files at once, as they are now, "
        "and to compare; three jobs that look right are put beside it."
    ),
    parameters=LoadParameters,
    steps=(
        Step("land", "Land the files", "The shop's files, and ten days of deliveries made of them."),
        Step(
            "load",
            "Load day by day",
            "Each day, take the files that are new, once each; every few days, bring the orders up to date with them.",
            reads=("shop",),
            writes=("bronze.daily_orders", "silver.daily_orders", "ops.daily_loads"),
        ),
        Step(
            "compare",
            "Compare with all at once",
            "Load all files as they are in the end, and hold the table against that; and see what three other jobs give.",
            reads=("shop", "silver.daily_orders"),
            writes=("gold.load_comparisons",),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=("incremental files", "exactly once", "change feed", "late and replaced files", "full refresh"),
    minutes=3,
    order=25,
)

"""Who can see what, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.governance.records import CLASSES, FILTERS, GRANTS, MASKS, PRINCIPALS
from toolkit.scenario import Parameters, Scenario, Step, load_tables


class SightParameters(Parameters):
    """What can be chosen."""

    customers: int = Field(2_000, ge=200, le=200_000, description="Customers to generate")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


MEMBERS = "silver.members"
SIGHTS, ATTEMPTS, TAMPERINGS = "gold.sights", "gold.attempts", "gold.tamperings"
POLICIES = (PRINCIPALS, GRANTS, CLASSES, MASKS, FILTERS)
"""What decides what is seen: when it has changed, one looks again."""
SCENARIO = Scenario(
    id="who_can_see_what",
    title="Who can see what",
    question="What does each of them see, by which grants, and does any way lead around it?",
    story=(
        "One table of members, and five people who may read it: an analyst of one country, her colleague of another, somebody "
        "who looks into fraud, a partner outside, and who runs it all. Each sees it differently: rows of one country, "
        "addresses hashed, birthdays by the year. You say so once; Spark's plans carry it. Then you try to get around it, in "
        "every way that was thought of, and read in the audit trail that you did."
    ),
    parameters=SightParameters,
    steps=(
        Step(
            "fill",
            "Fill the table",
            "Members of three countries, with what one would rather not show.",
            writes=(MEMBERS,),
            parameters=("customers", "seed"),
        ),
        Step("protect", "Protect", "Classes, masks and a row filter: what holds for everybody.", reads=(MEMBERS,)),
        Step("permit", "Permit", "People, groups and grants: by tag, for a purpose, until a day.", reads=(MEMBERS,)),
        Step(
            "look",
            "Look, as each of them",
            "The table through the eyes of each, and the grants that say so.",
            reads=(MEMBERS, *POLICIES),
            writes=(SIGHTS,),
            parameters=("customers", "seed"),
        ),
        Step(
            "attempt",
            "Try to get around it",
            "Probing, other paths, other times, other names; each attempt is refused or finds nothing.",
            reads=(MEMBERS, *POLICIES),
            writes=(ATTEMPTS,),
            parameters=("customers", "seed"),
        ),
        Step(
            "audit",
            "Audit",
            "Verify the trail; then edit, cut and reorder copies of it, and see that it is noticed.",
            reads=(MEMBERS, *POLICIES),
            writes=(TAMPERINGS,),
            parameters=("customers", "seed"),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=("row filter", "column mask", "RBAC", "ABAC", "purpose", "break-glass", "audit", "Unity Catalog"),
    minutes=2,
    order=51,
)

"""Sessions of customers, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.scenario import Parameters, Scenario, ScenarioStream, Step, load_tables


class SessionParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(2_000, ge=200, le=100_000, description="Orders whose clicks and payments are sent")
    gap: int = Field(30, ge=10, le=240, description="Minutes without a click that end a session")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same clicks")


CLICKS, SESSIONS, CARTS = "silver.clicks", "gold.sessions", "gold.abandoned_carts"
CHECKOUTS, FUNNEL, CHECKS = "gold.checkouts", "gold.funnel", "gold.session_checks"
SCENARIO = Scenario(
    id="customer_sessions",
    title="Sessions, funnels and full carts",
    question="Who filled a cart and left, and does the stream say so as a batch would?",
    story=(
        "Customers click: they visit, look at products, fill a cart, check out, buy. The clicks come in any order, some twice, "
        "and the bank tells of payments on another topic. Streams make sessions of them, find the carts that were left, and "
        "join each checkout with its payment, or with none. All three have to remember: state, which a watermark lets go of. "
        "In the end a batch over all clicks says what they should have said."
    ),
    parameters=SessionParameters,
    steps=(
        Step("land", "Land the shop", "The shop whose orders the clicks led to."),
        Step(
            "stream",
            "Send and remember",
            "Send clicks and payments in two portions; after each, four streams go on where they stopped.",
            reads=("shop",),
            writes=(CLICKS, SESSIONS, CARTS, CHECKOUTS),
            parameters=("orders", "gap", "seed"),
        ),
        Step(
            "compare",
            "Count, and hold it against a batch",
            "The funnel of the sessions; sessions, carts and checkouts once more by a batch that has all clicks.",
            reads=(CLICKS, SESSIONS, CARTS, CHECKOUTS),
            writes=(FUNNEL, CHECKS),
            parameters=("orders", "gap", "seed"),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=(
        "Kafka",
        "session windows",
        "deduplication",
        "stream-stream join",
        "transformWithState",
        "timers",
        "watermark",
    ),
    streams=(
        ScenarioStream(
            "clicks", "From the topic to silver, each click once.", writes=(CLICKS,), repeats=True, from_topics=True
        ),
        ScenarioStream("sessions", "Sessions that are over.", writes=(SESSIONS,), repeats=True),
        ScenarioStream("carts", "Sessions that filled a cart and bought nothing.", writes=(CARTS,), repeats=True),
        ScenarioStream("checkouts", "Each purchase beside its payment.", writes=(CHECKOUTS,), repeats=True),
    ),
    minutes=3,
    services=("kafka",),
    order=33,
)

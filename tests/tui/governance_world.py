"""A governed lakehouse as it is left by those who govern it, at fixed times and without a JVM; some of the text is hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import tui_world
from deltalake import write_deltalake

from tests.records import append
from toolkit.governance.audit import Act, Head, Trail, chained
from toolkit.governance.records import (
    AUDIT,
    CLASSES,
    FILTERS,
    GRANTS,
    LINEAGE,
    MASKS,
    PRINCIPALS,
    SECURABLES,
    ColumnClass,
    ColumnMask,
    ColumnOrigin,
    Grant,
    Principal,
    RowFilter,
    Securable,
)
from toolkit.store.lakehouse import Lakehouse

OWNER = "olga"
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
CUSTOMERS, LETTERS = "silver.customers", "gold.newsletters"
RUN_ID = tui_world.RUN_ID


def build(home: Path) -> None:
    """Fill `home`."""
    lakehouse = Lakehouse(home / "lakehouse")
    table(
        lakehouse,
        CUSTOMERS,
        {"customer_id": [1, 2], "email": ["a@example.com", "b@example.com"], "country": ["DE", "FR"]},
    )
    table(lakehouse, LETTERS, {"recipient": ["a@example.com"], "score": [0.5]})
    table(lakehouse, "silver.orders", {"order_id": [1], "amount": [9.5]})
    append(lakehouse.path(PRINCIPALS), principals())
    append(lakehouse.path(SECURABLES), securables())
    append(lakehouse.path(GRANTS), grants())
    append(lakehouse.path(CLASSES), classes())
    append(lakehouse.path(MASKS), [ColumnMask("main.silver.customers", "email", "partial", "1,4", OWNER, AT)])
    append(
        lakehouse.path(FILTERS),
        [RowFilter("main.silver.customers", "country = attribute('country')", (OWNER,), OWNER, AT)],
    )
    append(lakehouse.path(LINEAGE), origins())
    trail(lakehouse)


def table(lakehouse: Lakehouse, name: str, rows: dict[str, list[object]]) -> None:
    path = lakehouse.path(name)
    path.mkdir(parents=True)  # type: ignore[union-attr]
    write_deltalake(str(path), pa.table(rows))


def principals() -> list[Principal]:
    def one(name: str, kind: str, groups: tuple[str, ...] = (), *attributes: str) -> Principal:
        return Principal(name, kind, groups, attributes, False, OWNER, AT)  # type: ignore[arg-type]

    return [
        one(OWNER, "user"),
        one("analysts", "group"),
        one("anna", "user", ("analysts",), "country=DE"),
        one("bob", "user", ("analysts",), f"note={tui_world.HOSTILE}"),
        one("partner", "recipient"),
    ]


def securables() -> list[Securable]:
    def one(name: str, kind: str, comment: str = "", *tags: str) -> Securable:
        return Securable(name, kind, OWNER, comment, tags, (), "", "", False, OWNER, AT)  # type: ignore[arg-type]

    return [
        one("main", "catalog", "All that we have."),
        one("main.silver", "schema"),
        one("main.gold", "schema"),
        one("main.silver.customers", "table", "Who buys from us.", "domain=sales", "pii=yes"),
        one("main.gold.newsletters", "table", tui_world.HOSTILE, "domain=marketing"),
        one("main.gold.gone", "table", "What was there once."),
    ]


def grants() -> list[Grant]:
    def one(number: int, principal: str, privilege: str, securable: str, **limits: object) -> Grant:
        given = {
            "tag": "",
            "purpose": "",
            "version": None,
            "until": None,
            "reason": "",
            "is_break_glass": False,
        } | limits
        return Grant(
            f"g_{number:08x}", principal, given.pop("effect", "permit"), privilege, securable, **given,  # type: ignore[arg-type]
            is_revoked=False, changed_by=OWNER, changed_at=AT + timedelta(minutes=number),
        )  # fmt: skip

    return [
        one(1, OWNER, "unmask", "main", reason="took it in"),
        one(2, "analysts", "use_catalog", "main"),
        one(3, "analysts", "use_schema", "main.silver"),
        one(4, "analysts", "select", "main.silver.customers"),
        one(
            5,
            "bob",
            "unmask",
            "main.silver.customers",
            purpose="fraud",
            tag="class=confidential",
            reason=tui_world.HOSTILE,
        ),
        one(
            6,
            "anna",
            "unmask",
            "main.silver.customers",
            until=AT + timedelta(hours=1),
            is_break_glass=True,
            reason="a call",
        ),
        one(7, "bob", "export", "main.silver", effect="forbid"),
        one(8, "partner", "select", "main.gold.newsletters", version=0),
    ]


def classes() -> list[ColumnClass]:
    def one(
        table: str, column: str, sensitivity: str | None, state: str, kind: str = "", reason: str = ""
    ) -> ColumnClass:
        sure = None if state == "unknown" else 0.97
        return ColumnClass(
            f"main.{table}", column, sensitivity, kind, state, sure, reason, "its name and content", "", OWNER, AT
        )  # type: ignore[arg-type]

    said = "98 of 100 sampled values are e-mail addresses; the name says email."
    return [
        one(CUSTOMERS, "customer_id", "internal", "confirmed", "person_id"),
        one(CUSTOMERS, "email", "confidential", "confirmed", "email", said),
        one(CUSTOMERS, "country", "public", "confirmed", "country"),
        one(LETTERS, "recipient", "confidential", "suggested", "email", tui_world.HOSTILE),
        one(LETTERS, "score", None, "unknown", "", "It could not be looked at."),
    ]


def origins() -> list[ColumnOrigin]:
    def one(
        table: str, column: str | None, state: str, how: str, source: str = "", source_column: str = ""
    ) -> ColumnOrigin:
        kind = "" if not source else "file" if "/" in source else "table"
        return ColumnOrigin(
            RUN_ID, "build", AT, table, column, state, how, kind, source, source_column, None,  # type: ignore[arg-type]
            "csv" if kind == "file" else "", "", "", False,
        )  # fmt: skip

    return [
        one(CUSTOMERS, "email", "direct", "transformation", "/landing/customers.csv", "email"),
        one(CUSTOMERS, None, "indirect", "filter", "/landing/customers.csv", "country"),
        one(CUSTOMERS, "customer_id", "direct", "identity", "/landing/customers.csv", "id"),
        one(CUSTOMERS, "country", "none", ""),
        one(LETTERS, "recipient", "direct", "identity", CUSTOMERS, "email"),
        one(LETTERS, "score", "unknown", "MapInPandas is a function over whole rows.", CUSTOMERS),
    ]


def trail(lakehouse: Lakehouse) -> None:
    """Entries at fixed times, and their head."""
    acts = [
        Act(OWNER, "take in", "main", detail="6 objects", run_id=RUN_ID),
        Act("anna", "read", "main.silver.customers", reason="anna is in analysts; analysts may select"),
        Act("bob", "read", "main.silver.customers", columns=("email",), purpose="fraud", reason=tui_world.HOSTILE),
        Act("bob", "export", "main.silver.customers", is_allowed=False, reason="bob may not export on main.silver"),
        Act("anna", "break glass", "main.silver.customers", detail="60 minutes: a call"),
    ]
    entries, head = [], Head()
    for number, act in enumerate(acts):
        entries += chained([act], head, AT + timedelta(minutes=10 * number))
        head = Head(entries[-1].sequence, entries[-1].digest)
    append(lakehouse.path(AUDIT), entries)
    Trail(lakehouse)._keep(head)

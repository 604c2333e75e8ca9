"""A lakehouse under governance, by the command line: what is sensitive is found, followed, and its origin known or unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scenarios.govern_a_lakehouse.scenario import AGES, CUSTOMERS, NEWSLETTER, REPORT, SCENARIO, SCORES, VALUE
from tests.homes import WarmHome
from tests.scenarios.every import EveryScenario
from toolkit.governance.records import AUDIT, CLASSES, GRANTS, LINEAGE, PRINCIPALS, SECURABLES
from toolkit.governance.tracing import graph, table


class TestGovernALakehouse(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({SECURABLES, PRINCIPALS, GRANTS, CLASSES, AUDIT, LINEAGE})


@pytest.fixture
def governed(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("govern_a_lakehouse")


def report(home: WarmHome, name: str) -> dict[str, dict[str, Any]]:
    return {row["column_name"]: row for row in home.rows(REPORT, f"table_name = '{name}'")}


def test_what_is_sensitive_is_found_wherever_it_has_gone(governed: WarmHome) -> None:
    found = {
        f"{row['table_name']}.{row['column_name']}"
        for row in governed.rows(REPORT)
        if row["sensitivity"] in ("confidential", "restricted")
    }
    assert found == {
        *(f"{CUSTOMERS}.{one}" for one in ("first_name", "last_name", "email", "phone", "birth_date")),
        f"{VALUE}.name",
        f"{NEWSLETTER}.recipient",
        f"{NEWSLETTER}.salutation",
    }


def test_a_class_that_content_does_not_show_comes_by_lineage(governed: WarmHome) -> None:
    salutation = report(governed, NEWSLETTER)["salutation"]
    assert (salutation["sensitivity"], salutation["source"]) == ("confidential", f"{CUSTOMERS}.first_name")


def test_what_is_declared_to_be_anonymous_takes_no_class(governed: WarmHome) -> None:
    assert {row["sensitivity"] for row in report(governed, AGES).values()} == {"public"}
    known = graph(governed.lakehouse)
    sources = {
        f"{one.source.name}.{one.column}" for one in known.provenance(table(AGES), "decade").columns if one.direct
    }
    assert f"{CUSTOMERS}.birth_date" in sources


def test_what_no_plan_says_is_unknown_and_not_none(governed: WarmHome) -> None:
    assert {row["origin"] for row in report(governed, SCORES).values()} == {"unknown"}
    others = [row for row in governed.rows(REPORT) if row["table_name"] != SCORES]
    assert {row["origin"] for row in others} == {"known", "none"}


def test_impact_and_provenance_meet(governed: WarmHome) -> None:
    known = graph(governed.lakehouse)
    reached = {
        (one.source.name, one.column) for one in known.impact(table("bronze.crm_customers"), "email") if one.direct
    }
    assert (NEWSLETTER, "recipient") in reached
    assert (VALUE, "name") not in reached
    back = known.provenance(table(NEWSLETTER), "recipient")
    assert "bronze.crm_customers" in {one.source.name for one in back.columns if one.direct}
    assert any(one.kind == "file" for one in back.sources)
    assert len(back.runs) == 1

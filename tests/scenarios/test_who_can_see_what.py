"""Who can see what, by the command line: each sees what was said, no attempt finds anything, and tampering is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scenarios.who_can_see_what.attempts import ATTEMPTS
from scenarios.who_can_see_what.members import members
from scenarios.who_can_see_what.scenario import ATTEMPTS as TRIED
from scenarios.who_can_see_what.scenario import MEMBERS, SCENARIO, SIGHTS, TAMPERINGS
from scenarios.who_can_see_what.steps import WAYS
from tests.homes import WarmHome
from tests.scenarios.every import EveryScenario
from toolkit.governance.records import AUDIT, CLASSES, FILTERS, GRANTS, LINEAGE, MASKS, PRINCIPALS, SECURABLES

GOVERNING = frozenset({SECURABLES, PRINCIPALS, GRANTS, CLASSES, MASKS, FILTERS, AUDIT})


class TestWhoCanSeeWhat(EveryScenario):
    declared = SCENARIO
    also_written = GOVERNING
    # Ids of grants, hashes by a key of its own, paths of the home and numbers of entries.
    told_apart = frozenset({SIGHTS, TRIED, TAMPERINGS})


@pytest.fixture
def seen(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("who_can_see_what")


def test_everybody_sees_the_rows_of_their_countries(seen: WarmHome) -> None:
    rows = seen.rows(MEMBERS)
    by_country = {one: sum(row["country"] == one for row in rows) for one in ("DE", "FR", "ES")}
    found = {row["principal"]: row["rows"] for row in seen.rows(SIGHTS)}
    assert found == {
        "root of it all": len(rows),
        "anna": by_country["DE"],
        "bruno": by_country["FR"] + by_country["ES"],
        "frida": len(rows),
        "partner": by_country["ES"],
    }


def test_only_who_may_sees_a_card_and_only_for_the_purpose(seen: WarmHome) -> None:
    cards = {row["card"] for row in seen.rows(MEMBERS)}
    shown = {(row["principal"], row["purpose"]): row["example"] for row in seen.rows(SIGHTS, "column_name = 'card'")}
    assert {who for who, card in shown.items() if card in cards} == {("root of it all", ""), ("frida", "fraud")}
    assert all(card.startswith("***") for who, card in shown.items() if card not in cards)


def test_no_attempt_finds_anything_and_each_is_refused_for_what_it_is(seen: WarmHome) -> None:
    found = {row["attempt"]: row for row in seen.rows(TRIED)}
    assert set(found) == set(ATTEMPTS)
    assert {row["outcome"] for row in found.values()} == {"refused", "nothing"}
    assert sum(row["outcome"] == "refused" for row in found.values()) >= 12
    assert not any("@" in row["detail"] for row in found.values())


def test_every_tampering_is_noticed_and_a_trail_left_alone_is_intact(seen: WarmHome) -> None:
    found = {row["tampering"]: row["noticed"] for row in seen.rows(TAMPERINGS)}
    assert found == {name: name != "left as it is" for name in WAYS}


def test_reads_and_refusals_of_anna_are_in_the_trail(seen: WarmHome) -> None:
    mine = seen.rows(AUDIT, "principal = 'anna'")
    assert any(row["is_allowed"] and row["action"] == "read" for row in mine)
    assert any(not row["is_allowed"] and row["action"] == "export" for row in mine)
    assert all(not row["columns"] for row in mine)


def test_the_same_seed_gives_the_same_members() -> None:
    assert list(members(50, 7)) == list(members(50, 7))
    assert list(members(50, 7)) != list(members(50, 8))


def test_lineage_of_a_lakehouse_that_begins_to_be_governed_is_kept_from_then_on(seen: WarmHome) -> None:
    # All that it writes are rows at hand, which come from nowhere.
    assert not seen.lakehouse.has_version(LINEAGE)

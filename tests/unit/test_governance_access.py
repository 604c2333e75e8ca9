"""Who sees what, decided and enforced in the readers without a JVM."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.governed_world import CUSTOMERS, ROWS, World
from tests.records import rule_found
from toolkit import areas, runs
from toolkit.errors import AccessDenied, DataError, SetupError, UsageError
from toolkit.events import EventLog
from toolkit.governance import catalogue, granting, people, protection
from toolkit.governance.audit import Trail
from toolkit.governance.granting import Limits
from toolkit.governance.lens import looked_at, permitted, refuse_unpermitted
from toolkit.governance.policies import policies
from toolkit.governance.views.access import ACCESS, GRANTS, Asked, OfPrincipal
from toolkit.governance.views.catalogue import CATALOGUE, Search
from toolkit.quality.kept import FoundRows, keep_profile, keep_rows
from toolkit.quality.profiling.model import Profile
from toolkit.quality.views.naming import OfRule
from toolkit.quality.views.profile import COLUMNS, OfProfile
from toolkit.quality.views.results import RESULTS_OF_RUN, OfRun
from toolkit.quality.views.rows import ROWS as ROWS_OF_RULE
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.records import DeadLetter


@pytest.fixture
def world(governed_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    return World(tmp_path, like=governed_template)


def seen(world: World, principal: str, purpose: str = "", **asked: Any) -> list[dict[str, Any]]:
    return world.as_seen_by(principal, purpose).open(CUSTOMERS).page(order_by="id", **asked).named()


def test_a_lakehouse_that_is_not_governed_is_seen_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    bare = World(tmp_path).lakehouse
    assert looked_at(bare).lens is None
    assert looked_at(bare).open(CUSTOMERS).count("email = 'u1@example.com'") == 1


def test_who_takes_it_in_owns_it_and_sees_all(world: World) -> None:
    assert [row["email"] for row in seen(world, "root")] == ROWS["email"]
    assert world.trail()[-1].columns == ("email", "salary")


def test_a_confirmed_open_column_is_shown_a_confidential_one_hashed_and_one_nobody_looked_at_not_at_all(
    world: World,
) -> None:
    rows = seen(world, "anna")
    assert [row["code"] for row in rows] == ROWS["code"]
    assert all(len(row["email"]) == 32 and "@" not in row["email"] for row in rows)
    assert len({row["email"] for row in rows}) == 6
    assert [row["salary"] for row in rows] == [None] * 6


def test_a_suggested_class_opens_nothing(world: World) -> None:
    before = seen(world, "anna")
    protection.suggest(world.steward(), CUSTOMERS)
    # Those that were confirmed stay so; the salary now has a suggestion, which no person has confirmed.
    assert seen(world, "anna") == before
    state = policies(world.lakehouse).class_of("main.silver.customers", "salary")
    assert state is not None
    assert state.state == "suggested"


def test_a_suggestion_that_a_column_is_internal_opens_it_for_nobody(world: World) -> None:
    world.write(CUSTOMERS, {**ROWS, "channel": ["shop", "web"] * 3}, schema_mode="merge")
    (found,) = [one for one in protection.suggest(world.steward(), CUSTOMERS) if one.column == "channel"]
    assert (found.sensitivity, found.state) == ("internal", "suggested")
    assert {row["channel"] for row in seen(world, "anna")} == {None}
    protection.confirm(world.steward(), CUSTOMERS, ["channel"], None)
    assert {row["channel"] for row in seen(world, "anna")} == {None, "shop", "web"}


def test_a_column_that_comes_later_is_masked_until_it_is_confirmed(world: World) -> None:
    later = {**ROWS, "note": ["likes tea"] * 6}
    world.write(CUSTOMERS, later, schema_mode="merge")
    assert {row["note"] for row in seen(world, "anna")} == {None}
    protection.confirm(world.steward(), CUSTOMERS, ["note"], "internal")
    assert {row["note"] for row in seen(world, "anna")} == {None, "likes tea"}


def test_a_condition_on_a_masked_column_sees_the_mask(world: World) -> None:
    assert seen(world, "anna", where="email = 'u1@example.com'") == []
    assert seen(world, "anna", where="email LIKE '%@%'") == []
    assert seen(world, "anna", where="salary > 0") == []
    by_mask = sorted(row["email"] for row in seen(world, "anna"))
    page = world.as_seen_by("anna").open(CUSTOMERS).page(order_by="email")
    assert [row["email"] for row in page.named()] == by_mask


def test_rows_are_those_of_the_viewer_and_nobody_is_an_exception_that_is_not_named(world: World) -> None:
    world.of_their_country()
    assert [row["id"] for row in seen(world, "anna")] == [0, 2, 4]
    assert seen(world, "bob") == []
    assert seen(world, "root") == []
    protection.filter_rows(world.steward(), CUSTOMERS, "country = attribute('country')", ["root"])
    assert len(seen(world, "root")) == 6


def test_counts_are_those_of_the_rows_that_are_seen(world: World) -> None:
    world.of_their_country()
    lakehouse = world.as_seen_by("anna")
    assert lakehouse.open(CUSTOMERS).count() == 3
    assert lakehouse.open(CUSTOMERS).summary().rows == 3
    assert lakehouse.open(CUSTOMERS).sql("SELECT count(*) FROM t").rows == [(3,)]


def test_an_error_at_a_row_that_is_not_seen_does_not_come_up(world: World) -> None:
    world.of_their_country()
    # At a row of FR the cast would stop, and its message would show what that row holds.
    assert len(seen(world, "anna", where="CAST(code AS INT) > 0")) == 3
    with pytest.raises(UsageError, match=r"covert|hidden|secret"):
        world.lakehouse.open(CUSTOMERS).page(where="CAST(code AS INT) > 0")


def test_an_earlier_version_is_seen_through_the_policies_of_now(world: World) -> None:
    world.write(CUSTOMERS, ROWS)
    world.of_their_country()
    old = world.as_seen_by("anna").open(CUSTOMERS, 0)
    assert [row["id"] for row in old.page(order_by="id").named()] == [0, 2, 4]
    assert old.page(where="email LIKE '%@%'").rows == []


def test_a_filter_on_a_column_that_an_earlier_version_lacks_shows_nothing_of_it(world: World) -> None:
    world.write(CUSTOMERS, {**ROWS, "region": ["north"] * 6}, schema_mode="merge")
    protection.confirm(world.steward(), CUSTOMERS, ["region"], "internal")
    protection.filter_rows(world.steward(), CUSTOMERS, "region = 'north'")
    assert len(seen(world, "anna")) == 6
    with pytest.raises(AccessDenied, match="does not fit this version"):
        world.as_seen_by("anna").open(CUSTOMERS, 0)


def test_what_may_not_be_read_reads_the_same_as_what_is_not_there(world: World) -> None:
    lakehouse = world.as_seen_by("anna")
    messages = []
    for table in ("ops.grants", "ops.nothing"):
        with pytest.raises(UsageError) as refused:
            lakehouse.open(table)
        messages.append(str(refused.value).replace(table, "X"))
    assert messages[0] == messages[1]
    assert lakehouse.tables() == [CUSTOMERS]


def test_quarantine_shows_nothing_of_the_rows_in_it_until_somebody_says_that_it_may(world: World) -> None:
    world.write("quarantine.customers", ROWS)
    root = world.steward()
    catalogue.take_in(root, "main")
    for privilege, on in (("use_schema", "quarantine"), ("select", "quarantine.customers")):
        granting.grant(root, "analysts", privilege, on)  # type: ignore[arg-type]
    rows = world.as_seen_by("anna").open("quarantine.customers").page().named()
    assert {value for row in rows for value in row.values()} == {None}


def test_a_dead_letter_is_shown_without_its_content(world: World) -> None:
    letter = DeadLetter(
        "s.clicks", "c1", 1, "clicks", 0, 7, None, b"anna", b'{"email": "u1@example.com"}', "no number: u1"
    )
    world.platform.append([letter])
    root = world.steward()
    catalogue.take_in(root, "main")
    for privilege, on in (("use_schema", "ops"), ("select", "ops.dead_letters")):
        granting.grant(root, "analysts", privilege, on)  # type: ignore[arg-type]
    (row,) = world.as_seen_by("anna").open("ops.dead_letters").page().named()
    assert (row["topic"], row["offset"]) == ("clicks", 7)
    assert (row["key"], row["value"], row["reason"]) == (None, None, None)
    (whole,) = world.as_seen_by("root").open("ops.dead_letters").page().named()
    assert whole["value"] == letter.value


def test_a_table_that_is_linked_to_the_folder_of_a_governed_one_is_no_way_around(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_TABLES", f"people={world.lakehouse.path(CUSTOMERS)}")
    names = [one for one in world.as_seen_by("anna").tables() if one.startswith("linked")]
    assert names == []


def test_a_grant_for_a_purpose_holds_for_no_other(world: World) -> None:
    granting.grant(world.steward(), "bob", "unmask", CUSTOMERS, limits=Limits(purpose="fraud"))
    assert "@" not in seen(world, "bob")[0]["email"]
    assert "@" not in seen(world, "bob", "marketing")[0]["email"]
    assert seen(world, "bob", "fraud")[1]["email"] == "u1@example.com"


def test_a_grant_by_tag_unmasks_the_columns_that_have_it(world: World) -> None:
    granting.grant(world.steward(), "bob", "unmask", "silver", limits=Limits(tag="class=confidential"))
    row = seen(world, "bob")[1]
    assert (row["email"], row["salary"]) == ("u1@example.com", None)


def test_a_grant_ends_at_its_time(world: World) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=2)
    granting.grant(world.steward(), "bob", "unmask", CUSTOMERS, limits=Limits(until=soon))
    assert seen(world, "bob")[1]["email"] == "u1@example.com"
    access = world.access("bob")
    later = access.decider.decide(access.request("unmask", "main.silver.customers.email").later(timedelta(minutes=3)))
    assert not later.is_allowed
    assert "ended" in later.reason


def test_what_is_forbidden_wins_over_what_is_permitted_and_over_owning(world: World) -> None:
    granting.grant(world.steward(), "bob", "select", CUSTOMERS, "forbid")
    with pytest.raises(UsageError, match="There is no table"):
        world.as_seen_by("bob").open(CUSTOMERS)
    granting.grant(world.steward(), "root", "select", CUSTOMERS, "forbid")
    with pytest.raises(AccessDenied):
        world.access("root").sight(CUSTOMERS, {"id": "long"})


def test_what_was_revoked_holds_no_longer_and_the_clock_cannot_bring_it_back(world: World) -> None:
    made = granting.grant(world.steward(), "bob", "unmask", CUSTOMERS)
    assert seen(world, "bob")[1]["email"] == "u1@example.com"
    future = policies(world.lakehouse).newest
    granting.revoke(world.steward(), made.grant)
    assert policies(world.lakehouse).newest > future
    assert "@" not in seen(world, "bob")[1]["email"]


def test_a_clock_that_was_set_back_changes_no_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = granting.grant(world.steward(), "bob", "unmask", CUSTOMERS)
    root = world.steward()

    class Past(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr("toolkit.governance.stewardship.datetime", Past)
    granting.revoke(root, made.grant)
    assert made.grant not in [one.grant for one in policies(world.lakehouse).grants]


def test_breaking_the_glass_shows_all_for_a_while_and_is_unusual(world: World) -> None:
    with pytest.raises(AccessDenied):
        granting.break_glass(world.steward("bob"), CUSTOMERS, "a customer cannot be reached", 10)
    granting.grant(world.steward(), "bob", "break_glass", "silver")
    with pytest.raises(UsageError, match="why"):
        granting.break_glass(world.steward("bob"), CUSTOMERS, "because", 10)
    granting.break_glass(world.steward("bob"), CUSTOMERS, "a customer cannot be reached", 10)
    assert seen(world, "bob")[1]["email"] == "u1@example.com"
    from toolkit.governance.views.audit import unusual

    entries = world.trail()
    assert "the glass was broken" in unusual(entries).values()


def test_a_share_is_one_version_through_its_masks(world: World) -> None:
    world.write(CUSTOMERS, ROWS)
    people.enroll(world.steward(), "partner", "recipient")
    granting.share(world.steward(), CUSTOMERS, "partner", Limits(version=0))
    shared = world.as_seen_by("partner")
    old = shared.open(CUSTOMERS, 0).page().named() if CUSTOMERS in shared.tables() else []
    assert len(old) == 6
    assert all("@" not in row["email"] for row in old)
    with pytest.raises(AccessDenied):
        shared.open(CUSTOMERS)
    with pytest.raises(UsageError, match="no recipient"):
        granting.share(world.steward(), CUSTOMERS, "bob")


def test_groups_that_would_be_in_themselves_are_refused_and_the_way_is_shown(world: World) -> None:
    root = world.steward()
    people.enroll(root, "eu", "group", ["analysts"])
    people.enroll(root, "de", "group", ["eu"])
    with pytest.raises(UsageError, match="analysts → de → eu → analysts"):
        people.enroll(root, "analysts", "group", ["de"])
    with pytest.raises(UsageError, match="analysts"):
        people.enroll(root, "analysts", "group", ["analysts"])


def test_groups_that_are_in_each_other_on_the_disk_give_nothing_twice_and_end(world: World) -> None:
    """As they may be after somebody has written to the table by other means."""
    root = world.steward()
    rows = [root.new_principal("a", "group", ["b"]), root.new_principal("b", "group", ["a"])]
    world.platform.append(rows)
    state = policies(world.lakehouse)
    assert state.groups_of("a") == {"a", "b", "everyone"}


NO_PRINCIPALS = ("", "anna'; DROP TABLE x --", "a b", "../root", "anna\n", "anna\u202e", "-x", "x" * 200)
NO_TABLES = (
    "silver.x; DROP TABLE y",
    "../../etc",
    "silver/../ops",
    "silver.x`",
    "silver.",
    ".x",
    "",
    "main.silver.",
    "delta.`/x`",
)


@pytest.mark.parametrize("name", [*NO_PRINCIPALS, 'x", principal in Principal::"root'])
def test_a_name_that_is_none_is_refused_before_it_becomes_part_of_anything(world: World, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a principal"):
        people.enroll(world.steward(), name, "user")


@pytest.mark.parametrize("table", NO_TABLES)
def test_a_table_name_that_is_none_is_refused(world: World, table: str) -> None:
    with pytest.raises(UsageError):
        granting.grant(world.steward(), "bob", "select", table)
    with pytest.raises(UsageError):
        world.as_seen_by("anna").open(table)


def test_only_who_manages_an_object_changes_what_holds_for_it(world: World) -> None:
    bob = world.steward("bob")
    attempts = [
        lambda: granting.grant(bob, "bob", "unmask", CUSTOMERS),
        lambda: protection.mask(bob, CUSTOMERS, "email", "partial", "3,3"),
        lambda: protection.filter_rows(bob, CUSTOMERS, ""),
        lambda: protection.confirm(bob, CUSTOMERS, ["salary"], "public"),
        lambda: people.enroll(bob, "bob", "user", ["analysts"], ["country=FR"]),
        lambda: people.dismiss(bob, "anna"),
        lambda: catalogue.alter(bob, CUSTOMERS, owner="bob"),
        lambda: catalogue.take_in(bob, "main"),
        lambda: granting.revoke(bob, policies(world.lakehouse).grants[0].grant),
    ]
    for attempt in attempts:
        with pytest.raises(AccessDenied, match="bob may not"):
            attempt()
    refused = [one for one in world.trail() if one.principal == "bob"]
    assert len(refused) == len(attempts)
    assert not any(one.is_allowed for one in refused)


def test_managing_can_be_handed_on_for_one_table(world: World) -> None:
    granting.grant(world.steward(), "bob", "manage", CUSTOMERS)
    protection.mask(world.steward("bob"), CUSTOMERS, "email", "partial", "2,4")
    assert seen(world, "anna")[1]["email"] == "u1***.com"
    with pytest.raises(AccessDenied):
        people.enroll(world.steward("bob"), "eve", "user")


def test_nobody_can_be_shut_out_for_good(world: World) -> None:
    with pytest.raises(UsageError, match="take this back"):
        granting.grant(world.steward(), "root", "manage", "main", "forbid")
    with pytest.raises(UsageError, match="owns main"):
        people.dismiss(world.steward(), "root")


def test_a_mask_that_does_not_fit_is_refused_when_it_is_set_and_shows_nothing_when_the_type_has_changed(
    world: World,
) -> None:
    root = world.steward()
    with pytest.raises(UsageError, match="cannot be put on salary, which is double"):
        protection.mask(root, CUSTOMERS, "salary", "hash")
    for argument in ("", "2", "2,4; x", "-1,2", "a,b"):
        with pytest.raises(UsageError, match="no argument"):
            protection.mask(root, CUSTOMERS, "email", "partial", argument)
    with pytest.raises(UsageError, match="no column"):
        protection.mask(root, CUSTOMERS, "nothing", "null")
    protection.mask(root, CUSTOMERS, "email", "partial", "2,4")
    path = str(world.lakehouse.path(CUSTOMERS))
    write_deltalake(path, pa.table({**ROWS, "email": list(range(6))}), mode="overwrite", schema_mode="overwrite")
    assert {row["email"] for row in seen(world, "anna")} == {None}


def test_a_mask_holds_for_an_open_column_too(world: World) -> None:
    protection.mask(world.steward(), CUSTOMERS, "code", "null")
    assert {row["code"] for row in seen(world, "anna")} == {None}


def test_a_damaged_table_of_policies_refuses_everything(world: World) -> None:
    shutil.rmtree(next((world.lakehouse.path("ops.grants")).glob("*.parquet")), ignore_errors=True)
    for file in world.lakehouse.path("ops.grants").glob("*.parquet"):  # type: ignore[union-attr]
        file.unlink()
    policies.__globals__["_read_last"].clear()
    with pytest.raises(DataError):
        seen(world, "root")


def test_what_governs_is_itself_governed(world: World) -> None:
    for table in ("ops.grants", "ops.principals", "ops.audit_entries"):
        assert table not in world.as_seen_by("anna").tables()
        assert table in world.as_seen_by("root").tables()


def test_asking_who_can_see_a_column_names_the_chain_and_is_no_access(world: World) -> None:
    granting.grant(world.steward(), "bob", "unmask", CUSTOMERS, limits=Limits(tag="class=confidential"))
    before = len(world.trail())
    rows = {
        row["principal"]: row
        for row in ACCESS.read(world.as_seen_by("root"), Asked(column="silver.customers.email")).rows
    }
    assert (rows["anna"]["sees"], rows["bob"]["sees"], rows["root"]["sees"]) == ("hash", "as it is", "as it is")
    assert "anna is in analysts; analysts may select on main.silver.customers" in rows["anna"]["reason"]
    assert "tagged class=confidential" in rows["bob"]["reason"]
    # Who does not manage it learns of itself alone.
    mine = ACCESS.read(world.as_seen_by("anna"), Asked(column="silver.customers.email")).rows
    assert [row["principal"] for row in mine] == ["anna"]
    assert len(world.trail()) == before


def test_the_catalogue_is_searched_by_names_comments_tags_and_columns(world: World) -> None:
    catalogue.alter(world.steward(), CUSTOMERS, comment="Who buys from us", tags=["domain=sales"])
    root = world.as_seen_by("root")
    for words in ("customers", "buys", "domain=sales", "salary"):
        assert CUSTOMERS in [row["name"] for row in CATALOGUE.read(root, Search(find=words)).rows], words
    assert CATALOGUE.read(root, Search(find="nonsense")).rows == []
    assert [
        row["name"] for row in CATALOGUE.read(world.as_seen_by("anna"), Search()).rows if row["kind"] == "table"
    ] == [CUSTOMERS]


def test_grants_are_shown_to_those_they_hold_for_and_to_who_manages(world: World) -> None:
    mine = GRANTS.read(world.as_seen_by("anna"), OfPrincipal()).rows
    assert {row["principal"] for row in mine} == {"analysts"}
    every = GRANTS.read(world.as_seen_by("root"), OfPrincipal()).rows
    assert {row["principal"] for row in every} == {"analysts", "root"}


def test_who_is_no_principal_sees_nothing_and_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.governance.policies.acting", lambda: "stranger")
    with pytest.raises(UsageError, match="stranger is no principal"):
        looked_at(Lakehouse(world.lakehouse.root))


def test_what_was_taken_from_a_table_earlier_is_shown_to_who_sees_all_of_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Examples of a run, a profile, and rows that Spark found to break a rule lie beside the lakehouse, not in it."""
    whole, partly = world.as_seen_by("root"), world.as_seen_by("anna")
    assert world.lakehouse.shows_whole(CUSTOMERS)
    assert whole.shows_whole(CUSTOMERS)
    assert not partly.shows_whole(CUSTOMERS)
    assert not partly.shows_whole("silver.nothing")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    found = {"columns": ("email",), "rows": ({"email": "u1"},), "total": 1, "version": 0, "judged_at": 0}
    keep_rows(FoundRows(table=CUSTOMERS, rule="email_is_one", asked_at=at, **found))
    asked = OfRule(table=CUSTOMERS, rule="email_is_one")
    assert "u1" in str(ROWS_OF_RULE.read(whole, asked).rows)
    with pytest.raises(AccessDenied, match="you do not see all of that table"):
        ROWS_OF_RULE.read(partly, asked)
    keep_profile(Profile(table=CUSTOMERS, measured_at=at, rows=6), 0)
    assert COLUMNS.read(whole, OfProfile(table=CUSTOMERS)).notes
    with pytest.raises(AccessDenied, match="profile"):
        COLUMNS.read(partly, OfProfile(table=CUSTOMERS))


def test_examples_of_a_run_are_left_out_for_who_does_not_see_the_table_whole(world: World) -> None:
    example = {"key": "1", "value": "u1@example.com", "message": "It is no address."}
    found = rule_found(CUSTOMERS, "email_is_one", failed=1, examples=[example])
    run = runs.create("20260301-101500-governance-0a1b")
    run.save(runs.RunRecord(run_id=run.run_id, scenario="retail_lakehouse", parameters={}, status="succeeded"))
    EventLog(run.events_file, run.run_id).emit("record", "check", **found)
    asked = OfRun(run=run.run_id)
    assert "u1@example.com" in str(RESULTS_OF_RUN.read(world.as_seen_by("root"), asked).rows)
    result = RESULTS_OF_RUN.read(world.as_seen_by("anna"), asked)
    assert result.rows
    assert "u1@example.com" not in str(result.rows)
    assert "left out" in " ".join(result.notes)


def test_a_task_that_reads_a_table_as_it_is_is_refused_to_who_sees_it_in_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acts(name: str) -> None:
        monkeypatch.setattr("toolkit.governance.policies.acting", lambda: name)

    acts("anna")
    with pytest.raises(AccessDenied, match="you see it in part"):
        refuse_unpermitted([CUSTOMERS], ())
    acts("root")
    refuse_unpermitted([CUSTOMERS, "a text", "gold.nowhere"], (CUSTOMERS, "gold.new_ones", "ops.quality_results"))


def test_what_writes_a_table_needs_to_be_permitted_to(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.governance.policies.acting", lambda: "anna")
    with pytest.raises(AccessDenied, match=r"may not modify main\.silver\.customers"):
        refuse_unpermitted((), (CUSTOMERS,))
    with pytest.raises(AccessDenied, match=r"main\.gold\.new_ones"):
        refuse_unpermitted((), ("gold.new_ones",))
    granting.grant(world.steward(), "anna", "modify", "silver")
    refuse_unpermitted((), (CUSTOMERS, "silver.new_ones"))


def test_a_task_that_names_no_table_is_for_who_manages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the release of dead letters, whose preview shows what is in one."""
    monkeypatch.setattr("toolkit.governance.policies.acting", lambda: "anna")
    with pytest.raises(AccessDenied, match="for who manages it"):
        refuse_unpermitted(["flight_delays_live.departures"], ())
    monkeypatch.setattr("toolkit.governance.policies.acting", lambda: "root")
    refuse_unpermitted(["flight_delays_live.departures"], ())


def test_a_catalogue_that_is_gone_opens_nothing(world: World) -> None:
    shutil.rmtree(str(world.lakehouse.path("ops.securables")))
    with pytest.raises(DataError, match="was governed"):
        looked_at(Lakehouse(world.lakehouse.root))
    with pytest.raises(DataError, match="was governed"):
        catalogue.take_in(world.steward("anna"), "main")
    Trail(world.lakehouse).head_file.unlink()
    assert looked_at(Lakehouse(world.lakehouse.root)).lens is None


def test_a_preview_is_refused_as_the_task_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.governance.policies.acting", lambda: "anna")
    for task in (areas.part("quality.release"), areas.part("quality.run"), areas.part("quality.profile")):
        values = {"table": CUSTOMERS} | ({"set": ("email = 'x'",)} if "set" in task.parameters.model_fields else {})
        given = {name: value for name, value in values.items() if name in task.parameters.model_fields}
        with pytest.raises(AccessDenied):
            permitted(task, task.parameters.model_validate(given))


def test_runs_are_for_who_manages(world: World) -> None:
    view = areas.view("runs.list")
    assert view.read(world.as_seen_by("root"), view.parameters()).rows == []
    with pytest.raises(AccessDenied, match="Runs"):
        view.read(world.as_seen_by("anna"), view.parameters())


def test_of_a_store_that_does_not_answer_nothing_is_seen_and_what_needs_no_table_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    away = looked_at(Lakehouse("abfs://lakehouse@devstoreaccount1.dfs.core.windows.net/first"))
    view = areas.view("services.list")
    assert view.read(away, view.parameters()).rows
    for ask in (
        away.tables,
        lambda: away.shows_whole(CUSTOMERS) or away.open(CUSTOMERS),
        lambda: away.refuse_unmanaged("Runs"),
    ):
        with pytest.raises((SetupError, DataError)):
            ask()

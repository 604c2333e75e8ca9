"""Decisions: the grants that are picked decide as all of them would; and what of the catalogue another one can have."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cedarpy
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.governed_world import CUSTOMERS, World
from toolkit.errors import UsageError
from toolkit.governance import catalogue, granting, protection
from toolkit.governance.decisions import Decider, Request, _asked, _entity, _policies
from toolkit.governance.granting import Limits
from toolkit.governance.names import ancestors, full_name, parent_of, resolve
from toolkit.governance.policies import EVERYONE, Policies
from toolkit.governance.records import Grant, Principal, Securable
from toolkit.governance.unity_sql import export

AT = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ("a", "b", "c", "d")
OBJECTS = ("main", "main.s", "main.s.t", "main.s.t.x", "main.s.u", "main.z", "main.z.t")


def principal(name: str, groups: tuple[str, ...] = ()) -> Principal:
    return Principal(name, "group", groups, (), False, "o", AT)


def securable(name: str) -> Securable:
    return Securable(name, "table", "o", "", ("t=1",) if name.endswith("t") else (), (), "", "", False, "o", AT)


def grant_of(number: int, who: str, effect: str, privilege: str, on: str, *limits: object) -> Grant:
    tag, purpose, ends = limits
    until = AT + timedelta(hours=ends) if ends else None  # type: ignore[arg-type]
    kept = ("", False, False, "o", AT)
    return Grant(f"g{number}", who, effect, privilege, on, tag, purpose, None, until, *kept)  # type: ignore[arg-type]


GRANTS = st.builds(
    grant_of,
    st.integers(0, 10**6),
    st.sampled_from([*NAMES, EVERYONE]),
    st.sampled_from(["permit", "permit", "forbid"]),
    st.sampled_from(["all", "select", "unmask", "modify"]),
    st.sampled_from(OBJECTS),
    st.sampled_from(["", "", "t=1", "t=2"]),
    st.sampled_from(["", "", "fraud"]),
    st.sampled_from([0, 0, -1, 1]),
)
MEMBERSHIPS = st.tuples(*(st.lists(st.sampled_from(NAMES[:at]), max_size=2) if at else st.just([]) for at in range(4)))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(GRANTS, max_size=12, unique_by=lambda one: one.grant), MEMBERSHIPS, st.sampled_from(["", "fraud", "other"])
)
def test_the_grants_that_are_picked_decide_as_all_of_them_would(
    grants: list[Grant], memberships: tuple[list[str], ...], purpose: str
) -> None:
    people = {
        name: principal(name, tuple(dict.fromkeys(groups))) for name, groups in zip(NAMES, memberships, strict=True)
    }
    state = Policies(people, {name: securable(name) for name in OBJECTS}, tuple(grants))
    decider = Decider(state)
    graph = state.memberships
    entities = [_entity("Principal", name, sorted(graph.successors(name))) for name in graph]
    entities += [
        _entity("Securable", one, [parent_of(one)] if parent_of(one) else [], _tags(state, one)) for one in OBJECTS
    ]
    whole = cedarpy.PolicySet.from_json_str(_policies(grants))
    for name in NAMES:
        for on in OBJECTS:
            request = Request(name, "unmask", on, purpose, at=AT)
            by_all = cedarpy.is_authorized(_asked(request), whole, cedarpy.Entities.from_json_str(json.dumps(entities)))
            ours = decider.decide(request)
            assert ours.is_allowed == by_all.allowed
            if by_all.diagnostics.reasons:
                assert set(ours.grants) == set(by_all.diagnostics.reasons)


def _tags(state: Policies, name: str) -> frozenset[str]:
    return frozenset().union(*(state.tags_of(one) for one in ancestors(name)))


def test_names_have_parts_and_a_column_may_have_dots() -> None:
    assert ancestors("main.s.t.a.b") == ("main.s.t.a.b", "main.s.t", "main.s", "main")
    assert (
        full_name("silver.customers", "main") == full_name("main.silver.customers", "main") == "main.silver.customers"
    )
    assert resolve("silver.customers.email", "main") == resolve("main.silver.customers.email", "main")
    assert resolve("main", "main") == "main"


def test_a_catalog_cannot_be_called_as_a_layer_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    world = World(tmp_path)
    for name in ("silver", "Main", "a.b", "", "main; x"):
        with pytest.raises(UsageError):
            catalogue.take_in(world.steward(), name)
    catalogue.take_in(world.steward(), "main")
    with pytest.raises(UsageError, match="is the catalog main already"):
        catalogue.take_in(world.steward(), "other")


@pytest.fixture
def world(governed_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    return World(tmp_path, like=governed_template)


def test_the_catalogue_is_written_as_sql_that_parses(world: World) -> None:
    root = world.steward()
    catalogue.alter(root, CUSTOMERS, comment="Who buys; it's us", tags=["domain=o'brien"])
    catalogue.alter(root, f"{CUSTOMERS}.email", tags=["pii=yes"])
    protection.mask(root, CUSTOMERS, "email", "partial", "2,4")
    protection.filter_rows(root, CUSTOMERS, "country = 'DE' OR is_member('analysts')", ["root"])
    done = export(root.policies, world.lakehouse)
    for text in done.statements:
        (tree,) = sqlglot.parse(text, read="databricks")
        assert tree is not None
    said = "\n".join(done.statements)
    assert "GRANT SELECT ON TABLE `main`.`silver`.`customers` TO `analysts`" in said
    assert "SET ROW FILTER `main`.`silver`.`rows_of_customers` ON (`country`)" in said
    assert "ALTER COLUMN `email` SET MASK `main`.`silver`.`mask_email_of_customers`" in said
    assert "is_account_group_member('root')" in said
    assert "'domain' = 'o\\'brien'" in said


def test_what_has_no_counterpart_is_left_out_and_named(world: World) -> None:
    root = world.steward()
    granting.grant(root, "bob", "select", CUSTOMERS, "forbid")
    granting.grant(root, "bob", "modify", CUSTOMERS, limits=Limits(until=datetime.now(UTC) + timedelta(days=1)))
    granting.grant(root, "bob", "export", CUSTOMERS)
    granting.grant(root, "bob", "unmask", CUSTOMERS, limits=Limits(purpose="fraud"))
    protection.filter_rows(root, CUSTOMERS, "country = attribute('country')")
    done = export(root.policies, world.lakehouse)
    left = "\n".join(done.left_out)
    for words in (
        "it forbids",
        "it has an end",
        "no privilege export",
        "it has a purpose",
        "attribute() has no counterpart",
    ):
        assert words in left
    said = "\n".join(done.statements)
    assert "MODIFY" not in said
    assert "`bob`" not in said
    # Without the attribute nobody is shown a row there, rather than everybody.
    assert "RETURN (FALSE)" in said


def test_of_who_is_forbidden_to_see_a_column_nobody_sees_it_there(world: World) -> None:
    root = world.steward()
    granting.grant(root, "analysts", "unmask", CUSTOMERS)
    granting.grant(root, "bob", "unmask", CUSTOMERS, "forbid")
    done = export(root.policies, world.lakehouse)
    assert any("mask_email_of_customers" in one and "CASE WHEN FALSE" in one for one in done.statements)


def test_granting_the_same_twice_is_one_grant(world: World) -> None:
    first = granting.grant(world.steward(), "bob", "unmask", CUSTOMERS)
    before = len(world.trail())
    assert granting.grant(world.steward(), "bob", "unmask", CUSTOMERS).grant == first.grant
    assert len(world.trail()) == before
    granting.revoke(world.steward(), first.grant)
    assert granting.grant(world.steward(), "bob", "unmask", CUSTOMERS).grant != first.grant

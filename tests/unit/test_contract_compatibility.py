"""Two versions of a contract: every kind of change is found, judged as a reader would, and asks for its version."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume, check_version, compare
from toolkit.quality.contracts.compatibility import KINDS
from toolkit.quality.contracts.rule_changes import compared
from toolkit.quality.rules import (
    Between,
    ContainsAll,
    HasSchema,
    Length,
    Matches,
    NoneOf,
    NotInFuture,
    NotNull,
    OneOf,
    RowCount,
    Rule,
    Unique,
)
from toolkit.quality.rules import Freshness as FreshnessRule

ID = Column(name="id", type="bigint")
NAME = Column(name="name", type="string", description="What it is called.")
PLACE = Column(name="place", type="struct<city:string,zip:string>")
AT = Column(name="at", type="timestamp")
COLUMNS = (ID, NAME, PLACE, AT)


def version(number: str = "1.2.3", **told: Any) -> Contract:
    """A contract of the table `t` with what is told of the table or of the contract."""
    servers = "servers" in told.get("extras", {})
    both = {"description", "tags", "extras"} - ({"extras"} if servers else set())
    names = set(Contract.model_fields) - {"tables"} - (both if "extras" in told else set())
    of_contract = {name: told.pop(name) for name in list(told) if name in names}
    tables = told.pop("tables", None)
    table = ContractTable(**{"name": "t", "columns": COLUMNS, **told})
    own = {"tables": (table,) if tables is None else tables, **of_contract}
    return Contract(id="c", version=number, **own)


def with_(column: Column, **told: Any) -> tuple[Column, ...]:
    """The columns, one of them with something else said of it."""
    return tuple(Column(**{**dict(c), **told}) if c is column else c for c in COLUMNS)


def typed(old: str, new: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"columns": (Column(name="x", type=old),)}, {"columns": (Column(name="x", type=new),)}


AMOUNT = "amount"
TEXT, QUERY = (
    {"type": "text", "description": "By hand."},
    {"type": "sql", "name": "q", "query": "select 1", "mustBe": 1},
)
RETENTION = {"property": "retention", "value": 3, "unit": "y"}
SERVER: dict[str, Any] = {"servers": [{"server": "a", "type": "postgres", "host": "x"}]}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("table_removed", {}, {"tables": ()}),
    ("table_added", {"tables": ()}, {}),
    ("column_removed", {}, {"columns": (ID, PLACE, AT)}),
    ("column_removed", {}, {"columns": with_(PLACE, type="struct<city:string>", fields=())}),
    ("column_added", {"columns": (ID, PLACE, AT)}, {}),
    ("column_added", {}, {"columns": with_(PLACE, type="struct<city:string,zip:string,country:string>", fields=())}),
    ("column_renamed", {}, {"columns": with_(NAME, name="title")}),
    ("column_renamed", {}, {"columns": with_(ID, name="key")}),
    ("column_renamed", {}, {"columns": with_(PLACE, type="struct<town:string,zip:string>", fields=())}),
    ("type_narrowed", *typed("bigint", "int")),
    ("type_narrowed", *typed("array<double>", "array<float>")),
    ("type_changed", *typed("date", "timestamp")),
    ("type_changed", *typed("int", "double")),
    ("type_changed", *typed("struct<a:int>", "string")),
    ("type_changed", *typed("array<int>", "array<string>")),
    ("type_changed", *typed("map<string,int>", "map<string,bigint>")),
    ("type_changed", {}, {"columns": with_(ID, type="", logical_type="integer")}),
    ("type_changed", {}, {"columns": with_(ID, logical_type="number")}),
    ("type_widened", *typed("int", "bigint")),
    ("type_widened", *typed("decimal(10,2)", "decimal(12,2)")),
    ("type_widened", *typed("struct<a:array<struct<b:smallint>>>", "struct<a:array<struct<b:int>>>")),
    ("type_declared", {"columns": with_(ID, type="", logical_type="")}, {}),
    ("type_declared", {"columns": with_(ID, type="")}, {}),
    ("made_nullable", {"columns": with_(ID, nullable=False)}, {}),
    ("made_nullable", *typed("struct<a:int not null>", "struct<a:int>")),
    ("made_required", {}, {"columns": with_(ID, nullable=False)}),
    ("unique_dropped", {"columns": with_(ID, unique=True)}, {}),
    ("unique_added", {}, {"columns": with_(ID, unique=True)}),
    ("key_changed", {"primary_key": ("id",)}, {"primary_key": ("id", "name")}),
    ("key_changed", {"primary_key": ("id",)}, {}),
    ("key_added", {}, {"primary_key": ("id",)}),
    ("rule_removed", {"rules": (NotNull(column="id"),)}, {}),
    ("rule_removed", {"checks": (QUERY,)}, {}),
    ("rule_removed", {"checks": ({"metric": "rowCount", "mustBeGreaterThan": 4},)}, {}),
    ("rule_removed", {"columns": with_(ID, extras={"enum": [1]})}, {}),
    ("rule_removed", {"columns": with_(ID, extras={"relationships": [{"to": "x.id"}]})}, {}),
    ("rule_removed", {"extras": {"relationships": [{"from": "t.id", "to": "x.id"}]}}, {}),
    ("rule_removed", {"columns": with_(ID, extras={"logicalTypeOptions": {"pattern": "^a$"}})}, {}),
    ("rule_removed", {"columns": with_(ID, extras={"logicalTypeOptions": {"maximum": 9}})}, {}),
    (
        "value_removed",
        {"columns": with_(NAME, extras={"enum": ["a", "b"]})},
        {"columns": with_(NAME, extras={"enum": ["a"]})},
    ),
    (
        "value_removed",
        {"columns": with_(NAME, extras={"enum": [{"value": 1}, {"value": True}]})},
        {"columns": with_(NAME, extras={"enum": [{"value": 1, "label": "One"}]})},
    ),
    (
        "value_added",
        {"columns": with_(NAME, extras={"enum": ["a"]})},
        {"columns": with_(NAME, extras={"enum": ["b", "a"]})},
    ),
    *(
        (
            f"rule_{way}",
            {"columns": with_(ID, extras={"logicalTypeOptions": o})},
            {"columns": with_(ID, extras={"logicalTypeOptions": n})},
        )
        for way, o, n in (
            ("loosened", {"maximum": 120}, {"maximum": 999}),
            ("tightened", {"maximum": 120}, {"maximum": 99}),
            ("loosened", {"minimum": 2}, {"minimum": 1}),
            ("tightened", {"minimum": 1}, {"exclusiveMinimum": 1}),
            ("loosened", {"exclusiveMaximum": 1}, {"maximum": 1}),
            ("loosened", {"minimum": 3, "exclusiveMinimum": 1}, {"exclusiveMinimum": 1}),
            ("tightened", {"minimum": "2020-01-01"}, {"minimum": "2021-01-01"}),
            ("changed", {"maximum": "10:00"}, {"maximum": "11:00"}),
            ("changed", {"maximum": "2020-01-01"}, {"maximum": "soon"}),
            ("loosened", {"minLength": 4}, {"novelty": None}),
            ("loosened", {"maxLength": 6}, {"maxLength": 600}),
            ("tightened", {"maxItems": 6}, {"maxItems": 5}),
            ("added", {}, {"maxItems": 5}),
            ("loosened", {"uniqueItems": True}, {"uniqueItems": False}),
            ("tightened", {}, {"uniqueItems": True}),
            ("tightened", {"multipleOf": 5}, {"multipleOf": 10}),
            ("loosened", {"multipleOf": 10}, {"multipleOf": 5}),
            ("changed", {"multipleOf": 2}, {"multipleOf": 5}),
            ("changed", {"pattern": "^a$"}, {"pattern": "^b$"}),
            ("changed", {"format": "email"}, {"format": "uuid"}),
            ("changed", {"dimensions": 3}, {"dimensions": 4}),
            ("loosened", {"required": ["a", "b"]}, {"required": ["a"]}),
            ("tightened", {"required": ["a"]}, {"required": ["b", "a"]}),
        )
    ),
    *(
        (f"rule_{way}", {"checks": ({**QUERY, "mustBe": None, **o},)}, {"checks": ({**QUERY, "mustBe": None, **n},)})
        for way, o, n in (
            ("loosened", {"mustBeLessThan": 10}, {"mustBeLessThan": 20}),
            ("tightened", {"mustBeLessThan": 10}, {"mustBeLessThan": 5}),
            ("loosened", {"mustBeBetween": [1, 5]}, {"mustBeGreaterOrEqualTo": 1, "mustBeLessOrEqualTo": 5}),
            ("changed", {"mustBeBetween": [1, 5]}, {"mustBeBetween": [2, 6]}),
            ("changed", {"mustNotBe": 1}, {"mustNotBe": 2}),
            ("changed", {"mustBe": 1}, {"mustBe": 2}),
        )
    ),
    (
        "rule_loosened",
        {"checks": ({"type": "sql", "query": "select 1", "mustBeLessThan": 10},)},
        {"checks": ({"type": "sql", "query": "select 1", "mustBeLessThan": 11},)},
    ),
    (
        "type_changed",
        {"columns": with_(ID, type="", logical_type="map", extras={"map": {"key": {"logicalType": "string"}}})},
        {"columns": with_(ID, type="", logical_type="map", extras={"map": {"key": {"logicalType": "integer"}}})},
    ),
    (
        "type_changed",
        {"columns": with_(ID, type="", extras={"physicalType": "NUMBER"})},
        {"columns": with_(ID, type="", extras={"physicalType": "FLOAT8"})},
    ),
    ("server_changed", {"extras": SERVER}, {}),
    ("server_changed", {"extras": SERVER}, {"extras": {"servers": [{"server": "a", "type": "postgres", "host": "y"}]}}),
    ("server_added", {}, {"extras": SERVER}),
    ("described", {"extras": SERVER}, {"extras": {"servers": [{**SERVER["servers"][0], "description": "Mine."}]}}),
    (
        "described",
        {"columns": with_(NAME, extras={"enum": [{"value": 1}]})},
        {"columns": with_(NAME, extras={"enum": [1]})},
    ),
    ("described", {"columns": with_(NAME, extras={"enum": [1, 2]})}, {"columns": with_(NAME, extras={"enum": [2, 1]})}),
    (
        "described",
        {"columns": with_(ID, extras={"relationships": [{"to": "x.id"}]})},
        {"columns": with_(ID, extras={"relationships": [{"to": "x.id", "customProperties": []}]})},
    ),
    ("rule_added", {}, {"rules": (NotNull(column="id"),)}),
    ("rule_added", {}, {"checks": (QUERY,)}),
    ("rule_added", {}, {"columns": with_(ID, extras={"logicalTypeOptions": {"minimum": 1}})}),
    ("rule_loosened", {"rules": (NotNull(column="id"),)}, {"rules": (NotNull(column="id", tolerance=0.1),)}),
    (
        "rule_loosened",
        {"checks": ({"metric": "rowCount", "mustBeGreaterThan": 4},)},
        {"checks": ({"metric": "rowCount", "mustBeGreaterThan": 3},)},
    ),
    ("rule_tightened", {"rules": (NotNull(column="id"),)}, {"rules": (NotNull(column="id", severity="critical"),)}),
    (
        "rule_changed",
        {"rules": (Matches(column="name", pattern="a"),)},
        {"rules": (Matches(column="name", pattern="b"),)},
    ),
    ("rule_changed", {"checks": (QUERY,)}, {"checks": ({**QUERY, "query": "select 2"},)}),
    (
        "freshness_loosened",
        {"freshness": Freshness(column="at", within=1)},
        {"freshness": Freshness(column="at", within=2)},
    ),
    ("freshness_loosened", {"freshness": Freshness(column="at", within=1)}, {}),
    (
        "freshness_loosened",
        {"freshness": Freshness(column="at", within=2)},
        {"freshness": Freshness(column="id", within=1)},
    ),
    (
        "freshness_tightened",
        {"freshness": Freshness(column="at", within=2, unit="days")},
        {"freshness": Freshness(column="at", within=47)},
    ),
    ("freshness_tightened", {}, {"freshness": Freshness(column="at", within=2)}),
    ("volume_loosened", {"volume": Volume(min_rows=10)}, {"volume": Volume(min_rows=9)}),
    ("volume_loosened", {"volume": Volume(min_rows=10)}, {"volume": Volume(max_rows=99)}),
    ("volume_loosened", {"volume": Volume(min_rows=10, max_rows=20)}, {"volume": Volume(min_rows=11, max_rows=21)}),
    ("volume_loosened", {"volume": Volume(min_rows=10)}, {}),
    ("volume_tightened", {"volume": Volume(min_rows=10)}, {"volume": Volume(min_rows=10, max_rows=20)}),
    ("volume_tightened", {}, {"volume": Volume(min_rows=10)}),
    ("service_level_loosened", {"service_levels": (RETENTION,)}, {"service_levels": ({**RETENTION, "value": 2},)}),
    ("service_level_loosened", {"service_levels": (RETENTION,)}, {"service_levels": ({**RETENTION, "unit": "d"},)}),
    ("service_level_loosened", {"service_levels": (RETENTION,)}, {}),
    ("service_level_tightened", {"service_levels": (RETENTION,)}, {"service_levels": ({**RETENTION, "value": 4},)}),
    (
        "service_level_tightened",
        {"service_levels": ({"property": "errorRate", "value": 0.1},)},
        {"service_levels": ({"property": "errorRate", "value": 0.05},)},
    ),
    ("service_level_tightened", {}, {"service_levels": (RETENTION,)}),
    ("classification_raised", {}, {"columns": with_(ID, classification="internal")}),
    (
        "classification_raised",
        {"columns": with_(ID, classification="Internal")},
        {"columns": with_(ID, classification="restricted")},
    ),
    ("classification_raised", {"columns": with_(ID, classification="2")}, {"columns": with_(ID, classification="3")}),
    (
        "classification_raised",
        {"columns": with_(ID, classification="public")},
        {"columns": with_(ID, classification="ours")},
    ),
    (
        "classification_raised",
        {"columns": with_(ID, classification="public")},
        {"columns": with_(ID, classification="1")},
    ),
    (
        "classification_lowered",
        {"columns": with_(ID, classification="restricted")},
        {"columns": with_(ID, classification="public")},
    ),
    ("classification_lowered", {"columns": with_(ID, classification="ours")}, {}),
    ("classification_lowered", {}, {"columns": with_(ID, classification="public")}),
    ("retired", {"status": "active"}, {"status": "retired"}),
    ("status_changed", {"status": "active"}, {"status": "deprecated"}),
    ("moved", {}, {"columns": (NAME, ID, PLACE, AT)}),
    ("owner_changed", {"owner": "a"}, {"owner": "b"}),
    ("described", {}, {"columns": with_(NAME, description="Its name.")}),
    ("described", {}, {"description": "x"}),
    ("described", {}, {"domain": "x"}),
    ("described", {}, {"columns": with_(NAME, extras={"businessName": "Name"})}),
    ("described", {"checks": (TEXT,)}, {}),
    (
        "described",
        {"rules": (NotNull(column="id"),)},
        {"rules": (NotNull(column="id", description="It is there.", owner="me", tags=("a",)),)},
    ),
    (
        "described",
        {"freshness": Freshness(column="at", within=2, unit="days")},
        {"freshness": Freshness(column="at", within=48)},
    ),
    (
        "described",
        {"service_levels": (RETENTION,)},
        {"service_levels": ({**RETENTION, "description": "As the law says."},)},
    ),
]


@pytest.mark.parametrize(("kind", "old", "new"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)])
def test_a_change_is_found_alone_and_judged(kind: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    found = compare(version(**dict(old)), version(**dict(new)))
    if kind == "column_renamed":
        assert kind in [change.kind for change in found.changes]
        assert "column_removed" not in [change.kind for change in found.changes]
    else:
        assert [change.kind for change in found.changes] == [kind]
    assert found.level == KINDS[kind].level
    assert all(change.why and change.where for change in found.changes)


def test_every_kind_of_change_is_tried_here() -> None:
    assert {case[0] for case in CASES} == set(KINDS)


def test_nothing_changed_where_nothing_changed() -> None:
    found = compare(version(), version())
    assert (found.changes, found.level, found.next_version) == ((), "none", "1.2.3")


def test_each_option_that_changed_is_told_by_itself_with_what_it_was_and_is() -> None:
    old = version(columns=with_(ID, extras={"logicalTypeOptions": {"minLength": 4, "maxLength": 6, "maximum": 120}}))
    new = version(columns=with_(ID, extras={"logicalTypeOptions": {"maxLength": 600, "maximum": 999}}))
    assert [str(change) for change in compare(old, new).changes] == [
        "t.id: rule loosened (maximum 120 → maximum 999)",
        "t.id: rule loosened (minLength 4 → nothing)",
        "t.id: rule loosened (maxLength 6 → 600)",
    ]


def test_a_value_that_goes_and_one_that_comes_are_both_breaking() -> None:
    old, new = (version(columns=with_(NAME, extras={"enum": values})) for values in (["a", "b"], ["b", "c"]))
    changes = compare(old, new).changes
    assert [(change.kind, change.said, change.breaking) for change in changes] == [
        ("value_removed", "enum without a", True),
        ("value_added", "enum with c", True),
    ]


def test_what_is_said_inside_arrays_and_structs_is_compared_too() -> None:
    def inside(**extras: Any) -> Contract:
        field = Column(name="b", type="int", extras=extras)
        return version(columns=(Column(name="a", items=Column(fields=(field,))),))

    (change,) = compare(inside(enum=[1, 2]), inside(enum=[1])).changes
    assert (change.kind, change.where) == ("value_removed", "t.a.b")


def test_a_limit_that_changed_is_told_as_one_change() -> None:
    old, new = (version(checks=({"type": "sql", "query": "q", "mustBeLessThan": n},)) for n in (10, 20))
    (change,) = compare(old, new).changes
    assert str(change) == "t: rule loosened (sql: mustBeLessThan 10 → mustBeLessThan 20)"


def test_changes_say_where_they_are_and_what_was() -> None:
    old = version(columns=(Column(name="a", type="array<struct<b:int>>"),))
    new = version(columns=(Column(name="a", type="array<struct<b:string>>"),))
    assert [str(change) for change in compare(old, new).changes] == ["t.a.b: type changed (int → string)"]


def test_the_worst_comes_first() -> None:
    found = compare(version(owner="a", columns=(ID, NAME)), version(owner="b", columns=(ID, AT)))
    assert [change.level for change in found.changes] == ["breaking", "safe", "metadata"]
    assert found.level == "breaking"


def test_of_two_columns_that_may_be_the_new_name_the_description_decides() -> None:
    old = version(columns=(Column(name="a", type="string", description="A."), Column(name="b", type="string")))
    new = version(columns=(Column(name="x", type="string"), Column(name="y", type="string", description="A.")))
    renamed = [change.said for change in compare(old, new).changes if change.kind == "column_renamed"]
    assert renamed == ["a → y, as it seems"]


def test_contracts_with_other_ids_are_not_compared() -> None:
    with pytest.raises(UsageError, match="two contracts"):
        compare(Contract(id="a", version="1.0.0"), Contract(id="b", version="1.0.0"))


BREAKING, SAFE, WORDS, SAME = (
    {"columns": (ID, PLACE, AT)},
    {"columns": (*COLUMNS, Column(name="more"))},
    {"owner": "b"},
    {},
)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (BREAKING, "1.2.3", "2.0.0"),
        (SAFE, "1.2.3", "1.3.0"),
        (WORDS, "1.2.3", "1.2.4"),
        (SAME, "1.2.3", "1.2.3"),
        (BREAKING, "0.2.3", "0.3.0"),
        (SAFE, "0.2.3", "0.3.0"),
        (WORDS, "0.2.3", "0.2.4"),
        (BREAKING, "1.2.3-rc.1", "2.0.0"),
    ],
)
def test_the_next_version_says_how_much_changed(change: dict[str, Any], before: str, after: str) -> None:
    assert compare(version(before), version(before, **dict(change))).next_version == after


@pytest.mark.parametrize(
    ("change", "proposed", "accepted"),
    [
        (BREAKING, "2.0.0", True),
        (BREAKING, "3.1.0", True),
        (BREAKING, "2.0.0-rc.1", True),
        (BREAKING, "1.9.9", False),
        (SAFE, "1.3.0", True),
        (SAFE, "1.2.9", False),
        (WORDS, "1.2.3", False),
        (SAME, "1.2.3", True),
        (SAME, "1.2.2", False),
        (SAME, "10.0.0", True),
    ],
)
def test_a_version_that_is_too_small_is_refused(change: dict[str, Any], proposed: str, accepted: bool) -> None:
    new = version(proposed, **dict(change))
    if accepted:
        assert check_version(version(), new).new_version == proposed
        return
    with pytest.raises(UsageError, match=f"Version {proposed} of c is too small after 1.2.3"):
        check_version(version(), new)


def test_the_refusal_names_the_changes_that_ask_for_more() -> None:
    with pytest.raises(UsageError) as told:
        check_version(version(), version("1.3.0", owner="b", **BREAKING))
    assert "breaking changes: t.name: column removed (string)." in str(told.value)
    assert "owner" not in str(told.value)
    assert told.value.cure.startswith("Call it 2.0.0")


@pytest.mark.parametrize(
    ("old", "new", "way"),
    [
        (Between(column="c", min=0), Between(column="c", min=1), "tightened"),
        (Between(column="c", min=1), Between(column="c", min=0), "loosened"),
        (Between(column="c", min=0), Between(column="c", min=0, max=9), "tightened"),
        (Between(column="c", min=0, max=9), Between(column="c", min=0), "loosened"),
        (Between(column="c", min=0, max=9), Between(column="c", min=1, max=10), "loosened"),
        (Between(column="c", min=0), Between(column="c", min="a"), "changed"),
        (Length(column="c", max=9), Length(column="c", max=8), "tightened"),
        (NotNull(column="c", severity="error"), NotNull(column="c", severity="warn"), "loosened"),
        (NotNull(column="c"), NotNull(column="c", where="x > 0"), "loosened"),
        (NotNull(column="c", where="x > 0"), NotNull(column="c"), "tightened"),
        (NotNull(column="c", where="x > 0"), NotNull(column="c", where="x > 1"), "changed"),
        (NotNull(column="c", name="n"), NotNull(column="d", name="n"), "changed"),
        (NotNull(column="c", name="n"), Unique(columns=("c",), name="n"), "changed"),
        (OneOf(column="c", values=("a",)), OneOf(column="c", values=("a", "b")), "loosened"),
        (OneOf(column="c", values=("a", "b")), OneOf(column="c", values=("a",)), "tightened"),
        (OneOf(column="c", values=("a", "b")), OneOf(column="c", values=("a", "c")), "changed"),
        (OneOf(column="c", values=("a", "b")), OneOf(column="c", values=("b", "a")), "described"),
        (NoneOf(column="c", values=("a",)), NoneOf(column="c", values=("a", "b")), "tightened"),
        (ContainsAll(column="c", values=("a", "b")), ContainsAll(column="c", values=("a",)), "loosened"),
        (FreshnessRule(column="c", hours=2), FreshnessRule(column="c", hours=1), "tightened"),
        (NotInFuture(column="c"), NotInFuture(column="c", minutes=5), "loosened"),
        (RowCount(min=1), RowCount(min=2), "tightened"),
        (RowCount(min=9, where="paid"), RowCount(min=9), "changed"),
        (FreshnessRule(column="c", hours=2), FreshnessRule(column="c", hours=2, where="paid"), "changed"),
        (HasSchema(schema={"a": "int"}), HasSchema(schema={"a": "int"}, more=True), "loosened"),
        (Matches(column="c", pattern="a"), Matches(column="c", pattern="b"), "changed"),
        (Matches(column="c", pattern="a"), Matches(column="c", pattern="b", tolerance=0.1), "changed"),
        (NotNull(column="c"), NotNull(column="c", dimension="accuracy"), "described"),
        (NotNull(column="c"), NotNull(column="c"), None),
    ],
)
def test_a_rule_goes_one_way(old: Rule, new: Rule, way: str | None) -> None:
    new = new.model_copy(update={"name": old.name, "description": old.description})
    found = compared(old, new)
    assert (found[0] if found else None) == way

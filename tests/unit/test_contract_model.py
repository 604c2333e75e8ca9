"""A contract makes sense in itself: what follows from the rest is filled in, what contradicts it is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume
from toolkit.quality.rules import Between, NotNull, RowCount, Unique

ID = Column(name="id", type="long")
AT = Column(name="at", type="timestamp")


def test_a_nested_type_that_is_spelled_out_fills_in_its_parts() -> None:
    column = Column(name="items", type="array<struct<id:long not null, tags:array<string>>>")
    assert column.logical_type == "array"
    assert column.items is not None
    assert [(f.name, f.type, f.nullable) for f in column.items.fields] == [
        ("id", "bigint", False),
        ("tags", "array<string>", True),
    ]


def test_a_nested_type_is_spelled_out_from_its_parts() -> None:
    column = Column(name="items", items=Column(fields=(Column(name="id", type="long"), Column(name="b", type="date"))))
    assert column.type == "array<struct<id:bigint,b:date>>"
    assert column.logical_type == "array"


def test_parts_without_a_type_take_it_from_the_whole() -> None:
    column = Column(name="a", type="struct<x:int>", fields=(Column(name="x", description="The x."),))
    assert (column.fields[0].type, column.fields[0].description) == ("int", "The x.")


def test_a_part_that_is_only_logical_leaves_the_whole_so() -> None:
    column = Column(name="a", fields=(Column(name="x", logical_type="integer"),))
    assert (column.type, column.logical_type) == ("", "object")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "a", "type": "struct<x:int>", "fields": (Column(name="y", type="int"),)}, "its fields are y"),
        ({"name": "a", "type": "struct<x:int>", "fields": (Column(name="x", type="date"),)}, "a.x is date"),
        ({"name": "a", "type": "int", "items": Column(type="int")}, "has no items"),
        ({"name": "a", "type": "array"}, "array of nothing"),
        ({"name": "a", "fields": (ID, Column(name="ID", type="int"))}, "several fields called ID, id"),
        ({"name": "a", "typ": "int"}, "typ"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Column(**wrong)  # type: ignore[arg-type]


def test_a_type_that_there_is_none_of_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'string'"):
        Column(name="a", type="strin")
    with pytest.raises(UsageError, match="Did you mean 'integer'"):
        Column(name="a", logical_type="integr")


def test_paths_reach_into_structs_and_arrays_as_spark_writes_them() -> None:
    table = ContractTable(name="t", columns=(Column(name="a", type="array<struct<b:struct<c:int>>>"), ID))
    assert [path for path, _ in table.walk()] == ["a", "a.b", "a.b.c", "id"]
    assert table.column("a.b.c").type == "int"
    with pytest.raises(UsageError, match="column of t"):
        table.column("a.c")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"columns": (ID, Column(name="Id", type="int"))}, "several columns called Id, id"),
        ({"columns": (ID,), "rules": (NotNull(column="id"), NotNull(column="id"))}, "several rules called id_not_null"),
    ],
)
def test_a_table_says_nothing_twice(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ContractTable(name="t", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"primary_key": ("idd",)},
        {"rules": (Between(column="idd", min=0),)},
        {"rules": (Unique(columns=("at", "idd")),)},
        {"freshness": Freshness(column="idd", within=1)},
    ],
)
def test_a_promise_is_on_a_column_that_is_there(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"'idd', which is no column of it\. Did you mean 'id'"):
        ContractTable(name="t", columns=(ID, AT), **wrong)  # type: ignore[arg-type]


def test_rules_may_be_given_as_data_and_are_kept_as_a_file_has_them() -> None:
    given = [
        {"kind": "row_count", "min": 1},
        {"kind": "not_null", "column": "at"},
        {"kind": "not_null", "column": "id"},
    ]
    table = ContractTable(name="t", columns=(ID, AT), rules=given)  # type: ignore[arg-type]
    assert table.rules == (NotNull(column="id"), NotNull(column="at"), RowCount(min=1))
    with pytest.raises(UsageError, match="did you mean 'not_null'"):
        ContractTable(name="t", rules=[{"kind": "not_nul"}])  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", ""])
def test_a_version_is_semantic(version: str) -> None:
    with pytest.raises(ValidationError, match="semantic version"):
        Contract(id="c", version=version)


def test_a_pre_release_counts_as_the_release_it_leads_to() -> None:
    assert Contract(id="c", version="2.0.0-rc.1+build.5").release == (2, 0, 0)


def test_two_tables_need_names_that_the_standard_can_tell_apart() -> None:
    tables = (ContractTable(name="silver.orders"), ContractTable(name="gold.orders"))
    with pytest.raises(ValidationError, match="several tables called orders"):
        Contract(id="c", version="1.0.0", tables=tables)
    told_apart = (tables[0], ContractTable(name="gold.orders", label="gold_orders"))
    assert Contract(id="c", version="1.0.0", tables=told_apart).table("gold.orders").label == "gold_orders"


@pytest.mark.parametrize("bounds", [{}, {"min_rows": 5, "max_rows": 4}, {"min_rows": -1}])
def test_a_volume_has_bounds_that_can_be_kept(bounds: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Volume(**bounds)


@pytest.mark.parametrize(("unit", "hours"), [("minutes", 0.5), ("hours", 30), ("days", 720)])
def test_freshness_counts_in_hours(unit: str, hours: float) -> None:
    assert Freshness(column="at", within=30, unit=unit).hours == hours  # type: ignore[arg-type]


@pytest.mark.parametrize("within", [0, -1, float("nan"), float("inf")])
def test_freshness_is_a_number_above_zero(within: float) -> None:
    with pytest.raises(ValidationError):
        Freshness(column="at", within=within)


def test_a_contract_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Contract(id="c", version="1.0.0").version = "2.0.0"  # type: ignore[misc]

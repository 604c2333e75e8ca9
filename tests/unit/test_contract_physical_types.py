"""Types of other systems are kept as they are; Spark's are read in any spelling, and a slip is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, drift, dump, from_table, load, rules_of, unread
from toolkit.quality.contracts.odcs_writer import as_data
from toolkit.quality.contracts.physical import spark_type, systems_of
from toolkit.quality.spark_types import parse_type
from toolkit.store.reader import DeltaReader
from toolkit.yaml_text import read_mapping, write_mapping

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"


def text_of(column: dict[str, Any], *servers: str) -> str:
    told = [{"server": f"s{i}", "type": one} for i, one in enumerate(servers)]
    return HEAD + write_mapping({"servers": told, "schema": [{"name": "t", "properties": [{"name": "a", **column}]}]})


def column_of(column: dict[str, Any], *servers: str) -> Column:
    """A column as it is read; what is written again is what the file said."""
    text = text_of(column, *servers)
    contract = load(text)
    assert load(dump(contract)) == contract
    return contract.tables[0].columns[0]


def written(column: dict[str, Any], *servers: str) -> dict[str, Any]:
    found: dict[str, Any] = as_data(load(text_of(column, *servers)))["schema"][0]["properties"][0]
    return found


@pytest.mark.parametrize("system", ["snowflake", "postgres", "postgresql", "bigquery", "oracle", "mysql", "Redshift"])
@pytest.mark.parametrize(
    "physical", ["NUMERIC", "DECIMAL", "NUMERIC(12)", "FLOAT", "TIMESTAMP", "REAL", "ARRAY<NUMERIC>"]
)
def test_a_type_of_another_system_is_kept_as_it_is(system: str, physical: str) -> None:
    told = {"logicalType": "array" if "ARRAY" in physical else "number", "physicalType": physical}
    column = column_of(told, system)
    assert (column.type, column.extras["physicalType"]) == ("", physical)
    assert written(told, system)["physicalType"] == physical
    contract = load(text_of(told, system))
    assert rules_of(contract.tables[0]) == ()
    (sentence,) = unread(contract)
    assert sentence.startswith(f"t.a: {physical!r} is a type of {system.lower()}; only that it is")


@pytest.mark.parametrize(
    ("physical", "systems", "spark"),
    [
        ("NUMERIC", (), "decimal(10,0)"),
        ("numeric(12, 2)", ("snowflake",), "decimal(12,2)"),
        ("VARCHAR(40)", ("oracle",), "varchar(40)"),
        ("boolean", ("bigquery", "postgres"), "boolean"),
        ("BIGINT", ("postgres",), "bigint"),
        ("integer", ("mysql", "sqlserver"), "int"),
        ("BIGINT", ("snowflake",), ""),
        ("INT", ("postgres", "snowflake"), ""),
        ("DATE", ("oracle",), ""),
        ("string", ("bigquery",), ""),
        ("uuid", (), ""),
        ("double precision", (), ""),
        ("VARCHAR", (), ""),
        ("decimal(99,2)", (), ""),
        ("array", (), ""),
    ],
)
def test_a_name_that_means_the_same_in_the_other_system_is_read(
    physical: str, systems: tuple[str, ...], spark: str
) -> None:
    assert spark_type(physical, systems) == spark


@pytest.mark.parametrize(
    ("servers", "systems"),
    [
        ([{"type": "postgres"}, {"type": "snowflake"}], ("postgres", "snowflake")),
        ([{"type": "databricks"}, {"type": "snowflake"}], ()),
        ([{"type": "s3"}, {"type": "local"}, {"type": "kafka"}], ()),
        ([{"server": "x"}, 5, {"type": None}], ()),
        ("words", ()),
        (None, ()),
    ],
)
def test_whose_types_they_are_is_told_by_the_servers(servers: Any, systems: tuple[str, ...]) -> None:
    assert systems_of(servers) == systems


@pytest.mark.parametrize(
    "physical",
    [
        "NUMBER",
        "TEXT",
        "INT64",
        "INT8",
        "DATETIME",
        "TIMESTAMPTZ",
        "TIMESTAMP_TZ",
        "BYTEA",
        "NVARCHAR(20)",
        "NCHAR(2)",
        "DOUBLE PRECISION",
        "CHARACTER VARYING(20)",
        "UINTEGER",
        "JSONB",
        "MONEY",
        "VARCHAR2(20)",
        "VARCHAR",
        "ARRAY",
        "MAP",
        "TIMESTAMP WITH TIME ZONE",
        "STRUCT",
        "OBJECT",
        "NUMBER(38,0)",
        "BIT VARYING(5)",
        "uniqueidentifier",
        "[int]",
        " ",
    ],
)
def test_a_type_that_spark_does_not_have_is_kept_without_a_logical_type(physical: str) -> None:
    column = column_of({"physicalType": physical})
    assert (column.type, column.logical_type, column.extras["physicalType"]) == ("", "", physical)
    told = unread(load(text_of({"physicalType": physical})))
    assert told == (f"t.a: {physical!r} is no type of Spark's; its type is not checked.",)


@pytest.mark.parametrize(
    ("physical", "meant"),
    [("bigintt", "bigint"), ("inte", "int"), ("dat", "date"), ("Strng", "string"), ("decimall(4,2)", "decimal")],
)
def test_a_slip_of_one_letter_is_told_where_nothing_says_that_it_is_another_systems(physical: str, meant: str) -> None:
    with pytest.raises(UsageError) as told:
        load(text_of({"physicalType": physical}))
    assert f"t.a: {physical!r} is no type of Spark's. Did you mean {meant!r}?" in str(told.value)
    assert column_of({"physicalType": physical}, "trino").extras["physicalType"] == physical
    assert column_of({"physicalType": physical, "logicalType": "string"}).extras["physicalType"] == physical


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
def test_arrays_and_structs_are_read_in_any_case(spelled: Any) -> None:
    array = {"logicalType": "array", "physicalType": spelled("array"), "items": {"physicalType": "VARCHAR(20)"}}
    assert column_of(array).type == "array<varchar(20)>"
    struct = {"physicalType": spelled("struct"), "properties": [{"name": "m", "physicalType": spelled("bigint")}]}
    assert column_of(struct).type == "struct<m:bigint>"
    deep = {
        "physicalType": spelled("array"),
        "items": {"physicalType": spelled("struct"), "properties": struct["properties"]},
    }
    assert column_of(deep).type == "array<struct<m:bigint>>"


def test_a_model_takes_arrays_and_structs_in_any_case_too() -> None:
    item = Column(type="INT")
    assert Column(name="a", type="ARRAY", items=item).type == "array<int>"
    assert Column(name="a", type="Struct", fields=(Column(name="b", type="INT"),)).type == "struct<b:int>"


def test_an_array_whose_items_have_no_type_keeps_its_word_and_is_not_told_as_another_systems() -> None:
    told = {"logicalType": "array", "physicalType": "ARRAY", "items": {"logicalType": "string"}}
    assert column_of(told).type == ""
    assert written(told)["physicalType"] == "ARRAY"
    assert unread(load(text_of(told))) == ()


def test_a_whole_of_another_systems_type_is_not_spelled_out_from_its_parts() -> None:
    told = {
        "logicalType": "object",
        "physicalType": "VARIANT_X",
        "properties": [{"name": "b", "physicalType": "bigint"}],
    }
    column = column_of(told)
    assert (column.type, column.fields[0].type) == ("", "bigint")
    assert rules_of(load(text_of(told)).tables[0]) == ()


def test_parts_that_mean_the_same_are_checked_in_a_contract_of_another_system() -> None:
    told = {"logicalType": "array", "items": {"logicalType": "string", "physicalType": "VARCHAR(4)"}}
    assert column_of(told, "postgres").type == "array<varchar(4)>"
    # The type was not in the file, and there it would be one of the other system.
    assert "physicalType" not in written(told, "postgres")


MAPS: list[dict[str, Any]] = [
    {"physicalType": "map", "properties": [{"name": "x", "logicalType": "string", "required": True}]},
    {"logicalType": "object", "physicalType": "MAP<STRING, INT>", "properties": [{"name": "x", "physicalType": "int"}]},
    {"logicalType": "object", "physicalType": "MAP<VARCHAR, VARIANT>", "properties": [{"name": "x", "unique": True}]},
    {"logicalType": "map", "properties": [{"name": "x"}]},
    {
        "logicalType": "map",
        "map": {"key": {"logicalType": "string"}, "value": {"logicalType": "integer", "required": True}},
    },
    {"logicalType": "map", "physicalType": "map<string,int>", "map": {"key": {}, "value": {"items": {"enum": [1]}}}},
]


@pytest.mark.parametrize("told", MAPS)
def test_a_map_stays_a_map_whatever_is_said_of_its_keys_and_values(told: dict[str, Any]) -> None:
    column = column_of(told)
    assert column.fields == ()
    assert column.type in {"", "map<string,int>"}
    again = written(told)
    for name in ("map", "properties"):
        assert again.get(name) == told.get(name)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            MAPS[0],
            "t.a.properties.x: required is kept, but not checked: the keys and values of maps are not looked into.",
        ),
        (MAPS[2], "t.a.properties.x: unique is kept, but not checked"),
        (MAPS[4], "t.a.map.value: required is kept, but not checked"),
        (MAPS[5], "t.a.map.value.items: enum is kept, but not checked"),
    ],
)
def test_what_is_said_of_the_keys_and_values_of_a_map_is_told_as_not_checked(
    told: dict[str, Any], sentence: str
) -> None:
    assert sentence in "\n".join(unread(load(text_of(told))))


@pytest.fixture
def stored(tmp_path: Path) -> DeltaReader:
    """A table with a map, a struct, and a column of nothing but null, as Spark writes one."""
    table = pa.table({"a": pa.array([[("x", 1)]], pa.map_(pa.string(), pa.int32())), "s": [{"x": "y"}]})
    write_deltalake(tmp_path / "t", table)
    log = tmp_path / "t" / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            schema["fields"].append({"name": "phone", "type": "void", "nullable": True, "metadata": {}})
            action["metaData"]["schemaString"] = json.dumps(schema)
    log.write_text("".join(json.dumps(action) + "\n" for action in actions))
    return DeltaReader(tmp_path / "t", "t")


@pytest.mark.parametrize("told", MAPS)
def test_a_struct_is_no_map(told: dict[str, Any], stored: DeltaReader) -> None:
    others = [{"name": "phone"}, {"name": "s"}]
    kept = load(HEAD + write_mapping({"schema": [{"name": "t", "properties": [{"name": "a", **told}, *others]}]}))
    assert drift(kept.tables[0], stored) == ()
    others[1] = {"name": "a"}
    broken = load(HEAD + write_mapping({"schema": [{"name": "t", "properties": [{"name": "s", **told}, *others]}]}))
    assert [(one.kind, one.column) for one in drift(broken.tables[0], stored)] == [("type", "s")]


def test_a_column_of_nothing_but_null_can_be_drafted_and_the_draft_is_kept(stored: DeltaReader) -> None:
    draft = from_table(stored)
    assert [(column.name, column.type) for column in draft.tables[0].columns][-1] == ("phone", "void")
    assert load(dump(draft)) == draft
    assert drift(load(dump(draft)).tables[0], stored) == ()
    later = load(dump(draft).replace("physicalType: void", "physicalType: string"))
    assert [str(one) for one in drift(later.tables[0], stored)] == ["phone is void, not string."]


def test_void_is_a_type_inside_others_too() -> None:
    assert parse_type("ARRAY<VOID>").text == "array<void>"
    assert (parse_type("void").logical, parse_type("struct<a:void>").logical) == ("", "object")


def test_the_types_that_were_read_are_written_where_the_standard_has_them() -> None:
    told = {"logicalType": "number", "physicalType": "NUMERIC", "required": True, "businessName": "A"}
    assert list(written(told, "postgres")) == ["name", "logicalType", "physicalType", "required", "businessName"]
    assert read_mapping(dump(load(text_of(told, "postgres")))) == as_data(load(text_of(told, "postgres")))

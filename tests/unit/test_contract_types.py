"""Spark's types as text: every spelling is read, written in one, and compared as a reader of the values would."""

from __future__ import annotations

import pytest

from toolkit.errors import UsageError
from toolkit.quality.spark_types import DEEPEST, LOGICAL, LOGICAL_TYPES, from_json, parse_type, width


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("LONG", "bigint"),
        ("Integer", "int"),
        ("byte", "tinyint"),
        ("short", "smallint"),
        ("real", "float"),
        ("numeric(12, 3)", "decimal(12,3)"),
        ("decimal", "decimal(10,0)"),
        ("DECIMAL( 5 )", "decimal(5,0)"),
        ("varchar(18)", "varchar(18)"),
        ("timestamp_ltz", "timestamp"),
        ("timestamp_ntz", "timestamp_ntz"),
        ("time", "time(6)"),
        ("interval day to second", "interval day to second"),
        ("INTERVAL YEAR  TO MONTH", "interval year to month"),
        (" array < string > ", "array<string>"),
        ("map<STRING, array<int>>", "map<string,array<int>>"),
        ("struct<a:int,b:struct<c:string>>", "struct<a:int,b:struct<c:string>>"),
        ("STRUCT<a INT, b: STRING NOT NULL>", "struct<a:int,b:string>"),
        ("struct<`a b`:int,`c,d`:int,`e``f`:int>", "struct<a b:int,`c,d`:int,`e``f`:int>"),
        ("struct<a b:int>", "struct<a b:int>"),
        ("struct<straße:string>", "struct<straße:string>"),
        ("struct<>", "struct<>"),
    ],
)
def test_every_spelling_becomes_one_that_is_read_back(written: str, spelled: str) -> None:
    assert parse_type(written).text == spelled
    assert parse_type(spelled) == parse_type(parse_type(spelled).text)


def test_a_field_that_is_never_null_is_known_as_such() -> None:
    assert [field.nullable for field in parse_type("struct<a:int not null,b:int>").fields] == [False, True]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("strng", "Did you mean 'string'?"),
        ("", "there is no type ''"),
        ("array", "'<' is missing"),
        ("array<int", "'>' is missing"),
        ("map<string>", "',' is missing"),
        ("int int", "'int' follows it"),
        ("decimal(39,2)", "1 to 38 digits"),
        ("decimal(4,5)", "1 to 38 digits"),
        ("decimal(0)", "1 to 38 digits"),
        ("varchar", "varchar needs a length"),
        ("char(0)", "char needs a length"),
        ("struct<int>", "a field of a struct is missing"),
        ("struct<a:int b:int>", "',' is missing"),
        ("struct<a:int,>", "a field of a struct is missing"),
        ("array<" * (DEEPEST + 1), "lie inside each other"),
        ("array<" * 100_000, "lie inside each other"),
    ],
)
def test_what_is_no_type_is_refused_with_the_reason(wrong: str, reason: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_type(wrong)
    assert reason in str(told.value)


def test_every_type_has_a_logical_one_of_the_standard() -> None:
    assert set(LOGICAL.values()) <= set(LOGICAL_TYPES)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("int", "int", "same"),
        ("tinyint", "bigint", "wider"),
        ("bigint", "int", "narrower"),
        ("float", "double", "wider"),
        ("double", "float", "narrower"),
        ("decimal(10,2)", "decimal(12,2)", "wider"),
        ("decimal(10,2)", "decimal(12,4)", "wider"),
        ("decimal(10,2)", "decimal(10,4)", "other"),
        ("decimal(10,2)", "decimal(8,2)", "narrower"),
        ("decimal(10,2)", "decimal(10,1)", "other"),
        ("int", "double", "other"),
        ("int", "decimal(10,0)", "other"),
        ("date", "timestamp", "other"),
        ("timestamp", "timestamp_ntz", "other"),
        ("varchar(5)", "varchar(9)", "wider"),
        ("varchar(5)", "string", "wider"),
        ("string", "varchar(5)", "narrower"),
        ("char(5)", "varchar(5)", "other"),
        ("string", "int", "other"),
        ("map<string,int>", "map<string,bigint>", "other"),
    ],
)
def test_a_type_is_wider_when_it_holds_all_values_in_the_same_form(old: str, new: str, verdict: str) -> None:
    assert width(parse_type(old), parse_type(new)) == verdict


def test_a_schema_in_json_is_the_same_type() -> None:
    inner = {"type": "struct", "fields": [{"name": "a,b", "type": "long", "nullable": False, "metadata": {}}]}
    declared = {"type": "map", "keyType": "string", "valueType": {"type": "array", "elementType": inner}}
    assert from_json(declared) == parse_type("map<string,array<struct<`a,b`:bigint not null>>>")
    assert from_json({"type": "udt", "sqlType": "double"}).text == "double"


def test_text_of_limited_length_is_stored_as_text() -> None:
    assert parse_type("struct<a:varchar(3),b:array<char(2)>>").stored.text == "struct<a:string,b:array<string>>"

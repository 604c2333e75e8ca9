"""What a contract says of values: a rule that fits its column, or a sentence with the reason why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, dump, load, page, rules_of, unread
from toolkit.quality.contracts.elements import family_of
from toolkit.quality.contracts.patterns import Untranslatable, in_java
from toolkit.quality.contracts.physical import spark_type
from toolkit.quality.rules import (
    Between,
    Decimals,
    Each,
    EachReferences,
    Email,
    HasSchema,
    Holds,
    IpAddress,
    Length,
    Matches,
    NotNull,
    OneOf,
    References,
    ReferencesTogether,
    RowCount,
    Rule,
    Size,
    Unique,
    Uuid,
)
from toolkit.yaml_text import write_mapping

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"


def contract_of(*columns: dict[str, Any], **table: Any) -> Contract:
    return load(HEAD + write_mapping({"schema": [{"name": "t", "properties": list(columns), **table}]}))


def said(column: dict[str, Any]) -> tuple[list[Rule], list[str]]:
    """The rules on a column, but for its type, and what is told as not checked."""
    contract = contract_of({"name": "a", **column})
    assert load(dump(contract)) == contract
    rules = [rule for rule in rules_of(contract.tables[0], contract) if not isinstance(rule, HasSchema)]
    return rules, list(unread(contract))


def options(logical: str, physical: str = "", **given: Any) -> dict[str, Any]:
    told = {"logicalType": logical, "logicalTypeOptions": given}
    return {**told, "physicalType": physical} if physical else told


# --- options that are rules


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        (options("integer", minimum=18, maximum=120), Between(name="a_between", column="a", min=18, max=120)),
        (
            options("integer", exclusiveMinimum=0, exclusiveMaximum=10),
            Between(name="a_between", column="a", min=1, max=9),
        ),
        (options("integer", minimum=0.5, maximum=9.5), Between(name="a_between", column="a", min=1, max=9)),
        (options("integer", exclusiveMinimum=0.5), Between(name="a_between", column="a", min=1)),
        (options("integer", minimum=3, exclusiveMinimum=3), Between(name="a_between", column="a", min=4)),
        (options("integer", exclusiveMaximum=9.5), Between(name="a_between", column="a", max=9)),
        (options("number", minimum=0.5), Between(name="a_between", column="a", min=0.5)),
        (options("number", "decimal(5,0)", exclusiveMaximum=3), Between(name="a_between", column="a", max=2)),
        (options("date", minimum="2020-01-01"), Between(name="a_between", column="a", min="2020-01-01")),
        (
            options("date", "date", exclusiveMinimum="2019-12-31"),
            Between(name="a_between", column="a", min="2020-01-01"),
        ),
        (options("date", exclusiveMaximum="2020-03-01"), Between(name="a_between", column="a", max="2020-02-29")),
        (
            options("timestamp", maximum="2020-01-01T10:00:00Z"),
            Between(name="a_between", column="a", max="2020-01-01T10:00:00Z"),
        ),
        (options("string", minLength=4, maxLength=6), Length(name="a_length", column="a", min=4, max=6)),
        (options("string", maxLength=0), Length(name="a_length", column="a", max=0)),
        (options("string", pattern="^[0-9A-Z]+$"), Matches(name="a_pattern", column="a", pattern="^[0-9A-Z]+$")),
        (options("string", format="email"), Email(name="a_format", column="a")),
        (options("string", format="uuid"), Uuid(name="a_format", column="a")),
        (options("string", format="ipv4"), IpAddress(name="a_format", column="a")),
        (options("integer", format="u8"), Between(name="a_format", column="a", min=0, max=255)),
        (options("integer", format="i16"), Between(name="a_format", column="a", min=-32768, max=32767)),
        (options("integer", format="u128"), Between(name="a_format", column="a", min=0)),
        (options("array", minItems=1, maxItems=3), Size(name="a_size", column="a", min=1, max=3)),
        ({"logicalType": "string", "enum": ["gold", "tin"]}, OneOf(name="a_enum", column="a", values=("gold", "tin"))),
        (
            {"logicalType": "integer", "enum": [{"value": 1, "label": "One"}, {"value": None}, {"value": 2}]},
            OneOf(name="a_enum", column="a", values=(1, 2)),
        ),
        ({"logicalType": "string", "unique": True}, Unique(name="a_unique", columns=("a",))),
    ],
)
def test_an_option_is_the_rule_that_says_the_same(column: dict[str, Any], rule: Rule) -> None:
    rules, told = said(column)
    assert [found.model_copy(update={"description": ""}) for found in rules] == [
        rule.model_copy(update={"description": ""})
    ]
    assert told == []


@pytest.mark.parametrize(
    ("column", "condition"),
    [
        (options("number", exclusiveMinimum=0), "`a` > 0 AND NOT isnan(`a`)"),
        (options("number", exclusiveMinimum=0, exclusiveMaximum=0.1), "`a` > 0 AND `a` < 0.1BD"),
        (options("number", "double", minimum=-2.5, exclusiveMaximum=1), "`a` >= -2.5BD AND `a` < 1"),
        (options("timestamp", exclusiveMaximum="2020-01-01 10:00:00"), "`a` < '2020-01-01 10:00:00'"),
        (options("integer", multipleOf=5), "`a` % 5 = 0"),
        (options("number", "double", multipleOf=5.0), "`a` % 5.0BD = 0"),
        (options("number", "decimal(10,2)", multipleOf=0.25), "`a` % 0.25BD = 0"),
        (options("array", uniqueItems=True), "size(array_distinct(`a`)) = size(`a`)"),
    ],
)
def test_a_bound_that_is_not_allowed_itself_is_a_condition_of_its_own(column: dict[str, Any], condition: str) -> None:
    (rule,), told = said(column)
    assert (type(rule), rule.conditions, rule.columns, told) == (Holds, (condition,), ("a",), [])


def test_a_multiple_of_a_hundredth_has_two_places() -> None:
    (rule,), _ = said(options("number", multipleOf=0.01))
    assert isinstance(rule, Decimals)
    assert rule.places == 2


@pytest.mark.parametrize(
    ("column", "trivial"),
    [
        (options("string", minLength=0), True),
        (options("array", minItems=0, uniqueItems=False), True),
        (options("integer", format="i128"), True),
        (options("number", "double", format="f64"), True),
        (options("number", "float", format="f32"), True),
        (options("string"), True),
        (options("number", "double", format="f32"), False),
        (options("number", format="f64"), False),
    ],
)
def test_what_every_value_keeps_needs_no_rule_and_no_word(column: dict[str, Any], trivial: bool) -> None:
    rules, told = said(column)
    assert (rules, told == []) == ([], trivial)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (
            options("string", minimum=1),
            "t.a: minimum is kept, but not checked: it does not fit a column that is string.",
        ),
        (options("integer", pattern="^a$"), "t.a: pattern is kept, but not checked: it does not fit"),
        (options("integer", "string", maximum=9), "it does not fit a column that is string"),
        (options("string", "binary", maxLength=9), "it does not fit a column that is binary"),
        (options("time", minimum="08:00"), "it does not fit a column that is time"),
        (options("object", minProperties=1), "there is no rule for minProperties"),
        (options("timestamp", timezone=True), "there is no rule for timezone"),
        (options("vector", dimensions=3), "there is no rule for dimensions"),
        (options("integer", minimum="18"), "minimum is '18', which is no number"),
        (options("integer", maximum=True), "maximum is True, which is no number"),
        (options("integer", minimum=10**40), "which is no number that can be compared"),
        (options("number", maximum=float("nan")), "which is no number that can be compared"),
        (options("integer", minimum=9, maximum=3), "min 9 is above max 3"),
        (options("string", minLength=9, maxLength=3), "min 9 is above max 3"),
        (options("string", maxLength=-1), "maxLength is -1, which is no number of characters"),
        (options("string", maxLength="9"), "maxLength is '9', which is no number of characters"),
        (options("array", maxItems=1.5), "maxItems is 1.5, which is no number of items"),
        (options("date", minimum="01.02.2020"), "which is no date or time that is written as in ISO 8601"),
        (options("date", minimum="2020-02-30"), "which is no date or time"),
        (options("date", minimum="2020-01-01T10:00:00"), "the column holds days without a time"),
        (options("date", minimum=20200101), "which is no date or time"),
        (options("date", exclusiveMaximum="0001-01-01"), "no day lies beyond 0001-01-01"),
        (
            options("timestamp", "timestamp_ntz", minimum="2020-01-01T10:00:00Z"),
            "the column holds times without a zone",
        ),
        (options("date", format="yyyy-MM-dd"), "a date is stored without a written form"),
        (options("string", format="uri"), "there is no rule for the format 'uri'"),
        (options("string", format="password"), "there is no rule for the format 'password'"),
        (options("integer", format="i99"), "there is no rule for the format 'i99'"),
        (options("number", "double", format="i32"), "the format 'i32' is one of whole numbers"),
        (options("string", pattern="[0-9]+"), "the standard leaves open whether it has to match the whole text"),
        (options("string", pattern="^a|b$"), "| stands within it"),
        (options("string", pattern="^(a$"), "its brackets do not match"),
        (options("string", pattern=5), "it is 5, which is no text"),
        (options("number", multipleOf=0.3), "can be told of whole numbers and decimals only"),
        (options("integer", multipleOf=0), "nothing is a multiple of that"),
        (options("integer", multipleOf=-5), "nothing is a multiple of that"),
        (options("integer", surprise=1), "there is no rule for surprise"),
        ({"logicalTypeOptions": {"minimum": 1}}, "the contract does not say of which type the column is"),
        ({"logicalType": "integer", "enum": ["x"]}, "its values do not fit a column that is integer"),
        ({"logicalType": "string", "enum": [1, "x"]}, "its values do not fit a column that is string"),
        ({"logicalType": "string", "enum": [{"label": "x"}]}, "its entries have no values that can be compared"),
        ({"logicalType": "string", "enum": [{"value": [1]}]}, "its entries have no values that can be compared"),
        ({"logicalType": "number", "enum": [float("inf")]}, "is larger than any number here"),
        ({"physicalType": "map<string,int>", "unique": True}, "cannot be told apart"),
        ({"physicalType": "map<string,int>", "primaryKey": True}, "cannot be told apart"),
        (options("array", "array<map<string,int>>", uniqueItems=True), "cannot be told apart"),
    ],
)
def test_what_has_no_rule_is_told_with_its_place_and_the_reason(column: dict[str, Any], reason: str) -> None:
    rules, told = said(column)
    assert [rule for rule in rules if not isinstance(rule, NotNull)] == []
    assert len(told) == 1
    assert "kept, but not checked: " in told[0]
    assert reason in told[0]


# --- every option on every type


LOGICAL = (
    "string",
    "date",
    "timestamp",
    "time",
    "number",
    "integer",
    "object",
    "array",
    "boolean",
    "map",
    "vector",
    "",
)
PHYSICAL = (
    *(
        "",
        "string",
        "varchar(4)",
        "binary",
        "int",
        "bigint",
        "float",
        "double",
        "decimal(10,2)",
        "decimal(38,0)",
        "boolean",
    ),
    *("date", "timestamp", "timestamp_ntz", "time", "void", "variant", "interval day to second", "uuid", "NUMBER(9)"),
    *("array<int>", "array<string>", "array<map<string,int>>", "map<string,int>", "struct<x:int>", "array<array<int>>"),
)
OPTIONS: tuple[tuple[str, Any], ...] = (
    *(
        (name, value)
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        for value in (0, 2.5, "2020-01-01")
    ),
    *(("multipleOf", value) for value in (5, 0.01, 0.3, "5")),
    *((name, value) for name in ("minLength", "maxLength", "minItems", "maxItems") for value in (3, "x")),
    *(("pattern", value) for value in ("^a+$", "a", "^(", "^[[]$")),
    *(("format", value) for value in ("email", "ipv6", "i32", "u64", "f32", "yyyy-MM-dd", None, 7)),
    *(("uniqueItems", value) for value in (True, "yes")),
    *(("enum", value) for value in (["a"], [1, 2.5], [True], ["2020-01-01"], [1, "a"], [], [{"value": 1}])),
    *(("unique", True), ("required", True), ("timezone", True), ("dimensions", 3), ("novelty", 1)),
)


def column_with(number: int, logical: str, physical: str, name: str, value: Any) -> Column:
    """A column as `load` reads it."""
    given: dict[str, Any] = {name: value} if name == "enum" else {"logicalTypeOptions": {name: value}}
    flags: dict[str, Any] = {"unique": name == "unique", "nullable": name != "required"}
    extras = {} if name in {"unique", "required"} else given
    type_ = spark_type(physical)
    kept = {"physicalType": physical} if physical and not type_ else {}
    return Column(name=f"c{number}", type=type_, logical_type=logical, extras={**extras, **kept}, **flags)


def says_nothing(column: Column, name: str, value: Any) -> bool:
    """Whether every value of the column keeps it, or the file leaves it out."""
    trivial = family_of(column) == "number" and (name, str(value)) == ("format", "f32") and column.type == "float"
    return value in (None, "yes", []) or trivial


@pytest.mark.parametrize("logical", LOGICAL)
def test_each_option_on_each_type_is_a_rule_that_fits_or_is_told(logical: str) -> None:
    cases = [(physical, name, value) for physical in PHYSICAL for name, value in OPTIONS]
    table = ContractTable(name="t", columns=tuple(column_with(i, logical, *case) for i, case in enumerate(cases)))
    contract = Contract(id="c", version="1.0.0", tables=(table,))
    told = unread(contract)
    rules: dict[str, list[Rule]] = {}
    for rule in rules_of(table, contract):
        if not isinstance(rule, HasSchema):
            rules.setdefault(rule.columns[0], []).append(rule)
    sentences: dict[str, list[str]] = {}
    for sentence in told:
        sentences.setdefault(sentence.split(": ")[0], []).append(sentence)
    for column, case in zip(table.columns, cases, strict=True):
        _, name, value = case
        # The length of a varchar is a rule of its own.
        found = [one for one in rules.get(column.name, []) if not (isinstance(one, Length) and one.max == 4)]
        mentioned = [one for one in sentences.get(f"t.{column.name}", []) if f": {name} " in one]
        assert bool(found) is not bool(mentioned) or says_nothing(column, name, value), (case, found, mentioned)
        for rule in found:
            # As far as the contract says what the column holds, the rule can judge it.
            wanted, family = rule.column_families().get(rule.columns[0]), family_of(column)
            assert not wanted or family is None or family in wanted, (case, rule)


# --- inside structs and arrays


def test_what_is_said_inside_a_struct_is_asked_where_the_struct_is_there() -> None:
    inner = {"name": "age", **options("integer", minimum=1), "enum": [1, 2], "relationships": [{"to": "o.age"}]}
    rules, _ = said({"logicalType": "object", "properties": [inner]})
    assert [(rule.kind, rule.columns, rule.where) for rule in rules] == [
        ("one_of", ("a.age",), "`a` IS NOT NULL"),
        ("between", ("a.age",), "`a` IS NOT NULL"),
        ("references", ("a.age",), "`a` IS NOT NULL"),
    ]


def test_what_is_said_of_the_items_of_an_array_is_asked_of_each() -> None:
    item = {"logicalType": "object", "properties": [{"name": "sku", **options("string", minLength=2, pattern="^a.$")}]}
    rules, told = said({"logicalType": "array", "items": item})
    conditions = [getattr(rule, "condition", "") for rule in rules]
    assert conditions[0] == "`item` IS NULL OR length(`item`.`sku`) >= 2"
    assert conditions[1].startswith("`item` IS NULL OR `item`.`sku` RLIKE '\\\\A(?:^a[^")
    assert {type(rule) for rule in rules} == {Each}
    assert told == []


def test_numbers_and_values_of_items_are_asked_of_each() -> None:
    rules, told = said(
        {"logicalType": "array", "items": {**options("number", minimum=0, maximum=2.5), "enum": [1, 2.5]}}
    )
    assert [getattr(rule, "condition", "") for rule in rules] == [
        "`item` IN (1, 2.5BD)",
        "`item` >= 0 AND `item` <= 2.5BD",
    ]
    assert told == []


def test_a_bound_in_another_time_zone_is_told() -> None:
    rules, told = said(options("timestamp", minimum="2020-01-01T10:00:00", defaultTimezone="Asia/Tokyo"))
    assert (rules, len(told)) == ([], 2)
    assert "in the time zone Asia/Tokyo, which only UTC can stand for here" in told[0]


def test_unique_inside_an_array_is_checked_in_each_and_not_across_the_rows_which_is_told() -> None:
    rules, told = said({"logicalType": "array", "items": {"logicalType": "string", "unique": True}})
    assert [rule.conditions for rule in rules] == [
        ("size(array_distinct(filter(`a`, item -> item IS NOT NULL))) = size(filter(`a`, item -> item IS NOT NULL))",)
    ]
    assert told == ["t.a[]: unique is kept, but not checked: it is checked within each array, not across the rows."]


def test_an_array_inside_an_array_is_told() -> None:
    deep = {
        "logicalType": "array",
        "items": {"required": True, **options("integer", minimum=1), "enum": [1], "unique": True},
    }
    rules, told = said({"logicalType": "array", "items": deep})
    assert rules == []
    assert {sentence.split(":")[1].split()[0] for sentence in told} == {"required", "minimum", "enum", "unique"}
    assert all(sentence.startswith("t.a[][]: ") for sentence in told)


# --- relationships


def shop(*relationships: dict[str, Any], **column: Any) -> Contract:
    """Orders that refer to customers; both have other names in the table than in the standard."""
    zipcode = {"name": "zip", "logicalType": "string"}
    customers = {
        "id": "customers_tbl",
        "name": "customers",
        "physicalName": "silver.customers",
        "properties": [
            {"id": "cust_id", "name": "id", "physicalName": "customer_id", "logicalType": "integer"},
            {
                "name": "address",
                "logicalType": "object",
                "properties": [{"id": "zip_id", "name": "zip", "logicalType": "string"}],
            },
        ],
    }
    buyer = {"name": "buyer", "logicalType": "integer", **column}
    orders = {
        "name": "orders",
        "physicalName": "silver.orders",
        "properties": [buyer, zipcode],
        "relationships": [one for one in relationships if "from" in one],
    }
    at_column = [one for one in relationships if "from" not in one]
    buyer.update({"relationships": at_column} if at_column else {})
    return load(HEAD + write_mapping({"schema": [orders, customers]}))


def referring(contract: Contract) -> tuple[Rule, ...]:
    return rules_of(contract.tables[0], contract)


@pytest.mark.parametrize(
    "to",
    [
        *("customers.id", "Customers.ID", ["customers.id"]),
        *("schema/customers_tbl/properties/cust_id", "/schema/customers_tbl/properties/cust_id"),
    ],
)
def test_a_relationship_is_a_reference_to_the_column_as_the_table_has_it(to: Any) -> None:
    contract = shop({"to": to})
    assert referring(contract) == (
        References(name="buyer_reference", column="buyer", to="customers", key="customer_id"),
    )
    assert unread(contract) == ()


def test_a_relationship_reaches_into_a_struct() -> None:
    contract = shop({"from": "orders.zip", "to": "customers.address.zip"})
    assert referring(contract) == (References(name="zip_reference", column="zip", to="customers", key="address.zip"),)


def test_several_columns_refer_together() -> None:
    contract = shop({"from": ["orders.buyer", "orders.zip"], "to": ["customers.id", "customers.address.zip"]})
    assert referring(contract) == (
        ReferencesTogether(
            name="buyer_zip_reference", columns=("buyer", "zip"), to="customers", keys=("customer_id", "address.zip")
        ),
    )


def test_the_items_of_an_array_refer_each() -> None:
    column = {"logicalType": "array", "items": {"logicalType": "integer", "relationships": [{"to": "o.id"}]}}
    (rule,), told = said(column)
    assert rule == EachReferences(name="a_item_reference", column="a", to="o", key="id")
    inner = {"logicalType": "object", "properties": [{"name": "sku", "relationships": [{"to": "o.id"}]}]}
    (rule,), told = said({"logicalType": "array", "items": inner})
    assert rule == EachReferences(name="a_item_sku_reference", column="a.sku", to="o", key="id")
    assert told == ["t.a[].sku: the relationship to o.id is checked only where that table is named: --ref o=TABLE."]


@pytest.mark.parametrize(
    ("relationship", "reason"),
    [
        ({"to": "customers.nobody"}, "silver.customers has no column 'nobody'"),
        ({"to": "customers"}, "'customers' names a table, but no column"),
        ({"to": "other.yaml#customers.id"}, "it refers to another contract"),
        ({"to": "https://example.org/c.yaml#/schema/t/properties/x"}, "it refers to another contract"),
        ({"to": "schema/nobody/properties/x"}, "no table of this contract has the id 'nobody'"),
        ({"to": "schema/customers_tbl"}, "is no reference to a column"),
        ({"to": ["customers.id", "customers.zip"]}, "it names 2 columns for one"),
        ({"to": 5}, "it does not say to which column"),
        ({}, "it does not say to which column"),
        ({"to": "customers.id", "type": "inheritance"}, "there is no rule for the type 'inheritance'"),
        ({"to": "customers.address.zip"}, "buyer is integer, and address.zip of customers is not of that sort"),
        ({"from": ["orders.buyer"], "to": ["customers.id", "customers.id"]}, "it names 1 columns here and 2 there"),
        ({"from": "customers.id", "to": "orders.buyer"}, "its columns are not all of this table"),
        ({"from": "orders.nobody", "to": "customers.id"}, "silver.orders has no column 'nobody'"),
    ],
)
def test_a_relationship_that_cannot_be_checked_is_told(relationship: dict[str, Any], reason: str) -> None:
    contract = shop(relationship)
    assert referring(contract) == ()
    (sentence,) = unread(contract)
    assert "the relationship to" in sentence
    assert reason in sentence


# --- rules of the contract itself


def test_a_rule_of_the_contract_that_does_not_fit_its_column_is_told() -> None:
    ours = {"type": "custom", "engine": "lakehouse-toolkit", "implementation": {"kind": "email"}}
    contract = contract_of(
        {"name": "a", "physicalType": "int", "quality": [ours, {"metric": "nullValues", "mustBe": 0}]}
    )
    assert [rule.kind for rule in rules_of(contract.tables[0])] == ["has_schema", "not_null"]
    assert unread(contract) == ("t: the rule a_email is kept, but not checked: email cannot judge a, which is int.",)


def test_an_entry_of_others_that_does_not_fit_its_column_is_told() -> None:
    listed = {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["x"]}}
    contract = contract_of({"name": "a", "physicalType": "int", "quality": [listed]})
    assert "t.a: invalidValues is kept, but not checked: one_of cannot judge a, which is int." in unread(contract)
    freshness = ContractTable(
        name="t", columns=(Column(name="at", type="int"),), freshness=Freshness(column="at", within=1)
    )
    told = unread(Contract(id="c", version="1.0.0", tables=(freshness,)))
    assert told == ("t.at: the freshness is kept, but not checked: freshness cannot judge at, which is int.",)


def test_a_rule_takes_the_place_of_one_that_says_the_same_only() -> None:
    between = Between(column="a", min=0, severity="warn")
    column = Column(name="a", logical_type="integer", extras={"logicalTypeOptions": {"minimum": 18}})
    rules = rules_of(ContractTable(name="t", columns=(column,), rules=(between,)))
    assert [(rule.kind, getattr(rule, "min", None)) for rule in rules] == [("between", 18), ("between", 0)]
    same = Between(column="A", min=18, severity="warn")
    assert rules_of(ContractTable(name="t", columns=(column,), rules=(same,))) == (same,)


def test_the_page_has_what_is_checked_and_what_is_not() -> None:
    written = page(shop({"to": "customers.id"}, logicalTypeOptions={"minimum": 1, "novelty": 2}))
    assert "| `buyer_between` | buyer is at least 1. |" in written
    assert "Every buyer is a customer\\_id of customers." in written
    assert "- silver.orders.buyer: novelty is kept, but not checked: there is no rule for novelty." in written


# --- regular expressions


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        ("^$", "^$"),
        ("^[0-9]{5}$", "^[0-9]{5}$"),
        ("^(a|b){1,3}?$", "^(a|b){1,3}?$"),
        (r"^(?=.*\d)(?!x).{8,}$", r"^(?=[^\n\r\x{2028}\x{2029}]*\d)(?!x)[^\n\r\x{2028}\x{2029}]{8,}$"),
        (r"^(?<year>\d{4})$", r"^(\d{4})$"),
        (r"^[a-z\d_-]$", r"^[a-z\d_\-]$"),
        ("^[[&&~]$", r"^[\[\&\&\~]$"),
        ("^[^a-c]$", "^[^a-c]$"),
        (r"^\v\0\x41\u0041\/\.$", r"^\x0B\x00\x41\u0041\/\.$"),
        ("^a]}$", r"^a\]\}$"),
        (r"^\\$", r"^\\$"),
    ],
)
def test_a_pattern_is_written_in_javas_dialect(pattern: str, java: str) -> None:
    assert in_java(pattern) == java


@pytest.mark.parametrize(
    "pattern",
    [
        "a",
        "^a",
        "a$",
        r"^a\$",
        "^a|b$",
        "^(^a)$",
        "^(a$|b)$",
        r"^\bx$",
        r"^(a)\1$",
        r"^\p{L}$",
        r"^\Qa\E$",
        "^(?i)a$",
        "^(?<=a)b$",
        "^(?>a)$",
        "^a*+$",
        "^a++$",
        "^*a$",
        "^{2}$",
        "^a{2,1}$",
        "^a{1000000}$",
        "^[]$",
        "^[^]$",
        "^[a$",
        r"^[\d-x]$",
        "^[a-c-e]$",
        r"^[\S]$",
        "^(a$",
        "^a)$",
        "^a)($",
        r"^\cA$",
        "^(?P<x>a)$",
        "^(?",
        "^(?:$",
        "^",
        "$",
        "",
    ],
)
def test_a_pattern_that_means_something_else_in_java_is_not_translated(pattern: str) -> None:
    with pytest.raises(Untranslatable):
        in_java(pattern)


def test_a_metric_with_a_pattern_is_read_in_the_same_way() -> None:
    entry = {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": r"^\s$"}}
    contract = contract_of({"name": "a", "logicalType": "string", "quality": [entry]})
    (rule,) = rules_of(contract.tables[0])
    assert isinstance(rule, Matches)
    assert r"\x{feff}" in rule.pattern
    own = Matches(column="a", pattern=r"^\s$")
    again = Contract(id="c", version="1.0.0", tables=(ContractTable(name="t", rules=(own, RowCount(min=1))),))
    assert load(dump(again)) == again

"""Contracts as YAML of the standard: what goes out comes back, what others wrote is kept, what is wrong is named."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume, dump, load, unread
from toolkit.quality.contracts.odcs_writer import as_data
from toolkit.quality.contracts.quality_entries import ENGINE, entry_of, foreign_rules, rule_of
from toolkit.quality.rules import (
    Between,
    Email,
    Expression,
    Holds,
    Matches,
    NoneOf,
    NotBlank,
    NotNull,
    OneOf,
    RowCount,
    Rule,
    Unique,
)
from toolkit.yaml_text import DEEPEST, MOST_BYTES, read_mapping, write_mapping

GUIDE = Path(__file__).parents[2] / "docs" / "contracts.md"

COLUMNS = (
    Column(name="order_id", type="long", nullable=False, description="The number: it never changes."),
    Column(name="email", type="varchar(80)", classification="restricted", examples=("a@example.org", 7, None)),
    Column(name="amount", type="decimal(10,2)", tags=("money", "no")),
    Column(name="ordered_at", type="timestamp", unique=True),
    Column(name="items", type="array<struct<product_id:string not null,price:double>>"),
    Column(name="address", type="struct<city:string,zip:string not null>"),
    Column(name="flags", type="map<string,boolean>"),
    Column(name="anything"),
    Column(name="whole", logical_type="integer"),
)
FULL = Contract(
    id="shop-orders",
    name="Orders",
    version="1.4.0-rc.1",
    status="active",
    owner="Shop data",
    domain="sales",
    description="What was ordered.\nBy whom.",
    usage="Reports: daily.",
    limitations="'Unpaid' is not in it # really",
    tags=("shop", "NO"),
    tables=(
        ContractTable(
            name="silver.orders",
            description="One order.",
            columns=COLUMNS,
            primary_key=("order_id", "ordered_at"),
            freshness=Freshness(column="ordered_at", within=1.5, unit="days"),
            volume=Volume(min_rows=1, max_rows=1000),
            tags=("t",),
            rules=(
                RowCount(min=1, name="some_rows"),
                Unique(columns=("email", "ordered_at")),
                Unique(columns=("order_id",)),
                NotNull(column="amount", tolerance=0.005, severity="warn", tags=("a", "b")),
                NotNull(column="email", where="amount > 0"),
                NotBlank(column="email", owner="Shop"),
                Between(column="amount", min=0, max=9999.5, tolerance="99.5% of rows"),  # type: ignore[arg-type]
                OneOf(column="address.city", values=("NO", "yes", "2020-01-01", "null", "1")),
                NoneOf(column="address.city", values=("n/a",)),
                Matches(column="address.zip", pattern="^[0-9]{5}$"),
                Matches(column="address.zip", pattern="[0-9]+|x", name="digits"),
                Email(column="email", description="It looks like an address.", dimension="accuracy"),
                Holds(condition="amount > 0 OR email IS NULL", name="paid"),
            ),
        ),
        ContractTable(name="gold.days", volume=Volume(max_rows=366), freshness=Freshness(column="day", within=2)),
    ),
)


def test_a_contract_survives_being_written_down() -> None:
    assert load(dump(FULL)) == FULL


def test_a_contract_survives_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(dump(FULL), encoding="utf-8")
    assert load(file) == FULL


@pytest.mark.parametrize("api_version", ["v3.0.0", "v3.0.2", "v3.1.0", "v3.2.0"])
def test_the_owner_survives_in_every_version_of_the_standard(api_version: str) -> None:
    contract = Contract(id="c", version="1.0.0", owner="a@example.org", api_version=api_version)
    assert load(dump(contract)) == contract


@pytest.mark.parametrize(
    "volume", [Volume(min_rows=0), Volume(max_rows=9), Volume(min_rows=4, max_rows=4), Volume(min_rows=1, max_rows=9)]
)
def test_every_sort_of_volume_survives(volume: Volume) -> None:
    contract = Contract(id="c", version="1.0.0", tables=(ContractTable(name="t", volume=volume),))
    assert load(dump(contract)) == contract


def test_the_example_of_the_guide_is_read_and_checked_whole() -> None:
    example = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    contract = load(example[1])
    table = contract.table("silver.orders")
    assert unread(contract) == ()
    assert table.volume == Volume(min_rows=1000)
    assert table.freshness == Freshness(column="ordered_at", within=24)
    assert [rule.kind for rule in (*table.rules, *foreign_rules(table))] == ["email", "between", "one_of"]
    assert load(dump(contract)) == contract


# --- what others wrote

FOREIGN = """
apiVersion: v3.0.2
kind: DataContract
id: 3f1c
name: payments
version: 2.1.0
status: active
tenant: Example
dataProduct: pay
domain: finance
contractCreatedTs: 2024-02-03T04:05:06+01:00
description:
  purpose: Payments.
  authoritativeDefinitions: [{type: policy, url: https://example.org/p}]
servers:
  - {server: pg, type: postgres, host: db.example.org, port: 5432, database: d, schema: s}
price: {priceAmount: 9.95, priceCurrency: EUR, priceUnit: megabyte}
roles: [{role: reader, access: read}]
support: [{channel: '#help', tool: slack}]
team:
  - {username: ann, role: Owner, dateIn: 2020-01-01, dateOut: 2021-01-01}
  - {username: bob, role: owner, dateIn: 2021-01-01}
customProperties: [{property: cluster, value: [a, b]}]
slaDefaultElement: pay.paid_on
slaProperties:
  - {property: latency, value: 4, unit: d, driver: regulatory}
  - {property: retention, value: 3, unit: y, element: pay.paid_on}
  - {property: generalAvailability, value: 2022-05-12T09:30:10-08:00}
schema:
  - name: pay
    physicalName: pay_1
    physicalType: view
    businessName: Payments
    dataGranularityDescription: one payment
    customProperties: [{property: key, value: [a]}]
    relationships: [{type: foreignKey, from: pay.id, to: other.id}]
    quality:
      - {type: text, description: Checked by hand every month.}
      - {type: sql, name: late, query: "select count(*) from {object}", mustBeLessThan: 10}
      - {metric: rowCount, mustBeGreaterThan: 99, businessImpact: operational, schedule: 0 20 * * *}
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [id, paid_on]}}
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [id, nobody]}}
      - {type: custom, engine: soda, implementation: "type: duplicate_percent"}
    properties:
      - name: id
        physicalName: pay_id
        logicalType: string
        physicalType: uuid
        primaryKey: true
        primaryKeyPosition: 2
        criticalDataElement: true
      - name: paid_on
        logicalType: date
        physicalType: timestamp
        partitioned: true
        partitionKeyPosition: 1
        primaryKey: true
        primaryKeyPosition: 1
        examples: [2022-10-03, '2022-10-04']
        logicalTypeOptions: {format: yyyy-MM-dd}
        quality:
          - {metric: nullValues, mustBeLessThan: 1, unit: percent, severity: high, name: Dates are there}
          - {metric: nullValues, mustBeLessThan: 100}
      - name: lines
        logicalType: array
        items:
          logicalType: object
          description: One line.
          properties:
            - {name: sku, logicalType: string, physicalType: VARCHAR(40), encryptedName: sku_x}
"""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a file with its path; members of lists by what they are called."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, f"{path}/{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, f"{path}/{number}")
    else:
        yield path, value


def test_a_foreign_file_keeps_every_field() -> None:
    before = read_mapping(FOREIGN)
    after = as_data(load(FOREIGN))
    written = dict(leaves(after))
    lost = {path: value for path, value in leaves(before) if path not in written or written[path] != value}
    # Spark spells the type in small letters.
    assert lost == {"/schema/0/properties/2/items/properties/0/physicalType": "VARCHAR(40)"}
    assert load(dump(load(FOREIGN))) == load(FOREIGN)


def test_a_foreign_file_is_understood_as_far_as_it_can_be() -> None:
    contract = load(FOREIGN)
    table = contract.table("pay_1")
    assert contract.owner == "bob"
    assert table.primary_key == ("paid_on", "pay_id")
    assert table.freshness == Freshness(column="paid_on", within=4, unit="days", extras={"driver": "regulatory"})
    assert [(rule.kind, rule.name, rule.severity) for rule in foreign_rules(table)] == [
        ("not_null", "dates_are_there", "error"),
        ("row_count", "row_count", "error"),
        ("unique", "pay_id_paid_on_unique", "error"),
    ]
    assert table.column("lines").items == Column(
        logical_type="object",
        description="One line.",
        fields=(Column(name="sku", type="varchar(40)", extras={"encryptedName": "sku_x"}),),
    )


def test_what_is_kept_but_not_checked_is_told() -> None:
    told = "\n".join(unread(load(FOREIGN)))
    for part in (
        "pay_1.pay_id: 'uuid' is no type of Spark's; only that it is string is checked.",
        "pay_1.paid_on: nullValues is kept, but not checked",
        "pay_1: text is kept, but not checked: it is text for people.",
        "pay_1: late is kept, but not checked: it is a query for another engine.",
        "pay_1: duplicateValues is kept, but not checked",
        "pay_1: custom is kept, but not checked: it is written for the engine 'soda'.",
        "pay_1: the relationship to other.id is checked only where that table is named: --ref other=TABLE.",
        "pay_1.paid_on: 'timestamp' is a type of postgres; only that it is date is checked.",
        "pay_1.paid_on: format is kept, but not checked: a date is stored without a written form.",
        "3f1c: the service level retention is kept, but not checked.",
        "3f1c: the service level generalAvailability is kept",
    ):
        assert part in told
    assert len(told.splitlines()) == 11


def test_a_new_owner_takes_the_old_ones_place_in_the_team() -> None:
    contract = load(FOREIGN).model_copy(update={"owner": "eve"})
    team = as_data(contract)["team"]
    assert [member["username"] for member in team] == ["ann", "eve"]
    assert load(dump(contract)).owner == "eve"


def test_what_is_empty_or_false_is_kept_where_there_is_no_field_for_it() -> None:
    kept = "businessName: '', relationships: [], deprecated: false"
    text = HEAD + f"support: []\nschema: [{{name: t, {kept}, properties: [{{name: a, {kept}, enum: []}}]}}]\n"
    written = as_data(load(text))
    table = written["schema"][0]
    assert written["support"] == []
    for element in (table, table["properties"][0]):
        assert (element["businessName"], element["relationships"], element["deprecated"]) == ("", [], False)


def test_keys_of_a_later_version_of_the_standard_are_kept() -> None:
    later = "apiVersion: v3.9.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\nnovelty: {a: [1]}\n"
    assert load(later).extras == {"novelty": {"a": [1]}}
    assert load(dump(load(later))) == load(later)


def official() -> Any:
    """A validator with the standard's own JSON Schema, which its Python package carries."""
    package = importlib.util.find_spec("open_data_contract_standard")
    assert package is not None
    assert package.origin is not None
    schema = json.loads((Path(package.origin).parent / "schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft201909Validator(schema)


def invalid(data: Any) -> list[str]:
    """What the standard's schema finds wrong; JSON has no dates, so they come as the text that stands in the file."""
    return [error.message for error in official().iter_errors(json.loads(json.dumps(data, default=str)))]


@pytest.mark.parametrize("api_version", ["v3.0.2", "v3.1.0", "v3.2.0"])
def test_what_we_write_is_valid_by_the_standards_own_schema(api_version: str) -> None:
    # A column without any type is valid, but the schema of v3.2.0 takes it for a map.
    columns = tuple(column for column in COLUMNS if column.logical_type)
    tables = (FULL.tables[0].model_copy(update={"columns": columns}), *FULL.tables[1:])
    assert invalid(as_data(FULL.model_copy(update={"api_version": api_version, "tables": tables}))) == []


def test_what_we_read_from_others_is_valid_by_the_standards_own_schema() -> None:
    assert invalid(read_mapping(FOREIGN)) == []
    assert invalid(as_data(load(FOREIGN))) == []


def test_the_standards_own_schema_finds_what_is_wrong() -> None:
    assert any("stauts" in message for message in invalid({**as_data(FULL), "stauts": "x"}))


# --- entries of quality


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({"metric": "nullValues", "mustBe": 0}, NotNull(column="c")),
        ({"metric": "nullValues", "mustBe": 0, "unit": "percent"}, NotNull(column="c")),
        ({"rule": "nullValues", "mustBe": 0}, NotNull(column="c")),
        ({"metric": "nullValues", "mustBe": 0, "dimension": "ac"}, NotNull(column="c", dimension="accuracy")),
        ({"metric": "nullValues", "mustBe": 0, "dimension": "conformity"}, NotNull(column="c", dimension="validity")),
        ({"metric": "nullValues", "mustBe": 0, "dimension": "beauty"}, None),
        ({"metric": "nullValues", "mustBeLessThan": 1, "unit": "rows"}, NotNull(column="c")),
        ({"metric": "nullValues", "mustBeLessOrEqualTo": 2, "unit": "percent"}, NotNull(column="c", tolerance=0.02)),
        ({"metric": "nullValues", "mustBeLessThan": 10}, None),
        ({"metric": "nullValues", "mustBeGreaterThan": 0}, None),
        ({"metric": "nullValues", "mustBe": 0, "mustNotBe": 1}, None),
        ({"metric": "nullValues", "mustBe": False}, None),
        ({"metric": "nullValues"}, None),
        ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None]}}, NotNull(column="c")),
        (
            {"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ["", "N/A"]}},
            NoneOf(column="c", values=("", "N/A")),
        ),
        (
            {"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": [None, "it's"]}},
            Holds(column="c", condition="`c` IS NOT NULL AND `c` NOT IN ('it\\'s')"),
        ),
        ({"metric": "missingValues", "mustBe": 0}, None),
        (
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": ["a", 1]}},
            OneOf(column="c", values=("a", 1)),
        ),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": []}}, None),
        (
            {"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^a+$"}},
            Matches(column="c", pattern="^a+$"),
        ),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "a+"}}, None),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": "^a|b$"}}, None),
        ({"metric": "duplicateValues", "mustBe": 0}, Unique(columns=("c",))),
        ({"metric": "duplicateValues", "mustBeLessThan": 1, "unit": "percent"}, None),
        ({"metric": "rowCount", "mustBe": 3}, None),
        ({"metric": "freshness", "mustBe": 3}, None),
        ({"type": "sql", "metric": "nullValues", "mustBe": 0}, None),
    ],
)
def test_a_metric_is_a_rule_where_they_mean_the_same(entry: dict[str, Any], rule: Rule | None) -> None:
    assert rule_of(entry, "c") == rule
    assert rule_of(entry, None) is None


def test_a_limit_itself_breaks_less_than() -> None:
    rule = rule_of({"metric": "nullValues", "mustBeLessThan": 1, "unit": "percent"}, "c")
    assert rule is not None
    assert rule.tolerance < 1 / 100
    assert rule.tolerance == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("entry", "bounds"),
    [
        ({"mustBe": 3}, (3, 3)),
        ({"mustBeGreaterThan": 3}, (4, None)),
        ({"mustBeGreaterOrEqualTo": 3}, (3, None)),
        ({"mustBeLessThan": 3}, (None, 2)),
        ({"mustBeLessOrEqualTo": 3}, (None, 3)),
        ({"mustBeBetween": [1, 3]}, (2, 2)),
        ({"mustBeBetween": [1]}, None),
        ({"mustNotBe": 3}, None),
        ({"mustBeGreaterThan": 3.5}, None),
        ({"mustBeLessThan": 0}, None),
        ({"mustBeGreaterOrEqualTo": 0}, None),
        ({"mustBe": 0}, (0, 0)),
        ({"mustBe": 3, "unit": "percent"}, None),
    ],
)
def test_a_bound_on_row_count_is_a_rule(entry: dict[str, Any], bounds: tuple[int | None, int | None] | None) -> None:
    found = rule_of({"metric": "rowCount", **entry}, "")
    assert found == (RowCount(min=bounds[0], max=bounds[1]) if bounds else None)


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("warning", "warn"),
        ("LOW", "info"),
        ("medium", "warn"),
        ("High", "error"),
        ("blocker", "critical"),
        ("?", "error"),
    ],
)
def test_severities_of_others_become_ours(said: str, severity: str) -> None:
    rule = rule_of({"metric": "nullValues", "mustBe": 0, "severity": said}, "c")
    assert rule is not None
    assert rule.severity == severity


def test_a_rule_that_a_metric_says_exactly_is_written_as_the_metric() -> None:
    assert entry_of(NotNull(column="c"), "c")["metric"] == "nullValues"
    assert entry_of(NotNull(column="c", tolerance=0.07), "c")["mustBeLessOrEqualTo"] == 7
    for more in (NotNull(column="c", where="x"), NotNull(column="c", owner="me"), Between(column="c", min=0)):
        assert entry_of(more, "c")["engine"] == ENGINE


def test_our_entry_need_not_repeat_its_column_and_may_be_text() -> None:
    entry = {"type": "custom", "engine": ENGINE, "implementation": "kind: between\nmin: 1"}
    assert rule_of(entry, "c") == Between(column="c", min=1)
    entry = {"type": "custom", "engine": ENGINE, "implementation": {"kind": "unique"}, "severity": "critical"}
    assert rule_of(entry, "c") == Unique(columns=("c",), severity="critical")


def test_a_rule_in_python_cannot_be_written() -> None:
    def nothing() -> None: ...

    table = ContractTable(name="t", rules=(Expression(name="e", condition=nothing),))
    with pytest.raises(UsageError, match="which no file can hold"):
        dump(Contract(id="c", version="1.0.0", tables=(table,)))


# --- what is wrong

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"
COLUMN = HEAD + "schema: [{name: t, properties: [%s]}]\n"


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", ["is empty", "kind: DataContract"]),
        ("  \n# only a comment", ["holds None, not a mapping"]),
        ("- a", ["holds a list"]),
        ("just words", ["holds 'just words'"]),
        ("a: b: c", ["not YAML", "line 1"]),
        ("a: [1, 2", ["not YAML"]),
        ("id: 1\nid: 2", ["duplicate key"]),
        ("a: 1\n---\nb: 2", ["another document"]),
        ("a: \x00", ["not YAML"]),
        ("a: !!python/object:os.system x", ["not YAML", "could not determine a constructor"]),
        ("a: &x [1]\nb: *x", ["line 2 refers to the anchor 'x'"]),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]", ["refers to the anchor"]),
        ("a: " + "[" * (DEEPEST + 1), ["maximum depth"]),
        ("a: " + "{b: " * 50_000, ["maximum depth"]),
        ("a: " + "x" * MOST_BYTES, ["1,000,003 bytes; 1,000,000 are allowed"]),
        ("kind: DataContrakt", ["its kind is 'DataContrakt'"]),
        ("kind: DataContract\napiVersion: v2.2.2", ["version 'v2.2.2'", "v3.1.0"]),
        ("kind: DataContract\napiVersion: 3.1", ["version 3.1"]),
        ("kind: DataContract\napiVersion: v3.1.0", ["`id` is missing", "`version` is missing"]),
        (HEAD + "stauts: x", ["no key 'stauts' (did you mean 'status'?)", "customProperties"]),
        (HEAD + "tags: a", ["tags is 'a'; it should be a list"]),
        (HEAD + "tags: [a, 1]", ["tags holds 1; it should be text"]),
        (HEAD + "schema: {}", ["schema is a mapping; it should be a list"]),
        (HEAD + "schema: [1]", ["schema 1 is 1; it should be a mapping"]),
        (HEAD + "schema: [{properties: []}]", ["schema 1 has no `name`"]),
        (HEAD + "description: words", ["description is 'words'; it should be a mapping"]),
        (
            HEAD + "slaProperties: [{propertie: latency}]",
            ["slaProperties 1 has no key 'propertie' (did you mean 'property'?)"],
        ),
        (HEAD.replace("1.0.0", "1.0"), ['version is 1.0; it should be text; in quotes it is text: "1.0"']),
        (HEAD.replace("1.0.0", "'1.0'"), ["version = '1.0'", "semantic version"]),
        (COLUMN % "{physicalType: int}", ["t: property 1 has no `name`"]),
        (COLUMN % "{name: a, requird: true}", ["t.a has no key 'requird' (did you mean 'required'?)"]),
        (COLUMN % "{name: a, required: 'yes'}", ["t.a.required is 'yes'; it should be true or false"]),
        (
            COLUMN % "{name: a, primaryKeyPosition: true}",
            ["t.a.primaryKeyPosition is True; it should be a whole number"],
        ),
        (COLUMN % "{name: a, physicalType: bigintt}", ["t.a: ", "Did you mean 'bigint'"]),
        (COLUMN % "{name: a, logicalType: text}", ["t.a: There is no logical type 'text'", "one of array, boolean"]),
        (COLUMN % "{name: a}, {name: A}", ["t: t has several columns called A, a"]),
        (COLUMN % "{name: a, logicalType: object, properties: [{name: b}, {name: b}]}", ["several fields called b"]),
        (COLUMN % "{name: a, items: {requird: true}}", ["t.a, items has no key 'requird'"]),
        (
            COLUMN % "{name: a, quality: [{metrik: nullValues}, 5]}",
            [
                "t.a, quality 1 has no key 'metrik' (did you mean 'metric'?)",
                "t.a, quality 2 is 5; it should be a mapping",
            ],
        ),
        (
            COLUMN % "{name: a, quality: [{type: custom, engine: lakehouse-toolkit, implementation: {kind: not_nul}}]}",
            ["t.a, quality 1: ", "did you mean 'not_null'"],
        ),
        (
            COLUMN
            % "{name: a, quality: [{type: custom, engine: lakehouse-toolkit, implementation: {kind: [not_null]}}]}",
            ["t.a, quality 1: An entry for lakehouse-toolkit needs an `implementation` that begins with `kind`"],
        ),
        (HEAD + "team: words", ["team is 'words'; it should be a mapping or a list"]),
        (
            COLUMN % "{name: a, quality: [{type: custom, engine: lakehouse-toolkit}]}",
            ["t.a, quality 1: An entry for lakehouse-toolkit needs an `implementation`"],
        ),
        (
            COLUMN
            % (
                "{name: a, quality: [{type: custom, engine: lakehouse-toolkit, severity: warn, "
                "implementation: {kind: not_null, severity: info}}]}"
            ),
            ["t.a, quality 1: The entry says severity twice, and differently"],
        ),
        (
            COLUMN
            % "{name: a, quality: [{type: custom, engine: lakehouse-toolkit, implementation: {kind: not_null, column: b}}]}",
            ["The rule b_not_null of t is on 'b', which is no column of it"],
        ),
    ],
)
def test_what_is_wrong_is_named(text: str, reasons: list[str]) -> None:
    with pytest.raises(UsageError) as told:
        load(text)
    for reason in reasons:
        assert reason in str(told.value)


def test_everything_that_is_wrong_is_named_at_once() -> None:
    text = HEAD + "stauts: x\nschema: [{nam: t}, {name: u, properties: [{name: a, typ: int}]}]"
    with pytest.raises(UsageError) as told:
        load(text)
    assert str(told.value).count("did you mean") == 2
    assert "typ" in str(told.value)
    text = COLUMN % "{name: a, physicalType: inte}, {name: b, physicalType: dat}"
    with pytest.raises(UsageError, match=r"t\.a: .*; t\.b: "):
        load(text)


def test_a_hundred_mistakes_are_counted_not_listed() -> None:
    with pytest.raises(UsageError, match="and 80 more"):
        load(HEAD + "".join(f"x{i}: 1\n" for i in range(100)))


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00bad"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "c.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        load(file)
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path)


# --- YAML itself


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "yes",
        "12:30:00",
        "1.10",
        "2020-01-01",
        "null",
        "~",
        "0x1F",
        " a ",
        "a: b",
        "# x",
        "line\nline",
        "ü",
        "\t",
        "0o7",
        "- a",
    ],
)
def test_text_stays_text(text: str) -> None:
    assert read_mapping(write_mapping({"a": text})) == {"a": text}


def test_older_readers_take_text_for_text() -> None:
    assert write_mapping({"a": "NO", "b": "12:30"}) == "a: 'NO'\nb: '12:30'\n"


@pytest.mark.parametrize(
    "written",
    [
        "2022-05-12",
        "2022-05-12 09:30:10-08:00",
        "2022-05-12 09:30:10",
        "'2022-05-12'",
        "1.50",
        "1e3",
        "true",
        "12:30",
        "[1, a]",
    ],
)
def test_times_and_numbers_stay_what_they_are(written: str) -> None:
    found = read_mapping(f"a: {written}")
    assert read_mapping(write_mapping(found)) == found


def test_a_time_in_a_form_that_python_would_change_stays_text() -> None:
    found = read_mapping("a: 2022-05-12T09:30:10Z\nb: 2001-12-14 21:59:43.10 -5")
    assert found == {"a": "2022-05-12T09:30:10Z", "b": "2001-12-14 21:59:43.10 -5"}


def test_the_same_list_twice_is_written_twice() -> None:
    shared = ["x"]
    assert "&" not in write_mapping({"a": shared, "b": shared})

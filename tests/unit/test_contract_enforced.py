"""A table held to its contract without a JVM: its stored columns, the rules that follow, and a draft of a contract."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from toolkit.errors import DataError
from toolkit.quality.contracts import (
    Column,
    Contract,
    ContractTable,
    Difference,
    Freshness,
    Volume,
    drift,
    dump,
    from_table,
    load,
    rules_of,
)
from toolkit.quality.rules import (
    Each,
    HasSchema,
    Length,
    NotNull,
    RowCount,
    Rule,
    Unique,
)
from toolkit.quality.rules import Freshness as FreshnessRule
from toolkit.store.reader import DeltaReader
from toolkit.yaml_text import write_mapping

ITEM = pa.struct([pa.field("sku", pa.string()), pa.field("price", pa.decimal128(10, 2))])
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False, metadata={"comment": "The number."}),
        pa.field("name", pa.string()),
        pa.field("at", pa.timestamp("us", tz="UTC")),
        pa.field("items", pa.list_(ITEM)),
        pa.field("flags", pa.map_(pa.string(), pa.bool_())),
        pa.field("_run_id", pa.string()),
    ]
)
COLUMNS = (
    Column(name="id", type="long"),
    Column(name="name", type="varchar(20)"),
    Column(name="at", type="timestamp"),
    Column(name="items", type="array<struct<sku:string,price:decimal(10,2)>>"),
    Column(name="flags", type="map<string,boolean>"),
)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[pa.Schema], DeltaReader]:
    """Stores an empty table of a schema and opens it."""

    def store(schema: pa.Schema) -> DeltaReader:
        DeltaTable.create(tmp_path / "t", schema, mode="overwrite")
        return DeltaReader(tmp_path / "t", "silver.things")

    return store


def table(*columns: Column) -> ContractTable:
    return ContractTable(name="silver.things", columns=columns)


# --- drift


def test_a_table_that_keeps_its_contract_has_not_drifted(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    assert drift(table(*COLUMNS), stored(SCHEMA)) == ()


def test_the_order_of_columns_is_free(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    assert drift(table(*reversed(COLUMNS)), stored(SCHEMA)) == ()


def test_a_contract_without_columns_promises_none(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    assert drift(table(), stored(SCHEMA)) == ()


def test_every_difference_of_a_stored_table_is_found(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    inner = Column(name="items", type="array<struct<sku:int,price:decimal(10,2),vat:double>>")
    promised = (Column(name="id", type="int"), Column(name="names", type="string"), inner, COLUMNS[4])
    found = drift(table(*promised), stored(SCHEMA))
    assert found == (
        Difference("type", "id", "int", "bigint"),
        Difference("missing", "names", "string", " Did you mean 'name'?"),
        Difference("type", "items.sku", "int", "string"),
        Difference("missing", "items.vat", "double", ""),
        Difference("extra", "name", "", "string"),
        Difference("extra", "at", "", "timestamp"),
    )
    assert [str(one) for one in found[:3]] == [
        "id is bigint, not int.",
        "names (string) is missing. Did you mean 'name'?",
        "items.sku is string, not int.",
    ]
    assert str(found[-1]) == "at (timestamp) is not in the contract."


def test_a_technical_column_is_held_to_the_contract_when_it_is_named(
    stored: Callable[[pa.Schema], DeltaReader],
) -> None:
    promised = (*COLUMNS, Column(name="_run_id", type="int"))
    assert drift(table(*promised), stored(SCHEMA)) == (Difference("type", "_run_id", "int", "string"),)


@pytest.mark.parametrize(("logical", "kept"), [("integer", True), ("number", False), ("string", False), ("", True)])
def test_a_column_that_is_only_logical_may_have_any_type_of_that_sort(
    stored: Callable[[pa.Schema], DeltaReader], logical: str, kept: bool
) -> None:
    found = drift(table(Column(name="id", logical_type=logical)), stored(pa.schema([pa.field("id", pa.int16())])))
    assert (found == ()) is kept


def test_an_array_that_became_a_value_is_told_whole(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    found = drift(table(Column(name="id", type="array<int>")), stored(pa.schema([pa.field("id", pa.int32())])))
    assert found == (Difference("type", "id", "array<int>", "int"),)


def test_a_type_that_cannot_be_told_from_its_text_is_a_difference(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    odd = pa.schema([pa.field("id", pa.struct([pa.field("a,b:c", pa.int32())]))])
    found = drift(table(Column(name="id", type="int")), stored(odd))
    assert [(one.kind, one.column) for one in found] == [("type", "id")]
    assert "a,b:c" in found[0].found


# --- a draft


def test_a_draft_has_the_columns_and_comments_of_the_table(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    reader = stored(SCHEMA)
    draft = from_table(reader)
    assert (draft.id, draft.version, draft.status) == ("silver.things", "0.1.0", "draft")
    columns = draft.table("silver.things").columns
    assert [(c.name, c.type) for c in columns[:2]] == [("id", "bigint"), ("name", "string")]
    assert (columns[0].nullable, columns[0].description) == (False, "The number.")
    assert "_run_id" not in [c.name for c in columns]
    assert drift(draft.tables[0], reader) == ()
    assert load(dump(draft)) == draft


def test_a_draft_of_a_table_with_odd_names_is_a_contract_too(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    odd = pa.schema([pa.field("id", pa.struct([pa.field("a,b:c", pa.int32())]))])
    draft = from_table(stored(odd))
    assert draft.tables[0].columns[0].extras == {"physicalType": "struct<a,b:c:integer>"}


def test_a_damaged_table_is_told_as_such(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pa.table({"id": [1]}))
    (tmp_path / "t" / "_delta_log" / f"{0:020}.json").write_text("not json")
    with pytest.raises(DataError, match=r"silver\.things cannot be read"):
        from_table(DeltaReader(tmp_path / "t", "silver.things"))


# --- rules that follow


def implied(**told: object) -> tuple[Rule, ...]:
    return rules_of(ContractTable(name="t", **told))  # type: ignore[arg-type]


ID = Column(name="id", type="bigint")
AT = Column(name="at", type="timestamp")


def test_types_become_a_schema_that_others_may_come_along_with() -> None:
    (rule,) = implied(columns=(ID, Column(name="name", type="string"), Column(name="any")))
    assert rule == HasSchema(
        name="contract_schema", severity="critical", schema={"id": "bigint", "name": "string"}, more=True
    )
    assert implied(columns=(Column(name="any"),)) == ()
    assert implied(columns=(Column(name="a", type="struct<`b,c`:int>"),)) == ()


def test_promises_become_rules() -> None:
    rules = implied(
        columns=(
            Column(name="id", type="bigint", nullable=False, unique=True),
            AT,
            Column(name="c", type="varchar(5)"),
        ),
        primary_key=("id", "at"),
        freshness=Freshness(column="at", within=2, unit="days"),
        volume=Volume(min_rows=1, max_rows=9),
    )
    assert rules[1:] == (
        NotNull(name="id_required", column="id"),
        Unique(name="id_unique", columns=("id",)),
        Length(name="c_length", column="c", max=5),
        NotNull(name="at_in_key", column="at"),
        Unique(name="contract_primary_key", columns=("id", "at")),
        FreshnessRule(name="contract_freshness", column="at", hours=48),
        RowCount(name="contract_volume", min=1, max=9),
    )


def test_a_volume_of_at_least_no_rows_needs_no_rule() -> None:
    assert implied(columns=(Column(name="any"),), volume=Volume(min_rows=0)) == ()
    (rule,) = implied(volume=Volume(min_rows=0, max_rows=5))
    assert rule == RowCount(name="contract_volume", min=0, max=5)


def test_a_required_field_is_asked_for_where_its_struct_is_there() -> None:
    rules = implied(
        columns=(Column(name="a", type="struct<b:struct<c:int not null>not null>".replace(">not", "> not")),)
    )
    assert rules[1:] == (
        NotNull(name="a_b_required", column="a.b", where="`a` IS NOT NULL"),
        NotNull(name="a_b_c_required", column="a.b.c", where="`a` IS NOT NULL AND `a`.`b` IS NOT NULL"),
    )


def test_names_with_a_dot_are_quoted_in_the_rules_that_follow() -> None:
    inner = Column(name="c.d", type="int", nullable=False)
    rules = implied(
        columns=(
            Column(name="a.b", type="int", nullable=False, unique=True),
            Column(name="s.t", fields=(inner,), logical_type="object"),
        ),
        primary_key=("a.b",),
    )
    assert [rule.columns for rule in rules if not isinstance(rule, HasSchema)] == [
        ("`a.b`",),
        ("`a.b`",),
        ("`s.t`.`c.d`",),
        ("`a.b`",),
    ]
    assert [rule.where for rule in rules if rule.columns == ("`s.t`.`c.d`",)] == ["`s.t` IS NOT NULL"]


def test_a_required_field_inside_an_array_is_asked_of_each_item() -> None:
    rules = implied(columns=(Column(name="a", type="array<struct<b:struct<c:int not null>,d:int not null>>"),))
    assert rules[1:] == (
        Each(
            name="a_item_b_c_required",
            column="a",
            condition="`item` IS NULL OR `item`.`b` IS NULL OR `item`.`b`.`c` IS NOT NULL",
        ),
        Each(name="a_item_d_required", column="a", condition="`item` IS NULL OR `item`.`d` IS NOT NULL"),
    )


def test_a_rule_that_says_the_same_takes_the_place_of_the_implied_one() -> None:
    same = NotNull(column="id", severity="warn")
    column = Column(name="id", nullable=False)
    assert implied(columns=(column,), rules=(same,)) == (same,)
    for other in (NotNull(column="id", tolerance=0.1), NotNull(column="id", where="id > 0")):
        assert len(implied(columns=(column,), rules=(other,))) == 2


def test_no_two_rules_share_a_name_and_those_of_the_contract_keep_theirs() -> None:
    named = Unique(columns=("id", "at"), name="id_required")
    rules = implied(columns=(Column(name="id", nullable=False), AT, Column(name="ID ", nullable=False)), rules=(named,))
    assert [rule.name for rule in rules][1:] == ["id_required_3", "id_required_2", "id_required"]


def test_entries_of_others_are_among_the_rules() -> None:
    column = Column(name="id", checks=({"metric": "nullValues", "mustBe": 0, "name": "Ids"},))
    assert implied(columns=(column,)) == (NotNull(name="ids", column="id"),)


def test_every_rule_of_a_contract_can_be_listed_without_spark() -> None:
    told = """
import sys
from toolkit.quality import contracts
column = contracts.Column(name="id", type="bigint", nullable=False)
table = contracts.ContractTable(name="t", columns=(column,), primary_key=("id",))
contract = contracts.load(contracts.dump(contracts.Contract(id="c", version="1.0.0", tables=(table,))))
assert contracts.rules_of(contract.tables[0])
contracts.page(contract, [contract]), contracts.compare(contract, contract)
heavy = sorted({"pyspark", "delta", "pandas", "py4j"} & set(sys.modules))
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("number", [200, pytest.param(2_000, marks=pytest.mark.soak)])
def test_a_contract_of_many_columns_is_read_in_seconds(number: int) -> None:
    columns = tuple(Column(name=f"c{i}", type="string", nullable=False) for i in range(number))
    rules = tuple(NotNull(column=f"c{i}", severity="warn") for i in range(number // 10))
    contract = Contract(id="wide", version="1.0.0", tables=(ContractTable(name="t", columns=columns, rules=rules),))
    assert load(dump(contract)) == contract
    assert len(rules_of(contract.tables[0])) == number + 1


# --- letter case


def test_the_case_of_letters_is_no_difference(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    loud = (
        Column(name="ID", type="long"),
        Column(name="Name", type="varchar(20)"),
        Column(name="AT", type="timestamp"),
        Column(name="ITEMS", type="array<struct<SKU:string,Price:decimal(10,2)>>"),
        Column(name="Flags", type="map<string,boolean>"),
    )
    assert drift(table(*loud), stored(SCHEMA)) == ()


def test_a_type_that_differs_is_found_whatever_the_case_of_its_column(
    stored: Callable[[pa.Schema], DeltaReader],
) -> None:
    promised = (Column(name="ID", type="int"), *COLUMNS[1:])
    assert [str(one) for one in drift(table(*promised), stored(SCHEMA))] == ["ID is bigint, not int."]
    inner = Column(name="items", type="array<struct<SKU:int,price:decimal(10,2)>>")
    promised = (*COLUMNS[:3], inner, COLUMNS[4])
    assert [str(one) for one in drift(table(*promised), stored(SCHEMA))] == ["items.SKU is string, not int."]


def test_a_struct_inside_a_map_is_compared_without_case(stored: Callable[[pa.Schema], DeltaReader]) -> None:
    schema = pa.schema([pa.field("m", pa.map_(pa.string(), pa.struct([pa.field("Ab", pa.int32(), nullable=False)])))])
    assert drift(table(Column(name="M", type="map<string,struct<aB:int>>")), stored(schema)) == ()


def test_rules_keys_and_promises_name_columns_in_any_case() -> None:
    text = """
apiVersion: v3.1.0
kind: DataContract
id: c
version: 1.0.0
status: active
schema:
  - name: t
    properties:
      - name: MEMBER_ID
        quality:
          - {type: custom, engine: lakehouse-toolkit, implementation: {kind: not_null, column: member_id}}
      - {name: Seen, logicalType: timestamp}
    quality:
      - {metric: duplicateValues, mustBe: 0, arguments: {properties: [member_id, SEEN]}}
slaProperties: [{property: latency, value: 2, unit: d, element: t.seen}]
"""
    contract = load(text)
    assert [(rule.kind, rule.columns) for rule in rules_of(contract.tables[0])] == [
        ("freshness", ("Seen",)),
        ("not_null", ("member_id",)),
        ("unique", ("MEMBER_ID", "Seen")),
    ]
    assert contract.tables[0].column("Member_Id").name == "MEMBER_ID"
    assert load(dump(contract)) == contract


def test_a_rule_at_a_column_whose_name_has_a_dot_is_on_that_column() -> None:
    entry = {"type": "custom", "engine": "lakehouse-toolkit", "implementation": {"kind": "not_null"}}
    columns = [{"name": "a.b", "quality": [entry]}, {"name": "s", "properties": [{"name": "c.d", "quality": [entry]}]}]
    head = "apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"
    levels = [{"property": "latency", "value": 2, "unit": "h", "element": "t.b"}]
    contract = load(head + write_mapping({"schema": [{"name": "t", "properties": columns}], "slaProperties": levels}))
    assert [rule.columns for rule in rules_of(contract.tables[0])] == [("`a.b`",), ("s.`c.d`",)]
    assert load(dump(contract)) == contract
    at = Column(name="at.time", type="timestamp")
    fresh = ContractTable(name="t", columns=(at,), freshness=Freshness(column="at.time", within=1))
    assert rules_of(fresh)[1].columns == ("`at.time`",)

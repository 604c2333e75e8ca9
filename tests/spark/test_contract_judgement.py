"""Tables judged by their contracts: what is said of values finds the rows, and nothing that a contract says ends a run."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.test_contract_promises import OPTIONS, column_with, contract_of, options
from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, drift, load, rules_of
from toolkit.quality.contracts.judgement import judgeable, promised
from toolkit.quality.contracts.patterns import Untranslatable, in_java
from toolkit.quality.engine import check
from toolkit.quality.rules import Between, HasSchema, Matches, NotNull, RowCount, RowRule, Unique
from toolkit.store.reader import DeltaReader
from toolkit.yaml_text import write_mapping

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ODD = (
    "a STRING, i INT, n DECIMAL(38,18), f FLOAT, x DOUBLE, b BOOLEAN, d DATE, at TIMESTAMP, local TIMESTAMP_NTZ, bin BINARY, "
    "words ARRAY<STRING>, deep ARRAY<ARRAY<INT>>, maps ARRAY<MAP<STRING,INT>>, m MAP<STRING,INT>, s STRUCT<x: INT>, "
    "lines ARRAY<STRUCT<sku: STRING, n: INT>>, v VARIANT"
)
"""A column of every sort."""


def broken(df: DataFrame, column: dict[str, Any]) -> list[int]:
    """Places of the rows that break what is said of the column `a`; each row has its `id`."""
    from pyspark.sql import functions as F

    contract = contract_of({"name": "a", **column})
    rules = [one for one in rules_of(contract.tables[0], contract) if not isinstance(one, HasSchema)]
    assert judgeable(df, "t", rules, {}) == (tuple(rules), ())
    found: set[int] = set()
    for rule in rules:
        assert isinstance(rule, RowRule)
        found |= {row["id"] for row in df.where(F.coalesce(rule.broken(), F.lit(False))).collect()}
    return sorted(found)


def frame(spark: SparkSession, type_: str, values: list[Any]) -> DataFrame:
    return spark.createDataFrame(list(enumerate(values)), f"id INT, a {type_}")


NAN = float("nan")


@pytest.mark.parametrize(
    ("type_", "column", "values", "wrong"),
    [
        ("DOUBLE", options("number", exclusiveMinimum=0), [0.0, 1e-300, -1.0, NAN, None], [0, 2, 3]),
        ("DOUBLE", options("number", exclusiveMaximum=1), [1.0, 0.9999999, 1.1, NAN, None], [0, 2, 3]),
        ("DOUBLE", options("number", minimum=0.5, exclusiveMaximum=1), [0.5, 0.49, 1.0, NAN], [1, 2, 3]),
        ("INT", options("integer", exclusiveMinimum=0.5, exclusiveMaximum=3), [0, 1, 2, 3, None], [0, 3]),
        ("INT", options("integer", multipleOf=5), [0, 5, -5, 7, None], [3]),
        ("INT", options("integer", multipleOf=2.5), [0, 5, 7, 10], [2]),
        ("DOUBLE", options("number", "double", multipleOf=0.01), [0.1, 0.07, 1.005, 19.99], [2]),
        ("BIGINT", options("integer", format="u32"), [0, 2**32 - 1, 2**32, -1], [2, 3]),
        ("BIGINT", options("integer", format="u64"), [0, 2**63 - 1, -1], [2]),
        ("DATE", options("date", exclusiveMinimum="2020-01-01"), [date(2020, 1, 1), date(2020, 1, 2), None], [0]),
        (
            "TIMESTAMP",
            options("timestamp", exclusiveMaximum="2020-01-01T00:00:00Z"),
            [datetime(2019, 12, 31, 23, 59, 59), datetime(2020, 1, 1), None],  # noqa: DTZ001 - the session is in UTC
            [1],
        ),
        ("STRING", options("string", minLength=2, maxLength=3), ["", "a", "ab", "abc", "abcd", None], [0, 1, 4]),
        (
            "STRING",
            options("string", pattern=r"^\s[^\s]$"),
            ["\u00a0x", "\ufeffx", " x", "xx", " \u2003", "\u0085x"],
            [3, 4, 5],
        ),
        ("STRING", options("string", pattern="^.$"), ["x", "\u0085", "\u2028", "\n", "x\n"], [2, 3, 4]),
        ("STRING", options("string", pattern="^[[&&a]$"), ["[", "&", "a", "b"], [3]),
        ("STRING", options("string", pattern=r"^(?=.*\d)[a-z\d-]{2,}$"), ["a1", "ab", "-1", "A1"], [1, 3]),
        ("STRING", {"logicalType": "string", "enum": ["it's", "a\\b"]}, ["it's", "a\\b", "its", None], [2]),
        ("ARRAY<STRING>", options("array", uniqueItems=True), [["a", "b"], ["a", "a"], [None, None], [], None], [1, 2]),
        (
            "ARRAY<STRING>",
            {"logicalType": "array", "items": {"logicalType": "string", "unique": True, "enum": ["a", "b"]}},
            [["a", "b"], ["a", "a"], [None, None], ["c"], None],
            [1, 3],
        ),
        (
            "ARRAY<DOUBLE>",
            {"logicalType": "array", "items": options("number", exclusiveMinimum=0)},
            [[1.0], [0.0, 1.0], [NAN], [], None],
            [1, 2],
        ),
        (
            "ARRAY<STRUCT<sku: STRING, n: INT>>",
            {
                "logicalType": "array",
                "items": {
                    "logicalType": "object",
                    "properties": [
                        {"name": "sku", **options("string", pattern=r"^a.\$$"), "unique": True},
                        {"name": "n", **options("integer", minimum=1)},
                    ],
                },
            },
            [[("ab$", 1)], [("ab$", 0)], [("ab", 1)], [("ab$", 1), ("ab$", 2)], [None, (None, None)], []],
            [1, 2, 3],
        ),
    ],
)
def test_what_is_said_of_values_finds_the_rows_that_break_it(
    spark: SparkSession, type_: str, column: dict[str, Any], values: list[Any], wrong: list[int]
) -> None:
    assert broken(frame(spark, type_, values), column) == wrong


def test_every_pattern_that_is_translated_can_be_read_by_java(spark: SparkSession) -> None:
    tried = [
        *(
            "^$",
            "^a{2}?$",
            "^(a|b|)$",
            r"^[\w.+-]+@[\w-]+\.[\w.-]+$",
            r"^[^\s\d]$",
            "^[-a]$",
            "^[a-]$",
            "^[^^]$",
            r"^[\]]$",
        ),
        *(
            r"^[\\]$",
            "^a]}$",
            r"^\{\}\[\]\(\)\|\^\$$",
            "^[~#@ &&[]$",
            "^(?<x>a)(?:b)(?=c)c(?!d)$",
            r"^\x41\u0041\0\v\f$",
        ),
        *(
            "^#a b$",
            "^()$",
            "^(|a)$",
            "^[!-~]$",
            r"^[\u0041-\u005a]$",
            "^é😀$",
            "^[😀]$",
            r"^\-\/\"\'\:\;\,\<\>\=\!\%\&\@\~\`\#\ $",
        ),
    ]
    rules = [Matches(name=f"p{i}", column="a", pattern=in_java(pattern)) for i, pattern in enumerate(tried)]
    assert judgeable(frame(spark, "STRING", ["x"]), "t", rules, {}) == (tuple(rules), ())


def test_no_pattern_that_is_put_together_at_random_makes_a_rule_that_java_cannot_read(spark: SparkSession) -> None:
    rng = random.Random(3)
    pieces = [*"a-^$.|?*+()[]{}&~#\\/ 05,:=!<", "\\d", "\\s", "\\w", "[a-z]", "(?:", "{2,3}", "\\u0041", "[^", "é"]
    rules = []
    while len(rules) < 300:
        try:
            pattern = in_java(f"^{''.join(rng.choice(pieces) for _ in range(rng.randint(1, 9)))}$")
        except Untranslatable:
            continue
        rules.append(Matches(name=f"p{len(rules)}", column="a", pattern=pattern))
    fitting, told = judgeable(frame(spark, "STRING", ["x"]), "t", rules, {})
    assert told == ()
    assert len(fitting) == 300


@pytest.mark.parametrize("logical", ["string", "integer", "timestamp", "array"])
def test_no_option_ends_the_judging_of_a_table_whose_columns_are_of_other_types(
    spark: SparkSession, logical: str
) -> None:
    """Of each option, the column that it stands at has another type than the contract says; one is not there."""
    df = spark.createDataFrame([], ODD)
    places = itertools.cycle(df.columns)
    cases = [case for case in OPTIONS if case[1] not in (None, [])]
    rng = random.Random(logical)
    columns = {
        name: column_with(0, logical, "", *case).model_copy(update={"name": name})
        for name, case in zip(places, rng.sample(cases, len(df.columns)), strict=False)
    }
    gone = Column(name="gone", logical_type=logical, nullable=False)
    rules = (RowCount(min=0, max=9), *rules_of(ContractTable(name="t", columns=(*columns.values(), gone))))
    fitting, told = judgeable(df, "t", rules, {})
    assert len(fitting) + len(told) == len(rules)
    assert any("gone" in sentence for sentence in told)
    assert len(check(df, "t", fitting).rules) == len(fitting)


def test_rules_that_do_not_fit_are_set_aside_each_with_its_reason(spark: SparkSession) -> None:
    df = spark.createDataFrame([("x", {"k": 1})], "a STRING, m MAP<STRING,INT>")
    rules = (
        NotNull(column="A"),
        Between(column="a", min=1),
        NotNull(column="gone"),
        Matches(column="a", pattern="("),
        Unique(columns=("m",)),
    )
    fitting, told = judgeable(df, "silver.t", rules, {})
    assert fitting == rules[:1]
    assert [sentence.split(": ")[1] for sentence in told] == [
        f"the rule {rule.name} is not checked" for rule in rules[1:]
    ]
    assert "it is string, and between here needs a number" in told[0]
    with pytest.raises(UsageError, match=r"Nothing of silver\.t can be checked"):
        judgeable(df, "silver.t", rules[1:], {})


# --- a stored table, and the other tables of its contract


MEMBERS = {
    "name": "members",
    "physicalName": "silver.members",
    "properties": [
        {"name": "MEMBER_ID", "physicalType": "bigint", "required": True, "primaryKey": True},
        {"name": "Age", "logicalType": "integer", "logicalTypeOptions": {"minimum": 18}},
        {"name": "club", "logicalType": "string", "relationships": [{"to": "towns.name"}, {"to": "clubs.id"}]},
    ],
}
CLUBS = {"name": "clubs", "physicalName": "silver.clubs", "properties": [{"name": "ID", "physicalName": "club_id"}]}
STORED = {
    "silver.members": "SELECT * FROM VALUES (1L, 17, 'a'), (2L, 18, 'b'), (3L, NULL, NULL) AS t(member_id, age, club)",
    "silver.clubs": "SELECT 'a' AS club_id",
}


@dataclass(frozen=True)
class Judged:
    """What was found of each rule, and what was told."""

    failed: dict[str, int]
    schema: str
    unchecked: tuple[str, ...]
    unfit: tuple[str, ...]


def judged(
    spark: SparkSession, home: Path, members: dict[str, Any], references: dict[str, str] | None = None, **more: Any
) -> Judged:
    """`silver.members`, judged by a contract."""
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "c", "version": "1.0.0", "status": "active"}
    contract = load(write_mapping({**head, "schema": [members, CLUBS], **more}))
    for name, rows in STORED.items():
        spark.sql(rows).write.format("delta").mode("overwrite").save(str(home / name))
    reader = DeltaReader(home / "silver.members", "silver.members")
    found = promised(contract, reader, references or {}, STORED.__contains__)
    frames = {name: spark.read.format("delta").load(str(home / lies)) for name, lies in found.references.items()}
    df = spark.read.format("delta").load(str(home / "silver.members"))
    fitting, unfit = judgeable(df, "silver.members", found.rules, frames)
    result = check(df, "silver.members", fitting, frames)
    schema = next(one.said for one in result.rules if one.rule.name == "contract_schema")
    assert schema == (" ".join(map(str, drift(contract.tables[0], reader))) or "Every column is as the contract says.")
    failed = {one.rule.name: one.failed if one.passed or one.failed else -1 for one in result.rules}
    return Judged(failed, schema, found.unchecked, unfit)


def test_a_table_is_judged_by_its_contract_in_any_case_and_beside_the_other_tables_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    found = judged(spark, tmp_path, MEMBERS, slaProperties=[{"property": "retention", "value": 1}])
    assert found.failed == {
        "contract_schema": 0,
        "member_id_required": 0,
        "contract_primary_key": 0,
        "age_between": 1,
        "club_reference": 1,
    }
    assert found.unfit == ()
    assert found.unchecked == (
        "silver.members.club: the relationship to towns.name is checked only where that table is named: --ref towns=TABLE.",
        "c: the service level retention is kept, but not checked.",
    )


def test_a_table_that_differs_is_judged_to_the_end_and_the_answer_is_that_of_the_check(
    spark: SparkSession, tmp_path: Path
) -> None:
    columns = [
        {"name": "member_id", "logicalType": "string", "logicalTypeOptions": {"maxLength": 3, "pattern": "^a$"}},
        {"name": "gone", "logicalType": "integer", "required": True, "logicalTypeOptions": {"minimum": 1}},
        {"name": "club", "physicalType": "string", "required": True},
    ]
    found = judged(spark, tmp_path, {**MEMBERS, "properties": columns})
    # Of a rule on the whole table -1 stands for broken.
    assert found.failed == {"contract_schema": -1, "club_required": 1}
    assert "gone (integer) is missing." in found.schema
    assert "age (int) is not in the contract." in found.schema
    assert [sentence.split(" is not checked")[0] for sentence in found.unfit] == [
        f"silver.members: the rule {name}"
        for name in ("member_id_length", "member_id_pattern", "gone_required", "gone_between")
    ]


def test_another_table_can_be_named_in_place_of_the_one_that_the_contract_does_not_have(
    spark: SparkSession, tmp_path: Path
) -> None:
    columns: list[dict[str, Any]] = list(MEMBERS["properties"])  # type: ignore[call-overload]
    towns = {**columns[2], "relationships": [{"to": "towns.club_id"}]}
    found = judged(spark, tmp_path, {**MEMBERS, "properties": [*columns[:2], towns]}, {"towns": "silver.clubs"})
    assert (found.failed["club_reference"], found.unchecked) == (1, ())


def test_a_contract_that_promises_nothing_of_a_table_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    write_deltalake(tmp_path / "t", pa.table({"a": [1]}))
    empty = Contract(id="c", version="1.0.0", tables=(ContractTable(name="silver.clubs"),))
    with pytest.raises(UsageError, match=r"c promises nothing of silver\.clubs"):
        promised(empty, DeltaReader(tmp_path / "t", "silver.clubs"), {}, lambda _: True)

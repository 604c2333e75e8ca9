"""What does not fit is refused before a row is read, naming rule, column and choices; what is odd has a defined result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.engine import check, split, watch
from toolkit.quality.rules import (
    Between,
    Castable,
    Compare,
    ContainsAll,
    Context,
    Correlation,
    DateFormat,
    Decimals,
    Determines,
    DistinctCount,
    Each,
    EachReferences,
    Email,
    Expression,
    Finite,
    Given,
    HasSchema,
    Holds,
    Increases,
    Ks,
    Length,
    Matches,
    Mean,
    NoGaps,
    NoOverlap,
    NotBlank,
    NotMatches,
    NotNull,
    OneOf,
    Psi,
    References,
    ReferencesTogether,
    RowCount,
    Rule,
    SameCount,
    SameTotal,
    Share,
    Size,
    Stddev,
    Sums,
    Total,
    Unique,
    WhenThen,
)

TABLE = "silver.odd"
NAN, INF = float("nan"), float("inf")
SCHEMA = (
    "i INT, l LONG, x DOUBLE, t STRING, b BOOLEAN, d DATE, ts TIMESTAMP, a ARRAY<INT>, aa ARRAY<ARRAY<INT>>, "
    "s STRUCT<inner: INT, `odd name`: STRING>, items ARRAY<STRUCT<product: STRING>>, m MAP<STRING, INT>, n DECIMAL(38,18), "
    "at ARRAY<STRING>"
)


@pytest.fixture(scope="module")
def odd(shared_spark: SparkSession) -> DataFrame:
    """A frame that ends the query as soon as one row is read."""
    never = F.when(F.raise_error(F.lit("a row was read")).isNull(), True).otherwise(True)
    return shared_spark.createDataFrame([], SCHEMA).union(
        shared_spark.range(1).where(never).selectExpr(*[f"NULL AS c{n}" for n in range(14)])
    )


@pytest.fixture(scope="module")
def there(shared_spark: SparkSession) -> dict[str, DataFrame]:
    return {
        "places": shared_spark.createDataFrame([], "name STRING, size INT"),
        "odd": shared_spark.createDataFrame([], SCHEMA),
        "texts": shared_spark.createDataFrame([], "t INT, i STRING, l ARRAY<INT>"),
    }


REFUSED: list[tuple[Rule, str]] = [
    # columns
    (
        NotNull(column="ii"),
        r"no column for rule ii_not_null of silver\.odd: 'ii'\. Did you mean 'i'\?",
    ),
    (NotNull(column="s.iner"), r"no column for rule s_iner_not_null of silver\.odd: 's\.iner'"),
    (NotNull(column="i.inner"), r"no column for rule i_inner_not_null"),
    (
        EachReferences(column="items.products", to="places", key="name"),
        "no column for rule items_products_each_references",
    ),
    (Unique(columns=("i", "j")), "no column for rule i_j_unique of .*: 'j'"),
    (Given(among=("i", "j")), "no column for rule i_j_given"),
    (Increases(column="i", by="l", per=("z",)), "no column for rule i_l_z_increases"),
    (NoGaps(column="i", per=("z",)), "no column for rule i_z_no_gaps"),
    (Sums(column="i", parts=("l", "z")), "no column for rule i_l_z_sums"),
    (Correlation(column="i", other="z", min=0), "no column for rule i_z_correlation"),
    # types
    (Between(column="b", min=1), r"cannot judge b: it is boolean, and between here needs a number"),
    (Between(column="a", min=1), r"cannot judge a: it is array<int>"),
    (Between(column="t", min=1), r"cannot judge t: it is string"),
    (Between(column="i", min="a"), r"cannot judge i: it is int, and between here needs text"),
    (
        Between(column="i", min=date(2024, 1, 1)),
        r"cannot judge i: it is int, and between here needs a date or timestamp",
    ),
    (Between(column="d", min="soon"), r"cannot judge d: it is date, and between here needs text"),
    (OneOf(column="i", values=("1", "x")), r"cannot judge i: it is int, and one_of here needs text"),
    (OneOf(column="t", values=(1, 2)), r"cannot judge t: it is string, and one_of here needs a number"),
    (OneOf(column="t", values=("x", 1)), r"Rule t_one_of cannot be used: 'x', 1 are not of one sort"),
    (OneOf(column="b", values=(1,)), r"cannot judge b: it is boolean"),
    (OneOf(column="d", values=("soon",)), r"cannot judge d: it is date"),
    (ContainsAll(column="i", values=("x",)), r"cannot judge i: it is int"),
    (
        Psi(column="t", expected={"edges": (1.0,), "shares": (0.5, 0.5)}),
        r"cannot judge t: it is string, and psi here needs a number",
    ),
    (Psi(column="i", expected={"values": ("x",), "shares": (1.0,)}), r"cannot judge i: it is int"),
    (Email(column="i"), r"cannot judge i: it is int, and email here needs text"),
    (NotBlank(column="s"), r"cannot judge s: it is struct<"),
    (Length(column="a", max=1), r"cannot judge a: it is array<int>, and length here needs text"),
    (Size(column="t", max=1), r"cannot judge t: it is string, and size here needs an array"),
    (Finite(column="t"), r"cannot judge t: it is string"),
    (Each(column="i", condition="item > 0"), r"cannot judge i: it is int"),
    (Increases(column="m", by="i"), r"cannot judge m: it is map<string,int>"),
    (Total(column="t", min=0), r"cannot judge t: it is string, and total here needs a number"),
    (NoGaps(column="x"), r"cannot compare x, which is double, with whole numbers"),
    (NoGaps(column="n"), r"cannot compare n, which is decimal\(38,18\), with whole numbers"),
    (NoGaps(column="t"), r"cannot judge t: it is string"),
    (Unique(columns=("m",)), r"Rule m_unique of silver\.odd cannot be used"),
    # types that do not compare with each other
    (
        Compare(column="i", op="<", other="t"),
        r"Rule i_t_compare of silver\.odd cannot compare i, which is int, with t, which is string",
    ),
    (Compare(column="b", op="=", other="i"), r"cannot compare b, which is boolean, with i, which is int"),
    (Compare(column="d", op="=", other="t"), r"cannot compare d, which is date, with t, which is string"),
    (NoOverlap(column="i", end="d", per=("t",)), r"cannot compare i, which is int, with d, which is date"),
    (
        References(column="i", to="places", key="name"),
        r"cannot compare i, which is int, with name of places, which is string",
    ),
    (
        ReferencesTogether(columns=("t", "i"), to="places", keys=("name", "name")),
        r"cannot compare i, which is int, with name of places, which is string",
    ),
    (
        ReferencesTogether(columns=("t", "i"), to="places", keys=("name", "sise")),
        r"no column in places for rule t_i_references_together of silver\.odd: 'sise'\. Did you mean 'size'\?",
    ),
    (References(column="a", to="places", key="size"), r"cannot compare a, which is array<int>, with size of places"),
    (EachReferences(column="a", to="places", key="name"), r"cannot compare a, which is int, with name of places"),
    (
        EachReferences(column="aa", to="places", key="size"),
        r"cannot compare aa, which is array<int>, with size of places",
    ),
    (SameTotal(column="i", to="places", other="name"), r"cannot compare i, which is int, with name of places"),
    (Psi(column="t", to="texts"), r"cannot compare t, which is string, with that of texts, which is int"),
    (Ks(column="i", to="texts"), r"cannot compare i, which is int, with that of texts, which is string"),
    (Psi(column="l", to="texts"), r"cannot compare l, which is bigint, with that of texts, which is array<int>"),
    # frames
    (
        References(column="t", to="place", key="name"),
        r"no reference for rule t_references of silver\.odd: 'place'\. Did you mean 'places'\?",
    ),
    (
        References(column="t", to="places", key="nam"),
        r"no column in places for rule t_references of silver\.odd: 'nam'\. Did you mean 'name'\?",
    ),
    (SameCount(to="nowhere"), "no reference for rule same_count of .*: 'nowhere'"),
    (SameTotal(column="i", to="places", other="z"), "no column in places for rule i_same_total of .*: 'z'"),
    (SameCount(to="places", to_where="z = 1"), r"Rule same_count of silver\.odd cannot read places: .*`z`"),
    (SameCount(to="places", to_where="size >"), r"Rule same_count of silver\.odd cannot read places"),
    (Psi(column="i", to="places"), "no column in places for rule i_psi of .*: 'i'"),
    (Ks(column="x", to="odd"), "Rule x_ks cannot take a shape from odd: x holds nothing"),
    (Psi(column="ts", to="odd"), "Rule ts_psi cannot take a shape from odd: ts holds nothing"),
    # SQL
    (NotNull(column="i", where="j = 1"), r"Rule i_not_null of silver\.odd cannot be used: .*`j`"),
    (NotNull(column="i", where="i = = 1"), r"Rule i_not_null of silver\.odd cannot be used: .*[Ss]yntax"),
    (
        NotNull(column="i", where="i"),
        r"Rule i_not_null of silver\.odd has a condition that is int, neither true nor false: i",
    ),
    (NotNull(column="i", where="t"), r"Rule i_not_null of silver\.odd has a condition that is string"),
    (NotNull(column="i", where="count(*) > 1"), r"Rule i_not_null of silver\.odd cannot be used"),
    (Holds(condition="x >"), r"Rule holds of silver\.odd cannot be used: .*[Ss]yntax"),
    (Holds(condition="nothing(x)"), r"Rule holds of silver\.odd cannot be used: .*nothing"),
    (Holds(condition="t"), r"Rule holds of silver\.odd has a condition that is string"),
    (Holds(condition="max(i) > 1"), r"Rule holds of silver\.odd cannot be used"),
    (Holds(condition="i > 0; DROP TABLE x"), r"Rule holds of silver\.odd cannot be used: .*[Ss]yntax"),
    (WhenThen(condition="i > 0", then="z > 0"), r"Rule when_then of silver\.odd cannot be used: .*`z`"),
    (WhenThen(condition="i", then="i > 0"), r"Rule when_then of silver\.odd has a condition that is int"),
    (Share(condition="t", min=0.5), r"Rule share of silver\.odd has a condition that is string"),
    (Share(condition="z", min=0.5), r"Rule share of silver\.odd cannot be used: .*`z`"),
    (Each(column="a", condition="thing > 0"), r"Rule a_each of silver\.odd cannot be used: .*`thing`"),
    (Each(column="a", condition="item >"), r"Rule a_each of silver\.odd cannot be used: .*[Ss]yntax"),
    (
        Each(column="a", condition="item"),
        r"Rule a_each of silver\.odd has a condition that is int, neither true nor false",
    ),
    (Each(column="at", condition="item"), r"Rule at_each of silver\.odd has a condition that is string"),
    (Expression(condition=lambda: F.col("t")), r"Rule expression of silver\.odd has a condition that is string"),
    (Expression(condition=lambda: F.col("z") > 0), r"Rule expression of silver\.odd cannot be used: .*`z`"),
    # patterns and types by name
    (Matches(column="t", pattern="("), r"Rule t_matches of silver\.odd has a pattern that cannot be read: '\('"),
    (Matches(column="t", pattern="a)|(b"), r"Rule t_matches of silver\.odd has a pattern that cannot be read"),
    (Matches(column="t", pattern=r"\Qa"), r"Rule t_matches of silver\.odd has a pattern that cannot be read"),
    (Matches(column="t", pattern="(?x)a # b"), r"Rule t_matches of silver\.odd has a pattern that cannot be read"),
    (NotMatches(column="t", pattern="[z-a]"), r"Rule t_not_matches of silver\.odd has a pattern that cannot be read"),
    (
        DateFormat(column="t", format="qqq"),
        r"Rule t_date_format of silver\.odd has a format that cannot be read: 'qqq'",
    ),
    (
        DateFormat(column="t", format="YYYY-MM-dd"),
        r"Rule t_date_format of silver\.odd has a format that cannot be read",
    ),
    (Castable(column="t", to_type="time"), r"Rule t_castable of silver\.odd cannot be used: .*TIME"),
]


@pytest.mark.parametrize(("rule", "told"), REFUSED, ids=lambda v: v.kind if isinstance(v, Rule) else "")
def test_a_rule_that_does_not_fit_is_refused_in_words(
    odd: DataFrame, there: dict[str, DataFrame], rule: Rule, told: str
) -> None:
    # Beside rules that fit: the one that does not has to be found among them.
    fine: list[Rule] = [NotNull(column="i", name="fine"), Holds(condition="i > 0", name="fine_too", where="t = 'x'")]
    with pytest.raises(UsageError, match=told) as refused:
        check(odd, TABLE, [*fine, rule], there)
    assert "fine" not in refused.value.what
    assert refused.value.cure or refused.value.choices
    assert len(refused.value.what) < 700


def test_a_column_that_is_not_there_comes_with_those_that_are(odd: DataFrame) -> None:
    with pytest.raises(UsageError) as refused:
        check(odd, TABLE, [NotNull(column="tss")])
    assert refused.value.choices == tuple(sorted(odd.columns))
    assert "Did you mean 'ts'?" in refused.value.what


@pytest.mark.parametrize("ask", [check, split, watch])
def test_every_way_in_refuses_alike(odd: DataFrame, ask: Callable[..., Any]) -> None:
    for rules in ([NotNull(column="z")], [NotNull(column="i"), NotNull(column="i")], [Holds(condition="z")]):
        with pytest.raises(UsageError):
            ask(odd, TABLE, rules)


def test_rules_of_one_name_are_all_named(odd: DataFrame) -> None:
    rules = [NotNull(column="i"), NotNull(column="i"), NotNull(column="t"), NotNull(column="t"), NotNull(column="x")]
    with pytest.raises(UsageError, match=r"silver\.odd has several rules called i_not_null, t_not_null\.") as refused:
        check(odd, TABLE, rules)
    assert refused.value.cure


# odd, but defined


@pytest.mark.parametrize("name", ["_broken_0", "_Breaks_1", "_rule_r"])
def test_a_column_that_rules_would_overwrite_is_refused(spark: SparkSession, name: str) -> None:
    df = spark.range(1).withColumn(name, F.lit(1))
    for ask in (check, split, watch):
        with pytest.raises(UsageError, match=f"kept for the work of rules: {name}") as refused:
            ask(df, TABLE, [NotNull(column="id")])
        assert "Rename" in refused.value.cure


@pytest.mark.parametrize("kind", [NotNull, Email])
def test_a_column_whose_name_spark_would_replace_is_refused(spark: SparkSession, kind: type[Rule]) -> None:
    df = spark.range(1).withColumn("${spark.app.name}", F.lit("x"))
    for ask in (check, split, watch):
        with pytest.raises(UsageError, match=r"looks at \$\{spark\.app\.name\}, in whose place Spark") as refused:
            ask(df, TABLE, [kind(column="${spark.app.name}")])
        assert "Rename" in refused.value.cure
    assert split(df, TABLE, [NotNull(column="id")]).valid.first()["${spark.app.name}"] == "x"


def test_columns_may_be_called_anything(spark: SparkSession) -> None:
    names = ["a b", "a.b", "select", "ORDER", "größe", "it's", 'say "x"', "1", "_hidden", "名前", "back`tick"]
    quoted = {name: f"`{name.replace('`', '``')}`" for name in names}
    rows = [(*[None] * len(names), [1, -1]), (*["x"] * len(names), [1])]
    df = spark.createDataFrame(rows, ", ".join([*[f"{q} STRING" for q in quoted.values()], "`a list` ARRAY<INT>"]))
    rules: list[Rule] = [
        kind(column=quoted[name], name=f"r{i}_{kind.kind}") for i, name in enumerate(names) for kind in (NotNull, Email)
    ]
    rules += [
        Unique(columns=tuple(quoted.values())),
        Increases(column=quoted["a.b"], by=quoted["a b"], per=(quoted["ORDER"],)),
        Each(column="a list", condition="item > 0"),
        Compare(column="a b", op="=", other=quoted["a.b"]),
        DistinctCount(column="select", min=1),
        NotNull(column="order", name="any_case", where="`a b` IS NULL"),
    ]
    parted = split(df, TABLE, rules)
    assert parted.valid.columns == [*df.columns, "_warnings"]
    good, bad = parted.valid.collect(), parted.quarantined.collect()
    assert (len(good), len(bad)) == (0, 2)
    failed = {r.rule.name: r.failed for r in parted.result().rules}
    assert failed == {rule.name: 1 if rule.kind in {"not_null", "email", "each"} else 0 for rule in rules}
    shown = {reason["rule"]: reason["value"] for row in bad for reason in row["_violations"]}
    assert shown["r0_email"] == "x"
    assert shown["a_list_each"] == "[1, -1]"


def test_fields_of_structs_are_columns_too(spark: SparkSession) -> None:
    df = spark.createDataFrame(
        [(1, (5, ("x",)), [(1,)]), (2, (None, None), []), (3, None, None), (4, (5, ("y",)), [(2,), (None,)])],
        "id INT, s STRUCT<n: INT, `odd name`: STRUCT<deep: STRING>>, items ARRAY<STRUCT<q: INT>>",
    )
    rules: list[Rule] = [
        NotNull(column="s.n"),
        NotNull(column="s.`odd name`.deep", name="deep"),
        OneOf(column="S.odd name.DEEP", values=("x",)),
        Unique(columns=("s.n",)),
        Determines(columns=("s.n",), dependent="s.odd name.deep"),
        Between(column="s.n", max=4),
        Size(column="items.q", max=1),
        Each(column="items.q", condition="item IS NOT NULL"),
        Mean(column="s.n", min=5, max=5),
    ]
    found = check(df, TABLE, rules)
    assert [r.failed for r in found.rules] == [2, 2, 1, 2, 2, 2, 1, 1, 0]
    assert found.rules[-1].measured == 5.0


def test_numbers_at_the_edge_of_their_types_do_not_end_the_query(spark: SparkSession) -> None:
    most, least = Decimal("99999999999999999999.999999999999999999"), Decimal("0.000000000000000001")
    df = spark.createDataFrame(
        [
            (2**31 - 1, 2**63 - 1, 1.7976931348623157e308, most),
            (-(2**31), -(2**63), -INF, most.copy_negate()),
            (0, 0, NAN, least),
        ],
        "i INT, l LONG, x DOUBLE, n DECIMAL(38,18)",
    )
    rules: list[Rule] = [
        Sums(column="i", parts=("i", "i")),
        Sums(column="l", parts=("l", "l")),
        Sums(column="n", parts=("n", "n")),
        Sums(column="x", parts=("i", "l", "n"), name="mixed"),
        Between(column="l", min=-(2**63) + 1, max=2**63 - 2),
        Between(column="n", min=0, name="n_positive"),
        Decimals(column="n", places=15),
        Finite(column="n"),
        Finite(column="x"),
        Compare(column="l", op="<=", other="n"),
        Compare(column="i", op="<=", other="x"),
        Total(column="n", min=-1, max=1),
        Total(column="l", min=-1, max=1),
        Mean(column="n", min=-1, max=1),
        Stddev(column="n", min=1e19),
        Mean(column="x", max=0),
        Total(column="x", max=0),
        Stddev(column="x", max=0),
        Correlation(column="i", other="n", min=0.9),
        Correlation(column="i", other="x", min=-1),
        DistinctCount(column="x", min=3, max=3),
    ]
    found = check(df, TABLE, rules)
    kept = {r.rule.name for r in found.rules if r.passed}
    # A sum of decimals of 38 digits keeps fewer after the point, so that of the smallest is 0, as it should not be.
    assert [r.failed for r in found.rules[:11]] == [2, 2, 2, 3, 2, 1, 3, 0, 2, 1, 1]
    assert kept >= {"n_total", "l_total", "n_mean", "n_stddev", "i_n_correlation", "x_distinct_count"}
    assert not kept & {"x_mean", "x_total", "x_stddev", "i_x_correlation"}


def test_a_table_without_rows_keeps_every_rule_on_rows(spark: SparkSession, there: dict[str, DataFrame]) -> None:
    df = spark.createDataFrame([], SCHEMA)
    rules: list[Rule] = [
        NotNull(column="i"),
        Unique(columns=("i",)),
        Determines(columns=("i",), dependent="t"),
        Increases(column="i", by="d"),
        NoOverlap(column="i", end="l", per=("t",)),
        References(column="t", to="places", key="name"),
        EachReferences(column="items.product", to="places", key="name"),
        RowCount(min=1, severity="warn"),
    ]
    result = check(df, TABLE, rules, there)
    assert (result.rows, result.quarantined, result.valid, result.pass_rate, result.passed) == (0, 0, 0, 1.0, True)
    assert [r.rule.name for r in result.failed] == ["row_count"]
    assert [r.pass_rate for r in result.rules] == [1.0] * 7 + [0.0]


def test_a_rule_whose_filter_no_row_meets_looked_at_nothing_and_has_found_nothing(spark: SparkSession) -> None:
    df = spark.createDataFrame([(None,), (1,)], "i INT")
    rules: list[Rule] = [
        NotNull(column="i", name="no", where="false"),
        NotNull(column="i", name="unknown", where="NULL"),
        NotNull(column="i", name="null_for_all", where="i > 5 AND i < 2"),
        Unique(columns=("i",), where="false"),
        Total(column="i", min=5, where="false"),
        NotNull(column="i", name="all", where="true"),
    ]
    result = check(df, TABLE, rules)
    # A sum of nothing is not measured; that none of no rows breaks a rule is known.
    verdicts = [True, True, True, True, None, False]
    assert [(r.rows, r.failed) for r in result.rules] == [*[(0, 0)] * 5, (2, 1)]
    assert [r.verdict for r in result.rules] == verdicts
    assert result.rules[4].measured is None


@pytest.mark.parametrize(
    ("tolerance", "passed"),
    [(0, False), (0.29, False), (0.3, True), ("70% of rows", True), ("70.1% of rows", False), (1, True)],
)
def test_a_tolerance_is_met_up_to_its_very_edge(spark: SparkSession, tolerance: Any, passed: bool) -> None:
    df = spark.range(20).selectExpr("IF(id < 3, NULL, id) AS i", "id < 10 AS seen")
    result = check(df, TABLE, [NotNull(column="i", tolerance=tolerance, where="seen")])
    assert (result.rules[0].rows, result.rules[0].failed, result.rules[0].passed) == (10, 3, passed)
    assert result.passed is passed
    # Bad rows leave the table, however many are tolerated.
    assert (result.rows, result.quarantined) == (20, 3)


def test_a_table_that_was_split_before_is_split_anew(spark: SparkSession) -> None:
    df = spark.createDataFrame([(1,), (None,)], "i INT")
    strict, mild = NotNull(column="i"), NotNull(column="i", severity="warn")
    parted = split(df, TABLE, [strict])
    for old in (parted.rows, parted.quarantined, parted.valid):
        again = split(old, TABLE, [mild])
        assert again.valid.columns == ["i", "_warnings"]
        assert again.quarantined.columns == ["i", "_violations", "_rules"]
    rows = split(parted.rows, TABLE, [mild]).rows.orderBy(F.col("i").asc_nulls_last()).collect()
    assert [tuple(row) for row in rows] == [(1, [], False, None, None), (None, ["i_not_null"], False, None, None)]


def test_two_hundred_rules_on_a_hundred_columns(spark: SparkSession) -> None:
    df = spark.range(50).selectExpr("id", *[f"IF(id % {n + 2} = 0, NULL, id) AS c{n}" for n in range(100)])
    rules: list[Rule] = [NotNull(column=f"c{n}") for n in range(100)]
    rules += [Between(column=f"c{n}", max=n, severity="warn") for n in range(100)]
    parted = split(df, TABLE, rules)
    rows = {row["id"]: row for row in parted.rows.collect()}
    for i, row in rows.items():
        null = [n for n in range(100) if i % (n + 2) == 0]
        above = [f"c{n}_between" for n in range(100) if i % (n + 2) and i > n]
        assert row["_warnings"] == above
        assert row["_rules"] == ([f"c{n}_not_null" for n in null] or None)
    failed = [r.failed for r in parted.result().rules]
    assert failed[:100] == [len([i for i in range(50) if i % (n + 2) == 0]) for n in range(100)]


@pytest.mark.soak
def test_two_thousand_rules_on_two_thousand_columns(spark: SparkSession) -> None:
    df = spark.range(10).select(*[(F.col("id") + n).alias(f"c{n}") for n in range(2000)])
    # Column n holds n to n + 9; every seventh rule lets all of it pass, the others its first five.
    rules: list[Rule] = [Between(column=f"c{n}", max=n + (9 if n % 7 == 0 else 4)) for n in range(2000)]
    failed = [0 if n % 7 == 0 else 5 for n in range(2000)]
    result = check(df, TABLE, rules)
    assert (result.rows, result.quarantined, [r.failed for r in result.rules]) == (10, 5, failed)
    parted = split(df, TABLE, rules)
    broken = [rule.name for n, rule in enumerate(rules) if n % 7]
    assert {row["c0"]: row["_rules"] for row in parted.rows.collect()} == {
        i: broken if i > 4 else None for i in range(10)
    }
    assert parted.result() == result


def test_a_shape_is_taken_from_another_frame(spark: SparkSession) -> None:
    now = spark.createDataFrame(
        [(datetime(2024, 1, 1, tzinfo=UTC), i % 4, float(i)) for i in range(40)], "ts TIMESTAMP, k INT, x DOUBLE"
    )
    rules: list[Rule] = [
        Psi(column="ts", to="before"),
        Ks(column="x", to="before"),
        Psi(column="k", to="before", name="k_psi"),
    ]
    same = check(now, TABLE, rules, {"before": now})
    assert [(round(r.measured or 0, 6), r.passed) for r in same.rules] == [(0.0, True)] * 3
    moved = check(now.withColumn("x", F.col("x") + 20), TABLE, rules, context=Context({"before": now}))
    assert [r.passed for r in moved.rules] == [True, False, True]


def test_bounds_at_the_edge_of_what_types_hold(spark: SparkSession) -> None:
    rows = [(1, date(2026, 1, 1), Decimal(5)), (2, date(1, 1, 1), Decimal(10) ** 30), (3, None, None)]
    df = spark.createDataFrame(rows, "id INT, day DATE, amount DECIMAL(38,0)")
    rules = (
        Between(name="after_the_first_day", column="day", min=date(1, 1, 2)),
        Between(name="below_a_nonillion", column="amount", max=10**29),
        Between(name="below_anything", column="id", max=10**50),
        OneOf(name="the_first_day", column="day", values=(date(1, 1, 1),)),
    )
    found = {one.rule.name: one.failed for one in check(df, "t", rules).rules}
    assert found == {"after_the_first_day": 1, "below_a_nonillion": 1, "below_anything": 0, "the_first_day": 1}


def test_a_time_without_a_zone_is_one_of_the_session(spark: SparkSession) -> None:
    df = spark.sql("SELECT TIMESTAMP '2026-01-01 12:00:00' AS at")
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - that is what is tried
    result = check(
        df, "t", (Between(name="to_noon", column="at", max=noon), Between(name="from_noon", column="at", min=noon))
    )
    assert [one.failed for one in result.rules] == [0, 0]


def test_a_schema_of_odd_names_and_types_is_as_declared_or_told(spark: SparkSession) -> None:
    df = spark.sql("SELECT 1 AS Id, named_struct('b,c', 1, 'd', 'x') AS odd, NULL AS empty, array() AS _warnings")
    right = HasSchema(name="right", schema={"id": "integer", "ODD": "struct<`b,c`:int,D:varchar(3)>"}, more=True)
    wrong = HasSchema(name="wrong", schema={"id": "long", "odd": "struct<b:int>", "empty": "string"})
    found = check(df, TABLE, [right, wrong]).rules
    assert [(one.passed, one.measured) for one in found] == [(True, 0.0), (False, 3.0)]
    assert found[1].said == (
        "id is int, not long; odd is struct<`b,c`:int,d:string>, not struct<b:int>; empty is void, not string."
    )


@pytest.mark.parametrize("ask", [check, split, watch])
def test_what_is_no_rows_or_no_rules_is_refused_in_words(odd: DataFrame, ask: Callable[..., Any]) -> None:
    for rows, given, said in (
        (odd, ["not_null"], "'not_null' is no rule"),
        (odd, NotNull(column="id"), "is no list of rules"),
        (odd, "not_null", "'not_null' is no list of rules"),
        ("orders", [NotNull(column="id")], "'orders' is no DataFrame"),
    ):
        with pytest.raises(UsageError, match=said):
            ask(rows, "t", given)


def test_counts_of_rows_that_nobody_writes_are_not_waited_for_for_ever(odd: DataFrame) -> None:
    parts = split(odd, "t", [NotNull(column=odd.columns[0])])
    with pytest.raises(UsageError, match=r"Nobody has written the rows of t, so nothing was counted\..*Write `valid`"):
        parts.result(patience=0.3)
    parts.valid.collect()
    assert parts.result().rows == odd.count()

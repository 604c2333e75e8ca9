"""Every kind of rule on values that keep it and values that break it, in one query; public test numbers where there are any."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.quality.engine import check, split
from toolkit.quality.rules import KINDS, Context, Distribution, RowRule, Rule, SetRule

NAN, INF = float("nan"), float("inf")
SPACES = ("\u0085", "\u00a0", "\u1680", "\u2007", "\u2028", "\u202f", "\u3000", "\u200b", "\u2060", "\ufeff", "\u180e")
"""White space beyond ASCII, some of it without width."""
MOON = datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC)


class Case(NamedTuple):
    """One rule on one column of values; None keeps it unless it is listed among the bad."""

    kind: str
    type: str
    good: list[Any]
    bad: list[Any]
    fields: dict[str, Any] = {}  # noqa: RUF012 - never changed


ON_VALUES = [
    Case("not_null", "string", ["x", "", " "], [None]),
    Case("not_null", "double", [0.0, NAN], [None]),
    Case("is_null", "int", [None], [0, 1]),
    Case("not_blank", "string", ["x", " x", "\u200bx", "\u200d"], [None, "", " ", "\t\n", *SPACES, "".join(SPACES)]),
    Case("one_of", "string", ["a", "NO", None], ["A", "", "a ", "no"], {"values": ("a", "NO")}),
    Case("one_of", "double", [1.0, 0.5, None], [NAN, 0.0, INF], {"values": (1, 0.5)}),
    Case("none_of", "string", ["x", "N/A", None], ["n/a", ""], {"values": ("n/a", "")}),
    Case("between", "int", [1, 5, None], [0, 6, -(2**31)], {"min": 1, "max": 5}),
    Case(
        "between",
        "double",
        [0.1, 0.3, None],
        [0.09999999999999999, 0.30000000000000004, NAN, -INF],
        {"min": 0.1, "max": 0.3},
    ),
    Case("between", "double", [1.0, INF], [NAN, 0.9], {"min": 1}),
    Case(
        "between",
        "decimal(38,18)",
        [Decimal("0.000000000000000001"), Decimal(1)],
        [Decimal("1.000000000000000001"), Decimal("-0.000000000000000001")],
        {"min": 0, "max": 1},
    ),
    Case("between", "timestamp", [MOON, None], [datetime(1969, 7, 20, 20, 17, 40, 1, UTC)], {"max": MOON}),
    Case("between", "date", [date(2024, 2, 29)], [date(2024, 3, 1)], {"max": "2024-02-29"}),
    Case("length", "string", ["ab", "👩‍👩", None, "e\u0301é"], ["", "a", "abcd"], {"min": 2, "max": 3}),
    Case("size", "array<int>", [[1], [None, 2], None], [[], [1, 2, 3]], {"min": 1, "max": 2}),
    Case("matches", "string", ["DE", None], ["D", "DEU", "xDE", "de", "", "DE\n", "\nDE"], {"pattern": "[A-Z]{2}"}),
    Case("matches", "string", ["a", "b"], ["ab", "xb", "ax"], {"pattern": "a|b"}),
    Case("not_matches", "string", ["x", "", None], ["test", "a test b"], {"pattern": "test"}),
    Case(
        "trimmed",
        "string",
        ["", "a b", None, "a\u200bx"],
        [" a", "a ", "\ta", " ", *SPACES, *[f"a{space}" for space in SPACES], "\ufeffa"],
    ),
    Case("cased", "string", ["abc", "", "ß1", None], ["Abc", "Ä"], {"case": "lower"}),
    Case("cased", "string", ["ABC", "Ä1", None], ["abc", "ß"], {"case": "upper"}),
    Case("castable", "string", ["1", " 1 ", "-7", None], ["", "1.5", "x", "2147483648"], {"to_type": "int"}),
    Case("castable", "string", ["1.25", "99.9900"], ["x", "1,5", "1000.00", "1.255"], {"to_type": "decimal(5,2)"}),
    Case("castable", "string", ["1e3", "NaN"], ["1e999", "1e-999", "1d"], {"to_type": "double"}),
    Case("castable", "string", ["2024-02-29"], ["2024-02", "2024-02-29 x", "20224-01-01"], {"to_type": "date"}),
    Case(
        "castable",
        "string",
        ["2024-02-29 10:00:00", "2024-02-29"],
        ["29.02.2024", "2023-02-29"],
        {"to_type": "timestamp_ntz"},
    ),
    Case("finite", "double", [0.0, -0.0, 1e308, None], [NAN, INF, -INF]),
    Case("finite", "float", [0.5, None], [NAN, INF]),
    Case("decimals", "double", [1.25, 0.07, 1e300, -0.0, None], [1.005, 0.30000000000000004, NAN, INF], {"places": 2}),
    Case("decimals", "float", [1.25, 0.07], [1.255, NAN], {"places": 2}),
    Case(
        "decimals",
        "decimal(38,18)",
        [Decimal("0.01"), Decimal("99999999999999999999.01"), Decimal(-1)],
        [Decimal("0.000000000000000001"), Decimal("99999999999999999999.995"), Decimal("-0.001")],
        {"places": 2},
    ),
    Case("not_in_future", "timestamp", [MOON, None], [datetime(9999, 1, 1, tzinfo=UTC)]),
    Case("not_in_future", "date", [date(2024, 3, 1)], [date(2024, 3, 2)], {"as_of": date(2024, 3, 1)}),
    Case(
        "recent",
        "date",
        [date(2024, 2, 28), date(2025, 1, 1), None],
        [date(2024, 2, 27)],
        {"days": 2, "as_of": date(2024, 3, 1)},
    ),
    Case(
        "email",
        "string",
        ["a@b.co", "ä.ö+x@sub.domain.org", None],
        [
            "a",
            "a@b",
            "@b.co",
            "a@@b.co",
            "a b@c.de",
            "a@b.",
            "a@.de",
            "a@b..de",
            "",
            "a@b.co\n",
            *[f"a{s}@b.co" for s in SPACES],
            *[f"a@b.co{s}" for s in SPACES],
        ],
    ),
    Case(
        "phone",
        "string",
        ["+49 30 123456", "+1 (415) 555-2671", "+442071838750", None],
        ["030 123456", "+0 123 4567", "+12 345", "+1234567890123456", "+49 30 12345a", "+49/30/123456", ""],
    ),
    Case(
        "uuid",
        "string",
        ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", None],
        [
            "f81d4fae7dec11d0a76500a0c91e6bf6",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
            "",
            "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
        ],
    ),
    Case(
        "url",
        "string",
        ["https://example.org", "http://example.org:8080/a?b=c#d", "http://localhost", None],
        [
            "ftp://example.org",
            "example.org",
            "https://",
            "https://a b",
            "https://example.org:999999",
            "javascript:alert(1)",
            "https://user@example.org",
            *[f"https://example{space}.org" for space in SPACES],
            *[f"https://example.org/a{space}" for space in SPACES],
        ],
    ),
    Case(
        "ip_address",
        "string",
        ["192.0.2.1", "255.255.255.255", "0.0.0.0", None],
        ["256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "1.2.3.", "::1", ""],
    ),
    Case(
        "iban",
        "string",
        [
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "NO9386011117947",
            "FR1420041010050500013M02606",
            "de89 3704 0044 0532 0130 00",
            None,
        ],
        ["DE89370400440532013001", "GB82", "", "XX", "DE89 3704 0044 0532 0130 0O", "89DE370400440532013000"],
    ),
    Case(
        "luhn",
        "string",
        ["4111111111111111", "4111 1111 1111 1111", "378282246310005", "49927398716", "490154203237518", None],
        ["4111111111111112", "49927398717", "1234567", "", "4111a11111111111", "x"],
    ),
    Case(
        "ean",
        "string",
        ["4006381333931", "96385074", "036000291452", "00012345600012", "978-3-16-148410-0", None],
        ["4006381333932", "96385075", "036000291453", "1234567890", "", "400638133393X"],
    ),
    Case("country_code", "string", ["NO", "DE", "TW", "SS", None], ["no", "UK", "XX", "EU", "DEU", "", "AN"]),
    Case(
        "currency_code",
        "string",
        ["EUR", "NOK", "JPY", "VES", "XCG", "XOF", None],
        ["eur", "DEM", "BTC", "€", "", "ZWL", "BGN", "ANG", "CUC", "XAU", "XDR", "CLF", "XXX", "EUR "],
    ),
    Case(
        "json",
        "string",
        ['{"a": [1, 2.5, "x", null]}', "[]", "null", '"x"', "-1e9", " {} ", None],
        [
            "",
            "{a: 1}",
            "[1,]",
            "{} x",
            "[1] [2]",
            "1,2",
            "1],[2",
            '1,"b":2',
            '{"a":1}}',
            "nul",
            "'x'",
            '{"a":1,"a":2}',
            "NaN",
        ],
    ),
    Case(
        "date_format",
        "string",
        ["2024-02-29", None],
        ["2023-02-29", "2024-2-9", "29.02.2024", "", "2024-02-29 10:00"],
        {"format": "yyyy-MM-dd"},
    ),
    Case("date_format", "string", ["29.02.24 23:59"], ["2024-02-29"], {"format": "dd.MM.yy HH:mm"}),
    Case(
        "not_mojibake",
        "string",
        ["Jürgen", "Ã", "naïve", "São", "", None, "日本", "ÃB"],
        ["JÃ¼rgen", "Ã\x85ngström", "cafÃ©", "Â£5", "Å\x82", "K\ufffdln", "\ufffd"],
    ),
    Case("each", "array<int>", [[1, 2], [], None, [None, 3]], [[0], [1, -1, None]], {"condition": "item > 0"}),
    Case("holds", "int", [1, None], [0, -1], {"condition": "{c} > 0"}),
    Case("references", "string", ["a", None], ["A", "", "c"], {"to": "keys", "key": "k"}),
    Case(
        "each_references",
        "array<string>",
        [["a", "b"], [], None, [None, "a"]],
        [["a", "c"], [""]],
        {"to": "keys", "key": "k"},
    ),
    Case("unique", "string", ["a", "b", "", " ", None, None], ["x", "x", "X\u00df", "X\u00df"]),
    Case("unique", "double", [1.0, None, None, INF], [NAN, NAN, 0.0, -0.0]),
]


class OfRows(NamedTuple):
    """One rule on several columns."""

    kind: str
    schema: str
    good: list[tuple[Any, ...]]
    bad: list[tuple[Any, ...]]
    fields: dict[str, Any]


ON_ROWS = [
    OfRows(
        "compare",
        "a int, b int",
        [(1, 2), (None, 1), (1, None)],
        [(2, 1), (1, 1)],
        {"column": "a", "op": "<", "other": "b"},
    ),
    OfRows(
        "compare",
        "a double, b double",
        [(NAN, NAN), (NAN, INF), (1.0, 1.0)],
        [(1.0, NAN), (0.0, 1.0)],
        {"column": "a", "op": ">=", "other": "b"},
    ),
    OfRows(
        "when_then",
        "s string, a int",
        [("paid", 1), ("open", 0), (None, 0), ("paid", None)],
        [("paid", 0)],
        {"condition": "s = 'paid'", "then": "a > 0"},
    ),
    OfRows(
        "given",
        "a string, b string",
        [("x", None), (None, "y")],
        [(None, None), ("x", "y")],
        {"among": ("a", "b"), "at_least": 1, "at_most": 1},
    ),
    OfRows(
        "sums",
        "t decimal(10,2), a decimal(10,2), b decimal(10,2)",
        [
            (Decimal("0.30"), Decimal("0.10"), Decimal("0.20")),
            (Decimal("0.31"), Decimal("0.10"), Decimal("0.20")),
            (None, Decimal(1), Decimal(1)),
        ],
        [(Decimal("0.32"), Decimal("0.10"), Decimal("0.20"))],
        {"column": "t", "parts": ("a", "b"), "within": 0.01},
    ),
    OfRows(
        "sums",
        "t int, a int, b int",
        [(2**31 - 1, 2**31 - 2, 1)],
        [(-(2**31), 2**31 - 1, 1), (0, -(2**31), -(2**31))],
        {"column": "t", "parts": ("a", "b")},
    ),
    OfRows("expression", "a int", [(1,), (None,)], [(0,)], {"condition": lambda: F.col("a_0") > 0}),
    OfRows(
        "references_together",
        "w string, x double",
        [("a", 1.0), ("b", NAN), (None, 7.0), ("c", None)],
        [("a", 2.0), ("a", NAN), ("b", 1.0), ("c", 1.0)],
        {"columns": ("w", "x"), "to": "keys", "keys": ("k", "n")},
    ),
    OfRows(
        "determines",
        "z string, c string",
        [("1", "x"), ("1", "x"), ("1", None), (None, "p"), (None, "q")],
        [("2", "x"), ("2", "y")],
        {"columns": ("z",), "dependent": "c"},
    ),
    OfRows(
        "increases",
        "v int, o int, g string",
        [(1, 1, "a"), (1, 2, "a"), (3, 3, "a"), (0, 1, "b"), (9, None, "a"), (None, 9, "a")],
        [(2, 4, "a"), (0, 5, "a")],
        {"column": "v", "by": "o", "per": ("g",)},
    ),
    OfRows(
        "no_overlap",
        "f int, t int, g string",
        [(1, 3, "a"), (3, 5, "a"), (1, None, "b"), (None, 9, "a"), (9, None, "a")],
        [(4, 6, "a"), (2, 3, "b"), (20, 25, "c"), (20, 22, "c")],
        {"column": "f", "end": "t", "per": ("g",)},
    ),
]

# kind, fields, values, what is measured, whether it is kept
SHAPE = {"edges": (10.0,), "shares": (0.5, 0.5)}
ON_THE_WHOLE: list[tuple[str, dict[str, Any], float | None, bool | None]] = [
    ("row_count", {"min": 4, "max": 4}, 4, True),
    ("row_count", {"min": 5, "name": "too_few"}, 4, False),
    ("row_count_change", {"within": 0.5, "name": "halved"}, 4, False),
    ("row_count_change", {"within": 0.5, "name": "as_ever"}, 4, True),
    ("row_count_change", {"within": 0.5, "name": "new"}, 4, None),
    ("freshness", {"column": "at", "hours": 1}, 1.0, True),
    ("freshness", {"column": "at", "hours": 0.99, "name": "stale"}, 1.0, False),
    ("total", {"column": "v", "min": 60, "max": 60}, 60, True),
    ("total", {"column": "v", "min": 61, "name": "too_little"}, 60, False),
    ("mean", {"column": "v", "min": 20, "max": 20}, 20, True),
    ("mean", {"column": "v", "max": 19.9, "name": "too_high"}, 20, False),
    ("stddev", {"column": "v", "max": 10}, 10, True),
    ("stddev", {"column": "v", "max": 9.9, "name": "too_wide"}, 10, False),
    ("quantile", {"column": "v", "max": 20}, 20, True),
    ("quantile", {"column": "v", "max": 19, "name": "median_high"}, 20, False),
    ("minimum", {"column": "v", "max": 10}, 10, True),
    ("minimum", {"column": "v", "max": 9, "name": "small_missing"}, 10, False),
    ("maximum", {"column": "v", "max": 30}, 30, True),
    ("maximum", {"column": "v", "max": 29, "name": "too_great"}, 30, False),
    ("distinct_count", {"column": "v", "min": 3, "max": 3}, 3, True),
    ("distinct_count", {"column": "v", "min": 4, "name": "too_same"}, 3, False),
    ("share", {"condition": "v > 10", "min": 0.5, "max": 0.5}, 0.5, True),
    ("share", {"condition": "v > 10", "max": 0.4, "name": "too_often"}, 0.5, False),
    ("correlation", {"column": "v", "other": "w", "min": -1, "max": -1}, -1, True),
    ("correlation", {"column": "v", "other": "w", "min": 0, "name": "against"}, -1, False),
    ("contains_all", {"column": "c", "values": ("a", "b")}, 0, True),
    ("contains_all", {"column": "c", "values": ("a", "z"), "name": "z_missing"}, 1, False),
    ("no_gaps", {"column": "v", "step": 10}, 0, True),
    ("no_gaps", {"column": "v", "step": 5, "name": "gaps"}, 2, False),
    ("no_gaps", {"column": "n", "step": 10, "name": "off_the_steps"}, 1, False),
    ("psi", {"column": "v", "expected": {"edges": (15.0, 25.0), "shares": (0.3333, 0.3334, 0.3333)}}, 0, True),
    ("psi", {"column": "v", "expected": SHAPE, "name": "moved"}, 4.6043, False),
    ("psi", {"column": "c", "to": "keys", "name": "as_there"}, 0, True),
    ("ks", {"column": "v", "expected": SHAPE, "max": 0.5}, 0.5, True),
    ("ks", {"column": "v", "expected": SHAPE, "max": 0.49, "name": "apart"}, 0.5, False),
    ("same_count", {"to": "keys", "within": 0.5}, 1, True),
    ("same_count", {"to": "keys", "name": "more"}, 1, False),
    ("same_total", {"column": "v", "to": "keys", "other": "v"}, 0, True),
    ("same_total", {"column": "n", "to": "keys", "other": "v", "name": "other_sum"}, 15, False),
    ("has_schema", {"schema": {"v": "long", "c": "string"}, "more": True}, 0, True),
    ("has_schema", {"schema": {"v": "int", "x": "int"}, "name": "changed"}, 6, False),
]


def test_every_kind_is_tried_here() -> None:
    tried = {case.kind for case in [*ON_VALUES, *ON_ROWS]}
    assert tried == {kind for kind, class_ in KINDS.items() if issubclass(class_, RowRule)}
    on_the_whole = {kind for kind, class_ in KINDS.items() if issubclass(class_, SetRule)}
    judged = {(kind, kept) for kind, _, _, kept in ON_THE_WHOLE if kept is not None}
    assert judged == {(kind, kept) for kind in on_the_whole for kept in (True, False)}


def columns_of(case: Case | OfRows, number: int) -> tuple[str, Rule]:
    """The columns of a case under names of its own, and its rule on them."""
    if isinstance(case, Case):
        name = f"c{number}"
        fields = {k: v.replace("{c}", name) if isinstance(v, str) else v for k, v in case.fields.items()}
        about = {"columns": (name,)} if case.kind == "unique" else {"column": name}
        return f"{name} {case.type}", KINDS[case.kind].model_validate({**about, **fields, "name": f"r{number}"})
    names = [part.split()[0] for part in case.schema.split(", ")]
    schema = ", ".join(part.replace(" ", f"_{number} ", 1) for part in case.schema.split(", "))

    def renamed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(renamed, value))
        if value in names:
            return f"{value}_{number}"
        if isinstance(value, str) and " " in value:
            return " ".join(renamed(word) for word in value.split(" "))
        return value if isinstance(value, str) or not callable(value) else lambda: F.col(f"a_{number}") > 0

    fields = {key: renamed(value) for key, value in case.fields.items()}
    return schema, KINDS[case.kind].model_validate({**fields, "name": f"r{number}"})


@pytest.fixture(scope="module")
def broken(shared_spark: SparkSession) -> dict[str, set[int]]:
    """Which rows broke which rule: each case has its own columns, null in the rows of the others."""
    cases: list[Case | OfRows] = [*ON_VALUES, *ON_ROWS]
    made = [columns_of(case, number) for number, case in enumerate(cases)]
    most = max(len(case.good) + len(case.bad) for case in cases)
    rows: list[list[Any]] = [[i] for i in range(most)]
    for case, _ in zip(cases, made, strict=True):
        values = [(v,) for v in (*case.good, *case.bad)] if isinstance(case, Case) else [*case.good, *case.bad]
        empty = [(None,) * len(values[0])] * (most - len(values))
        for row, value in zip(rows, [*values, *empty], strict=True):
            row.extend(value)
    df = shared_spark.createDataFrame([tuple(row) for row in rows], ", ".join(["id int", *[s for s, _ in made]]))
    keys = shared_spark.createDataFrame(
        [("a", 1.0), ("b", NAN), ("b", NAN), (None, 2.0), ("a", None)], "k string, n double"
    )
    found: dict[str, set[int]] = defaultdict(set)
    for row in split(df, "silver.kinds", [rule for _, rule in made], {"keys": keys}).quarantined.collect():
        for reason in row["_violations"]:
            found[reason["rule"]].add(row["id"])
    return found


@pytest.mark.parametrize(
    "number", range(len(ON_VALUES) + len(ON_ROWS)), ids=lambda n: f"{[*ON_VALUES, *ON_ROWS][n].kind}-{n}"
)
def test_good_values_keep_a_rule_and_bad_ones_break_it(broken: dict[str, set[int]], number: int) -> None:
    case = [*ON_VALUES, *ON_ROWS][number]
    values = [*case.good, *case.bad]
    found = {i for i in broken[f"r{number}"] if i < len(values)}
    wrong = [values[i] for i in sorted(found ^ set(range(len(case.good), len(values))))]
    assert not wrong


def whole(spark: SparkSession) -> tuple[DataFrame, Context]:
    at = datetime(2024, 3, 1, 12, tzinfo=UTC)
    rows = [
        (10, 3.0, "a", 10, at),
        (20, 2.0, "b", 30, None),
        (30, 1.0, "b", 35, at.replace(hour=11)),
        (None, 9.0, None, None, None),
    ]
    there = spark.createDataFrame([("a", 10), ("b", 20), ("b", 30)], "c string, v int")
    earlier = {"halved": [100, 8, 9, 10], "as_ever": [4, 4, 5, 1000], "new": [100, 100]}
    return (
        spark.createDataFrame(rows, "v bigint, w double, c string, n int, at timestamp"),
        Context({"keys": there}, earlier, at.replace(hour=13)),
    )


def test_a_rule_on_the_whole_table_measures_and_judges(spark: SparkSession) -> None:
    df, context = whole(spark)
    rules = [KINDS[kind].model_validate(fields) for kind, fields, _, _ in ON_THE_WHOLE]
    found = check(df, "silver.kinds", rules, context=context).rules
    assert [(r.rule.name, r.verdict) for r in found] == [
        (rule.name, kept) for rule, (_, _, _, kept) in zip(rules, ON_THE_WHOLE, strict=True)
    ]
    for result, (_, _, measured, _) in zip(found, ON_THE_WHOLE, strict=True):
        assert result.measured == pytest.approx(measured, abs=1e-4), (result.rule.name, result.said)
        assert result.said.endswith(".")


def test_in_a_table_without_rows_what_asks_for_something_fails_and_what_measures_nothing_is_not_measured(
    spark: SparkSession,
) -> None:
    df, context = whole(spark)
    rules = [KINDS[kind].model_validate(fields) for kind, fields, _, _ in ON_THE_WHOLE]
    found = {r.rule.name: r for r in check(df.where("v < 0"), "silver.kinds", rules, context=context).rules}
    failed = {name for name, result in found.items() if result.verdict is False}
    assert failed == {
        "row_count",
        "too_few",
        "halved",
        "as_ever",
        "at_freshness",
        "stale",
        "v_distinct_count",
        "too_same",
        "c_contains_all",
        "z_missing",
        "same_count",
        "more",
        "v_same_total",
        "other_sum",
        "changed",
    }
    unmeasured = {name for name, result in found.items() if result.unmeasured}
    assert unmeasured >= {
        "new",
        "v_total",
        "v_mean",
        "v_stddev",
        "v_quantile",
        "v_w_correlation",
        "share",
        "v_psi",
    }


def test_all_null_columns_break_only_what_asks_for_a_value(spark: SparkSession) -> None:
    cases = [case for case in ON_VALUES if case.kind != "is_null"]
    made = [columns_of(case, number) for number, case in enumerate(cases)]
    df = spark.createDataFrame([(None,) * len(made)] * 3, ", ".join(schema for schema, _ in made))
    keys = spark.createDataFrame([], "k string")
    result = check(df, "silver.nothing", [rule for _, rule in made], {"keys": keys})
    assert {r.rule.kind for r in result.rules if r.failed} == {"not_null", "not_blank"}
    assert {r.failed for r in result.rules} == {0, 3}


def test_a_distribution_is_taken_from_what_is_there(spark: SparkSession) -> None:
    from toolkit.quality.rules import distribution

    df = spark.range(1000).selectExpr("CAST(id AS DOUBLE) AS x", "IF(id < 250, 'a', 'b') AS c", "id % 2 = 0 AS b")
    assert distribution(df, "c", 5) == Distribution(values=("b", "a"), shares=(0.75, 0.25))
    quarters = distribution(df, "x", 4)
    assert quarters.edges == (249.0, 499.0, 749.0)
    assert quarters.shares == (0.249, 0.25, 0.25, 0.251)
    with pytest.raises(ValueError, match="more than 1 different"):
        distribution(df, "c", 1)
    with pytest.raises(ValueError, match="holds nothing"):
        distribution(df.where("x < 0"), "x", 4)

"""Rules are data: they can be listed, compared, written to a file and read again, without Spark; bad files are refused."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.rule_samples import IN_FILES, ON_THE_WHOLE, given, sample
from toolkit.errors import UsageError
from toolkit.quality import rules
from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.quarantine import quarantine_name, quarantine_of
from toolkit.quality.rules import (
    KINDS,
    Between,
    Cased,
    Castable,
    Compare,
    ContainsAll,
    Context,
    Correlation,
    Determines,
    DistinctCount,
    Distribution,
    Expression,
    Freshness,
    Given,
    HasSchema,
    Holds,
    Increases,
    Ks,
    Length,
    NoGaps,
    NoneOf,
    NoOverlap,
    NotNull,
    OneOf,
    Psi,
    Quantile,
    ReferencesTogether,
    RowCount,
    RowCountChange,
    RowRule,
    Rule,
    RuleSet,
    SameCount,
    SetRule,
    Share,
    Size,
    Stddev,
    Sums,
    Unique,
    WhenThen,
    dump,
    load,
    parse,
)
from toolkit.scenario import Table

# the register


def test_there_are_at_least_forty_kinds_and_each_is_a_name_in_the_package() -> None:
    assert len(KINDS) >= 40
    assert {kind.__name__ for kind in KINDS.values()} <= set(rules.__all__)
    assert all(getattr(rules, kind.__name__) is kind for kind in KINDS.values())
    assert all(issubclass(kind, (RowRule, SetRule)) and kind.kind == name for name, kind in KINDS.items())


def test_a_kind_is_called_as_its_class_in_small_letters() -> None:
    assert {"not_null", "ip_address", "each_references", "row_count_change", "ks"} <= set(KINDS)
    assert not {"rule", "row_rule", "set_rule", "on_column", "_listed"} & set(KINDS)


def test_a_new_kind_is_one_small_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules.base, "KINDS", KINDS)
    try:

        class EvenNumber(RowRule):
            column: str

            def sentence(self) -> str:
                return f"{self.column} is even."

        assert isinstance(parse({"kind": "even_number", "column": "c"}), EvenNumber)
    finally:
        del KINDS["even_number"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_it_is_and_what_null_does(kind: str) -> None:
    assert (KINDS[kind].__doc__ or "").strip().endswith(".")
    assert KINDS[kind].nulls.endswith(".")


def test_declaring_rules_does_not_import_spark() -> None:
    code = (
        "import sys, toolkit.quality.rules as r, toolkit.quality.actions, toolkit.quality.quarantine;"
        "r.load('table: silver.a\\nrules: [{kind: not_null, column: c}]');"
        "sys.exit('pyspark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# one rule


@pytest.mark.parametrize("kind", IN_FILES)
def test_a_rule_has_a_name_and_a_sentence_of_its_own_and_does_not_change(kind: str) -> None:
    rule = sample(kind)
    about = "_".join(rule.columns)
    assert rule.name == (f"{about}_{kind}" if about else kind)
    assert rule.description == rule.sentence()
    assert rule.description.endswith(".")
    with pytest.raises(ValidationError, match="frozen"):
        rule.severity = "warn"


@pytest.mark.parametrize("kind", IN_FILES)
def test_a_rule_survives_json_with_what_was_left_out_and_what_was_given(kind: str) -> None:
    for rule in (
        sample(kind),
        sample(kind, name="mine", description="Mine.", severity="info", tags=["a"], tolerance=1),
    ):
        assert type(rule).model_validate_json(rule.model_dump_json(by_alias=True)) == rule


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("a", "a_not_null"),
        ("a.b", "a_b_not_null"),
        ("Order ID", "order_id_not_null"),
        ("`a.b` c", "a_b_c_not_null"),
        ("1st", "rule_1st_not_null"),
        ("größe", "gr_e_not_null"),
        ("名前", "not_null"),
        ("x" * 200, "x" * 128),
        ("1" * 200, "rule_" + "1" * 123),
    ],
)
def test_a_name_is_made_of_column_and_kind_in_plain_letters(column: str, name: str) -> None:
    assert NotNull(column=column).name == name


def test_what_was_left_out_is_not_written_down() -> None:
    assert NotNull(column="c").as_data() == {"kind": "not_null", "column": "c"}
    assert Unique(columns=("a", "b")).as_data() == {"kind": "unique", "columns": ["a", "b"]}
    assert NotNull(column="c", severity="error").as_data() == {"kind": "not_null", "column": "c", "severity": "error"}


def test_a_function_of_python_has_no_place_in_a_file() -> None:
    rule = Expression(condition=lambda: None, name="mine")
    with pytest.raises(UsageError, match="mine is a Python function") as refused:
        rule.as_data()
    assert "holds" in refused.value.cure


@pytest.mark.parametrize(
    ("told", "share"),
    [
        (0, 0.0),
        (1, 1.0),
        (0.005, 0.005),
        ("99.5% of rows", 0.005),
        ("100% of rows", 0.0),
        ("0% of rows", 1.0),
        (" 99.9 %  OF  rows ", 0.001),
        ("71% of rows", 0.29),
        ("99.999999% of rows", 1e-8),
    ],
)
def test_a_tolerance_is_a_share_or_the_rows_that_keep_the_rule(told: Any, share: float) -> None:
    assert NotNull(column="c", tolerance=told).tolerance == share


@pytest.mark.parametrize(
    "told", [-0.1, 1.1, "101% of rows", "-1% of rows", "99.5%", "half", "", "0.5", float("nan"), float("inf"), None, []]
)
def test_a_tolerance_is_nothing_else(told: Any) -> None:
    with pytest.raises(ValidationError):
        NotNull(column="c", tolerance=told)


@pytest.mark.parametrize("kind", sorted(ON_THE_WHOLE))
def test_a_rule_on_the_whole_table_has_no_tolerance(kind: str) -> None:
    with pytest.raises(UsageError, match="kept or broken, so it has no tolerance"):
        parse({"kind": kind, **given(kind), "tolerance": "99% of rows"})
    assert parse({"kind": kind, **given(kind), "tolerance": 0}).tolerance == 0


@pytest.mark.parametrize(
    "rule",
    [
        Length(column="c", min=0, max=5),
        Given(among=("a", "b"), at_least=0, at_most=1),
        Given(among=("a", "b"), at_least=2),
        Share(condition="x", min=0, max=0.5),
        Share(condition="x", min=1),
        RowCount(min=0, max=0),
        # NaN is within no bounds.
        Correlation(column="a", other="b", min=-1, max=1),
        Stddev(column="c", min=0),
        Compare(column="a.b", op="=", other="`a.b`"),
    ],
    ids=lambda rule: rule.name,
)
def test_a_rule_that_can_be_kept_and_broken_is_one(rule: Rule) -> None:
    assert parse(rule.as_data()) == rule


def test_a_rule_tolerates_nothing_unless_it_is_told_to() -> None:
    assert {kind: KINDS[kind].model_fields["tolerance"].default for kind in KINDS} == dict.fromkeys(KINDS, 0.0)


@pytest.mark.parametrize(
    ("severity", "action", "removes", "marks"),
    [
        ("info", "record", False, True),
        ("warn", "warn", False, True),
        ("error", "quarantine", True, False),
        ("critical", "stop", True, False),
    ],
)
def test_severity_says_what_follows(severity: Any, action: str, removes: bool, marks: bool) -> None:
    rule = NotNull(column="c", severity=severity)
    assert (DEFAULT.of(rule), DEFAULT.removes(rule), DEFAULT.marks(rule)) == (action, removes, marks)


def test_what_follows_can_be_changed() -> None:
    mild = Actions(error="warn", critical="quarantine")
    assert mild.marks(NotNull(column="c"))
    assert mild.of(NotNull(column="c", severity="critical")) == "quarantine"
    with pytest.raises(ValidationError):
        Actions(error="explode")  # type: ignore[arg-type]


def made(kind: type[Rule], **values: Any) -> Any:
    return lambda: kind(**values)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (made(NotNull), "column"),
        (made(NotNull, column=""), "at least 1 character"),
        (made(NotNull, column="c", name="Bad Name"), "pattern"),
        (made(NotNull, column="c", name="x'); --"), "pattern"),
        (made(NotNull, column="c", name="x" * 129), "128"),
        (made(NotNull, column="c", severity="fatal"), "severity"),
        (made(NotNull, column="c", dimension="beauty"), "dimension"),
        (made(NotNull, colum="c"), "colum"),
        (made(OneOf, column="c", values=()), "at least 1"),
        (made(OneOf, column="c", values=(None,)), "values"),
        (made(OneOf, column="c", values=(float("nan"),)), "finite"),
        (made(ContainsAll, column="c", values=(float("inf"),)), "finite"),
        (made(Between, column="c"), "needs min, max or both"),
        (made(Between, column="c", min=2, max=1), "min 2 is above max 1"),
        (made(Between, column="c", min=5, max=1.5), "min 5 is above max 1.5"),
        (made(Between, column="c", min=1, max="a"), "not of one sort"),
        (made(Between, column="c", min=date(2020, 1, 1), max="a"), "not of one sort"),
        (made(Between, column="c", min=date(2020, 1, 1), max=datetime(2021, 1, 1, tzinfo=UTC)), "have to be alike"),
        (
            made(Between, column="c", min=datetime(2020, 1, 1), max=datetime(2021, 1, 1, tzinfo=UTC)),  # noqa: DTZ001
            "have to be alike",
        ),
        (made(Between, column="c", min=float("nan")), "finite"),
        (made(Length, column="c", min=-1), "greater than or equal to 0"),
        (made(Length, column="c", min=3, max=2), "min 3 is above max 2"),
        (made(Castable, column="c", to_type="int; drop table"), "pattern"),
        (made(Cased, column="c", case="title"), "lower"),
        (made(Given, among=("a",)), "at least 2"),
        (made(Sums, column="c", parts=()), "at least 1"),
        (made(Sums, column="c", parts=("a",), within=-1), "greater than or equal to 0"),
        (made(Holds, condition=""), "at least 1"),
        (made(Unique, columns=()), "at least 1"),
        (made(RowCount), "needs min, max or both"),
        (made(Share, condition="x", min=2, max=1), "above"),
        (made(Quantile, column="c", min=1, p=1.5), "less than or equal to 1"),
        (made(RowCountChange, within=0), "greater than 0"),
        (made(Psi, column="c"), "needs expected"),
        (made(Psi, column="c", to="x", expected=Distribution(values=("a",), shares=(1.0,))), "needs expected"),
        (made(Ks, column="c", expected=Distribution(values=("a",), shares=(1.0,))), "needs edges"),
        (made(HasSchema, schema={"c": "strng"}), "c: 'strng' is no type of Spark's.*Did you mean 'string'"),
        (made(HasSchema, schema={"c": "array<it>"}), "c: 'array<it>' is no type"),
        (made(HasSchema, schema={"c": ""}), "c: '' is no type"),
        (made(HasSchema, schema={"c": "int", "C": "int"}), "c is declared twice"),
        (made(HasSchema, schema={"c": "int"}, where="c > 0"), "not at rows, so it has no where"),
        (made(Length, column="c"), "needs a min above 0, max or both"),
        (made(Length, column="c", min=0), "needs a min above 0, max or both"),
        (made(Size, column="c"), "needs a min above 0, max or both"),
        (made(Given, among=("a", "b"), at_least=3), "at_least 3 is above the number of columns, 2"),
        (made(Given, among=("a", "b", "c"), at_least=3, at_most=2), "at_least 3 is above at_most 2"),
        (made(Given, among=("a", "b"), at_least=0), "needs an at_least above 0, or an at_most below"),
        (made(Given, among=("a", "b"), at_least=0, at_most=2), "needs an at_least above 0, or an at_most below"),
        (made(Given, among=("a", "b", "A")), "A is listed twice"),
        (made(Compare, column="c", op="<", other="c"), "c is compared with itself"),
        (made(Compare, column="a.b", op="=", other="A.`B`"), "compared with itself"),
        (made(WhenThen, condition="a > 0", then=" a > 0 "), "condition and then are the same"),
        (made(Determines, columns=("a", "b"), dependent="B"), "B is among the columns that determine it"),
        (made(Increases, column="a", by="a"), "have to be different columns"),
        (made(Increases, column="a", by="b", per=("a",)), "have to be different columns"),
        (made(Increases, column="a", by="b", per=("B",)), "have to be different columns"),
        (made(NoOverlap, column="a", end="a", per=("b",)), "periods from a to a are empty"),
        (made(ReferencesTogether, columns=("a",), to="x", keys=("b",)), "at least 2"),
        (made(ReferencesTogether, columns=("a", "b"), to="x", keys=("c", "d", "e")), "2 columns and 3 keys"),
        (made(NoGaps, column="a", per=("b", "A")), "a is in per, too"),
        (made(Castable, column="c", to_type="number"), "'number' is no type of Spark's"),
        (made(Castable, column="c", to_type="decimal(50,2)"), "1 to 38 digits"),
        (made(Castable, column="c", to_type="string"), "every text can be read as string"),
        (made(Castable, column="c", to_type="varchar(3)"), r"every text can be read as varchar\(3\)"),
        (made(Castable, column="c", to_type="void"), r"no text can be read as void"),
        (made(RowCount, min=0), "The number of rows is always at least 0: no table could break the rule"),
        (made(RowCount, max=-1), "The number of rows is never at most -1: no table could keep the rule"),
        (made(Share, condition="x", min=0), "is always at least 0"),
        (made(Share, condition="x", min=0, max=1), "is always between 0 and 1"),
        (made(Share, condition="x", min=5), "is never at least 5"),
        (made(DistinctCount, column="c", min=0), "is always at least 0"),
        (made(Stddev, column="c", max=-1), "is never at most -1"),
        (made(Correlation, column="c", other="d", min=1.5), "is never at least 1.5"),
        (made(SameCount, to="x", within=1), "less than 1"),
        (made(Ks, column="c", to="x", max=1), "less than 1"),
        (made(Psi, column="c", expected={"values": ("a",), "shares": (1.0,)}, bins=5), "needs no bins"),
    ],
)
def test_a_rule_that_says_nothing_sensible_cannot_be_made(make: Any, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"shares": (1.0,)}, "needs values or edges"),
        ({"values": ("a",), "edges": (1.0,), "shares": (1.0,)}, "needs values or edges"),
        ({"values": ("a", "b"), "shares": (1.0,)}, "needs 2 shares"),
        ({"edges": (1.0,), "shares": (1.0,)}, "needs 2 shares"),
        ({"edges": (2.0, 1.0), "shares": (0.5, 0.25, 0.25)}, "edges must increase"),
        ({"edges": (1.0, 1.0), "shares": (0.5, 0.25, 0.25)}, "edges must increase"),
        ({"values": ("a", "b"), "shares": (0.5, 0.6)}, "add up to 1"),
        ({"values": ("a", "b"), "shares": (1.5, -0.5)}, "add up to 1"),
        ({"values": (float("nan"),), "shares": (1.0,)}, "finite"),
        ({"values": ("a", "b", "a"), "shares": (0.5, 0.25, 0.25)}, "a is listed twice"),
        ({"values": (1, 1.0), "shares": (0.5, 0.5)}, "1 is listed twice"),
    ],
)
def test_a_distribution_is_whole(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Distribution(**fields)


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("decimal(10,2)", "decimal(10,2)"),
        ("numeric(10,2)", "decimal(10,2)"),
        ("DEC(10, 2)", "decimal(10,2)"),
        ("decimal", "decimal(10,0)"),
        ("array<long>", "array<bigint>"),
        ("map<STRING, short>", "map<string,smallint>"),
        ("varchar(10)", "string"),
        ("array<char(2)>", "array<string>"),
        ("timestamp_ltz", "timestamp"),
        ("struct<Id LONG NOT NULL, name: string>", "struct<id:bigint,name:string>"),
        ("struct<`a,b`:int>", "struct<`a,b`:int>"),
    ],
)
def test_a_schema_is_the_same_in_any_spelling(declared: str, found: str) -> None:
    judged = HasSchema(schema={"Id": declared}).judged({"schema": {"id": found}}, Context())
    assert (judged.passed, judged.measured, judged.said) == (True, 0.0, "Every column is as declared.")


@pytest.mark.parametrize(
    ("declared", "found", "told"),
    [
        ("int", "bigint", "c is bigint, not int."),
        ("decimal(10,2)", "decimal(10,3)", "c is decimal(10,3), not decimal(10,2)."),
        ("array<int>", "array<bigint>", "c is array<bigint>, not array<int>."),
        ("struct<a:int>", "struct<b:int>", "c is struct<b:int>, not struct<a:int>."),
        ("string", "void", "c is void, not string."),
    ],
)
def test_a_schema_of_other_types_is_told_as_each_side_spells_them(declared: str, found: str, told: str) -> None:
    judged = HasSchema(schema={"c": declared}).judged({"schema": {"c": found}}, Context())
    assert (judged.passed, judged.measured, judged.said) == (False, 1.0, told)


def test_technical_columns_come_along_with_any_schema_unless_they_are_declared() -> None:
    there = {"id": "int", "_warnings": "array<string>", "note": "string"}
    only = HasSchema(schema={"id": "int"})
    assert only.judged({"schema": there}, Context()).said == "note is not declared."
    declared = HasSchema(schema={"id": "int", "note": "string", "_warnings": "string"})
    assert declared.judged({"schema": there}, Context()).said == "_warnings is array<string>, not string."


def test_a_schema_keeps_the_spelling_it_was_declared_in() -> None:
    assert HasSchema(schema={"Id": "LONG"}).as_data()["schema"] == {"Id": "LONG"}


def test_the_base_of_rules_breaks_nothing_by_itself() -> None:
    class Nothing(RowRule, abstract=True):
        def sentence(self) -> str:
            return "."

    with pytest.raises(NotImplementedError):
        Nothing().broken()
    with pytest.raises(NotImplementedError):
        Rule(name="a")


def test_times_are_held_against_the_moment_of_judging_unless_one_is_given() -> None:
    context, fixed = Context(), datetime(2026, 3, 1, tzinfo=UTC)
    first = context.now
    assert first <= context.now
    assert (context.at, Context(at=fixed).now) == (None, fixed)
    newest = {"latest": (datetime.now(UTC) - timedelta(hours=3)).timestamp(), "ahead": 0}
    rule = Freshness(column="at", hours=2)
    assert not rule.judged(newest, context).passed
    assert rule.judged({"latest": fixed.timestamp(), "ahead": 0}, Context(at=fixed)).passed


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Bad Name"},
        {"name": "x'); --"},
        {"column": ""},
        {"severity": "fatal"},
        {"tolerance": 1.1},
        {"tolerance": -0.1},
        {"dimension": "beauty"},
        {"colum": "c"},
    ],
)
def test_a_rule_that_is_not_well_formed_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        NotNull(**{"name": "r", "description": "R.", "column": "c", **wrong})


# a rule from a mapping


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "there is no kind None"),
        ({"kind": "not_nul", "column": "c"}, r"no kind 'not_nul' \(did you mean 'not_null'\?\)"),
        ({"kind": "zzz"}, "there is no kind 'zzz'"),
        ({"kind": ["not_null"]}, "there is no kind"),
        ({"kind": "not_null", "colum": "c"}, r"no field 'colum' \(did you mean 'column'\?\)"),
        ({"kind": "not_null"}, "not_null needs 'column'"),
        (
            {"kind": "psi", "column": "c", "expected": {"foo": 1, "shares": [1]}},
            r"psi has no field 'expected\.foo'(?! .did you mean)",
        ),
        ({"kind": "psi", "column": "c", "expected": {"edges": [1]}}, r"psi needs 'expected\.shares'"),
        ({"kind": "unique", "unique": ["a"]}, "unique needs 'columns'"),
        ({"kind": "not_null", "column": 5}, "column = 5: it should be a valid string"),
        ({"kind": "not_null", "column": ""}, "column = '': it should have at least 1 character"),
        ({"kind": "one_of", "column": "c", "values": "abc"}, "values = 'abc': it should be a list"),
        ({"kind": "unique", "columns": []}, r"columns = \[\]: it should have at least 1 item, not 0"),
        ({"kind": "between", "column": "c"}, "needs min, max or both"),
        ({"kind": "not_null", "column": "c", "tolerance": "99.5%"}, "99.5% of rows"),
        ({"kind": "not_null", "column": "c", "severity": "fatal"}, "'info', 'warn', 'error' or 'critical'"),
    ],
)
def test_a_mapping_that_is_no_rule_is_refused_in_words(data: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        parse(data)
    assert refused.value.cure


# files


def whole() -> RuleSet:
    return RuleSet(
        table="silver.orders",
        owner="sales",
        rules=tuple(sample(kind, severity="warn", where="c > 1", tolerance=0.015) for kind in IN_FILES),
    )


def test_every_kind_survives_being_written_to_a_file_and_is_written_alike_again() -> None:
    text = dump(whole())
    again = load(text)
    assert again.table == "silver.orders"
    assert [rule.model_copy(update={"owner": ""}) for rule in again.rules] == list(whole().rules)
    assert {rule.owner for rule in again.rules} == {"sales"}
    assert dump(again) == text


def test_a_file_holds_only_what_was_said() -> None:
    rule_set = RuleSet(table="silver.a", rules=(NotNull(column="c"), OneOf(column="d", values=("x",), severity="warn")))
    assert (
        dump(rule_set)
        == (
            "table: silver.a\n"
            "rules:\n"
            "- kind: not_null\n"
            "  column: c\n"
            "- kind: one_of\n"
            "  column: d\n"
            "  severity: warn\n"
            "  values:\n"
            "  - x\n"
        )
        or load(dump(rule_set)) == rule_set
    )


@pytest.mark.parametrize(
    "values",
    [
        ("NO", "DE", "no", "yes", "on", "OFF", "y", "n"),
        ("", " ", "null", "~", "Null", "true", "1", "1.0", "1e3", "0x1F", "0o7", "12:30:00", "2020-01-01"),
        ("ü\n", "'", '"', "a: b", "- a", "# a", "%", "@", "`", "{}", "[]", "&a", "*a", "!x", "|", ">", "\t", "\\n"),
        ("\u2028", "\u00a0", "😀", "e\u0301", "\u200b", "日本"),
        (1, 0, -1, 2**62),
        (1.5, 0.1, 1e300, 5e-324),
        (True, False),
        (date(2020, 1, 1), date(1, 1, 1), date(9999, 12, 31)),
        (datetime(2020, 1, 1, 12, 30, tzinfo=UTC), datetime(2020, 1, 1, 0, 0, 0, 250, tzinfo=UTC)),
    ],
)
def test_values_come_back_as_what_they_were(values: tuple[Any, ...]) -> None:
    again = load(dump(RuleSet(table="silver.a", rules=(NoneOf(column="c", values=values),)))).rules[0].values
    assert again == values
    assert [type(value) for value in again] == [type(value) for value in values]


def test_the_country_code_of_norway_is_not_false() -> None:
    rule = load("table: silver.a\nrules: [{kind: one_of, column: c, values: [NO, SE, on, off, yes]}]").rules[0]
    assert rule.values == ("NO", "SE", "on", "off", "yes")


def test_the_owner_of_the_file_is_that_of_each_rule_that_names_none() -> None:
    text = (
        "table: silver.a\nowner: us\nrules:\n- {kind: not_null, column: c}\n- {kind: is_null, column: d, owner: them}\n"
    )
    assert [rule.owner for rule in load(text).rules] == ["us", "them"]


def test_a_file_without_rules_has_none() -> None:
    assert load("table: silver.a").rules == ()
    assert load("table: silver.a\nrules: []").rules == ()


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("table: silver.a\nrules: [{kind: not_null, column: größe}]", encoding="utf-8")
    assert load(tmp_path / "r.yaml").rules[0].column == "größe"


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = """
    tabel: silver.a
    rules:
    - {kind: not_nul, column: c}
    - {kind: not_null, colum: c, severity: fatal}
    - not_null
    - {kind: is_null, column: d}
    - {kind: is_null, column: d}
    - {name: mine, kind: between, column: c, min: 3, max: 2}
    """
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load(tmp_path / "r.yaml")
    for told in (
        "r.yaml cannot be used",
        "no 'tabel' here (did you mean 'table'?)",
        "it has to say which `table`",
        "rule 1: there is no kind 'not_nul' (did you mean 'not_null'?)",
        "rule 2: not_null needs 'column'",
        "rule 2: not_null has no field 'colum' (did you mean 'column'?)",
        "rule 2: severity = 'fatal'",
        "rule 3: it has to be a mapping that begins with `kind`",
        "several rules are called d_is_null",
        "rule mine: min 3 is above max 2",
    ):
        assert told in refused.value.what


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("   \n# nothing\n", "not a mapping"),
        ("- a\n- b", "holds a list"),
        ("just words", "not a mapping"),
        ("5", "not a mapping"),
        ("table: [", "not YAML"),
        ("table: silver.a\n\trules: x", "not YAML"),
        ("table: a: b", "not YAML"),
        ("table: silver.a\ntable: silver.b", "not YAML"),
        ("table: silver.a\nrules: {kind: not_null}", "`rules` has to be a list"),
        ("table: silver.a\nrules: not_null", "`rules` has to be a list"),
        ("table: silver.a\nrules: [null]", "has to be a mapping"),
        ("table: silver.a\nrules: [5]", "has to be a mapping"),
        ("table: 5", "which `table`"),
        ("rules: []", "which `table`"),
        ("table: ../../etc/passwd", "table"),
        ("table: !!python/object/apply:os.system ['echo harm']", "not YAML"),
        ("table: !!python/name:os.system x", "not YAML"),
        ("table: !<tag:evil> x", "not YAML"),
        ("a: &a [x, x]\nb: *a", "anchor"),
        ("base: &base {kind: not_null}\nrules: [{<<: *base, column: c}]", "anchor"),
        ("table: silver.a\n---\ntable: silver.b", "not YAML"),
        ("table: " + "[" * 500 + "]" * 500, "not YAML"),
        ("table: silver.a\x00", "not YAML"),
    ],
    ids=lambda text: repr(text)[:30],
)
def test_a_text_that_is_no_file_of_rules_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        load(text)
    assert len(refused.value.what) < 1000


def test_a_billion_laughs_is_refused_at_once_and_not_told_at_length() -> None:
    layers = ["l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    layers += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(UsageError, match="anchor") as refused:
        load("\n".join([*layers, "table: silver.a", "rules: [{kind: *l9, column: *l9}]"]))
    assert len(refused.value.what) < 1000


def test_six_megabytes_are_too_many(tmp_path: Path) -> None:
    text = "table: silver.a\n" + "# x\n" * 1_500_000
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    for source in (text, tmp_path / "r.yaml"):
        with pytest.raises(UsageError, match=r"has 6,000,\d+ bytes"):
            load(source)


@pytest.mark.parametrize("harm", ["missing", "folder", "bytes"])
def test_what_cannot_be_read_is_named(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "r.yaml"
    if harm == "folder":
        path.mkdir()
    if harm == "bytes":
        path.write_bytes(b"table: \xff\xfe")
    with pytest.raises(UsageError, match=r"r\.yaml cannot be read"):
        load(path)


# the quarantine's table


def test_a_quarantine_table_has_the_columns_and_the_reasons() -> None:
    table = Table("silver.parcels", "A parcel.", {"id": "Its number.", "_warnings": "Mild rules."})
    found = quarantine_of(table)
    assert found.name == quarantine_name("silver.parcels") == "quarantine.parcels"
    assert list(found.columns) == ["id", "_corrupt_record", "_violations", "_rules"]

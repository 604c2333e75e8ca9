"""Rules are data: they can be listed, compared, written down and read again, without Spark."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from toolkit.quality import rules
from toolkit.quality.quarantine import quarantine_name, quarantine_of
from toolkit.quality.rules import EachReferences, Email, Holds, Matches, NotMojibake, NotNull, OneOf, References, Rule
from toolkit.scenario import Table

EVERY: list[Rule] = [
    NotNull(name="a", description="A.", column="c"),
    OneOf(name="b", description="B.", column="c", values=("x", "y")),
    Matches(name="d", description="D.", column="c", pattern="x+"),
    Email(name="e", description="E.", column="c"),
    NotMojibake(name="f", description="F.", column="c"),
    Holds(name="g", description="G.", column="c", condition="c > 0"),
    References(name="h", description="H.", column="c", to="others", key="id"),
    EachReferences(name="i", description="I.", column="c.d", to="others", key="id"),
]


def test_every_kind_of_rule_is_tried_here() -> None:
    def kinds(base: type[Rule]) -> set[type[Rule]]:
        return {kind for child in base.__subclasses__() for kind in {child, *kinds(child)}}

    assert {type(rule) for rule in EVERY} == {k for k in kinds(Rule) if k.__module__ == rules.__name__}


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: type(rule).__name__)
def test_a_rule_survives_being_written_down(rule: Rule) -> None:
    assert type(rule).model_validate_json(rule.model_dump_json()) == rule


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: type(rule).__name__)
def test_a_rule_has_a_column_a_dimension_and_does_not_change(rule: Rule) -> None:
    assert rule.columns[0] in {"c", "c.d"}
    assert rule.quarantines
    with pytest.raises(ValidationError, match="frozen"):
        rule.severity = "warn"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("severity", "quarantines"), [("info", False), ("warn", False), ("error", True), ("critical", True)]
)
def test_severity_says_whether_the_row_leaves(severity: str, quarantines: bool) -> None:
    rule = NotNull(name="a", description="A.", column="c", severity=severity)  # type: ignore[arg-type]
    assert rule.quarantines is quarantines


def test_a_list_of_values_is_not_empty() -> None:
    with pytest.raises(ValidationError):
        OneOf(name="a", description="A.", column="c", values=())


def test_the_base_of_rules_breaks_nothing_by_itself() -> None:
    with pytest.raises(NotImplementedError):
        Rule(name="a", description="A.").broken()


def test_declaring_rules_does_not_import_spark() -> None:
    code = "import sys, toolkit.quality.rules, toolkit.quality.quarantine; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_quarantine_table_has_the_columns_and_the_reasons() -> None:
    table = Table("silver.parcels", "A parcel.", {"id": "Its number.", "_warnings": "Mild rules."})
    found = quarantine_of(table)
    assert found.name == quarantine_name("silver.parcels") == "quarantine.parcels"
    assert list(found.columns) == ["id", "_corrupt_record", "_violations", "_rules"]

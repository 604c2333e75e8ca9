"""Every kind of rule survives in a contract's file, at its column or at the table, whatever its values are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.rule_samples import IN_FILES, sample
from toolkit.quality.contracts import Column, Contract, ContractTable, dump, load
from toolkit.quality.rules import Between, Matches, NoneOf, OneOf, Psi, RowCount, Rule

COLUMNS = tuple(Column(name=name) for name in "abcde")


def survives(*rules: Rule) -> bool:
    table = ContractTable(name="t", columns=COLUMNS, rules=rules)
    contract = Contract(id="c", version="1.0.0", tables=(table,))
    return load(dump(contract)) == contract


@pytest.mark.parametrize("kind", IN_FILES)
def test_every_kind_of_rule_survives(kind: str) -> None:
    rule = sample(kind, severity="warn", owner="Ann", where="c > 1", tolerance=0.015)
    plain = rule.model_copy(update={"tolerance": 0.0, "owner": "", "where": "", "name": f"{rule.name}_2"})
    assert survives(rule, plain)


@pytest.mark.parametrize(
    "rule",
    [
        Between(column="a", min=date(2020, 1, 1), max=date(2021, 1, 1)),
        Between(column="a", min=datetime(2020, 1, 1, 12, 30, tzinfo=UTC)),
        Between(column="a", min=datetime(2020, 1, 1, 12, 30, 0, 250)),  # noqa: DTZ001 - a time without a zone
        Between(column="a", min="2020-01-01"),
        OneOf(column="a", values=(date(2020, 1, 1), "2020-01-01", 1, 1.0, "1")),
        OneOf(
            column="a", values=("NO", "on", "", " ", "null", "~", "1e3", "0x1", "12:30:00", "ü\n", "'", '"', "&a", "*a")
        ),
        NoneOf(column="a", values=("\t", "a: b", "- a", "# a", "%", "@", "`", "{}", "[]", "\u2028", "\u00a0", "😀")),
        Matches(column="a", pattern=r"\d+\\[\"']"),
        RowCount(min=0, max=5),
        Psi(column="a", expected={"values": ("x", 1), "shares": (0.25, 0.75)}),  # type: ignore[arg-type]
    ],
    ids=lambda rule: rule.kind,
)
def test_values_of_every_sort_survive(rule: Rule) -> None:
    assert survives(rule)
    back = load(
        dump(Contract(id="c", version="1.0.0", tables=(ContractTable(name="t", columns=COLUMNS, rules=(rule,)),)))
    )
    # 1, 1.0 and True are equal, but they are not the same.
    assert repr(back.tables[0].rules[0]) == repr(rule)

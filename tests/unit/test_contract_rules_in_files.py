"""Every kind of rule survives in a contract's file, at its column or at the table, whatever its values are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from toolkit.quality.contracts import Column, Contract, ContractTable, dump, load
from toolkit.quality.rules import KINDS, Between, Matches, NoneOf, OneOf, Psi, RowCount, RowRule, Rule, parse

COLUMNS = tuple(Column(name=name) for name in "abcde")
VALUES: dict[str, Any] = {
    "column": "a",
    "columns": ("a", "b"),
    "dependent": "c",
    "other": "d",
    "by": "b",
    "per": ("b",),
    "end": "e",
    "among": ("a", "b"),
    "parts": ("b", "c"),
    "values": ("x", 1, True, 2.5),
    "pattern": "^[a-z]+$",
    "condition": "a > 0 AND b != 'x: #y'",
    "then": "c IS NOT NULL",
    "case": "lower",
    "to_type": "decimal(10,2)",
    "format": "yyyy-MM-dd",
    "places": 2,
    "days": 3,
    "hours": 1.5,
    "to": "silver.others",
    "key": "id",
    "keys": ("id", "part"),
    "op": "<=",
    "schema": {"a": "int", "b": "struct<c:string>"},
}
BOUNDED = {"between", "row_count", "total", "mean", "stddev", "quantile", "minimum", "maximum", "share", "correlation"}


def sample(kind: str) -> Rule:
    """A rule of that kind, with something in every field that it needs."""
    fields = {field.alias or name: field for name, field in KINDS[kind].model_fields.items()}
    given = {name: VALUES[name] for name, field in fields.items() if field.is_required()}
    if kind in BOUNDED | {"distinct_count"}:
        given |= {"min": 1, "max": 2.5}
    if kind in {"length", "size"}:
        given["max"] = 3
    if kind in {"psi", "ks"}:
        given["to"] = VALUES["to"]
    shared: dict[str, Any] = {"severity": "warn", "owner": "Ann"}
    if kind != "has_schema":
        shared["where"] = "a > 1"
    if issubclass(KINDS[kind], RowRule):
        shared["tolerance"] = 0.015
    return parse({"kind": kind, **given, **shared})


def survives(*rules: Rule) -> bool:
    table = ContractTable(name="t", columns=COLUMNS, rules=rules)
    contract = Contract(id="c", version="1.0.0", tables=(table,))
    return load(dump(contract)) == contract


# A function of Python is the one thing that no file can hold.
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"expression"}))
def test_every_kind_of_rule_survives(kind: str) -> None:
    rule = sample(kind)
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

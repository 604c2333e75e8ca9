"""The metrics of the Open Data Contract Standard's library, and the rules that say exactly the same.

Owns what each metric means. Where the standard leaves open what is meant, there is no rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from toolkit.quality import sql_text
from toolkit.quality.contracts.bounds import interval
from toolkit.quality.contracts.patterns import Untranslatable, in_java
from toolkit.quality.rules import Rule

Entry = Mapping[str, Any]

METRICS = (
    ("`nullValues`", "`not_null`", "a limit of 0, or a limit in percent, which becomes the tolerance"),
    ("`missingValues`", "`none_of`, or `holds` where null counts as missing", "as above"),
    ("`invalidValues` with `validValues`", "`one_of`", "as above"),
    (
        "`invalidValues` with `pattern`",
        "`matches`",
        "as above; the pattern begins with ^, ends with $, and can be said in Java's dialect",
    ),
    ("`duplicateValues`", "`unique`", "a limit of 0"),
    (
        "`rowCount`",
        "`row_count`, or the volume promise",
        "whole numbers, one operator or two; `mustBeBetween` allows neither of its bounds, as the standard says",
    ),
)
"""The standard's metric, our rule, and when they mean the same: a table of the docs."""


def metric_of(rule: Rule, home: str | None) -> dict[str, Any] | None:
    """The standard's metric for a rule, if it has one."""
    data = rule.as_data()
    match rule.kind:
        case "not_null":
            return {"metric": "nullValues", **_limit_of(rule)}
        case "none_of":
            return {"metric": "missingValues", "arguments": {"missingValues": data["values"]}, **_limit_of(rule)}
        case "one_of":
            return {"metric": "invalidValues", "arguments": {"validValues": data["values"]}, **_limit_of(rule)}
        case "matches":
            return {"metric": "invalidValues", "arguments": {"pattern": data["pattern"]}, **_limit_of(rule)}
        # On several columns it would name them, and the standard may have other names for them than the table.
        case "unique" if home is not None:
            return {"metric": "duplicateValues", "mustBe": 0}
    return None


def _limit_of(rule: Rule) -> dict[str, Any]:
    # In decimals: 0.07 * 100 is 7.000000000000001.
    percent = float(Decimal(repr(rule.tolerance)) * 100)
    return {"mustBeLessOrEqualTo": percent, "unit": "percent"} if rule.tolerance else {"mustBe": 0}


def _tolerance(entry: Entry) -> float | None:
    """The share of rows that may break it; None where that cannot be said."""
    unit, allowed = entry.get("unit", "rows"), interval(entry, 0)
    # That there is a row that breaks it, no rule asks for.
    if allowed is None or allowed.low > 0 or (allowed.low == 0 and allowed.low_open):
        return None
    if unit == "rows":
        return 0.0 if allowed.whole is not None and allowed.whole[1] == 0 else None
    if unit != "percent" or not 0 <= allowed.high <= 100 or (allowed.high == 0 and allowed.high_open):  # noqa: PLR2004 - percent
        return None
    # The greatest share below the limit, where the limit itself is not allowed.
    share = allowed.high / 100
    return math.nextafter(share, 0) if allowed.high_open else share


def _on_values(build: Callable[[Entry, str], dict[str, Any] | None]) -> Callable[[Entry, str], dict[str, Any] | None]:
    """A reader of a metric that counts values of one column, up to a limit."""

    def read(entry: Entry, column: str) -> dict[str, Any] | None:
        share = _tolerance(entry)
        found = build(entry, column) if column and share is not None else None
        # A tolerance of 0 is what rules have anyway; as data it would only make noise.
        return None if found is None else {**found, "tolerance": share} if share else found

    return read


def _null_values(_: Entry, column: str) -> dict[str, Any]:
    return {"kind": "not_null", "column": column}


def _missing_values(entry: Entry, column: str) -> dict[str, Any] | None:
    values = (entry.get("arguments") or {}).get("missingValues")
    if not isinstance(values, list) or not values:
        return None
    given = [value for value in values if value is not None]
    if not given:
        return _null_values(entry, column)
    if len(given) == len(values):
        return {"kind": "none_of", "column": column, "values": given}
    if not all(isinstance(value, str) for value in given):
        return None
    listed, value = ", ".join(map(sql_text.text, given)), sql_text.column(column)
    return {"kind": "holds", "column": column, "condition": f"{value} IS NOT NULL AND {value} NOT IN ({listed})"}


def _invalid_values(entry: Entry, column: str) -> dict[str, Any] | None:
    arguments = entry.get("arguments") or {}
    if set(arguments) == {"validValues"}:
        return {"kind": "one_of", "column": column, "values": arguments["validValues"]}
    if set(arguments) != {"pattern"} or not isinstance(arguments["pattern"], str):
        return None
    try:
        return {"kind": "matches", "column": column, "pattern": in_java(arguments["pattern"])}
    except Untranslatable:
        return None


def _duplicate_values(entry: Entry, column: str) -> dict[str, Any] | None:
    columns = [column] if column else (entry.get("arguments") or {}).get("properties")
    if _tolerance(entry) != 0 or not isinstance(columns, list) or not columns:
        return None
    return {"kind": "unique", "columns": columns}


def row_count(entry: Entry, column: str) -> dict[str, Any] | None:
    """A bound on the number of rows, as the data of a rule; None where it is none, or not on the table."""
    allowed = interval(entry, 0)
    if column or allowed is None or allowed.whole is None or entry.get("unit", "rows") != "rows":
        return None
    low, high = allowed.whole
    if (low is not None and low < 0 and high is None) or (high is not None and high < max(low or 0, 0)):
        return None
    bounds = {"min": None if low is None else max(low, 0), "max": high}
    return {"kind": "row_count", **{name: bound for name, bound in bounds.items() if bound is not None}}


READERS: Mapping[str, Callable[[Entry, str], dict[str, Any] | None]] = {
    "nullValues": _on_values(_null_values),
    "missingValues": _on_values(_missing_values),
    "invalidValues": _on_values(_invalid_values),
    "duplicateValues": _duplicate_values,
    "rowCount": row_count,
}
"""The metric → what reads it: an entry and the path of its column, which is empty for the table, to the data of a rule."""

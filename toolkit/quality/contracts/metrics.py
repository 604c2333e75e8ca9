"""The metrics of the Open Data Contract Standard's library, and the rules that say exactly the same.

Owns what each metric means. Where the standard leaves open what is meant, there is no rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from toolkit.quality import sql_text
from toolkit.quality.contracts.standard import OPERATORS
from toolkit.quality.rules import Rule

Entry = Mapping[str, Any]

METRICS = (
    ("`nullValues`", "`not_null`", "a limit of 0, or a limit in percent, which becomes the tolerance"),
    ("`missingValues`", "`none_of`, or `holds` where null counts as missing", "as above"),
    ("`invalidValues` with `validValues`", "`one_of`", "as above"),
    ("`invalidValues` with `pattern`", "`matches`", "as above; the pattern begins with ^, ends with $ and has no \\|"),
    ("`duplicateValues`", "`unique`", "a limit of 0"),
    (
        "`rowCount`",
        "`row_count`, or the volume promise",
        "whole numbers; any operator but `mustNotBe` and `mustNotBeBetween`",
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


def _operator(entry: Entry) -> tuple[str, Any] | None:
    """The one comparison of an entry; None where there is none, or several."""
    found = [(name, entry[name]) for name in OPERATORS if entry.get(name) is not None]
    return found[0] if len(found) == 1 else None


def _tolerance(entry: Entry) -> float | None:
    """The share of rows that may break it; None where that cannot be said."""
    compared = _operator(entry)
    if compared is None or isinstance(compared[1], bool) or not isinstance(compared[1], (int, float)):
        return None
    unit, (operator, value) = entry.get("unit", "rows"), compared
    if (operator, value) in {("mustBe", 0), ("mustBeLessOrEqualTo", 0)} or (
        unit == "rows" and compared == ("mustBeLessThan", 1)
    ):
        return 0.0
    if unit != "percent" or not 0 < value <= 100:  # noqa: PLR2004 - percent
        return None
    share = value / 100
    if operator == "mustBeLessThan":
        # The greatest share below it: at the limit itself the entry is broken.
        return math.nextafter(share, 0)
    return share if operator == "mustBeLessOrEqualTo" else None


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
    pattern = arguments.get("pattern")
    # Whether a part of the text is enough, the standard leaves open; a pattern from end to end means the same either way.
    whole = isinstance(pattern, str) and pattern.startswith("^") and pattern.endswith("$") and "|" not in pattern
    return (
        {"kind": "matches", "column": column, "pattern": pattern} if set(arguments) == {"pattern"} and whole else None
    )


def _duplicate_values(entry: Entry, column: str) -> dict[str, Any] | None:
    columns = [column] if column else (entry.get("arguments") or {}).get("properties")
    if _tolerance(entry) != 0 or not isinstance(columns, list) or not columns:
        return None
    return {"kind": "unique", "columns": columns}


def row_count(entry: Entry, column: str) -> dict[str, Any] | None:
    """A bound on the number of rows, as the data of a rule; None where it is none, or not on the table."""
    compared = _operator(entry)
    if column or compared is None or entry.get("unit", "rows") != "rows":
        return None
    match compared:
        case "mustBe", int(n):
            bounds = {"min": n, "max": n}
        case "mustBeGreaterThan", int(n):
            bounds = {"min": n + 1}
        case "mustBeGreaterOrEqualTo", int(n):
            bounds = {"min": n}
        case "mustBeLessThan", int(n):
            bounds = {"max": n - 1}
        case "mustBeLessOrEqualTo", int(n):
            bounds = {"max": n}
        case "mustBeBetween", [int(low), int(high)]:
            bounds = {"min": low, "max": high}
        case _:
            return None
    return {"kind": "row_count", **bounds} if all(n >= 0 for n in bounds.values()) else None


READERS: Mapping[str, Callable[[Entry, str], dict[str, Any] | None]] = {
    "nullValues": _on_values(_null_values),
    "missingValues": _on_values(_missing_values),
    "invalidValues": _on_values(_invalid_values),
    "duplicateValues": _duplicate_values,
    "rowCount": row_count,
}
"""The metric → what reads it: an entry and the path of its column, which is empty for the table, to the data of a rule."""

"""The rules as checks of cuallee, counted.

Nulls: its checks count the rows for which a condition is true, so a null would be a violation. Where a column of the flights
holds nulls, the check is therefore its `satisfies`, with a condition that a null meets; the cost is the same, as every check
becomes one sum in one pass. So is what it has no check for: lengths and pairs of columns.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from cuallee import Check, CheckLevel
from pyspark.sql import DataFrame
from shared import Counts, Order, Rule, anchored, tell, timed

WITH_NULLS = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "tailnum"}


def add(check: Check, rule: Rule) -> None:
    """Add the check that says the same."""
    if rule["kind"] in NATIVE and rule.get("column") not in WITH_NULLS:
        NATIVE[rule["kind"]](check, rule)
    elif rule["kind"] == "not_null":
        check.is_complete(rule["column"])
    else:
        # The column is only its label.
        condition = f"coalesce({CONDITIONS[rule['kind']](rule)}, true)"
        check.satisfies(rule.get("column", "sched_dep_time"), condition)


NATIVE: dict[str, Callable[[Check, Rule], Check]] = {
    "one_of": lambda c, r: c.is_contained_in(r["column"], tuple(r["values"])),
    "between": lambda c, r: c.is_between(r["column"], (r["min"], r["max"])),
    "matches": lambda c, r: c.has_pattern(r["column"], anchored(r["pattern"])),
}
CONDITIONS: dict[str, Callable[[Rule], str]] = {
    "one_of": lambda r: f"{r['column']} IN ({', '.join(map(repr, r['values']))})",
    "between": lambda r: f"{r['column']} BETWEEN {r['min']} AND {r['max']}",
    "matches": lambda r: f"{r['column']} RLIKE r'{anchored(r['pattern'])}'",
    "length": lambda r: f"length({r['column']}) BETWEEN {r['min']} AND {r['max']}",
    "compare": lambda r: f"{r['column']} {r['op']} {r['other']}",
    "holds": lambda r: r["condition"],
}


def counted(df: DataFrame, rules: list[Rule]) -> Counts:
    """Bad rows by rule."""
    check = Check(CheckLevel.ERROR, "flights")
    for rule in rules:
        add(check, rule)
    check.validate(df)
    # Also a frame of one row per check, which is what it returns; reading that would be one more job.
    found = check.rules
    if len(found) != len(rules):
        raise SystemExit(f"cuallee kept {len(found)} checks of {len(rules)}.")
    return {rule["name"]: int(one.violations) for rule, one in zip(rules, found, strict=True)}


def main() -> None:
    """Count."""
    order = Order.read()
    spark = order.spark()
    df = spark.read.parquet(order.flights)
    seconds, counts = timed(lambda: counted(df, order.rules), order.repeat)
    tell(version=version("cuallee"), seconds=seconds, counts=counts)
    spark.stop()


if __name__ == "__main__":
    main()

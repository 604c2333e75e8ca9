"""The rules as checks of DQX: counted, and the rows split into two Delta tables with their reasons.

Nulls: its checks let them pass, as our rules do, all but `is_not_null`.

It insists on a client of a Databricks workspace, of which checks use nothing but usage statistics; where there is no workspace,
DQX's own guide to local work hands it a stand-in, and so does this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from unittest.mock import MagicMock

from databricks.labs.dqx import check_funcs
from databricks.labs.dqx.config import InputConfig, OutputConfig
from databricks.labs.dqx.engine import DQEngine
from databricks.labs.dqx.metrics_observer import DQMetricsObserver
from databricks.labs.dqx.rule import DQRowRule
from databricks.sdk import WorkspaceClient
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from shared import Counts, Order, Rule, anchored, clear, in_turns, tell, timed, write

# It compares two columns with these only.
COMPARED = {
    "!=": (check_funcs.is_not_equal_to, "value"),
    "<=": (check_funcs.is_not_greater_than, "limit"),
    ">=": (check_funcs.is_not_less_than, "limit"),
}


def check(rule: Rule) -> DQRowRule:
    """The check that says the same."""
    function, arguments = KINDS[rule["kind"]](rule)
    return DQRowRule(
        name=rule["name"],
        criticality="error",
        check_func=function,
        column=rule.get("column") if function is not check_funcs.sql_expression else None,
        check_func_kwargs=arguments,
    )


Made = tuple[Callable[..., object], dict[str, object]]


def _sql(condition: str) -> Made:
    return check_funcs.sql_expression, {"expression": condition}


def _compare(rule: Rule) -> Made:
    if rule["op"] not in COMPARED:
        return _sql(f"{rule['column']} {rule['op']} {rule['other']}")
    function, argument = COMPARED[rule["op"]]
    return function, {argument: F.col(rule["other"])}


KINDS: dict[str, Callable[[Rule], Made]] = {
    "not_null": lambda _: (check_funcs.is_not_null, {}),
    # A bare text would be taken for an expression.
    "one_of": lambda r: (check_funcs.is_in_list, {"allowed": [F.lit(value) for value in r["values"]]}),
    "between": lambda r: (check_funcs.is_in_range, {"min_limit": r["min"], "max_limit": r["max"]}),
    "matches": lambda r: (check_funcs.regex_match, {"regex": anchored(r["pattern"])}),
    "length": lambda r: _sql(f"length({r['column']}) BETWEEN {r['min']} AND {r['max']}"),
    "compare": _compare,
    "holds": lambda r: _sql(r["condition"]),
}


def engine(spark: SparkSession, observer: DQMetricsObserver | None = None) -> DQEngine:
    """Its engine."""
    return DQEngine(MagicMock(spec=WorkspaceClient), spark, observer=observer)


def counted(df: DataFrame, rules: list[Rule]) -> Counts:
    """Bad rows by rule, as its observer tells them once something has read the checked rows."""
    checked, observation = engine(df.sparkSession, DQMetricsObserver()).apply_checks(df, [check(r) for r in rules])
    checked.count()
    told = json.loads(observation.get["check_metrics"])
    return {one["check_name"]: int(one["error_count"]) for one in told}


def counted_from_reasons(df: DataFrame, rules: list[Rule]) -> Counts:
    """The same by hand, from the reasons that it attaches to the rows."""
    checked = engine(df.sparkSession).apply_checks(df, [check(rule) for rule in rules])
    reasons = checked.select(F.explode("_errors.name").alias("rule")).groupBy("rule").count()
    found = {row["rule"]: row["count"] for row in reasons.collect()}
    return {rule["name"]: found.get(rule["name"], 0) for rule in rules}


def split(df: DataFrame, rules: list[Rule], scratch: str) -> None:
    """Valid rows to one table, the others with their reasons to another."""
    valid, invalid = engine(df.sparkSession).apply_checks_and_split(df, [check(rule) for rule in rules])
    write(valid, scratch, "valid")
    write(invalid, scratch, "invalid")


def saved(spark: SparkSession, order: Order, scratch: str) -> None:
    """The same by its own writer, which caches the checked rows between the two tables."""
    engine(spark).apply_checks_and_save_in_table(
        InputConfig(location=order.flights, format="parquet"),
        OutputConfig(location=str(Path(scratch) / "valid"), mode="append"),
        [check(rule) for rule in order.rules],
        OutputConfig(location=str(Path(scratch) / "invalid"), mode="append"),
    )


def main() -> None:
    """Count in both ways and keep the faster; then, where there is a place for it, write unchecked, and split in both ways."""
    order = Order.read()
    spark = order.spark()
    df = spark.read.parquet(order.flights)
    observed, counts = timed(lambda: counted(df, order.rules), order.repeat)
    by_hand, again = timed(lambda: counted_from_reasons(df, order.rules), order.repeat)
    if counts != again:
        raise SystemExit(f"DQX's observer and its reasons differ: {counts} {again}")
    found = {
        "version": version("databricks-labs-dqx"),
        "seconds": min(observed, by_hand, key=min),
        "other_seconds": max(observed, by_hand, key=min),
        "way": "by its observer" if min(observed) <= min(by_hand) else "from its reasons",
        "counts": counts,
    }
    if order.scratch:
        found |= written(spark, df, order, order.scratch)
    tell(**found)
    spark.stop()


def written(spark: SparkSession, df: DataFrame, order: Order, scratch: str) -> dict[str, object]:
    """Seconds of the unchecked write and of the split, and the rows of its two tables."""
    jobs = {
        "unchecked": lambda: write(df, scratch, "unchecked"),
        "apply_checks_and_split": lambda: split(df, order.rules, scratch),
        "its own writer": lambda: saved(spark, order, scratch),
    }
    seconds = in_turns(jobs, order.repeat, lambda: clear(scratch))
    unchecked = seconds.pop("unchecked")
    fast, slow = sorted(seconds, key=lambda way: min(seconds[way]))
    tables = {name: spark.read.format("delta").load(f"{scratch}/{name}").count() for name in ("valid", "invalid")}
    return {
        "unchecked_seconds": unchecked,
        "split_seconds": seconds[fast],
        "other_split_seconds": seconds[slow],
        "split_way": fast,
        "split": tables,
    }


if __name__ == "__main__":
    main()

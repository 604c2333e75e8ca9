"""The rules as expectations of Great Expectations, counted.

Nulls: its expectations on columns leave them out, as our rules do. Those on pairs of columns are told to. A query returns the
rows that break a condition, which a null does not.

Set up as fast as it goes: no examples are collected beside the counts (each would be a query of its own), and progress bars
and usage statistics are off. Whether it caches the frame is for the order to say: by default it does.
"""

from __future__ import annotations

from collections.abc import Callable

import great_expectations as gx
from great_expectations import expectations as gxe
from great_expectations.data_context.types.base import ProgressBarsConfig
from pyspark.sql import DataFrame
from shared import Counts, Order, Rule, anchored, tell, timed

ONLY_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}


def expectation(rule: Rule) -> gxe.Expectation:
    """The expectation that says the same."""
    return KINDS[rule["kind"]](rule)


def _compare(rule: Rule) -> gxe.Expectation:
    one, other, op = rule["column"], rule["other"], rule["op"]
    if op == "!=":
        return gxe.ExpectSelectColumnValuesToBeUniqueWithinRecord(
            column_list=[one, other], ignore_row_if="any_value_is_missing"
        )
    small, large = (one, other) if op in {"<", "<="} else (other, one)
    return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=large, column_B=small, or_equal=op in {"<=", ">="}, ignore_row_if="either_value_is_missing"
    )


KINDS: dict[str, Callable[[Rule], gxe.Expectation]] = {
    "not_null": lambda r: gxe.ExpectColumnValuesToNotBeNull(column=r["column"]),
    "one_of": lambda r: gxe.ExpectColumnValuesToBeInSet(column=r["column"], value_set=r["values"]),
    "between": lambda r: gxe.ExpectColumnValuesToBeBetween(
        column=r["column"], min_value=r.get("min"), max_value=r.get("max")
    ),
    "matches": lambda r: gxe.ExpectColumnValuesToMatchRegex(column=r["column"], regex=anchored(r["pattern"])),
    "length": lambda r: gxe.ExpectColumnValueLengthsToBeBetween(
        column=r["column"], min_value=r.get("min"), max_value=r.get("max")
    ),
    "compare": _compare,
    "holds": lambda r: gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=f"SELECT * FROM {{batch}} WHERE NOT ({r['condition']})"
    ),
}


def counted(df: DataFrame, rules: list[Rule], persist: bool) -> Counts:
    """Bad rows by rule, as a user asks for them."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_spark("spark", persist=persist)
    whole = source.add_dataframe_asset("flights").add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite("flights", expectations=[expectation(rule) for rule in rules])
    found = whole.get_batch({"dataframe": df}).validate(suite, result_format=ONLY_COUNTS)
    failed = [one for one in found.results if one.exception_info.get("exception_message")]
    if failed:
        raise SystemExit(f"{failed[0].expectation_config}: {failed[0].exception_info}")
    return _by_rule(rules, found.results)


def _by_rule(rules: list[Rule], results: list[gx.core.ExpectationValidationResult]) -> Counts:
    """Results come in another order than the expectations; each is found by what it says."""
    said = {_said(one.expectation_config): one.result for one in results}
    counts = {}
    for rule in rules:
        result = said[_said(expectation(rule).configuration)]
        # A query tells the number of its rows as the observed value.
        counts[rule["name"]] = result.get("unexpected_count", result.get("observed_value"))
    return counts


def _said(configuration: gx.expectations.expectation_configuration.ExpectationConfiguration) -> str:
    fields = {name: value for name, value in configuration.kwargs.items() if name not in {"batch_id", "result_format"}}
    return f"{configuration.type} {sorted(fields.items(), key=str)}"


def main() -> None:
    """Count without its cache, and with it: emptied before each repetition, since filling it is part of the work."""
    order = Order.read()
    spark = order.spark()
    df = spark.read.parquet(order.flights)
    plain, counts = timed(lambda: counted(df, order.rules, persist=False), order.repeat)
    cached, again = timed(lambda: counted(df, order.rules, persist=True), order.repeat, spark.catalog.clearCache)
    if counts != again:
        raise SystemExit("Great Expectations counts differently with its cache.")
    seconds, other = (plain, cached) if min(plain) <= min(cached) else (cached, plain)
    tell(
        version=gx.__version__,
        seconds=seconds,
        other_seconds=other,
        way="without its cache" if seconds is plain else "with its cache",
        counts=counts,
    )
    spark.stop()


if __name__ == "__main__":
    main()

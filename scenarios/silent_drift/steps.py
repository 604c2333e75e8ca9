"""The steps of a silent drift. The source is `feed.py`; what is true of rows and of nights lies in `rules/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F

from scenarios.silent_drift import feed
from scenarios.silent_drift.scenario import NIGHT_RULES, ROW_RULES
from toolkit import paths
from toolkit.etl.extract import read_csv, read_json, with_origin
from toolkit.etl.transform import typed
from toolkit.platform import DataPlatform
from toolkit.quality import rules
from toolkit.quality.anomalies import anomalies, point
from toolkit.quality.engine import Check
from toolkit.quality.history import RuleHistory, by_rule, measurements
from toolkit.quality.profiling import drift, profile
from toolkit.quality.recommendations import recommendations
from toolkit.quality.records import RESULTS, Measurement, measurements_of
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, SetRule
from toolkit.quality.rules.attempts import attemptable
from toolkit.quality.sla import PassRateSla

ORDERS = "silver.drift_orders"
NIGHT = "silent_drift-night-"
"""The run of each night, with its day behind it."""
BEFORE = feed.FIRST + timedelta(days=14)
"""What came before this day is what later nights are compared with."""
_SCHEMA = (
    "order_id STRING, customer_id STRING, ordered_at STRING, status STRING, channel STRING, amount_eur DECIMAL(12,2)"
)
_PROMISED = ("accuracy", "volume", "completeness")
_OBJECTIVE, _WINDOW_DAYS = 0.95, 28


def land(platform: DataPlatform) -> None:
    """Land the shop, and write the feed that the source makes of it."""
    shop = platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)
    written = feed.write(shop, delivery(platform))
    platform.metric("feed rows", sum(map(len, written.files.values())), "rows")


def delivery(platform: DataPlatform) -> Path:
    """The folder of the feed, the source's corrections and the answer key."""
    chosen = platform.parameters
    return paths.home() / "landing" / f"silent_drift-orders={chosen.orders}-seed={chosen.seed}"


def checks(platform: DataPlatform) -> dict[str, Check]:
    """The rules on rows."""
    declared = rules.load(platform.scenario.folder / ROW_RULES)
    return {declared.table: Check(declared.rules)}


def check(platform: DataPlatform) -> None:
    """Every row against every rule on rows."""
    folder = platform.landing.readable(delivery(platform))
    came = with_origin(
        read_json(platform.spark, folder / "feed/*.json", _SCHEMA), folder, platform.run_id, datetime.now(UTC)
    )
    orders = came.transform(typed(ordered_at="timestamp")).withColumn("order_date", F.to_date("ordered_at"))
    platform.quality.check(ORDERS, orders, checks(platform)[ORDERS])
    platform.quality.record()


def night_rules(platform: DataPlatform) -> tuple[SetRule, ...]:
    """What is measured of each night."""
    return rules.load(platform.scenario.folder / NIGHT_RULES).rules


def measure(platform: DataPlatform) -> None:
    """Measure six weeks of nights in one query, once the shapes of the first fortnight have been taken.

    Row counts are judged by the nights before. Shapes are judged by the whole first fortnight, the nights within it, too.
    """
    orders = platform.read(ORDERS)
    earlier = orders.where(F.col("order_date") < F.lit(BEFORE))
    before = {f"{channel}_before": earlier.where(F.col("channel") == channel) for channel in ("web", "store", "app")}
    context = Context(before)
    ready = [rule.ready(context) for rule in night_rules(platform)]
    found = attemptable(orders).groupBy("order_date").agg(*_aggregates(ready, context)).orderBy("order_date").collect()
    measured = [
        one
        for result, at, run in _judged(ready, [night.asDict() for night in found])
        for one in measurements_of(result, run, at, None)
    ]
    version = platform.reader(ORDERS).version
    once = f"{NIGHT}{platform.fingerprint}-{version}"
    platform.append(measured, once)


def _aggregates(ready: Sequence[SetRule], context: Context) -> Iterator[Any]:
    """What all rules ask, and how many rows each looks at."""
    yield F.count("*").alias("rows")
    for number, rule in enumerate(ready):
        for name, column in rule.measures(context).items():
            yield column.alias(f"{name}_{number}")
        yield F.count_if(rule.applies()).alias(f"seen_{number}")


def _judged(
    ready: Sequence[SetRule], nights: Sequence[dict[str, Any]]
) -> Iterator[tuple[QualityResult, datetime, str]]:
    """Each night's verdicts, its moment and its run; the nights before it are all that it knows."""
    earlier: dict[str, list[float]] = {rule.name: [] for rule in ready}
    for night in nights:
        at = moment(night["order_date"])
        context = Context(earlier=earlier, at=at)
        results = []
        for number, rule in enumerate(ready):
            own = {name.removesuffix(f"_{number}"): v for name, v in night.items() if name.endswith(f"_{number}")}
            verdict = rule.judged(own, context)
            results.append(RuleResult(rule, own["seen"], 0, verdict.measured, verdict.said, verdict.passed))
        for one in results:
            earlier[one.rule.name].append(one.measured or 0.0)
        yield QualityResult(ORDERS, night["rows"], 0, tuple(results)), at, f"{NIGHT}{night['order_date']}"


def moment(day: date) -> datetime:
    """When the file of `day` is loaded."""
    return datetime.combine(day, time(23, 30), UTC)


def nights(platform: DataPlatform) -> list[Measurement]:
    """What was measured, night by night."""
    found = measurements(platform.reader(RESULTS), table=ORDERS)
    return [one for one in found if one.run_id.startswith(NIGHT)]


def find(platform: DataPlatform) -> None:
    """What passed its limit, what was unusual, and what is left of each promise."""
    measured = nights(platform)
    rows_of = {rule.name: rule.where for rule in night_rules(platform)}
    history = {one.rule: one for one in by_rule(measured)}
    found = [*_beyond_limits(platform, measured, history), *_unusual(history)]
    rows = [(by, rule, rows_of[rule], *rest) for by, rule, *rest in found]
    columns = "found_by STRING, rule STRING, rows_of STRING, night DATE, measured DOUBLE, expected DOUBLE, "
    schema = columns + "score DOUBLE, text STRING"
    platform.write("ops.drift_findings", platform.spark.createDataFrame(rows, schema).coalesce(1))
    promises = [_kept(measured, dimension) for dimension in _PROMISED]
    columns = "promise STRING, nights LONG, kept LONG, budget DOUBLE, used LONG, burn_rate DOUBLE, state STRING, "
    schema = columns + "broken_since TIMESTAMP"
    platform.write("ops.drift_promises", platform.spark.createDataFrame(promises, schema).coalesce(1))


def _beyond_limits(
    platform: DataPlatform, measured: Sequence[Measurement], history: dict[str, RuleHistory]
) -> Iterator[tuple[Any, ...]]:
    """The rules that fail, each with the first night of it."""
    tables = {ORDERS: platform.reader(ORDERS)}
    for one in recommendations(measured, tables.get):
        at = one.since or history[one.rule].newest.at
        value = next(m.measured for m in history[one.rule].measurements if m.at == at)
        yield "limit", one.rule, at.date(), value, None, None, one.text


def _unusual(history: dict[str, RuleHistory]) -> Iterator[tuple[Any, ...]]:
    """The numbers that their own past did not lead one to expect."""
    for rule, one in history.items():
        for strange in anomalies(map(point, one.measurements)):
            yield "history", rule, strange.at.date(), strange.value, strange.expected, strange.score, None


def _kept(measured: Sequence[Measurement], dimension: Any) -> tuple[Any, ...]:
    """What became of the promise that every rule of a dimension is kept."""
    promise = PassRateSla(table=ORDERS, share=1.0, dimension=dimension, objective=_OBJECTIVE, window_days=_WINDOW_DAYS)
    told = promise.report(measured, moment(feed.LAST))
    since = told.breaches[-1].began if told.breaches else None
    return dimension, told.counted, told.kept, told.budget, told.used, told.burn_rate, told.state, since


def explain(platform: DataPlatform) -> None:
    """For the rows that broke a limit: what differs between before it began and since."""
    orders, rows = platform.read(ORDERS).select("order_date", "status", "channel", "amount_eur"), []
    for rows_of, since in suspects(platform):
        suspicious = (
            orders.where(rows_of or "true").withColumn("_since", F.col("order_date") >= F.lit(since)).drop("order_date")
        )
        then, now = (profile(suspicious.where(part).drop("_since")) for part in ("NOT _since", "_since"))
        differences = [one for one in drift(then, now) if one.column and one.verdict != "steady"]
        rows += [
            (rows_of, d.column, d.what, _said(d.before), _said(d.after), d.measured, d.verdict) for d in differences
        ]
    columns = "rows_of STRING, column STRING, what STRING, before STRING, after STRING, measured DOUBLE, verdict STRING"
    platform.write("ops.drift_profiles", platform.spark.createDataFrame(rows, columns).coalesce(1))


def _said(value: float | str | None) -> str:
    return f"{value:,.6g}" if isinstance(value, (int, float)) else value or ""


def suspects(platform: DataPlatform) -> list[tuple[str, date]]:
    """The rows that broke a limit, as SQL, and since when."""
    query = "SELECT rows_of, min(night) FROM t WHERE found_by = 'limit' GROUP BY 1 ORDER BY 1"
    return [(rows_of, since) for rows_of, since in platform.reader("ops.drift_findings").sql(query).rows]


def correct(platform: DataPlatform) -> None:
    """Revenue by day and channel, as it was told and as it was."""
    corrected = platform.landing.readable(delivery(platform)) / feed.CORRECTIONS
    corrections = read_csv(platform.spark, corrected, "order_id STRING, amount_eur STRING")
    true = corrections.select("order_id", F.col("amount_eur").cast("decimal(12,2)").alias("true_eur"))
    sold = platform.read(ORDERS).where("status != 'cancelled'").join(F.broadcast(true), "order_id", "left")
    revenue = sold.groupBy("order_date", "channel").agg(
        F.count("*").alias("orders"),
        F.sum("amount_eur").cast("decimal(18,2)").alias("told_eur"),
        F.sum(F.coalesce("true_eur", "amount_eur")).cast("decimal(18,2)").alias("true_eur"),
    )
    platform.write("gold.drift_revenue", revenue.coalesce(1))


def answer(platform: DataPlatform) -> str:
    """The question, answered from what was found and from gold."""
    found = suspects(platform)
    if not found:
        return "Nothing drifted."
    where, since = found[0]
    told, true = platform.sql(
        "gold.drift_revenue",
        f"SELECT sum(told_eur), sum(true_eur) FROM t WHERE order_date >= DATE '{since}'",  # noqa: S608 - our own
    )
    (unusual,) = platform.sql(
        "ops.drift_findings",
        f"SELECT count(*) FROM t WHERE rule = 'revenue_of_the_night' AND found_by = 'history' AND night >= DATE '{since}'",  # noqa: S608
    )
    hidden = f"looked unusual on {unusual} of these nights" if unusual else "never looked unusual"
    return (
        f"The amounts of orders with {where}, since {since}. Revenue from then on was reported as {told:,.2f} EUR and is "
        f"{true:,.2f} EUR: {abs(told / true - 1):.1%} {'too low' if told < true else 'too high'}, and the total {hidden}."
    )

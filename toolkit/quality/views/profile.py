"""What the columns of a table hold, as its kept profiles say, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, pairwise

from pydantic import Field

from toolkit.quality.kept import profiled_versions, read_profile
from toolkit.quality.profiling import ColumnProfile, Drift, Profile, drift, findings, is_estimated
from toolkit.quality.views.naming import TO_PROFILE, OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import as_text, cut, number, plural, share, when

MOST_SENTENCES = 5
"""Of one kind: thirty numbers that go together are 435 pairs."""
LONGEST = 24
"""Characters of a value among others."""


_SHARES = {"nulls", "blanks", "nan"}
"""Differences between shares of rows."""


class OfProfile(OfTable):
    """A kept profile of a table."""

    version: int | None = Field(None, ge=0, description="Of the table; the newest that was profiled when left out.")


def _columns(lakehouse: Lakehouse, parameters: OfProfile) -> Result:
    table = parameters.table
    version, profile = kept(lakehouse, table, parameters.version)
    if profile is None:
        return none_kept(parameters)
    notes = [_about(lakehouse, profile, version), *sentences(profile)]
    if is_estimated(profile):
        notes.append(f"Rules that follow, keys counted: toolkit quality suggest {table} --confirm")
    return Result([_row(column, profile) for column in profile.columns], tuple(notes))


def kept(lakehouse: Lakehouse, table: str, version: int | None) -> tuple[int, Profile | None]:
    """The version and its profile; None where none is kept.

    Raises:
        UsageError: there is no such table.
        AccessDenied: not all of it is seen as it is, and a profile has values of it.
    """
    versions = profiled_versions(table)
    if versions:
        lakehouse.refuse_partly_seen(table, "The profile")
    if not versions:
        lakehouse.open(table)
    wanted = version if version is not None else next(iter(versions), -1)
    return wanted, read_profile(table, wanted) if wanted in versions else None


def none_kept(asked: OfProfile) -> Result:
    """Says so, and the command that profiles the table."""
    version = "" if asked.version is None else f" --version {asked.version}"
    measure = f"toolkit quality profile {asked.table}{version}"
    return Result((), (f"No profile of {asked.table} is kept. Measure one: {measure}",))


def _about(lakehouse: Lakehouse, profile: Profile, version: int) -> str:
    """What was measured, when, and whether the table has changed since."""
    sample = f" of a sample of {share(profile.sample)}" if profile.sample else ""
    told = f"{plural(profile.rows, 'row')}{sample} of version {version}, measured on {when(profile.measured_at)[:16]}."
    now = lakehouse.open(profile.table).version if lakehouse.exists(profile.table) else None
    return told if now in {None, version} else f"{told} The table is at version {now} now."


def sentences(profile: Profile) -> Iterator[str]:
    """What columns are to each other and to other tables: at most five of a kind, the strongest first."""
    for _, alike in groupby(findings(profile), key=lambda finding: finding.kind):
        texts = [finding.sentence for finding in alike]
        yield from texts[:MOST_SENTENCES]
        if len(texts) > MOST_SENTENCES:
            yield f"… and {len(texts) - MOST_SENTENCES:,} more like that: --json has them beside their columns"


def _row(column: ColumnProfile, profile: Profile) -> Row:
    spread, sizes, texts = column.spread, column.sizes, column.texts
    counts = column.histogram.counts if column.histogram else [top.count for top in column.top]
    return {
        "column": column.name,
        "type": column.type,
        "nulls": column.null_share if column.rows else None,
        "distinct": column.distinct,
        "estimated": None if column.distinct is None else not column.distinct_exact,
        "from": column.min,
        "to": column.max,
        "shape": [float(many) for many in counts],
        "most_often": [f"{_short(top.value)} ({top.count:,})" for top in column.top[:3]],
        "likely_key": column.likely_key,
        "null_rows": column.nulls,
        "rows": column.rows,
        "mean": spread.mean if spread else None,
        "deviation": spread.stddev if spread else None,
        "median": spread.quantile(50) if spread and spread.percentiles else None,
        "odd": _odd(column),
        "size_from": sizes.min if sizes else None,
        "size_to": sizes.max if sizes else None,
        "size_mean": sizes.mean if sizes else None,
        "empty": sizes.empty if sizes else None,
        "blank": texts.blank if texts else None,
        "text_shapes": [_short(shape.value) for shape in texts.shapes[:3]] if texts else [],
        "looks_like": [f"{form.count:,} {form.kind.replace('_', ' ')}" for form in texts.forms[:3]] if texts else [],
        "histogram": _bins(column),
        "values": [f"{_short(top.value)}: {top.count:,}" for top in column.top],
        "all_values": column.categorical,
        "findings": [finding.sentence for finding in findings(profile) if column.name in finding.columns],
    }


def _odd(column: ColumnProfile) -> list[str]:
    spread = column.spread
    if spread is None:
        return []
    odd = ((spread.nan, "NaN"), (spread.infinite, "infinite"), (spread.future, "in the future"))
    return [f"{many:,} {what}" for many, what in odd if many]


def _bins(column: ColumnProfile) -> list[str]:
    """The edges of each bin and how many rows lie in it; of times by the day."""
    if column.histogram is None:
        return []
    edges = [_edge(edge, is_time=column.kind == "time") for edge in column.histogram.edges]
    return [
        f"{low} – {high}: {many:,}" for (low, high), many in zip(pairwise(edges), column.histogram.counts, strict=True)
    ]


def _edge(value: float, *, is_time: bool) -> str:
    if not is_time:
        return number(value)
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return number(value)


def _short(value: object) -> str:
    return cut(number(value) if isinstance(value, float) else as_text(value), LONGEST) or '""'


def _sentence(row: Row) -> str:
    """Facts and finds of one column."""
    nulls = "no nulls" if not row["null_rows"] else f"{row['null_rows']:,} of {plural(row['rows'], 'row')} are null"
    facts = [nulls, *_distinct(row), *_numbers(row), *row["odd"], *_texts(row)]
    bins = [f"Histogram: {', '.join(row['histogram'])}"] if row["histogram"] else []
    which = "All values" if row["all_values"] else "Most frequent"
    values = [f"{which}: {', '.join(row['values'])}"] if row["values"] else []
    return "\n".join([f"{row['column']} ({row['type']}): {', '.join(facts)}.", *row["findings"], *values, *bins])


def _distinct(row: Row) -> list[str]:
    many = row["distinct"]
    if many is None:
        return []
    about = "about " if row["estimated"] else ""
    key = ", likely a key" if row["likely_key"] else ""
    return [f"{about}{plural(many, 'different value')}{key}"]


def _numbers(row: Row) -> list[str]:
    facts = [] if row["from"] is None else [f"from {_short(row['from'])}"]
    if row["to"] is not None:
        facts = [f"{facts[0]} to {_short(row['to'])}" if facts else f"to {_short(row['to'])}"]
    if row["mean"] is not None:
        facts.append(f"mean {number(row['mean'])}")
    if row["deviation"] is not None:
        facts.append(f"standard deviation {number(row['deviation'])}")
    return facts if row["median"] is None else [*facts, f"median {number(row['median'])}"]


def _texts(row: Row) -> list[str]:
    facts = []
    if row["size_from"] is not None:
        size = f"size {row['size_from']:,} to {row['size_to']:,}, mean {number(row['size_mean'])}"
        facts.append(f"{size}, {row['empty']:,} empty")
    if row["blank"]:
        facts.append(f"{row['blank']:,} blank")
    if row["text_shapes"]:
        facts.append(f"shapes {', '.join(row['text_shapes'])}")
    return [*facts, *(f"{text}" for text in row["looks_like"])]


COLUMNS = View(
    "columns",
    "Profile",
    "What does each column of a table hold: nulls, distinct values, range, shape, likely keys?",
    _columns,
    (
        Column("column", "name"),
        Column("type", "text"),
        Column("nulls", "share"),
        Column("distinct", "count"),
        Column("shape", "trend", shown="wide"),
        Column("from", "text", shown="wide"),
        Column("to", "text", shown="wide"),
        Column("most_often", "names", shown="wide"),
        *(Column(name, "yes", shown="asked") for name in ("estimated", "likely_key", "all_values")),
        *(
            Column(name, "count", shown="asked")
            for name in ("null_rows", "rows", "size_from", "size_to", "empty", "blank")
        ),
        *(Column(name, "number", shown="asked") for name in ("mean", "deviation", "median", "size_mean")),
        *(
            Column(name, "names", shown="asked")
            for name in ("odd", "text_shapes", "looks_like", "histogram", "values", "findings")
        ),
    ),
    OfProfile,
    sentence=_sentence,
    links=(
        TO_PROFILE,
        Link(
            "u",
            "Suggestions",
            "quality.suggestions",
            "Show the rules that follow from the profile.",
            {"table": "table", "version": "version"},
        ),
        Link("d", "Drift", "quality.drift", "Compare two versions of the table.", {"table": "table"}),
    ),
    empty="No profile to show: the line below says how to make one.",
)


class Versions(OfTable):
    """Two versions of a table."""

    before: int = Field(ge=0, description="The version that the other is compared with.")
    after: int | None = Field(None, ge=0, description="The other; the newest that was profiled when left out.")
    steady: bool = Field(False, description="Also what is as it was.")


def _drift(lakehouse: Lakehouse, parameters: Versions) -> Result:
    table = parameters.table
    versions = [kept(lakehouse, table, version) for version in (parameters.before, parameters.after)]
    (old, before), (new, after) = versions
    if before is None or after is None:
        compare = f"toolkit quality compare {table} {parameters.before}"
        more = "" if parameters.after is None else f" --after {parameters.after}"
        return Result((), (f"Not both versions are profiled yet: {compare}{more}",))
    every = drift(before, after)
    rows = [_drift_row(one) for one in every if parameters.steady or one.verdict != "steady"]
    nothing = [] if rows else ["Nothing has drifted."]
    return Result(rows, (f"Version {old} of {table} beside version {new}.", *nothing))


def _drift_row(one: Drift) -> Row:
    return {
        "verdict": one.verdict,
        "column": one.column or None,
        "what": one.what,
        "before": _side(one.what, one.before),
        "after": _side(one.what, one.after),
        "measured": one.measured,
        "size": one.size,
    }


def _side(what: str, value: float | str | None) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return share(value) if what in _SHARES else number(value)


def _drift_sentence(row: Row) -> str:
    what = f"{row['column'] or 'the table'}: {row['what']}"
    if row["before"] is None or row["after"] is None:
        return f"{what} {row['before'] or row['after'] or ''}".strip() + "."
    return f"{what} was {row['before']}, and is {row['after']}."


DRIFT = View(
    "drift",
    "Drift",
    "How does what a table holds differ between two versions?",
    _drift,
    (
        Column("verdict", "name"),
        Column("column", "name"),
        Column("what", "name"),
        Column("before", "text"),
        Column("after", "text"),
        Column("measured", "number", shown="wide"),
        Column("size", "number", "of the limit", shown="wide"),
    ),
    Versions,
    key=("column", "what"),
    sentence=_drift_sentence,
    links=(
        Link(
            "c",
            "Compare",
            "quality.compare",
            "Profile both versions anew.",
            {"table": "table", "before": "before", "after": "after"},
        ),
    ),
    empty="Nothing to show: the line below says why.",
)

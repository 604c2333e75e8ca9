"""The kept profile of a table, as text: facts, bars and frequent values of each column.

Owns where profiles lie: `profiles/<table>.json` in `TOOLKIT_HOME`. Must not measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from toolkit import paths
from toolkit.errors import DataError
from toolkit.quality.profiling import findings
from toolkit.scenario import check_table_name
from toolkit.tui.bars import row_of_bars
from toolkit.words import as_text, count, cut, literal, number, plural, share, when

if TYPE_CHECKING:
    from toolkit.quality.profiling import ColumnProfile, Finding, Histogram, Profile, Top

MOST_BAR, LEAST_BAR = 24, 4
VALUE_WIDTH = 24
MOST_NAMED = 2
NUMBERS = 10
"""Room for the count behind a bar."""
THREE_DAYS = 3 * 86_400


def file_of(table: str) -> Path:
    """Where the profile of a table is kept.

    Raises:
        UsageError: that is not a table name.
    """
    return paths.home() / "profiles" / f"{check_table_name(table)}.json"


def read(table: str) -> Profile | None:
    """The profile of a table; None when none was made.

    Raises:
        DataError: the file is no profile.
    """
    from pydantic import ValidationError

    from toolkit.quality.profiling import Profile

    file = file_of(table)
    if not file.exists():
        return None
    try:
        return Profile.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as problem:
        raise DataError(f"{file} is no profile.", cure="Make it anew: press m.") from problem


def head(profile: Profile) -> Content:
    """What was measured, when, and what columns have to do with each other."""
    sample = f" of a sample of {share(profile.sample)}" if profile.sample else ""
    parts: list[Content | tuple[str, str] | str] = [
        (profile.table, "bold $primary"),
        (f"  profile of {when(profile.measured_at)[:16]}  ", "bold"),
        (f"{plural(profile.rows, 'row')}{sample} · {plural(len(profile.columns), 'column')}", "$text-muted"),
    ]
    found = "".join(f" · {text}" for text in _relations(profile))
    return Content.assemble(*parts, (literal(found), "$text-muted"))


def _relations(profile: Profile) -> Iterator[str]:
    """The columns that have a part in something; the sentence on it stands beside the column."""
    if profile.likely_keys:
        guessed = any(column.likely_key and not column.distinct_exact for column in profile.columns)
        yield f"likely key: {_names(profile.likely_keys)}{' (estimated)' if guessed else ''}"
    found = findings(profile)
    for kind, words in (("reference", "refers"), ("together", "go together"), ("order", "in order")):
        names = dict.fromkeys(name for one in found if one.kind == kind for name in one.columns)
        if names:
            yield f"{words}: {_names(tuple(names))}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(cut(name, VALUE_WIDTH) for name in names[:MOST_NAMED]) + more


def distinct(column: ColumnProfile) -> str:
    """How many different values; `~` when it is an estimate."""
    if column.distinct is None:
        return "–"
    return f"{'' if column.distinct_exact else '~'}{count(column.distinct)}"


def detail(column: ColumnProfile, width: int, found: Sequence[Finding] = ()) -> Content:
    """Facts, finds, histogram and top values of one column, in lines of `width` characters."""
    parts: list[Content | tuple[str, str] | str] = [
        (literal(column.name), "bold $primary"),
        (f"  {literal(column.type)}\n", "$text-muted"),
        *_nulls(column),
        f"{distinct(column)} different value{'' if column.distinct == 1 else 's'}\n",
        f"likely a key{'' if column.distinct_exact else ' (estimated)'}\n" if column.likely_key else "",
        *[f"{text}\n" for text in _facts(column)],
        *[f"{literal(one.sentence)}\n" for one in found if one.kind != "key" or not column.likely_key],
    ]
    if column.histogram and column.histogram.counts:
        parts += [("\nHistogram\n", "bold"), _histogram(column.histogram, width, is_time=column.kind == "time")]
    if column.top:
        how = (
            "all values"
            if column.categorical
            else "the most frequent"
            if column.top_exact
            else "about, the most frequent"
        )
        parts += [("\nTop values", "bold"), (f"  {how}\n", "$text-muted"), _top(column.top, width)]
    return Content.assemble(*parts)


def _nulls(column: ColumnProfile) -> list[Content | tuple[str, str] | str]:
    if not column.nulls:
        return [("✔ ", "$text-success"), "no nulls\n"]
    bar = row_of_bars([column.rows, column.nulls], MOST_BAR)[1]
    text = f"{column.nulls:,} of {plural(column.rows, 'row')} are null ({share(column.null_share)}) "
    return [text, (f"{bar}\n", "$warning")]


def _facts(column: ColumnProfile) -> list[str]:
    found = []
    if column.min is not None:
        most = "" if column.max is None else f" to {_short(column.max)}"
        found.append(f"from {_short(column.min)}{most}")
    spread = column.spread
    if spread and spread.mean is not None and column.kind != "time":
        deviation = "" if spread.stddev is None else f", standard deviation {number(spread.stddev)}"
        middle = f", median {number(spread.quantile(50))}" if spread.percentiles else ""
        found.append(f"mean {number(spread.mean)}{deviation}{middle}")
    if spread:
        odd = ((spread.nan, "NaN"), (spread.infinite, "infinite"), (spread.future, "in the future"))
        found += [f"{many:,} {what}" for many, what in odd if many]
    if column.sizes:
        sizes = column.sizes
        found.append(f"size {sizes.min:,} to {sizes.max:,}, mean {number(sizes.mean)}, {sizes.empty:,} empty")
    if column.texts:
        shapes = ", ".join(_short(one.value) for one in column.texts.shapes[:3])
        found.append(f"{column.texts.blank:,} blank{f'; shapes {shapes}' if shapes else ''}")
        found += [f"{one.count:,} look like {one.kind.replace('_', ' ')}" for one in column.texts.forms[:3]]
    return found


def _histogram(found: Histogram, width: int, *, is_time: bool) -> Content:
    """One line for each bin: its edges, a bar, and how many rows."""
    day = found.edges[-1] - found.edges[0] > THREE_DAYS
    edges = [_moment(edge, day=day) if is_time else number(edge) for edge in found.edges]
    wide = max(len(edge) for edge in edges)
    return _lines([f"{low:>{wide}} – {high:<{wide}}" for low, high in pairwise(edges)], found.counts, width)


def _top(found: tuple[Top, ...], width: int) -> Content:
    values = [_short(one.value) for one in found]
    wide = max(len(value) for value in values)
    return _lines([f"{value:<{wide}}" for value in values], [one.count for one in found], width)


def _lines(labels: Sequence[str], counts: Sequence[int], width: int) -> Content:
    """Labels of one length, each with a bar and its count."""
    room = min(max(width - len(labels[0]) - NUMBERS, LEAST_BAR), MOST_BAR)
    digits = max(len(f"{many:,}") for many in counts)
    parts: list[Content | tuple[str, str] | str] = []
    for label, bar, many in zip(labels, row_of_bars(counts, room), counts, strict=True):
        parts += [f"{label}  ", (f"{bar:<{room}}", "$primary"), (f" {many:>{digits},}\n", "$text-muted")]
    return Content.assemble(*parts)


def _short(value: object) -> str:
    shown = number(value) if isinstance(value, float) else as_text(value)
    return cut(literal(shown), VALUE_WIDTH) or '""'


def _moment(seconds: float, *, day: bool) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):{'%Y-%m-%d' if day else '%m-%d %H:%M'}}"
    except (ValueError, OverflowError, OSError):
        return number(seconds)

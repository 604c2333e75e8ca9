"""Rules that a profile speaks for, each with its confidence and the reason, as data and as a file to be edited.

Owns what is suggested for which column. Must not need Spark: a profile is all it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from toolkit.quality.profiling.confidence import Evidence
from toolkit.quality.profiling.model import ColumnProfile, ForeignKey, Profile, Texts
from toolkit.quality.profiling.text_formats import SHAPE_LENGTH, pattern
from toolkit.quality.rules import Rule, parse
from toolkit.scenario import check_table_name
from toolkit.yaml_text import write_mapping

MARGIN = Decimal("0.1")
"""Of the range seen, on either side."""
_MOST_LISTED, _ROWS_A_VALUE = 20, 10
_HLL_ERROR = 0.0081
_EXTREMES = 2
_CURE = "confirm it (suggest --confirm) before it blocks rows"
Data = dict[str, Any]
Told = tuple[Data, Evidence, str]


@dataclass(frozen=True)
class Suggestion:
    """One rule, how sure it is (0 to 1), and why."""

    rule: Rule
    confidence: float
    reason: str


def suggest(profile: Profile, references: Sequence[ForeignKey] = ()) -> tuple[Suggestion, ...]:
    """The rules that `profile` speaks for: those of the table first, then column by column.

    A rule that at least 99% of the rows seen keep is suggested; where some break it, with the tolerance they need and as
    a warning. An empty table suggests nothing.

    Args:
        profile: of the table, or of a sample of it.
        references: looked up elsewhere, beside those that the profile holds.
    """
    found: list[Suggestion] = []
    names: set[str] = set()
    for data, evidence, reason in _told(profile, (*profile.foreign_keys, *references)):
        if not evidence.enough:
            continue
        rule = parse({**data, **evidence.as_data()})
        if rule.name in names:
            rule = parse({**data, **evidence.as_data(), "name": _free(rule.name, names)})
        names.add(rule.name)
        found.append(Suggestion(rule, evidence.confidence, reason))
    return tuple(found)


def as_yaml(suggestions: Sequence[Suggestion], table: str, owner: str = "") -> str:
    """A rule file to be edited: above each rule its confidence and the reason.

    Raises:
        UsageError: `table` is not a table name.
    """
    head: Data = {"table": check_table_name(table), **({"owner": owner} if owner else {})}
    lines = [write_mapping(head).rstrip(), "rules:" if suggestions else "rules: []"]
    for one in suggestions:
        reason = " ".join(one.reason.split())
        lines.append(f"# confidence {one.confidence:.4f}: {reason}")
        lines.append(write_mapping({"rules": [one.rule.as_data()]}).partition("\n")[2].rstrip("\n"))
    return "\n".join(lines) + "\n"


def _free(name: str, taken: set[str]) -> str:
    return next(fresh for i in range(2, len(taken) + 3) if (fresh := f"{name[:120]}_{i}") not in taken)


def _told(profile: Profile, keys: Sequence[ForeignKey]) -> Iterator[Told]:
    yield from _of_table(profile)
    for column in profile.columns:
        if column.rows:
            for rule in _RULES:
                yield from rule(column)
    for key in keys:
        yield from _reference(key)
    for order in profile.orderings:
        reason = f"in order in {order.kept:,} of {order.rows:,} rows that have both"
        data = {"kind": "compare", "column": order.first, "op": "<=", "other": order.second}
        yield data, Evidence(order.kept, order.rows), reason


def _of_table(profile: Profile) -> Iterator[Told]:
    if profile.rows and profile.sample is None:
        data = {"kind": "row_count", "min": max(1, profile.rows // 2)}
        yield data, Evidence(1, 1), f"{profile.rows:,} rows in the one table seen; half of them is the least"


def _presence(column: ColumnProfile) -> Iterator[Told]:
    """Nulls, and for texts blanks."""
    if column.kind == "struct":
        return
    if column.texts is not None:
        given = column.given - column.texts.blank
        if Evidence(given, column.rows).enough:
            yield (
                {"kind": "not_blank", "column": column.name},
                Evidence(given, column.rows),
                (f"{column.rows - given:,} of {column.rows:,} rows are null or blank"),
            )
            return
    reason = f"{column.nulls:,} of {column.rows:,} rows are null"
    yield {"kind": "not_null", "column": column.name}, Evidence(column.given, column.rows), reason


def _uniqueness(column: ColumnProfile) -> Iterator[Told]:
    if not column.likely_key:
        return
    sure = None if column.distinct_exact else column.rows * (1 - 2 * _HLL_ERROR)
    how = "counted exactly" if column.distinct_exact else f"estimated, give or take 1.6%: {_CURE}"
    reason = f"{column.distinct:,} different values in {column.rows:,} rows, {how}"
    yield {"kind": "unique", "columns": [column.name]}, Evidence(column.rows, column.rows, sure), reason


def _listed(column: ColumnProfile) -> bool:
    values = len(column.top)
    countable = column.kind == "text" or (column.kind == "number" and isinstance(column.min, int))
    return countable and column.categorical and values <= _MOST_LISTED and values * _ROWS_A_VALUE <= column.given


def _membership(column: ColumnProfile) -> Iterator[Told]:
    """Few values: the chance of a new one is about the share of those seen once (Good and Turing, 1953)."""
    if not _listed(column):
        return
    once = sum(top.count == 1 for top in column.top)
    data = {"kind": "one_of", "column": column.name, "values": [top.value for top in column.top]}
    reason = f"{len(column.top)} different values in {column.given:,} rows, {once} of them seen once"
    yield data, Evidence(column.given, column.given, column.given - once), reason


def _range(column: ColumnProfile) -> Iterator[Told]:
    """Bounds: each new value lies outside those seen with a chance of two to the number seen."""
    if column.kind != "number" or column.likely_key or _listed(column) or column.min is None or column.max is None:
        return
    assert column.spread is not None  # noqa: S101 - every number has one
    low, high = with_margin(Decimal(str(column.min)), Decimal(str(column.max)))
    kept = column.given - column.spread.nan - column.spread.infinite
    whole = isinstance(column.min, int)
    data = {"kind": "between", "column": column.name, "min": _number(low, whole), "max": _number(high, whole)}
    reason = f"seen from {column.min} to {column.max}; a tenth of that range is added on either side, not across zero"
    yield data, Evidence(kept, column.given, kept - _EXTREMES), reason


def with_margin(low: Decimal, high: Decimal) -> tuple[Decimal, Decimal]:
    """The range, a tenth wider on either side but not across zero, rounded outwards to two digits of its width."""
    width = high - low
    if not width:
        return low, high
    step = Decimal(1).scaleb(width.adjusted() - 1)
    down = ((low - width * MARGIN) / step).to_integral_value(ROUND_FLOOR) * step
    up = ((high + width * MARGIN) / step).to_integral_value(ROUND_CEILING) * step
    return (Decimal(0) if down < 0 <= low else down), (Decimal(0) if high <= 0 < up else up)


def _number(value: Decimal, whole: bool) -> int | float:
    return int(value.to_integral_value(ROUND_FLOOR)) if whole else float(value)


def _finite(column: ColumnProfile) -> Iterator[Told]:
    if column.type in {"float", "double"} and column.given and column.spread is not None:
        kept = column.given - column.spread.nan - column.spread.infinite
        reason = f"{column.spread.nan:,} NaN and {column.spread.infinite:,} infinite of {column.given:,}"
        yield {"kind": "finite", "column": column.name}, Evidence(kept, column.given), reason


def _form(column: ColumnProfile) -> Iterator[Told]:
    """A well-known form, a pattern, or at least a length: the first of them that fits."""
    if column.texts is None or column.sizes is None:
        return
    for tell in (_known_form, _pattern, _length):
        told = list(tell(column, column.texts))
        if any(evidence.enough for _, evidence, _ in told):
            yield from told
            return


def _known_form(column: ColumnProfile, texts: Texts) -> Iterator[Told]:
    best = max(texts.forms, key=lambda form: form.count, default=None)
    if best is None or (_listed(column) and best.kind == "date_format"):
        return
    data: Data = {"kind": best.kind, "column": column.name, **({"format": best.letters} if best.letters else {})}
    reason = f"{best.count:,} of {column.given:,} texts have that form"
    yield data, Evidence(best.count, column.given), reason


def _pattern(column: ColumnProfile, texts: Texts) -> Iterator[Told]:
    """The most frequent shapes that differ in the length of their runs only."""
    assert column.sizes is not None  # noqa: S101 - the caller looked
    if _listed(column) or column.sizes.max > SHAPE_LENGTH or not texts.shapes:
        return
    first = str(texts.shapes[0].value)
    alike = [top for top in texts.shapes if pattern([first, str(top.value)])]
    # Letters alone are a word, of which the next may be longer.
    if not any(character not in "Aa" for character in first):
        return
    found = pattern([str(top.value) for top in alike], unicode=texts.non_ascii > 0)
    kept = min(sum(top.count for top in alike), column.given)
    shapes = ", ".join(str(top.value) for top in alike[:3])
    data = {"kind": "matches", "column": column.name, "pattern": found}
    yield data, Evidence(kept, column.given), f"{kept:,} of {column.given:,} texts have the shape {shapes}"


def _length(column: ColumnProfile, texts: Texts) -> Iterator[Told]:
    del texts
    sizes = column.sizes
    assert sizes is not None  # noqa: S101 - the caller looked
    if _listed(column) or not column.given:
        return
    low, high = with_margin(Decimal(sizes.min), Decimal(sizes.max))
    data = {"kind": "length", "column": column.name, "min": int(low), "max": int(high.to_integral_value(ROUND_CEILING))}
    reason = f"seen with {sizes.min} to {sizes.max} characters"
    yield data, Evidence(column.given, column.given, column.given - _EXTREMES), reason


def _size(column: ColumnProfile) -> Iterator[Told]:
    if column.kind == "array" and column.sizes is not None and column.sizes.min:
        reason = f"seen with {column.sizes.min} to {column.sizes.max} elements; none is empty"
        yield {"kind": "size", "column": column.name, "min": 1}, Evidence(column.given, column.given), reason


def _past(column: ColumnProfile) -> Iterator[Told]:
    if column.kind == "time" and column.spread is not None and column.given:
        reason = f"{column.spread.future:,} of {column.given:,} were in the future"
        kept = column.given - column.spread.future
        yield {"kind": "not_in_future", "column": column.name}, Evidence(kept, column.given), reason


def _reference(key: ForeignKey) -> Iterator[Told]:
    """Values that were all found; small numbers are found anywhere, so for those the names have to agree."""
    if not key.named_alike:
        return
    reason = f"{key.found:,} of {key.rows:,} values are a {key.key} of {key.to}, and the names agree"
    data = {"kind": "references", "column": key.column, "to": key.to, "key": key.key}
    yield data, Evidence(key.found, key.rows), reason


_RULES: tuple[Callable[[ColumnProfile], Iterator[Told]], ...] = (
    _presence,
    _uniqueness,
    _membership,
    _range,
    _finite,
    _form,
    _size,
    _past,
)

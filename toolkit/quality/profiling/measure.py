"""Profiling a table: the passes over it, and what they found, as one `Profile`.

Owns the order of things: one pass (or one for every 60 columns), then the correlations of a sample, then the references,
if any were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.profiling import relations, text_formats
from toolkit.quality.profiling.columns import leaves
from toolkit.quality.profiling.model import ColumnProfile, Form, Ordering, Profile, Sizes, Spread, Texts, Top
from toolkit.quality.profiling.passes import (
    ALL_VALUES,
    CHUNK,
    HLL_ERROR,
    TOP_LENGTH,
    TRACKED,
    Question,
    answers,
    questions,
    time_pairs,
)
from toolkit.quality.profiling.sketches import Opened, opened

SEED = 7
MOST_TOP, MOST_BINS = 100, 200
COUNTED_AT_ONCE = 8
_KEY_ERRORS = 3
"""A key's estimated number of values is less than three standard errors from the number of rows, 299 times in 300."""


def profile(
    df: DataFrame,
    *,
    table: str = "",
    sample: float | None = None,
    top: int = 10,
    bins: int = 20,
    references: Mapping[str, DataFrame] | None = None,
    correlated: float = 0.8,
) -> Profile:
    """Describe every column of `df`, and what they have to do with each other.

    The frame is read once; twice where it has several numeric columns, the second time only these; once more for every
    60 columns above the first 60. It is never cached, and no row of it leaves Spark.

    Args:
        df: the table.
        table: what the profile calls it.
        sample: share of the rows to read, above 0 and at most 1; the whole table when None.
        top: frequent values to keep of each column.
        bins: of each histogram.
        references: other tables, by name, whose keys the columns of this one may refer to; each is read once, and each
            likely reference is looked up in full.
        correlated: least |r| of two numeric columns that are told.

    Raises:
        UsageError: `df` is a stream, has no columns or a name twice, or a number is out of its range.
    """
    _refuse(sample, top, bins, correlated)
    read = df if sample is None else df.sample(fraction=sample, seed=SEED)
    asked = questions(leaves(read), top)
    found = list(answers(read, asked))
    columns = _columns(df, found, top, bins)
    rows = int(found[0][1]["rows"])
    compared = relations.comparable(columns)
    return Profile(
        table=table,
        measured_at=datetime.now(UTC),
        rows=rows,
        sample=sample,
        columns=tuple(columns),
        correlations=relations.correlations(read, compared, rows, correlated),
        correlated=compared,
        orderings=tuple(_orderings(found)),
        foreign_keys=relations.foreign_keys(read, columns, references or {}),
    )


def confirmed(df: DataFrame, found: Profile) -> Profile:
    """`found`, with the different values of each likely key counted exactly; those with a value twice are no keys.

    One pass for every 8 likely keys, and a shuffle of the values of each. `df` has to be what was profiled, whole.

    Raises:
        UsageError: `found` is of a sample, whose keys say nothing of the table's.
    """
    if found.sample is not None:
        raise UsageError("A sample cannot confirm a key.", cure="Profile the whole table first.")
    exact = _distinct(df, found.likely_keys)
    columns = [
        column.model_copy(
            update={
                "distinct": exact[column.name],
                "distinct_exact": True,
                "likely_key": exact[column.name] == column.rows,
            }
        )
        if column.name in exact
        else column
        for column in found.columns
    ]
    refuted = tuple(column.name for column in columns if column.name in exact and not column.likely_key)
    return found.model_copy(update={"columns": tuple(columns), "refuted_keys": refuted})


def _distinct(df: DataFrame, names: Sequence[str]) -> dict[str, int]:
    """How many different values each column has. Spark repeats every row for each of them, so a few at a time."""
    found: dict[str, int] = {}
    for start in range(0, len(names), COUNTED_AT_ONCE):
        chunk = names[start : start + COUNTED_AT_ONCE]
        row = df.agg(*[F.count_distinct(F.col(name)) for name in chunk]).collect()[0]
        found |= dict(zip(chunk, row, strict=True))
    return found


def _refuse(sample: float | None, top: int, bins: int, correlated: float) -> None:
    for name, value, low, high in (
        ("top", top, 1, MOST_TOP),
        ("bins", bins, 1, MOST_BINS),
        ("correlated", correlated, 0, 1),
    ):
        if not low <= value <= high:
            raise UsageError(f"{name} = {value} is out of range.", cure=f"Take a number from {low} to {high}.")
    if sample is not None and not 0 < sample <= 1:
        raise UsageError(f"sample = {sample} is not a share.", cure="Take a number above 0 and at most 1, such as 0.1.")


def _columns(
    df: DataFrame, found: Sequence[tuple[Question, Mapping[str, Any]]], top: int, bins: int
) -> list[ColumnProfile]:
    sketches = {
        question.number: bytes(answer["sketch"]) for question, answer in found if answer.get("mean") is not None
    }
    readable: dict[int, Opened] = opened(df.sparkSession, sketches, bins)
    return [_column(question, answer, readable.get(question.number), top) for question, answer in found]


def _column(question: Question, answer: Mapping[str, Any], sketch: Opened | None, top: int) -> ColumnProfile:
    leaf, rows, given = question.leaf, int(answer["rows"]), int(answer["given"])
    distinct = min(int(answer["distinct"]), given) if "distinct" in answer else None
    values = _tops(answer.get("top"))
    cut = (answer.get("longest") or 0) > TOP_LENGTH
    whole = len(values) <= ALL_VALUES and sum(one.count for one in values) == given and not cut
    top_exact = bool(values) and distinct is not None and distinct <= TRACKED and not cut
    return ColumnProfile(
        name=leaf.name,
        type=leaf.type.simpleString(),
        kind=leaf.kind,
        rows=rows,
        nulls=rows - given,
        distinct=len(values) if whole and "top" in answer else distinct,
        distinct_exact=(whole and "top" in answer) or distinct == 0,
        min=answer.get("min"),
        max=answer.get("max"),
        spread=_spread(answer, sketch) if leaf.kind in {"number", "time"} else None,
        histogram=sketch.histogram if sketch else None,
        sizes=_sizes(answer),
        texts=_texts(answer, top) if leaf.kind == "text" else None,
        top=values if whole else values[:top],
        top_exact=top_exact,
        likely_key=leaf.keylike and _may_be_key(rows, given, distinct, values if top_exact else ()),
    )


def _may_be_key(rows: int, given: int, distinct: int | None, counted: Sequence[Top]) -> bool:
    if distinct is None or rows < 2 or given < rows or any(one.count > 1 for one in counted):  # noqa: PLR2004 - two can differ
        return False
    return distinct >= rows * (1 - _KEY_ERRORS * HLL_ERROR)


def _tops(items: Sequence[Mapping[str, Any]] | None) -> tuple[Top, ...]:
    """The most frequent values, without null; equal counts in the order of the values."""
    found = [Top(value=one["item"], count=one["count"]) for one in items or () if one["item"] is not None]
    return tuple(sorted(found, key=lambda one: (-one.count, str(one.value))))


def _spread(answer: Mapping[str, Any], sketch: Opened | None) -> Spread:
    return Spread(
        mean=_finite(answer["mean"]),
        stddev=_finite(answer["stddev"]),
        percentiles=sketch.percentiles if sketch else (),
        **{name: answer[name] for name in ("nan", "infinite", "future") if name in answer},
    )


def _finite(number: float | None) -> float | None:
    """The mean of very large numbers may be infinite."""
    return None if number is None or number != number or abs(number) == float("inf") else number  # noqa: PLR0124


def _sizes(answer: Mapping[str, Any]) -> Sizes | None:
    if answer.get("shortest") is None:
        return None
    return Sizes(min=answer["shortest"], max=answer["longest"], mean=answer["size"], empty=answer["empty"])


def _texts(answer: Mapping[str, Any], top: int) -> Texts:
    counts = [(sought, answer[f"form_{i}"]) for i, sought in enumerate(text_formats.SOUGHT)]
    return Texts(
        blank=answer["blank"],
        non_ascii=answer["non_ascii"],
        shapes=_tops(answer["shapes"])[:top],
        forms=tuple(Form(kind=sought.kind, letters=sought.letters, count=count) for sought, count in counts if count),
    )


def _orderings(found: Sequence[tuple[Question, Mapping[str, Any]]]) -> Iterator[Ordering]:
    """Pairs of times that are in order in more than half of the rows, the earlier one first; never two that are the same."""
    told = {question.number: answer for question, answer in found}
    for start in range(0, len(found), CHUNK):
        for one, other in time_pairs([question for question, _ in found[start : start + CHUNK]]):
            answer = told[one.number]
            both, up, down = (answer[f"pair_{other.number}_{part}"] for part in ("both", "up", "down"))
            if both and not up == down == both and max(up, down) * 2 > both:
                names = (one.leaf.name, other.leaf.name)
                first, second = names if up >= down else reversed(names)
                yield Ordering(first=first, second=second, rows=both, kept=max(up, down))

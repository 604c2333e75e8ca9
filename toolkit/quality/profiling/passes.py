"""Measuring a table: everything that one aggregate can tell, in one aggregate.

Owns the choice of aggregates. Must not cache the frame, nor bring a row of it to the driver.

A column's numbers go into one quantile sketch (KLL), from which percentiles and the bins of its histogram are read
afterwards, on the driver's side and without the data. That is why there is no second pass for the histogram, and neither
`approx_percentile` (three times the time of the sketch) nor `histogram_numeric` (its bins have no equal width, and it
becomes slow when it is given more of them).

Yes-or-no questions about a value (is it NaN, blank, an e-mail address?) are letters of one text, whose frequent values are
counted: one aggregate instead of twenty. Spark makes one long method of all the simple aggregates in such a pass, and
becomes slow when there are more than a few hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from string import ascii_lowercase
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from toolkit.quality.profiling import forms
from toolkit.quality.profiling.leaves import Leaf

CHUNK = 30
"""Columns to one aggregate; wider frames are read in several, each of which reads only its columns."""
SKETCH_SIZE = 2000
"""KLL's k: ranks within 0.25% of the rows at 99% confidence; exact while a column has fewer values."""
HLL_BITS = 14
HLL_ERROR = 0.0081
"""Standard error of the count of different values with that many bits (1.04 / sqrt(2^14))."""
TRACKED = 1000
"""Values that are counted at once to find the most frequent; exact while there are no more."""
TOP_LENGTH = 128
ALL_VALUES = 20
"""A column with no more values than this shows them all."""
MOST_TIMES = 8
MOST_FLAGS = 200
"""Combinations of flags that one column may have; each flag excludes most others."""
_DAY, _MICROS = 86_400.0, 1_000_000.0


@dataclass
class Question:
    """What is asked about one column: what to prepare below the aggregate, so that it is computed once, and aggregates."""

    leaf: Leaf
    number: int
    top: int
    prepared: dict[str, Column] = field(default_factory=dict)
    measures: dict[str, Column] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    marks: Column | None = None
    """The flags of a row as one text, a letter for each, from what was prepared."""

    def name(self, part: str) -> str:
        """The name of a prepared column or a measure, which no other column's question has."""
        return f"c{self.number}_{part}"

    def prepare(self, part: str, column: Column) -> Column:
        """Compute `column` below the aggregate, and refer to it."""
        self.prepared[self.name(part)] = column
        return F.col(self.name(part))

    def measure(self, **aggregates: Column) -> None:
        """Ask for aggregates."""
        self.measures |= {self.name(part): aggregate for part, aggregate in aggregates.items()}

    def answer(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The part of an aggregate's row that answers this question; the rows that have each flag, counted one by one."""
        start = self.name("")
        found = {name.removeprefix(start): value for name, value in row.items() if name.startswith(start)}
        marks = [(one["item"], one["count"]) for one in found.pop("flags") if one["item"] is not None]
        counts = {flag: sum(n for mark, n in marks if _letter(i) in mark) for i, flag in enumerate(self.flags)}
        return {**found, **counts, "given": sum(n for _, n in marks)}


def questions(found: Sequence[Leaf], top: int) -> list[Question]:
    """One question for each column."""
    asked = [Question(leaf, number, max(top, ALL_VALUES)) for number, leaf in enumerate(found)]
    for question in asked:
        _ask(question)
    return asked


def answers(df: DataFrame, asked: Sequence[Question]) -> Iterator[tuple[Question, dict[str, Any]]]:
    """Each question with its answer, `rows` among them; one pass for every `CHUNK` of them."""
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        prepared = [column.alias(name) for question in chunk for name, column in question.prepared.items()]
        pairs = _orderings(chunk)
        measures = {**{n: m for question in chunk for n, m in question.measures.items()}, **pairs}
        marks = [question.marks.alias(question.name("flags")) for question in chunk if question.marks is not None]
        # In two steps, so that a shape is made once, and not for every form that looks at it.
        row = (
            df.select(*prepared)
            .select("*", *marks)
            .agg(F.count(F.lit(1)).alias("rows"), *[column.alias(name) for name, column in measures.items()])
        )
        found = row.collect()[0].asDict(recursive=True)
        for question in chunk:
            yield question, {"rows": found["rows"], **question.answer(found)}


def _ask(question: Question) -> None:
    leaf = question.leaf
    if leaf.hashable:
        hashed = question.prepare("hash", F.when(leaf.value.isNotNull(), F.xxhash64(leaf.value)))
        question.measure(distinct=F.hll_sketch_estimate(F.hll_sketch_agg(hashed, HLL_BITS)))
    given = question.prepare("given", leaf.value.isNotNull())
    special = _SPECIAL.get(leaf.kind)
    flags = special(question) if special else {}
    question.flags = tuple(flags)
    letters = [F.when(flag, F.lit(_letter(i))).otherwise("") for i, flag in enumerate(flags.values())]
    marks = F.when(given, F.concat(F.lit(""), *letters))
    question.marks = marks
    question.measure(flags=_most_frequent(F.col(question.name("flags")), MOST_FLAGS, as_text=False))


def _letter(flag: int) -> str:
    return ascii_lowercase[flag]


def _ask_number(question: Question) -> dict[str, Column]:
    leaf = question.leaf
    value, number, flags = leaf.value, leaf.value.cast("double"), {}
    if leaf.fractional:
        is_nan, is_infinite = F.isnan(value), F.abs(number) == F.lit(float("inf"))
        flags = {"nan": question.prepare("is_nan", is_nan), "infinite": question.prepare("is_infinite", is_infinite)}
        finite = ~is_nan & ~is_infinite
        value, number = F.when(finite, value), F.when(finite, number)
    kept = question.prepare("value", value)
    _spread(question, number)
    _range(question, kept, as_text=isinstance(leaf.type, T.DecimalType))
    _top(question, kept, as_text=isinstance(leaf.type, T.DecimalType))
    return flags


def _ask_time(question: Question) -> dict[str, Column]:
    leaf = question.leaf
    kept = question.prepare("value", leaf.value)
    is_date = isinstance(leaf.type, T.DateType)
    instant = leaf.value.cast("timestamp")
    _spread(question, F.unix_date(leaf.value) * _DAY if is_date else F.unix_micros(instant) / _MICROS)
    _range(question, kept, as_text=True)
    _top(question, kept, as_text=True)
    return {"future": kept > F.current_timestamp()}


def _ask_text(question: Question) -> dict[str, Column]:
    text = question.prepare("value", question.leaf.value)
    shape = question.prepare("shape", forms.shape(question.leaf.value))
    cut = question.prepare("cut", F.substring(question.leaf.value, 1, TOP_LENGTH))
    question.measure(shapes=_most_frequent(shape, question.top, as_text=False))
    size = _sizes(question, F.length(question.leaf.value))
    _range(question, cut, as_text=False)
    _top(question, cut, as_text=False)
    looked_for = {f"form_{i}": sought.has(text, shape, question.name("value")) for i, sought in enumerate(forms.SOUGHT)}
    return {"blank": forms.is_blank(text), "non_ascii": ~forms.is_ascii(text), **_empty(size), **looked_for}


def _ask_boolean(question: Question) -> dict[str, Column]:
    kept = question.prepare("value", question.leaf.value)
    _range(question, kept, as_text=False)
    _top(question, kept, as_text=False)
    return {}


def _ask_binary(question: Question) -> dict[str, Column]:
    return _empty(_sizes(question, F.octet_length(question.leaf.value)))


def _ask_size(question: Question) -> dict[str, Column]:
    value = question.leaf.value
    # By the session's settings, nothing may have the size -1.
    size = F.when(value.isNotNull(), F.size(value))
    _spread(question, size.cast("double"))
    return _empty(_sizes(question, size))


def _empty(size: Column) -> dict[str, Column]:
    return {"empty": size == 0}


def _spread(question: Question, number: Column) -> None:
    kept = question.prepare("number", number)
    question.measure(mean=F.avg(kept), stddev=F.stddev_samp(kept), sketch=F.kll_sketch_agg_double(kept, SKETCH_SIZE))


def _range(question: Question, value: Column, *, as_text: bool) -> None:
    low, high = F.min(value), F.max(value)
    question.measure(min=low.cast("string") if as_text else low, max=high.cast("string") if as_text else high)


def _sizes(question: Question, size: Column) -> Column:
    kept = question.prepare("size", size)
    question.measure(shortest=F.min(kept), longest=F.max(kept), size=F.avg(kept))
    return kept


def _top(question: Question, value: Column, *, as_text: bool) -> None:
    question.measure(top=_most_frequent(value, question.top, as_text=as_text))


def _most_frequent(value: Column, top: int, *, as_text: bool) -> Column:
    """The `top` most frequent values and null, which counts as one."""
    found = F.call_function("approx_top_k", value, F.lit(top + 1), F.lit(TRACKED))
    if not as_text:
        return found
    return F.transform(
        found, lambda one: F.struct(one["item"].cast("string").alias("item"), one["count"].alias("count"))
    )


_SPECIAL: dict[str, Callable[[Question], dict[str, Column]]] = {
    "number": _ask_number,
    "time": _ask_time,
    "text": _ask_text,
    "boolean": _ask_boolean,
    "binary": _ask_binary,
    "array": _ask_size,
    "map": _ask_size,
}


def time_pairs(chunk: Sequence[Question]) -> list[tuple[Question, Question]]:
    """The pairs of times of one type in one pass; none when there are so many that all pairs would cost more than the rest."""
    times = [question for question in chunk if question.leaf.kind == "time"]
    if len(times) > MOST_TIMES:
        return []
    return [(one, other) for one, other in combinations(times, 2) if one.leaf.type == other.leaf.type]


def _orderings(chunk: Sequence[Question]) -> dict[str, Column]:
    """For each pair of times: rows that have both, and how many of them are in order, either way round."""
    found: dict[str, Column] = {}
    for one, other in time_pairs(chunk):
        a, b = F.col(one.name("value")), F.col(other.name("value"))
        start = f"{one.name('pair')}_{other.number}"
        found |= {
            f"{start}_both": F.count_if(a.isNotNull() & b.isNotNull()),
            f"{start}_up": F.count_if(a <= b),
            f"{start}_down": F.count_if(b <= a),
        }
    return found

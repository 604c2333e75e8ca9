"""Measuring a table: everything that one aggregate can tell, in one aggregate.

Owns the choice of aggregates. Must not cache the frame, nor bring a row of it to the driver.

A column's numbers go into one quantile sketch (KLL), from which percentiles and the bins of its histogram are read
afterwards, on the driver's side and without the data. That is why there is no second pass for the histogram, and neither
`approx_percentile` (three times the time of the sketch) nor `histogram_numeric` (its bins have no equal width, and it
becomes slow when it is given more of them).

Yes-or-no questions about a value (is it NaN, blank, an e-mail address?) are letters of one text, whose frequent values are
counted: one aggregate instead of twenty. Spark makes one long method of all the simple aggregates in such a pass, and
becomes slow when there are more than a few hundred.

All of it is SQL text on columns that were given names of ours, so that a thousand columns are asked for in no time, and no
name of the table's stands in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from string import ascii_lowercase
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import types as T

from toolkit.quality.profiling import text_formats
from toolkit.quality.profiling.columns import Leaf

CHUNK = 60
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
_DAY, _MICROS = "86400D", "1000000D"
_NO_FLAG = "''"


@dataclass
class Question:
    """What is asked about one column, in SQL: what to prepare below the aggregate, to be computed once, and the aggregates."""

    leaf: Leaf
    number: int
    top: int
    prepared: dict[str, str] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    marks: str = ""
    """The flags of a row as one text, a letter for each, from what was prepared."""

    @property
    def column(self) -> str:
        """What the column is called in SQL."""
        return f"c{self.number}"

    def name(self, part: str) -> str:
        """The name of a prepared column or a measure, which no other column's question has."""
        return f"{self.column}_{part}"

    def prepare(self, part: str, expression: str) -> str:
        """Compute `expression` below the aggregate, and refer to it."""
        self.prepared[self.name(part)] = expression
        return self.name(part)

    def measure(self, **aggregates: str) -> None:
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
        prepared = {name: one for question in chunk for name, one in question.prepared.items()}
        marks = {question.name("flags"): question.marks for question in chunk}
        measures = {name: one for question in chunk for name, one in question.measures.items()} | _orderings(chunk)
        # In steps, so that a shape is made once, and not for every form that looks at it.
        row = (
            df.select(*[question.leaf.value.alias(question.column) for question in chunk])
            .selectExpr(*_named(prepared))
            .selectExpr("*", *_named(marks))
            .selectExpr("count(1) AS rows", *_named(measures))
        )
        found = row.collect()[0].asDict(recursive=True)
        for question in chunk:
            yield question, {"rows": found["rows"], **question.answer(found)}


def _named(expressions: Mapping[str, str]) -> list[str]:
    return [f"{expression} AS {name}" for name, expression in expressions.items()]


def _ask(question: Question) -> None:
    leaf, column = question.leaf, question.column
    if leaf.hashable:
        hashed = question.prepare("hash", f"if({column} IS NOT NULL, xxhash64({column}), NULL)")
        question.measure(distinct=f"hll_sketch_estimate(hll_sketch_agg({hashed}, {HLL_BITS}))")
    given = question.prepare("given", f"{column} IS NOT NULL")
    special = _SPECIAL.get(leaf.kind)
    flags = special(question) if special else {}
    question.flags = tuple(flags)
    letters = [f"if({flag}, '{_letter(i)}', {_NO_FLAG})" for i, flag in enumerate(flags.values())]
    question.marks = f"if({given}, concat({', '.join([_NO_FLAG, *letters])}), NULL)"
    question.measure(flags=_most_frequent(question.name("flags"), MOST_FLAGS, as_text=False))


def _letter(flag: int) -> str:
    return ascii_lowercase[flag]


def _ask_number(question: Question) -> dict[str, str]:
    leaf = question.leaf
    value, number, flags = question.column, f"CAST({question.column} AS DOUBLE)", {}
    if leaf.fractional:
        is_nan, is_infinite = f"isnan({value})", f"abs({number}) = CAST('Infinity' AS DOUBLE)"
        flags = {"nan": question.prepare("is_nan", is_nan), "infinite": question.prepare("is_infinite", is_infinite)}
        finite = f"NOT {is_nan} AND NOT {is_infinite}"
        value, number = f"if({finite}, {value}, NULL)", f"if({finite}, {number}, NULL)"
    kept = question.prepare("value", value)
    _spread(question, number)
    _range(question, kept, as_text=isinstance(leaf.type, T.DecimalType))
    _top(question, kept, as_text=isinstance(leaf.type, T.DecimalType))
    return flags


def _ask_time(question: Question) -> dict[str, str]:
    column = question.column
    kept = question.prepare("value", column)
    is_date = isinstance(question.leaf.type, T.DateType)
    instant = f"unix_micros(CAST({column} AS TIMESTAMP)) / {_MICROS}"
    _spread(question, f"unix_date({column}) * {_DAY}" if is_date else instant)
    _range(question, kept, as_text=True)
    _top(question, kept, as_text=True)
    return {"future": f"{kept} > current_timestamp()"}


def _ask_text(question: Question) -> dict[str, str]:
    text = question.prepare("value", question.column)
    shape = question.prepare("shape", text_formats.shape(question.column))
    cut = question.prepare("cut", f"substring({question.column}, 1, {TOP_LENGTH})")
    question.measure(shapes=_most_frequent(shape, question.top, as_text=False))
    size = _sizes(question, f"length({question.column})")
    _range(question, cut, as_text=False)
    _top(question, cut, as_text=False)
    looked_for = {f"form_{i}": sought.has(text, shape) for i, sought in enumerate(text_formats.SOUGHT)}
    return {
        "blank": text_formats.is_blank(text),
        "non_ascii": f"NOT {text_formats.is_ascii(text)}",
        **_empty(size),
        **looked_for,
    }


def _ask_boolean(question: Question) -> dict[str, str]:
    kept = question.prepare("value", question.column)
    _range(question, kept, as_text=False)
    _top(question, kept, as_text=False)
    return {}


def _ask_binary(question: Question) -> dict[str, str]:
    return _empty(_sizes(question, f"octet_length({question.column})"))


def _ask_size(question: Question) -> dict[str, str]:
    # By the session's settings, nothing may have the size -1.
    size = f"if({question.column} IS NOT NULL, size({question.column}), NULL)"
    _spread(question, f"CAST({size} AS DOUBLE)")
    return _empty(_sizes(question, size))


def _empty(size: str) -> dict[str, str]:
    return {"empty": f"{size} = 0"}


def _spread(question: Question, number: str) -> None:
    kept = question.prepare("number", number)
    sketch = f"kll_sketch_agg_double({kept}, {SKETCH_SIZE})"
    question.measure(mean=f"avg({kept})", stddev=f"stddev_samp({kept})", sketch=sketch)


def _range(question: Question, value: str, *, as_text: bool) -> None:
    low, high = f"min({value})", f"max({value})"
    question.measure(min=_as_text(low) if as_text else low, max=_as_text(high) if as_text else high)


def _sizes(question: Question, size: str) -> str:
    kept = question.prepare("size", size)
    question.measure(shortest=f"min({kept})", longest=f"max({kept})", size=f"avg({kept})")
    return kept


def _top(question: Question, value: str, *, as_text: bool) -> None:
    question.measure(top=_most_frequent(value, question.top, as_text=as_text))


def _most_frequent(value: str, top: int, *, as_text: bool) -> str:
    """The `top` most frequent values and null, which counts as one."""
    found = f"approx_top_k({value}, {top + 1}, {TRACKED})"
    if not as_text:
        return found
    return f"transform({found}, one -> named_struct('item', {_as_text('one.item')}, 'count', one.`count`))"


def _as_text(value: str) -> str:
    return f"CAST({value} AS STRING)"


_SPECIAL: dict[str, Callable[[Question], dict[str, str]]] = {
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


def _orderings(chunk: Sequence[Question]) -> dict[str, str]:
    """For each pair of times: rows that have both, and how many of them are in order, either way round."""
    found: dict[str, str] = {}
    for one, other in time_pairs(chunk):
        a, b = one.name("value"), other.name("value")
        start = f"{one.name('pair')}_{other.number}"
        found |= {
            f"{start}_both": f"count_if({a} IS NOT NULL AND {b} IS NOT NULL)",
            f"{start}_up": f"count_if({a} <= {b})",
            f"{start}_down": f"count_if({b} <= {a})",
        }
    return found

"""Classes for the columns of a Delta table.

Owns which rows are looked at and how nested columns come apart. All columns come in one query, of rows that are picked by a
digest of what they hold: the same rows each time, from all over the table, however many threads read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError
from toolkit.governance.classes.finding import Finding
from toolkit.governance.classes.judge import judge_sample
from toolkit.governance.classes.nesting import leaves
from toolkit.governance.classes.values import MOST_CHARACTERS, MOST_VALUES, Sample, sample_of
from toolkit.store.query_engine import quoted

if TYPE_CHECKING:
    from toolkit.store.reader import Column, DeltaReader

ROWS = 3000
"""Rows that are looked at, about: of as many a column of mostly nulls still shows some values."""
KEY_COLUMNS = 12
"""Columns whose content picks the rows; all of them only where these do not tell the rows apart."""
SLACK = 4
"""How many times more or fewer rows than wanted still make a sample."""
SPARSE = 50
"""Distinct values below which a column that is mostly null is asked for its own."""
MOSTLY = 0.5
MOST_ELEMENTS = 20
"""Elements of one array that are looked at."""
_SCALARS = frozenset(
    ("string", "byte", "short", "integer", "long", "float", "double", "boolean", "date", "timestamp", "timestamp_ntz")
)
Rows = dict[str, tuple[Any, ...]]
"""By column its values, in the order of the rows."""


def classify(reader: DeltaReader, *, columns: Sequence[str] | None = None, values: int = MOST_VALUES) -> list[Finding]:
    """What each column of a table holds, nested ones by themselves: `payment.method`, `items[].product_id`.

    What cannot be read is unknown and has no class: one column by its name, a whole table as `*`.

    Args:
        reader: the table, at the version that it was opened at.
        columns: those of the table's own that are asked for; all when None.
        values: distinct values of each column that are looked at, at most.
    """
    try:
        asked = [one for one in reader.columns() if columns is None or one.name in columns]
        rows, refused = _rows(reader, asked)
    except ToolkitError as problem:
        return [Finding.unknown("*", _cannot_read("the table", problem))]
    missing = [
        Finding.unknown(name, "there is no such column")
        for name in columns or ()
        if name not in {c.name for c in asked}
    ]
    return [finding for one in asked for finding in _findings(reader, one, rows, refused, values)] + missing


def _cannot_read(what: str, problem: ToolkitError) -> str:
    """Without the error's own words, which may quote a value."""
    return f"{what} cannot be read without Spark ({type(problem).__name__})"


def _findings(reader: DeltaReader, column: Column, rows: Rows, refused: dict[str, str], most: int) -> Iterator[Finding]:
    if column.name in refused:
        yield Finding.unknown(column.name, refused[column.name])
        return
    for leaf in leaves(column.name, column.type):
        if leaf.reason:
            yield Finding.unknown(leaf.name, leaf.reason)
            continue
        sample = sample_of(_at(rows[column.name], leaf.path), most)
        if len(leaf.path) == 0 and len(sample.values) < SPARSE and sample.nulls > MOSTLY * sample.rows:
            sample = _denser(reader, column, sample, most)
        yield judge_sample(leaf.name, leaf.type, column.comment if leaf.name == column.name else "", sample)


def _at(values: Iterable[Any], path: tuple[str | None, ...]) -> Iterator[Any]:
    """What lies at a path inside of nested values; None steps into the elements of an array."""
    for value in values:
        yield from _inside(value, path)


def _inside(value: Any, path: tuple[str | None, ...]) -> Iterator[Any]:
    if value is None or not path:
        yield value
    elif path[0] is not None:
        yield from _inside(value.get(path[0]), path[1:])
    else:
        for element in value[:MOST_ELEMENTS]:
            yield from _inside(element, path[1:])


def _rows(reader: DeltaReader, columns: Sequence[Column]) -> tuple[Rows, dict[str, str]]:
    """The sampled rows, by column, and why columns cannot be read."""
    readable = [one for one in columns if one.type != "binary"]
    try:
        return _query(reader, readable, _picking(reader, columns)) | _empty(columns, readable), {}
    except ToolkitError:
        return _one_by_one(reader, columns, readable)


def _empty(columns: Sequence[Column], readable: Sequence[Column]) -> Rows:
    return {one.name: () for one in columns if one not in readable}


def _one_by_one(
    reader: DeltaReader, columns: Sequence[Column], readable: Sequence[Column]
) -> tuple[Rows, dict[str, str]]:
    """Where a query of all columns fails: those that can be read by themselves."""
    rows, refused = _empty(columns, readable), {}
    for one in readable:
        try:
            rows |= _query(reader, [one], _picking(reader, [one]))
        except ToolkitError as problem:
            refused[one.name] = _cannot_read("the column", problem)
    return rows, refused


@dataclass(frozen=True)
class _Picking:
    """Which rows are taken."""

    share: float
    keys: tuple[str, ...]

    @property
    def condition(self) -> str:
        """Of SQL, true of about that share of the rows."""
        if self.share >= 1 or not self.keys:
            return "true"
        cast = ", ".join(f"coalesce(CAST({quoted(key)} AS VARCHAR), '')" for key in self.keys)
        # The first 32 bits of the digest, as text: it is compared as it stands.
        return f"substr(md5(concat_ws('|', {cast})), 1, 8) < '{int(self.share * 0x1_0000_0000):08x}'"


def _picking(reader: DeltaReader, columns: Sequence[Column]) -> _Picking:
    scalar = [one.name for one in columns if one.type in _SCALARS or one.type.startswith("decimal")]
    total = reader.summary().rows
    share = 1.0 if total is None or total <= SLACK * ROWS else ROWS / total
    for keys in (scalar[:KEY_COLUMNS], scalar):
        picking = _Picking(share, tuple(keys))
        if share >= 1 or ROWS / SLACK <= _picked(reader, picking) <= ROWS * SLACK:
            return picking
    return _Picking(1.0, ())


def _picked(reader: DeltaReader, picking: _Picking) -> int:
    counted = reader.sql(f"SELECT count(*) AS n FROM t WHERE {picking.condition}", as_it_stands=True)  # noqa: S608 - quoted
    return int(counted.rows[0][0])


def _query(reader: DeltaReader, columns: Sequence[Column], picking: _Picking) -> Rows:
    """The values of the picked rows; of rows that nothing tells apart the first."""
    if not columns:
        return {}
    selected = ", ".join(_selected(one) for one in columns)
    sql = f"SELECT {selected} FROM t WHERE {picking.condition} LIMIT {SLACK * ROWS}"  # noqa: S608 - quoted
    page = reader.sql(sql, as_it_stands=True)
    by_column = zip(*page.rows, strict=True) if page.rows else iter([()] * len(columns))
    return {one.name: tuple(values) for one, values in zip(columns, by_column, strict=True)}


def _selected(column: Column) -> str:
    name = quoted(column.name)
    return f"substr({name}, 1, {MOST_CHARACTERS}) AS {name}" if column.type == "string" else name


def _denser(reader: DeltaReader, column: Column, sparse: Sample, most: int) -> Sample:
    """Values of a column that is mostly null from all of its rows; the share of nulls stays that of the sample."""
    name = quoted(column.name)
    value = f"substr({name}, 1, {MOST_CHARACTERS})" if column.type == "string" else name
    distinct = f"SELECT DISTINCT {value} AS v FROM t WHERE {name} IS NOT NULL"  # noqa: S608 - quoted
    sql = f"SELECT v FROM ({distinct}) ORDER BY md5(CAST(v AS VARCHAR)) LIMIT {most}"  # noqa: S608 - quoted
    try:
        found = sample_of((row[0] for row in reader.sql(sql, as_it_stands=True).rows), most)
    except ToolkitError:
        return sparse
    return Sample(found.values, sparse.rows, sparse.nulls)

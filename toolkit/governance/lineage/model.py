"""What lineage by column says: which column of what is written comes from which column of what was read, and how.

Owns the words for it, which are those of OpenLineage's facet of column lineage, and what they mean here:

- A **direct** edge says that a value comes from a column: as it is (`identity`), changed (`transformation`), or of many rows
  (`aggregation`). Of several ways from one column to another the one that changes most is kept.
- An **indirect** edge says that a column decides which value or which rows there are, and gives none itself: `filter`, `join`,
  `group_by`, `sort`, `window`, `conditional`.
- What decides over rows (filters, joins, sorts, groups, duplicates taken out) decides over all columns alike. It is noted once
  for the whole table, as an edge whose `column` is None: a hundred columns behind three filters are three edges, not three
  hundred, and an unread column cannot lose them. `Lineage.of` puts them together. A key of a group is thus direct for its
  own column, and indirect for all.
- Windows, conditions of CASE, of IF and of UPDATE, and the filter of one aggregate decide over one column: they are noted
  there. What decides over a value that decides itself keeps its word: `row_number() = 1` keeps rows by a `window`.
- `count(*)`, `row_number()` and literals have no direct source. A column without edge and without a reason in `unknown` is
  known to have none.
- A column that a statement leaves as it is, is not its own source.

**Unknown in place of a guess**: `unknown` names each column whose edges may be incomplete, why, and what was read on the way.
A reason whose column is None concerns the rows of the whole table. Must not import Spark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

SourceKind = Literal["table", "topic", "file", "jdbc", "memory", "other"]
Kind = Literal["direct", "indirect"]
DirectSubtype = Literal["identity", "transformation", "aggregation"]
IndirectSubtype = Literal["filter", "join", "group_by", "sort", "window", "conditional"]
Subtype = DirectSubtype | IndirectSubtype

DIRECT: tuple[DirectSubtype, ...] = get_args(DirectSubtype)
"""From the one that changes least to the one that changes most."""
INDIRECT: tuple[IndirectSubtype, ...] = get_args(IndirectSubtype)


@dataclass(frozen=True)
class Field:
    """A column and its type, as Spark writes it in a schema's JSON, or shorter."""

    name: str
    type: str = ""


@dataclass(frozen=True)
class Source:
    """What is read or written.

    Attributes:
        kind: a Delta table, a Kafka topic, files, a table of a database, rows in memory, or something else.
        name: where it lies; of a topic its name, of rows in memory which of them (`1`), of a database its table.
        format: of files: `csv`; of what is `other`: the name of its source.
        namespace: the brokers of a topic, the address of a database; without a password.
        called: its name in a catalogue, where it has one.
        version: of the table, that was read; None where nothing says it, as in a stream.
        feed: it is the table's change feed that is read.
        schema: of rows in memory, by which they are recognised where streams hand them on.
    """

    kind: SourceKind
    name: str
    format: str = ""
    namespace: str = ""
    called: str = field(default="", compare=False)
    version: int | None = None
    feed: bool = False
    schema: tuple[Field, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is whatever version is read, and by its feed or not."""
        return self.kind, self.namespace, self.name

    def __str__(self) -> str:
        name = f"rows in memory ({self.name})" if self.kind == "memory" else self.name
        return name + (f"@{self.version}" if self.version is not None else "")


@dataclass(frozen=True)
class Origin:
    """A column of what is read; a field within one by its path: `address.city`."""

    source: Source
    column: str

    def __str__(self) -> str:
        return f"{self.source}:{self.column}"


@dataclass(frozen=True)
class Edge:
    """One column of the target depends on one that was read.

    Attributes:
        column: of the target; None: all of them.
        origin: what it depends on.
        kind: whether values come from there.
        subtype: how.
        transformation: a short SQL text; literals are `?`, since they may be data.
        masks: the transformation hides the value, see `masking`.
    """

    column: str | None
    origin: Origin
    kind: Kind
    subtype: Subtype
    transformation: str = ""
    masks: bool = False


@dataclass(frozen=True)
class Unknown:
    """A column whose edges may be incomplete; None: what decides over the rows may be."""

    column: str | None
    reason: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class Lineage:
    """What one write, or one frame, says of its columns.

    Attributes:
        target: what is written; None where a frame is only looked at.
        columns: of the frame, or those of the target that a statement names or may change, in their order.
        edges: what they depend on.
        unknown: what could not be told.
        sources: all that is read, also what gives no column.
    """

    target: Source | None
    columns: tuple[Field, ...]
    edges: tuple[Edge, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Nothing of it is unknown."""
        return not self.unknown

    def of(self, column: str) -> list[Edge]:
        """All edges of a column, with those that all columns have."""
        return [edge for edge in self.edges if edge.column in {column, None}]

    def reasons(self, column: str) -> list[str]:
        """Why the edges of a column may be incomplete."""
        return [one.reason for one in self.unknown if one.column in {column, None}]

    def into(self, target: Source) -> Lineage:
        """The same columns, written to a target."""
        return replace(self, target=target)


def unknown_lineage(
    columns: Iterable[Field], reason: str, *, target: Source | None = None, sources: Iterable[Source] = ()
) -> Lineage:
    """The lineage of which nothing is known but a reason."""
    fields, read = tuple(columns), tuple(sources)
    blanks = [Unknown(one.name, reason, read) for one in fields] or [Unknown(None, reason, read)]
    return Lineage(target, fields, (), tuple(blanks), read)


def path_of(*parts: str) -> str:
    """The path of a column or of a field within it; a part with a dot is in backticks."""
    return ".".join(f"`{part.replace('`', '``')}`" if "." in part or "`" in part else part for part in parts)


def steps_of(path: str) -> tuple[str, ...]:
    """The paths on the way to a field, the column first: `a`, `a.b`, `a.b.c`."""
    ends = [at for at, sign in enumerate(path) if sign == "." and path[:at].count("`") % 2 == 0]
    return (*(path[:end] for end in ends), path)

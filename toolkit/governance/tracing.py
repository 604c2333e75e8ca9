"""Lineage of what a run writes, kept: each write as the rows of `ops.column_origins`, and those rows as a graph.

Owns the way between what a plan says (`lineage`) and what is kept, and which writes still count: of each table those of the
last run of each step that wrote it. Never stops a write: what cannot be read of a plan is unknown, and what cannot be kept is
said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError
from toolkit.governance.lineage.composing import compose
from toolkit.governance.lineage.graph import LineageGraph
from toolkit.governance.lineage.model import Edge, Field, Lineage, Origin, Source, Unknown, unknown_lineage
from toolkit.governance.policies import rows_of
from toolkit.governance.records import ColumnOrigin, OriginState
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from toolkit.governance.lineage.openlineage_reader import ReadEvent
    from toolkit.store.tables import Tables


class Tracer:
    """Is told of each write of a run (`store.observer`)."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._streams: list[Lineage] = []
        self._kept: set[tuple[Any, ...]] = set()

    def frame(self, df: DataFrame, path: Location) -> None:
        """A frame was written to a table."""
        from toolkit.governance.lineage.plans import lineage_of

        self._keep(lineage_of(df, Source("table", str(path))))

    def statement(self, spark: SparkSession, text: str, path: Location) -> None:
        """A statement has changed a table."""
        from toolkit.governance.lineage.statements import lineage_of_statement

        target = Source("table", str(path))
        try:
            found = lineage_of_statement(spark, text).into(target)
        except ToolkitError as problem:
            found = unknown_lineage((), f"the statement could not be resolved ({problem.what})", target=target)
        self._keep(found)

    def stream(self, df: DataFrame) -> None:
        """A stream begins; what its batches write comes from where its rows do."""
        from toolkit.governance.lineage.plans import lineage_of

        self._streams.append(lineage_of(df))

    def _keep(self, lineage: Lineage) -> None:
        for stream in self._streams:
            composed = compose(lineage, stream)
            if composed.is_complete:
                lineage = composed
                break
        rows = self.rows(lineage)
        same = tuple((one.table, one.column, one.state, one.how, one.source, one.source_column) for one in rows)
        if same in self._kept:
            # A stream writes every batch in the same way.
            return
        self._kept.add(same)
        try:
            self.tables.append(rows)
        except ToolkitError as problem:
            self.tables.alert(f"Where {rows[0].table} comes from could not be kept: {problem.what}")

    def rows(self, lineage: Lineage) -> list[ColumnOrigin]:
        """A lineage of this run as it is kept."""
        return rows_kept(lineage, self.tables.lakehouse, self.tables.run_id, self.tables.step)


def rows_of_event(event: ReadEvent, tables: Tables) -> list[ColumnOrigin]:
    """What an event of another program says, as it is kept."""
    return [row for one in event.lineages for row in rows_kept(one, tables.lakehouse, event.run, event.job)]


def rows_kept(lineage: Lineage, lakehouse: Lakehouse, run: str, step: str) -> list[ColumnOrigin]:
    """A lineage as the rows of its table.

    Args:
        lineage: with its target.
        lakehouse: whose tables are called by their names.
        run: that wrote.
        step: of the run, or the job.
    """
    at = datetime.now(UTC)
    target = lineage.target
    table = named(target, lakehouse) if target else ""

    def row(
        column: str | None, state: OriginState, how: str, source: Source | None = None, edge: Edge | None = None
    ) -> ColumnOrigin:
        return ColumnOrigin(
            run_id=run,
            step=step,
            at=at,
            table=table,
            column=column,
            state=state,
            how=how,
            source_kind=source.kind if source else "",
            source=named(source, lakehouse) if source else "",
            source_column=edge.origin.column if edge else "",
            source_version=source.version if source else None,
            source_format=source.format if source else "",
            source_namespace=source.namespace if source else "",
            transformation=edge.transformation if edge else "",
            is_masking=bool(edge and edge.masks),
        )

    edges = [row(one.column, one.kind, one.subtype, one.origin.source, one) for one in lineage.edges]
    unknown = [
        row(one.column, "unknown", one.reason, source) for one in lineage.unknown for source in (one.sources or (None,))
    ]
    told = {one.column for one in (*edges, *unknown)}
    none = [row(one.name, "none", "") for one in lineage.columns if one.name not in told]
    return [*edges, *unknown, *none]


def named(source: Source, lakehouse: Lakehouse) -> str:
    """What a source is called: a table of this lakehouse by its name, anything else by its place."""
    if source.kind != "table":
        return source.name
    place = source.name.removeprefix("file:").rstrip("/")
    root = str(lakehouse.root).rstrip("/")
    inside = place.removeprefix(f"{root}/").split("/")
    return ".".join(inside) if place.startswith(f"{root}/") and len(inside) == 2 else place  # noqa: PLR2004 - layer, table


def lineages(lakehouse: Lakehouse) -> list[tuple[Lineage, str]]:
    """What is kept, as lineages with the runs that they are of: of each table that of the last run of each step.

    Raises:
        DataError: the table of it cannot be read.
    """
    newest: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str, str, datetime], list[ColumnOrigin]] = {}
    for one in rows_of(lakehouse, ColumnOrigin, "at"):
        newest[(one.table, one.step)] = one.run_id
        found.setdefault((one.table, one.step, one.run_id, one.at), []).append(one)
    return [(_lineage(rows), run) for (table, step, run, _), rows in found.items() if newest[(table, step)] == run]


def graph(lakehouse: Lakehouse) -> LineageGraph:
    """All that is kept, as one graph; tables of the lakehouse are called by their names."""
    made = LineageGraph()
    for lineage, run in lineages(lakehouse):
        made.add(lineage, run)
    return made


def _lineage(rows: Iterable[ColumnOrigin]) -> Lineage:
    every = list(rows)
    columns = tuple(Field(name) for name in dict.fromkeys(one.column for one in every if one.column is not None))
    return Lineage(
        Source("table", every[0].table), columns, tuple(_edges(every)), tuple(_unknown(every)), tuple(_sources(every))
    )


def _source(one: ColumnOrigin) -> Source:
    kind: Any = one.source_kind
    return Source(kind, one.source, one.source_format, one.source_namespace, version=one.source_version)


def _edges(rows: Iterable[ColumnOrigin]) -> Iterator[Edge]:
    for one in rows:
        if one.state in ("direct", "indirect"):
            how: Any = one.how
            kind: Any = one.state
            yield Edge(
                one.column, Origin(_source(one), one.source_column), kind, how, one.transformation, one.is_masking
            )


def _unknown(rows: Iterable[ColumnOrigin]) -> Iterator[Unknown]:
    found: dict[tuple[str | None, str], list[Source]] = {}
    for one in rows:
        if one.state == "unknown":
            found.setdefault((one.column, one.how), []).extend([_source(one)] if one.source else [])
    for (column, reason), sources in found.items():
        yield Unknown(column, reason, tuple(sources))


def _sources(rows: Iterable[ColumnOrigin]) -> list[Source]:
    return list(dict.fromkeys(_source(one) for one in rows if one.source))


def table(name: str) -> Source:
    """A table of the lakehouse, as the graph has it."""
    return Source("table", name)

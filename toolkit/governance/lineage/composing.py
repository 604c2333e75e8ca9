"""The lineage of a batch put behind that of the stream which handed it on.

In `foreachBatch` a frame begins with rows in memory, of which its plan says nothing more. They are the stream's where they have
exactly its columns, in names, types and order; the stream's lineage then takes their place. Must not import Spark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from toolkit.governance.lineage.flows import cut
from toolkit.governance.lineage.model import DIRECT, Edge, Lineage, Origin, Source, Unknown, steps_of

_RANK: Mapping[str, int] = {subtype: at for at, subtype in enumerate(DIRECT)}


def compose(outer: Lineage, inner: Lineage) -> Lineage:
    """The lineage of what a batch function writes, from the stream's sources on.

    Args:
        outer: of the frame that it writes, from its batch.
        inner: of the streaming frame that is handed on.

    Returns:
        `outer` itself where it reads no rows in memory; where none of those, or several, have the stream's columns, all that
        comes from them is unknown.
    """
    in_memory = [one for one in outer.sources if one.kind == "memory"]
    batches = [one for one in in_memory if one.schema == inner.columns]
    if not in_memory:
        return outer
    if len(batches) != 1:
        which = "none" if not batches else "several"
        return _unknown_from(outer, in_memory, f"{which} of the rows in memory that it reads have the stream's columns")
    return _put_behind(outer, batches[0], inner)


def _unknown_from(outer: Lineage, sources: list[Source], reason: str) -> Lineage:
    touched = dict.fromkeys(one.column for one in outer.edges if one.origin.source in sources)
    unknown = tuple(Unknown(column, reason, tuple(sources)) for column in touched) or (
        Unknown(None, reason, tuple(sources)),
    )
    return replace(outer, unknown=(*outer.unknown, *unknown))


def _put_behind(outer: Lineage, batch: Source, inner: Lineage) -> Lineage:
    edges: list[Edge] = []
    unknown = [_with_sources(one, batch, inner) for one in outer.unknown]
    for edge in outer.edges:
        if edge.origin.source != batch:
            edges.append(edge)
            continue
        name = _bare(steps_of(edge.origin.column)[0])
        edges += [_through(edge, one) for one in inner.edges if one.column == name]
        unknown += [replace(one, column=edge.column) for one in inner.unknown if one.column == name]
    edges += [one for one in inner.edges if one.column is None]
    unknown += [one for one in inner.unknown if one.column is None]
    sources = dict.fromkeys(one for source in outer.sources for one in _instead(source, batch, inner))
    return replace(outer, edges=_merged(edges), unknown=tuple(dict.fromkeys(unknown)), sources=tuple(sources))


def _with_sources(unknown: Unknown, batch: Source, inner: Lineage) -> Unknown:
    found = dict.fromkeys(one for source in unknown.sources for one in _instead(source, batch, inner))
    return replace(unknown, sources=tuple(found))


def _instead(source: Source, batch: Source, inner: Lineage) -> tuple[Source, ...]:
    return inner.sources if source == batch else (source,)


def _through(outer: Edge, inner: Edge) -> Edge:
    """The edge from the stream's source to the column that is written."""
    if inner.kind == "indirect":
        return replace(inner, column=outer.column)
    origin = _deeper(outer, inner)
    if outer.kind == "indirect":
        return replace(outer, origin=origin, transformation=_text(outer, inner))
    subtype = max(outer.subtype, inner.subtype, key=_RANK.__getitem__)
    return Edge(outer.column, origin, "direct", subtype, _text(outer, inner), outer.masks or inner.masks)


def _deeper(outer: Edge, inner: Edge) -> Origin:
    """A field of a column that the stream hands on as it is, is a field at its source."""
    steps = steps_of(outer.origin.column)
    if inner.subtype != "identity" or len(steps) == 1:
        return inner.origin
    return Origin(inner.origin.source, inner.origin.column + outer.origin.column[len(steps[0]) :])


def _text(outer: Edge, inner: Edge) -> str:
    instead = inner.transformation or inner.origin.column
    name = re.escape(steps_of(outer.origin.column)[0])
    if not outer.transformation:
        return inner.transformation
    return cut(re.sub(rf"(?<![\w.]){name}(?!\w)", lambda _: instead, outer.transformation))


def _merged(edges: list[Edge]) -> tuple[Edge, ...]:
    """One edge for each way of depending; where one way shows a value, it is not masked."""
    kept: dict[tuple[object, ...], Edge] = {}
    for edge in edges:
        key = (edge.column, edge.origin, edge.kind, edge.kind == "indirect" and edge.subtype)
        had = kept.get(key)
        kept[key] = _stronger(had, edge) if had else edge
    return tuple(kept.values())


def _stronger(one: Edge, other: Edge) -> Edge:
    if one.kind == "indirect":
        return one
    stronger = max(one, other, key=lambda edge: _RANK[edge.subtype])
    return replace(stronger, masks=one.masks and other.masks)


def _bare(step: str) -> str:
    return step[1:-1].replace("``", "`") if step.startswith("`") else step

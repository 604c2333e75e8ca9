"""An event of OpenLineage read back to lineage, whoever wrote it.

Owns what is refused of such an event. Nothing of it is trusted: sizes, kinds of values and words are looked at before a
`Lineage` is made, and what is wrong is told with its place. What the event is silent about is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, get_args

from toolkit.errors import DataError
from toolkit.governance.lineage.model import DIRECT, INDIRECT, Edge, Field, Lineage, Origin, Source, SourceKind, Unknown
from toolkit.governance.lineage.openlineage import RUN, SOURCE, UNKNOWN

MOST_CHARACTERS, MOST_EDGES, MOST_WORDS = 20_000_000, 200_000, 4_000
_CURE = "Ask its sender for an event of OpenLineage in JSON, as its specification 2-0-2 describes it."
_SILENT = "the event does not say where it comes from"
_OLD = {"IDENTITY": ("direct", "identity", False), "MASKED": ("direct", "transformation", True)}
"""How the words of earlier specifications are read: of a whole column, not of one origin."""


@dataclass(frozen=True)
class ReadEvent:
    """What an event says.

    Attributes:
        run: its id, as its writer calls it.
        job: what ran.
        lineages: one for each table that was written.
    """

    run: str
    job: str
    lineages: tuple[Lineage, ...]


def read_event(text: str) -> ReadEvent:
    """What an event says of lineage.

    Raises:
        DataError: it is no such event, or too large.
    """
    if len(text) > MOST_CHARACTERS:
        raise DataError(f"The event has {len(text):,} characters; {MOST_CHARACTERS:,} are allowed.", cure=_CURE)
    try:
        event = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        told = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise DataError(f"The event is no JSON: {told}.", cure=_CURE) from None
    return _Event(_mapping(event, "the event")).read()


class _Event:
    def __init__(self, event: Mapping[str, Any]) -> None:
        self.event = event
        self._sources: dict[tuple[str, str], Source] = {}
        self._edges = 0

    def read(self) -> ReadEvent:
        run, job = _mapping(self.event.get("run"), "run"), _mapping(self.event.get("job"), "job")
        datasets = [self._dataset(one, f"inputs[{at}]") for at, one in enumerate(_list(self.event, "inputs", ""))]
        outputs = _list(self.event, "outputs", "")
        for at, one in enumerate(outputs):
            self._dataset(one, f"outputs[{at}]")
        own = _facet(run, RUN, "run").get("id")
        return ReadEvent(
            _text(run if own is None else {"runId": own}, "runId", "run"),
            _text(job, "name", "job"),
            tuple(self._lineage(one, f"outputs[{at}]", datasets) for at, one in enumerate(outputs)),
        )

    def _dataset(self, given: Any, place: str) -> Source:
        dataset = _mapping(given, place)
        key = _text(dataset, "namespace", place), _text(dataset, "name", place)
        return self._sources.setdefault(key, _source(key, _facet(dataset, SOURCE, place), f"{place}.{SOURCE}"))

    def _lineage(self, given: Any, place: str, inputs: list[Source]) -> Lineage:
        output = _mapping(given, place)
        target = self._dataset(output, place)
        told = _facet(output, "columnLineage", place)
        fields = _mapping(told.get("fields", {}), f"{place}.columnLineage.fields")
        edges = [edge for name, one in fields.items() for edge in self._of_column(name, one, f"{place}.{name}")]
        for at, one in enumerate(_list(told, "dataset", place)):
            edges += self._of_input(None, one, f"{place}.dataset[{at}]")
        own = _facet(output, UNKNOWN, place)
        columns = _columns(_facet(output, "schema", place), place) or tuple(Field(name) for name in fields)
        unknown = self._unknown(own, place)
        silent = {one.name for one in columns} - {*fields} - {one.column for one in unknown}
        unknown += [Unknown(one.name, _SILENT, tuple(inputs)) for one in columns if one.name in silent]
        if not columns and not unknown:
            unknown = [Unknown(None, _SILENT, tuple(inputs))]
        order = {one.name: at for at, one in enumerate(columns)}
        edges.sort(key=lambda edge: order.get(edge.column or "", len(order)))
        sources = [self._at(one, f"{place}.sources") for one in _list(own, "sources", place)] if own else inputs
        return Lineage(target, columns, tuple(edges), tuple(unknown), tuple(dict.fromkeys(sources)))

    def _of_column(self, name: str, given: Any, place: str) -> list[Edge]:
        told = _mapping(given, place)
        old = _OLD.get(str(told.get("transformationType")))
        return [
            edge
            for at, one in enumerate(_list(told, "inputFields", place))
            for edge in self._of_input(name, one, f"{place}.inputFields[{at}]", old)
        ]

    def _of_input(
        self, column: str | None, given: Any, place: str, old: tuple[str, str, bool] | None = None
    ) -> list[Edge]:
        told = _mapping(given, place)
        origin = Origin(self._at(told, place), _text(told, "field", place))
        changes = _list(told, "transformations", place)
        self._edges += max(1, len(changes))
        if self._edges > MOST_EDGES:
            raise DataError(f"The event has more than {MOST_EDGES:,} edges.", cure=_CURE)
        if not changes:
            kind, subtype, masks = old or (
                "direct" if column else "indirect",
                "transformation" if column else "filter",
                False,
            )
            return [Edge(column, origin, kind, subtype, "", masks)]  # type: ignore[arg-type] # of the words above
        return [_edge(column, origin, one, f"{place}.transformations[{at}]") for at, one in enumerate(changes)]

    def _at(self, given: Any, place: str) -> Source:
        told = _mapping(given, place)
        key = _text(told, "namespace", place), _text(told, "name", place)
        return self._sources.setdefault(key, _source(key, {}, place))

    def _unknown(self, facet: Mapping[str, Any], place: str) -> list[Unknown]:
        found = []
        for at, one in enumerate(_list(facet, "columns", place)):
            here = f"{place}.{UNKNOWN}[{at}]"
            told = _mapping(one, here)
            column = None if told.get("column") is None else _text(told, "column", here)
            sources = tuple(self._at(source, here) for source in _list(told, "sources", here))
            found.append(Unknown(column, _text(told, "reason", here), sources))
        return found


def _edge(column: str | None, origin: Origin, given: Any, place: str) -> Edge:
    told = _mapping(given, place)
    kind, subtype = _word(told, "type", place), _word(told, "subtype", place)
    allowed: tuple[str, ...] = DIRECT if kind == "direct" else INDIRECT
    if kind not in {"direct", "indirect"}:
        _refuse(f"{place}.type", "it is neither DIRECT nor INDIRECT")
    if not subtype:
        subtype = "transformation" if kind == "direct" else "filter"
    if subtype not in allowed:
        _refuse(f"{place}.subtype", f"it is none of {', '.join(allowed).upper()}")
    masks = told.get("masking") or False
    if not isinstance(masks, bool):
        _refuse(f"{place}.masking", "it is neither true nor false")
    text = _text(told, "description", place, optional=True)
    return Edge(column, origin, kind, subtype, text, masks)  # type: ignore[arg-type] # looked at above


def _source(key: tuple[str, str], facet: Mapping[str, Any], place: str) -> Source:
    if not facet:
        return _of_name(*key)
    kind: Any = facet.get("kind")
    version, feed = facet.get("version"), facet.get("feed", False)
    if kind not in get_args(SourceKind):
        _refuse(f"{place}.kind", f"it is none of {', '.join(get_args(SourceKind))}")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        _refuse(f"{place}.version", "it is no whole number")
    if not isinstance(feed, bool):
        _refuse(f"{place}.feed", "it is neither true nor false")
    texts = {name: _text(facet, name, place, optional=True) for name in ("format", "namespace", "called")}
    schema = tuple(_field(one, f"{place}.schema") for one in _list(facet, "schema", place))
    return Source(kind, _text(facet, "name", place), **texts, version=version, feed=feed, schema=schema)


def _of_name(namespace: str, name: str) -> Source:
    """What somebody else's dataset is, by the rules of OpenLineage for names."""
    scheme = namespace.partition("://")[0]
    if scheme == "kafka":
        return Source("topic", name, namespace=namespace.removeprefix("kafka://"))
    if scheme in {"postgres", "postgresql", "mysql", "mssql", "oracle", "snowflake", "redshift"}:
        return Source("jdbc", name, namespace=namespace)
    if namespace == "file":
        return Source("table", name)
    return (
        Source("table", f"{namespace}/{name.lstrip('/')}")
        if "://" in namespace
        else Source("other", name, namespace=namespace)
    )


def _columns(schema: Mapping[str, Any], place: str) -> tuple[Field, ...]:
    return tuple(_field(one, f"{place}.schema.fields[{at}]") for at, one in enumerate(_list(schema, "fields", place)))


def _field(given: Any, place: str) -> Field:
    told = _mapping(given, place)
    return Field(_text(told, "name", place), _text(told, "type", place, optional=True))


def _facet(holder: Mapping[str, Any], name: str, place: str) -> Mapping[str, Any]:
    facets = _mapping(holder.get("facets") or {}, f"{place}.facets")
    return _mapping(facets.get(name) or {}, f"{place}.facets.{name}")


def _word(holder: Mapping[str, Any], name: str, place: str) -> str:
    return _text(holder, name, place, optional=name == "subtype").lower()


def _text(holder: Mapping[str, Any], name: str, place: str, *, optional: bool = False) -> str:
    value = holder.get(name)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or len(value) > MOST_WORDS or (not value and not optional):
        _refuse(f"{place}.{name}", f"it is no text of 1 to {MOST_WORDS:,} characters")
    return value


def _list(holder: Mapping[str, Any], name: str, place: str) -> list[Any]:
    value = holder.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else _refuse(f"{place}.{name}".lstrip("."), "it is no list")


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _refuse(place, "it is no object")


def _refuse(place: str, what: str) -> NoReturn:
    raise DataError(f"The event cannot be read at {place[:200]}: {what}.", cure=_CURE)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value of JSON")

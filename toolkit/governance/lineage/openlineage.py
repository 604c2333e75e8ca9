"""Lineage as an event of OpenLineage, which other catalogues read, and back.

Each edge goes into the facet of column lineage: those of a column under its name, those of all columns under `dataset`. What
that facet has no word for goes into facets of our own: what a source is, under `toolkit_source`; and which columns are unknown,
under `toolkit_unknown`. A column that is unknown has no entry in the standard facet, unless some of its edges are known; one
that is known to have no source has an empty one. So an event of somebody else that is silent about a column makes it unknown.

Owns both directions. An event that is read is not trusted: each value is looked at, and there are limits to its size.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from toolkit.governance.lineage.model import Edge, Lineage, Source

if TYPE_CHECKING:
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import column_lineage_dataset

PRODUCER = "urn:lakehouse-toolkit"
SOURCE, UNKNOWN, RUN = "toolkit_source", "toolkit_unknown", "toolkit_run"
"""Facets of our own."""
_URI = re.compile(r"^(?P<namespace>[a-z][a-z0-9+.-]*://[^/]+)/(?P<name>.*)$")


@dataclass(frozen=True)
class RunOf:
    """The run that an event is about.

    Attributes:
        id: of the run, as the toolkit calls it.
        job: what ran.
        at: when it ended; with its time zone.
        namespace: in which jobs have their names.
    """

    id: str
    job: str
    at: datetime
    namespace: str = "toolkit"

    @property
    def uuid(self) -> str:
        """The run as OpenLineage wants it: its id where that is a UUID, else one that is made of it."""
        try:
            return str(uuid.UUID(self.id))
        except ValueError:
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.namespace}/{quote(self.id)}"))


def event_of(lineages: Iterable[Lineage], run: RunOf) -> str:
    """The event of a run that is done, in JSON.

    Args:
        lineages: of its writes; each has a target.
        run: which.
    """
    from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import RunFacet
    from openlineage.client.serde import Serde

    given = [one for one in lineages if one.target is not None]
    names = _names(source for one in given for source in _all_sources(one))
    read = dict.fromkeys(source for one in given for source in _all_sources(one) if source != one.target)
    facets: Any = {RUN: RunFacet(producer=PRODUCER).with_additional_properties(id=run.id)}
    event = RunEvent(
        eventTime=run.at.isoformat(),
        producer=PRODUCER,
        eventType=RunState.COMPLETE,
        run=Run(run.uuid, facets=facets),
        job=Job(run.namespace, run.job),
        inputs=[_input(source, names) for source in read],
        outputs=[_output(one, names) for one in given],
    )
    return Serde.to_json(event)


Names = Mapping[Source, tuple[str, str]]


def _all_sources(lineage: Lineage) -> list[Source]:
    origins = [one.origin.source for one in lineage.edges]
    maybe = [source for one in lineage.unknown for source in one.sources]
    target = [lineage.target] if lineage.target else []
    return list(dict.fromkeys([*target, *lineage.sources, *origins, *maybe]))


def _names(sources: Iterable[Source]) -> Names:
    """Namespace and name of each source; of two that would have one name, the second has its version or feed in it."""
    names: dict[Source, tuple[str, str]] = {}
    for source in sources:
        if source in names:
            continue
        namespace, name = _plain_name(source)
        taken, number = set(names.values()), 2
        if (namespace, name) in taken and source.version is not None:
            name = f"{name}@{source.version}"
        if (namespace, name) in taken and source.feed:
            name = f"{name}#changes"
        plain = name
        while (namespace, name) in taken:
            name, number = f"{plain}#{number}", number + 1
        names[source] = namespace, name
    return names


def _plain_name(source: Source) -> tuple[str, str]:
    match source.kind:
        case "topic":
            return f"kafka://{source.namespace.split(',')[0]}", source.name
        case "jdbc":
            return source.namespace.removeprefix("jdbc:"), source.name
        case "memory" | "other":
            return source.kind, source.name
    found = _URI.match(source.name)
    return (found["namespace"], found["name"]) if found else ("file", source.name)


def _input(source: Source, names: Names) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset

    return InputDataset(*names[source], facets=_facets(source))


def _facets(source: Source) -> dict[str, Any]:
    from openlineage.client.facet_v2 import DatasetFacet, dataset_version_dataset

    told = {name: value for name, value in asdict(source).items() if value not in ("", None, False, ())}
    facets: dict[str, Any] = {SOURCE: DatasetFacet(producer=PRODUCER).with_additional_properties(**told)}
    if source.version is not None:
        version = dataset_version_dataset.DatasetVersionDatasetFacet(str(source.version), producer=PRODUCER)
        facets["version"] = version
    return facets


def _output(lineage: Lineage, names: Names) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import DatasetFacet, column_lineage_dataset, schema_dataset

    assert lineage.target is not None  # noqa: S101 - others were left out
    columns = [schema_dataset.SchemaDatasetFacetFields(one.name, one.type or None) for one in lineage.columns]
    blanks = {one.column for one in lineage.unknown}
    known = {one.column for one in lineage.edges}
    fields = {
        one.name: column_lineage_dataset.Fields(_inputs(lineage.edges, one.name, names))
        for one in lineage.columns
        if one.name in known or one.name not in blanks
    }
    facets = {
        **_facets(replace(lineage.target, version=None)),
        "schema": schema_dataset.SchemaDatasetFacet(columns, producer=PRODUCER),
        "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(
            fields, dataset=_inputs(lineage.edges, None, names), producer=PRODUCER
        ),
    }
    unknown = [
        {"column": one.column, "reason": one.reason, "sources": [_place(source, names) for source in one.sources]}
        for one in lineage.unknown
    ]
    sources = [_place(source, names) for source in lineage.sources]
    facets[UNKNOWN] = DatasetFacet(producer=PRODUCER).with_additional_properties(columns=unknown, sources=sources)
    return OutputDataset(*names[lineage.target], facets=facets)


def _place(source: Source, names: Names) -> dict[str, str]:
    namespace, name = names[source]
    return {"namespace": namespace, "name": name}


def _inputs(edges: Iterable[Edge], column: str | None, names: Names) -> list[column_lineage_dataset.InputField]:
    from openlineage.client.facet_v2 import column_lineage_dataset

    by_origin: dict[Any, list[Any]] = {}
    for edge in edges:
        if edge.column == column:
            by_origin.setdefault(edge.origin, []).append(
                column_lineage_dataset.Transformation(
                    edge.kind.upper(), edge.subtype.upper(), edge.transformation, edge.masks
                )
            )
    return [
        column_lineage_dataset.InputField(*names[origin.source], origin.column, changes)
        for origin, changes in by_origin.items()
    ]

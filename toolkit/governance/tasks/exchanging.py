"""Lineage in the form of OpenLineage: written for other catalogues, and taken in from other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from toolkit import paths
from toolkit.errors import DataError
from toolkit.governance.records import LINEAGE
from toolkit.governance.tasks.asked import TO_CATALOGUE, of_nobody
from toolkit.parameters import File, Parameters
from toolkit.views import Task
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform


class ExportLineage(Parameters):
    """Where the events go."""

    file: File = Field(Path("lineage.jsonl"), description="The file that is written, an event on each line.")


def _export(platform: DataPlatform, asked: ExportLineage) -> int:
    from toolkit.governance.lineage.model import Lineage
    from toolkit.governance.lineage.openlineage import RunOf, event_of
    from toolkit.governance.stewardship import Steward
    from toolkit.governance.tracing import lineages

    steward = Steward(platform)
    steward.allowed("manage", steward.catalog, "export", "lineage")
    by_run: dict[str, list[Lineage]] = {}
    for lineage, run in lineages(platform.lakehouse):
        by_run.setdefault(run, []).append(lineage)
    now = datetime.now(UTC)
    events = [event_of(some, RunOf(run, run.split("-", 2)[-1] or run, now)) for run, some in by_run.items()]
    steward.note("export lineage", steward.catalog, detail=f"lineage of {len(events)} runs to {asked.file.name}")
    paths.write_atomically(asked.file, "".join(f"{event}\n" for event in events))
    return len(events)


EXPORT_LINEAGE = Task(
    "export_lineage",
    "Export lineage",
    "Write the lineage of each run as an event of OpenLineage; what is unknown is said in it.",
    ExportLineage,
    _export,
    answer=lambda asked, count: f"{plural(count, 'event')} written to {asked.file}.",
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)


class ImportLineage(Parameters):
    """Where the events are."""

    file: File = Field(description="A file with an event of OpenLineage on each line.", examples=["lineage.jsonl"])


def _is_there(asked: ImportLineage) -> None:
    if not asked.file.is_file():
        raise DataError(f"There is no file {asked.file}.", cure="Name one with an event on each line.")


def _import(platform: DataPlatform, asked: ImportLineage) -> tuple[int, int]:
    """Events and rows; nothing is kept where one of the events cannot be read."""
    from toolkit.governance.lineage.openlineage_reader import read_event
    from toolkit.governance.stewardship import Steward
    from toolkit.governance.tracing import rows_of_event

    steward = Steward(platform)
    steward.allowed("manage", steward.catalog, "import lineage")
    try:
        lines = asked.file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{asked.file} cannot be read: {problem}.", cure="It has to be text in UTF-8.") from problem
    events = [read_event(line) for line in lines if line.strip()]
    rows = [row for event in events for row in rows_of_event(event, platform)]
    if rows:
        steward.note("import lineage", steward.catalog, detail=f"{len(events)} events of {asked.file.name}")
        platform.append(rows)
    return len(events), len(rows)


IMPORT_LINEAGE = Task(
    "import_lineage",
    "Import lineage",
    "Take in what other programs say of where columns come from, as events of OpenLineage.",
    ImportLineage,
    _import,
    answer=lambda _, done: f"{plural(done[0], 'event')} taken in: {plural(done[1], 'origin')} of columns.",
    writes=lambda _: (LINEAGE,),
    prepare=_is_there,
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)

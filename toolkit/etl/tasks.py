"""Work outside any scenario's steps: a person's own files into tables of their own, and a past window of a table anew.

Owns what is refused before Java starts, and what is done then with the platform that is handed in. Must not know who runs it.
"""

from __future__ import annotations

import glob
import json
import os
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from toolkit import scenario
from toolkit.errors import DataError, UsageError
from toolkit.etl import own_files
from toolkit.etl.discovery import Place
from toolkit.etl.files import files_meant, matching, refusal
from toolkit.etl.records import FILES
from toolkit.etl.technical import CORRUPT, ORIGIN, RESCUED, ROW_NUMBER, SOURCE
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.parameters import File, FileOrName, Parameters, option
from toolkit.scenario import Table, check_table_name
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Link, Task
from toolkit.words import count, plural

if TYPE_CHECKING:
    from toolkit.etl.ingest import Ingested
    from toolkit.etl.load import Loaded
    from toolkit.platform import DataPlatform
    from toolkit.store.location import Location

FLOW = "own files"
_KEPT = {name: ORIGIN[name] for name in (SOURCE, ROW_NUMBER)}
"""What silver keeps of where a row came from."""
_WARNINGS = {"_warnings": "Rules the row broke that do not keep it out."}


def _absolute(name: str) -> str:
    """The file or pattern, so that the same can be asked for from another folder."""
    if "://" in name:
        raise ValueError(
            "name files of this computer; those in a store are read in code, by toolkit.read_csv and its like"
        )
    path = Path(os.path.normpath(Path(name).expanduser().absolute()))
    if path.exists():
        return str(path)
    # Of a pattern, folders that are there mean themselves, whatever characters they have.
    there = next(parent for parent in path.parents if parent.exists())
    return str(Path(glob.escape(str(there))) / path.relative_to(there))


def _in_bronze(name: str) -> str:
    """The name with its layer."""
    return name if "." in name else f"bronze.{name}"


class OwnFiles(Parameters):
    """Files, and the table that they go to."""

    files: tuple[Annotated[str, AfterValidator(_absolute)], ...] = Field(
        min_length=1,
        examples=[("orders.csv",)],
        description="Files of one kind: CSV, JSON, Parquet, Avro or XML. A pattern in quotes means those to come, too.",
    )
    table: Annotated[str, AfterValidator(_in_bronze)] = Field(
        description="Such as my_orders: rows go to bronze.my_orders, and those that are judged on to silver.my_orders."
    )
    rules: File | None = Field(
        None, description="A file of rules of the table in silver, by which the rows are judged on their way to it."
    )
    contract: FileOrName | None = Field(
        None, description="A contract on the table in silver in place of rules, as a file or by name."
    )
    references: dict[str, str] = option(
        {}, "name=table: a table that this one refers to, by its name in rules.", name="ref"
    )
    kind: own_files.Format | None = Field(None, description="Where the names of the files do not tell it.")
    separator: str = Field("", description="Of CSV, where it is not to be found out.")
    encoding: str = Field("", description="Of text, such as windows-1252; UTF-8 when left out.")
    row_tag: str = Field("", description="Of XML: the element that is a row.")
    new_columns: Literal["rescue", "add", "fail"] = Field(
        "rescue",
        description="Columns that nobody described: kept as JSON in _rescued_data, added to the table, or refused.",
    )
    reload: bool = Field(False, description="Where a file was replaced since it was loaded, replace its rows, too.")
    fresh: bool = Field(False, description="Empty the tables, and load these files anew, as they are described now.")

    @property
    def silver(self) -> str:
        """The table of the rows that keep the rules."""
        return f"silver.{self.table.partition('.')[2]}"

    @property
    def named(self) -> list[Path]:
        """The files, or patterns."""
        return [Path(name) for name in self.files]


@dataclass(frozen=True)
class Own:
    """What came of loading own files.

    Attributes:
        ingested: into bronze.
        description: how they are read.
        is_new: whether that was found out now.
        valid: rows of silver; None where no rows were judged.
        quarantined: rows in its quarantine; None where no rows were judged.
    """

    ingested: Ingested
    description: own_files.Description
    is_new: bool
    valid: int | None = None
    quarantined: int | None = None


def _refuse(asked: OwnFiles) -> None:
    """All that can be refused without Spark.

    Raises:
        UsageError: the table cannot be called so, or is a scenario's; or the files are described, and other than is said here.
        DataError: there are no such files.
    """
    if not asked.table.startswith("bronze."):
        raise UsageError(
            f"Rows as they came go to bronze, not to {asked.table}.", cure="Give the name alone, such as my_orders."
        )
    for table in (check_table_name(asked.table), asked.silver):
        owners = [one.id for one in scenario.discover().values() if table in {each.name for each in one.tables}]
        if owners:
            raise UsageError(
                f"{table} belongs to the scenario {owners[0]}.", cure="Choose another name for your table."
            )
    _fit(asked.named)
    said = [name for name in ("kind", "separator", "encoding", "row_tag") if getattr(asked, name)]
    if said and own_files.kept(asked.table):
        options = " and ".join("--" + name.replace("_", "-") for name in said)
        file = own_files.file_of(asked.table)
        raise UsageError(
            f"How the files of {asked.table} are read stands in {file}, so {options} would mean nothing.",
            cure="Edit that file, then load with --fresh; or remove it, to have it written anew.",
        )


def _fit(files: list[Path]) -> list[Location]:
    """The files that can be read; those that a pattern names and that cannot are told later.

    Raises:
        DataError: there is none, or one that was named cannot be read.
    """
    found = []
    for file in files:
        there = matching(file)
        if not there:
            name = shown(file, LONGEST_PATH)
            raise DataError(f"There is no file {name}.", cure="See where it lies; *, ? and ** stand for any name.")
        fit = [one for one in there if refusal(one) is None]
        if not fit:
            files_meant(file)
        found += fit
    return found


def _ingest(platform: DataPlatform, asked: OwnFiles) -> Own:
    """Rows to bronze, and where there are rules on to silver and quarantine."""
    from toolkit.etl import json_inference
    from toolkit.etl.encodings import encoding_of
    from toolkit.etl.ingest import FileFlow

    promised = platform.quality.rules_for(asked.silver, asked.rules, asked.contract, asked.references)
    before = own_files.kept(asked.table)
    description = before or _described(platform, asked)
    own_files.refuse_names(description)
    if before and description.format == "json":
        json_inference.refuse_values_over_lines(_fit(asked.named), encoding_of(description.encoding))
    flow = FileFlow(
        _place(asked.named),
        description.schema_ddl,
        description.reader,
        description.options,
        name=FLOW,
        new_columns=asked.new_columns,
        replaced="reload" if asked.reload else "tell",
    )
    platform.declare(Table(asked.table, "Rows of files, as they came.", {}))
    done = platform.etl.ingest(asked.table, flow, full_refresh=asked.fresh)
    if before is None or done.added:
        # Not before the files could be read so; and what was added is known from then on.
        added = dict.fromkeys(done.added, "STRING")
        description = description.model_copy(update={"columns": {**description.columns, **added}})
        own_files.keep(asked.table, description)
    for name, why in done.discovery.unfit.items():
        platform.alert(f"{name} was not loaded. {why}")
    if promised is None:
        return Own(done, description, before is None)
    rows = platform.read(asked.table)
    columns = {name: "" for name in rows.columns if name not in (*ORIGIN, RESCUED)}
    silver = Table(asked.silver, f"Rows of {asked.table} that keep the rules.", {**columns, **_KEPT, **_WARNINGS})
    result = platform.quality.admit(silver, rows, promised)
    platform.quality.record()
    return Own(done, description, before is None, result.valid, result.quarantined)


def _described(platform: DataPlatform, asked: OwnFiles) -> own_files.Description:
    """How the files are to be read, found out."""
    return own_files.described(
        platform.spark,
        _fit(asked.named),
        format=asked.kind or "",
        separator=asked.separator,
        encoding=asked.encoding,
        row_tag=asked.row_tag,
    )


def _place(files: list[Path]) -> Place:
    """All of them below the folder of all folders: files of two folders may have one name."""
    first, *more = (file.relative_to(file.anchor).as_posix() for file in files)
    return Place(Path(files[0].anchor), first, tuple(more))


def _answer(asked: OwnFiles, own: Own) -> str:
    done, file = own.ingested, own_files.file_of(asked.table)
    loaded = f"{plural(done.inserted, 'row')} of {plural(done.files, 'file')} loaded" if done.files else "no new file"
    said = [f"{asked.table}: {loaded}."]
    if done.discovery.replaced:
        said.append(f"{plural(len(done.discovery.replaced), 'file')} replaced since, whose rows --reload takes.")
    if done.corrupt:
        rows, keep = plural(done.corrupt, "row"), "keep" if done.corrupt > 1 else "keeps"
        said.append(f"{rows} could not be read and {keep} the text in {CORRUPT}.")
    if done.added:
        said.append(f"Columns that were added: {', '.join(map(shown, done.added))}.")
    lines = [" ".join(said)]
    if own.valid is not None:
        lines.append(f"{asked.silver}: {plural(own.valid, 'row')}, and {count(own.quarantined or 0)} in quarantine.")
    if own.is_new:
        columns = ", ".join(f"{shown(name)} {kind}" for name, kind in own.description.columns.items())
        how = own.description.format.upper()
        if own.description.format == "csv":
            how += f" with {own.description.separator!r} between values"
        lines += [f"Read as {how}: {columns}", f"If that is not right, edit {file} and load with --fresh."]
    return "\n".join(lines)


def _as_json(own: Own) -> str:
    done = own.ingested
    told: dict[str, Any] = {
        "files": done.files,
        "rows": done.inserted,
        "unreadable": done.corrupt,
        "added": list(done.added),
        "replaced": [str(one.place) for one in done.discovery.replaced],
        "valid": own.valid,
        "quarantined": own.quarantined,
        "description": own.description.model_dump(),
    }
    return json.dumps(told, indent=2) + "\n"


def _written(asked: OwnFiles) -> tuple[str, ...]:
    if not (asked.rules or asked.contract):
        return (asked.table, FILES)
    return (asked.table, FILES, asked.silver, f"quarantine.{asked.table.partition('.')[2]}", "ops.quality_results")


INGEST = Task(
    "ingest",
    "Load files",
    "Load your own files into a table of your own: what they hold is found out, and written down to be edited; only new files "
    "are loaded.",
    OwnFiles,
    _ingest,
    answer=_answer,
    writes=_written,
    prepare=_refuse,
    about=lambda _: "",
    reports={"json": _as_json},
    then=Link("enter", "Loads", "etl.loads", "Show what the loads of the table did.", {"table": "table"}),
)


# a past window


def _mark(text: str) -> str:
    """The text, once it is a day, a time or a whole number."""
    _parsed(text)
    return text


def _parsed(text: str) -> date | datetime | int:
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return date.fromisoformat(text) if len(text) == len("2026-05-01") else datetime.fromisoformat(text)


class Window(Parameters):
    """A past window of a table, and the table that its rows are taken from."""

    table: str = Field(description="Whose rows are replaced, such as silver.orders.")
    source: str = Field(description="A table with the same columns, that has the right rows of the window.")
    column: str = Field(description="The day, time or whole number by which the window is meant.")
    since: Annotated[str, AfterValidator(_mark)] = Field(
        examples=["2026-05-01"], description="Its first value, such as 2026-05-01."
    )
    until: Annotated[str, AfterValidator(_mark)] = Field(
        examples=["2026-05-08"], description="The first value after it; a time is in UTC."
    )


def _refuse_window(asked: Window) -> None:
    for name in (asked.table, asked.source):
        columns = [column.name for column in Lakehouse.default().open(name).columns()]
        if asked.column not in columns:
            raise UsageError.unknown(f"column of {name}", asked.column, columns)


def _backfill(platform: DataPlatform, asked: Window) -> Loaded:
    from toolkit.etl.incremental import backfill

    if asked.table not in {table.name for table in platform.scenario.tables}:
        platform.declare(Table(asked.table, "", {}))
    window = _parsed(asked.since), _parsed(asked.until)
    return platform.etl.into(asked.table, backfill, platform.read(asked.source), asked.column, *window)


BACKFILL = Task(
    "backfill",
    "Backfill",
    "Make the rows of a past window of a table what another one has for it; the rest stays, and loads of newer rows go on.",
    Window,
    _backfill,
    answer=lambda asked, done: (
        f"{asked.table}, {asked.column} from {asked.since} to {asked.until}: "
        f"{plural(done.inserted, 'row')} in place of {count(done.deleted)}."
    ),
    writes=lambda asked: (asked.table,),
    prepare=_refuse_window,
    then=Link("enter", "Loads", "etl.loads", "Show what the loads of the table did.", {"table": "table"}),
)
TASKS = (INGEST, BACKFILL)

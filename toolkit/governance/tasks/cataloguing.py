"""The catalogue: taken in, described, and written as SQL for another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from toolkit import paths
from toolkit.governance.records import GRANTS, PRINCIPALS, SECURABLES, Securable
from toolkit.governance.tasks.asked import TO_CATALOGUE, of_nobody
from toolkit.parameters import File, Parameters
from toolkit.views import Task
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.governance.unity_sql import Export
    from toolkit.platform import DataPlatform


class TakeIn(Parameters):
    """Which catalog the lakehouse is."""

    catalog: str = Field("main", description="What it is called in three-part names.")


def _take_in(platform: DataPlatform, asked: TakeIn) -> list[Securable]:
    from toolkit.governance import catalogue
    from toolkit.governance.stewardship import Steward

    return catalogue.take_in(Steward(platform), asked.catalog)


def _taken(asked: TakeIn, fresh: list[Securable]) -> str:
    tables = sum(one.kind == "table" for one in fresh)
    if not tables:
        return f"{asked.catalog} has every table of the lakehouse already."
    rest = "Their columns are masked until somebody confirms that they need not be: toolkit governance classify TABLE"
    return f"{plural(tables, 'table')} taken into {asked.catalog}. {rest}"


TAKE_IN = Task(
    "take_in",
    "Take in",
    "Govern the lakehouse: take its schemas and tables into the catalogue. From then on everybody sees what was granted.",
    TakeIn,
    _take_in,
    answer=_taken,
    writes=lambda _: (SECURABLES, PRINCIPALS, GRANTS),
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)


class Alter(Parameters):
    """What is said of an object."""

    securable: str = Field(
        description="A catalog, schema, table, or column.", examples=["silver.customers", "silver.customers.email"]
    )
    owner: str = Field("", description="Give it to this principal.")
    comment: str | None = Field(None, description="What it is for.")
    tag: tuple[str, ...] = Field((), description="Tag it, as name=value.")
    untag: tuple[str, ...] = Field((), description="Take a tag away.")
    property: tuple[str, ...] = Field((), description="Give it a property, as name=value.")


def _alter(platform: DataPlatform, asked: Alter) -> Securable:
    from toolkit.governance import catalogue
    from toolkit.governance.stewardship import Steward

    return catalogue.alter(
        Steward(platform),
        asked.securable,
        owner=asked.owner,
        comment=asked.comment,
        tags=asked.tag,
        untag=asked.untag,
        properties=asked.property,
    )


ALTER = Task(
    "alter",
    "Alter",
    "Say what an object of the catalogue is for, tag it, or give it to another.",
    Alter,
    _alter,
    answer=lambda _, one: f"{one.name} is {one.owner}'s; its tags: {', '.join(one.tags) or 'none'}.",
    writes=lambda _: (SECURABLES,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)


class Register(Parameters):
    """A view, a volume or a function."""

    name: str = Field(description="Layer and name.", examples=["gold.germans"])
    kind: Literal["view", "volume", "function"] = Field("view", description="What it is.")
    definition: str = Field("", description="Of a view a SELECT over tables by their names; of a function its SQL.")
    location: str = Field("", description="Of a volume where its files lie.")
    comment: str = Field("", description="What it is for.")


def _register(platform: DataPlatform, asked: Register) -> Securable:
    from toolkit.governance import catalogue
    from toolkit.governance.stewardship import Steward

    return catalogue.register(
        Steward(platform),
        asked.name,
        asked.kind,
        definition=asked.definition,
        location=asked.location,
        comment=asked.comment,
    )


REGISTER = Task(
    "register",
    "Register",
    "Put a view, a volume or a function into the catalogue. A view opens nothing: each sees in it what it sees of its tables.",
    Register,
    _register,
    answer=lambda _, one: f"{one.name} is a {one.kind} of the catalogue.",
    writes=lambda _: (SECURABLES,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)


class ExportSql(Parameters):
    """Where the SQL goes."""

    file: File = Field(Path("unity_catalog.sql"), description="The file that is written.")


def _export_sql(platform: DataPlatform, asked: ExportSql) -> Export:
    from toolkit.governance.stewardship import Steward
    from toolkit.governance.unity_sql import export

    steward = Steward(platform)
    steward.allowed("manage", steward.catalog, "export", "as SQL")
    done = export(steward.policies, platform.lakehouse)
    steward.note("export SQL", steward.catalog, detail=f"{len(done.statements)} statements of SQL to {asked.file.name}")
    paths.write_atomically(asked.file, "".join(f"{one};\n" for one in done.statements))
    return done


def _exported(asked: ExportSql, done: Export) -> str:
    left = [f"Left out: {one}" for one in done.left_out]
    return "\n".join([f"{plural(len(done.statements), 'statement')} written to {asked.file}.", *left])


EXPORT_SQL = Task(
    "export_sql",
    "Export SQL",
    "Write the catalogue, its grants, tags, masks and row filters as the SQL of Unity Catalog.",
    ExportSql,
    _export_sql,
    answer=_exported,
    about=of_nobody,
    is_guarded=True,
    then=TO_CATALOGUE,
)

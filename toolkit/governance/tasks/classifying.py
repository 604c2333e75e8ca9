"""Classes of columns: suggested by a look at their content, confirmed by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from toolkit.governance.records import CLASSES, ColumnClass
from toolkit.governance.tasks.asked import TO_CLASSES, known_table, of_nobody
from toolkit.parameters import Parameters, option
from toolkit.views import Link, Task
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.governance.propagation import Propagated
    from toolkit.platform import DataPlatform


ALL = "all"
"""In place of a table: every one."""


class Classify(Parameters):
    """What is looked at."""

    table: str = Field(description="Which table; all for every one.", examples=["silver.customers"])


def _known(asked: Classify) -> None:
    if asked.table != ALL:
        known_table(asked)


def _classify(platform: DataPlatform, asked: Classify) -> dict[str, list[ColumnClass]]:
    from toolkit.governance.protection import suggest
    from toolkit.governance.stewardship import Steward

    steward = Steward(platform)
    every = [name for name in platform.lakehouse.tables() if not name.startswith("ops.")]
    tables = every if asked.table == ALL else [asked.table]
    return {table: suggest(steward, table) for table in tables}


def _classified(asked: Classify, found: dict[str, list[ColumnClass]]) -> str:
    every = [one for some in found.values() for one in some]
    sensitive = sum(one.sensitivity in ("confidential", "restricted") for one in every)
    drifted = [f"{one.securable}.{one.column}" for one in every if one.state == "drifted"]
    unknown = sum(one.state == "unknown" for one in every)
    said = [
        f"{plural(len(every), 'suggestion')} for {plural(len(found), 'table')}, {sensitive} of them sensitive.",
        *([f"No longer what was confirmed: {', '.join(drifted)}."] if drifted else []),
        *([f"{plural(unknown, 'column')} could not be looked at."] if unknown else []),
        f"They hold once they are confirmed: toolkit governance confirm {'TABLE' if asked.table == ALL else asked.table}",
    ]
    return " ".join(said)


CLASSIFY = Task(
    "classify",
    "Classify",
    "Look at names and sampled values of columns, and suggest how sensitive they are.",
    Classify,
    _classify,
    prepare=_known,
    answer=_classified,
    writes=lambda _: (CLASSES,),
    about=of_nobody,
    is_guarded=True,
    then=Link("enter", "Classes", "governance.classes", "Show the classes of columns."),
)


def _propagate(platform: DataPlatform, asked: Parameters) -> Propagated:
    del asked
    from toolkit.governance.propagation import propagate
    from toolkit.governance.stewardship import Steward

    return propagate(Steward(platform))


def _propagated(asked: Parameters, done: Propagated) -> str:
    del asked
    said = [
        f"{plural(len(done.suggested), 'column')} suggested to be as sensitive as what they are made of.",
        *([f"Declared to be anonymous: {', '.join(done.stopped)}."] if done.stopped else []),
        *([f"Of unknown origin, so nothing is said of them: {', '.join(done.unknown)}."] if done.unknown else []),
    ]
    return " ".join(said)


PROPAGATE = Task(
    "propagate",
    "Propagate",
    "Let classes travel along lineage: what is made of a sensitive column is suggested to be as sensitive.",
    Parameters,
    _propagate,
    answer=_propagated,
    writes=lambda _: (CLASSES,),
    about=of_nobody,
    is_guarded=True,
    then=Link("enter", "Classes", "governance.classes", "Show the classes of columns."),
)


class Confirm(Parameters):
    """Which columns, and as what."""

    table: str = Field(description="Which table.", examples=["silver.customers"])
    column: tuple[str, ...] = Field((), description="A column; all that wait, when none is named.")
    sensitivity: Literal["", "public", "internal", "confidential", "restricted"] = option(
        "", "Its class; as suggested when not given.", name="as"
    )


def _confirm(platform: DataPlatform, asked: Confirm) -> list[ColumnClass]:
    from toolkit.governance.protection import confirm
    from toolkit.governance.stewardship import Steward

    return confirm(Steward(platform), asked.table, asked.column, asked.sensitivity or None)


def _confirmed(asked: Confirm, made: list[ColumnClass]) -> str:
    shown = [one.column for one in made if one.sensitivity in ("public", "internal")]
    begin = f"{plural(len(made), 'column')} of {asked.table} confirmed."
    return f"{begin} Whoever may read it sees: {', '.join(shown)}." if shown else f"{begin} All of them stay masked."


CONFIRM = Task(
    "confirm",
    "Confirm",
    "Say that the classes of columns are right, or which are: only then is one that is public or internal shown.",
    Confirm,
    _confirm,
    prepare=known_table,
    answer=_confirmed,
    writes=lambda _: (CLASSES,),
    about=of_nobody,
    is_guarded=True,
    then=TO_CLASSES,
)

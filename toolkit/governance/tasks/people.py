"""Principals: enrolled and dismissed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from toolkit.governance.records import PRINCIPALS, Principal, PrincipalKind
from toolkit.governance.tasks.asked import TO_PRINCIPALS, of_nobody
from toolkit.parameters import Parameters
from toolkit.views import Task

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform


class Enroll(Parameters):
    """Who it is."""

    name: str = Field(description="Its name.", examples=["anna@example.com", "analysts"])
    kind: PrincipalKind = Field("user", description="What it is.")
    group: tuple[str, ...] = Field((), description="A group or role that it is in; all of them, each time.")
    attribute: tuple[str, ...] = Field((), description="What row filters may ask of it, as name=value.")


def _enroll(platform: DataPlatform, asked: Enroll) -> Principal:
    from toolkit.governance import people
    from toolkit.governance.stewardship import Steward

    return people.enroll(Steward(platform), asked.name, asked.kind, asked.group, asked.attribute)


ENROLL = Task(
    "enroll",
    "Enroll",
    "Add a principal, or say anew in which groups it is and what row filters may ask of it.",
    Enroll,
    _enroll,
    answer=lambda _, one: f"{one.name} is a {one.kind} in {', '.join(one.groups) or 'no group but everyone'}.",
    writes=lambda _: (PRINCIPALS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_PRINCIPALS,
)


class Dismiss(Parameters):
    """Who goes."""

    name: str = Field(description="Its name.")


def _dismiss(platform: DataPlatform, asked: Dismiss) -> None:
    from toolkit.governance import people
    from toolkit.governance.stewardship import Steward

    people.dismiss(Steward(platform), asked.name)


DISMISS = Task(
    "dismiss",
    "Dismiss",
    "Remove a principal: nothing is granted to it any more.",
    Dismiss,
    _dismiss,
    answer=lambda asked, _: f"{asked.name} may do nothing any more.",
    writes=lambda _: (PRINCIPALS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_PRINCIPALS,
)

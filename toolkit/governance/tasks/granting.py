"""Permissions: given, forbidden, taken back, shared, and taken in an emergency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from toolkit.governance.records import GRANTS, Effect, Privilege
from toolkit.governance.records import Grant as Granted
from toolkit.governance.tasks.asked import TO_GRANTS, known_table, of_nobody
from toolkit.kinds import text
from toolkit.parameters import Parameters
from toolkit.views import Task

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform


def _moment(text: str) -> str:
    """The text, once it is a day or a time."""
    _parsed(text)
    return text


def _parsed(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("it should be a day or a time, such as 2026-12-31 or 2026-12-31T18:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Until = Annotated[str, AfterValidator(_moment)]


class Grant(Parameters):
    """What is permitted, to whom, on what, and within which limits."""

    principal: str = Field(description="To whom, and to all that are in it.", examples=["analysts"])
    privilege: Privilege = Field(description="To do what.", examples=["select"])
    securable: str = Field(
        description="On what, and on all that is in it.", examples=["main", "silver", "silver.customers"]
    )
    effect: Effect = Field("permit", description="What is forbidden wins over what is permitted.")
    tag: str = Field("", description="Only where this tag is, as kind=email, class=restricted or name=value.")
    purpose: str = Field("", description="Only for this purpose.")
    until: Until = Field("", description="Only until then: a day, or a time in UTC.")
    reason: str = Field("", description="Why.")


def _grant(platform: DataPlatform, asked: Grant) -> Granted:
    from toolkit.governance.granting import Limits, grant
    from toolkit.governance.stewardship import Steward

    limits = Limits(asked.tag, asked.purpose, None, _parsed(asked.until), asked.reason)
    return grant(Steward(platform), asked.principal, asked.privilege, asked.securable, asked.effect, limits)


def _granted(asked: Grant, one: Granted) -> str:
    del asked
    may = "may" if one.effect == "permit" else "may not"
    until = f" until {text('moment', one.until)}" if one.until else ""
    needs = "" if one.privilege in ("browse", "manage", "all") else _needed(one)
    return f"{one.principal} {may} {one.privilege} on {one.securable}{until} ({one.grant}).{needs}"


def _needed(one: Granted) -> str:
    """What a privilege needs besides, which is forgotten most often."""
    if one.effect == "forbid" or one.privilege not in ("select", "modify", "export"):
        return ""
    return " It needs use_catalog and use_schema on what that is in, too; who can see what: toolkit governance access."


GRANT = Task(
    "grant",
    "Grant",
    "Permit a principal something on an object and on all that is in it, or forbid it.",
    Grant,
    _grant,
    answer=_granted,
    writes=lambda _: (GRANTS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_GRANTS,
)


class Revoke(Parameters):
    """Which grant."""

    grant: str = Field(description="Its id.", examples=["g_1a2b3c4d"])


def _revoke(platform: DataPlatform, asked: Revoke) -> Granted:
    from toolkit.governance.granting import revoke
    from toolkit.governance.stewardship import Steward

    return revoke(Steward(platform), asked.grant)


REVOKE = Task(
    "revoke",
    "Revoke",
    "Take a grant back.",
    Revoke,
    _revoke,
    answer=lambda _, one: f"Taken back: {one.principal}, {one.privilege} on {one.securable}.",
    writes=lambda _: (GRANTS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_GRANTS,
)


class Share(Parameters):
    """What is shared, with whom."""

    table: str = Field(description="Which table.", examples=["gold.daily_sales"])
    recipient: str = Field(description="A principal of the kind recipient.")
    version: int | None = Field(None, ge=0, description="Only this version; any when not given.")
    until: Until = Field("", description="Only until then: a day, or a time in UTC.")
    reason: str = Field("", description="Why.")


def _share(platform: DataPlatform, asked: Share) -> list[Granted]:
    from toolkit.governance.granting import Limits, share
    from toolkit.governance.stewardship import Steward

    limits = Limits(version=asked.version, until=_parsed(asked.until), reason=asked.reason)
    return share(Steward(platform), asked.table, asked.recipient, limits)


SHARE = Task(
    "share",
    "Share",
    "Let a recipient outside read and export a table, or one version of it, through its masks and row filter.",
    Share,
    _share,
    prepare=known_table,
    answer=lambda asked, _: (
        f"{asked.recipient} may read {asked.table}{'' if asked.version is None else f' at version {asked.version}'}."
    ),
    writes=lambda _: (GRANTS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_GRANTS,
)


class BreakGlass(Parameters):
    """What has to be seen, and why."""

    securable: str = Field(description="On what.", examples=["silver.customers"])
    reason: str = Field(description="Why; it is read afterwards.")
    minutes: int = Field(30, ge=1, le=480, description="For how long.")


def _break(platform: DataPlatform, asked: BreakGlass) -> list[Granted]:
    from toolkit.governance.granting import break_glass
    from toolkit.governance.stewardship import Steward

    return break_glass(Steward(platform), asked.securable, asked.reason, asked.minutes)


BREAK_GLASS = Task(
    "break_glass",
    "Break glass",
    "See what is masked, for a while, in an emergency: whoever may do so is not stopped, and everybody learns of it.",
    BreakGlass,
    _break,
    answer=lambda _, made: (
        f"{made[0].principal} sees {made[0].securable} as it is until {text('moment', made[0].until)}. It is noted as unusual."
    ),
    writes=lambda _: (GRANTS,),
    about=of_nobody,
    is_guarded=True,
    then=TO_GRANTS,
)

"""Permissions: given, limited, forbidden, taken back, and taken in an emergency."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from toolkit.errors import UsageError
from toolkit.governance.names import ancestors, check_assignment
from toolkit.governance.policies import EVERYONE
from toolkit.governance.records import Effect, Grant, Privilege
from toolkit.governance.stewardship import Steward

LONGEST_BREAK = timedelta(hours=8)
"""For which the glass may be broken."""
FEWEST_WORDS = 3
"""Of a reason; a word is none."""


@dataclass(frozen=True)
class Limits:
    """Where a grant holds, and why it was given.

    Attributes:
        tag: only on what has this tag, as name=value.
        purpose: only for this purpose.
        version: only for this version of a table.
        until: only until then.
        reason: why.
    """

    tag: str = ""
    purpose: str = ""
    version: int | None = None
    until: datetime | None = None
    reason: str = ""


NO_LIMITS = Limits()


def grant(
    steward: Steward,
    principal: str,
    privilege: Privilege,
    securable: str,
    effect: Effect = "permit",
    limits: Limits = NO_LIMITS,
) -> Grant:
    """Permit something, or forbid it; what was granted just so already is the grant that there is.

    Raises:
        UsageError: there is no such principal or object, a limit is none, or nobody could manage the catalog any more.
        AccessDenied: the principal does not manage the object.
    """
    name = steward.known(securable)
    if principal != EVERYONE:
        steward.policies.require_principal(principal)
    _refuse(limits)
    if effect == "forbid" and privilege in ("manage", "all") and name == steward.catalog:
        raise UsageError(
            "Nobody could manage the catalog any more, not even to take this back.",
            cure="Forbid it on a schema or a table, or revoke the grant that permits it.",
        )
    steward.allowed("manage", name, effect, f"{privilege} to {principal}")
    said = (principal, privilege, name, effect)
    if known := next((one for one in steward.policies.grants if _says(one, said, limits)), None):
        return known
    made = new_grant(steward, principal, privilege, name, limits, effect=effect)
    steward.note(effect, name, detail=f"{privilege} to {principal} ({made.grant})")
    steward.tables.append([made])
    return made


def _says(one: Grant, said: tuple[str, str, str, str], limits: Limits) -> bool:
    """Whether a grant says just that already."""
    mine = (one.principal, one.privilege, one.securable, one.effect)
    given = Limits(one.tag, one.purpose, one.version, one.until, one.reason)
    return mine == said and given == limits and not one.is_break_glass


def _refuse(limits: Limits) -> None:
    if limits.tag:
        check_assignment(limits.tag, "tag")
    if limits.until is not None and limits.until <= datetime.now(UTC):
        raise UsageError("A grant cannot end before it begins.", cure="Name a time to come.")


def new_grant(
    steward: Steward,
    principal: str,
    privilege: Privilege,
    securable: str,
    limits: Limits = NO_LIMITS,
    *,
    effect: Effect = "permit",
    is_break_glass: bool = False,
) -> Grant:
    """A grant of that content, not yet written."""
    return Grant(
        grant=f"g_{secrets.token_hex(4)}",
        principal=principal,
        effect=effect,
        privilege=privilege,
        securable=securable,
        tag=limits.tag,
        purpose=limits.purpose,
        version=limits.version,
        until=limits.until,
        reason=limits.reason,
        is_break_glass=is_break_glass,
        is_revoked=False,
        changed_by=steward.principal,
        changed_at=steward.at(),
    )


def revoke(steward: Steward, grant: str) -> Grant:
    """Take a grant back.

    Raises:
        UsageError: there is none of that id.
        AccessDenied: the principal does not manage what it is on.
    """
    found = next((one for one in steward.policies.grants if one.grant == grant), None)
    if found is None:
        raise UsageError.unknown("grant", grant, [one.grant for one in steward.policies.grants])
    steward.allowed("manage", found.securable, "revoke", grant)
    steward.note("revoke", found.securable, detail=f"{found.privilege} of {found.principal} ({grant})")
    steward.tables.append([replace(found, is_revoked=True, changed_by=steward.principal, changed_at=steward.at())])
    return found


def break_glass(steward: Steward, securable: str, reason: str, minutes: int) -> list[Grant]:
    """See what is masked, for a while, in an emergency.

    Raises:
        UsageError: no reason is given, or it is for too long.
        AccessDenied: the principal may not break the glass there.
    """
    name = steward.known(securable)
    if len(reason.split()) < FEWEST_WORDS:
        raise UsageError("Say in a few words why: it is what is read afterwards.")
    if not 0 < minutes <= LONGEST_BREAK.total_seconds() / 60:
        raise UsageError(
            f"{minutes} minutes are too long, or none.", cure="At most 480 minutes; do it again if need be."
        )
    steward.allowed("break_glass", name, "break glass", reason)
    limits = Limits(until=datetime.now(UTC) + timedelta(minutes=minutes), reason=reason)
    needed: tuple[Privilege, ...] = ("select", "unmask")
    made = [new_grant(steward, steward.principal, one, name, limits, is_break_glass=True) for one in needed]
    steward.note("break glass", name, detail=f"{minutes} minutes: {reason}")
    steward.tables.append(made)
    return made


def share(steward: Steward, table: str, recipient: str, limits: Limits = NO_LIMITS) -> list[Grant]:
    """Let a recipient outside read and export a table, or one version of it.

    Raises:
        UsageError: there is no such table, or that is no recipient.
        AccessDenied: the principal does not manage the table.
    """
    name = steward.table(table)
    if steward.policies.require_principal(recipient).kind != "recipient":
        raise UsageError(
            f"{recipient} is no recipient.",
            cure="Enroll it as one, or grant select to who is inside: toolkit governance grant",
        )
    steward.allowed("manage", name, "share", recipient)
    parts: tuple[tuple[Privilege, str, Limits], ...] = (
        ("use_catalog", ancestors(name)[-1], replace(limits, version=None)),
        ("use_schema", ancestors(name)[-2], replace(limits, version=None)),
        # Which it may read is said by the other two; that it is there, by this.
        ("browse", name, replace(limits, version=None)),
        ("select", name, limits),
        ("export", name, limits),
    )
    made = [new_grant(steward, recipient, privilege, on, limit) for privilege, on, limit in parts]
    at = "" if limits.version is None else f" at version {limits.version}"
    steward.note("share", name, detail=f"with {recipient}{at}")
    steward.tables.append(made)
    return made

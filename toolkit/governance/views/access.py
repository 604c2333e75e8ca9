"""Who may what: grants, and for one column who sees it, how, and by which grants."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field

from toolkit.errors import UsageError
from toolkit.governance.access import Access
from toolkit.governance.policies import WHO_LOOKS
from toolkit.governance.records import Grant
from toolkit.governance.views.naming import EMPTY, SHOWN, OfColumn, asked_column, looker, may, short, state_of
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.views import Column, Link, Result, Row, View


class OfPrincipal(Parameters):
    """One principal, or all."""

    principal: str = Field("", description="Only what holds for this one, by itself and by its groups.")
    purpose: str = Field("", description="For this purpose.")


def _grants(lakehouse: Lakehouse, parameters: OfPrincipal) -> Result:
    state = state_of(lakehouse)
    if not state.catalog:
        return Result([])
    if parameters.principal:
        state.require_principal(parameters.principal)
    members = state.groups_of(parameters.principal) if parameters.principal else None
    mine = state.groups_of(looker(lakehouse).principal)
    rows = [
        _row(one, state.way_to(parameters.principal, one.principal) if members else [])
        for one in state.grants
        if (members is None or one.principal in members)
        and (one.principal in mine or may(lakehouse, "manage", one.securable))
    ]
    return Result(rows)


def _row(one: Grant, way: list[str]) -> Row:
    over = one.until is not None and one.until <= datetime.now(UTC)
    return {
        "grant": one.grant,
        "principal": one.principal,
        "effect": one.effect,
        "privilege": one.privilege,
        "securable": short(one.securable),
        "state": "over" if over else "holds",
        "limits": [
            *([f"tag {one.tag}"] if one.tag else []),
            *([f"for {one.purpose}"] if one.purpose else []),
            *([f"version {one.version}"] if one.version is not None else []),
            *(["break-glass"] if one.is_break_glass else []),
        ],
        "until": one.until,
        "via": " → ".join(way) if len(way) > 1 else None,
        "reason": one.reason or None,
        "granted_by": one.changed_by,
        "granted_at": one.changed_at,
    }


def _said(row: Row) -> str:
    why = f": {row['reason']}" if row["reason"] else ""
    via = f" It comes by {row['via']}." if row["via"] else ""
    return f"{row['granted_by']} gave it{why}.{via}"


GRANTS = View(
    "grants",
    "Grants",
    "Who may do what, on what, until when, and who said so?",
    _grants,
    (
        Column("principal", "name"),
        Column("effect", "name"),
        Column("privilege", "name"),
        Column("securable", "name", "on"),
        Column("state", "state"),
        Column("limits", "names", shown="wide"),
        Column("until", "moment", shown="wide"),
        Column("grant", "name"),
        Column("via", "text", shown="wide"),
        Column("reason", "text", shown="asked"),
        Column("granted_by", "name", shown="asked"),
        Column("granted_at", "moment", shown="asked"),
    ),
    OfPrincipal,
    key=("grant",),
    sentence=_said,
    links=(Link("r", "Revoke", "governance.revoke", "Take it back.", {"grant": "grant"}),),
    empty=EMPTY,
    limit=SHOWN,
)


class Asked(OfColumn):
    """One column, and what it is to be seen for."""

    purpose: str = Field("", description="For this purpose.")


def _access(lakehouse: Lakehouse, parameters: Asked) -> Result:
    state = state_of(lakehouse)
    if not state.catalog:
        return Result([])
    table, column = asked_column(lakehouse, parameters.column)
    plain = Lakehouse(lakehouse.root)
    types = {one.name: one.type for one in DeltaReader(plain.path(table), table).columns()}
    if column not in types:
        raise UsageError.unknown(f"column of {table}", column, types)
    wanted = [one for one in state.principals.values() if one.kind in WHO_LOOKS]
    if not may(lakehouse, "manage", f"{state.catalog}.{table}"):
        wanted = [one for one in wanted if one.name == looker(lakehouse).principal]
    rows = [
        {
            "principal": one.name,
            "kind": one.kind,
            **_sees(Access(plain, one.name, parameters.purpose), table, column, types),
        }
        for one in sorted(wanted, key=lambda one: one.name)
    ]
    return Result(rows)


def _sees(access: Access, table: str, column: str, types: dict[str, str]) -> Row:
    """What one principal sees of a column; asking is no access, and is not noted."""
    securable = access.name_of(table)
    decision = access.decide("select", securable)
    if not decision.is_allowed:
        return {"state": "refused", "sees": "nothing", "rows": None, "reason": decision.reason}
    sight = access.sight_of(securable, types, None, decision)
    mask = sight.masks.get(column)
    unmasked = access.decider.columns(access.request("unmask", securable), access.tags(securable, [column]))[column]
    by = unmasked.reason if column in sight.shown else ""
    return {
        "state": "allowed",
        "sees": mask.words if mask else "as it is",
        "rows": "some" if sight.condition else "all",
        "reason": f"{decision.reason}; {by}" if by else decision.reason,
    }


ACCESS = View(
    "access",
    "Who can see a column",
    "Who sees this column, how, in which rows, and by which grants?",
    _access,
    (
        Column("principal", "name"),
        Column("state", "state"),
        Column("sees", "name"),
        Column("rows", "name"),
        Column("kind", "name", shown="asked"),
        Column("reason", "text", "by", shown="wide"),
    ),
    Asked,
    sentence=lambda row: str(row["reason"]),
    links=(
        Link("enter", "Grants", "governance.grants", "Show the grants that hold for it.", {"principal": "principal"}),
    ),
    empty=EMPTY,
    limit=SHOWN,
)


def _principals(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    del parameters
    state = state_of(lakehouse)
    return Result(
        [
            {
                "name": one.name,
                "kind": one.kind,
                "groups": sorted(state.groups_of(one.name) - {one.name}),
                "attributes": one.attributes,
                "owns": sum(thing.owner == one.name for thing in state.securables.values()),
                "enrolled_by": one.changed_by,
                "at": one.changed_at,
            }
            for one in sorted(state.principals.values(), key=lambda one: (one.kind, one.name))
        ]
    )


PRINCIPALS = View(
    "principals",
    "Principals",
    "Who is there, and in which groups?",
    _principals,
    (
        Column("name", "name"),
        Column("kind", "name"),
        Column("groups", "names"),
        Column("attributes", "names", shown="wide"),
        Column("owns", "count", shown="wide"),
        Column("enrolled_by", "name", shown="asked"),
        Column("at", "moment", shown="asked"),
    ),
    Parameters,
    sentence=lambda row: f"In {', '.join(row['groups'])}.",
    links=(
        Link("enter", "Grants", "governance.grants", "Show the grants that hold for it.", {"principal": "name"}),
        Link("a", "Audit", "governance.audit", "Show what it did.", {"principal": "name"}),
    ),
    empty=EMPTY,
    limit=SHOWN,
)

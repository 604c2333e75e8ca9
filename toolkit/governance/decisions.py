"""May a principal do something, and by which grants? Cedar decides; what is permitted and forbidden are the grants.

Owns how grants become policies of Cedar. Only those can matter that name the principal or a group that it is in, and the object
or what that is a part of: these are picked by name and handed over, so that a decision takes as long among ten thousand grants
as among ten. What is forbidden wins over what is permitted, and what is not permitted is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import cedarpy

from toolkit.governance.names import ancestors, level, parent_of
from toolkit.governance.policies import Policies
from toolkit.governance.records import Grant, Privilege
from toolkit.kinds import text

OWNER = "owner of "
"""What the grant is called that an owner has by being it."""
_NEWEST = -1
"""The version of a table that is asked for as it is."""
_NEED_USE = frozenset({"select", "modify", "export"})
"""Privileges for which the use of the catalog and of the schema has to be permitted besides."""
_USE: tuple[tuple[int, Privilege], ...] = ((1, "use_catalog"), (2, "use_schema"))
"""By how many parts the name of what is used has."""


@dataclass(frozen=True)
class Request:
    """One question.

    Attributes:
        principal: who.
        privilege: to do what.
        securable: on what, by its full name.
        purpose: what for, as the principal says.
        version: of a table; None for as it is.
        at: when.
        tags: of the object, beside those that it has in the catalogue.
    """

    principal: str
    privilege: Privilege
    securable: str
    purpose: str = ""
    version: int | None = None
    at: datetime | None = None
    tags: frozenset[str] = frozenset()

    def later(self, by: timedelta) -> Request:
        """The same question, asked so much later."""
        return replace(self, at=_now(self) + by)


@dataclass(frozen=True)
class Decision:
    """An answer.

    Attributes:
        is_allowed: whether it may.
        grants: the ids of those that decided: that permit where it is allowed, that forbid where one does.
        reason: the chain of grants in words, or what is missing.
    """

    is_allowed: bool
    grants: tuple[str, ...]
    reason: str


class Decider:
    """Decides by one state of the policies."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies

    def decide(self, request: Request) -> Decision:
        """May the principal, on the object itself and on what that is a part of?"""
        needed = [
            replace(request, privilege=use, securable=ancestors(request.securable)[-at], version=None, tags=frozenset())
            for at, use in (_USE if request.privilege in _NEED_USE else ())
            if at < level(request.securable)
        ]
        decisions = [self._decide([one])[0] for one in (*needed, request)]
        if refused := next((one for one in decisions if not one.is_allowed), None):
            return refused
        return Decision(
            True,
            tuple(dict.fromkeys(grant for one in decisions for grant in one.grants)),
            "; ".join(dict.fromkeys(one.reason for one in decisions)),
        )

    def columns(self, request: Request, columns: Mapping[str, frozenset[str]]) -> dict[str, Decision]:
        """May the principal, on each of these columns of a table?

        Args:
            request: on the table.
            columns: the tags of each.
        """
        requests = [
            replace(request, securable=f"{request.securable}.{name}", tags=tags) for name, tags in columns.items()
        ]
        return dict(zip(columns, self._decide(requests), strict=True)) if requests else {}

    def _decide(self, requests: Sequence[Request]) -> list[Decision]:
        """Decide questions of one principal on objects of one table, or on one object."""
        first = requests[0]
        names = {name: None for one in requests for name in ancestors(one.securable)}
        members = self.policies.groups_of(first.principal)
        if not members:
            return [Decision(False, (), f"there is no principal {first.principal}")] * len(requests)
        grants = {one.grant: one for name in names for one in self._on(name) if one.principal in members}
        policies = cedarpy.PolicySet.from_json_str(_policies(grants.values()))
        entities = cedarpy.Entities.from_json_str(json.dumps([*self._members(members), *self._objects(requests)]))
        results = cedarpy.is_authorized_batch([_asked(one) for one in requests], policies, entities)
        return [self._decision(one, result, grants) for one, result in zip(requests, results, strict=True)]

    def _on(self, securable: str) -> Iterable[Grant]:
        """The grants on one object, and its owner's."""
        owner = self.policies.securables.get(securable)
        yield from self.policies.grants_on.get(securable, ())
        if owner is not None:
            yield from (_owned(securable, owner.owner, privilege) for privilege in _OF_OWNERS)

    def _members(self, members: Iterable[str]) -> list[dict[str, Any]]:
        graph = self.policies.memberships
        return [_entity("Principal", name, sorted(graph.successors(name))) for name in sorted(members)]

    def _objects(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        own = {one.securable: one.tags for one in requests}
        names = dict.fromkeys(name for one in requests for name in ancestors(one.securable))
        return [
            _entity("Securable", name, [parent for parent in (parent_of(name),) if parent], self._tags(name, own))
            for name in names
        ]

    def _tags(self, name: str, own: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Its tags, and those of all that it is a part of."""
        every = [self.policies.tags_of(one) for one in ancestors(name)]
        return own.get(name, frozenset()).union(*every)

    def _decision(self, request: Request, result: cedarpy.AuthzResult, grants: Mapping[str, Grant]) -> Decision:
        ids = tuple(sorted(result.diagnostics.reasons))
        deciding = [grants[one] for one in ids]
        if result.diagnostics.errors:
            return Decision(False, (), "a policy could not be evaluated, so nothing is permitted")
        if not deciding:
            wanted = f"{request.privilege} on {request.securable}"
            over = [
                one for one in grants.values() if one.privilege in (request.privilege, "all") and _is_over(one, request)
            ]
            said = f"; {self._chain(request, over[0])} ended {text('moment', over[0].until)}" if over else ""
            return Decision(False, (), f"nothing permits {request.principal} to {wanted}{said}")
        return Decision(result.allowed, ids, "; ".join(self._chain(request, one) for one in deciding))

    def _chain(self, request: Request, grant: Grant) -> str:
        """A grant in words, with the groups through which it comes to the principal."""
        via = self.policies.way_to(request.principal, grant.principal)
        said = f"{grant.principal} owns {grant.securable}"
        if not grant.grant.startswith(OWNER):
            may = "may" if grant.effect == "permit" else "may not"
            limits = [
                *([f"tagged {grant.tag}"] if grant.tag else []),
                *([f"for {grant.purpose}"] if grant.purpose else []),
                *([f"at version {grant.version}"] if grant.version is not None else []),
            ]
            said = (
                f"{grant.principal} {may} {grant.privilege} on {' '.join([grant.securable, *limits])} ({grant.grant})"
            )
        return f"{via[0]} is in {', which is in '.join(via[1:])}; {said}" if len(via) > 1 else said


_OF_OWNERS: tuple[Privilege, ...] = (
    "browse", "use_catalog", "use_schema", "select", "modify", "execute", "read_volume", "write_volume", "export", "manage",
)  # fmt: skip
"""All but seeing what is masked and breaking the glass: who owns a table does not for that see what is in it."""


def _owned(securable: str, owner: str, privilege: Privilege) -> Grant:
    return Grant(
        f"{OWNER}{securable}: {privilege}",
        owner,
        "permit",
        privilege,
        securable,
        tag="",
        purpose="",
        version=None,
        until=None,
        reason="",
        is_break_glass=False,
        is_revoked=False,
        changed_by=owner,
        changed_at=datetime.min.replace(tzinfo=UTC),
    )


def _is_over(grant: Grant, request: Request) -> bool:
    return grant.until is not None and grant.until <= _now(request)


def _now(request: Request) -> datetime:
    return request.at or datetime.now(UTC)


def _asked(request: Request) -> dict[str, Any]:
    return {
        "principal": {"type": "Principal", "id": request.principal},
        "action": {"type": "Action", "id": request.privilege},
        "resource": {"type": "Securable", "id": request.securable},
        "context": {
            "now": int(_now(request).timestamp()),
            "purpose": request.purpose,
            "version": _NEWEST if request.version is None else request.version,
        },
    }


def _entity(kind: str, name: str, parents: Sequence[str], tags: Iterable[str] = ()) -> dict[str, Any]:
    return {
        "uid": {"type": kind, "id": name},
        "attrs": {"tags": sorted(tags)},
        "parents": [{"type": kind, "id": parent} for parent in parents],
    }


def _policies(grants: Iterable[Grant]) -> str:
    """Grants as policies of Cedar: as JSON, so that no name in them is ever read as code."""
    return json.dumps(
        {"staticPolicies": {one.grant: _policy(one) for one in grants}, "templates": {}, "templateLinks": []}
    )


def _policy(grant: Grant) -> dict[str, Any]:
    every = grant.privilege == "all"
    action = {"op": "All"} if every else {"op": "==", "entity": {"type": "Action", "id": grant.privilege}}
    return {
        "effect": grant.effect,
        "principal": {"op": "in", "entity": {"type": "Principal", "id": grant.principal}},
        "action": action,
        "resource": {"op": "in", "entity": {"type": "Securable", "id": grant.securable}},
        "conditions": [{"kind": "when", "body": body} for body in _conditions(grant)],
    }


def _conditions(grant: Grant) -> list[dict[str, Any]]:
    found = []
    if grant.until is not None:
        found.append({"<": {"left": _of("context", "now"), "right": {"Value": int(grant.until.timestamp())}}})
    if grant.purpose:
        found.append({"==": {"left": _of("context", "purpose"), "right": {"Value": grant.purpose}}})
    if grant.version is not None:
        found.append({"==": {"left": _of("context", "version"), "right": {"Value": grant.version}}})
    if grant.tag:
        found.append({"contains": {"left": _of("resource", "tags"), "right": {"Value": grant.tag}}})
    return found


def _of(variable: str, attribute: str) -> dict[str, Any]:
    return {".": {"left": {"Var": variable}, "attr": attribute}}

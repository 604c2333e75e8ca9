"""Who there is: principals enrolled, with their groups and attributes, and dismissed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import networkx as nx

from toolkit.errors import UsageError
from toolkit.governance.names import check_assignment, check_principal
from toolkit.governance.policies import EVERYONE, Policies
from toolkit.governance.records import Principal, PrincipalKind
from toolkit.governance.stewardship import Steward


def enroll(
    steward: Steward, name: str, kind: PrincipalKind, groups: Sequence[str] = (), attributes: Sequence[str] = ()
) -> Principal:
    """Add a principal, or say anew what it is and in which groups.

    Raises:
        UsageError: a name is none, a group is none or is not there, or it would be in itsteward.
        AccessDenied: the principal does not manage the catalog.
    """
    check_principal(name)
    if name == EVERYONE:
        raise UsageError(f"{EVERYONE} is the group that every principal is in.", cure="Choose another name.")
    for one in attributes:
        check_assignment(one, "attribute")
    steward.allowed("manage", steward.catalog, "enroll", name)
    state = steward.policies
    for group in groups:
        if state.require_principal(group).kind not in ("group", "role"):
            raise UsageError(f"{group} is no group and no role.", cure="Name one that is, or enroll one.")
    _refuse_circle(state, name, groups)
    made = steward.new_principal(name, kind, groups, attributes)
    said = f"{name} as {kind} in {', '.join(groups) or 'no group'}"
    steward.keep("enroll", steward.catalog, [made], state.principals.get(name), said)
    return made


def _refuse_circle(state: Policies, name: str, groups: Sequence[str]) -> None:
    graph = state.memberships.copy()
    graph.remove_edges_from(list(graph.out_edges(name)) if name in graph else [])
    graph.add_edges_from((name, group) for group in groups)
    for group in groups:
        if group == name or nx.has_path(graph, group, name):
            way = nx.shortest_path(graph, group, name)
            raise UsageError(
                f"{name} cannot be in {group}, which is in {name}: {' → '.join([name, *way])}.",
                cure="Leave that group out.",
            )


def dismiss(steward: Steward, name: str) -> None:
    """Remove a principal; what it was granted is its again if it is enrolled again.

    Raises:
        UsageError: there is none, or it owns something.
        AccessDenied: the principal does not manage the catalog.
    """
    state = steward.policies
    gone = state.require_principal(name)
    steward.allowed("manage", steward.catalog, "dismiss", name)
    if owned := [one.name for one in state.securables.values() if one.owner == name]:
        raise UsageError(f"{name} owns {owned[0]}.", cure=f"Give it to another: toolkit governance alter {owned[0]}")
    steward.note("dismiss", steward.catalog, detail=name)
    steward.tables.append([replace(gone, is_removed=True, changed_by=steward.principal, changed_at=steward.at())])

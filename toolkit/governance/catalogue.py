"""What there is: taken into the catalogue, and described there; a catalogue is changed by a steward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from toolkit.errors import UsageError
from toolkit.governance.granting import Limits, new_grant
from toolkit.governance.guarded_sql import refuse_no_select
from toolkit.governance.heads import refuse_bereft
from toolkit.governance.names import (
    LONGEST_NAME,
    TABLE,
    check_assignment,
    check_part,
    check_principal,
    column_of,
    level,
    parent_of,
    resolve,
)
from toolkit.governance.names import table_of as table_of_name
from toolkit.governance.records import RECORDS, Securable, SecurableKind
from toolkit.governance.stewardship import Steward
from toolkit.scenario import LAYERS
from toolkit.store.location import located
from toolkit.store.records import table_of
from toolkit.words import cut


def take_in(steward: Steward, catalog: str) -> list[Securable]:
    """Begin to govern the lakehouse, or take in the tables that came since; returns what is new in the catalogue.

    Who takes it in owns it, and is given to see what is masked; both can be handed on and taken back.

    Raises:
        UsageError: it is another catalog already.
        AccessDenied: it is governed, and the principal does not manage it.
    """
    check_part(catalog, "catalog")
    if catalog in LAYERS:
        raise UsageError(f"{catalog} is a layer: what is in it could not be told from it.", cure="Name it main.")
    state = steward.policies
    # What the scenario at work declares is known before it is written for the first time.
    declared = [one.name for one in steward.tables.scenario.tables]
    found = list(dict.fromkeys([*steward.tables.lakehouse.tables(), *declared]))
    if state.catalog and state.catalog != catalog:
        raise UsageError(f"The lakehouse is the catalog {state.catalog} already.", cure="Leave out --catalog.")
    begins = not state.catalog
    if begins:
        refuse_bereft(steward.tables.lakehouse)
    else:
        steward.allowed("manage", catalog, "take in")
    kinds: dict[str, SecurableKind] = {catalog: "catalog"}
    kinds |= {f"{catalog}.{name.partition('.')[0]}": "schema" for name in [*found, "ops"]}
    # Those that govern are governed, too.
    own = [table_of(record).name for record in RECORDS]
    kinds |= {f"{catalog}.{name}": "table" for name in dict.fromkeys([*found, *own])}
    fresh = [steward.new_securable(name, kind) for name, kind in kinds.items() if name not in state.securables]
    if fresh:
        steward.note("take in", catalog, detail=f"{len(fresh)} objects")
        steward.tables.append(fresh)
    if begins:
        steward.tables.append([steward.new_principal(check_principal(steward.principal), "user")])
        steward.tables.append([new_grant(steward, steward.principal, "unmask", catalog, Limits(reason="took it in"))])
    return fresh


def alter(
    steward: Steward,
    securable: str,
    *,
    owner: str = "",
    comment: str | None = None,
    tags: Sequence[str] = (),
    untag: Sequence[str] = (),
    properties: Sequence[str] = (),
) -> Securable:
    """Change what is said of an object, or whose it is.

    Raises:
        UsageError: there is no such object or principal, or a tag is none.
        AccessDenied: the principal does not manage it.
    """
    name, state = resolve(securable, steward.catalog), steward.policies
    known = state.securables.get(name)
    if known is None and parent_of(name) in state.securables and state.securables[parent_of(name)].kind == "table":
        steward.columns(column_of(name), parent_of(name))
        known = replace(steward.new_securable(name, "column"), owner=state.securables[parent_of(name)].owner)
    if known is None:
        raise UsageError.unknown("object of the catalogue", securable, state.securables)
    for one in (*tags, *properties):
        check_assignment(one, "tag or property")
    if owner:
        state.require_principal(owner)
    steward.allowed("manage", name, "alter")
    changed = replace(
        known,
        owner=owner or known.owner,
        comment=known.comment if comment is None else comment,
        tags=tuple(sorted({*known.tags, *tags} - set(untag))),
        properties=tuple(sorted({*known.properties, *properties})),
        changed_by=steward.principal,
        changed_at=steward.at(),
    )
    said = f"owner {changed.owner}; tags {', '.join(changed.tags) or 'none'}"
    steward.keep("alter", name, [changed], state.securables.get(name), said)
    return changed


def register(
    steward: Steward,
    name: str,
    kind: Literal["view", "volume", "function"],
    *,
    definition: str = "",
    location: str = "",
    comment: str = "",
) -> Securable:
    """Put a view, a volume or a function into the catalogue, or say anew what it is.

    Args:
        steward: who does it.
        name: layer and name, as of a table.
        kind: which.
        definition: of a view a SELECT over tables by their names, which holds what whoever reads the view may see of them; of a
            function its SQL.
        location: of a volume where its files lie.
        comment: what it is for.

    Raises:
        UsageError: a table has the name, or the definition or the location is none.
        AccessDenied: the principal does not manage the schema.
    """
    full, state = resolve(name, steward.catalog), steward.policies
    if level(full) != TABLE:
        raise UsageError(f"{cut(name, LONGEST_NAME)} is no name of a {kind}.", cure="Write it as <layer>.<name>.")
    known = state.securables.get(full)
    if steward.tables.lakehouse.exists(table_of_name(full)) or (known is not None and known.kind != kind):
        raise UsageError(f"{name} is there already, and is no {kind}.", cure="Choose another name.")
    if kind == "view":
        refuse_no_select(definition)
    elif kind == "volume":
        located(location)
    if kind in ("volume", "function") and not (location if kind == "volume" else definition):
        raise UsageError(f"A {kind} needs {'a location' if kind == 'volume' else 'a definition'}.")
    steward.allowed("manage", full, "register", kind)
    made = replace(
        known or steward.new_securable(full, kind),
        definition=definition,
        location=location,
        comment=comment or (known.comment if known else ""),
        changed_by=steward.principal,
        changed_at=steward.at(),
    )
    steward.keep("register", full, [made], known, kind)
    return made

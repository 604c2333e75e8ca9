"""What there is: taken into the catalogue, and described there; a catalogue is changed by a steward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.errors import UsageError
from toolkit.governance.granting import Limits, new_grant
from toolkit.governance.heads import refuse_bereft
from toolkit.governance.names import check_assignment, check_part, check_principal, parent_of, resolve
from toolkit.governance.records import RECORDS, Securable, SecurableKind
from toolkit.governance.stewardship import Steward
from toolkit.scenario import LAYERS
from toolkit.store.records import table_of


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
        steward.columns(name.split(".", 3)[3], parent_of(name))
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

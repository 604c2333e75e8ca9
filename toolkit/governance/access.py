"""What a principal may see of a table: which rows, and what of each column; and the one place where that is decided and noted.

Owns the answer that the readers without a JVM (`store.lens`) and Spark (`governed`) both take. A column is shown as it is when
a person has confirmed that it is public or internal, or to whoever may unmask it; every other one is masked, since what is
not known is not open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import AccessDenied, UsageError
from toolkit.governance import encryption, filters, masks
from toolkit.governance.audit import Act, Trail
from toolkit.governance.decisions import Decider, Decision, Request
from toolkit.governance.filters import Viewer
from toolkit.governance.keys import Keys, StoredKey
from toolkit.governance.masks import Mask, Sides
from toolkit.governance.names import LONGEST_NAME, full_name, table_of
from toolkit.governance.policies import Policies, policies
from toolkit.governance.records import ColumnClass, Privilege
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.lens import Seen
from toolkit.store.records import without_content
from toolkit.words import cut

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SITTING_SECONDS = 900.0
"""Within it, one process that reads the same in the same way again makes no second entry in the audit trail."""
OPEN = ("public", "internal")


@dataclass(frozen=True)
class Sight:
    """What one principal sees of one table.

    Attributes:
        principal: who.
        securable: the table's full name.
        types: the Delta type of each column.
        masks: those columns that are not shown as they are.
        shown: sensitive columns that are shown as they are, by a grant.
        condition: which rows, for both engines; all when None.
        reason: the grants by which it is seen.
        encrypted: columns that are stored encrypted, with the type that they have when they are decrypted.
    """

    principal: str
    securable: str
    types: Mapping[str, str]
    masks: Mapping[str, Mask]
    shown: tuple[str, ...]
    condition: Sides | None
    reason: str
    encrypted: Mapping[str, str]

    @property
    def is_all(self) -> bool:
        """Whether the table is seen as it is."""
        return not self.masks and self.condition is None and not self.encrypted


class Access:
    """What one principal may do, for one purpose.

    Args:
        lakehouse: without a lens.
        principal: who.
        purpose: what for, as it says.
        keys: of masks.
        run_id: the run that it is part of, for the audit trail.
        session: gives Spark, where the trail has to be written by it.
    """

    def __init__(
        self,
        lakehouse: Lakehouse,
        principal: str,
        purpose: str = "",
        keys: Keys | None = None,
        run_id: str = "",
        session: Callable[[], SparkSession] | None = None,
    ) -> None:
        self.lakehouse = lakehouse
        self.principal = principal
        self.purpose = purpose
        self.keys = keys or StoredKey()
        self.run_id = run_id
        self.trail = Trail(lakehouse, session)
        self._sittings: dict[tuple[object, ...], float] = {}

    @property
    def policies(self) -> Policies:
        """The state of governance, now."""
        return policies(self.lakehouse)

    @property
    def decider(self) -> Decider:
        """Decides by the state of governance as it is now."""
        return Decider(self.policies)

    def name_of(self, table: str) -> str:
        """A table's full name."""
        return full_name(table, self.policies.catalog)

    def decide(self, privilege: Privilege, securable: str, version: int | None = None) -> Decision:
        """May the principal?"""
        return self.decider.decide(self.request(privilege, securable, version))

    def require(self, privilege: Privilege, securable: str, action: str, detail: str = "") -> Decision:
        """Decide, and note it.

        Raises:
            AccessDenied: it may not.
        """
        decision = self.decide(privilege, securable)
        if not decision.is_allowed:
            self.note(action, securable, decision, detail=detail)
            raise denied(self.principal, privilege, securable, decision.reason)
        return decision

    def manages(self) -> bool:
        """Whether the principal manages the catalog, for the readers without a JVM; see `toolkit.store.lens`."""
        return self.decide("manage", self.policies.catalog).is_allowed

    def visible(self, tables: Sequence[str]) -> list[str]:
        """Those of the tables that the principal may read, or browse in the catalogue."""
        # One state for all of them: to ask for it looks at each of its tables.
        decider = self.decider
        names = {one: full_name(one, decider.policies.catalog) for one in tables}
        return [one for one, name in names.items() if self._is_visible(decider, name)]

    def _is_visible(self, decider: Decider, securable: str) -> bool:
        privileges: tuple[Privilege, ...] = ("select", "browse")
        return any(decider.decide(self.request(one, securable)).is_allowed for one in privileges)

    def sight(self, table: str, types: Mapping[str, str], version: int | None = None, action: str = "read") -> Sight:
        """What the principal sees of a table; that it looks is noted.

        Args:
            table: by its full name, or that in the lakehouse.
            types: the Delta type of each column.
            version: of the table; None for as it is.
            action: what is done with what is seen.

        Raises:
            AccessDenied: nothing of it.
        """
        securable, detail = self.name_of(table), "" if version is None else f"version {version}"
        decision = self.decide("select", securable, version)
        if not decision.is_allowed:
            self.note(action, securable, decision, detail=detail)
            raise unseen(table, self.principal)
        sight = self.sight_of(securable, types, version, decision)
        self.note(action, securable, decision, sight.shown, detail)
        return sight

    def request(self, privilege: Privilege, securable: str, version: int | None = None) -> Request:
        """A question of this principal, for its purpose."""
        return Request(self.principal, privilege, securable, self.purpose, version)

    def tags(self, securable: str, columns: Iterable[str]) -> dict[str, frozenset[str]]:
        """What grants by tag may ask of columns' classes."""
        state = self.policies
        return {name: _tags(state.class_of(securable, name)) for name in columns}

    def sight_of(self, securable: str, types: Mapping[str, str], version: int | None, decision: Decision) -> Sight:
        """What the principal sees of a table that it may read, without a note of it."""
        state = self.policies
        classes = {name: state.class_of(securable, name) for name in types}
        known = without_content(table_of(securable))
        sealed = encryption.columns_of(state, securable, types)
        chosen = {name for name in types if name in sealed or (securable, name) in state.masks}
        closed = [name for name, one in classes.items() if name in chosen or not (is_open(one) or name in known)]
        allowed = self.decider.columns(self.request("unmask", securable, version), self.tags(securable, closed))
        hidden = [name for name in closed if not allowed[name].is_allowed]
        return Sight(
            self.principal,
            securable,
            types,
            {name: mask_of(state, securable, name, types[name]) for name in hidden},
            tuple(name for name in closed if name not in hidden),
            self._condition(securable, types),
            decision.reason,
            sealed,
        )

    def _condition(self, securable: str, types: Mapping[str, str]) -> Sides | None:
        state = self.policies
        rows, groups = state.filters.get(securable), state.groups_of(self.principal)
        if rows is None or groups.intersection(rows.exempt):
            return None
        viewer = Viewer(self.principal, groups, state.principals[self.principal].attributes)
        try:
            return filters.bound(rows.condition, types, viewer)
        except UsageError as problem:
            # A column was renamed, or an old version lacks it: which rows may be seen is not known.
            raise AccessDenied(
                f"The row filter of {securable} does not fit this version of it, so no row is shown: {problem.what}",
                cure="Whoever manages the table can set another: toolkit governance filter_rows",
            ) from problem

    def seen(self, table: str, columns: Mapping[str, str], version: int | None) -> Seen:
        """What is seen of a table, for the readers without a JVM; see `toolkit.store.lens`.

        Raises:
            AccessDenied: nothing of it.
        """
        sight = self.sight(table, columns, version)
        # Only Spark decrypts: here nothing is seen of what is stored encrypted.
        hidden = {**sight.masks, **{name: Mask("null") for name in sight.encrypted}}
        shown = {name: masks.sides(mask, name, columns[name], self.keys).engine for name, mask in hidden.items()}
        return Seen(shown, sight.condition.engine if sight.condition else "")

    def note(
        self, action: str, securable: str, decision: Decision, columns: Iterable[str] = (), detail: str = ""
    ) -> None:
        """Write down what was done or refused; what was just written down of the same sitting is not repeated.

        Raises:
            DataError: it cannot be written down; then it is not to be done.
        """
        act = Act(
            self.principal,
            action,
            securable,
            decision.is_allowed,
            decision.reason,
            tuple(columns),
            self.purpose,
            detail,
            self.run_id,
        )
        key, now = tuple(vars(act).values()), time.monotonic()
        if now - self._sittings.get(key, -SITTING_SECONDS) >= SITTING_SECONDS:
            self.trail.append([act])
            self._sittings[key] = now


def is_open(one: ColumnClass | None) -> bool:
    """Whether a column may be shown to whoever may read the table: a person has confirmed that it is not sensitive."""
    return one is not None and one.state == "confirmed" and one.sensitivity in OPEN


def mask_of(state: Policies, securable: str, column: str, kind: str) -> Mask:
    """The mask of a column that is not open: the one that was chosen, else the one of its class."""
    one = state.class_of(securable, column)
    domain = (one.kind if one else "") or column
    if chosen := state.masks.get((securable, column)):
        return Mask(chosen.mask, chosen.argument, domain)
    # Where no mask was chosen, equal values of what is confirmed as confidential can be told; of all else nothing is shown.
    is_hashed = one is not None and (one.state, one.sensitivity) == ("confirmed", "confidential")
    return Mask("hash" if is_hashed and masks.MASKS["hash"].fits(kind) else "null", "", domain)


def _tags(one: ColumnClass | None) -> frozenset[str]:
    """What grants by tag may ask of a column's class."""
    if one is None:
        return frozenset({"class=unknown"})
    return frozenset({f"class={one.sensitivity or 'unknown'}", *([f"kind={one.kind}"] if one.kind else [])})


def unseen(table: str, principal: str) -> AccessDenied:
    """What is said of a table that is not there, and of one that may not be read, alike."""
    return AccessDenied(
        f"There is no table {cut(repr(table), LONGEST_NAME)} that {principal} may read.",
        cure="Which there are: toolkit governance catalogue. Why not: ask its owner, who sees it in the audit trail.",
    )


def denied(principal: str, privilege: str, securable: str, reason: str) -> AccessDenied:
    """What is said of something that may not be done."""
    return AccessDenied(
        f"{principal} may not {privilege.replace('_', ' ')} {securable}: {reason}.", cure="Ask its owner for a grant."
    )

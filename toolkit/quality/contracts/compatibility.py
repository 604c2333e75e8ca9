"""Two versions of a contract: what changed, whether a reader of the tables may break, and which version the new one has to be.

Owns the verdict on every kind of change (`KINDS`, a table of the docs), from the view of a consumer: whatever was
promised before and is promised no more, or not in the same way, breaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.errors import UsageError
from toolkit.quality.contracts.columns_compared import columns_compared
from toolkit.quality.contracts.constraints_compared import Found, entries_compared, relationships_compared
from toolkit.quality.contracts.limits import Freshness, Volume
from toolkit.quality.contracts.model import Contract, ContractTable
from toolkit.quality.contracts.quality_entries import foreign_entries, foreign_rules
from toolkit.quality.contracts.rule_changes import compared as rules_compared

Level = Literal["none", "metadata", "safe", "breaking"]
LEVELS: tuple[Level, ...] = ("none", "metadata", "safe", "breaking")
"""From the mildest to the worst."""


@dataclass(frozen=True)
class Kind:
    """A kind of change, its verdict, and why."""

    name: str
    level: Level
    why: str


_ALL = (
    Kind("table_removed", "breaking", "Who reads the table finds nothing."),
    Kind("column_removed", "breaking", "A query that names the column fails."),
    Kind("column_renamed", "breaking", "A query that names the column by its old name fails."),
    Kind(
        "type_narrowed",
        "breaking",
        "Values that were allowed are refused or cut, and a reader with the old schema fails.",
    ),
    Kind("type_changed", "breaking", "Values come in another form than the reader was written for."),
    Kind("made_nullable", "breaking", "A reader that counts on a value meets null."),
    Kind("unique_dropped", "breaking", "A join that gave one row for each may give several."),
    Kind("key_changed", "breaking", "A join or an upsert on the old key finds several rows, or none."),
    Kind("rule_removed", "breaking", "What the rule kept out may now come in."),
    Kind(
        "rule_loosened",
        "breaking",
        "Rows may now come that the rule kept out: more tolerance, wider bounds, a milder severity.",
    ),
    Kind(
        "rule_changed",
        "breaking",
        "The old and the new rule cannot be compared, so what the old one kept out may come in.",
    ),
    Kind(
        "value_removed",
        "breaking",
        "A query that names the value of the `enum` finds no row any more.",
    ),
    Kind("value_added", "breaking", "A reader that handles each value of the `enum` meets one that it does not know."),
    Kind("freshness_loosened", "breaking", "Data may be older than the reader was promised."),
    Kind("volume_loosened", "breaking", "Fewer or more rows may come than the reader was promised."),
    Kind(
        "service_level_loosened",
        "breaking",
        "A service level was given up, lowered, or changed in a way that cannot be compared.",
    ),
    Kind("classification_raised", "breaking", "Who may read it now may lose access; an unknown word counts as higher."),
    Kind("server_changed", "breaking", "Who connects to the server finds the data elsewhere, or not at all."),
    Kind("retired", "breaking", "Nothing is promised any more."),
    Kind("table_added", "safe", "Nobody reads it yet."),
    Kind("column_added", "safe", "Readers name the columns they use; in nested fields, too."),
    Kind(
        "type_widened",
        "safe",
        "Every value has the same form as before, with room for more: int → bigint, decimal(10,2) → decimal(12,2).",
    ),
    Kind("type_declared", "safe", "Where any type was possible, there is now one."),
    Kind("made_required", "safe", "Null comes no more."),
    Kind("unique_added", "safe", "Duplicates come no more."),
    Kind("key_added", "safe", "There is now a key where there was none."),
    Kind("rule_added", "safe", "More is promised."),
    Kind("rule_tightened", "safe", "More is promised: less tolerance, narrower bounds, a graver severity."),
    Kind("freshness_tightened", "safe", "Data is promised sooner."),
    Kind("volume_tightened", "safe", "The bounds are narrower."),
    Kind("service_level_tightened", "safe", "A service level was added or raised."),
    Kind("server_added", "safe", "The data lies where it lay, and elsewhere, too."),
    Kind("classification_lowered", "safe", "Who could read it still can."),
    Kind("moved", "metadata", "Columns are read by name, not by place."),
    Kind("described", "metadata", "Words, examples, labels and tags change nothing in the data."),
    Kind("owner_changed", "metadata", "Others answer for it; the data is the same."),
    Kind("status_changed", "metadata", "A deprecated contract still holds: plan to leave it."),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was."""

    kind: str
    where: str
    """`silver.orders`, `silver.orders.items.price`, or the contract's id."""
    said: str
    """What it was and what it is."""

    @property
    def level(self) -> Level:
        """Whether it breaks readers."""
        return KINDS[self.kind].level

    @property
    def breaking(self) -> bool:
        """Whether a reader who trusted the old promise may now be wrong."""
        return self.level == "breaking"

    @property
    def why(self) -> str:
        """Why it does, or does not."""
        return KINDS[self.kind].why

    def __str__(self) -> str:
        return f"{self.where}: {self.kind.replace('_', ' ')}{f' ({self.said})' if self.said else ''}"


@dataclass(frozen=True)
class Compatibility:
    """What it means for readers that one version follows another."""

    old_version: str
    new_version: str
    changes: tuple[Change, ...]
    """The breaking ones first."""
    next_version: str
    """The smallest version that the new one may have."""

    @property
    def level(self) -> Level:
        """The worst of the changes."""
        return _worst(self.changes)


def compare(old: Contract, new: Contract) -> Compatibility:
    """What changed from `old` to `new`, for those who read the tables.

    Raises:
        UsageError: they are two contracts, not two versions of one.
    """
    if old.id != new.id:
        raise UsageError(
            f"{old.id!r} and {new.id!r} are two contracts, not two versions of one.", cure="Versions share their `id`."
        )
    changes = sorted((Change(*found) for found in _changes(old, new)), key=lambda c: -LEVELS.index(c.level))
    return Compatibility(old.version, new.version, tuple(changes), _next(old, _worst(changes)))


def check_version(old: Contract, new: Contract) -> Compatibility:
    """The comparison, if the version of `new` says enough of what changed.

    Raises:
        UsageError: its version is too small; the changes that ask for a greater one are named.
    """
    found = compare(old, new)
    needed = tuple(int(part) for part in found.next_version.partition("-")[0].partition("+")[0].split("."))
    if new.release < needed:
        worst = [str(change) for change in found.changes if change.level == found.level]
        reason = f"{found.level} changes: {'; '.join(worst)}" if worst else "nothing changed"
        raise UsageError(
            f"Version {new.version} of {new.id} is too small after {old.version}: {reason}.",
            cure=f"Call it {found.next_version}, or take the changes back.",
        )
    return found


def _worst(changes: Iterable[Change]) -> Level:
    return max((change.level for change in changes), key=LEVELS.index, default="none")


def _next(old: Contract, level: Level) -> str:
    major, minor, patch = old.release
    match level:
        case "none":
            return old.version
        case "breaking" if major:
            return f"{major + 1}.0.0"
        case "breaking" | "safe":
            return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def _changes(old: Contract, new: Contract) -> Iterator[Found]:
    before, after = ({table.name: table for table in contract.tables} for contract in (old, new))
    for name, table in before.items():
        if name in after:
            yield from _table(name, table, after[name])
        else:
            yield "table_removed", name, ""
    yield from (("table_added", name, "") for name in after if name not in before)
    yield from _service_levels(old, new)
    if old.owner != new.owner:
        yield "owner_changed", new.id, _arrow(old.owner, new.owner)
    if old.status != new.status:
        yield "retired" if new.status == "retired" else "status_changed", new.id, _arrow(old.status, new.status)
    words = ("name", "domain", "description", "usage", "limitations", "tags", "api_version", "extras")
    yield from _servers(old, new)
    yield from _described(new.id, old, new, words, besides={"servers"})


def _table(where: str, old: ContractTable, new: ContractTable) -> Iterator[Found]:
    yield from columns_compared(where, old.columns, new.columns)
    if old.primary_key != new.primary_key:
        kind = "key_changed" if old.primary_key else "key_added"
        yield kind, where, _arrow(", ".join(old.primary_key), ", ".join(new.primary_key))
    yield from _rules(where, old, new)
    yield from _checks(where, old, new)
    yield from _freshness(where, old.freshness, new.freshness)
    yield from _volume(where, old.volume, new.volume)
    yield from relationships_compared(where, old.extras.get("relationships"), new.extras.get("relationships"))
    yield from _described(where, old, new, ("description", "tags", "label", "extras"), besides={"relationships"})


def _described(
    where: str, old: Any, new: Any, names: tuple[str, ...], besides: Collection[str] = ()
) -> Iterator[Found]:
    def of(one: Any, name: str) -> Any:
        found = getattr(one, name)
        return {k: v for k, v in found.items() if k not in besides} if name == "extras" else found

    changed = [name for name in names if of(old, name) != of(new, name)]
    if changed:
        yield "described", where, ", ".join(changed)


def _rules(where: str, old: ContractTable, new: ContractTable) -> Iterator[Found]:
    before, after = ({rule.name: rule for rule in (*t.rules, *foreign_rules(t))} for t in (old, new))
    for name, rule in before.items():
        if name not in after:
            yield "rule_removed", where, f"{name}: {rule.description}"
        elif found := rules_compared(rule, after[name]):
            way, said = found
            yield "described" if way == "described" else f"rule_{way}", where, f"{name}: {said}"
    yield from (
        ("rule_added", where, f"{name}: {rule.description}") for name, rule in after.items() if name not in before
    )


def _checks(where: str, old: ContractTable, new: ContractTable) -> Iterator[Found]:
    before, after = ([(at, e) for at, e, rule in foreign_entries(t) if rule is None] for t in (old, new))
    yield from entries_compared(where, before, after)


def _servers(old: Contract, new: Contract) -> Iterator[Found]:
    before, after = ({_server(one): one for one in _listed(contract, "servers")} for contract in (old, new))
    for name, server in before.items():
        if name not in after:
            yield "server_changed", new.id, f"{name} is gone"
        elif changed := [k for k in dict.fromkeys((*server, *after[name])) if server.get(k) != after[name].get(k)]:
            words = set(changed) <= {"description", "customProperties", "roles"}
            yield ("described" if words else "server_changed"), new.id, f"{name}: {', '.join(changed)}"
    yield from (("server_added", new.id, name) for name in after if name not in before)


def _server(one: Mapping[str, Any]) -> str:
    return str(one.get("server") or one.get("id") or one.get("type"))


def _listed(contract: Contract, name: str) -> list[Any]:
    found = contract.extras.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _freshness(where: str, old: Freshness | None, new: Freshness | None) -> Iterator[Found]:
    if old == new:
        return
    said = _arrow(*(f"{p.column} within {p.within:g} {p.unit}" if p else "" for p in (old, new)))
    if old is None or (new is not None and old.column == new.column and new.hours < old.hours):
        yield "freshness_tightened", where, said
    elif new is not None and old.column == new.column and new.hours == old.hours:
        yield "described", where, said
    else:
        yield "freshness_loosened", where, said


def _volume(where: str, old: Volume | None, new: Volume | None) -> Iterator[Found]:
    if old == new:
        return
    low, high = old.min_rows if old else None, old.max_rows if old else None
    kept = new is not None and (low is None or (new.min_rows is not None and new.min_rows >= low))
    kept = kept and new is not None and (high is None or (new.max_rows is not None and new.max_rows <= high))
    said = _arrow(*(f"{_bound(v.min_rows)} to {_bound(v.max_rows)} rows" if v else "" for v in (old, new)))
    yield "volume_tightened" if old is None or kept else "volume_loosened", where, said


_MORE_IS_BETTER = {"availability", "throughput", "retention"}
_LESS_IS_BETTER = {"latency", "errorrate", "timetodetect", "timetonotify", "timetorepair"}


def _service_levels(old: Contract, new: Contract) -> Iterator[Found]:
    before, after = ({_key(level): level for level in contract.service_levels} for contract in (old, new))
    for key, level in before.items():
        if after.get(key) != level:
            said = _arrow(level.get("value"), after[key].get("value") if key in after else "")
            yield _level_kind(key[0], level, after.get(key)), new.id, f"{level.get('property')} {said}"
    for key, level in after.items():
        if key not in before:
            yield "service_level_tightened", new.id, f"{level.get('property')} {level.get('value')}"


def _key(level: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(level.get("property")).lower(), str(level.get("element")), str(level.get("driver"))


def _level_kind(name: str, old: Mapping[str, Any], new: Mapping[str, Any] | None) -> str:
    numbers = [level.get("value") for level in (old, new or {})]
    alike = new is not None and all(old.get(k) == new.get(k) for k in ("unit", "valueExt"))
    if alike and numbers[0] == numbers[1]:
        return "described"
    if alike and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        more = numbers[1] > numbers[0]  # type: ignore[operator]
        if (more and name in _MORE_IS_BETTER) or (not more and name in _LESS_IS_BETTER):
            return "service_level_tightened"
    return "service_level_loosened"


def _bound(rows: int | None) -> str:
    return "any number" if rows is None else f"{rows:,}"


def _arrow(old: Any, new: Any) -> str:
    return f"{old or 'nothing'} → {new or 'nothing'}"

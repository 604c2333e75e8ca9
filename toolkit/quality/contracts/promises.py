"""Everything that a contract says of a table: as rules for the quality engine, and as sentences of what no rule checks.

Owns that nothing is left out: what is said is a rule that fits its column, or a statement with the reason why it is none. Works
without Spark, and without the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.contracts import options, relationships
from toolkit.quality.contracts.elements import Element, Statement, elements, family_at, named
from toolkit.quality.contracts.model import Contract, ContractTable, same_column
from toolkit.quality.contracts.physical import spark_type, systems_of
from toolkit.quality.contracts.quality_entries import foreign_entries, why_not
from toolkit.quality.rules import Freshness, HasSchema, NotNull, RowCount, Rule, Unique
from toolkit.quality.spark_types import parse_type

_WORDS = {"name", "description", "severity", "dimension", "owner", "tags"}
_OF_MAP = ("map", "properties", "items")
"""Where a file says what the keys and the values of a map are."""
_SAID_OF_VALUES = {"required", "unique", "logicalTypeOptions", "enum", "relationships", "quality", "primaryKey"}
_PARTS = {"array", "struct"}


def rules_of(table: ContractTable, contract: Contract | None = None) -> tuple[Rule, ...]:
    """Every rule that follows from what `table` promises, and those it names.

    A required column is `not_null`, a key is `unique`, text of limited length has a `length`, the types are `has_schema`
    (critical, since no row can be blamed), freshness and volume are rules on the table; `logicalTypeOptions`, `enum` and
    `relationships` are the kinds that docs/contracts.md lists. A row that breaks its promise is quarantined, so that the table
    keeps it. A rule of the contract that says the same as one of these takes its place, with its own severity.

    Args:
        table: the table.
        contract: the one that it is of; references by the ids of elements are looked up there.
    """
    named_ones = [one.rule for one in _named(table) if one.rule]
    same = [_content(rule) for rule in named_ones]
    implied = [one.rule for one in _implied(table, contract) if one.rule and _content(one.rule) not in same]
    return _told_apart([*implied, *named_ones])


def unread(contract: Contract) -> tuple[str, ...]:
    """What the contract's file says that is kept, but that nothing here checks: one sentence each."""
    known = relationships.references_of(contract)
    told = [sentence for table in contract.tables for sentence in unchecked(table, contract, known)]
    return (*told, *unchecked_levels(contract))


def unchecked(table: ContractTable, contract: Contract | None, references: Iterable[str]) -> tuple[str, ...]:
    """What a contract says of one table that nothing checks.

    Args:
        table: the table.
        contract: the one that it is of.
        references: the other tables that can be looked into, by the standard's names of them.
    """
    known = set(references)
    found: list[str] = []
    systems = systems_of(contract.extras.get("servers") if contract else None)
    for one in (*_types(table, systems), *_implied(table, contract), *_named(table), *_maps(table)):
        place = f"{table.name}.{one.where}" if one.where else table.name
        if one.rule is None:
            found.append(f"{place}: {one.what} {one.why_not}.")
        elif one.rule.refers_to and one.rule.refers_to not in known:
            found.append(
                f"{place}: {one.what} is checked only where that table is named: --ref {one.rule.refers_to}=TABLE."
            )
    return tuple(dict.fromkeys(found))


def unchecked_levels(contract: Contract) -> tuple[str, ...]:
    """The service levels that nothing checks, one sentence each."""
    return tuple(
        f"{contract.id}: the service level {level.get('property')} is kept, but not checked."
        for level in contract.service_levels
    )


def _told_apart(rules: list[Rule]) -> tuple[Rule, ...]:
    """The rules with a number after names that came up before; those that the contract names keep theirs."""
    taken: set[str] = set()
    found: list[Rule] = []
    for rule in reversed(rules):
        name, number = rule.name, 1
        while name in taken:
            number += 1
            name = f"{rule.name[:120]}_{number}"
        taken.add(name)
        found.append(rule if name == rule.name else rule.model_copy(update={"name": name}))
    return tuple(reversed(found))


def _content(rule: Rule) -> tuple[str, Any, dict[str, Any]]:
    """What a rule says, whatever it is called and follows from it."""
    columns = {"column", "unique"}
    said = {name: getattr(rule, name) for name in type(rule).model_fields if name not in _WORDS | columns}
    return rule.kind, [same_column(column) for column in rule.columns], said


# --- what follows from the columns


def _implied(table: ContractTable, contract: Contract | None) -> Iterator[Statement]:
    found = [*_schema(table), *_of_elements(table), *_of_table(table), *relationships.statements(table, contract)]
    yield from (_not_checked(one) for one in found)


def _not_checked(one: Statement) -> Statement:
    if one.rule is not None or one.why_not.startswith("is "):
        return one
    return Statement(one.where, one.what, None, f"is kept, but not checked: {one.why_not}")


def _schema(table: ContractTable) -> Iterator[Statement]:
    types = {c.name: parse_type(c.type).stored.text for c in table.columns if c.type}
    # Spark spells odd names without quotes, which cannot be told from the rest of the type.
    plain = {name: type_ for name, type_ in types.items() if "`" not in type_}
    if plain:
        rule = HasSchema(name="contract_schema", severity="critical", schema=plain, more=True)
        yield Statement("", "the types", rule)


def _of_elements(table: ContractTable) -> Iterator[Statement]:
    for element in elements(table):
        column = element.column
        if not column.nullable:
            kind = {"kind": "not_null"}
            yield element.holds("required", "required", f"{element.value} IS NOT NULL", kind)
        if column.type.startswith(("varchar(", "char(")):
            most = parse_type(column.type).arguments[0]
            kind = {"kind": "length", "max": most}  # type: ignore[dict-item]
            yield element.holds(f"the length of {column.type}", "length", f"length({element.value}) <= {most}", kind)
        yield from options.statements(element)


def _of_table(table: ContractTable) -> Iterator[Statement]:
    if table.primary_key:
        given = [key for key in table.primary_key if table.column(sql_text.named(key)).nullable]
        for key in given:
            rule: Rule = NotNull(name=named(key, "in_key"), column=sql_text.named(key))
            yield Statement(key, "primaryKey", rule)
        rule = Unique(name="contract_primary_key", columns=tuple(map(sql_text.named, table.primary_key)))
        yield _fitting(table, Statement("", "the primary key", rule))
    if promise := table.freshness:
        path = table.path_of(promise.column)
        fresh = Freshness(name="contract_freshness", column=path, hours=promise.hours)
        yield _fitting(table, Statement(promise.column, "the freshness", fresh))
    volume = table.volume
    # That there are no fewer than no rows goes without a rule.
    if volume and (volume.min_rows or volume.max_rows is not None):
        yield Statement("", "the volume", RowCount(name="contract_volume", min=volume.min_rows, max=volume.max_rows))


# --- what the contract names


def _named(table: ContractTable) -> Iterator[Statement]:
    """The rules of the contract, and the entries of others."""
    for rule in table.rules:
        yield _not_checked(_fitting(table, Statement("", f"the rule {rule.name}", rule)))
    for at, entry, found in foreign_entries(table):
        what = str(entry.get("name") or entry.get("metric") or entry.get("type") or "a quality entry")
        if found is None:
            yield _not_checked(Statement(at or "", what, None, why_not(entry)))
        else:
            yield _not_checked(_fitting(table, Statement(at or "", what, found)))


def _fitting(table: ContractTable, one: Statement) -> Statement:
    """The statement, if its rule can judge the columns that it names, as far as the contract says what they hold."""
    rule = one.rule
    assert rule is not None  # noqa: S101 - whoever asks has seen to it
    try:
        families = rule.column_families()
    except UsageError as problem:
        return Statement(one.where, one.what, None, problem.what.rstrip("."))
    for path, wanted in families.items():
        found = family_at(table, path)
        if wanted and found and found not in wanted:
            called = next(
                (e.called for e in elements(table) if not e.item and same_column(e.path) == same_column(path)), found
            )
            return Statement(one.where, one.what, None, f"{rule.kind} cannot judge {path}, which is {called}")
    alike = {same_column(e.path) for e in elements(table) if not e.item and not e.comparable}
    if rule.kind == "unique" and alike & set(map(same_column, rule.columns)):
        return Statement(one.where, one.what, None, "values that are, or hold, a map or a variant cannot be told apart")
    return one


# --- what is only kept


def _types(table: ContractTable, systems: tuple[str, ...]) -> Iterator[Statement]:
    """Types of other systems."""
    for element in elements(table):
        physical = str(element.column.extras.get("physicalType") or "")
        has_parts = bool(element.column.fields) or element.column.items is not None
        if physical and not (has_parts and physical.lower() in _PARTS):
            yield Statement(element.told, repr(physical), None, _type_kept(element, physical, systems))


def _type_kept(element: Element, physical: str, systems: tuple[str, ...]) -> str:
    logical = element.column.logical_type
    told = f"only that it is {logical} is checked" if logical else "its type is not checked"
    known = spark_type(physical, has_parts=True)
    whose = f"a type of {' or '.join(systems)}" if systems and known else "no type of Spark's"
    return f"is {whose}; {told}"


def _maps(table: ContractTable) -> Iterator[Statement]:
    """What is said of the keys and values of maps."""
    for element in elements(table):
        for name in _OF_MAP:
            for path, said in _said_inside(element.column.extras.get(name), name):
                why = "is kept, but not checked: the keys and values of maps are not looked into"
                yield Statement(f"{element.told}.{path}", said, None, why)


def _said_inside(told: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(told, list):
        for number, one in enumerate(told, 1):
            name = one.get("name") if isinstance(one, Mapping) else None
            yield from _said_inside(one, f"{path}.{name or number}")
    elif isinstance(told, Mapping):
        said = [name for name in told if name in _SAID_OF_VALUES and told[name]]
        if said:
            yield path, ", ".join(said)
        for name in ("key", "value", "properties", "items", "map"):
            if name in told:
                yield from _said_inside(told[name], f"{path}.{name}")

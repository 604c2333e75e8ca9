"""The catalogue as the SQL of Unity Catalog: schemas, tables, tags, grants, masks and row filters.

Owns what of ours has a counterpart there. What has none is named and left out, never weakened: a grant with an end would there
be one without. Principals are to be in the account already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from toolkit.columns import quoted
from toolkit.governance.access import is_open, mask_of
from toolkit.governance.masks import HASHED, HIDDEN, Mask
from toolkit.governance.names import ancestors, table_of
from toolkit.governance.policies import EVERYONE, Policies
from toolkit.governance.records import Grant, RowFilter, Securable
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.store.sql import text_of

_PRIVILEGES = {
    "all": "ALL PRIVILEGES",
    "browse": "BROWSE",
    "use_catalog": "USE CATALOG",
    "use_schema": "USE SCHEMA",
    "select": "SELECT",
    "modify": "MODIFY",
    "execute": "EXECUTE",
    "read_volume": "READ VOLUME",
    "write_volume": "WRITE VOLUME",
    "manage": "MANAGE",
}
_KINDS = {"catalog": "CATALOG", "schema": "SCHEMA", "table": "TABLE"}
_OF_DELTA = {"integer": "INT", "long": "BIGINT", "short": "SMALLINT", "byte": "TINYINT"}


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        statements: SQL, in the order in which it is to be run.
        left_out: what has no counterpart there, a sentence each.
    """

    statements: tuple[str, ...]
    left_out: tuple[str, ...]


def export(state: Policies, lakehouse: Lakehouse) -> Export:
    """The catalogue as SQL.

    Args:
        state: of governance.
        lakehouse: whose tables it governs; their columns are read, and nothing of their content.
    """
    written: list[str] = []
    left: list[str] = []
    for one in sorted(state.securables.values(), key=lambda one: (one.name.count("."), one.name)):
        if one.kind == "column":
            written.append(_column_tags(one))
        elif one.kind == "view":
            written.append(f"CREATE OR REPLACE VIEW {_named(one.name)} AS {one.definition}")
        elif one.kind == "volume":
            place = text_of(one.location)
            written.append(f"CREATE EXTERNAL VOLUME IF NOT EXISTS {_named(one.name)} LOCATION {place}")
        elif one.kind not in _KINDS:
            left.append(f"{one.name}: a {one.kind} is not written.")
        else:
            written += _created(one, lakehouse)
    for table in [name for name, one in state.securables.items() if one.kind == "table"]:
        _protected(table, state, lakehouse, written, left)
    for grant in state.grants:
        _granted(grant, state, written, left)
    return Export(tuple(text for text in written if text), tuple(left))


def _named(securable: str) -> str:
    return ".".join(quoted(part) for part in securable.split(".", 3))


def _created(one: Securable, lakehouse: Lakehouse) -> Iterator[str]:
    name, kind = _named(one.name), _KINDS[one.kind]
    columns = _columns(one.name, lakehouse) if one.kind == "table" else {}
    if one.kind == "table":
        listed = ", ".join(f"{quoted(column)} {_type(type_)}" for column, type_ in columns.items())
        yield f"CREATE TABLE IF NOT EXISTS {name} ({listed}) USING DELTA" if columns else ""
    else:
        yield f"CREATE {kind} IF NOT EXISTS {name}"
    if one.comment:
        yield f"COMMENT ON {kind} {name} IS {text_of(one.comment)}"
    if one.tags:
        yield f"ALTER {kind} {name} SET TAGS ({_pairs(one.tags)})"
    yield f"ALTER {kind} {name} OWNER TO {quoted(one.owner)}"


def _column_tags(one: Securable) -> str:
    table, _, column = one.name.rpartition(".")
    return (
        f"ALTER TABLE {_named(table)} ALTER COLUMN {quoted(column)} SET TAGS ({_pairs(one.tags)})" if one.tags else ""
    )


def _pairs(tags: tuple[str, ...]) -> str:
    return ", ".join(f"{text_of(name)} = {text_of(value)}" for name, _, value in (tag.partition("=") for tag in tags))


def _columns(securable: str, lakehouse: Lakehouse) -> dict[str, str]:
    table = table_of(securable)
    if not lakehouse.has_version(table):
        return {}
    return {one.name: one.type for one in DeltaReader(lakehouse.path(table), table).columns()}


def _type(kind: str) -> str:
    return _OF_DELTA.get(kind, kind)


def _protected(table: str, state: Policies, lakehouse: Lakehouse, written: list[str], left: list[str]) -> None:
    types = _columns(table, lakehouse)
    for column, kind in types.items():
        one = state.class_of(table, column)
        if one is not None and one.state == "confirmed":
            tags = _pairs((f"class={one.sensitivity}", *([f"kind={one.kind}"] if one.kind else [])))
            written.append(f"ALTER TABLE {_named(table)} ALTER COLUMN {quoted(column)} SET TAGS ({tags})")
        if not is_open(one) or (table, column) in state.masks:
            _masked(table, column, kind, state, written, left)
    if rows := state.filters.get(table):
        _filtered(table, rows, types, written, left)


def _masked(table: str, column: str, kind: str, state: Policies, written: list[str], left: list[str]) -> None:
    mask, type_ = mask_of(state, table, column, kind), _type(kind)
    shown = _shown(mask, type_)
    if shown is None:
        left.append(f"{table}.{column}: the mask {mask.words} has no counterpart; NULL is shown in its place.")
    function = _function(table, f"mask_{column}")
    may = " OR ".join(_is(one) for one in _unmasked(table, column, state)) or "FALSE"
    written.append(
        f"CREATE OR REPLACE FUNCTION {function}(v {type_}) RETURNS {type_} "
        f"RETURN CASE WHEN {may} THEN v ELSE {shown or f'CAST(NULL AS {type_})'} END"
    )
    written.append(f"ALTER TABLE {_named(table)} ALTER COLUMN {quoted(column)} SET MASK {function}")


def _function(table: str, name: str) -> str:
    schema, _, short = table.rpartition(".")
    return f"{_named(schema)}.{quoted(f'{name}_of_{short}')}"


def _shown(mask: Mask, kind: str) -> str | None:
    """What a mask shows of `v`; None where there is no counterpart. The key of hashes is a secret of that workspace."""
    match mask.kind:
        case "null":
            return f"CAST(NULL AS {kind})"
        case "hash":
            return (
                f"left(sha2(concat(secret('governance', {text_of(mask.argument or mask.domain)}), v), 256), {HASHED})"
            )
        case "partial":
            first, last = mask.argument.split(",")
            whole = f"concat(left(v, {first}), '{HIDDEN}', right(v, {last}))"
            return f"CASE WHEN char_length(v) <= {int(first) + int(last)} THEN '{HIDDEN}' ELSE {whole} END"
        case "generalise" if kind in ("date", "timestamp"):
            return f"CAST(date_trunc({text_of(mask.argument)}, v) AS {kind})"
        case "generalise" if kind == "string":
            return f"left(v, {mask.argument})"
        case "generalise":
            return f"CAST(floor(v / {mask.argument}) * {mask.argument} AS {kind})"
        case _:
            return None


def _is(principal: str) -> str:
    return (
        "TRUE"
        if principal == EVERYONE
        else f"is_account_group_member({text_of(principal)}) OR current_user() = {text_of(principal)}"
    )


def _unmasked(table: str, column: str, state: Policies) -> list[str]:
    """Who may see a column as it is, by grants without a limit; nobody, where somebody is forbidden to."""
    one = state.class_of(table, column)
    tags = {f"class={one.sensitivity}", f"kind={one.kind}"} if one else set()
    on = [grant for name in ancestors(f"{table}.{column}") for grant in state.grants_on.get(name, ())]
    of = [grant for grant in on if grant.privilege in ("unmask", "all") and (not grant.tag or grant.tag in tags)]
    if any(grant.effect == "forbid" for grant in of):
        return []
    return sorted({grant.principal for grant in of if not _limits(grant)})


def _limits(grant: Grant) -> list[str]:
    """What limits a grant that there is no counterpart for, beside its tag."""
    given = {"an end": grant.until, "a purpose": grant.purpose, "a version": grant.version}
    return [name for name, value in given.items() if value not in (None, "")]


def _filtered(table: str, rows: RowFilter, types: dict[str, str], written: list[str], left: list[str]) -> None:
    tree = sqlglot.parse_one(rows.condition, read="spark")
    if any(str(node.this).lower() == "attribute" for node in tree.find_all(exp.Anonymous)):
        left.append(f"{table}: attribute() has no counterpart, so no row is shown there to who is not exempt.")
        tree = exp.false()
    names = list(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
    condition = tree.transform(_asked).sql(dialect="spark", identify=True, comments=False)
    exempt = "".join(f" OR {_is(one)}" for one in rows.exempt)
    takes = ", ".join(f"{quoted(name)} {_type(types[name])}" for name in names if name in types)
    function = _function(table, "rows")
    written.append(f"CREATE OR REPLACE FUNCTION {function}({takes}) RETURNS BOOLEAN RETURN ({condition}){exempt}")
    written.append(f"ALTER TABLE {_named(table)} SET ROW FILTER {function} ON ({', '.join(map(quoted, names))})")


def _asked(node: exp.Expr) -> exp.Expr:
    """The questions of a row filter as that catalogue asks them."""
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "is_member":
        return exp.Anonymous(this="is_account_group_member", expressions=node.expressions)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "principal":
        return exp.Anonymous(this="current_user", expressions=[])
    return node


def _granted(grant: Grant, state: Policies, written: list[str], left: list[str]) -> None:
    one = state.securables.get(grant.securable)
    said = f"{grant.grant} ({grant.effect} {grant.privilege} to {grant.principal} on {grant.securable})"
    if grant.privilege == "unmask" and grant.effect == "permit" and not _limits(grant):
        return  # it stands in the functions of the masks
    reasons = [
        *(["it forbids"] if grant.effect == "forbid" else []),
        *(f"it has {limit}" for limit in _limits(grant)),
        *(["it is by tag"] if grant.tag else []),
        *([f"there is no privilege {grant.privilege}"] if grant.privilege not in _PRIVILEGES else []),
        *(["it is on no catalog, schema or table"] if one is None or one.kind not in _KINDS else []),
    ]
    if reasons or one is None:
        left.append(f"{said}: {', and '.join(reasons)}, for which there is no counterpart.")
        return
    to = "account users" if grant.principal == EVERYONE else grant.principal
    written.append(f"GRANT {_PRIVILEGES[grant.privilege]} ON {_KINDS[one.kind]} {_named(one.name)} TO {quoted(to)}")

"""The page that people read: what a contract promises, table by table, and how it came to be.

Owns the Markdown. Whatever a contract says stands in it as text: nothing in a description becomes a heading, a cell
or HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from toolkit.quality import sql_text
from toolkit.quality.contracts.compatibility import compare
from toolkit.quality.contracts.model import Column, Contract, ContractTable
from toolkit.quality.contracts.promises import rules_of, unread
from toolkit.quality.rules import Rule, SetRule


def page(contract: Contract, history: Sequence[Contract] = ()) -> str:
    """The contract as a page of Markdown.

    Args:
        contract: the version to show.
        history: earlier versions, oldest first; the page then tells what changed from each to the next.
    """
    parts = [*_head(contract)]
    for table in contract.tables:
        parts += _table(table, contract)
    if contract.service_levels:
        parts += ["## Other service levels", _levels(contract)]
    if kept := unread(contract):
        parts += ["## Said, but not checked here", "\n".join(f"- {_plain(one)}" for one in kept)]
    if history:
        parts += ["## History", *_history([*history, contract])]
    return "\n\n".join(parts) + "\n"


def table_of(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table of cells that are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _head(contract: Contract) -> Iterator[str]:
    yield f"# {_plain(contract.name or contract.id)}"
    yield f"Version {contract.version}, {_plain(contract.status)}. {_who(contract)}"
    for title, text in (("", contract.description), ("Use", contract.usage), ("Limits", contract.limitations)):
        if text:
            yield f"**{title}.** {_plain(text)}" if title else _plain(text)
    facts = [("Id", contract.id), ("Domain", contract.domain), ("Tags", ", ".join(contract.tags))]
    yield "\n".join(f"- {name}: {_plain(value)}" for name, value in facts if value)


def _who(contract: Contract) -> str:
    return f"Owner: {_plain(contract.owner)}." if contract.owner else "No owner is named."


def _table(table: ContractTable, contract: Contract) -> Iterator[str]:
    yield f"## {_plain(table.name)}"
    if table.description:
        yield _plain(table.description)
    if table.primary_key:
        yield f"Primary key: {_code(', '.join(table.primary_key))}."
    if table.columns:
        head = ("Column", "Type", "Null", "Meaning", "Who may see it", "Examples")
        yield table_of(head, (_column(".".join(sql_text.parts(path)), column) for path, column in table.walk()))
    if promises := list(_promises(table)):
        yield "\n".join(f"- {promise}" for promise in promises)
    if rules := rules_of(table, contract):
        yield "### Rules"
        yield table_of(("Rule", "What is true of the data", "When broken", "Rows that may break it"), map(_rule, rules))


def _column(path: str, column: Column) -> Sequence[str]:
    null = "yes" if column.nullable else "no"
    return (
        _code(path),
        _code(column.type) if column.type else _plain(_promised_type(column)),
        f"{null}, unique" if column.unique else null,
        _plain(column.description),
        _plain(column.classification),
        _plain(", ".join(map(str, column.examples))),
    )


def _promised_type(column: Column) -> str:
    """What the file says of a type that is not Spark's."""
    said = (str(column.extras.get("physicalType") or ""), column.logical_type)
    return ", ".join(filter(None, said))


def _promises(table: ContractTable) -> Iterator[str]:
    if promise := table.freshness:
        yield f"Fresh: the latest {_code(promise.column)} is at most {promise.within:g} {promise.unit} old."
    if volume := table.volume:
        bounds = (("at least", volume.min_rows), ("at most", volume.max_rows))
        yield f"Volume: {' and '.join(f'{word} {rows:,} rows' for word, rows in bounds if rows is not None)}."


_ACTIONS = {"info": "is recorded", "warn": "warns", "error": "row is quarantined", "critical": "stops the run"}


def _rule(rule: Rule) -> Sequence[str]:
    condition = f" (where {rule.where})" if rule.where else ""
    if isinstance(rule, SetRule):
        # It has no row to put away: its failure is the table's.
        action = _ACTIONS[rule.severity] if rule.severity != "error" else "fails the table"
        return _code(rule.name), _plain(rule.description + condition), action, ""
    share = f"{rule.tolerance * 100:.6g}%" if rule.tolerance else "none"
    return _code(rule.name), _plain(rule.description + condition), _ACTIONS[rule.severity], share


def _levels(contract: Contract) -> str:
    head = ("Promise", "Value", "Of", "Why")
    return table_of(
        head,
        (
            [
                _plain(str(level.get("property"))),
                _plain(f"{level.get('value')} {level.get('unit') or ''}".strip()),
                _plain(str(level.get("element") or "")),
                _plain(str(level.get("description") or level.get("driver") or "")),
            ]
            for level in contract.service_levels
        ),
    )


def _history(versions: Sequence[Contract]) -> Iterator[str]:
    for old, new in reversed(list(pairwise(versions))):
        found = compare(old, new)
        yield f"### {old.version} → {new.version}"
        lines = [f"- {change.level}: {_plain(str(change))}. {_plain(change.why)}" for change in found.changes]
        yield "\n".join(lines) or "Nothing changed."


def _plain(text: str) -> str:
    """Text that stays text in a paragraph, a list or a cell."""
    one_line = " ".join(text.split())
    for sign, instead in (
        ("\\", "\\\\"),
        ("|", "\\|"),
        ("<", "&lt;"),
        ("*", "\\*"),
        ("_", "\\_"),
        ("`", "\\`"),
        ("[", "\\["),
    ):
        one_line = one_line.replace(sign, instead)
    return f"\\{one_line}" if one_line[:1] in {"#", "-", "+", ">"} else one_line


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39)).replace('|', chr(92) + '|')}`"

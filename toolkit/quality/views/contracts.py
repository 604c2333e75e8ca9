"""Which contracts there are, which columns are not as they promise, and what changed between two versions of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field

from toolkit.parameters import Parameters
from toolkit.quality.contracts import Contract, ContractTable, compare, drift, load, rules_of, unread
from toolkit.quality.contracts.places import contracts, file_of, folders, name_of
from toolkit.quality.views.naming import OfAnyTable
from toolkit.quality.views.promises import CONTRACT, OfContract, judging, promises
from toolkit.scenario import writer_of
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import plural

_WORST = ("broken", "unknown", "not measured", "at risk", "kept")


def _contracts(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    found = contracts()
    rows = [
        _contract_row(lakehouse, file, contract, table)
        for file, contract in found.contracts.items()
        for table in contract.tables
        if parameters.table in {"", table.name}
    ]
    rows.sort(key=lambda row: (_WORST.index(row["state"]), row["table"]))
    draft = f"Draft one: toolkit quality contract draft {parameters.table or 'TABLE'} > {folders()[-1]}/FILE.yaml"
    problems = tuple(f"{file} cannot be used: {problem}" for file, problem in found.damaged.items())
    missing = dict.fromkeys(row["table"] for row in rows if row["differences"] is None)
    notes = [f"{table} is not there yet{_run_that_writes(table)}." for table in missing]
    return Result(rows, tuple(notes) if rows else (draft,), problems=problems)


def _run_that_writes(table: str) -> str:
    scenario = writer_of(table)
    return f": toolkit run {scenario}" if scenario else ""


def _contract_row(lakehouse: Lakehouse, file: Path, contract: Contract, table: ContractTable) -> Row:
    every = list(promises(lakehouse, contract, table))
    differences = _differences_of(lakehouse, table)
    states = [one.state for one in every]
    columns = "unknown" if differences is None else "broken" if differences else "kept"
    return {
        "state": min([columns, *states], key=_WORST.index),
        "table": table.name,
        "id": contract.id,
        "version": contract.version,
        "status": contract.status,
        "owner": contract.owner or None,
        "differences": None if differences is None else len(differences),
        "promises": len(every),
        "broken": states.count("broken"),
        "not_measured": states.count("not measured") + states.count("unknown"),
        "contract": name_of(file),
        "file": str(file),
        "what_differs": differences or [],
    }


def _differences_of(lakehouse: Lakehouse, table: ContractTable) -> list[str] | None:
    """What differs in the columns of a table; None where it is not there."""
    if not lakehouse.exists(table.name):
        return None
    return [str(one) for one in drift(table, lakehouse.open(table.name))]


def _contract_sentence(row: Row) -> str:
    owner = f"owner: {row['owner']}" if row["owner"] else "no owner is named"
    lines = [
        f"{row['table']} against contract {row['id']} {row['version']}, {row['status']}, {owner}: {row['contract']}"
    ]
    if row["differences"] is None:
        return lines[0]
    lines += row["what_differs"] or ["Its columns are as in the contract."]
    kept = row["promises"] - row["broken"] - row["not_measured"]
    lines.append(f"{kept:,} of {plural(row['promises'], 'promise')} kept, {row['not_measured']:,} not measured.")
    return "\n".join(lines)


CONTRACTS = View(
    "contracts",
    "Contracts",
    "Which contracts promise something of a table, and is it kept?",
    _contracts,
    (
        Column("state", "state"),
        Column("table", "name"),
        Column("id", "name", "contract"),
        Column("version", "name"),
        Column("differences", "count"),
        Column("promises", "count", shown="wide"),
        Column("broken", "count", shown="wide"),
        Column("not_measured", "count", shown="wide"),
        Column("status", "name", shown="wide"),
        Column("owner", "text", shown="wide"),
        Column("contract", "name", "name", shown="asked"),
        Column("file", "name", shown="asked"),
        Column("what_differs", "names", shown="asked"),
    ),
    OfAnyTable,
    key=("contract", "table"),
    sentence=_contract_sentence,
    links=(
        Link(
            "enter",
            "Promises",
            "quality.promises",
            "Show each promise of the contract, and what became of it.",
            {"contract": "contract", "table": "table"},
        ),
        Link(
            "d",
            "Differences",
            "quality.differences",
            "Show which columns are not as promised.",
            {"contract": "contract"},
        ),
    ),
    empty="No contract to show: the line below says how to make one.",
)


def _differences(lakehouse: Lakehouse, parameters: OfContract) -> Result:
    contract = load(file_of(parameters.contract))
    rows = [
        {
            "table": table.name,
            "column": one.column,
            "kind": one.kind,
            "expected": one.expected or None,
            "found": one.found or None,
            "difference": str(one),
        }
        for table in contract.tables
        for one in drift(table, lakehouse.open(table.name))
    ]
    return Result(rows, (*unread(contract), *_unasked(contract.tables, contract, parameters.contract)))


def _unasked(tables: Sequence[ContractTable], contract: Contract, file: str) -> Iterable[str]:
    return (f"Its rows were not asked: {judging(table.name, file)}" for table in tables if rules_of(table, contract))


DIFFERENCES = View(
    "differences",
    "Differences from a contract",
    "Which columns of the stored tables are not as a contract promises?",
    _differences,
    (
        Column("table", "name"),
        Column("column", "name"),
        Column("kind", "name", shown="wide"),
        Column("difference", "text"),
        Column("expected", "text", shown="asked"),
        Column("found", "text", shown="asked"),
    ),
    OfContract,
    key=("table", "column", "kind"),
    sentence=lambda row: f"{row['table']}: {row['difference']}",
    empty="The columns of every table are as its contract says.",
)


class TwoVersions(Parameters):
    """Two versions of a contract."""

    old: str = Field(description=CONTRACT)
    new: str = Field(description="The later version of it.")


def _changes(lakehouse: Lakehouse, parameters: TwoVersions) -> Result:
    del lakehouse
    found = compare(load(file_of(parameters.old)), load(file_of(parameters.new)))
    rows = [
        {
            "breaking": one.breaking,
            "level": one.level,
            "where": one.where,
            "kind": one.kind,
            "change": one.said,
            "why": one.why,
        }
        for one in found.changes
    ]
    return Result(rows, (f"{found.level}: the next version is {found.next_version}.",))


CHANGES = View(
    "changes",
    "Changes of a contract",
    "What changed between two versions of a contract, and what of it breaks those who read the tables?",
    _changes,
    (
        Column("breaking", "yes"),
        Column("level", "name", shown="wide"),
        Column("where", "name"),
        Column("kind", "name"),
        Column("change", "text"),
        Column("why", "text", shown="wide"),
    ),
    TwoVersions,
    key=("where", "kind", "change"),
    sentence=lambda row: f"{row['where']}: {row['kind'].replace('_', ' ')} {row['change']}\n{row['why']}",
    empty="Nothing changed.",
)

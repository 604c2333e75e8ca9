"""The contracts and rules that speak of a table, and what became of what they promise.

Owns where they lie: contracts in the folder `contracts` of a scenario and in that of `TOOLKIT_HOME`, files of rules in the
folder `rules` of a scenario. Reads without a JVM.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import ToolkitError
from toolkit.lakehouse import Lakehouse
from toolkit.quality.history import Load, by_rule, loads, measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.reader import DeltaReader, open_table
from toolkit.tui.problems import told

if TYPE_CHECKING:
    from toolkit.quality.contracts import Contract, ContractTable, Difference
    from toolkit.quality.rules import Rule
    from toolkit.quality.sla import SlaReport

FOLDER, RULES = "contracts", "rules"


@dataclass(frozen=True)
class PromisedRule:
    """A rule that follows from a contract, and its newest result; None when it was never measured under that name."""

    name: str
    description: str
    newest: Measurement | None


@dataclass(frozen=True)
class Held:
    """A table held against one contract."""

    file: Path
    contract: Contract
    table: ContractTable
    differences: tuple[Difference, ...]
    rules: tuple[PromisedRule, ...]
    slas: tuple[SlaReport, ...]
    rows: int
    """Of the table, as it is now."""


@dataclass
class ContractsOfTable:
    """All contracts on one table, and the files that are none."""

    held: list[Held] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)


def folders() -> list[Path]:
    """Where contracts may lie; the user's own last."""
    from toolkit.tui import catalogue

    found = [scenario.folder / FOLDER for scenario in catalogue.read().scenarios]
    return [*found, paths.home() / FOLDER]


def files() -> Iterator[Path]:
    """Every file that may be a contract."""
    for folder in folders():
        yield from sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


def read(table: str, now: datetime) -> ContractsOfTable:
    """Hold a table against every contract that names it; a file that cannot be used does not hide the others.

    Raises:
        UsageError: there is no such table.
        DataError: its log is damaged.
    """
    found = ContractsOfTable()
    reader = open_table(table)
    newest = _newest(table)
    came = loads(reader)
    for file, contract, promised in _promises(table, found.damaged):
        found.held.append(_held(file, contract, promised, reader, newest, came, now))
    return found


def declared(table: str, rule: str) -> tuple[str, str]:
    """The description and the owner that a contract or a file of rules gives a rule; empty texts when none does."""
    from toolkit.quality.contracts import rules_of

    for one in _rules_in_files(table):
        if one.name == rule:
            return one.description, one.owner
    for _, contract, promised in _promises(table, {}):
        for one in rules_of(promised, contract):
            if one.name == rule:
                return one.description, one.owner or contract.owner
    return "", ""


def _rules_in_files(table: str) -> Iterator[Rule]:
    """The rules on a table in the folder `rules` of any scenario; a file that holds none is passed over."""
    from toolkit.quality.rules.files import load
    from toolkit.tui import catalogue

    for scenario in catalogue.read().scenarios:
        for file in sorted((scenario.folder / RULES).glob("*.y*ml")):
            with suppress(ToolkitError):
                found = load(file)
                yield from found.rules if found.table == table else ()


def _promises(table: str, damaged: dict[Path, str]) -> Iterator[tuple[Path, Contract, ContractTable]]:
    """Each contract with what it says of the table."""
    from toolkit.quality.contracts import load

    for file in files():
        try:
            contract = load(file)
        except (ToolkitError, OSError) as problem:
            damaged[file] = told(problem).what
            continue
        for promised in contract.tables:
            if promised.name == table:
                yield file, contract, promised


def _held(
    file: Path,
    contract: Contract,
    promised: ContractTable,
    reader: DeltaReader,
    newest: dict[str, Measurement],
    came: list[Load],
    now: datetime,
) -> Held:
    from toolkit.quality.contracts import drift, rules_of

    rules = tuple(PromisedRule(one.name, one.description, newest.get(one.name)) for one in rules_of(promised, contract))
    slas = tuple(_slas(promised, came, now))
    return Held(file, contract, promised, drift(promised, reader), rules, slas, reader.count())


def _slas(promised: ContractTable, came: list[Load], now: datetime) -> Iterator[SlaReport]:
    """How the promise of freshness was kept lately, seen from the loads of the table."""
    from toolkit.quality.sla import FreshnessSla

    if promised.freshness:
        yield FreshnessSla(table=promised.name, hours=promised.freshness.hours).report(came, now)


def _newest(table: str) -> dict[str, Measurement]:
    """The newest result of each rule on the table."""
    if not Lakehouse.default().exists(RESULTS):
        return {}
    return {one.rule: one.newest for one in by_rule(measurements(open_table(RESULTS), table=table))}

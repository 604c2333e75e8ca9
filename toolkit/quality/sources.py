"""Where the rules of a table stand: in a file, in a contract, or with the scenario that wrote it.

Owns that all of them is read, and refused, without Spark; only frames that rules refer to need it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from toolkit.errors import DataError, UsageError
from toolkit.parameters import File, FileOrName, option
from toolkit.quality.views.naming import OfAnyPlace
from toolkit.store import links
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.platform import DataPlatform
    from toolkit.quality.contracts.judgement import Promised
    from toolkit.quality.engine import Check


class Source(OfAnyPlace):
    """A table, and where its rules stand; what its scenario declares when neither a file nor a contract is named."""

    rules: File | None = Field(None, description="A file of rules; those of the table's scenario when left out.")
    contract: FileOrName | None = Field(
        None, description="A contract in place of rules, as a file or by name: all that it promises of the table."
    )
    references: dict[str, str] = option(
        {}, "name=table: a table that this one refers to, by its name in rules; may be repeated.", name="ref"
    )


def given(source: Source) -> Promised | None:
    """The rules of a file or of a contract; None where neither is named.

    Raises:
        UsageError: no such table, reference or file; both are named; or they are the rules of another table.
    """
    for reference in source.references.values():
        Lakehouse.default().open(reference)
    if source.rules and source.contract:
        raise UsageError("Rules and a contract are given.", cure="Name one: --rules FILE, or --contract FILE.")
    if source.contract:
        return _promised(source, source.contract)
    return _of_file(source, source.rules) if source.rules else None


def _promised(source: Source, contract: str) -> Promised:
    from toolkit.quality import contracts
    from toolkit.quality.contracts.judgement import promised
    from toolkit.quality.contracts.places import file_of

    return promised(
        contracts.load(file_of(contract)), Lakehouse.default().open(source.table), source.references, _is_there
    )


def _of_file(source: Source, file: Path) -> Promised:
    from toolkit.quality.contracts.judgement import Promised
    from toolkit.quality.rules import load

    declared = load(file)
    # A linked table is called otherwise where it lies.
    if declared.table != source.table and not links.is_linked(source.table):
        raise UsageError(
            f"{file} holds the rules of {declared.table}, not of {source.table}.", cure="Name the other table."
        )
    return Promised(declared.rules, source.references, ())


def _is_there(table: str) -> bool:
    try:
        Lakehouse.default().open(table)
    except (UsageError, DataError):
        return False
    return True


def incoming(table: str, rules: Path | None, contract: str | None, references: Mapping[str, str]) -> Promised | None:
    """The rules of a file or of a contract for rows on their way to a table, be it there or not; None where neither is named.

    Raises:
        UsageError: as `given`; or the contract promises nothing of the table.
    """
    if contract is None or rules:
        return given(Source(table=table, rules=rules, contract=contract, references=dict(references)))
    from toolkit.quality import contracts
    from toolkit.quality.contracts.judgement import promised_of_incoming
    from toolkit.quality.contracts.places import file_of

    return promised_of_incoming(contracts.load(file_of(contract)), table, references, _is_there)


def check_of(platform: DataPlatform, table: str, rules: Promised | None) -> Check:
    """The rules with the frames that they refer to; those that the scenario declares when there are none."""
    from toolkit.quality.engine import Check

    if rules is None:
        return declared_check(platform, table)
    return Check(rules.rules, {name: platform.read(other) for name, other in rules.references.items()})


def declared_check(platform: DataPlatform, table: str) -> Check:
    """The check that the scenario of the platform declares for a table.

    Raises:
        UsageError: it declares none.
    """
    scenario = platform.scenario
    # The scenario that stands for none has no steps, and no file to look into.
    declares = getattr(scenario.bodies(), "checks", None) if scenario.steps else None
    found: dict[str, Check] = declares(platform) if declares else {}
    if table not in found:
        raise UsageError(
            f"No scenario declares rules for {table}.",
            choices=found,
            cure="A scenario declares them in a function `checks` of its steps.py. To judge, a file does: --rules FILE; "
            "`toolkit quality suggest` writes one.",
        )
    return found[table]

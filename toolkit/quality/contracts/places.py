"""Where contracts and files of rules lie, and what they say of a table.

Contracts lie in the folder `contracts` of a scenario and in that of `TOOLKIT_HOME`, files of rules in the folder `rules` of a
scenario. Reads without a JVM.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths, scenario
from toolkit.errors import ToolkitError, UsageError
from toolkit.quality.contracts.model import Contract
from toolkit.quality.contracts.odcs_reader import load
from toolkit.quality.contracts.promises import rules_of

if TYPE_CHECKING:
    from toolkit.quality.rules import Rule

FOLDER, RULES = "contracts", "rules"


@dataclass(frozen=True)
class Found:
    """The contracts that can be read, by file, and what is wrong with the other files."""

    contracts: dict[Path, Contract]
    damaged: dict[Path, str]


def folders() -> list[Path]:
    """Where contracts may lie; the user's own last."""
    return [*(one.folder / FOLDER for one in scenario.discover().values()), paths.home() / FOLDER]


def files() -> list[Path]:
    """Every file that may be a contract."""
    return [file for folder in folders() for file in sorted(folder.glob("*.y*ml"))]


def name_of(file: Path) -> str:
    """How a file of one of the folders is named: without its folder and its ending, where no other is called so."""
    return file.stem if sum(other.stem == file.stem for other in files()) == 1 else str(file)


def file_of(name: str) -> Path:
    """The file of that path, or else the one of that name in a folder of contracts.

    Raises:
        UsageError: there is none.
    """
    if Path(name).exists():
        return Path(name)
    known = {name_of(file): file for file in files()}
    if name not in known:
        # The id is what a list of contracts shows first.
        of_id = [file for file, contract in contracts().contracts.items() if contract.id == name]
        if len(of_id) == 1:
            return of_id[0]
        raise UsageError.unknown("contract", name, known, cure="Name a file, or one of these.")
    return known[name]


def contracts() -> Found:
    """Every contract; a file that is none does not hide the others."""
    found = Found({}, {})
    for file in files():
        try:
            found.contracts[file] = load(file)
        except (ToolkitError, OSError) as problem:
            found.damaged[file] = str(problem)
    return found


def described(table: str, rule: str) -> tuple[str, str]:
    """The description and the owner that a file of rules or a contract gives a rule; empty texts when none does."""
    for one in _rules_in_files(table):
        if one.name == rule:
            return one.description, one.owner
    for contract in contracts().contracts.values():
        for promised in contract.tables:
            for one in rules_of(promised, contract) if promised.name == table else ():
                if one.name == rule:
                    return one.description, one.owner or contract.owner
    return "", ""


def _rules_in_files(table: str) -> Iterator[Rule]:
    """The rules on a table in the folder `rules` of any scenario; a file that holds none is passed over."""
    from toolkit.quality.rules.files import load as rules_in

    for one in scenario.discover().values():
        for file in sorted((one.folder / RULES).glob("*.y*ml")):
            with suppress(ToolkitError):
                found = rules_in(file)
                yield from found.rules if found.table == table else ()

"""`toolkit quality contract`: what tables promise, and whether they keep it. No JVM is started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, show

if TYPE_CHECKING:
    from toolkit.quality.contracts import Change, Contract

app = typer.Typer(help="Data contracts in the Open Data Contract Standard.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A contract: YAML of the Open Data Contract Standard, version 3.")]


@app.command("check")
def check(contract: File, as_json: AsJson = False) -> None:
    """Hold the stored tables to a contract's schema. The exit code is 4 if one differs."""
    from toolkit import reader
    from toolkit.errors import ExitCode
    from toolkit.quality import contracts

    declared = contracts.load(contract)
    rows = [
        {"table": table.name, "difference": str(one)}
        for table in declared.tables
        for one in contracts.drift(table, reader.open_table(table.name))
    ]
    show(rows, as_json=as_json, empty="The columns of every table are as its contract says.")
    _print_unread(declared)
    for table in declared.tables:
        if contracts.rules_of(table, declared):
            told = f"Its rows were not asked: toolkit quality run {table.name} --contract {contract}"
            err.print(Text(told, "dim"), soft_wrap=True)
    if rows:
        raise typer.Exit(ExitCode.QUALITY)


@app.command("compare")
def compare(
    old: File, new: Annotated[Path, typer.Argument(help="The later version of it.")], as_json: AsJson = False
) -> None:
    """Say what changed between two versions, what of it breaks consumers, and which version number follows."""
    from toolkit.quality import contracts

    found = contracts.compare(contracts.load(old), contracts.load(new))
    rows = [_change_as_data(change) if as_json else _change_as_words(change) for change in found.changes]
    show(rows, as_json=as_json, empty="Nothing changed.")
    err.print(Text(f"{found.level}: the next version is {found.next_version}.", "bold"))


def _change_as_data(change: Change) -> dict[str, Any]:
    told = {"breaking": change.breaking, "level": change.level, "kind": change.kind, "where": change.where}
    return {**told, "change": change.said, "why": change.why}


def _change_as_words(change: Change) -> dict[str, Any]:
    what = f"{change.kind.replace('_', ' ')}{f': {change.said}' if change.said else ''}"
    return {"breaking": change.breaking, "where": change.where, "change": what, "why": change.why}


@app.command("draft")
def draft(table: Annotated[str, typer.Argument(help="Such as silver.orders.")]) -> None:
    """Print a first contract for a stored table, to be edited."""
    from toolkit import reader
    from toolkit.quality import contracts

    out.file.write(contracts.dump(contracts.from_table(reader.open_table(table))))


@app.command("page")
def page(contract: File) -> None:
    """Print a contract as the Markdown page that people read."""
    from toolkit.quality import contracts

    out.file.write(contracts.page(contracts.load(contract)))


@app.command("rules")
def rules(contract: File, as_json: AsJson = False) -> None:
    """List every rule that a contract names or implies."""
    from toolkit.quality import contracts

    declared = contracts.load(contract)
    rows = [
        {"table": table.name, "rule": rule.name, "kind": rule.kind, "severity": rule.severity, "what": rule.description}
        for table in declared.tables
        for rule in contracts.rules_of(table, declared)
    ]
    show(rows, as_json=as_json, empty="It has no rules.")
    _print_unread(declared)


def _print_unread(contract: Contract) -> None:
    """What the contract says that nothing checks, on the error output, where it harms no JSON."""
    from toolkit.quality import contracts

    for sentence in contracts.unread(contract):
        err.print(Text(sentence, "dim"), soft_wrap=True)

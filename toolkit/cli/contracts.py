"""`toolkit quality contract`: what tables promise, and whether they keep it. No JVM is started."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, show

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
    for sentence in contracts.unread(declared):
        err.print(Text(f"Kept, but not checked: {sentence}", "dim"))
    for table in declared.tables:
        if contracts.rules_of(table):
            err.print(Text(f"Its rows were not asked: toolkit quality run {table.name} --contract {contract}", "dim"))
    if rows:
        raise typer.Exit(ExitCode.QUALITY)


@app.command("compare")
def compare(
    old: File, new: Annotated[Path, typer.Argument(help="The later version of it.")], as_json: AsJson = False
) -> None:
    """Say what changed between two versions, what of it breaks consumers, and which version number follows."""
    from toolkit.quality import contracts

    found = contracts.compare(contracts.load(old), contracts.load(new))
    rows = [{"level": c.level, "where": c.where, "change": c.said, "why": c.why} for c in found.changes]
    show(rows, as_json=as_json, empty="Nothing changed.")
    err.print(Text(f"{found.level}: the next version is {found.next_version}.", "bold"))


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

    rows = [
        {"table": table.name, "rule": rule.name, "kind": rule.kind, "severity": rule.severity, "what": rule.description}
        for table in contracts.load(contract).tables
        for rule in contracts.rules_of(table)
    ]
    show(rows, as_json=as_json, empty="It has no rules.")

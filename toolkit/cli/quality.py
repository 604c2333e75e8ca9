"""`toolkit quality`: the files that it prints beside its views and tasks: contracts, and rules that a profile suggests."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out
from toolkit.governance.lens import looked_at
from toolkit.words import literal

contract = typer.Typer(
    help="Contracts as files: hold tables to one, draft one, make a page of one.", no_args_is_help=True
)
Table = Annotated[str, typer.Argument(help="Such as silver.orders.")]
File = Annotated[str, typer.Argument(help="A contract: a file, or the name of one that lies with a scenario.")]
ReferencesTo = Annotated[
    list[str] | None,
    typer.Option("--ref", metavar="NAME=TABLE", help="A table that this one refers to, by its name in rules."),
]


def add_to(area: typer.Typer) -> None:
    """Add what quality offers beyond its views and tasks."""
    area.command("suggest")(suggested)
    area.add_typer(contract, name="contract")


@contract.command("check")
def check(contract: File, as_json: AsJson = False) -> None:
    """Hold the columns of the stored tables to a contract, as `differences` does. The exit code is 4 if one differs."""
    from toolkit import areas
    from toolkit.cli.views import AS_TEXT, print_view
    from toolkit.errors import ExitCode
    from toolkit.views import Arrangement

    asked = areas.question("quality.differences", {"contract": contract})
    how = {**AS_TEXT, "json": as_json}
    if print_view(areas.view(asked.address), asked.parameters, Arrangement(), how):
        raise typer.Exit(ExitCode.QUALITY)


@contract.command("draft")
def draft(table: Table) -> None:
    """Print a first contract for a stored table, to be edited."""
    from toolkit.quality import contracts

    out.file.write(contracts.dump(contracts.from_table(looked_at().open(table))))


@contract.command("page")
def page(contract: File) -> None:
    """Print a contract as the Markdown page that people read."""
    from toolkit.quality import contracts
    from toolkit.quality.contracts.places import file_of

    out.file.write(contracts.page(contracts.load(file_of(contract))))


def suggested(
    table: Table,
    reference: ReferencesTo = None,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="Count the values of likely keys exactly; else they are estimated."),
    ] = False,
) -> None:
    """Profile a table, and print the rules that follow as a file to be edited; each with its reason and confidence.

    With --ref also rules that a column refers to the other table. A key that is estimated only warns; one that --confirm
    has counted may block rows, and one that has a value twice is suggested no more.
    """
    from toolkit.cli.views import pairs, performed
    from toolkit.quality.profiling import as_yaml, refuted, suggest
    from toolkit.quality.tasks import PROFILE, Profiled

    references = pairs("ref", reference or ())
    asked = Profiled(table=table, references=references, confirm=confirm)
    _, found = performed("quality", PROFILE, asked, None, quiet=False)
    rules = suggest(found)
    out.print(Text(as_yaml(rules, table)), end="", soft_wrap=True)
    for sentence in refuted(found):
        err.print(Text(literal(sentence)), soft_wrap=True)
    if any(one.rule.kind == "references" for one in rules):
        words = "".join(f" --ref {name}={other}" for name, other in references.items())
        err.print(Text(f"Judge by them: toolkit quality run {table} --rules FILE{words}", "dim"), soft_wrap=True)

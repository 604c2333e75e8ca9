"""`toolkit quality`: what it offers beyond its views: work that is no task yet, and files that are printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.live import task_watched
from toolkit.cli.output import AsJson, err, out, print_json, show
from toolkit.words import literal, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.quality.results import QualityResult
    from toolkit.views import Row

app = typer.Typer()
contract = typer.Typer(
    help="Contracts as files: hold tables to one, draft one, make a page of one.", no_args_is_help=True
)
app.add_typer(contract, name="contract")
File = Annotated[str, typer.Argument(help="A contract: a file, or the name of one that lies with a scenario.")]

Table = Annotated[str, typer.Argument(help="Such as silver.orders.")]
Rule = Annotated[str, typer.Option("--rule", help="Only rows that this rule sent there.")]
Where = Annotated[str, typer.Option("--where", help="Only rows that meet this SQL condition.")]
RunId = Annotated[str | None, typer.Option("--run-id", hidden=True)]
ReferencesTo = Annotated[
    list[str] | None,
    typer.Option("--ref", help="name=table: a table that this one refers to, by its name in rules; may be repeated."),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="column=SQL: the repair; may be given several times.")
]


@contract.command("check")
def check(contract: File, as_json: AsJson = False) -> None:
    """Hold the columns of the stored tables to a contract, as `differences` does. The exit code is 4 if one differs."""
    from toolkit.errors import ExitCode

    if _print_view("quality.differences", {"contract": contract}, as_json=as_json):
        raise typer.Exit(ExitCode.QUALITY)


@contract.command("draft")
def draft(table: Table) -> None:
    """Print a first contract for a stored table, to be edited."""
    from toolkit import reader
    from toolkit.quality import contracts

    out.file.write(contracts.dump(contracts.from_table(reader.open_table(table))))


@contract.command("page")
def page(contract: File) -> None:
    """Print a contract as the Markdown page that people read."""
    from toolkit.quality import contracts
    from toolkit.quality.contracts.places import file_of

    out.file.write(contracts.page(contracts.load(file_of(contract))))


@app.command("run")
def judged(
    table: Table,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A file of rules; those of the table's scenario when left out.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option("--contract", help="A contract in place of rules: all that it promises of the table.")
    ] = None,
    reference: ReferencesTo = None,
    form: Annotated[str, typer.Option("--format", help="table, json, junit, markdown or html.")] = "table",
    run_id: RunId = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Judge a table as it is. The exit code is 4 if a rule fails, or cannot be measured, that is more than a warning."""
    from toolkit import tasks
    from toolkit.errors import ExitCode, UsageError
    from toolkit.quality.contracts.places import file_of
    from toolkit.quality.reports import FORMS

    if form not in {"table", *FORMS}:
        raise UsageError.unknown("format", form, ["table", *FORMS])
    references = _references(reference)
    with task_watched(table, run_id, quiet=quiet) as (name, listener):
        result = tasks.judge(
            table,
            rules,
            references,
            contract=file_of(contract) if contract else None,
            listeners=(listener,),
            run_id=name,
        )
    _print(result, form)
    for sentence in result.unchecked:
        err.print(Text(sentence, "dim"), soft_wrap=True)
    if not result.passed:
        raise typer.Exit(ExitCode.QUALITY)


@app.command("profile")
def profiled(
    table: Table,
    version: Annotated[int | None, typer.Option("--version", min=0, help="As it was.")] = None,
    against: Annotated[
        int | None, typer.Option("--against", min=0, help="Show how it differs from this version.")
    ] = None,
    sample: Annotated[
        float | None, typer.Option("--sample", min=0.0001, max=1, help="Share of rows to look at.")
    ] = None,
    reference: ReferencesTo = None,
    as_json: AsJson = False,
    run_id: RunId = None,
) -> None:
    """Profile a table in one pass: types, nulls, distinct values, quantiles, forms, likely keys; or its drift.

    Beneath the table stands which columns are likely keys, go together or are in order, and with --ref which of them refer
    to the other table.
    """
    from toolkit import tasks
    from toolkit.reader import open_table

    references = _references(reference)
    now = open_table(table, version).version
    if against is not None:
        open_table(table, against)  # refused before the first of two profiles
    with task_watched(table, run_id) as (name, listener):
        tasks.profile(table, version, sample=sample, references=references, listeners=(listener,), run_id=name)
    if against is None:
        _print_view("quality.columns", {"table": table, "version": now}, as_json=as_json)
        return
    with task_watched(table, None) as (name, listener):
        tasks.profile(table, against, sample=sample, listeners=(listener,), run_id=name)
    _print_view("quality.drift", {"table": table, "before": against, "after": now}, as_json=as_json)


def _print_view(address: str, values: Mapping[str, Any], *, as_json: bool) -> list[Row]:
    from toolkit import areas
    from toolkit.cli.views import print_view
    from toolkit.views import Arrangement

    how = {"columns": "", "json": as_json, "csv": False, "vertical": False}
    return print_view(areas.view(address), areas.question(address, values).parameters, Arrangement(), how)


@app.command("suggest")
def suggested(
    table: Table,
    reference: ReferencesTo = None,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="Count the values of likely keys exactly; else they are estimated."),
    ] = False,
    run_id: RunId = None,
) -> None:
    """Print rules that a profile suggests, as a file to be edited; each with its reason and confidence.

    With --ref also rules that a column refers to the other table. A key that is estimated only warns; one that --confirm
    has counted may block rows, and one that has a value twice is suggested no more.
    """
    from toolkit import tasks
    from toolkit.quality.profiling import as_yaml, refuted, suggest

    references = _references(reference)
    with task_watched(table, run_id) as (name, listener):
        found = tasks.profile(table, references=references, confirm=confirm, listeners=(listener,), run_id=name)
    rules = suggest(found)
    out.print(Text(as_yaml(rules, table)), end="", soft_wrap=True)
    for sentence in refuted(found):
        err.print(Text(literal(sentence)), soft_wrap=True)
    if any(one.rule.kind == "references" for one in rules):
        hint = f"Judge by them: toolkit quality run {table} --rules FILE{_words(references)}"
        err.print(Text(hint, "dim"), soft_wrap=True)


@app.command("ask")
def failing_rows(
    table: Table,
    rule: Annotated[str, typer.Argument(help="The rule's name, as `toolkit quality` shows it.")],
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A file of rules; what it was measured by last when left out.")
    ] = None,
    contract: Annotated[str | None, typer.Option("--contract", help="A contract in place of rules.")] = None,
    reference: ReferencesTo = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    as_json: AsJson = False,
    run_id: RunId = None,
) -> None:
    """Show the rows that break a rule: from quarantine, or, of a table that was judged as it is, by asking Spark again."""
    from toolkit.failing import Source, failing
    from toolkit.quality.contracts.places import file_of
    from toolkit.quality.quarantine import RULES, VIOLATIONS

    source = (
        Source(rules, file_of(contract) if contract else None, _references(reference)) if rules or contract else None
    )
    with task_watched(table, run_id, quiet=as_json) as (name, listener):
        found = failing(table, rule, source, limit=limit, listeners=(listener,), run_id=name)
    if as_json:
        about = {"table": found.where, "version": found.version, "judged": found.judged_at, "total": found.total}
        print_json({**about, "rows": found.rows})
        return
    rows = [{name: value for name, value in row.items() if name not in {VIOLATIONS, RULES}} for row in found.rows]
    show(rows, as_json=False, empty=f"No row of {found.where} breaks it now.", stored=True)
    shown = (
        f"{len(rows):,} of {plural(found.total, 'row')} of {found.where}, version {found.version}, that break {rule}"
    )
    err.print(Text(shown, "dim"), soft_wrap=True)
    if found.elsewhere:
        more = (
            f"{plural(found.elsewhere, 'more row')} broke it when they came in, and lie in quarantine for another rule."
        )
        err.print(Text(f"{more} See them: toolkit quality quarantine {table}", "yellow"), soft_wrap=True)
    if found.changed:
        since = f"The table has changed since it was judged at version {found.judged_at}: these are the rows of now."
        err.print(Text(since, "yellow"), soft_wrap=True)


@app.command("release")
def let_go(
    table: Table,
    rule: Rule = "",
    where: Where = "",
    settings: Settings = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the rows; the repair is not tried.")] = False,
    as_json: AsJson = False,
    run_id: RunId = None,
) -> None:
    """Repair quarantined rows, check them again, and let out those that keep every rule now."""
    from toolkit import tasks
    from toolkit.comparisons import doubtful

    if dry_run:
        from toolkit.quality.rejected import chosen, open_quarantine

        reader = open_quarantine(table)
        count = reader.count(chosen(reader, rule, where))
        show([{"table": table, "rows to look at": count, "repair": "; ".join(settings or ())}], as_json=as_json)
        if doubt := doubtful(where):
            told = f"Counted without Spark, to which {doubt} may mean something else: the release itself may choose other rows."
            err.print(Text(told, "yellow"), soft_wrap=True)
        return
    with task_watched(table, run_id) as (name, listener):
        found = tasks.release(
            table, rule=rule, where=where, settings=settings or (), listeners=(listener,), run_id=name
        )
    show([{"table": table, **vars(found)}], as_json=as_json)
    if found.released:
        err.print(Text("What they were and are: toolkit tables show ops.quarantine_releases", "dim"))


def _references(given: list[str] | None) -> dict[str, str]:
    """The tables of `--ref`, by name."""
    from toolkit.errors import UsageError

    found: dict[str, str] = {}
    for text in given or []:
        name, _, table = text.partition("=")
        if not name or not table:
            raise UsageError(
                f"{text!r} names no reference.", cure="Write name=table, such as customers=silver.customers."
            )
        found[name] = table
    return found


def _words(references: dict[str, str]) -> str:
    """The tables as they were given."""
    return "".join(f" --ref {name}={table}" for name, table in references.items())


def _print(result: QualityResult, form: str) -> None:
    from toolkit.quality.reports import FORMS

    if form == "table":
        out.print(result)
    else:
        out.file.write(FORMS[form](result))


def add_to(area: typer.Typer) -> None:
    """Add what quality offers beyond its views and tasks."""
    known = {command.name for command in area.registered_commands}
    area.registered_commands += [command for command in app.registered_commands if command.name not in known]
    area.registered_groups += app.registered_groups

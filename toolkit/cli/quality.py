"""`toolkit quality`: what rules found, and the work that rules and profiles do on one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli import contracts, trust
from toolkit.cli.live import task_watched
from toolkit.cli.output import AsJson, err, out, print_json, show
from toolkit.cli.tables import rows_in_words
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.quality.results import QualityResult

app = typer.Typer(
    help="What rules found, table by table; and rules, profiles and contracts at work.", invoke_without_command=True
)
app.add_typer(contracts.app, name="contract")
for _name, _command in trust.COMMANDS.items():
    app.command(_name)(_command)

MEASURE = "toolkit quality run TABLE"
Table = Annotated[str, typer.Argument(help="Such as silver.orders.")]
Run = Annotated[str, typer.Option("--run", help="An id, its end, or latest: the newest that judged something.")]
OnlyTable = Annotated[str | None, typer.Option("--table", help="Only this table.")]
Broken = Annotated[bool, typer.Option("--broken", help="Only rules that some row breaks.")]
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


@app.callback(invoke_without_command=True)
def quality(
    context: typer.Context,
    run: Run = "latest",
    table: OnlyTable = None,
    broken: Broken = False,
    as_json: AsJson = False,
) -> None:
    """Show what the rules of a run found; the same as `results`."""
    if context.invoked_subcommand is None:
        results(run, table, broken, as_json)


@app.command("results")
def results(run: Run = "latest", table: OnlyTable = None, broken: Broken = False, as_json: AsJson = False) -> None:
    """Show the quality of a run: every rule, how many rows break it, and an example.

    Without --run it is the newest run that judged something, whatever ran since; with --table, that judged that table.
    """
    from toolkit import paths, runs
    from toolkit.errors import UsageError
    from toolkit.quality.run_results import newest_judging, results_of

    if run == "latest":
        newest = newest_judging(table) or newest_judging()
        if newest is None:
            nothing = (
                f"No run under {paths.home()} (TOOLKIT_HOME) has judged anything yet. Run a scenario, or: {MEASURE}"
            )
            show([], as_json=as_json, empty=nothing)
            return
        folder, found = newest
    else:
        folder = runs.find(run)
        found = results_of(folder.view())
    tables = sorted({result["table"] for result in found})
    if table is not None and table not in tables:
        raise UsageError.unknown("checked table", table, tables, cure=f"Run {folder.run_id} checked these.")
    chosen = [r for r in found if table in {None, r["table"]} and (r["failed"] or not r["passed"] or not broken)]
    if as_json:
        show(chosen, as_json=True)
        return
    rows = [
        {
            "table": r["table"],
            "rule": r["rule"],
            "severity": r["severity"],
            "failed": r["failed"],
            "rows": r["rows"],
            "ok": {True: "yes", False: "NO", None: "not measured"}[r["passed"]],
            "found": _found(r),
        }
        for r in chosen
    ]
    show(rows, as_json=False, empty="No row breaks a rule." if found and broken else "This run has judged nothing.")
    err.print(Text(f"Run {folder.run_id}. The rows themselves: toolkit quality rows TABLE RULE", "dim"))


@app.command("run")
def judged(
    table: Table,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A file of rules; those of the table's scenario when left out.")
    ] = None,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="A contract in place of rules: all that it promises of the table.")
    ] = None,
    reference: ReferencesTo = None,
    form: Annotated[str, typer.Option("--format", help="table, json, junit, markdown or html.")] = "table",
    run_id: RunId = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Judge a table as it is. The exit code is 4 if a rule fails, or cannot be measured, that is more than a warning."""
    from toolkit import tasks
    from toolkit.errors import ExitCode, UsageError
    from toolkit.quality.reports import FORMS

    if form not in {"table", *FORMS}:
        raise UsageError.unknown("format", form, ["table", *FORMS])
    references = _references(reference)
    with task_watched(table, run_id, quiet=quiet) as (name, listener):
        result = tasks.judge(table, rules, references, contract=contract, listeners=(listener,), run_id=name)
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
    from toolkit.quality.profiling import drift, is_estimated
    from toolkit.reader import open_table

    references = _references(reference)
    if against is not None:
        open_table(table, against)  # refused before the first of two profiles
    with task_watched(table, run_id) as (name, listener):
        found = tasks.profile(table, version, sample=sample, references=references, listeners=(listener,), run_id=name)
    if against is not None:
        with task_watched(table, None) as (name, listener):
            before = tasks.profile(table, against, sample=sample, listeners=(listener,), run_id=name)
        drifted = [vars(one) for one in drift(before, found) if as_json or one.verdict != "steady"]
        show(drifted, as_json=as_json, empty="Nothing has drifted.")
        return
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    from toolkit.cli.profiles import lines, sentences

    show(lines(found), as_json=False, title=f"{table}: {found.rows:,} rows")
    told = list(sentences(found))
    if told:
        out.print(Text("\n" + "\n".join(told)), soft_wrap=True)
    counted = " (with --confirm its keys are counted)" if is_estimated(found) else ""
    hint = f"Rules that follow from it: toolkit quality suggest {table}{_words(references)}{counted}"
    err.print(Text(hint, "dim"), soft_wrap=True)


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
    from toolkit.cli.profiles import refuted
    from toolkit.quality.profiling import as_yaml, suggest

    references = _references(reference)
    with task_watched(table, run_id) as (name, listener):
        found = tasks.profile(table, references=references, confirm=confirm, listeners=(listener,), run_id=name)
    rules = suggest(found)
    out.print(Text(as_yaml(rules, table)), end="", soft_wrap=True)
    for sentence in refuted(found):
        err.print(Text(sentence), soft_wrap=True)
    if any(one.rule.kind == "references" for one in rules):
        hint = f"Judge by them: toolkit quality run {table} --rules FILE{_words(references)}"
        err.print(Text(hint, "dim"), soft_wrap=True)


@app.command("rows")
def failing_rows(
    table: Table,
    rule: Annotated[str, typer.Argument(help="The rule's name, as `toolkit quality` shows it.")],
    rules: Annotated[
        Path | None, typer.Option("--rules", help="A file of rules; what it was measured by last when left out.")
    ] = None,
    contract: Annotated[Path | None, typer.Option("--contract", help="A contract in place of rules.")] = None,
    reference: ReferencesTo = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    as_json: AsJson = False,
    run_id: RunId = None,
) -> None:
    """Show the rows that break a rule: from quarantine, or, of a table that was judged as it is, by asking Spark again."""
    from toolkit import tasks
    from toolkit.parameters import parse
    from toolkit.quality.failing import BrokenRule
    from toolkit.quality.quarantine import RULES, VIOLATIONS

    values = {"table": table, "rule": rule, "rules": rules, "contract": contract, "limit": limit}
    asked = parse(BrokenRule, values | {"references": _references(reference)}, "rows")
    with task_watched(table, run_id, quiet=as_json) as (name, listener):
        found = tasks.failing(asked, listeners=(listener,), run_id=name)
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


@app.command("quarantine")
def lying(
    table: Table,
    rule: Rule = "",
    where: Where = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show how many rows each rule sent to quarantine; with --rule or --where the rows, each with its reasons."""
    from toolkit.quality.quarantine_rows import chosen_rows, quarantined

    if not rule and not where:
        _, counts = quarantined(table)
        listed = [{"rule": name, "rows": count} for name, count in counts]
        show(listed, as_json=as_json, empty="The quarantine is empty.")
        return
    reader, conditions = chosen_rows(table, rule, where)
    page = reader.page(limit=limit, where=conditions, counted=True)
    rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
    if as_json:
        print_json(rows)
        return
    key = page.columns[0]
    told = [
        {key: row[key], "rule": v["rule"], "column": v["column"], "value": v["value"], "what is wrong": v["message"]}
        for row in rows
        for v in row["_violations"] or []
    ]
    show(told, as_json=False, empty="No row meets that.", stored=True)
    err.print(Text(f"{rows_in_words(len(rows), page.total or 0, reader)} of {reader.name}", "dim"))


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
    from toolkit.quality.quarantine_rows import chosen_rows

    if dry_run:
        reader, conditions = chosen_rows(table, rule, where)
        count = reader.count(conditions)
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


def _found(result: dict[str, Any]) -> str:
    """What a rule found: `country is missing, such as order 17`; nothing where no row breaks it."""
    if result.get("said") or not result["failed"]:
        return str(result.get("said") or "")
    example = next((f"{one['key']}: {one['value']}" for one in result["examples"]), "")
    fault = str(result.get("fault") or result.get("description") or "")
    return f"{fault}, such as {example}" if fault and example else fault or example


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

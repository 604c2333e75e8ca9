"""Pieces of work on one table, outside any scenario's steps: judge it, profile it, let rows out of its quarantine.

Each is recorded as a run of the scenario that wrote the table, so that it has events, a log and a place in the history, and
can be cancelled. Rules come from a file, or from what the scenario itself declares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import runner
from toolkit.errors import DataError, UsageError
from toolkit.events import Listener
from toolkit.owners import NOBODY, owner
from toolkit.platform import DataPlatform
from toolkit.quality.kept import keep_profile
from toolkit.quality.profiling import Profile
from toolkit.quality.quarantine import quarantine_name
from toolkit.quality.records import RELEASES, RESULTS
from toolkit.quality.rejected import check_settings, chosen, open_quarantine
from toolkit.quality.reports import title
from toolkit.reader import open_table
from toolkit.words import count, plural, share

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.quality.contracts.judgement import Promised
    from toolkit.quality.engine import Check
    from toolkit.quality.repair import Released
    from toolkit.quality.results import QualityResult
    from toolkit.quality.rules import Rule


def judge(
    table: str,
    rules: Path | None = None,
    references: Mapping[str, str] | None = None,
    *,
    contract: Path | None = None,
    listeners: tuple[Listener, ...] = (),
    run_id: str | None = None,
) -> QualityResult:
    """Judge a table as it is, and append what was found to `ops.quality_results`.

    Args:
        table: which.
        rules: a file of rules; those that the table's scenario declares when neither this nor a contract is given.
        references: for a file: the tables that its rules refer to, by the name that they use.
        contract: a contract in place of rules: all that it promises of the table.
        listeners: told every event.
        run_id: of the run that this becomes.

    Raises:
        UsageError: no such table, reference or file; a rule does not fit; the scenario declares no rules for it, or the
            contract says nothing of it; both files are given.
    """
    check_references(references)
    whose = owner(table)
    told = rules_given(table, rules, contract)
    promised = promised_by(table, contract, references) if contract else None

    def work(platform: DataPlatform) -> QualityResult:
        from toolkit.quality.engine import Check

        wanted = promised.references if promised else references or {}
        others = {name: platform.read(other) for name, other in wanted.items()}
        if promised:
            result = _by_contract(platform, table, promised, others)
        else:
            result = platform.measure(table, declared_check(platform, table) if told is None else Check(told, others))
        platform.record_quality()
        return result

    # Absolute, so that the rows can be asked for from another folder.
    files = {"rules": str(rules.absolute()) if rules else "", "contract": str(contract.absolute()) if contract else ""}
    options = {**files, "references": _as_words(references)}
    task = runner.Task("judge", table, work, title, (RESULTS,), options)
    return runner.perform(whose.scenario, whose.parameters, task, listeners=listeners, run_id=run_id)


def profile(
    table: str,
    version: int | None = None,
    *,
    sample: float | None = None,
    references: Mapping[str, str] | None = None,
    confirm: bool = False,
    listeners: tuple[Listener, ...] = (),
    run_id: str | None = None,
) -> Profile:
    """Profile a table, as it is or as it was; its profile is kept.

    Args:
        table: which.
        version: an earlier one.
        sample: share of rows to look at, above 0 and at most 1; all when None.
        references: the tables that its columns may refer to, as they are now, by the name that rules are to use.
        confirm: count the values of each likely key exactly, which a sample does not allow.
        listeners: told every event.
        run_id: of the run that this becomes.

    Raises:
        UsageError: no such table, version or reference; a sample cannot confirm.
    """
    at = open_table(table, version).version
    check_references(references)
    whose = owner(table)

    def work(platform: DataPlatform) -> Profile:
        from toolkit.quality.profiling import confirmed
        from toolkit.quality.profiling import profile as measured

        df = platform.read(table, version)
        others = {name: platform.read(other) for name, other in (references or {}).items()}
        found = measured(df, table=table, sample=sample, references=others)
        return confirmed(df, found) if confirm else found

    def answer(found: Profile) -> str:
        which = table if version is None else f"{table}, version {version}"
        return f"{which}: {plural(found.rows, 'row')} and {plural(len(found.columns), 'column')} profiled."

    options = {
        "version": "" if version is None else str(version),
        "sample": "" if sample is None else share(sample),
        "references": _as_words(references),
    }
    task = runner.Task("profile", table, work, answer, options=options)
    found = runner.perform(whose.scenario, whose.parameters, task, listeners=listeners, run_id=run_id)
    keep_profile(found, at)
    return found


def release(
    table: str,
    *,
    rule: str = "",
    where: str = "",
    settings: Sequence[str] = (),
    listeners: tuple[Listener, ...] = (),
    run_id: str | None = None,
) -> Released:
    """Let rows out of a table's quarantine that keep its rules now.

    Args:
        table: where the rows belong.
        rule: only rows that this rule sent there.
        where: only rows that meet this SQL condition.
        settings: the repair, such as `country = 'DE'`; none to try the rows as they are.
        listeners: told every event.
        run_id: of the run that this becomes.

    Raises:
        UsageError: no such table; no row is there because of that rule; the condition or the repair does not fit; the
            scenario declares no rules for it.
    """
    # All that can be refused without Spark is refused before it starts.
    reader = open_quarantine(table)
    chosen(reader, rule, where)
    check_settings(settings, reader)
    whose = owner(quarantine_name(table))

    def work(platform: DataPlatform) -> Released:
        from toolkit.quality.repair import set_columns

        repair = set_columns(*settings) if settings else None
        check = declared_check(platform, table)
        return platform.release(table, check, rule=rule, where=where, repair=repair, said="; ".join(settings))

    def answer(found: Released) -> str:
        looked, stay = plural(found.looked_at, "row"), count(found.still_bad)
        return f"{table}: of {looked} looked at, {count(found.released)} were released and {stay} stay in quarantine."

    writes = (table, quarantine_name(table), RELEASES)
    options = {"rule": rule, "where": where, "repair": "; ".join(settings)}
    task = runner.Task("release", table, work, answer, writes, options)
    return runner.perform(whose.scenario, whose.parameters, task, listeners=listeners, run_id=run_id)


def _as_words(references: Mapping[str, str] | None) -> str:
    """`customers=silver.customers, …` as a record keeps it."""
    return ", ".join(f"{name}={other}" for name, other in (references or {}).items())


def check_references(references: Mapping[str, str] | None) -> None:
    """Refuse a table that is not there before Java starts."""
    for table in (references or {}).values():
        open_table(table)


def declared_check(platform: DataPlatform, table: str) -> Check:
    """The check that the scenario declares for a table."""
    scenario = platform.scenario
    declares = getattr(scenario.bodies(), "checks", None) if scenario is not NOBODY else None
    found: dict[str, Check] = declares(platform) if declares else {}
    if table not in found:
        raise UsageError(
            f"No scenario declares rules for {table}.",
            choices=found,
            cure="A scenario declares them in a function `checks` of its steps.py. To judge, a file does: --rules FILE; "
            "`toolkit quality suggest` writes one.",
        )
    return found[table]


def promised_by(table: str, contract: Path, references: Mapping[str, str] | None) -> Promised:
    """What a contract promises of a table, read before Java starts."""
    from toolkit.quality import contracts
    from toolkit.quality.contracts.judgement import promised

    return promised(contracts.load(contract), open_table(table), references or {}, _is_there)


def _is_there(table: str) -> bool:
    try:
        open_table(table)
    except (UsageError, DataError):
        return False
    return True


def _by_contract(
    platform: DataPlatform, table: str, promised: Promised, others: Mapping[str, DataFrame]
) -> QualityResult:
    """The table judged by the rules of its contract that fit it; the others are told."""
    from toolkit.quality.contracts.judgement import judgeable
    from toolkit.quality.engine import Check

    fitting, unfit = judgeable(platform.read(table), table, promised.rules, others)
    result = platform.measure(table, Check(fitting, others))
    for sentence in (*promised.unchecked, *unfit):
        platform.alert(sentence, "info")
    return replace(result, unchecked=(*promised.unchecked, *unfit))


def rules_given(table: str, rules: Path | None, contract: Path | None) -> tuple[Rule, ...] | None:
    """The rules of a file, read before Java starts; None when none is given."""
    if rules and contract:
        raise UsageError("Rules and a contract are given.", cure="Name one: --rules FILE, or --contract FILE.")
    if rules is None:
        return None
    from toolkit.quality.rules import load

    declared = load(rules)
    if declared.table != table:
        raise UsageError(f"{rules} holds the rules of {declared.table}, not of {table}.", cure="Name the other table.")
    return declared.rules

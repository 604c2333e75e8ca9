"""Quality's tasks as functions: each is done as a run of the scenario that wrote the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import runner
from toolkit.events import Listener
from toolkit.parameters import parse
from toolkit.quality.failing import BrokenRule, Failing, as_measured_last, marked
from toolkit.quality.profiling import Profile
from toolkit.quality.sources import Source
from toolkit.quality.tasks import JUDGE, PROFILE, RELEASE, ROWS, Profiled, Repaired
from toolkit.reader import open_table

if TYPE_CHECKING:
    from toolkit.quality.repair import Released
    from toolkit.quality.results import QualityResult


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
    asked = {"table": table, "rules": rules, "contract": contract, "references": dict(references or {})}
    return runner.do("quality.judge", JUDGE, parse(Source, asked, "judge"), listeners=listeners, run_id=run_id)


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
    """Profile a table, as it is or as it was; the newest version's profile is kept for the app.

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
    values = {"table": table, "version": version, "sample": sample, "confirm": confirm}
    asked = parse(Profiled, values | {"references": dict(references or {})}, "profile")
    return runner.do("quality.profile", PROFILE, asked, listeners=listeners, run_id=run_id)


def failing(asked: BrokenRule, *, listeners: tuple[Listener, ...] = (), run_id: str | None = None) -> Failing:
    """Rows that break a rule: those that were marked when they came in, without Spark; else those that break it now.

    Args:
        asked: which rule; where it stood when it was measured last, where neither a file nor a contract is named.
        listeners: told every event.
        run_id: of the run that this becomes, if Spark has to be asked.

    Raises:
        UsageError: no such table, reference, file or rule; or the rule is about the table as a whole.
    """
    open_table(asked.table)
    if not (asked.rules or asked.contract) and (found := marked(asked)):
        return found
    return runner.do("quality.rows", ROWS, as_measured_last(asked), listeners=listeners, run_id=run_id)


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
    values = {"table": table, "rule": rule, "where": where, "settings": tuple(settings)}
    asked = parse(Repaired, values, "release")
    return runner.do("quality.release", RELEASE, asked, listeners=listeners, run_id=run_id)

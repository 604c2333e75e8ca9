"""Rows that break a rule, wherever they are: in quarantine, marked in their table, or in a table that was judged as it is.

Marked rows are read without Spark; of the others Spark is asked again, as a task of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit import runner, runs
from toolkit.errors import DataError, UsageError
from toolkit.events import Listener
from toolkit.lakehouse import Lakehouse
from toolkit.owners import owner
from toolkit.platform import DataPlatform
from toolkit.quality.actions import takes_out
from toolkit.quality.history import measurements
from toolkit.quality.records import RESULTS, Measurement, Population
from toolkit.quality.verdicts import failing_rows
from toolkit.reader import open_table
from toolkit.tasks import check_references, declared_check, promised_by, rules_given
from toolkit.words import plural


@dataclass(frozen=True)
class Source:
    """Where a rule stands: in a file of rules or in a contract; what the table's scenario declares when neither is named.

    Attributes:
        rules: a file of rules.
        contract: a contract in place of rules.
        references: for a file: the tables that its rules refer to, by the name that they use.
    """

    rules: Path | None = None
    contract: Path | None = None
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failing:
    """Rows that break a rule, as they are now.

    Attributes:
        rows: some of them.
        total: how many there are.
        where: the table that they are in.
        version: of that table, now.
        judged_at: the version that was judged when the rule was measured last; None when that is not known.
        elsewhere: rows that broke a rule which only marks them, and that another rule took out of the table.
    """

    rows: list[dict[str, Any]]
    total: int
    where: str
    version: int
    judged_at: int | None = None
    elsewhere: int = 0

    @property
    def changed(self) -> bool:
        """Whether the table is another than the one that was judged."""
        return self.judged_at is not None and self.judged_at != self.version


def failing(
    table: str,
    rule: str,
    source: Source | None = None,
    *,
    limit: int = 20,
    listeners: tuple[Listener, ...] = (),
    run_id: str | None = None,
) -> Failing:
    """Rows that break a rule: those that were marked when they came in, without Spark; else those that break it now.

    Args:
        table: which.
        rule: the rule's name.
        source: where the rule stands; where it stood when it was measured last when None.
        limit: rows at most.
        listeners: told every event.
        run_id: of the run that this becomes, if Spark has to be asked.

    Raises:
        UsageError: no such table, reference, file or rule; or the rule is about the table as a whole.
    """
    reader, newest = open_table(table), _measured(table, rule)
    if newest and newest.population != "stored" and source is None:
        return _marked(newest, limit)
    known = source or _judged_by(newest.run_id if newest else "")
    check_references(known.references)
    declared = rules_given(table, known.rules, known.contract)
    promised = promised_by(table, known.contract, known.references) if known.contract else None
    given, references = (promised.rules, promised.references) if promised else (declared, known.references)
    if given is not None and rule not in (names := [one.name for one in given]):
        raise UsageError.unknown(f"rule of {table}", rule, names)
    whose = owner(table)

    def work(platform: DataPlatform) -> Failing:
        from toolkit.quality.engine import Check

        others = {name: platform.read(other) for name, other in references.items()}
        check = declared_check(platform, table) if given is None else Check(given, others)
        rows, total = platform.quality.failing(table, check, rule, limit)
        return Failing(rows, total, table, reader.version, newest.version if newest else None)

    def answer(found: Failing) -> str:
        return f"{table}: {plural(found.total, 'row')} break {rule} in version {found.version}."

    options = {"rule": rule, "rules": str(known.rules or ""), "contract": str(known.contract or "")}
    task = runner.Task("rows", table, work, answer, options=options)
    return runner.perform(whose.scenario, whose.parameters, task, listeners=listeners, run_id=run_id)


def _measured(table: str, rule: str) -> Measurement | None:
    """The newest measurement of a rule, of a load or of the table as it lay; None when it was never measured."""
    if not Lakehouse.default().exists(RESULTS):
        return None
    results = open_table(RESULTS)
    populations: tuple[Population, ...] = ("incoming", "stored")
    found = [m for each in populations for m in measurements(results, table=table, rule=rule, population=each)]
    return max(found, key=lambda one: one.at, default=None)


def _marked(newest: Measurement, limit: int) -> Failing:
    """The rows that were marked when they came in."""
    where = failing_rows(newest)
    reader = open_table(where.table)
    page = reader.page(limit=limit, where=where.where, counted=True)
    rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
    total = page.total or 0
    elsewhere = 0 if takes_out(newest.action) else max(0, newest.failed - total)
    return Failing(rows, total, where.table, reader.version, elsewhere=elsewhere)


def _judged_by(run_id: str) -> Source:
    """What a judgement was asked with; nothing if its run is gone."""
    try:
        options = runs.find(run_id).record().options
    except (UsageError, DataError):
        return Source()
    references = [one.partition("=") for one in options.get("references", "").split(", ") if one]
    rules, contract = (Path(options[name]) if options.get(name) else None for name in ("rules", "contract"))
    return Source(rules, contract, {name: other for name, _, other in references})

"""Work on one table, outside any scenario's steps: judge it, profile it, find rows that break a rule, release rows.

Owns what is refused before Java starts, and what is done then with the platform that is handed in. Must not know who runs it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from toolkit.comparisons import doubtful
from toolkit.errors import ExitCode, UsageError
from toolkit.parameters import option
from toolkit.quality.failing import BrokenRule, as_measured_last, newest
from toolkit.quality.kept import FoundRows, keep_profile, keep_rows, plain_rows
from toolkit.quality.profiling import Drift, Profile, drift
from toolkit.quality.quarantine import quarantine_name
from toolkit.quality.records import RELEASES, RESULTS
from toolkit.quality.rejected import NOT_SPARK, check_settings, chosen, open_quarantine, preview
from toolkit.quality.reports import FORMS, title
from toolkit.quality.sources import Source, check_of, declared_check, given
from toolkit.quality.views.naming import OfAnyPlace, OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Link, Task
from toolkit.words import count, plural

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform
    from toolkit.quality.repair import Released
    from toolkit.quality.results import QualityResult


# judge


def _judge(platform: DataPlatform, asked: Source) -> QualityResult:
    """The table as it is against its rules; of a contract those that fit it, and the others are told."""
    from toolkit.quality.contracts.judgement import judgeable

    rules = given(asked)
    check, unchecked = check_of(platform, asked.table, rules), rules.unchecked if rules else ()
    if asked.contract:
        fitting, unfit = judgeable(platform.read(asked.table), asked.table, check.rules, check.references)
        check, unchecked = replace(check, rules=fitting), (*unchecked, *unfit)
    result = platform.quality.measure(asked.table, check)
    for sentence in unchecked:
        platform.alert(sentence, "info")
    platform.quality.record()
    return replace(result, unchecked=unchecked)


def _refuse_rules(asked: Source) -> None:
    given(asked)


def _verdict(result: QualityResult) -> ExitCode:
    return ExitCode.OK if result.passed else ExitCode.QUALITY


JUDGE = Task(
    "run",
    "Judge",
    "Judge a table as it is by its rules, and keep what was found; the exit code is 4 if one of them fails.",
    Source,
    _judge,
    answer=lambda _, result: title(result),
    writes=lambda _: (RESULTS,),
    prepare=_refuse_rules,
    reports=FORMS,
    verdict=_verdict,
    then=Link("enter", "Results", "quality.results", "Show what each rule found.", {"run": "run", "table": "table"}),
)


# profile


class Profiled(OfAnyPlace):
    """A table that is profiled."""

    version: int | None = Field(None, ge=0, description="As it was; as it is when left out.")
    sample: float | None = Field(None, gt=0, le=1, description="Share of rows to look at; all when left out.")
    references: dict[str, str] = option(
        {}, "name=table: a table that columns may refer to, by the name that rules are to use.", name="ref"
    )
    confirm: bool = Field(False, description="Count the values of likely keys exactly, which a sample does not allow.")


def _refuse_profile(asked: Profiled) -> None:
    Lakehouse.default().open(asked.table, asked.version)
    for reference in asked.references.values():
        Lakehouse.default().open(reference)


def _profile(platform: DataPlatform, asked: Profiled) -> Profile:
    """The profile, which is kept."""
    from toolkit.quality.profiling import confirmed, profile

    df = platform.read(asked.table, asked.version)
    references = {name: platform.read(other) for name, other in asked.references.items()}
    found = profile(df, table=asked.table, sample=asked.sample, references=references)
    found = confirmed(df, found) if asked.confirm else found
    keep_profile(found, platform.reader(asked.table).version if asked.version is None else asked.version)
    return found


def _profiled(asked: Profiled, found: Profile) -> str:
    which = asked.table if asked.version is None else f"{asked.table}, version {asked.version}"
    return f"{which}: {plural(found.rows, 'row')} and {plural(len(found.columns), 'column')} profiled."


PROFILE = Task(
    "profile",
    "Profile",
    "Measure types, nulls, distinct values, quantiles, forms and likely keys of a table.",
    Profiled,
    _profile,
    answer=_profiled,
    prepare=_refuse_profile,
    reports={"json": lambda found: found.model_dump_json(indent=2) + "\n"},
    then=Link(
        "enter",
        "Profile",
        "quality.columns",
        "Show what each column holds.",
        {"table": "table", "version": "version"},
    ),
)


# drift between two versions


class Compared(OfAnyPlace):
    """Two versions of a table, both of which are profiled."""

    before: int = Field(ge=0, description="The version that the other is compared with.")
    after: int | None = Field(None, ge=0, description="The other; the newest when left out.")
    sample: float | None = Field(None, gt=0, le=1, description="Share of rows to look at; all when left out.")


def _refuse_versions(asked: Compared) -> None:
    for version in (asked.before, asked.after):
        Lakehouse.default().open(asked.table, version)


def _compare(platform: DataPlatform, asked: Compared) -> tuple[Drift, ...]:
    """How the profile of the later version differs; both are kept."""
    before, after = (
        _profile(platform, Profiled(table=asked.table, version=version, sample=asked.sample))
        for version in (asked.before, asked.after)
    )
    return drift(before, after)


def _compared(asked: Compared, found: tuple[Drift, ...]) -> str:
    changed = sum(one.verdict != "steady" for one in found)
    return f"{asked.table}: {plural(changed, 'difference')} between version {asked.before} and what came after it."


COMPARE = Task(
    "compare",
    "Compare versions",
    "Profile two versions of a table, and say how what it holds has drifted.",
    Compared,
    _compare,
    answer=_compared,
    prepare=_refuse_versions,
    then=Link(
        "enter",
        "Drift",
        "quality.drift",
        "Show what differs.",
        {"table": "table", "before": "before", "after": "after"},
    ),
)


# rows that break a rule


def _refuse_rule(asked: BrokenRule) -> None:
    Lakehouse.default().open(asked.table)
    rules = given(as_measured_last(asked))
    if rules and asked.rule not in (names := [rule.name for rule in rules.rules]):
        raise UsageError.unknown(f"rule of {asked.table}", asked.rule, names)


def _find(platform: DataPlatform, asked: BrokenRule) -> FoundRows:
    """The rows as they are now, which are kept."""
    measured = newest(platform.lakehouse, asked.table, asked.rule)
    check = check_of(platform, asked.table, given(as_measured_last(asked)))
    rows, total = platform.quality.failing(asked.table, check, asked.rule, asked.limit)
    found = FoundRows(
        table=asked.table,
        rule=asked.rule,
        asked_at=datetime.now(UTC),
        version=platform.reader(asked.table).version,
        judged_at=measured.version if measured else None,
        total=total,
        columns=tuple(rows[0]) if rows else (),
        rows=plain_rows(rows),
    )
    keep_rows(found)
    return found


ASK = Task(
    "ask",
    "Find rows",
    "Ask Spark for the rows of a table as it lies that break a rule, and keep them; those of loads are marked: see `rows`.",
    BrokenRule,
    _find,
    answer=lambda asked, found: (
        f"{found.table}: {plural(found.total, 'row')} break {asked.rule} in version {found.version}."
    ),
    prepare=_refuse_rule,
    reports={"json": lambda found: found.model_dump_json(indent=2) + "\n"},
    then=Link("enter", "Rows", "quality.rows", "Show the rows.", {"table": "table", "rule": "rule"}),
)


# release


class Repaired(OfTable):
    """Rows in quarantine, and what is done to them."""

    rule: str = Field("", description="Only rows that this rule sent there.")
    where: str = Field("", description="Only rows that meet this SQL condition.")
    settings: tuple[str, ...] = option((), "column=SQL: the repair; may be given several times.", name="set")


def _refuse_release(asked: Repaired) -> None:
    reader = open_quarantine(asked.table, Lakehouse.default())
    chosen(reader, asked.rule, asked.where)
    check_settings(asked.settings, reader)


def _release(platform: DataPlatform, asked: Repaired) -> Released:
    from toolkit.quality.repair import set_columns

    return platform.quality.release(
        asked.table,
        declared_check(platform, asked.table),
        rule=asked.rule,
        where=asked.where,
        repair=set_columns(*asked.settings) if asked.settings else None,
        description="; ".join(asked.settings),
    )


def _released(asked: Repaired, found: Released) -> str:
    looked, stay = plural(found.looked_at, "row"), count(found.still_bad)
    return f"{asked.table}: of {looked} looked at, {count(found.released)} were released and {stay} stay in quarantine."


def _preview(asked: Repaired) -> str:
    reader = open_quarantine(asked.table, Lakehouse.default())
    told = preview(reader, chosen(reader, asked.rule, asked.where), asked.settings)
    doubt = doubtful(asked.where)
    more = f"{NOT_SPARK} To it, {doubt} may mean something else: it may choose other rows." if doubt else ""
    return "\n".join(filter(None, [told, more]))


def _owned(asked: Repaired) -> str:
    """The table; its quarantine where every row of it is bad, so that there is no table yet."""
    return asked.table if Lakehouse.default().exists(asked.table) else quarantine_name(asked.table)


RELEASE = Task(
    "release",
    "Release",
    "Repair quarantined rows, check them again, and let out those that keep every rule now.",
    Repaired,
    _release,
    answer=_released,
    writes=lambda asked: (asked.table, quarantine_name(asked.table), RELEASES),
    prepare=_refuse_release,
    about=_owned,
    preview=_preview,
    reports={"json": lambda found: json.dumps(asdict(found), indent=2) + "\n"},
    then=Link("enter", "Quarantine", "quality.quarantine", "Show what is left there.", {"table": "table"}),
)
TASKS = (JUDGE, PROFILE, COMPARE, ASK, RELEASE)

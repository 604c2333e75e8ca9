"""What was promised about a table, and what was kept: objectives, error budgets, breaches.

Owns the sums. Must not read anything: the caller hands in loads or measurements (`toolkit.quality.history`) and the clock,
so that a report can be made again for any moment. What lies after that moment is not looked at.

- **What is counted.** Freshness counts days (UTC): a day is kept if the table was never older than promised while it
  lasted, today as far as it has come. Pass rate counts runs, volume counts loads.
- **Window.** The last `window_days` days, today included. Days before a table's first load do not count. While the window
  is not full, the budget is that of what was counted so far, and so one bad day of three is a breach: `full` says so.
- **Error budget.** What may go wrong: (1 − objective) · counted. `left` is below 0 once more went wrong.
- **Burn rate.** How fast the budget goes lately: the share that went wrong in the last tenth of the window (at least one
  day), over the share that may. At 1 the budget lasts exactly as long as the window, at 10 a tenth of it. None when
  nothing was counted lately; infinite when nothing may go wrong and something did.
- **State.** `breached` when more went wrong than the budget has; else `at risk` when three quarters of the budget are used,
  or it burns faster than 1; else `ok`. `unknown` when nothing was counted: no data keeps no promise.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from statistics import fmean
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolkit.errors import UsageError
from toolkit.quality.history import SECONDS_PER_HOUR, Load
from toolkit.quality.records import Measurement
from toolkit.quality.rules.base import Dimension
from toolkit.scenario import is_table_name

SlaState = Literal["ok", "at risk", "breached", "unknown"]
AT_RISK = 0.75
"""Share of the error budget whose use puts a promise at risk."""
RECENT_SHARE = 10
"""The burn rate looks at the window's last tenth."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Breach:
    """A stretch of time in which a promise was not kept."""

    began: datetime
    ended: datetime | None
    """None while it lasts."""
    worst: float
    """The age in hours, the pass rate, or the number of rows that was furthest from what was promised."""
    text: str
    """The same, for people."""


@dataclass(frozen=True)
class SlaReport:
    """What became of one promise, as seen at one moment."""

    sla: Sla
    at: datetime
    unit: str
    counted: int
    """Days, runs or loads, as `unit` says."""
    kept: int
    recent: int
    """How many of those counted lie in the last tenth of the window."""
    recent_broken: int
    full: bool
    """Whether there was data before the window, so that all of it counts."""
    breaches: tuple[Breach, ...]
    """Those that reach into the window, oldest first."""

    @property
    def attained(self) -> float | None:
        """Share that was kept; None when nothing was counted."""
        return self.kept / self.counted if self.counted else None

    @property
    def budget(self) -> float:
        """How many may go wrong."""
        # Rounded, since 10 - 0.9 * 10 is not always 1.
        return round(self.counted - self.sla.objective * self.counted, 9)

    @property
    def used(self) -> int:
        """How many went wrong."""
        return self.counted - self.kept

    @property
    def left(self) -> float:
        """What may still go wrong; below 0 after a breach."""
        return self.budget - self.used

    @property
    def used_share(self) -> float:
        """Share of the budget that is used: above 1 after a breach, infinite when nothing may go wrong and something did."""
        return _over(self.used, self.budget)

    @property
    def burn_rate(self) -> float | None:
        """How many times faster than the window allows the budget is used lately; None without recent data."""
        if not self.recent:
            return None
        return _over(self.recent_broken / self.recent, round(1 - self.sla.objective, 9))

    @property
    def state(self) -> SlaState:
        """ok, at risk, breached or unknown."""
        if not self.counted:
            return "unknown"
        if self.used > self.budget:
            return "breached"
        return "at risk" if self.used_share >= AT_RISK or (self.burn_rate or 0) > 1 else "ok"


class _Check(NamedTuple):
    """One run or load held against a promise."""

    at: datetime
    value: float
    kept: bool
    badness: float = 0.0
    """How far `value` is from what was promised."""


class _Promise(BaseModel):
    """What all promises have: a table, and how often it has to be kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    table: str
    objective: float = Field(0.99, gt=0, le=1)
    """Share of days, runs or loads that have to keep it."""
    window_days: int = Field(30, ge=1, le=3660)

    @field_validator("table")
    @classmethod
    def _is_a_table(cls, name: str) -> str:
        if not is_table_name(name):
            raise ValueError(f"{name!r} is not of the form <layer>.<plural_noun>")
        return name

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """Where the window begins, and where its last tenth does.

        Raises:
            UsageError: `now` does not say in which zone it is.
        """
        if now.tzinfo is None:
            raise UsageError(f"{now} has no time zone.", cure="Give a moment with one: datetime.now(UTC).")
        midnight = _midnight(now)
        recent = max(1, round(self.window_days / RECENT_SHARE))
        return midnight - (self.window_days - 1) * DAY, midnight - (recent - 1) * DAY


class FreshnessSla(_Promise):
    """The table is never older than so many hours since data last came in."""

    unit: ClassVar[str] = "days"
    kind: Literal["freshness"] = "freshness"
    hours: float = Field(gt=0, allow_inf_nan=False)

    def report(self, loads: Iterable[Load], now: datetime) -> SlaReport:
        """Hold it against the loads of the table."""
        start, recent = self.window(now)
        came = sorted(load.at for load in loads if load.at <= now)
        breaches = [b for b in self._stale(came, now) if b.ended is None or b.ended > start]
        every = [start + i * DAY for i in range(self.window_days)]
        days = [day for day in every if came and day + DAY > came[0]]
        broken = {day for day in days for b in breaches if b.began < day + DAY and (b.ended or now) > day}
        lately = [day for day in days if day >= recent]
        return SlaReport(
            sla=self,
            at=now,
            unit=self.unit,
            counted=len(days),
            kept=len(days) - len(broken),
            recent=len(lately),
            recent_broken=len(broken & set(lately)),
            full=bool(came) and came[0] <= start,
            breaches=tuple(breaches),
        )

    def _stale(self, came: Sequence[datetime], now: datetime) -> list[Breach]:
        """The times in which the table was older than promised."""
        found = []
        for load, end in itertools.zip_longest(came, came[1:]):
            age = ((end or now) - load).total_seconds() / SECONDS_PER_HOUR
            if age > self.hours:
                text = f"{self.table} was {age:,.1f} hours old, {age - self.hours:,.1f} more than promised"
                found.append(Breach(load + timedelta(hours=self.hours), end, age, text))
        return found


class PassRateSla(_Promise):
    """In each run, the pass rate of the table's rules is at least `share`: the mean over its rules.

    A rule about the table as a whole counts 1 or 0. A rule for which there was nothing to measure does not count, and a run
    without one that does not either.
    """

    unit: ClassVar[str] = "runs"
    kind: Literal["pass_rate"] = "pass_rate"
    share: float = Field(gt=0, le=1)
    dimension: Dimension | None = None
    """Only rules of this dimension."""
    rule: str = ""
    """Only this rule."""

    def report(self, found: Iterable[Measurement], now: datetime) -> SlaReport:
        """Hold it against the measurements of the table; those of other tables are passed over."""
        runs: dict[str, dict[str, Measurement]] = defaultdict(dict)
        for one in sorted(found, key=lambda one: one.at):
            if self._means(one):
                runs[one.run_id][one.rule] = one
        checks = []
        for rules in runs.values():
            rate = fmean([one.pass_rate for one in rules.values()])
            checks.append(_Check(max(one.at for one in rules.values()), rate, rate >= self.share, self.share - rate))
        what = f"{self.rule or self.dimension or 'all rules'} of {self.table}"
        return _report(
            self, checks, now, lambda rate: f"{what} had a pass rate of {rate:.2%}, {self.share:.2%} was promised"
        )

    def _means(self, one: Measurement) -> bool:
        return (
            one.table == self.table
            and one.passed is not None
            and (not self.rule or one.rule == self.rule)
            and (self.dimension is None or one.dimension == self.dimension)
        )


class VolumeSla(_Promise):
    """Each load brings at least `min_rows` and at most `max_rows`; a load that does not say how many does not count."""

    unit: ClassVar[str] = "loads"
    kind: Literal["volume"] = "volume"
    min_rows: int | None = Field(None, ge=0)
    max_rows: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_rows is None and self.max_rows is None:
            raise ValueError("give min_rows, max_rows or both")
        if self.min_rows is not None and self.max_rows is not None and self.min_rows > self.max_rows:
            raise ValueError(f"min_rows ({self.min_rows:,}) is above max_rows ({self.max_rows:,})")
        return self

    def report(self, loads: Iterable[Load], now: datetime) -> SlaReport:
        """Hold it against the loads of the table."""
        checks = [self._check(load.at, load.rows) for load in loads if load.rows is not None]
        promised = " and ".join(
            [
                *([] if self.min_rows is None else [f"at least {self.min_rows:,}"]),
                *([] if self.max_rows is None else [f"at most {self.max_rows:,}"]),
            ]
        )
        return _report(
            self,
            checks,
            now,
            lambda rows: f"a load of {self.table} brought {rows:,.0f} rows, {promised} were promised",
        )

    def _check(self, at: datetime, rows: int) -> _Check:
        short = 0 if self.min_rows is None else self.min_rows - rows
        over = 0 if self.max_rows is None else rows - self.max_rows
        return _Check(at, rows, short <= 0 and over <= 0, max(short, over))


Sla = FreshnessSla | PassRateSla | VolumeSla


def _report(
    sla: PassRateSla | VolumeSla, checks: Sequence[_Check], now: datetime, say: Callable[[float], str]
) -> SlaReport:
    """The report on single checks, each of which is kept or not."""
    start, recent = sla.window(now)
    past = sorted(check for check in checks if check.at <= now)
    inside = [check for check in past if check.at >= start]
    lately = [check for check in inside if check.at >= recent]
    return SlaReport(
        sla=sla,
        at=now,
        unit=sla.unit,
        counted=len(inside),
        kept=sum(check.kept for check in inside),
        recent=len(lately),
        recent_broken=sum(not check.kept for check in lately),
        full=bool(past) and past[0].at <= start,
        breaches=tuple(b for b in _stretches(past, say) if b.ended is None or b.ended > start),
    )


def _stretches(checks: Sequence[_Check], say: Callable[[float], str]) -> list[Breach]:
    """From the first broken check to the next one that was kept."""
    found: list[Breach] = []
    broken: list[_Check] = []
    for check in checks:
        if not check.kept:
            broken.append(check)
        elif broken:
            found.append(_breach(broken, check.at, say))
            broken = []
    return [*found, _breach(broken, None, say)] if broken else found


def _breach(broken: Sequence[_Check], ended: datetime | None, say: Callable[[float], str]) -> Breach:
    worst = max(broken, key=lambda check: check.badness).value
    return Breach(broken[0].at, ended, worst, say(worst))


def _over(part: float, whole: float) -> float:
    """Their quotient; of nothing nothing is used, and more than nothing is infinitely too much."""
    if whole:
        return part / whole
    return float("inf") if part else 0.0


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), time(), UTC)

"""A run as it goes, in the terminal: drawn from its events alone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from toolkit.events import Event, Listener
from toolkit.quality.run_results import results_of
from toolkit.quality.verdicts import Verdict, by_table
from toolkit.runs import RunView, StepView
from toolkit.scenario import Scenario
from toolkit.words import duration, literal, plural

_MARKS = {
    "waiting": ("○", "dim"),
    "running": ("●", "cyan"),
    "finished": ("✔", "green"),
    "skipped": ("↷", "blue"),
    "failed": ("✖", "red"),
    "cancelled": ("■", "yellow"),
    "interrupted": ("✖", "red"),
}
_STATE_STYLES = {"failed": "red", "not measured": "yellow", "tolerated": "yellow", "passed": "green"}
SHOWN_ALERTS = 3
"""The newest, while a run goes on."""


class LiveView:
    """What a run looks like now; give it to `rich.live.Live`, and every event to `listen`."""

    def __init__(self, scenario: Scenario, run_id: str) -> None:
        self.scenario = scenario
        self.run_id = run_id
        self.view = RunView()
        self.began = time.monotonic()

    def listen(self, event: Event) -> None:
        """Take in one event."""
        self.view.add(event)

    def __rich__(self) -> RenderableType:
        """Title, steps, quality."""
        title = Text.assemble(
            (self.scenario.title, "bold"), f"  {self.run_id}  ", (duration(time.monotonic() - self.began), "dim")
        )
        parts: list[RenderableType] = [title, self._steps()]
        if results_of(self.view):
            parts.append(quality_summary(self.view))
        parts += [Text(literal(alert), "dim") for alert in self.view.alerts[-SHOWN_ALERTS:]]
        return Group(*parts)

    def _steps(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for _ in range(3):
            table.add_column()
        table.add_column(justify="right")
        table.add_column(justify="right")
        titles = {step.name: step.title for step in self.scenario.steps}
        for name, step in self.view.steps.items():
            table.add_row(*_step_row(titles.get(name, name), step))
        return table


def _step_row(title: str, step: StepView) -> list[RenderableType]:
    mark, style = _MARKS[step.state]
    return [Text(mark, style), Text(title), _progress(step), Text(_rows(step)), Text(_elapsed(step), "dim")]


def _progress(step: StepView) -> RenderableType:
    if step.state == "running":
        return ProgressBar(total=max(step.tasks, 1), completed=step.tasks_done, width=24, pulse=step.tasks == 0)
    return Text(step.message if step.state in {"skipped", "failed"} else "", "dim")


def _rows(step: StepView) -> str:
    if step.state == "running":
        read = f"{step.rows_read:,} rows read" if step.rows_read else ""
        written = f"{step.rows_written:,} written" if step.rows_written else ""
        return ", ".join(part for part in (read, written) if part)
    written_to = sum(step.tables.values())
    return f"{written_to:,} rows in {len(step.tables)} tables" if step.tables else ""


def _elapsed(step: StepView) -> str:
    if step.seconds is not None:
        return duration(step.seconds)
    if step.state == "running" and step.started_at:
        return duration((datetime.now(UTC) - step.started_at).total_seconds())
    return ""


def quality_summary(view: RunView) -> Table:
    """One line per table: rows checked, rules, rules broken, and the worst of them."""
    table = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0))
    table.add_column("Quality")
    for name in ("rows", "rules", "broken"):
        table.add_column(name, justify="right")
    table.add_column("most often")
    for found in by_table(results_of(view)):
        broken = [one for one in found.verdicts if one.state in {"failed", "tolerated"}]
        worst = max(broken, key=lambda one: one.failed, default=None)
        told = _worst_in_words(worst) if worst else ""
        unmeasured = sum(one.state == "not measured" for one in found.verdicts)
        if unmeasured:
            told = f"{told}{' ' if told else ''}({plural(unmeasured, 'rule')} not measured)"
        count = Text(str(len(broken)), _STATE_STYLES[found.state])
        table.add_row(Text(found.table), f"{found.rows:,}", str(len(found.verdicts)), count, Text(literal(told)))
    return table


def _worst_in_words(worst: Verdict) -> str:
    """The rule that most rows break, or what one on the whole table found."""
    return f"{worst.fault or worst.rule}: {plural(worst.failed, 'row')}" if worst.failed else worst.said or worst.rule


@contextlib.contextmanager
def watching(scenario: Scenario, run_id: str, console: Console, *, quiet: bool) -> Iterator[Listener]:
    """Show a run while it goes: live in a terminal, one line per event elsewhere, nothing when `quiet`."""
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        live = LiveView(scenario, run_id)
        with Live(live, console=console, refresh_per_second=8, transient=False):
            yield live.listen
    else:
        yield lambda event: _line(console, event)


def _line(console: Console, event: Event) -> None:
    match event.kind:
        case "run_started":
            console.print(Text(f"run {event.run_id}"))
        case "alert":
            console.print(Text(literal(str(event.data["message"])), "dim"), soft_wrap=True)
        case "step_finished":
            console.print(Text(f"✔ {event.step}  {duration(event.data['seconds'])}"))
        case "step_skipped":
            console.print(Text(f"↷ {event.step}  {event.data['reason']}"))
        case "step_failed":
            console.print(Text(f"✖ {event.step}  {event.data['message']}"))
        case "rows":
            rows = plural(event.data["rows"], "row")
            console.print(Text(f"    {event.data['table']}: {rows}, version {event.data['version']}"))
        case _:
            pass

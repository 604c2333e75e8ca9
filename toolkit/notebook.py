"""A run inside a notebook: each step shown with the source that ran, then what it did; and `show`, which needs no run.

Owns what a notebook shows of a run. The steps, their order and their skipping are `toolkit.runner`'s, so a notebook does what
the command line does; the code on the page is read from `steps.py`, never copied.
"""

from __future__ import annotations

import contextlib
import html
import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from IPython.display import HTML, Code, display

from toolkit import datasets, runner, runs
from toolkit import scenario as declared
from toolkit.errors import UsageError
from toolkit.events import Event
from toolkit.notebook_views import show
from toolkit.platform import DataPlatform
from toolkit.quality.actions import takes_out
from toolkit.quality.run_results import results_of
from toolkit.quality.verdicts import TableVerdict, by_table
from toolkit.runs import RunFolder, RunView
from toolkit.scenario import Scenario
from toolkit.store.lakehouse import Lakehouse
from toolkit.words import duration

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LAYER_COLOURS = {
    "bronze": "#a9714b",
    "silver": "#7d8a99",
    "gold": "#b8901f",
    "quarantine": "#b5483f",
    "ops": "#5b7f8c",
}


class NotebookRun:
    """A run that goes step by step, as the reader does. Made by `start`."""

    def __init__(self, scenario: Scenario, values: dict[str, Any]) -> None:
        self.scenario = scenario
        self.parameters = scenario.parse(values)
        self.view = RunView()
        self._status: Any = None
        self._last_told = ""
        self._open = contextlib.ExitStack()
        attached = os.environ.get(runner.RUN_VARIABLE)
        if attached:
            folder = RunFolder(runs.runs_home() / attached)
        else:
            folder = runs.create(runs.new_run_id(scenario.id))
            self._open.enter_context(runner.recorded(folder, scenario, self.parameters, via="notebook"))
        fresh = bool(os.environ.get(runner.FRESH_VARIABLE))
        self._active = self._open.enter_context(
            runner.ActiveRun(scenario, self.parameters, folder, (self._listen,), fresh)
        )

    @property
    def spark(self) -> SparkSession:
        """The SparkSession, for cells that try something of their own."""
        return self.platform.spark

    @property
    def platform(self) -> DataPlatform:
        """What the steps work with."""
        return self._active.platform

    def step(self, name: str) -> None:
        """Do one step: show its source, its progress, and what it wrote and found."""
        self.source(self.scenario.body(name))
        before = len(results_of(self.view))
        self._status = display(HTML("…"), display_id=True)
        self._last_told = ""
        try:
            self._active.step(name)
        finally:
            self._tell(_step_line(self.view, name))
            self._status = None
        written = self.view.steps[name].tables
        if written:
            display(_table_html(["table", "rows"], [[_layered(t), f"{n:,}"] for t, n in written.items()]))
        if len(results_of(self.view)) > before:
            display(self.quality())

    def source(self, *functions: Callable[..., Any]) -> None:
        """Show the source of functions that a step uses, as it stands in their files."""
        for function in functions:
            display(Code(inspect.getsource(function), language="python"))

    def finish(self) -> None:
        """End the run, and show its answer to the scenario's question."""
        answer = runner.answer_of(self._active)
        self._active.finish(answer)
        self._open.close()
        question = html.escape(self.scenario.question)
        display(HTML(f"<p><b>{question}</b></p><p style='font-size:1.15em'>{html.escape(answer)}</p>"))

    def table(self, name: str, where: str = "", limit: int | None = None) -> pd.DataFrame:
        """Rows of a table, read without Spark.

        Args:
            name: such as `gold.churn_risk`.
            where: SQL condition.
            limit: rows at most; all when None.
        """
        page = Lakehouse.default().open(name).page(where=where, limit=limit if limit is not None else 10_000_000)
        return pd.DataFrame(page.rows, columns=list(page.columns))

    def history(self, name: str) -> pd.DataFrame:
        """A table's versions: when, by which run and step, how many rows."""
        found = Lakehouse.default().open(name).history()
        times = [v.at.strftime("%Y-%m-%d %H:%M") if v.at else "unknown" for v in found]
        rows = [
            (v.version, at, v.operation or "unknown", v.run_id, v.step, v.rows)
            for v, at in zip(found, times, strict=True)
        ]
        return pd.DataFrame(rows, columns=["version", "at", "operation", "run", "step", "rows"])

    def quality(self, *, broken_only: bool = True) -> HTML:
        """The rules, table by table; those that no row breaks are only counted unless `broken_only` is false."""
        rows = [row for found in by_table(results_of(self.view)) for row in _quality_rows(found, broken_only)]
        return _table_html(["table", "rule", "severity", "broken by", "of", "row stays", "for example"], rows)

    def show(self, address: str, **asked: Any) -> None:
        """Show a view over this run's tables, as `toolkit.notebook.show` does."""
        show(address, lakehouse=self.platform.lakehouse, **asked)

    def answer_key(self, dataset: str = "shop") -> pd.DataFrame:
        """Each planted defect: how many rows carry it, and how many the rules found."""
        detected_by = self._active.scenario.bodies().DETECTED_BY
        found = {(r["table"], r["rule"]): r["failed"] for r in results_of(self.view)}
        key = datasets.answer_key(self.platform.landing.folder(dataset))
        rows = [
            (defect, planted, found.get(detected_by[defect], 0), detected_by[defect][1])
            for defect, planted in key.counts.items()
        ]
        table = pd.DataFrame(rows, columns=["defect", "planted", "found", "by the rule"])
        return table.assign(equal=table["planted"] == table["found"])

    def flow(self) -> HTML:
        """The scenario's steps, and the tables that each writes, as a picture."""
        return HTML(_flow(self.scenario))

    def _listen(self, event: Event) -> None:
        self.view.add(event)
        if self._status is not None and event.kind == "step_progressed" and event.step:
            self._tell(_step_line(self.view, event.step))

    def _tell(self, text: str) -> None:
        if self._status is not None and text != self._last_told:
            self._last_told = text
            self._status.update(HTML(text))


def start(scenario_id: str, **parameters: Any) -> NotebookRun:
    """Begin a run of a scenario in this notebook.

    Raises:
        UsageError: no such scenario, or a parameter of the wrong name, type or range.
        BusyError: another run is writing the same tables.
    """
    return NotebookRun(declared.get(scenario_id), parameters)


def _step_line(view: RunView, name: str) -> str:
    step = view.steps.get(name)
    if step is None:
        raise UsageError.unknown("step", name, view.steps)
    match step.state:
        case "finished":
            return f"<span style='color:#2e7d32'>✔ {name}</span> in {duration(step.seconds)}"
        case "skipped":
            return f"<span style='color:#1565c0'>↷ {name}</span> was up to date: an earlier run wrote the same"
        case "failed":
            return f"<span style='color:#c62828'>✖ {name}</span> {html.escape(step.message)}"
        case _:
            return f"● {name}: {step.tasks_done} of {step.tasks} tasks, {step.rows_read:,} rows read"


def _quality_rows(found: TableVerdict, broken_only: bool) -> list[list[str]]:
    shown = [one for one in found.verdicts if one.state != "passed" or not broken_only]
    rows = [
        [
            _layered(found.table),
            f"<span title='{html.escape(one.description)}'>{one.rule}</span>",
            one.severity,
            f"{one.failed:,}",
            f"{one.rows:,}",
            "" if one.said else "no" if takes_out(one.action) else "yes",
            html.escape(one.said or "; ".join(f"{e['key']}: {e['value']}" for e in one.examples[:1])[:70]),
        ]
        for one in shown
    ]
    kept = len(found.verdicts) - len(shown)
    unbroken = [_layered(found.table), f"<i>{kept} rules that no row breaks</i>", "", "0", "", "", ""]
    return [*rows, unbroken] if kept else rows


def _layered(table: str) -> str:
    layer, _, name = table.partition(".")
    return f"<span style='color:{_LAYER_COLOURS.get(layer, 'inherit')}'><b>{layer}</b>.{name}</span>"


def _table_html(names: Sequence[str], rows: Iterable[Sequence[str]]) -> HTML:
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td style='text-align:left'>{v}</td>" for v in row) + "</tr>" for row in rows)
    return HTML(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _flow(scenario: Scenario) -> str:
    """One box a step, an arrow between, and beneath each the tables it writes, in the colours of their layers."""
    width, gap, top = 128, 26, 8
    parts: list[str] = []
    deepest = max(len(step.writes) for step in scenario.steps)
    for i, step in enumerate(scenario.steps):
        x = i * (width + gap) + 4
        parts.append(
            f"<rect x='{x}' y='{top}' width='{width}' height='34' rx='6' fill='none' stroke='currentColor'/>"
            f"<text x='{x + width / 2}' y='{top + 22}' text-anchor='middle' font-weight='600'>{step.name}</text>"
        )
        if i:
            parts.append(f"<text x='{x - gap / 2}' y='{top + 22}' text-anchor='middle'>→</text>")
        for row, table in enumerate(step.writes):
            layer, _, name = table.partition(".")
            parts.append(_coloured(x + 4, top + 56 + row * 16, layer, name))
    legend = [
        _coloured(4 + i * 90, top + 64 + deepest * 16, layer, f"■ {layer}") for i, layer in enumerate(_LAYER_COLOURS)
    ]
    total = len(scenario.steps) * (width + gap)
    height = top + 72 + deepest * 16
    return (
        f"<svg viewBox='0 0 {total} {height}' width='100%' style='max-width:{total}px;color:inherit' "
        f"font-family='sans-serif' font-size='13' fill='currentColor'>{''.join(parts + legend)}</svg>"
    )


def _coloured(x: float, y: float, layer: str, text: str) -> str:
    return f"<text x='{x}' y='{y}' font-size='11' fill='{_LAYER_COLOURS[layer]}'>{text}</text>"

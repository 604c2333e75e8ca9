"""A table against its contract: what differs, in words, and what became of its promises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from toolkit.tui import command_lines, quality_contracts
from toolkit.tui.background import in_background
from toolkit.tui.palette import colour, glyph
from toolkit.tui.problems import Problem
from toolkit.tui.quality_contracts import ContractsOfTable, Held, PromisedRule
from toolkit.tui.quality_words import finding
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.words import count, literal, plural, share

if TYPE_CHECKING:
    from toolkit.quality.sla import SlaReport

STATES = {"ok": "passed", "at risk": "tolerated", "breached": "failed", "unknown": "waiting"}
"""The palette's state for each state of a promise."""


class ContractScreen(Leaf):
    """What was promised about a table, and what is so."""

    mode = "quality"
    HELP_TITLE = "Contract"
    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "reload", "Reload", tooltip="Read the contracts and the table again."),
    ]

    def __init__(self, table: str) -> None:
        super().__init__()
        self.table = table
        self.found: ContractsOfTable | None = None

    def body(self) -> Iterable[Widget]:
        """One text that scrolls."""
        yield ProblemPanel()
        yield EmptyState("Reading …", id="nothing")
        yield VerticalScroll(Static("", id="contracts"), id="scroll", can_focus=True)

    def on_mount(self) -> None:
        """Read."""
        self.query_one("#scroll").display = False
        self.show_command(command_lines.contract(self.table))
        self.action_reload()

    def action_reload(self) -> None:
        """Read in a thread."""
        in_background(
            self,
            lambda: quality_contracts.read(self.table, datetime.now(UTC)),
            self._found,
            self._failed,
            group="contract",
        )

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)

    def _found(self, found: ContractsOfTable) -> None:
        self.found = found
        self.query_one(ProblemPanel).show("")
        there = bool(found.held or found.damaged)
        nothing = self.query_one("#nothing", EmptyState)
        folder = quality_contracts.folders()[-1]
        nothing.say(
            f"No contract names {self.table}.", f"Draft one with the command below, put it into {folder} and press F5."
        )
        nothing.display = not there
        scroll = self.query_one("#scroll")
        scroll.display = there
        self.show_command(command_lines.contract(self.table, found.held[0].file if found.held else None))
        if there:
            self.query_one("#contracts", Static).update(told(found, self.table))
            scroll.focus()


def told(found: ContractsOfTable, table: str) -> Content:
    """Every contract on the table, then the files that cannot be used."""
    parts = [_held(one) for one in found.held]
    if not found.held:
        parts.append(Content.styled(f"No contract that can be read names {table}.", "bold"))
    for file, problem in found.damaged.items():
        parts.append(
            Content.assemble(
                ("✖ ", "$text-error bold"), (f"{literal(str(file))} cannot be used\n", "bold"), f"  {literal(problem)}"
            )
        )
    return Content("\n\n").join(parts)


def _held(one: Held) -> Content:
    contract = one.contract
    owner = f"owner: {literal(contract.owner)}" if contract.owner else "no owner is named"
    lines = [
        Content.assemble(
            (one.table.name, "bold $primary"),
            (f"  against contract {literal(contract.id)} {literal(contract.version)}", "bold"),
            (f"  {literal(contract.status)} · {owner}\n{literal(str(one.file))}", "$text-muted"),
        ),
        Content(""),
        *_columns(one),
    ]
    if promises := [*(_sla(report) for report in one.slas), *_volume(one)]:
        lines += [Content.styled("\nPromises", "bold"), *promises]
    if one.rules:
        lines += [Content.styled("\nRules that follow from it", "bold"), *(_rule(rule) for rule in one.rules)]
        if any(rule.newest is None for rule in one.rules):
            measure = command_lines.judged_by(one.table.name, one.file)
            lines.append(Content.styled(f"  → {literal(measure)}", "$text-muted"))
    return Content("\n").join(lines)


def _columns(one: Held) -> list[Content]:
    """The differences; one green line when there is none."""
    if not one.differences:
        what = (
            f"all {plural(len(one.table.columns), 'column')} are"
            if one.table.columns
            else "it names no columns: any are"
        )
        return [
            Content.assemble(
                ("✔ ", "$text-success bold"), (f"As promised: {what} as in the contract.", "$text-success")
            )
        ]
    head = Content.styled(f"✖ {plural(len(one.differences), 'difference')}", "$text-error bold")
    return [head, *(Content.assemble(("  · ", "$text-error"), literal(str(each))) for each in one.differences)]


def _sla(report: SlaReport) -> Content:
    state = STATES[report.state]
    days = plural(report.counted, "day")
    kept = "nothing was counted yet" if report.attained is None else f"kept on {share(report.attained)} of {days}"
    objective = f"of {report.sla.window_days} days; {share(report.sla.objective)} is the objective"
    going = next((one.text for one in report.breaches if one.ended is None), "")
    hours = getattr(report.sla, "hours", None)
    return Content.assemble(
        (f"  {glyph(state)} {report.state}", f"{colour(state)} bold"),
        f"  a load at least every {hours:g} hours: {kept} {objective}",
        (f"\n    {literal(going)} and counting" if going else "", "$text-error"),
    )


def _volume(one: Held) -> list[Content]:
    volume = one.table.volume
    if volume is None:
        return []
    kept = (volume.min_rows or 0) <= one.rows <= (one.rows if volume.max_rows is None else volume.max_rows)
    state = "passed" if kept else "failed"
    bounds = (("at least", volume.min_rows), ("at most", volume.max_rows))
    text = " and ".join(f"{word} {count(rows)}" for word, rows in bounds if rows is not None)
    return [Content.assemble((f"  {glyph(state)} ", f"{colour(state)} bold"), f"{text} rows: it has {count(one.rows)}")]


def _rule(rule: PromisedRule) -> Content:
    newest = rule.newest
    state = newest.state if newest else "waiting"
    return Content.assemble(
        (f"  {glyph(state)} ", f"{colour(state)} bold"),
        (literal(rule.name), "bold"),
        f"  {literal(rule.description)}",
        (f"  {finding(newest)}" if newest else "  not measured yet", "$text-muted"),
    )

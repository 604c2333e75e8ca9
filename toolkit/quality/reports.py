"""A result told: as a table for a terminal, as HTML, Markdown, JUnit XML or JSON.

Each form is made from the same lines. Must not measure or judge.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from toolkit.quality.records import as_data as rule_as_data
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.verdicts import state_of
from toolkit.words import plural

if TYPE_CHECKING:
    from rich.table import Table

_MARKS = {"passed": "✔", "tolerated": "~", "not measured": "?", "failed": "✖"}
_COLOURS = {"passed": "green", "tolerated": "yellow", "not measured": "yellow", "failed": "red"}
_HEADINGS = ("", "rule", "severity", "found", "what is true of good data")
_STYLE = (
    "<style>.quality td,.quality th{text-align:left;padding:.15em .8em}.quality .passed{color:#1a7f37}"
    ".quality .tolerated,.quality .not-measured{color:#9a6700}.quality .failed{color:#cf222e;font-weight:600}</style>"
)


@dataclass(frozen=True)
class Line:
    """One rule, as every form tells it."""

    state: str
    rule: str
    severity: str
    found: str
    description: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The line under the headings."""
        return (_MARKS[self.state], self.rule, self.severity, self.found, self.description)


def lines(result: QualityResult) -> list[Line]:
    """One line for each rule, in the order of the rules."""
    return [
        Line(
            state_of(passed=one.verdict, failed=one.failed),
            one.rule.name,
            one.rule.severity,
            found(one),
            one.rule.description,
        )
        for one in result.rules
    ]


def found(one: RuleResult) -> str:
    """What a rule found, in a few words: `country is missing: 625 of 1,000 rows`."""
    if one.on_the_whole:
        return one.said
    if not one.failed:
        return plural(one.rows, "row")
    example = f", such as {one.examples[0]['value']}" if one.examples else ""
    of_all, broken = f"of {plural(one.rows, 'row')}", one.failed - one.unevaluated
    fault = f"{one.rule.fault()}: " if one.rule.fault() else ""
    told = [f"{fault}{broken:,} {of_all}"] if broken else []
    # A row at which the rule cannot be evaluated is not as the fault says.
    told += [f"{one.rule.unevaluated}: {one.unevaluated:,} {of_all}"] if one.unevaluated else []
    return f"{'; '.join(told)}{example}"


def title(result: QualityResult) -> str:
    """The result in a sentence."""
    failed, unmeasured = len(result.failed), len(result.unmeasured)
    total = len(result.rules)
    rules = f"{failed} of {total} rules failed" if failed else f"{total - unmeasured} rules kept"
    unknown = f", {unmeasured} not measured" if unmeasured else ""
    return f"{result.table}: {rules}{unknown}; {result.quarantined:,} of {result.rows:,} rows are not good enough."


def as_rich(result: QualityResult) -> Table:
    """A table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title(result), title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold")
    for line in lines(result):
        # Text, not markup: what stands in a table is shown as it stands.
        table.add_row(Text(line.cells[0], _COLOURS[line.state]), *[Text(printable(cell)) for cell in line.cells[1:]])
    return table


def as_text(result: QualityResult) -> str:
    """A table for `print`, as wide as the terminal."""
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    Console(file=text, color_system=None, legacy_windows=False).print(as_rich(result))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def as_markdown(result: QualityResult) -> str:
    """A table for a pull request or a wiki."""
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *[line.cells for line in lines(result)]]
    escaped = ("| " + " | ".join(printable(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"**{title(result)}**\n\n" + "\n".join(escaped) + "\n"


def as_html(result: QualityResult) -> str:
    """A table for a notebook or a mail; complete in itself."""
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    body = "".join(
        f'<tr class="{line.state.replace(" ", "-")}">'
        + "".join(f"<td>{html.escape(printable(cell))}</td>" for cell in line.cells)
        + "</tr>"
        for line in lines(result)
    )
    return (
        f'{_STYLE}<div class="quality"><p><b>{html.escape(title(result))}</b></p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def as_junit(result: QualityResult) -> str:
    """A test suite, for a build server: each rule is a case; a rule that only warns never fails one."""
    blocking = {one.rule.name for one in result.blocking}
    attributes = {"name": result.table, "tests": str(len(result.rules)), "failures": str(len(blocking))}
    suite = ET.Element("testsuite", attributes)
    for line in lines(result):
        case = ET.SubElement(suite, "testcase", {"classname": result.table, "name": line.rule})
        if line.rule in blocking:
            failure = ET.SubElement(case, "failure", {"message": printable(line.found), "type": line.severity})
            failure.text = printable(line.description)
        elif line.state != "passed":
            ET.SubElement(case, "system-out").text = printable(f"{line.state}: {line.found}")
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def as_data(result: QualityResult) -> dict[str, Any]:
    """Everything, as plain data."""
    return {
        "table": result.table,
        "rows": result.rows,
        "quarantined": result.quarantined,
        "pass_rate": result.pass_rate,
        "passed": result.passed,
        "rules": [rule_as_data(one, result.actions.of(one.rule)) for one in result.rules],
        "unchecked": list(result.unchecked),
    }


def as_json(result: QualityResult) -> str:
    """Everything, as JSON; what is no number is null."""
    return json.dumps(as_data(result), indent=2, ensure_ascii=False, default=str) + "\n"


FORMS: dict[str, Callable[[QualityResult], str]] = {
    "json": as_json,
    "junit": as_junit,
    "markdown": as_markdown,
    "html": as_html,
}
"""The forms that are text."""


def printable(text: str) -> str:
    """The text without what a terminal or XML would take for a command."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in text)

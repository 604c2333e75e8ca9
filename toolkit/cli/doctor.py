"""`toolkit doctor`: is this computer ready?"""

from __future__ import annotations

from rich.text import Text

from toolkit.cli.output import AsJson, out, print_json

_MARKS = {True: ("✔", "green"), None: ("!", "yellow"), False: ("✖", "red")}


def doctor(as_json: AsJson = False) -> None:
    """Check Python, Java, jars, memory, disk, ports and write rights; each line that is not well names its cure."""
    from toolkit.doctor import examine
    from toolkit.errors import ExitCode

    findings = examine()
    if as_json:
        print_json([vars(finding) for finding in findings])
    else:
        for finding in findings:
            mark, style = _MARKS[finding.ok]
            out.print(Text.assemble((mark, style), f" {finding.name}: {finding.found}"))
            if finding.ok is not True and finding.cure:
                out.print(Text(f"    {finding.cure}"))
    if any(finding.ok is False for finding in findings):
        raise SystemExit(ExitCode.SETUP)

"""`toolkit quality`: what a run found, rule by rule."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, show


def quality(
    run: Annotated[str, typer.Option("--run", help="An id, its end, or latest.")] = "latest",
    table: Annotated[str | None, typer.Option("--table", help="Only this table.")] = None,
    broken: Annotated[bool, typer.Option("--broken", help="Only rules that some row breaks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the quality of a run: every rule, how many rows break it, and an example."""
    from toolkit import runs
    from toolkit.errors import UsageError

    folder = runs.find(run)
    results = folder.view().quality
    tables = sorted({result["table"] for result in results})
    if table is not None and table not in tables:
        raise UsageError.unknown("checked table", table, tables, cure=f"Run {folder.run_id} checked these.")
    chosen = [r for r in results if table in {None, r["table"]} and (r["failed"] or not broken)]
    if as_json:
        show(chosen, as_json=True)
        return
    rows = [
        {
            "table": r["table"],
            "rule": r["rule"],
            "severity": r["severity"],
            "failed": r["failed"],
            "rows": r["rows"],
            "ok": "yes" if r["passed"] else "NO",
            "for example": "; ".join(f"{e['key']}: {e['value']}" for e in r["examples"][:1]),
        }
        for r in chosen
    ]
    show(rows, as_json=False, empty="This run has checked nothing.")
    err.print(Text(f"Run {folder.run_id}. The rows themselves: toolkit tables show quarantine.<name>", "dim"))

"""`toolkit batch`: every notebook, one after the other."""

from __future__ import annotations

from rich.text import Text

from toolkit.cli.output import AsJson, err, show
from toolkit.cli.parameters import Parameters, parsed
from toolkit.cli.scenarios import tell_broken
from toolkit.words import duration


def batch(
    parameter: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Run all notebooks, keep each with its output, and report; a failure does not stop the others."""
    from toolkit import runner
    from toolkit import scenario as declared
    from toolkit.errors import ExitCode, ToolkitError, UsageError

    values = parsed(parameter)
    surveyed = declared.survey()
    found = [s for s in surveyed.scenarios.values() if s.notebook.exists()]
    known = {name for s in found for name in s.parameters.model_fields}
    for name in values:
        if name not in known:
            raise UsageError.unknown("parameter of any notebook", name, known)
    checked = [(s, s.parse({n: v for n, v in values.items() if n in s.parameters.model_fields})) for s in found]
    tell_broken(surveyed)
    rows, worst = [], ExitCode.OK
    for scenario, parameters in checked:
        err.print(Text(f"{scenario.id} …"))
        row = {"scenario": scenario.id, "status": "succeeded", "took": "", "run": "", "told": ""}
        try:
            record = runner.execute(scenario, parameters, via="notebook")
            row |= {"took": duration(record.seconds), "run": record.run_id, "told": record.answer}
        except ToolkitError as problem:
            row |= {"status": "failed", "told": str(problem)}
            worst = max(worst, problem.exit_code)
        rows.append(row)
    show(rows, as_json=as_json, empty="There is no notebook.")
    raise SystemExit(worst)

"""The command line: `toolkit …`.

Each command parses, calls the toolkit, and prints. Standard output is data, standard error is narration; `--json` gives the
same data to programs. An error is one message without a stack, and an exit code of `toolkit.errors.ExitCode`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from toolkit import __version__
from toolkit.cli import batch, datasets, doctor, run, scenarios
from toolkit.cli.parameters import joined
from toolkit.cli.views import area_app
from toolkit.errors import ExitCode, ToolkitError
from toolkit.words import literal


class _Commands(TyperGroup):
    """Ends a command as `main` promises; typer would end it without a word, or with another code."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command that `ctx` names."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as problem:
            sys.stderr.write("Cancelled.\n")
            raise SystemExit(ExitCode.INTERRUPTED) from problem
        except BrokenPipeError as problem:
            _read_no_more(problem)


def commands(arguments: Sequence[str]) -> typer.Typer:
    """The command line; of the areas only the one that the arguments name is loaded."""
    app = typer.Typer(
        name="toolkit",
        cls=_Commands,
        help="A lakehouse on your laptop: run it, look into it, learn from it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    app.callback()(_everything)
    app.command("run")(run.run)
    app.command("batch")(batch.batch)
    app.command("doctor")(doctor.doctor)
    app.add_typer(scenarios.app, name="scenarios")
    app.add_typer(datasets.app, name="datasets")
    for name, area in _areas(arguments):
        app.add_typer(area, name=name)
    app.command("tui")(tui)
    return app


def _areas(arguments: Sequence[str]) -> Iterator[tuple[str, typer.Typer]]:
    from toolkit.listing import known

    asked = next((word for word in arguments if not word.startswith("-")), "")
    for name, listing in known().items():
        yield name, area_app(name, listing.summary, whole=name == asked)


def tui() -> None:
    """Open the app in this terminal."""
    from toolkit.tui.app import main as open_app

    open_app()


def _say_version(asked: bool) -> None:
    if not asked:
        return
    from importlib.metadata import version

    engines = ", ".join(f"{name} {version(name)}" for name in ("pyspark", "delta-spark", "deltalake"))
    sys.stdout.write(f"toolkit {__version__} ({engines})\n")
    raise typer.Exit


def _everything(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole stack of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback answers, and ends the command
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the versions and exit.")
    ] = False,
) -> None:
    if debug:
        os.environ["TOOLKIT_DEBUG"] = "1"


def main() -> None:
    """Run one command, and end the process with its exit code."""
    try:
        try:
            arguments = joined(sys.argv[1:])
            commands(arguments)(arguments, prog_name="toolkit")
        except ToolkitError as problem:
            _refuse(problem)
        finally:
            # What a closed pipe refuses shows itself here, not when the interpreter ends.
            sys.stdout.flush()
    except BrokenPipeError as problem:
        _read_no_more(problem)


def _read_no_more(problem: BrokenPipeError) -> NoReturn:
    """Whoever read us has had enough, as `head` does: nothing went wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(ExitCode.OK) from problem


def _refuse(problem: ToolkitError) -> None:
    if os.environ.get("TOOLKIT_DEBUG"):
        raise problem
    told = [f"Error: {problem.what}"]
    if problem.choices:
        told.append(f"Valid choices: {', '.join(problem.choices)}.")
    sys.stderr.writelines(f"{literal(line, lines=True)}\n" for line in [*told, problem.cure] if line)
    raise SystemExit(problem.exit_code) from problem

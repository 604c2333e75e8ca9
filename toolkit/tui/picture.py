"""A picture of a screen, for the README: `python -m toolkit.tui.picture OUT.svg --screen table`.

The picture is of the real app over the lakehouse at `TOOLKIT_HOME`; nothing in it is drawn by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from toolkit.errors import ToolkitError, UsageError
from toolkit.tui.app import ToolkitApp

WIDTH, HEIGHT = 120, 36
FONTS = '"Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace'
_REMOTE_FONT = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
_FONT_FAMILY = re.compile(r"font-family:\s*Fira Code,\s*monospace")
Opener = Callable[[ToolkitApp, str], Awaitable[None]]


async def _mode(app: ToolkitApp, name: str) -> None:
    app.action_show_mode(name)


async def _scenario(app: ToolkitApp, name: str) -> None:
    from toolkit.tui import catalogue

    found = catalogue.read().scenarios
    if name or found:
        await app.open_scenario(name or found[-1].id)


async def _run(app: ToolkitApp, name: str) -> None:
    from toolkit.runs import find

    await app.open_run(find(name or "latest").run_id)


async def _table(app: ToolkitApp, name: str) -> None:
    await app.open_table(name or first_table())


def first_table() -> str:
    """The first gold table, or else the first table.

    Raises:
        UsageError: there is no table.
    """
    from toolkit.governance.lens import looked_at

    tables = sorted(looked_at().tables(), key=lambda name: not name.startswith("gold."))
    if not tables:
        raise UsageError("There is no table to take a picture of.", cure="Run a scenario first: ./run")
    return tables[0]


async def _quality(app: ToolkitApp, name: str) -> None:
    await _mode(app, "quality")
    if name:
        await app.open_part("quality.rules", {"table": name})


SCREENS: dict[str, Opener] = {
    "scenario": _scenario,
    "runs": lambda app, _: _mode(app, "runs"),
    "run": _run,
    "tables": lambda app, _: _mode(app, "tables"),
    "table": _table,
    "quality": _quality,
}
"""What a picture can be taken of, and how to get there."""


def picture(file: Path, screen: str = "table", name: str = "", *, light: bool = False) -> Path:
    """Write the picture of a screen to `file`, as SVG.

    Args:
        file: where to.
        screen: one of `SCREENS`.
        name: the scenario, run or table; a likely one when empty.
        light: in the light theme.

    Raises:
        UsageError: no such screen, or nothing to show on it.
    """
    if screen not in SCREENS:
        raise UsageError.unknown("screen", screen, SCREENS)
    file.write_text(without_remote_fonts(asyncio.run(_taken(screen, name, light=light))), encoding="utf-8")
    return file


async def _taken(screen: str, name: str, *, light: bool) -> str:
    app = ToolkitApp()
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        if light:
            app.action_toggle_theme()
        await SCREENS[screen](app, name)
        # Once for what the screen asks for, once more for what that sets off.
        for _ in range(3):
            while any(not worker.is_finished for worker in app.workers):
                await asyncio.sleep(0.01)
            await pilot.pause()
        return app.export_screenshot(simplify=True)


def without_remote_fonts(svg: str) -> str:
    """The picture with fonts of the reader's own computer: it loads nothing from anywhere."""
    return _FONT_FAMILY.sub(f"font-family: {FONTS}", _REMOTE_FONT.sub("", svg))


def main(words: list[str] | None = None) -> int:
    """Take a picture from the command line."""
    parser = argparse.ArgumentParser(prog="python -m toolkit.tui.picture", description="A picture of a screen, as SVG.")
    parser.add_argument("file", type=Path, metavar="OUT.svg")
    parser.add_argument("--screen", default="table", choices=SCREENS)
    parser.add_argument("--name", default="", help="the scenario, run or table")
    parser.add_argument("--light", action="store_true", help="in the light theme")
    given = parser.parse_args(words)
    try:
        file = picture(given.file, given.screen, given.name, light=given.light)
    except ToolkitError as problem:
        sys.stderr.write(f"{problem}\n")
        return int(problem.exit_code)
    sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

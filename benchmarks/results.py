"""Keeping what was measured, and showing it: `results.json` beside this file, and the table in `docs/benchmarks.md`.

A benchmark that is not run keeps what it measured last, on the machine where it did.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich.table import Table
from rich.text import Text

from benchmarks.ratios import Ratio

FILE = Path(__file__).with_name("results.json")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
PACKAGES = ("pyspark", "delta-spark", "deltalake", "textual", "polars")
_HEAD = """# Benchmarks

Made by `./run bench`; edit nothing here. Each line is measured in one run, ours and what it is held against in turns, so the
ratio means something on any computer and the seconds only on this one. `./run bench NAME …` measures some of them anew and
leaves the rest as they are. *Held* and *missed* say whether the ratio, or our own number where there is none, is within its
limit; *told* is a number that has no limit.
"""


@dataclass(frozen=True)
class Result:
    """What one benchmark measured, when and on what."""

    title: str
    measured_at: str
    machine: str
    ratios: tuple[Ratio, ...]


def result(title: str, ratios: Sequence[Ratio], now: datetime | None = None) -> Result:
    """What was measured just now, on this computer."""
    at = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    return Result(title, at, machine(), tuple(ratios))


def machine() -> str:
    """Cores, memory, system, Java and versions: what the seconds depend on. Names no computer and no user."""
    memory = psutil.virtual_memory().total / 1024**3
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, Java {_java()}"
    return f"{cores}, {memory:.0f} GiB, {where}; {packages}"


def _java() -> str:
    from toolkit import java
    from toolkit.errors import SetupError

    try:
        return java.find().version
    except SetupError:
        return "not found"


def load(file: Path = FILE) -> dict[str, Result]:
    """What earlier runs kept, by name of the benchmark; nothing if there is no such file."""
    if not file.exists():
        return {}
    kept = json.loads(file.read_text(encoding="utf-8"))
    return {name: _result(entry) for name, entry in kept.items()}


def _result(entry: Mapping[str, Any]) -> Result:
    return Result(**{**entry, "ratios": tuple(Ratio(**ratio) for ratio in entry["ratios"])})


def keep(new: Mapping[str, Result], file: Path = FILE, page: Path = PAGE, order: Sequence[str] = ()) -> None:
    """Put `new` in the place of what was kept under the same names, and write the page anew."""
    kept = {**load(file), **new}
    names = [*[name for name in order if name in kept], *[name for name in kept if name not in order]]
    ordered = {name: kept[name] for name in names}
    _write(file, json.dumps({name: asdict(found) for name, found in ordered.items()}, indent=1) + "\n")
    _write(page, markdown(ordered))


def _write(file: Path, text: str) -> None:
    """Replace a file in one move."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as stream:
        stream.write(text)
    Path(stream.name).chmod(0o644)
    Path(stream.name).replace(file)


def markdown(results: Mapping[str, Result]) -> str:
    """The page."""
    return _HEAD + "".join(_section(name, found) for name, found in results.items())


def _section(name: str, found: Result) -> str:
    lines = [
        f"\n## {name}\n{found.title}\n\n",
        "| | ours | against | ratio | limit | |\n| --- | ---: | ---: | ---: | ---: | --- |\n",
        *[f"| {' | '.join(cells(ratio))} |\n" for ratio in found.ratios],
        "\n",
        *[f"- *{ratio.name}*: {ratio.note}\n" for ratio in found.ratios],
        f"\nMeasured {found.measured_at} on {found.machine}.\n",
    ]
    return "".join(lines)


def cells(ratio: Ratio) -> tuple[str, ...]:
    """Name, ours, floor, ratio, limit and verdict, as text."""
    verdict = {True: "held", False: "**missed**", None: "told"}[ratio.held]
    limit = (
        ""
        if ratio.limit is None
        else number(ratio.limit, ratio.unit)
        if ratio.floor is None
        else f"{ratio.limit:.2f} ×"
    )
    return (
        ratio.name,
        number(ratio.ours, ratio.unit),
        "" if ratio.floor is None else number(ratio.floor, ratio.unit),
        "" if ratio.ratio is None else f"{ratio.ratio:.2f} ×",
        limit,
        verdict,
    )


def number(value: float, unit: str) -> str:
    """Three digits or so, and the unit."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def as_table(name: str, ratios: Sequence[Ratio]) -> Table:
    """One benchmark, for the terminal."""
    table = Table(title=name, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for head in ("", "ours", "against", "ratio", "limit", ""):
        table.add_column(head, justify="right" if head else "left")
    for ratio in ratios:
        *rest, _ = cells(ratio)
        mark = {True: ("held", "green"), False: ("missed", "red"), None: ("told", "dim")}[ratio.held]
        table.add_row(*rest, Text(*mark))
    return table

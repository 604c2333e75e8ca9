"""A look for new files among 100,000 that were loaded, against the least that can be done: the size and time of each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.ratios import Choices, NotComparable, Ratio, alternated, median, timed
from toolkit.etl.discovery import Place, Print, discover, looked_at

FILES, NEW, REPEAT = 100_000, 100, 5


def measure(choices: Choices) -> Iterator[Ratio]:
    """Both sides in turn, in one process; the folder is in the system's cache."""
    files, repeat = choices.rows or FILES, choices.repeat or REPEAT
    with tempfile.TemporaryDirectory(prefix="bench-discovery-") as scratch:
        folder = Path(scratch)
        choices.tell(f"  writing {files:,} files")
        for number in range(files):
            (folder / f"{number:07}.json").write_text(f'{{"id": {number}}}\n')
        loaded: dict[str, Print] = {
            name: looked_at(file) for name, file in Place(folder, "*.json").files() if int(file.stem) >= NEW
        }
        ours, floor = _both(folder, loaded, repeat)
    what = f"{NEW} new files among {files:,} that were loaded, in one folder; medians of {repeat}."
    yield Ratio(f"a look at {files:,} files", ours, floor, None, "s", f"{what} Floor: os.scandir, and stat of each.")


def _both(folder: Path, loaded: dict[str, Print], repeat: int) -> tuple[float, float]:
    looks: dict[str, Callable[[], int]] = {
        "ours": lambda: len(discover(Place(folder, "*.json"), loaded).new),
        "floor": lambda: _least(folder, loaded),
    }
    # The look that says whether both see the same is the one that warms up, too.
    seen = {side: look() for side, look in looks.items()}
    if set(seen.values()) != {NEW}:
        raise NotComparable(f"Not {NEW} new files are seen: {seen}.")
    found = alternated({side: timed(look) for side, look in looks.items()}, repeat)
    return median(found["ours"]), median(found["floor"])


def _least(folder: Path, loaded: dict[str, Print]) -> int:
    with os.scandir(folder) as entries:
        stats = {entry.name: entry.stat() for entry in entries}
    return sum(name not in loaded for name in stats)

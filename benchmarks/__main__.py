"""The command line: `python -m benchmarks [NAME …]`, or `python -m benchmarks where RUN_ID`.

Tables go to standard output, narration to standard error. The exit code is 1 when a limit is missed, or when two sides turn
out not to be comparable.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks import results
from benchmarks.processes import ChildFailed
from benchmarks.ratios import Choices, NotComparable, Ratio
from toolkit.errors import ToolkitError

NAMES = (
    "first_paint",
    "open_table",
    "retail_vs_plain",
    "in_a_store",
    "scale",
    "land",
    "quality",
    "profile_wide",
    "warm",
    "changes",
    "discovery",
    "streams",
    "latency",
    "governance",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, keep it, and say whether all limits held."""
    given = parse(arguments)
    console, narration = Console(), Console(stderr=True, highlight=False)
    try:
        if given.names[:1] == ["where"]:
            return _where(given.names[1:], console)
        return _measure(given, console, narration)
    except (ChildFailed, NotComparable, ToolkitError) as problem:
        narration.print(str(problem), markup=False)
        return 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}, or: where RUN_ID; all when none")
    parser.add_argument("--orders", nargs="+", type=_positive, help="sizes for retail_vs_plain, scale and land")
    parser.add_argument("--rows", type=_positive, help="size for open_table")
    parser.add_argument("--repeat", type=_positive, help="repetitions of each side")
    parser.add_argument(
        "--keep", action="store_true", help="keep the results even though sizes or repetitions were chosen"
    )
    given = parser.parse_args(arguments)
    unknown = [] if given.names[:1] == ["where"] else [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)} and where")
    return given


def _positive(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a number above zero is needed")
    return number


def _where(names: Sequence[str], console: Console) -> int:
    from benchmarks import where

    where.show(names[0] if names else "latest", console)
    return 0


def _measure(given: argparse.Namespace, console: Console, narration: Console) -> int:
    choices = Choices(
        tuple(given.orders) if given.orders else None,
        given.rows,
        given.repeat,
        lambda line: narration.print(line, markup=False),
    )
    found: list[Ratio] = []
    for name in given.names or NAMES:
        narration.print(name)
        module = importlib.import_module(f"benchmarks.{name}")
        ratios = list(module.measure(choices))
        console.print(results.as_table(name, ratios))
        found += ratios
        _keep(name, str(module.__doc__).splitlines()[0], ratios, given.keep or choices.are_default, narration)
    return 1 if any(ratio.held is False for ratio in found) else 0


def _keep(name: str, title: str, ratios: Sequence[Ratio], wanted: bool, narration: Console) -> None:
    """Keep each benchmark as soon as it is done: the next may take long, or fail."""
    if wanted and ratios:
        results.keep({name: results.result(title, ratios)}, order=NAMES)
    elif ratios:
        narration.print(
            "  not kept: the limits are stated for the default sizes and repetitions (--keep keeps it all the same)"
        )


if __name__ == "__main__":
    sys.exit(main())

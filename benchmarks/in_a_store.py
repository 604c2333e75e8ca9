"""The retail lakehouse in Azurite on this computer, against one in a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import python, run
from benchmarks.ratios import Choices, Ratio, median
from toolkit.services.azurite import LAKEHOUSE

ORDERS = (20_000,)
REPEAT = 1
STORE = {"TOOLKIT_LAKEHOUSE": f"{LAKEHOUSE}/bench"}


def measure(choices: Choices) -> Iterator[Ratio]:
    """Run each size in both, in fresh processes; the files are landed within."""
    repeat = choices.repeat or REPEAT
    for orders in choices.orders or ORDERS:
        with tempfile.TemporaryDirectory(prefix="bench-store-") as scratch:
            home = Path(scratch)
            command = python("benchmarks.ours", "run", str(orders))
            choices.tell(f"  {orders:,} orders in a folder")
            folder = median([run(command, home=home).seconds for _ in range(repeat)])
            run(python("toolkit", "services", "start", "azurite"), home=home)
            try:
                choices.tell(f"  {orders:,} orders in Azurite")
                store = median([run(command, home=home, variables=STORE).seconds for _ in range(repeat)])
            finally:
                run(python("toolkit", "services", "stop", "azurite"), home=home)
        note = f"`toolkit run retail_lakehouse` anew, process start to end; medians of {repeat}; Azurite on the same cores."
        yield Ratio(f"{orders:,} orders in Azurite", store, folder, None, "s", note)

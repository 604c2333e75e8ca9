"""Ten days of deliveries, as they come: in order but for one that is late, one that is corrected, and one that is replaced.

Owns which file comes on which day, and what is other in it than in the shop's own. Must not know Spark.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from toolkit import paths

FIRST_DAY = date(2026, 6, 20)
DAYS = 10
LATE, COMES_ON = date(2026, 6, 23), 6
"""The file of this day comes on that day of the ten, after those of two later days."""
CORRECTED, CORRECTED_ON = date(2026, 6, 24), 7
CORRECTION = f"{CORRECTED}-corrected.json"
REPLACED, REPLACED_ON = date(2026, 6, 22), 8
CRASH_ON = 6
UP_TO_DATE_ON = (3, 5, 7, 10)
"""On these days the orders are brought up to date with all that came since."""
EVERY_CORRECTED, EVERY_WITHDRAWN, EVERY_REPRICED = 20, 10, 15
"""One order in so many is cancelled by the correction; is not in the file that replaces the first; has another amount in it."""
HAPPENED = {
    4: f"the file of {LATE} does not come",
    CRASH_ON: f"the file of {LATE} comes; the load is killed",
    CORRECTED_ON: f"a second file corrects that of {CORRECTED}",
    REPLACED_ON: f"the file of {REPLACED} is replaced",
    DAYS: "a file of late orders comes, too",
}
"""What a day has that others have not."""


@dataclass(frozen=True)
class Deliveries:
    """The folders of ten days, below one folder.

    Attributes:
        folder: of this scenario alone.
    """

    folder: Path

    @property
    def inbox(self) -> Path:
        """Where files come, as a pipeline sees them."""
        return self.folder / "inbox"

    def day(self, number: int) -> Path:
        """The files that come on a day, from 1 to 10."""
        return self.folder / f"day-{number:02}"

    def files(self, number: int) -> list[Path]:
        """The files of a day, by name."""
        return sorted(self.day(number).iterdir())

    def empty_inbox(self) -> None:
        """Take all files away that have come."""
        shutil.rmtree(self.inbox, ignore_errors=True)
        paths.ensure_folder(self.inbox)

    def deliver(self, number: int) -> None:
        """Put the files of a day into the inbox; one of a name that is there takes its place."""
        for file in self.files(number):
            arriving = self.folder / f"{file.name}.arriving"
            shutil.copyfile(file, arriving)
            arriving.replace(self.inbox / file.name)

    def in_the_end(self) -> list[str]:
        """The files that are in the inbox, by their names below the folder."""
        return [f"inbox/{file.name}" for file in sorted(self.inbox.iterdir())]

    def new_names(self) -> list[str]:
        """What a job loads that takes each name once: of the replaced file, the first."""
        return list(self._taken(lambda name, taken: name not in taken))

    def higher_names(self) -> list[str]:
        """What a job loads that takes the names above the highest it has had."""
        return list(self._taken(lambda name, taken: name > max(taken, default="")))

    def _taken(self, wanted: Callable[[str, Sequence[str]], bool]) -> Iterator[str]:
        taken: list[str] = []
        for number in range(1, DAYS + 1):
            chosen = [file.name for file in self.files(number) if wanted(file.name, taken)]
            taken += chosen
            yield from (f"{self.day(number).name}/{name}" for name in chosen)

    def write(self, shop: Path) -> None:
        """Write the files of all days, from those of the shop, which stay as they are."""
        for number in range(1, DAYS + 1):
            shutil.rmtree(self.day(number), ignore_errors=True)
            paths.ensure_folder(self.day(number))
        for number in range(1, DAYS + 1):
            day = FIRST_DAY + timedelta(days=number - 1)
            comes_on = COMES_ON if day == LATE else number
            for file in sorted((shop / "orders").glob(f"{day}*.json")):
                shutil.copyfile(file, self.day(comes_on) / file.name)
        corrected = _orders(shop / "orders" / f"{CORRECTED}.json")
        _write(self.day(CORRECTED_ON) / CORRECTION, _changed(corrected, EVERY_CORRECTED, _cancelled, others=False))
        first = _orders(shop / "orders" / f"{REPLACED}.json")
        left = [one for number, one in enumerate(first, 1) if number % EVERY_WITHDRAWN]
        _write(self.day(REPLACED_ON) / f"{REPLACED}.json", _changed(left, EVERY_REPRICED, _repriced, others=True))


def _orders(file: Path) -> list[dict[str, Any]]:
    """The orders of a file; lines that were cut off are left out."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _changed(
    orders: Sequence[dict[str, Any]], every: int, change: Callable[[dict[str, Any]], dict[str, Any]], *, others: bool
) -> list[dict[str, Any]]:
    """One order in so many changed; the others as they are, or left out."""
    numbered = enumerate(orders, 1)
    return [change(one) if number % every == 0 else one for number, one in numbered if others or number % every == 0]


def _cancelled(order: dict[str, Any]) -> dict[str, Any]:
    later = datetime.fromisoformat(order["updated_at"]) + timedelta(days=2)
    return {**order, "status": "cancelled", "updated_at": later.isoformat().replace("+00:00", "Z")}


def _repriced(order: dict[str, Any]) -> dict[str, Any]:
    return {**order, "payment": {**order["payment"], "amount": round(order["payment"]["amount"] + 1, 2)}}


def _write(file: Path, orders: Sequence[dict[str, Any]]) -> None:
    lines = (json.dumps(order, ensure_ascii=False, separators=(",", ":")) for order in orders)
    paths.write_atomically(file, "".join(f"{line}\n" for line in lines))

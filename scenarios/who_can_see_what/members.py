"""Members, made of nothing: the same seed gives the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from stdnum import luhn

COUNTRIES = {"DE": ("Köln", "Bremen", "Erfurt"), "FR": ("Lyon", "Nantes", "Lille"), "ES": ("Vigo", "Murcia", "León")}
GIVEN = ("Ada", "Bela", "Carla", "Dario", "Elif", "Fynn", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Luis")
FAMILY = (
    "Abel",
    "Brandt",
    "Conti",
    "Durand",
    "Esser",
    "Faure",
    "Garcia",
    "Hansen",
    "Ivanov",
    "Jansen",
    "Klein",
    "Lopez",
)
_BORN = date(1950, 1, 1)


def members(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """As many members; names, addresses and numbers are of no real person, and the cards' only check digit is right."""
    chance = random.Random(seed)  # noqa: S311 - data, not secrets
    for number in range(count):
        given, family = chance.choice(GIVEN), chance.choice(FAMILY)
        country = chance.choice(list(COUNTRIES))
        digits = f"4{chance.randrange(10**14):014d}"
        yield {
            "member_id": number,
            "name": f"{given} {family}",
            "email": f"{given}.{family}.{number}@example.com".lower(),
            "card": digits + luhn.calc_check_digit(digits),
            "birth_date": _BORN + timedelta(days=chance.randrange(20_000)),
            "income": round(chance.lognormvariate(10.5, 0.4), 2),
            "country": country,
            "city": chance.choice(COUNTRIES[country]),
        }

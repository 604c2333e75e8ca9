"""Values of a contract in SQL, without loss.

Owns which numbers and times can be written there at all.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from toolkit.quality import sql_text

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST_DIGITS = 38
"""Of a decimal."""


class Unfit(ValueError):
    """Why something that a contract says is no rule."""


def literal(value: Any) -> str:
    """A number, a text, a time or a truth value in SQL, without loss."""
    match value:
        case bool():
            return str(value).lower()
        case int() if abs(value) < 2**63:
            return str(value)
        case int() | float():
            if not abs(value) < 10**MOST_DIGITS:
                raise Unfit(f"{value!r} is larger than any number here")
            text = f"{Decimal(repr(value)):f}"
            if len(text.strip("-0.").replace(".", "")) > MOST_DIGITS or len(text.partition(".")[2]) > MOST_DIGITS:
                raise Unfit(f"{value!r} has more digits than a decimal")
            return f"{text}BD"
        case date():
            return sql_text.text(value.isoformat())
    return sql_text.text(str(value))

"""One value of a table: cut to a cell, and whole for a reader.

NULL and empty text never look alike: NULL is a dim `NULL`, empty text a dim `""`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from rich.text import Text

from toolkit.words import as_text, cut, literal

CELL_WIDTH = 36


def cell(value: Any, width: int = CELL_WIDTH) -> Text:
    """`value` on one line of at most `width` characters; markup and escape sequences in it stay what they are: text."""
    if value is None:
        return Text("NULL", style="dim italic")
    if value == "":
        return Text('""', style="dim")
    # Cut first: a cell may hold megabytes.
    shown = cut(literal(as_text(value)[: width + 1]), width)
    return Text(shown, justify="right" if _is_number(value) else "left", no_wrap=True, end="")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def whole(value: Any) -> str:
    """`value` with all its lines; nested values as indented JSON, text that holds JSON likewise."""
    if isinstance(value, dict | list | tuple):
        return literal(json.dumps(value, default=as_text, ensure_ascii=False, indent=2), lines=True)
    if isinstance(value, str) and value[:1] in "{[" and (nested := _as_json(value)) is not None:
        return literal(json.dumps(nested, ensure_ascii=False, indent=2), lines=True)
    return literal(as_text(value), lines=True)


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def reasons(violations: Any) -> str:
    """The `_violations` of one row: `rule: message`, several divided by a semicolon."""
    if not isinstance(violations, list):
        return as_text(violations)
    return "; ".join(_reason(v) for v in violations)


def _reason(violation: Any) -> str:
    if not isinstance(violation, dict):
        return as_text(violation)
    rule, message = violation.get("rule"), violation.get("message")
    return ": ".join(str(part) for part in (rule, message) if part)

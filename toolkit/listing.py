"""Which areas there are: one line each, by name, without loading any.

Tabs and the list of commands need no more than this, and must not wait for pydantic: it imports the standard library alone.
`toolkit.areas` loads them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple


class Listing(NamedTuple):
    """An area as lists name it, before it is loaded."""

    title: str
    summary: str
    module: str
    """Binds `AREA`."""


AREAS: Mapping[str, Listing] = {
    "runs": Listing("Runs", "Every run, at work or over.", "toolkit.browse.runs"),
    "tables": Listing("Tables", "The tables of the lakehouse, now and as they were.", "toolkit.browse.tables"),
    "quality": Listing("Quality", "Rules, scores, profiles and contracts of tables.", "toolkit.quality.area"),
    "services": Listing(
        "Services", "Real local servers: start them, stop them, see how they are.", "toolkit.services.area"
    ),
    "etl": Listing("Loads", "What came into tables, from which files, and what became of it.", "toolkit.etl.area"),
    "streaming": Listing(
        "Streams", "Streams, their batches and checkpoints, what they put aside, and topics.", "toolkit.streaming.area"
    ),
    "governance": Listing(
        "Governance",
        "What there is, how sensitive it is, who may see it, where it comes from, who did what.",
        "toolkit.governance.area",
    ),
}
EXTRA = "TOOLKIT_AREAS"
"""More of them, `name=module` with commas between; their modules are on the Python path."""


def known() -> dict[str, Listing]:
    """Every area, the toolkit's own first."""
    extra = [entry.partition("=") for entry in os.environ.get(EXTRA, "").split(",") if entry]
    return {**AREAS, **{name: Listing(name.capitalize(), f"From {module}.", module) for name, _, module in extra}}

"""Where the head of a lakehouse's audit trail is kept: outside of it, under `TOOLKIT_HOME`.

That it is there also says that the lakehouse was governed. Imports nothing that is slow.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from toolkit import paths
from toolkit.errors import DataError
from toolkit.governance.records import SECURABLES
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location


def refuse_bereft(lakehouse: Lakehouse) -> None:
    """Raise where a lakehouse without a catalogue has had one.

    Raises:
        DataError: it has.
    """
    if (head := head_file(lakehouse.root)).exists():
        raise DataError(
            f"The lakehouse at {lakehouse.root} was governed, and its catalogue is gone: who may see what is not known.",
            cure=f"Put {SECURABLES} back. If you mean to begin anew, move {head} away.",
        )


def head_file(root: Location) -> Path:
    """The file, whether or not it is there."""
    return paths.home() / "audit" / f"{hashlib.sha256(str(root).encode()).hexdigest()[:16]}.json"

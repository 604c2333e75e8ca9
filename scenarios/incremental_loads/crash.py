"""A load in a process of its own that is killed when it has planned its batch and has not loaded it yet.

`python -m scenarios.incremental_loads.crash INBOX TABLE LEDGER NAME` ends by SIGKILL, as when the machine takes it away:
nothing of it is cleaned up. It starts a Java only where the plan is written to an object store.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

from toolkit.store.location import Location, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from toolkit.etl.records import IngestedFile


def killed(inbox: Location, table: Location, ledger: Location, name: str) -> int:
    """Load in a process that is killed; how it ended, as `subprocess` tells: the signal's number below zero."""
    words = [sys.executable, "-m", __name__, *map(str, (inbox, table, ledger)), name]
    return subprocess.run(words, check=False, capture_output=True).returncode  # noqa: S603 - words of ours


def _die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    raise AssertionError("It lives.")


def _session() -> SparkSession:
    """What writes the plan in an object store."""
    from toolkit import session
    from toolkit.store.lakehouse import Lakehouse

    return session.start(name="crash", driver=Lakehouse.default().driver)


def main(inbox: str, table: str, ledger: str, name: str) -> None:
    """Plan the next batch as the load does, and be killed when that is written."""
    from dataclasses import replace

    from scenarios.incremental_loads.steps import flow_of
    from toolkit.etl.ingest import ingest
    from toolkit.etl.ledger import Ledger
    from toolkit.etl.technical import RESCUED

    class Last(Ledger):
        """Plans one batch, and nothing is done after that."""

        def plan(self, files: Sequence[IngestedFile], once: str) -> bool:
            super().plan(files, once)
            _die()

    def unread(*_: Any, **__: Any) -> Any:
        """Rows that nobody asks for."""
        return SimpleNamespace(columns=[RESCUED])

    no_session: Any = None
    flow = replace(flow_of(located(inbox)), read=unread)
    ingest(located(table), flow=flow, ledger=Last(located(ledger), _session), spark=no_session, table=name)


if __name__ == "__main__":
    main(*sys.argv[1:])

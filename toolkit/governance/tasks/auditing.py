"""The audit trail, held against its hashes and its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import ExitCode
from toolkit.governance.audit import Trail, Verdict
from toolkit.governance.tasks.asked import of_nobody
from toolkit.parameters import Parameters
from toolkit.views import Link, Task
from toolkit.words import count

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform


def _verify(platform: DataPlatform, asked: Parameters) -> Verdict:
    del asked
    return Trail(platform.lakehouse, platform.session).verify()


def _verified(asked: Parameters, verdict: Verdict) -> str:
    del asked
    begin = f"The audit trail is {verdict.state}: {count(verdict.entries)} {'entry' if verdict.entries == 1 else 'entries'}."
    return " ".join([begin, *verdict.problems])


VERIFY = Task(
    "verify_audit",
    "Verify the audit trail",
    "Hold every entry of the audit trail against its hash, the chain, and the head that is kept outside of it.",
    Parameters,
    _verify,
    answer=_verified,
    about=of_nobody,
    is_guarded=True,
    verdict=lambda verdict: ExitCode.OK if verdict.state == "intact" else ExitCode.DATA,
    then=Link("enter", "Audit trail", "governance.audit", "Show what was done."),
)

"""The sentences of the run screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from toolkit.tui.palette import colour, glyph
from toolkit.words import as_text, duration, literal, when

if TYPE_CHECKING:
    from toolkit.runs import RunRecord
    from toolkit.tui.following import RunFollower
    from toolkit.tui.launch import Stopping


def headline(follower: RunFollower) -> Content:
    """Scenario, status, time and parameters."""
    status, record = follower.status, follower.record
    sign = "failed" if status in ("dead", "damaged") else status
    word = {"dead": "did not start"}.get(status, status)
    name = record.what if record else follower.folder.run_id
    parts: list[Content | tuple[str, str]] = [
        (f"{literal(name)}  ", "bold"),
        (f"{glyph(sign)} {word}", f"{colour(sign)} bold"),
    ]
    if record:
        parts.append(
            (f"  {duration(follower.seconds)}  ·  {when(record.started_at)}  ·  by {record.via}", "$text-muted")
        )
        parts.append((f"\n{given_text(record)}", "$text-muted"))
    else:
        parts.append(("\nThe process is starting …" if status == "starting" else "\n", "$text-muted"))
    return Content.assemble(*parts)


def given_text(record: RunRecord) -> str:
    """What a run was given: `orders = 1000 · seed = 7`; of a task what was asked of it, not the scenario's parameters."""
    return literal(" · ".join(f"{name} = {as_text(value)}" for name, value in record.given.items())) or "no parameters"


def answer_text(follower: RunFollower) -> str:
    """The answer to the scenario's question, once there is one."""
    return follower.view.answer or (follower.record.answer if follower.record else "")


def alert_lines(alerts: list[str]) -> Content:
    """The run's alerts, one a line."""
    if not alerts:
        return Content("")
    lines = [Content.styled("\nAlerts", "bold $text-warning")]
    lines += [Content.assemble(("▲ ", "$text-warning"), literal(text)) for text in alerts]
    return Content("\n").join(lines)


def still_there(stopping: Stopping) -> Content | None:
    """What became of a request to stop; None if there was none."""
    if not stopping.stage:
        return None
    if stopping.offer() is None:
        return Content.styled("■ Stopping … it finishes what it is writing.", "$text-warning")
    how = "kill it" if stopping.offer() == "kill" else "end it harder"
    return Content.assemble(
        ("■ It is still running. Press ", "$text-warning"), ("k", "bold"), (f" to {how}.", "$text-warning")
    )

"""Work that takes time, off the screen's own thread.

A worker's exception never ends the app: it comes back as a value, and the screen shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from textual.dom import DOMNode
from textual.worker import get_current_worker

from toolkit.tui.problems import Problem, told

T = TypeVar("T")


def in_background(
    node: DOMNode,
    work: Callable[[], T],
    done: Callable[[T], None],
    failed: Callable[[Problem], None] | None = None,
    *,
    group: str = "default",
) -> None:
    """Call `work` in a thread, then `done` with its result in the app, or `failed` with its problem.

    Newer work of the same `group` on the same node replaces older work: what the older one finds is dropped, for a
    thread cannot be stopped.
    """
    report = failed or partial(toast, node)

    def body() -> None:
        worker = get_current_worker()
        try:
            outcome = partial(_deliver, node, done, work(), report)
        except Exception as problem:
            outcome = partial(_deliver, node, report, told(problem), report)
        if not worker.is_cancelled:
            node.call_later(outcome)

    node.run_worker(body, thread=True, exclusive=True, group=group, exit_on_error=False)


def _deliver(node: DOMNode, take: Callable[[T], None], result: T, report: Callable[[Problem], None]) -> None:
    """Hand over the result, unless the widget that asked is gone by now."""
    if not node.is_attached:
        return
    try:
        take(result)
    except Exception as problem:
        report(told(problem))


def toast(node: DOMNode, problem: Problem) -> None:
    """Say what happened in a corner of the screen."""
    node.app.notify(problem.text(), severity="error", timeout=10, markup=False)

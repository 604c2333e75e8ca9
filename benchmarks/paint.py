"""An app that tells when its first frame is on the screen: `python -m benchmarks.paint empty|toolkit FILE_DESCRIPTOR`.

Textual sends `Ready` when the first frame has been displayed. What is imported here before the app counts for both sides.
"""

from __future__ import annotations

import os
import sys
import time


def empty() -> type:
    """Textual with nothing in it."""
    from textual.app import App

    return App


def toolkit() -> type:
    """Ours, as `python tui.py` starts it."""
    from toolkit.tui.app import ToolkitApp

    return ToolkitApp


def main(which: str, descriptor: int) -> None:
    """Run the app, and write the time of its first frame to the pipe; whoever reads it ends this process."""
    base = {"empty": empty, "toolkit": toolkit}[which]()

    def on_ready(self: object) -> None:
        del self
        os.write(descriptor, f"{time.monotonic()}\n".encode())

    type("Painted", (base,), {"on_ready": on_ready, "__module__": base.__module__})().run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

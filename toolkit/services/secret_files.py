"""Secrets of servers in files that only their owner can read. Must not let one into a message."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.errors import SetupError

OWNER_ONLY = 0o600


def keep(file: Path, text: str) -> None:
    """Write a new file, which nobody else can read from its first byte on.

    Raises:
        FileExistsError: it is there.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8") as stream:
        stream.write(text)


def read(file: Path, what: str) -> str:
    """The secret in a file.

    Args:
        file: that was kept.
        what: it is, for the message.

    Raises:
        SetupError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as problem:
        raise SetupError(
            f"The {what} cannot be read: {file}: {problem.strerror}.",
            cure="Read it as the user who started the server.",
        ) from problem

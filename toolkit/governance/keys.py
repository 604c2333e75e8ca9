"""The key of governance: what hashes, tokens, noise and stored columns depend on.

Owns where it comes from; a vault takes the place of `StoredKey` by having its one method. No other key is kept: each use
has one derived from it. It is in no log, event, record or repr.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Protocol

from toolkit import paths
from toolkit.errors import SetupError

VARIABLE = "TOOLKIT_GOVERNANCE_KEY"
LENGTH = 32
"""Bytes."""


class Keys(Protocol):
    """Whoever keeps the key."""

    def key(self, use: str) -> bytes:
        """The key of one use, 32 bytes; another use has another."""
        ...


class StoredKey:
    """The key that `TOOLKIT_GOVERNANCE_KEY` holds in Base64, or that lies in a file that only its owner may read."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.home() / "keys" / "governance.key"

    def key(self, use: str) -> bytes:
        """The key of one use, derived by HKDF (RFC 5869).

        Raises:
            SetupError: the variable holds no key, or the file cannot be read, or others may read it.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), LENGTH, salt=None, info=use.encode()).derive(self._whole())

    def _whole(self) -> bytes:
        if given := os.environ.get(VARIABLE):
            return _decoded(given, VARIABLE)
        if not self.file.exists():
            self._make()
        if os.name == "posix" and self.file.stat().st_mode & 0o077:
            raise SetupError(f"Others may read {self.file}, the key of governance.", cure=f"chmod 600 {self.file}")
        try:
            return _decoded(self.file.read_text(encoding="ascii"), str(self.file))
        except (OSError, UnicodeDecodeError) as problem:
            raise SetupError(
                f"{self.file}, the key of governance, cannot be read.", cure="See to its rights."
            ) from problem

    def _make(self) -> None:
        """Make a key; of two that make it at once, the first one's stays."""
        paths.ensure_folder(self.file.parent)
        made = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(base64.b64encode(secrets.token_bytes(LENGTH)))
        try:
            # A link is made only where there is no such name: a rename would put a second key in place of the first.
            os.link(made, self.file)
        except FileExistsError:
            pass
        finally:
            made.unlink()

    def __repr__(self) -> str:
        """Where it comes from, without it."""
        return f"StoredKey({VARIABLE if os.environ.get(VARIABLE) else self.file})"


def _decoded(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:
        # What it holds is not shown: it may be a key with a letter missing.
        raise SetupError(
            f"{place} holds no key of governance.",
            cure="It is 32 bytes in Base64: python -c 'import os,base64;print(base64.b64encode(os.urandom(32)).decode())'",
        )
    return key

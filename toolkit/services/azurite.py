"""Azurite, Microsoft's emulator of Azure Storage: its server of blobs, for real clients on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.service import HOST, Place, Running, Service, http_answers
from toolkit.services import node

if TYPE_CHECKING:
    from pyarrow.fs import AzureFileSystem  # type: ignore[import-untyped]

PACKAGES = Path(__file__).with_name("azurite_npm")
"""The lock: which packages Azurite is made of, with their checksums."""
ACCOUNT = "devstoreaccount1"
# Not a secret: every emulator of Azure Storage has this key, and Microsoft's documentation prints it.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SAVED_SECONDS = 5
"""So often, and when it is stopped, Azurite writes its list of blobs. Killed, it forgets those of the last so many seconds."""


def command(place: Place) -> Sequence[str]:
    """How Azurite is started."""
    main = node.packages(PACKAGES, "azurite") / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    return [
        node.program(),
        str(main),
        "--blobHost",
        HOST,
        "--blobPort",
        str(place.ports["blob"]),
        "--location",
        str(place.data),
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--disableProductStyleUrl",
        "--silent",
    ]


def install() -> None:
    """Bring Azurite, and a Node if there is none."""
    node.install(PACKAGES, "azurite")


def healthy(place: Place) -> bool:
    """Whether it answers; that it asks who is there is an answer."""
    return http_answers(place.ports["blob"], f"/{ACCOUNT}?comp=list")


AZURITE = Service(
    "azurite",
    "Azurite",
    "Azure Blob Storage on this computer, for real clients.",
    command,
    healthy,
    install,
    ports=("blob",),
)


def url(running: Running) -> str:
    """Where its server of blobs answers; the account is the first part of a path."""
    return f"http://{HOST}:{running.ports['blob']}"


def filesystem(running: Running) -> AzureFileSystem:
    """The default account as a file system of pyarrow: a container is a folder at its top.

    It has no `move`, which needs a hierarchical namespace.
    """
    from pyarrow.fs import AzureFileSystem

    authority = f"{HOST}:{running.ports['blob']}"
    return AzureFileSystem(
        account_name=ACCOUNT,
        account_key=ACCOUNT_KEY,
        blob_storage_authority=authority,
        dfs_storage_authority=authority,
        blob_storage_scheme="http",
        dfs_storage_scheme="http",
    )


def create_container(running: Running, name: str) -> None:
    """Make a container, unless it is there: 3 to 63 small letters, digits and dashes.

    Raises:
        OSError: it cannot be made; Azurite says why.
    """
    filesystem(running).create_dir(name)

"""Azurite, Microsoft's emulator of Azure Storage: its server of blobs, for real clients on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.service import HOST, Place, Service, http_answers
from toolkit.services import node
from toolkit.store.objects import EMULATED_ACCOUNT, azurite

CONTAINER = "lakehouse"
LAKEHOUSE = f"abfs://{CONTAINER}@{EMULATED_ACCOUNT}.dfs.core.windows.net"
"""Where a lakehouse in it lies, as `TOOLKIT_LAKEHOUSE` takes it."""
PACKAGES = Path(__file__).with_name("azurite_npm")
"""The lock: which packages Azurite is made of, with their checksums."""
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
    return http_answers(place.ports["blob"], f"/{EMULATED_ACCOUNT}?comp=list")


def furnish(place: Place) -> None:
    """Make the container that a lakehouse can lie in, unless it is there.

    Raises:
        OSError: it cannot be made; Azurite says why.
    """
    azurite(place.ports["blob"]).files.create_dir(CONTAINER)


AZURITE = Service(
    "azurite",
    "Azurite",
    "Azure Blob Storage on this computer, for real clients.",
    command,
    healthy,
    install,
    furnish,
    ports=("blob",),
    hint=f"For a lakehouse in it: TOOLKIT_LAKEHOUSE={LAKEHOUSE}",
)

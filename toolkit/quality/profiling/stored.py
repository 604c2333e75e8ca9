"""The newest profile of each table, kept beside the lakehouse."""

from __future__ import annotations

from pathlib import Path

from toolkit import paths
from toolkit.quality.profiling.model import Profile
from toolkit.scenario import check_table_name


def file_of(table: str) -> Path:
    """Where the newest profile of a table is kept.

    Raises:
        UsageError: that is not a table name.
    """
    return paths.home() / "profiles" / f"{check_table_name(table)}.json"


def keep(profile: Profile, table: str) -> None:
    """Keep a profile in place of the one before."""
    file = file_of(table)
    paths.ensure_folder(file.parent)
    paths.write_atomically(file, profile.model_dump_json())

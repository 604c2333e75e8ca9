"""What tasks leave behind for views: profiles of tables, and the rows that Spark found to break a rule.

Owns where these files lie under `TOOLKIT_HOME`, and their form. Must not measure, and needs no JVM.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit import paths
from toolkit.errors import DataError
from toolkit.quality.verdicts import check_rule_name
from toolkit.scenario import check_table_name
from toolkit.words import as_text

if TYPE_CHECKING:
    from toolkit.quality.profiling import Profile

Kept = TypeVar("Kept", bound=BaseModel)


def profile_file(table: str, version: int) -> Path:
    """Where the profile of a version of a table is kept.

    Raises:
        UsageError: that is not a table name.
    """
    return _profiles(table) / f"{version}.json"


def _profiles(table: str) -> Path:
    return paths.home() / "profiles" / check_table_name(table)


def profiled_versions(table: str) -> list[int]:
    """The versions of a table whose profiles are kept, the newest first.

    Raises:
        UsageError: that is not a table name.
    """
    stems = (file.stem for file in _profiles(table).glob("*.json"))
    return sorted((int(stem) for stem in stems if stem.isdecimal()), reverse=True)


def read_profile(table: str, version: int) -> Profile | None:
    """The kept profile of a version of a table; None when none was made.

    Raises:
        DataError: the file is no profile.
    """
    from toolkit.quality.profiling import Profile

    return _read(profile_file(table, version), Profile, f"toolkit quality profile {table} --version {version}")


def keep_profile(profile: Profile, version: int) -> None:
    """Keep the profile of a version of a table in place of the one before.

    Raises:
        SetupError: the folder cannot be written.
    """
    _write(profile_file(profile.table, version), profile)


class FoundRows(BaseModel):
    """Rows of a table that break a rule, as Spark found them.

    Attributes:
        rows: some of them; values that JSON does not have are texts.
        total: how many there are.
        version: of the table, when Spark was asked.
        judged_at: the version that was judged when the rule was measured last; None when that is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    table: str
    rule: str
    asked_at: datetime
    version: int
    judged_at: int | None
    total: int
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def rows_file(table: str, rule: str) -> Path:
    """Where the rows that break a rule are kept.

    Raises:
        UsageError: a name that is none.
    """
    return paths.home() / "failing" / check_table_name(table) / f"{check_rule_name(rule)}.json"


def read_rows(table: str, rule: str) -> FoundRows | None:
    """The rows that Spark found last; None when it was never asked.

    Raises:
        DataError: the file holds no such rows.
    """
    return _read(rows_file(table, rule), FoundRows, f"toolkit quality ask {table} {rule}")


def keep_rows(found: FoundRows) -> None:
    """Keep rows in place of those before.

    Raises:
        SetupError: the folder cannot be written.
    """
    _write(rows_file(found.table, found.rule), found)


def plain_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Rows as JSON can hold them."""
    return tuple({name: _plain(value) for name, value in row.items()} for row in rows)


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return str(value)
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return as_text(value)


def _read(file: Path, kind: type[Kept], command: str) -> Kept | None:
    if not file.exists():
        return None
    try:
        return kind.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as problem:
        raise DataError(f"{file} is damaged.", cure=f"Make it anew: {command}") from problem


def _write(file: Path, kept: BaseModel) -> None:
    paths.ensure_folder(file.parent)
    paths.write_atomically(file, kept.model_dump_json())

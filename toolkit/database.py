"""Where a database is and who enters it, as a service says it and a reader takes it. Must not connect to anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from toolkit.errors import UsageError

POSTGRES = "jdbc:postgresql://"


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database, and who enters it.

    Attributes:
        url: `jdbc:postgresql://host:port/name`; without user and password, which would be shown wherever it is.
        user: who enters.
        password: theirs; never shown.
        fetch_size: rows that are brought at once; a reader holds as many in memory.

    Raises:
        UsageError: the URL is another one, or has a user or a password in it; or the fetch size is not positive.
    """

    url: str
    user: str
    password: str = field(repr=False)
    fetch_size: int = 10_000

    def __post_init__(self) -> None:
        address, _, query = self.url.partition("?")
        said = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
        if "@" in address or "user" in said or any("password" in name for name in said):
            raise UsageError(
                "The URL of the database has a user or a password in it.",
                cure="Give them apart: Database(url, user, password).",
            )
        if not self.url.startswith(POSTGRES):
            raise UsageError(
                "The URL is not that of a PostgreSQL database.", cure=f"Write it so: {POSTGRES}host:5432/name"
            )
        if self.fetch_size < 1:
            raise UsageError(
                f"fetch_size = {self.fetch_size}: it should be positive.", cure="Leave it out, or give some thousands."
            )

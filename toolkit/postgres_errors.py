"""What PostgreSQL and its driver say when a read fails, in the user's words; `toolkit.session` looks here, too."""

from __future__ import annotations

import re
from collections.abc import Callable

from toolkit.errors import BusyError, DataError, SetupError, ToolkitError, UsageError

_START = "On this computer: toolkit services start postgres"
_TEXT = 'Take it as text, as_text=["COLUMN"], or leave those rows out with where=.'


class NoSuchTable(UsageError):
    """There is no such table; whoever knows the others says which there are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no table {name} in the database.", cure="Name it as schema.table.")
        self.name = name


def _cannot_be_read(found: re.Match[str]) -> ToolkitError:
    return DataError(
        f"Column {found[2]} has the value {found[1]}, which Spark would not read as it is.",
        cure=f"Take it as text, as_text=[{found[2]!r}], or leave those rows out with where=.",
    )


MEANINGS: tuple[tuple[str, Callable[[re.Match[str]], ToolkitError]], ...] = (
    (
        r"(?:ClassNotFound|ClassNotFoundException|CLASS_NOT_FOUND)[^\n]*org\.postgresql\.Driver",
        lambda _: SetupError(
            "This Spark session has no driver for PostgreSQL.",
            cure='Start it with the driver, session.start(driver=FOLDERS.with_jars("postgres")), or declare '
            'services=("postgres",) in the scenario; give a server the jar that jars.postgres.lock names.',
        ),
    ),
    (
        r"PSQLException\)?:? Connection to (\S+) refused",
        lambda m: SetupError(f"No PostgreSQL answers at {m[1]}.", cure=f"Check host and port. {_START}"),
    ),
    (
        r"(?s)PSQLException\)?:? The connection attempt failed.*UnknownHostException: (\S+)",
        lambda m: SetupError(f"There is no host {m[1]}.", cure="Correct the URL of the database."),
    ),
    (
        r"PSQLException\)?:? The connection attempt failed",
        lambda _: SetupError(
            "The host of the database does not answer.", cure="Check host and port, and what lies between."
        ),
    ),
    (
        r'password authentication failed for user "([^"]*)"|no pg_hba\.conf entry for [^\n]*user "([^"]*)"'
        r'|role "([^"]*)" (?:does not exist|is not permitted to log in)',
        lambda m: SetupError(
            f"PostgreSQL does not let {m[1] or m[2] or m[3]} in.",
            cure="Check user and password; those of the service gives toolkit.services.postgres.database().",
        ),
    ),
    (
        r'FATAL: database "([^"]*)" does not exist',
        lambda m: UsageError(f"There is no database {m[1]!r} on that server.", cure="Correct the end of the URL."),
    ),
    (
        r"FATAL: (?:sorry, too many clients|remaining connection slots|too many connections)",
        lambda _: BusyError("PostgreSQL has no connection left.", cure="Take fewer partitions, or try again."),
    ),
    (
        r'ERROR: relation "(.+?)" does not exist|ERROR: schema "([^"]+)" does not exist',
        lambda m: NoSuchTable(m[1] or m[2]),
    ),
    (
        r"ERROR: column (.+?) does not exist",
        lambda m: UsageError(f"There is no column {m[1]} in what is read.", cure="Correct the condition or the query."),
    ),
    (
        r"ERROR: permission denied for ([^\n]+)",
        lambda m: SetupError(f"PostgreSQL lets this user not read {m[1]}.", cure="Let its owner GRANT SELECT on it."),
    ),
    (
        r"ERROR: cannot execute ([^\n]+?) in a read-only transaction",
        lambda m: UsageError(f"A query that is read does not write, and this one does: {m[1]}.", cure="Take it out."),
    ),
    (r'ERROR: invalid input syntax for type [\w ]+: "(.+?) \(column (.*?)\)"', _cannot_be_read),
    (
        r"Bad value for type BigDecimal ?: (\S+)",
        lambda m: DataError(f"A numeric column has the value {m[1]}, which a decimal cannot have.", cure=_TEXT),
    ),
    (
        r"(?s)NUMERIC_VALUE_OUT_OF_RANGE.*JdbcUtils",
        lambda _: DataError("A numeric column has a value with more than 38 digits.", cure=_TEXT),
    ),
    (
        r"COLUMN_ARRAY_ELEMENT_TYPE_MISMATCH",
        lambda _: DataError("An array column has arrays of more than one dimension.", cure=_TEXT),
    ),
    (
        r"PSQLException\)?:? (?:An I/O error occurred while|This connection has been closed|Ran out of|FATAL: terminating "
        r"connection|FATAL: the database system is|ERROR: canceling statement)",
        lambda _: DataError(
            "PostgreSQL ended the connection while it was being read.",
            cure="See whether it is running; then load again: a load that was broken off has written nothing.",
        ),
    ),
    (
        r"COLUMN_ALREADY_EXISTS\] The column (`[^\n]+?`) already exists",
        lambda m: UsageError(
            f"Several columns are called {m[1]}, or differ in capitals only, which Spark does not tell apart.",
            cure="Give a query that names them otherwise.",
        ),
    ),
    (
        r"PSQLException\)?:? ERROR: ([^\n]+)",
        lambda m: DataError(f"PostgreSQL says: {m[1]}.", cure="Correct the table, the query or the condition."),
    ),
)

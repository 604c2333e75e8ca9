"""The shop's database: its tables, a witness of all that is done to them, and transactions that survive its kill.

The witness is a table that triggers fill, in the transaction of each change. It is captured by nobody: what silver is held
against owes nothing to the way that silver came.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from scenarios.change_capture import workload
from scenarios.change_capture.workload import Transaction
from toolkit.services import postgres

if TYPE_CHECKING:
    from psycopg import Connection

SCHEMA = "change_capture"
WITNESS = f"{SCHEMA}.witness"
TABLES = {"customers": "customer_id", "orders": "order_id"}
_MADE = """
CREATE TABLE customers (
    customer_id TEXT PRIMARY KEY, first_name TEXT, last_name TEXT, city TEXT, country TEXT, segment TEXT,
    orders INT NOT NULL DEFAULT 0
);
CREATE TABLE orders (
    order_id TEXT PRIMARY KEY, customer_id TEXT, ordered_at TIMESTAMPTZ, status TEXT, amount NUMERIC(12,2), ordered_on DATE,
    note TEXT
);
-- Large notes go beside their rows whole, not made small.
ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL;
CREATE TABLE done (number INT PRIMARY KEY);
CREATE TABLE witness (place BIGSERIAL, source TEXT, op TEXT, key TEXT, content JSONB);
CREATE FUNCTION witnessed() RETURNS trigger LANGUAGE plpgsql SET search_path = change_capture AS $$
DECLARE name TEXT := TG_ARGV[0];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format(
            'INSERT INTO witness (source, op, key) SELECT %L, ''D'', %I FROM %I', TG_TABLE_NAME, name, TG_TABLE_NAME
        );
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO witness (source, op, key) VALUES (TG_TABLE_NAME, 'D', to_jsonb(OLD)->>name);
    ELSE
        IF TG_OP = 'UPDATE' AND to_jsonb(OLD)->>name <> to_jsonb(NEW)->>name THEN
            INSERT INTO witness (source, op, key) VALUES (TG_TABLE_NAME, 'D', to_jsonb(OLD)->>name);
        END IF;
        INSERT INTO witness (source, op, key, content) VALUES (TG_TABLE_NAME, 'U', to_jsonb(NEW)->>name, to_jsonb(NEW));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER witnessed AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION witnessed('customer_id');
CREATE TRIGGER witnessed AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION witnessed('order_id');
CREATE TRIGGER emptied BEFORE TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION witnessed('order_id');
"""


def make_anew(folder: Path) -> None:
    """Make the tables, whatever was there before, and fill that of the customers from the shop's files."""
    with _entered() as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(_MADE.encode())
        filled = f"COPY customers ({', '.join(workload.COLUMNS)}) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(filled.encode()) as lines:
            for row in workload.customers(folder):
                lines.write_row(row)


def add_column() -> None:
    """A column that nobody downstream was told of, and values in it."""
    with _entered() as connection:
        connection.execute("ALTER TABLE customers ADD COLUMN newsletter BOOLEAN")
        connection.execute("UPDATE customers SET newsletter = true WHERE country = 'DE'")


def commit(transactions: Iterable[tuple[int, Transaction]], during: Callable[[int], None]) -> int:
    """Make transactions, one after another; returns how many.

    Whether a commit came through whose connection was lost, the database itself says: each transaction notes its number.

    Args:
        transactions: with their numbers, each of which is made once.
        during: is called in each transaction before it ends; may kill the database and start it again.

    Raises:
        SetupError: the database cannot be entered any more.
    """
    count = 0
    with contextlib.ExitStack() as entered:
        connection = entered.enter_context(_entered())
        for number, transaction in transactions:
            while True:
                try:
                    _commit(connection, number, transaction, during)
                    break
                except psycopg.OperationalError:
                    if not connection.broken:
                        raise
                    connection.close()
                    connection = entered.enter_context(_entered())
            count += 1
    return count


def _commit(connection: Connection, number: int, transaction: Transaction, during: Callable[[int], None]) -> None:
    if connection.execute("SELECT 1 FROM done WHERE number = %s", [number]).fetchone():
        return
    with connection.transaction(force_rollback=not transaction.kept):
        for statement, values in transaction.statements:
            connection.execute(statement.encode(), values)
        connection.execute("INSERT INTO done VALUES (%s)", [number])
        during(number)


@contextlib.contextmanager
def _entered() -> Iterator[Connection]:
    with postgres.connected() as connection:
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        yield connection


def place() -> str:
    """The place in the database's log that all changes until now are before."""
    with _entered() as connection:
        return postgres.log_place(connection)

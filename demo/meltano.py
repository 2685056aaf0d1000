"""Meltano on the project in this clone, with the demo's own settings.

The project is the `meltano.yml` of this clone. Only what Meltano takes from the user is replaced:
environment variables, the `.env` file and the database with the state.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import yaml

import dev
from demo.processes import running

if TYPE_CHECKING:
    from pathlib import Path

    from demo.postgres import Postgres

USER_VARIABLES = ("MELTANO_", "SINGER_", "TAP_INTERCOM_", "TARGET_", "UV_CONSTRAINT", "VIRTUAL_ENV")
PIPELINE = ("tap-intercom", "target-postgres")
CHANGES = ("tap-intercom--changes", "target-postgres")
"""What `watch` runs: the same tap, which reads only what notifications name."""

NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}  # all servers are on this machine
MAX_LINES_SHOWN = 60


def target_config(postgres: Postgres, schema: str) -> dict[str, Any]:
    """Return a configuration of target-postgres, with the settings that `meltano.yml` gives it.

    Args:
        postgres: Where it loads.
        schema: The schema of the tables.
    """
    project = yaml.safe_load((dev.ROOT / "meltano.yml").read_text(encoding="utf-8"))
    loaders = {loader["name"]: loader for loader in project["plugins"]["loaders"]}
    return {
        **loaders[PIPELINE[-1]]["config"],
        "sqlalchemy_url": postgres.sqlalchemy_url,
        "default_target_schema": schema,
    }


def clean_environment(directory: Path, settings: dict[str, str]) -> dict[str, str]:
    """Return environment variables that hold no setting of the user.

    Args:
        directory: For the database with the state.
        settings: Settings of plugins, as environment variables.
    """
    return {
        **{name: os.environ[name] for name in os.environ if not name.startswith(USER_VARIABLES)},
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
        "MELTANO_DATABASE_URI": f"sqlite:///{directory / 'meltano.db'}",
        "MELTANO_PROJECT_READONLY": "true",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_STATE_BACKEND_URI": "systemdb",
        "MELTANO_VENV_BACKEND": "uv",
        "NO_COLOR": "1",
        **settings,
    }


class MeltanoError(Exception):
    """A Meltano command failed; the message is the end of what it printed."""


class Meltano:
    """Runs `meltano` in this clone; its output goes to a log."""

    def __init__(self, directory: Path, settings: dict[str, str]) -> None:
        """Prepare an environment without the user's settings.

        Args:
            directory: For the state and other temporary files.
            settings: Settings of plugins, as environment variables.
        """
        self._log = dev.CACHE / "demo-meltano.log"
        self._log.unlink(missing_ok=True)
        self._no_settings = directory / "empty.env"
        self._no_settings.touch()
        self._environment = clean_environment(directory, settings)

    def install(self) -> None:
        """Install the tap of this clone and target-postgres, in the versions of uv.lock.

        Raises:
            MeltanoError: The installation failed.
        """
        tap = dev.constraints("tap-intercom", "--no-dev")
        target = dev.constraints("target-postgres", "--only-group", "target-postgres")
        install = (
            "install",
            "--clean",
        )  # an older installation may be of another Python or a moved clone
        extractor, loader = PIPELINE
        self._meltano(*install, "extractor", extractor, UV_CONSTRAINT=str(tap))
        self._meltano(*install, "loader", loader, UV_CONSTRAINT=str(target))

    def run(self) -> None:
        """Run the pipeline as a user does: `meltano run tap-intercom target-postgres`.

        Raises:
            MeltanoError: The run failed.
        """
        self._meltano("run", "--no-install", *PIPELINE, **NO_PROXY)

    @property
    def changes_command(self) -> list[str | Path]:
        """The command `meltano run tap-intercom--changes target-postgres`, for `watch`."""
        return [*self._program, "run", "--no-install", *CHANGES]

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of `changes_command`."""
        return {**self._environment, **NO_PROXY}

    @property
    def _program(self) -> list[str | Path]:
        return [dev.meltano(), "--env-file", self._no_settings]

    def _meltano(self, *arguments: str, **variables: str) -> None:
        command = [*self._program, *arguments]
        with self._log.open("a+") as log:
            start = log.tell()
            print("$", shlex.join(["meltano", *arguments]), file=log, flush=True)
            environment = self._environment | variables
            with running(command, output=log, environment=environment, cwd=dev.ROOT) as process:
                status = process.wait()
            if status != 0:
                log.seek(start)
                lines = [line for line in log.read().splitlines() if "METRIC" not in line]
                shown = [*lines[-MAX_LINES_SHOWN:], f"Full log: {self._log}"]
                raise MeltanoError("\n".join(shown))

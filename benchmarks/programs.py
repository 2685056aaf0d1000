"""The taps that are compared: this one, plain streams on the SDK, and the peer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Run, run

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
TOKEN = "sandbox-token"  # noqa: S105  # the sandbox's own
PYTHON_SWITCHES = ("PYTHONUNBUFFERED", "PYTHONDEVMODE", "PYTHONMALLOC", "PYTHONPROFILEIMPORTTIME")
"""Environment variables that change how fast any Python program runs."""

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in PYTHON_SWITCHES},
    "NO_PROXY": "127.0.0.1",
}
"""The environment of all programs; no proxy is used for the sandbox."""

NOWHERE = "http://127.0.0.1"
"""The base URL for a program that makes no request."""

PEER_REQUIREMENTS = ROOT / "benchmarks" / "peer" / "requirements.txt"
PEER_ENVIRONMENT = ROOT / ".cache" / "peer"


@dataclass(frozen=True)
class Program:
    """A tap.

    Attributes:
        command: The program and its arguments.
        config: Base URL of Intercom -> the configuration that it needs.
        environment: Base URL of Intercom -> further environment variables.
    """

    command: tuple[str, ...]
    config: Callable[[str], dict[str, Any]]
    environment: Callable[[str], dict[str, str]] = lambda _: {}

    @cached_property
    def catalog(self) -> dict[str, Any]:
        """The program's catalog."""
        with tempfile.TemporaryDirectory() as directory:
            config = _written(Path(directory, "config.json"), self.config(NOWHERE))
            catalog: dict[str, Any] = json.loads(
                subprocess.run(  # noqa: S603
                    [*self.command, "--config", config, "--discover"],
                    env={**ENVIRONMENT, **self.environment(NOWHERE)},
                    capture_output=True,
                    check=True,
                ).stdout
            )
        return catalog

    def sync(
        self,
        url: str,
        streams: Collection[str],
        state: Mapping[str, Any] | None = None,
        *,
        without: Collection[str] = (),
        **settings: Any,
    ) -> Run:
        """Load streams and return what that cost.

        Args:
            url: base URL of Intercom.
            streams: the streams to select; no other is loaded.
            state: the state to resume from.
            without: columns that are not selected.
            settings: more of the tap's configuration.

        Raises:
            ProgramError: the program failed.
        """
        files = {
            "config": {**self.config(url), **settings},
            "catalog": self._selecting(streams, without),
            "state": state or {},
        }
        with tempfile.TemporaryDirectory() as directory:
            options = [
                f"--{name}={_written(Path(directory, name), content)}"
                for name, content in files.items()
            ]
            return run([*self.command, *options], {**ENVIRONMENT, **self.environment(url)})

    def _selecting(self, streams: Collection[str], without: Collection[str]) -> dict[str, Any]:
        for entry in self.catalog["streams"]:
            for part in entry["metadata"]:
                column = "".join(part["breadcrumb"][1:])
                part["metadata"]["selected"] = entry["stream"] in streams and column not in without
        return self.catalog


@cache
def tap() -> Program:
    """Return this tap."""
    return Program((str(BIN / "tap-intercom"),), _tap_config)


@cache
def plain_sdk() -> Program:
    """Return the same streams, written plainly on the SDK."""
    return Program((sys.executable, "-m", "benchmarks.plain_sdk"), _tap_config)


@cache
def peer() -> Program:
    """Return singer-io's tap, installed into an environment of its own if it is not there yet.

    Raises:
        subprocess.CalledProcessError: It could not be installed.
    """
    python = PEER_ENVIRONMENT / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for command in (
        [*uv, "venv", "--allow-existing", "--python", sys.executable, str(PEER_ENVIRONMENT)],
        [*uv, "pip", "sync", "--python", str(python), str(PEER_REQUIREMENTS)],
    ):
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    return Program((str(python.with_name("tap-intercom")),), _peer_config, _redirected)


def _tap_config(url: str) -> dict[str, Any]:
    """Return the configuration; without a token discovery makes no request."""
    token = {} if url == NOWHERE else {"access_token": TOKEN}
    return {**token, "api_url": url}


def _peer_config(_: str) -> dict[str, Any]:
    return {"access_token": TOKEN, "start_date": "2010-01-01T00:00:00Z", "user_agent": "peer"}


def _redirected(url: str) -> dict[str, str]:
    return {"PYTHONPATH": str(PEER_REQUIREMENTS.parent), "INTERCOM_URL": url}


def _written(file: Path, content: Any) -> str:
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)

"""The commands of docs/meltano.md work in a new Meltano project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import yaml

import dev
from demo.postgres import Postgres, running_postgres
from demo.processes import HOST
from tests.sources import ROOT, make_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox.server import Sandbox

pytestmark = pytest.mark.end_to_end

PAGE = (ROOT / "docs" / "meltano.md").read_text(encoding="utf-8")
DEFINITION_URL = "https://raw.githubusercontent.com/tap-intercom/tap-intercom/main/meta.yml"
REPOSITORY_URL = "https://github.com/tap-intercom/tap-intercom.git"
CLONE = "/path/to/tap-intercom"
USERS_OWN = ("MELTANO_", "SINGER_", "TAP_INTERCOM_", "TARGET_", "VIRTUAL_ENV")
TIMEOUT_SECONDS = 300


def blocks(title: str, language: str) -> str:
    """Return the code blocks of a language under a heading of the page."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return "".join(re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL))


def commands(title: str) -> str:
    """Return the commands under a heading of the page."""
    return blocks(title, "sh")


class Shell:
    """Runs commands of the page; what they name on the internet is on this machine."""

    def __init__(self, repository: Path, folder: Path, hub: str) -> None:
        self.repository = repository
        self.folder = folder
        uv_cache = subprocess.check_output([sys.executable, "-m", "uv", "cache", "dir"], text=True)
        self.environment = {
            **{name: os.environ[name] for name in os.environ if not name.startswith(USERS_OWN)},
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": REPOSITORY_URL,
            "MELTANO_CLI_DISABLE_VERSION_CHECK": "true",
            "MELTANO_HUB_API_ROOT": hub,
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_PROXY": HOST,
            "PATH": os.pathsep.join([str(dev.meltano().parent), os.environ["PATH"]]),
            "UV_CACHE_DIR": uv_cache.strip(),
            "UV_NO_GITHUB_FAST_PATH": "true",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "no_proxy": HOST,
        }

    def run(self, script: str, **variables: str) -> str:
        """Run commands, stop at the first that fails, and return what they print."""
        script = script.replace(DEFINITION_URL, str(self.repository / "meta.yml"))
        script = script.replace(CLONE, str(self.repository))
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=self.folder,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[str]:
    """Serve a Meltano Hub that knows target-postgres and return the root of its API."""
    (loader, *_) = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["loaders"]
    del loader["config"]  # is the project's, not the plugin's
    loaders = tmp_path / "hub" / "plugins" / "loaders"
    loaders.mkdir(parents=True)
    (loaders / loader["name"]).write_text(json.dumps(loader))
    handler = partial(QuietHandler, directory=tmp_path / "hub")
    with ThreadingHTTPServer((HOST, 0), handler) as server:
        root = f"http://{HOST}:{server.server_port}"
        variant = {"ref": f"{root}/plugins/loaders/{loader['name']}"}
        entry = {
            "default_variant": loader["variant"],
            "logo_url": "",
            "variants": {loader["variant"]: variant},
        }
        (loaders / "index").write_text(json.dumps({loader["name"]: entry}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield root
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shell(tmp_path: Path, hub: str) -> Shell:
    """Create a Meltano project as the page does and run the further commands in it."""
    shell = Shell(make_repository(tmp_path / "repository"), tmp_path, hub)
    shell.run(commands("Create a project"))
    shell.folder /= "my-project"
    return shell


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """Start an empty Postgres."""
    with running_postgres() as running:
        yield running


def versions(name: str, *groups: str) -> str:
    """Return a file that has uv install the versions of uv.lock."""
    return str(dev.constraints(f"test-meltano-{name}", *groups))


def write_dotenv(shell: Shell, **values: str) -> None:
    """Write the variables of the page's .env with other values."""
    names = [line.partition("=")[0] for line in blocks("Configure", "dotenv").splitlines()]
    lines = [f"{name}={values[name]}\n" for name in names]
    (shell.folder / ".env").write_text("".join(lines))


def test_two_commands_install_from_a_clone(shell: Shell) -> None:
    two = commands("Add the tap from a clone")
    shell.run(two, UV_CONSTRAINT=versions("tap", "--no-dev"))

    printed = shell.run("meltano invoke tap-intercom --version")

    assert len(two.splitlines()) == 2
    assert "tap-intercom v" in printed


def test_two_commands_install_and_run_loads_rows(
    shell: Shell, sandbox: Sandbox, postgres: Postgres
) -> None:
    two = commands("Add tap and target").splitlines()
    locked = (versions("tap", "--no-dev"), versions("target", "--only-group", "target-postgres"))
    for command, constraint in zip(two, locked, strict=True):
        shell.run(command, UV_CONSTRAINT=constraint)
    write_dotenv(
        shell,
        TAP_INTERCOM_ACCESS_TOKEN=sandbox.options.token,
        TARGET_POSTGRES_HOST=HOST,
        TARGET_POSTGRES_PORT=str(postgres.port),
        TARGET_POSTGRES_USER="postgres",
        TARGET_POSTGRES_PASSWORD=postgres.password,
        TARGET_POSTGRES_DATABASE="postgres",
    )
    for title in ("Configure", "Load faster", "Select streams"):
        shell.run(commands(title))

    printed = shell.run(commands("Run"), TAP_INTERCOM_API_URL=sandbox.url)

    with postgres.connect() as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'tap_intercom'"
        ).fetchall()
        (contacts,) = connection.execute("SELECT count(*) FROM tap_intercom.contacts").fetchone()
    assert {name for (name,) in tables} == {"contacts", "contact_tags", "conversations"}
    assert contacts == len(sandbox.control.records("contacts"))
    assert "Inserting with SQL: COPY" in printed

"""What docs/webhooks.md says to copy works, as far as its programs are installed here."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import trustme
import yaml

import dev
from demo.processes import free_port
from demo.processes import running as running_program
from tap_intercom.webhooks.receiver import MAX_BODY_BYTES
from tests.guarantees.process import wait_until
from tests.sandbox.webhooks import signature
from tests.test_docs import PAGES, blocks
from tests.webhooks.program import SECRET, post, wait_for
from tests.webhooks.receiver import SECRET as SECRET_TEXT
from tests.webhooks.receiver import RunningReceiver, notification

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = pytest.mark.end_to_end

PAGE = PAGES["docs/webhooks.md"]
PROGRAM = Path(sys.executable).with_name("tap-intercom-webhooks")
TIMEOUT_SECONDS = 60

NGINX = """
{user}
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""
"""What a distribution's nginx.conf has around the page's server."""


def installed(program: str) -> pytest.MarkDecorator:
    """Skip a test where a program is not installed."""
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


@contextmanager
def proxy(command: Sequence[str | Path], url: str, certificates: str) -> Iterator[requests.Session]:
    """Run a reverse proxy until the block ends; the value sends requests to it."""
    environment = {**os.environ, "XDG_DATA_HOME": str(Path(command[-1]).parent)}
    with (
        running_program(list(command), output=subprocess.DEVNULL, environment=environment),
        requests.Session() as session,
    ):
        session.trust_env = False
        session.verify = certificates
        wait_until(lambda: is_listening(session, url))
        yield session


def is_listening(session: requests.Session, url: str) -> bool:
    try:
        return session.head(url, timeout=TIMEOUT_SECONDS).ok
    except requests.ConnectionError:
        return False


def statuses(session: requests.Session, url: str) -> list[int]:
    """Send what Intercom sends, large and small, and what it does not; return the statuses."""
    small = json.dumps(notification(1)).encode()
    large = json.dumps(notification(2, text="x" * (MAX_BODY_BYTES - 1000))).encode()
    responses = [
        session.post(url, body, headers=headers, timeout=TIMEOUT_SECONDS)
        for body, headers in (
            (small, {"X-Hub-Signature": signature(small, SECRET_TEXT)}),
            (large, {"X-Hub-Signature": signature(large, SECRET_TEXT)}),
            (small, {}),
        )
    ]
    other = session.get(url.replace("/intercom", "/healthz"), timeout=TIMEOUT_SECONDS)
    return [response.status_code for response in (*responses, other)]


@installed("nginx")
def test_nginx_passes_notifications_on(receiver: RunningReceiver, tmp_path: Path) -> None:
    port = free_port()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(tmp_path / "privkey.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "fullchain.pem", append=True)
    (server,) = blocks(PAGE, "nginx")
    for written, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/letsencrypt/live/hooks.example.com", str(tmp_path)),
        ("127.0.0.1:8710", f"127.0.0.1:{receiver.port}"),
    ):
        assert written in server
        server = server.replace(written, here)
    user = "user root;" if os.geteuid() == 0 else ""
    config = tmp_path / "nginx.conf"
    config.write_text(NGINX.format(user=user, folder=tmp_path, server=server))
    url = f"https://localhost:{port}/intercom"

    with proxy(["nginx", "-c", config], url, str(tmp_path / "authority.pem")) as session:
        answers = statuses(session, url)

    assert answers == [200, 200, 401, 404]


@installed("caddy")
def test_caddy_passes_notifications_on(receiver: RunningReceiver, tmp_path: Path) -> None:
    """Without TLS, for which Caddy would ask a certificate authority."""
    port = free_port()
    (site,) = blocks(PAGE, "caddyfile")
    site = site.replace("hooks.example.com", f"http://localhost:{port}")
    site = site.replace("127.0.0.1:8710", f"127.0.0.1:{receiver.port}")
    config = tmp_path / "Caddyfile"
    config.write_text(f"{{\n    admin off\n}}\n{site}")
    url = f"http://localhost:{port}/intercom"

    with proxy(["caddy", "run", "--config", config], url, "") as session:
        answers = statuses(session, url)

    assert answers[:3] == [200, 200, 401]


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Write the page's systemd units; only the paths are those of this machine."""
    files = []
    for number, block in enumerate(blocks(PAGE, "ini")):
        text = block
        for written, here in (
            ("/opt/tap-intercom/bin/tap-intercom-webhooks", str(PROGRAM)),
            ("/var/lib/tap-intercom", str(tmp_path)),
            ("/etc/tap-intercom", str(tmp_path)),
        ):
            text = text.replace(written, here)
        files.append(tmp_path / f"tap-intercom-{number}.service")
        files[-1].write_text(text)
    return files


def service_of(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser["Service"]


@installed("systemd-analyze")
def test_systemd_accepts_the_units(units: list[Path]) -> None:
    command = ["systemd-analyze", "verify", *units]

    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_unit_starts_the_receiver(units: list[Path]) -> None:
    service = service_of(units[0])
    name, _, database = service["Environment"].partition("=")
    environment = {**os.environ, name: database, **SECRET}

    with subprocess.Popen(
        [*service["ExecStart"].split(), "--port=0"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            port = int(wait_for(process, r"running on http://127\.0\.0\.1:(\d+)")[1])
            status = post(port, json.dumps(notification()).encode())
        finally:
            process.kill()

    assert status == 200
    assert Path(database.removeprefix("sqlite:///")).exists()


def test_unit_starts_watch(units: list[Path], database: str, tmp_path: Path) -> None:
    program, separator, _ = service_of(units[1])["ExecStart"].partition(" -- ")
    ran = tmp_path / "ran"
    variables = {**os.environ, "TAP_INTERCOM_WEBHOOKS_DATABASE": database}

    with subprocess.Popen(
        [*program.split(), separator.strip(), "touch", ran], env=variables
    ) as watch:
        try:
            wait_until(ran.exists)
            watch.send_signal(signal.SIGTERM)
            code = watch.wait(TIMEOUT_SECONDS)
        finally:
            watch.kill()

    assert code == 0


def test_plugins_are_those_of_the_project() -> None:
    (text,) = blocks(PAGE, "yaml")
    project = yaml.safe_load((dev.ROOT / "meltano.yml").read_text())["plugins"]["extractors"]
    by_name = {plugin["name"]: plugin for plugin in project}

    plugins = yaml.safe_load(text)["plugins"]["extractors"]

    assert [
        plugin for plugin in plugins if not plugin.items() <= by_name[plugin["name"]].items()
    ] == []

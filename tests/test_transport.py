"""Requests go out as the environment of the machine says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_intercom.api.transport import Transport
from tap_intercom.errors import IntercomError
from tap_intercom.tap import TapIntercom

if TYPE_CHECKING:
    from tests.sandbox import Sandbox
    from tests.singer import TapRunner

NOWHERE = "http://127.0.0.1:9"
"""The port of the discard service, at which nobody listens."""


def test_a_proxy_that_the_environment_names_is_used(
    sandbox: Sandbox, tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox answers whatever host a request is for, so it can stand for a proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", sandbox.url)
    output = tap.run(select=["admins", "tags"], api_url=NOWHERE)
    assert len(output.records("admins")) == len(sandbox.control.records("admins"))


def test_certificates_that_are_missing_are_named(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    tap = TapIntercom(config={**config, "api_url": "https://127.0.0.1:9"}, setup_mapper=False)
    with pytest.raises(IntercomError, match=r"/nowhere/certificates.pem.* REQUESTS_CA_BUNDLE"):
        _ = tap.run.client


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "gopher://127.0.0.1:9"])
def test_a_proxy_that_can_not_be_used_is_an_error_that_names_the_variables(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(IntercomError, match="Check HTTPS_PROXY"):
        Transport("https://api.intercom.io", {}, 60, 1)


def test_certificates_are_verified() -> None:
    transport = Transport("https://api.intercom.io", {}, 60, 1)
    assert transport._verify is True or Path(str(transport._verify)).exists()

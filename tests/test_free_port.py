"""The port of a test's or the demo's server belongs to that server alone."""

from __future__ import annotations

import socket

import pytest

from demo import processes
from demo.processes import HOST, free_port


def test_port_of_another_server_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with socket.create_server((HOST, port)):
        other = free_port()
        monkeypatch.setattr(processes, "SERVER_PORTS", [port, other])
        monkeypatch.setattr(processes, "PORT_ATTEMPTS", 2)

        assert {free_port() for _ in range(20)} == {other}


def test_no_free_port_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with socket.create_server((HOST, port)):
        monkeypatch.setattr(processes, "SERVER_PORTS", [port])
        monkeypatch.setattr(processes, "PORT_ATTEMPTS", 1)

        with pytest.raises(OSError, match="No free port"):
            free_port()

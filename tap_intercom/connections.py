"""Kept-open connections to one host, through the proxy and with the certificates of this machine.

`requests` finds out which those are, as in any other program. But its sessions take much processor
time (`benchmarks/cpu.py`), so the requests themselves go to urllib3, on which it is built: without
redirects, cookies and .netrc, none of which the tap wants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_ACCEPT_ENCODING
from urllib3.exceptions import HTTPError

from tap_intercom.errors import IntercomError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse, HTTPConnectionPool


class Connections(HTTPAdapter):
    """Connections to the host of a URL; threads may share them."""

    def __init__(self, url: str, headers: Mapping[str, str], most: int) -> None:
        """Look up proxy and certificates; no request is made.

        Args:
            url: The origin to connect to, such as https://api.intercom.io.
            headers: What every request has.
            most: Connections that are kept open.

        Raises:
            IntercomError: The environment names a proxy or certificates that can't be used.
        """
        super().__init__(pool_maxsize=most)
        self._headers = {"Accept-Encoding": DEFAULT_ACCEPT_ENCODING, **headers}
        try:
            self._connect(url)
        except (OSError, HTTPError) as error:
            message = f"{error}. Check HTTPS_PROXY, ALL_PROXY and REQUESTS_CA_BUNDLE"
            raise IntercomError(message) from None

    def _connect(self, url: str) -> None:
        environment = requests.Session().merge_environment_settings(url, {}, None, None, None)
        proxies, certificates = environment["proxies"], environment["verify"]
        root = requests.Request("GET", url).prepare()
        # the stubs know neither that this pool speaks HTTP nor the types of cert_verify
        self._pool = cast(
            "HTTPConnectionPool", self.get_connection_with_tls_context(root, certificates, proxies)
        )
        self.cert_verify(self._pool, url, certificates, None)  # type: ignore[no-untyped-call]
        self._origin = self.request_url(root, proxies).rstrip("/")

    def open(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], timeout: float
    ) -> BaseHTTPResponse:
        """Send a request and return the answer, whose body is still to be read.

        Args:
            method: GET or POST.
            path: What is asked for, with its query.
            body: What is sent.
            headers: What this request has besides.
            timeout: Seconds that connecting, and each wait for more of the answer, may take.

        Raises:
            urllib3.exceptions.HTTPError: There is no answer.
        """
        return self._pool.urlopen(
            method,
            self._origin + path,
            body=body,
            headers={**self._headers, **headers},
            timeout=timeout,
            retries=False,
            redirect=False,
            assert_same_host=False,  # a proxy is another host
            preload_content=False,
        )

"""Requests without a complete response: the error that names the cause, and what to do about it.

The libraries put URLs and header values into their messages, and a proxy's URL may have a password.
So only the class of an error is named, and what the operating system or TLS say of it.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError
from urllib3.exceptions import SSLError as TlsError

from tap_intercom.errors import IntercomError, RetriableError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_intercom.api.request import Request

CHECK_NETWORK = "Check the settings region and api_url, and the network"
CHECK_PROXY = "Check HTTPS_PROXY, and the user and password in it"
CHECK_CERTIFICATES = (
    "If a proxy inspects the traffic, name a file with its certificate in REQUESTS_CA_BUNDLE; else "
    "check the settings region and api_url"
)

CONNECTING = (ConnectTimeoutError, NewConnectionError, ProxyError, TlsError)
"""What fails before a request is sent."""

REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d+)")
"""What Python's `http.client` says of a proxy's answer to CONNECT."""

SERVER_ERROR = 500


def connection_error(request: Request, origin: str, error: BaseException) -> IntercomError:
    """Return the error of a request to an origin (`https://...`) that got no complete response."""
    chain = list(_chain(error))
    is_connecting = any(isinstance(one, CONNECTING) for one in chain)
    what = "no connection to" if is_connecting else "incomplete response from"
    kind, cause, advice = _diagnosis(chain)
    return kind(f"{request}: {what} {origin} ({cause})", advice=advice)


def _diagnosis(chain: list[BaseException]) -> tuple[type[IntercomError], str, str]:
    """Return the class of the error, its cause, and what to do."""
    root, name = chain[-1], type(_library_error(chain)).__name__
    if isinstance(root, ssl.SSLCertVerificationError):
        return (
            UnreachableError,
            f"certificate not trusted: {root.verify_message}",
            CHECK_CERTIFICATES,
        )
    if refused := REFUSED_TUNNEL.search(str(root)):
        kind = RetriableError if int(refused[1]) >= SERVER_ERROR else UnreachableError
        return kind, f"the proxy refused the tunnel with status {refused[1]}", CHECK_PROXY
    cause = f"{name}: {root.strerror}" if isinstance(root, OSError) and root.strerror else name
    is_proxy = any(isinstance(one, ProxyError) for one in chain)
    return RetriableError, cause, CHECK_PROXY if is_proxy else CHECK_NETWORK


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it wraps, the one that came first last."""
    following: BaseException | None = error
    while following is not None:
        yield following
        wrapped = (
            getattr(following, "reason", None),
            getattr(following, "original_error", None),
            *following.args[:1],
            following.__cause__,
        )
        following = next((one for one in wrapped if isinstance(one, BaseException)), None)


def _library_error(chain: list[BaseException]) -> BaseException:
    """Return the last error of urllib3 in a chain, or the first error if there is none."""
    return next((one for one in reversed(chain) if isinstance(one, HTTPError)), chain[0])

"""An HTTP session that follows no redirect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from tap_intercom.compat import override

if TYPE_CHECKING:
    from requests import Response


class Session(requests.Session):
    """A session with the proxy and the certificates that the environment names for a URL.

    They are looked up once, not for each request; and no .netrc takes the place of the token.
    """

    def __init__(self, url: str) -> None:
        """Prepare a session; no request is made."""
        super().__init__()
        environment = self.merge_environment_settings(url, {}, None, None, None)
        self.proxies, self.verify = environment["proxies"], environment["verify"]
        self.trust_env = False

    @override
    def get_redirect_target(self, resp: Response) -> None:
        """Return nothing: to look at a redirect, the library would read its whole body."""

"""Point the peer, whose host is hard-coded, at the sandbox.

Python imports this module at its start if the directory is on PYTHONPATH.
"""

from __future__ import annotations

import os
from typing import Any

import requests

INTERCOM = "https://api.intercom.io"

_request = requests.Session.request


def redirected(
    session: requests.Session, method: str, url: str, **options: Any
) -> requests.Response:
    """Send a request to the sandbox instead of Intercom."""
    if options.get("json"):
        options["json"] = {**options["json"], "query": without_ids(options["json"]["query"])}
    return _request(session, method, url.replace(INTERCOM, os.environ["INTERCOM_URL"]), **options)


def without_ids(query: dict[str, Any]) -> dict[str, Any]:
    """Drop the condition that ids be greater than "", which all are; the sandbox refuses it."""
    if query["operator"] != "AND":
        return query
    _, updated = query["value"]
    kept: dict[str, Any] = updated
    return kept


if "INTERCOM_URL" in os.environ:
    requests.Session.request = redirected  # type: ignore[method-assign, assignment]

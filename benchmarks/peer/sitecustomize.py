"""Point the peer, whose host is hard-coded, at the sandbox.

Python imports this module at its start if the directory is on PYTHONPATH.
"""

from __future__ import annotations

import os
from typing import Any

import requests

INTERCOM = "https://api.intercom.io"

_request = requests.Session.request
_json = requests.Response.json


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


def json_with_objects(response: requests.Response, **options: Any) -> Any:
    """Return a response with objects around bare lists, at which the peer fails."""
    content = _json(response, **options)
    for conversation in content.get("conversations", [content]):
        for name in ("contacts", "teammates"):
            if isinstance(conversation.get(name), list):
                conversation[name] = {name: conversation[name]}
    return content


if "INTERCOM_URL" in os.environ:
    requests.Response.json = json_with_objects  # type: ignore[method-assign, assignment]
    requests.Session.request = redirected  # type: ignore[method-assign, assignment]

"""Parts of conversations that have more of them than Intercom returns at once.

Intercom returns a conversation's newest 500 parts. The version Preview accepts types of parts to
leave out, or to return alone, and applies them before that limit (Intercom-OpenAPI#653), so what
one request lacks can be asked for by type. A type with more than 500 parts stays cut off.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_intercom.api.request import PREVIEW
from tap_intercom.api.response import items_of
from tap_intercom.errors import RUN_ENDING_ERRORS, IntercomError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.request import Request
    from tap_intercom.api.response import Page

logger = logging.getLogger("tap-intercom")

MAX_PARTS = 500
"""The most parts of a conversation that one response holds (OpenAPI 2.16)."""

UNKNOWN_TYPE = "unknown"
"""What Preview calls types that it does not name; it can't be asked for."""


def parts_of(conversation: Page | Record) -> list[Record]:
    """Return the parts that a response about a conversation holds, in an object or bare."""
    return items_of(conversation.get("conversation_parts"), "conversation_parts")


def unique_parts(pages: Sequence[Page]) -> list[Record]:
    """Return the parts of a conversation's own response, and those that only later ones hold."""
    parts = parts_of(pages[0])
    seen = {part.get("id") for part in parts}
    for part in (part for page in pages[1:] for part in parts_of(page)):
        if part.get("id") not in seen:
            seen.add(part.get("id"))
            parts.append(part)
    return parts


def is_type_cut_off(pages: Sequence[Page]) -> bool:
    """Whether one type alone has as many parts as a response holds."""
    return any(len(parts_of(page)) >= MAX_PARTS and len(_types(page)) == 1 for page in pages[1:])


def all_pages(client: IntercomClient, request: Request, first: Page) -> list[Page]:
    """Return a conversation and, if parts may be missing, responses that hold more of them.

    A request that Intercom refuses ends it with what there is.

    Raises:
        IntercomError: It ends the run.
    """
    found = [first]
    if len(parts_of(first)) < MAX_PARTS:
        return found
    try:
        found.extend(_more_pages(client, replace(request, api_version=PREVIEW), first))
    except RUN_ENDING_ERRORS:
        raise
    except IntercomError as error:
        logger.warning("%s: could not ask for parts by type: %s", request, error)
    return found


def _more_pages(client: IntercomClient, request: Request, page: Page) -> Iterator[Page]:
    """Leave out all types that were seen until a response is whole, then ask for each alone.

    Types that only the last response has are whole in it.
    """
    seen = set[str]()
    while len(parts_of(page)) >= MAX_PARTS and (new := _types(page) - seen):
        seen |= new
        page = client.fetch(request.with_params(exclude_part_types=",".join(sorted(seen))))
        yield page
    for part_type in sorted(seen):
        yield client.fetch(request.with_params(include_part_types=part_type))


def _types(page: Page) -> set[str]:
    return {str(part.get("part_type")) for part in parts_of(page)} - {UNKNOWN_TYPE}

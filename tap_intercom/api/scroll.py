"""The company scroll: the only complete list of companies.

`POST /companies/list` ends at 10,000 companies and leaves out those without users; the scroll
returns all. It has rules (OpenAPI 2.16, GET /companies/scroll): one scroll per workspace,
which expires after a minute without use and can't be continued after a 500; the same
`scroll_param` on every page (airbyte#69151); only an empty page says that it is complete.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.api.seen_records import SeenRecords
from tap_intercom.errors import (
    IntercomError,
    InvalidRequestError,
    NotFoundError,
    RetriableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.response import Page, Record

logger = logging.getLogger("tap-intercom")

SCROLL = Request("/companies/scroll", record_keys=("data", "companies"))

MAX_RESTARTS = 5
"""Times that a broken scroll is started again before the run fails."""

SCROLL_EXISTS = "scroll_exists"

WAIT_SECONDS = 20
MAX_WAITS = 30
"""Ten minutes in all for another integration to finish; an idle scroll expires after one."""


def scroll_companies(
    client: IntercomClient,
    keep: Callable[[list[Record]], None],
    begin: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read every company, page by page, without long pauses in which the scroll could expire.

    Args:
        client: Sends the requests.
        keep: Called with the companies of each page.
        begin: Called each time the scroll starts, the first and after it broke.
        sleep: Waits for a number of seconds.

    Raises:
        InvalidRequestError: Another integration held the workspace's scroll for ten minutes.
        RetriableError: The scroll broke too often.
    """
    for _ in range(MAX_RESTARTS + 1):
        begin()
        first_page = _first_page(client, sleep)
        try:
            _read_all(client, first_page, keep)
        except IntercomError as error:
            if not _is_broken(error):
                raise
            logger.warning("%s: broken (%s); starting again", SCROLL, error)
        else:
            return
    message = f"{SCROLL}: broken {MAX_RESTARTS + 1} times. Try again later"
    raise RetriableError(message)


def _is_broken(error: IntercomError) -> bool:
    """Whether another scroll may get further than the one that ended with an error."""
    return isinstance(error, NotFoundError | RetriableError) or error.is_doubtful


def _read_all(
    client: IntercomClient, page: Page | None, keep: Callable[[list[Record]], None]
) -> None:
    seen = SeenRecords()
    while page is not None and (companies := page.records()):
        seen.add_page((str(company.get("id")), 0) for company in companies)
        if seen.idle_pages:
            message = f"{SCROLL}: a page without a company that was not on earlier ones"
            raise RetriableError(message)
        keep(companies)
        # one attempt only: Intercom can't continue a scroll after a failure
        page = client.send(SCROLL.with_params(scroll_param=_scroll_param(page)))


def _scroll_param(page: Page) -> str:
    scroll_param = page.get("scroll_param")
    if isinstance(scroll_param, str) and scroll_param:
        return scroll_param
    message = f"{SCROLL}: response without a scroll_param"
    raise RetriableError(message)


def _first_page(client: IntercomClient, sleep: Callable[[float], None]) -> Page | None:
    """Start the scroll and return its first page; None if the workspace has no companies."""
    for _ in range(MAX_WAITS):
        try:
            page = client.fetch(SCROLL)
        except NotFoundError as error:
            if error.is_doubtful:
                raise  # not from Intercom, so it says nothing of companies
            return None
        except InvalidRequestError as error:
            if error.code != SCROLL_EXISTS:
                raise
            logger.warning(
                "%s: another integration holds the workspace's only scroll; retrying in %d s",
                SCROLL,
                WAIT_SECONDS,
            )
            sleep(WAIT_SECONDS)
        else:
            return page
    message = (
        f"{SCROLL}: another integration has held the workspace's only scroll for ten minutes. "
        "Run tap-intercom at another time than other tools that load companies from Intercom"
    )
    raise InvalidRequestError(message, code=SCROLL_EXISTS)

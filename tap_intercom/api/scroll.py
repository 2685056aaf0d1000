"""The company scroll: the only complete list of companies.

`POST /companies/list` ends at 10,000 companies and leaves out those without users; the scroll has
all. It comes with rules (OpenAPI 2.16, GET /companies/scroll): one scroll per workspace, dead
after a minute without use, no way on after a 500, the same `scroll_param` on every page
(airbyte#69151), and an empty page at its end, which alone says that it is whole.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from tap_intercom.api.request import Request
from tap_intercom.errors import InvalidRequestError, NotFoundError, RetriableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_intercom.api.client import IntercomClient
    from tap_intercom.api.response import Page, Record

logger = logging.getLogger("tap-intercom")

SCROLL = Request("/companies/scroll", record_keys=("data", "companies"))

MAX_RESTARTS = 5
"""Times that a broken scroll is begun anew before the run fails."""

SCROLL_EXISTS = "scroll_exists"

WAIT_SECONDS = 20
MAX_WAITS = 30
"""Ten minutes in all for another integration to finish its scroll; an idle one dies in one."""


def scroll_companies(
    client: IntercomClient,
    keep: Callable[[list[Record]], None],
    begin: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Read every company, page by page, without anything in between that could take long.

    Args:
        client: Sends the requests.
        keep: Takes the companies of one page.
        begin: Called when the scroll starts, and again each time it has to start anew.
        sleep: Waits for a number of seconds.

    Raises:
        InvalidRequestError: Another integration held the workspace's scroll for ten minutes.
        RetriableError: The scroll broke too often.
    """
    for _ in range(MAX_RESTARTS + 1):
        begin()
        try:
            _read_whole(client, keep, sleep)
        except (NotFoundError, RetriableError) as error:
            logger.warning("The company scroll broke (%s); it starts again", error)
        else:
            return
    message = f"The company scroll broke {MAX_RESTARTS + 1} times; try again later"
    raise RetriableError(message)


def _read_whole(
    client: IntercomClient, keep: Callable[[list[Record]], None], sleep: Callable[[float], None]
) -> None:
    page = _first_page(client, sleep)
    read = set[int]()
    while page is not None and (companies := page.records()):
        if (ids := hash(tuple(str(company.get("id")) for company in companies))) in read:
            message = f"{SCROLL} answered the same page twice"
            raise RetriableError(message)
        keep(companies)
        read.add(ids)
        # one attempt only: after a failure Intercom can't go on within this scroll
        page = client.send(SCROLL.with_params(scroll_param=_scroll_param(page)))


def _scroll_param(page: Page) -> str:
    scroll_param = page.get("scroll_param")
    if isinstance(scroll_param, str) and scroll_param:
        return scroll_param
    message = f"{SCROLL} was answered without a scroll_param"
    raise RetriableError(message)


def _first_page(client: IntercomClient, sleep: Callable[[float], None]) -> Page | None:
    """Open the scroll; None if Intercom says there are no companies at all."""
    for _ in range(MAX_WAITS):
        try:
            page = client.fetch(SCROLL)
        except NotFoundError:
            return None
        except InvalidRequestError as error:
            if error.code != SCROLL_EXISTS:
                raise
            logger.warning(
                "Another integration holds the workspace's one company scroll; waiting %d s",
                WAIT_SECONDS,
            )
            sleep(WAIT_SECONDS)
        else:
            return page
    message = (
        "Another integration has held the workspace's one company scroll for ten minutes. Run "
        "tap-intercom at another time than the other tools that load companies from Intercom"
    )
    raise InvalidRequestError(message, code=SCROLL_EXISTS)

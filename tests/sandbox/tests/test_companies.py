"""Companies, and the scroll over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox import Fault
from tests.sandbox.tests.client import NOT_FOUND, error_of, ids_of, rows_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Client, Start

SCROLL = "/companies/scroll"
SCROLL_EXISTS = (400, "scroll_exists")


def test_scroll_returns_all_companies(start: Start) -> None:
    client = start(companies=250)
    pages = [client.get(SCROLL).json()]

    pages += [client.get(SCROLL, scroll_param=pages[0]["scroll_param"]).json() for _ in range(3)]

    assert [len(page["data"]) for page in pages] == [100, 100, 50, 0]
    assert len({page["scroll_param"] for page in pages}) == 1
    assert sorted(ids_of(rows_of(pages))) == sorted(ids_of(client.records("companies")))
    assert all(page["pages"] is page["total_count"] is None for page in pages)


def test_scroll_ends_with_its_last_page(start: Start) -> None:
    client = start(companies=50)
    parameter = client.get(SCROLL).json()["scroll_param"]
    client.get(SCROLL, scroll_param=parameter)

    assert error_of(client.get(SCROLL, scroll_param=parameter)) == NOT_FOUND
    assert client.get(SCROLL).status_code == 200


def test_second_scroll_is_refused(start: Start) -> None:
    client = start(companies=250)
    client.get(SCROLL)

    assert error_of(client.get(SCROLL)) == SCROLL_EXISTS


def test_scroll_expires_after_a_minute(start: Start) -> None:
    client = start(companies=250)
    parameter = client.get(SCROLL).json()["scroll_param"]

    client.control.clock.advance(60)

    assert error_of(client.get(SCROLL, scroll_param=parameter)) == NOT_FOUND
    assert client.get(SCROLL).status_code == 200


def test_use_keeps_the_scroll_open(start: Start) -> None:
    client = start(companies=250)
    parameter = client.get(SCROLL).json()["scroll_param"]
    client.control.clock.advance(59)
    used = client.get(SCROLL, scroll_param=parameter)

    client.control.clock.advance(59)

    assert used.status_code == 200
    assert error_of(client.get(SCROLL)) == SCROLL_EXISTS


def test_internal_error_ends_the_scroll(start: Start) -> None:
    client = start(companies=250)
    parameter = client.get(SCROLL).json()["scroll_param"]
    client.control.faults.add(Fault(kind="status", path=SCROLL, status=500))

    failed = client.get(SCROLL, scroll_param=parameter)

    assert failed.status_code == 500
    assert error_of(client.get(SCROLL, scroll_param=parameter)) == NOT_FOUND


def test_empty_scroll_has_no_rows(start: Start) -> None:
    assert start().get(SCROLL).json()["data"] == []


def test_empty_scroll_may_be_404(start: Start) -> None:
    client = start(empty_scroll_is_404=True)

    assert error_of(client.get(SCROLL)) == (404, "company_not_found")


def test_notes_are_embedded_since_2_17(shared: Client) -> None:
    company = next(c for c in shared.records("companies") if len(c["notes"]) > 10)

    notes = shared.get(f"/companies/{company['id']}", "2.17").json()["notes"]

    assert ids_of(notes["data"]) == ids_of(company["notes"])[:10]
    assert notes["has_more"]
    assert "notes" not in shared.get(f"/companies/{company['id']}", "2.16").json()


def test_unknown_company_is_named(shared: Client) -> None:
    for path in ("/companies/none", "/companies/none/notes"):
        assert error_of(shared.get(path)) == (404, "company_not_found")

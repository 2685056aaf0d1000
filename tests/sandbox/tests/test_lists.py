"""The lists of the workspace, by their table: one test per way of paging and rule."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.endpoints.lists import LISTS
from tests.sandbox.paging import (
    CursorPages,
    LinkedPages,
    NumberedPages,
    UpdatedAtCursor,
    Whole,
    epoch_seconds,
)
from tests.sandbox.tests.client import (
    DAY,
    INVALID_PARAMETER,
    NOON,
    NOT_FOUND,
    by_id,
    error_of,
    ids_of,
    rows_of,
)
from tests.sandbox.versions import V2_16, header_of

if TYPE_CHECKING:
    from tests.sandbox.endpoints.lists import ListEndpoint
    from tests.sandbox.tests.client import Client, Start

NEXT_TYPES = {"cursor": dict, "url": str, "absent": type(None)}


def lists(*pagings: type) -> Any:
    chosen = [one for one in LISTS if type(one.paging) in pagings]
    return pytest.mark.parametrize("endpoint", chosen, ids=lambda one: one.path)


@pytest.mark.parametrize("form", ["cursor", "url", "absent"])
@lists(CursorPages)
def test_cursor_pages_lead_to_all_rows(shared: Client, endpoint: ListEndpoint, form: str) -> None:
    expected = shared.records(endpoint.rows)

    with shared.rules(cursor_pages_next=form):
        pages = shared.pages(endpoint.path)

    assert sorted(ids_of(rows_of(pages))) == sorted(ids_of(expected))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        is_last = number == len(pages)
        assert (page["type"], page["total_count"]) == ("list", len(expected))
        assert isinstance(page["pages"].get("next"), NEXT_TYPES["absent" if is_last else form])
        assert page["pages"]["type"] == "pages"
        assert page["pages"]["page"] == number
        assert page["pages"]["per_page"] == endpoint.paging.per_page  # type: ignore[attr-defined]
        assert page["pages"]["total_pages"] == len(pages)


@lists(CursorPages)
def test_cursor_pages_have_numbers_too(shared: Client, endpoint: ListEndpoint) -> None:
    pages = [shared.get(endpoint.path, page=n, per_page=20).json() for n in range(1, 5)]

    assert sorted(ids_of(rows_of(pages))) == sorted(ids_of(shared.records(endpoint.rows)))


@lists(UpdatedAtCursor)
def test_updated_at_cursor_leads_to_all_rows(shared: Client, endpoint: ListEndpoint) -> None:
    pages = shared.pages(endpoint.path)

    assert by_id(rows_of(pages)) == by_id(shared.records(endpoint.rows))
    assert len(pages) > 1
    for page in pages:
        assert set(page) == {"type", "data", "pages"}
        assert set(page["pages"]) == {"type", "per_page", "next"}
    assert pages[-1]["pages"]["next"] is None


@lists(UpdatedAtCursor)
def test_cursor_holds_updated_at_and_id(shared: Client, endpoint: ListEndpoint) -> None:
    page = shared.get(endpoint.path, per_page=3).json()

    cursor = json.loads(base64.b64decode(page["pages"]["next"]["starting_after"]))

    last = page["data"][-1]
    assert cursor == [epoch_seconds(last["updated_at"]), last["id"]]


@pytest.mark.parametrize("cursor", ["nonsense", "bnVsbA==", "WyJhIl0=", "é"])
@lists(UpdatedAtCursor, CursorPages)
def test_unknown_cursor_is_refused(shared: Client, endpoint: ListEndpoint, cursor: str) -> None:
    assert error_of(shared.get(endpoint.path, starting_after=cursor)) == (400, "client_error")


@lists(LinkedPages)
def test_links_lead_to_all_rows(shared: Client, endpoint: ListEndpoint) -> None:
    pages = shared.pages(endpoint.path)

    assert by_id(rows_of(pages)) == by_id(shared.records(endpoint.rows))
    assert len(pages) > 1
    for page in pages[:-1]:
        assert page["pages"]["next"].startswith(f"{shared.url}{endpoint.path}?")
    assert pages[-1]["pages"]["next"] is None


@lists(NumberedPages)
def test_numbered_pages_lead_to_all_rows(shared: Client, endpoint: ListEndpoint) -> None:
    expected = shared.records(endpoint.rows)

    pages = shared.pages(endpoint.path)

    assert rows_of(pages) == expected
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert set(page) == {"type", "data", "total_count", "page", "per_page", "total_pages"}
        assert (page["page"], page["total_count"]) == (number, len(expected))
        assert page["total_pages"] == len(pages)


@lists(NumberedPages)
def test_page_behind_the_last_is_empty(shared: Client, endpoint: ListEndpoint) -> None:
    assert shared.get(endpoint.path, page=99).json()["data"] == []


@pytest.mark.parametrize("path", [one.path for one in LISTS if type(one.paging) is Whole])
def test_other_lists_have_all_rows(shared: Client, path: str) -> None:
    (endpoint,) = (one for one in LISTS if one.path == path)
    hidden = {"/admins": {"avatar"}}.get(path, set())
    expected = shared.records(endpoint.rows)
    if "attributes" in path:
        expected = [r for r in expected if not r["archived"] and r.get("model") != "conversation"]

    body = shared.get(path, header_of(max(V2_16, endpoint.since))).json()

    assert body == {
        "type": endpoint.type,
        endpoint.key: [{k: r[k] for k in r if k not in hidden} for r in expected],
    }
    assert expected


@lists(CursorPages, UpdatedAtCursor, LinkedPages, NumberedPages)
def test_pages_have_a_default_size(shared: Client, endpoint: ListEndpoint) -> None:
    expected = endpoint.paging.per_page  # type: ignore[attr-defined]

    page = shared.get(endpoint.path).json()

    assert len(page["data"]) == page.get("pages", page)["per_page"] == expected


@lists(CursorPages, UpdatedAtCursor, LinkedPages, NumberedPages)
def test_pages_have_a_largest_size(shared: Client, endpoint: ListEndpoint) -> None:
    largest = endpoint.paging.max_per_page  # type: ignore[attr-defined]

    assert shared.get(endpoint.path, per_page=largest).status_code == 200
    for per_page in (largest + 1, 0, "many"):
        assert error_of(shared.get(endpoint.path, per_page=per_page)) == INVALID_PARAMETER


@pytest.mark.parametrize("number", ["0", "-1", "two"])
@lists(CursorPages, LinkedPages, NumberedPages)
def test_impossible_page_number_is_refused(
    shared: Client, endpoint: ListEndpoint, number: str
) -> None:
    assert error_of(shared.get(endpoint.path, page=number)) == INVALID_PARAMETER


@lists(CursorPages, UpdatedAtCursor)
def test_newest_rows_come_first(shared: Client, endpoint: ListEndpoint) -> None:
    rows = shared.rows(endpoint.path)

    timestamps = [epoch_seconds(row["updated_at"]) for row in rows]
    assert timestamps == sorted(timestamps, reverse=True)


def test_row_moving_to_the_front_is_missed(start: Start) -> None:
    client = start()
    before = client.rows("/articles")
    first = client.get("/articles").json()
    client.control.change("articles", before[-1]["id"], {"updated_at": NOON})

    cursor = first["pages"]["next"]["starting_after"]
    rest = client.rows("/articles", per_page=50, starting_after=cursor)

    assert ids_of(first["data"] + rest) == ids_of(before[:-1])


@pytest.mark.parametrize(
    ("path", "parameter", "key", "field"),
    [
        ("/admins", "display_avatar", "admins", "avatar"),
        ("/segments", "include_count", "segments", "count"),
    ],
)
def test_field_is_shown_on_demand_only(
    shared: Client, path: str, parameter: str, key: str, field: str
) -> None:
    without = shared.get(path).json()[key]
    rows = shared.get(path, **{parameter: "true"}).json()[key]

    assert not any(field in row for row in without)
    assert all(field in row for row in rows)


def test_segments_have_empty_pages(shared: Client) -> None:
    body = shared.get("/segments").json()

    assert (body["type"], body["pages"]) == ("segment.list", {})
    assert len(body["segments"]) == len(shared.records("segments"))


def test_conversation_attributes_moved_with_2_16(shared: Client) -> None:
    model = {"model": "conversation"}

    assert shared.get("/data_attributes", "2.15", **model).json()["data"]
    response = shared.get("/data_attributes", "2.16", **model)
    assert error_of(response) == (422, "parameter_invalid")


def test_contact_timestamps_are_exact_since_2_17(shared: Client) -> None:
    old, new = (
        {
            row["data_type"]
            for row in shared.get("/data_attributes", version, model="contact").json()["data"]
            if row["full_name"].endswith("_at") and not row["custom"]
        }
        for version in ("2.16", "2.17")
    )

    assert (old, new) == ({"date"}, {"datetime"})


def test_only_custom_attributes_have_ids(shared: Client) -> None:
    rows = shared.get("/data_attributes", model="company").json()["data"]

    assert all(("id" in row) == row["custom"] for row in rows)


def test_attribute_names_may_repeat(shared: Client) -> None:
    rows = shared.get("/data_attributes", model="company").json()["data"]

    assert [row["full_name"] for row in rows if row["name"] == "name"] == ["name", "plan.name"]


@pytest.mark.parametrize("path", ["/data_attributes", "/conversations/attributes"])
def test_archived_attributes_are_hidden(shared: Client, path: str) -> None:
    shown = shared.get(path).json()["data"]
    rows = shared.get(path, include_archived="true").json()["data"]

    assert not any(row["archived"] for row in shown)
    assert [row for row in rows if not row["archived"]] == shown


def test_some_data_attribute_is_archived(shared: Client) -> None:
    assert any(row["archived"] for row in shared.records("data_attributes"))


def test_old_articles_have_one_parent(shared: Client) -> None:
    old, new = (shared.get("/articles", version).json()["data"] for version in ("2.15", "2.16"))

    for before, now in zip(old, new, strict=True):
        assert "parent_id" not in now
        assert before["parent_id"] == (now["parent_ids"] or [None])[0]
        assert before["parent_type"] == ("collection" if now["parent_ids"] else None)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/articles", "body_markdown"),
        ("/internal_articles", "body_markdown"),
        ("/help_center/help_centers", "locales"),
    ],
)
def test_new_fields_are_hidden_before(shared: Client, path: str, field: str) -> None:
    old, new = (shared.get(path, version).json()["data"] for version in ("2.15", "2.16"))

    assert any(field in row for row in new)
    assert not any(field in row for row in old)


def test_article_alone_has_statistics(shared: Client) -> None:
    expected = {row["id"]: row["statistics"] for row in shared.records("article_statistics")}
    articles = shared.records("articles")

    assert not any("statistics" in row for row in articles)
    for row in articles[:8]:
        shown = shared.get(f"/articles/{row['id']}", "2.17").json()
        assert shown == row | {"statistics": expected[row["id"]]}
    assert set(expected) == set(ids_of(articles))
    assert None in expected.values()


def test_old_statistics_lack_fin(shared: Client) -> None:
    article = next(r["id"] for r in shared.records("article_statistics") if r["statistics"])

    statistics = shared.get(f"/articles/{article}", "2.15").json()["statistics"]

    assert {"views", "conversions", "conversations"} <= set(statistics)
    assert "fin_involvements" not in statistics


def test_unknown_article_is_not_found(shared: Client) -> None:
    assert error_of(shared.get("/articles/404404404")) == NOT_FOUND


def test_macros_can_be_limited_by_time(shared: Client) -> None:
    since = NOON - 100 * DAY
    macros = shared.records("macros")

    shown = shared.rows("/macros", updated_since=since, per_page=10)

    expected = [row for row in macros if epoch_seconds(row["updated_at"]) > since]
    assert 10 < len(expected) < len(macros)
    assert by_id(shown) == by_id(expected)


def test_macros_refuse_a_wrong_time(shared: Client) -> None:
    assert error_of(shared.get("/macros", updated_since="yesterday")) == INVALID_PARAMETER


def test_calls_are_found_by_conversation(shared: Client) -> None:
    transcripts = {row["id"]: row for row in shared.records("call_transcripts")}
    calls = [row for row in shared.records("calls") if row["conversation_id"]]
    ids = list(dict.fromkeys(row["conversation_id"] for row in calls))[:20]

    body = shared.post("/calls/search", {"conversation_ids": ids}).json()

    expected = [row | transcripts[row["id"]] for row in calls if row["conversation_id"] in ids]
    assert set(body) == {"type", "data"}
    assert by_id(body["data"]) == by_id(expected)


def test_some_calls_have_no_transcript(shared: Client) -> None:
    transcripts = [bool(row["transcript"]) for row in shared.records("call_transcripts")]

    assert set(transcripts) == {True, False}


@pytest.mark.parametrize(
    "body",
    [{"conversation_ids": ids} for ids in ([str(n) for n in range(21)], [], None, "1")],
)
def test_calls_need_few_conversations(shared: Client, body: Any) -> None:
    response = shared.post("/calls/search", body)

    assert error_of(response) == (400, "conversation_id_limit_exceeded")


def test_unknown_conversations_have_no_calls(shared: Client) -> None:
    body = {"conversation_ids": [str(number) for number in range(20)]}

    assert shared.post("/calls/search", body).json() == {"type": "list", "data": []}


def test_rows_of_lists_can_be_changed(start: Start) -> None:
    client = start()
    tag = client.records("tags")[0]["id"]

    client.control.change("tags", tag, {"name": "Renamed"})

    assert client.get("/tags").json()["data"][0]["name"] == "Renamed"


@pytest.mark.parametrize(
    ("path", "field", "versions"),
    [
        ("/articles", "folder_id", ("2.16", "2.17")),
        ("/internal_articles", "folder_id", ("2.16", "2.17")),
        ("/internal_articles", "tags", ("2.18", "Preview")),
        ("/calls", "talk_time", ("2.18", "Preview")),
    ],
)
def test_newer_fields_are_hidden(
    shared: Client, path: str, field: str, versions: tuple[str, str]
) -> None:
    old, new = (shared.get(path, version).json()["data"][0] for version in versions)

    assert (field in old, field in new) == (False, True)

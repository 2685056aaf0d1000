"""The sandbox's plain lists keep Intercom's rules; proved over real HTTP."""

from __future__ import annotations

import base64
import itertools
import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.sandbox import Fault, Sandbox, SandboxOptions
from tests.sandbox.generate.plain_lists import SIZES
from tests.sandbox.paging import epoch_seconds
from tests.test_sandbox import NOON, Api, error_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

OPTIONS: Final = SandboxOptions(
    contacts=40,
    companies=0,
    conversations=60,
    tickets=0,
    clock_start=NOON,
    frozen=True,
    rate_limit=100_000,
)
DAY: Final = 86_400
CURSOR_PAGES: Final = (
    ("/articles", "articles", 15),
    ("/help_center/collections", "collections", 15),
    ("/internal_articles", "internal_articles", 25),
    ("/news/news_items", "news_items", 10),
    ("/news/newsfeeds", "newsfeeds", 10),
    ("/calls", "calls", 25),
)
CURSORS: Final = (("/macros", "macros", 50), ("/data_connectors", "data_connectors", 20))
URLS: Final = (
    ("/ai/external_pages", "external_pages", 50),
    ("/ai/content_import_sources", "content_import_sources", 50),
)
COUNTED: Final = (("/audiences", "audiences", 50), ("/content_snippets", "content_snippets", 50))
WHOLE: Final = (
    ("/help_center/help_centers", "help_centers", "list"),
    ("/brands", "brands", "list"),
    ("/emails", "email_settings", "list"),
    ("/away_status_reasons", "away_status_reasons", "list"),
    ("/office_hours_schedules", "office_hours_schedules", "office_hours_schedule.list"),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Sandbox, Api]]:
    """A sandbox for tests that change nothing."""
    yield from _running(OPTIONS)


@pytest.fixture
def own() -> Iterator[tuple[Sandbox, Api]]:
    """A sandbox of the test's own."""
    yield from _running(OPTIONS)


def _running(options: SandboxOptions) -> Iterator[tuple[Sandbox, Api]]:
    with Sandbox(options) as sandbox:
        api = Api(sandbox.url)
        yield sandbox, api
        api.session.close()


def walk(api: Api, path: str, **parameters: Any) -> list[dict[str, Any]]:
    """Every page of a list, whatever leads from one to the next."""
    answers = [_page(api.get(path, **parameters))]
    for number in range(2, 100):
        body = answers[-1]
        pages = body.get("pages", body)
        following = pages.get("next")
        if isinstance(following, dict):
            more = parameters | {"starting_after": following["starting_after"]}
            answers.append(_page(api.get(path, **more)))
        elif following is not None:
            answers.append(_page(api.get(following)))
        elif pages.get("total_pages", 0) >= number:
            answers.append(_page(api.get(path, **parameters, page=number)))
        else:
            return answers
    pytest.fail("the list does not end")


def _page(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def walked_to_the_truth(running: tuple[Sandbox, Api], path: str, kind: str) -> list[dict[str, Any]]:
    """The pages of a list, more than one, that together hold all rows of a kind."""
    sandbox, api = running
    answers = walk(api, path)
    assert len(answers) > 1
    assert by_id(rows_of(answers)) == by_id(sandbox.control.records(kind))
    return answers


def rows_of(answers: list[dict[str, Any]], key: str = "data") -> list[dict[str, Any]]:
    return [row for answer in answers for row in answer[key]]


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: str(row["id"]))


# ---------------------------------------------------------------- paging


@pytest.mark.parametrize("following", ["cursor", "url", "absent"])
@pytest.mark.parametrize(("path", "kind", "per_page"), CURSOR_PAGES)
def test_cursor_pages_lead_to_the_truth_whatever_next_is(
    own: tuple[Sandbox, Api],
    path: str,
    kind: str,
    per_page: int,
    following: str,
) -> None:
    sandbox, api = own
    sandbox.control.set_options(cursor_pages_next=following)
    truth = sandbox.control.records(kind)
    answers = walk(api, path)
    assert [len(answer["data"]) for answer in answers[:-1]] == [per_page] * (len(answers) - 1)
    assert len(answers) > 1
    assert by_id(rows_of(answers)) == by_id(truth)
    for number, answer in enumerate(answers, 1):
        assert answer["type"] == "list"
        assert answer["total_count"] == len(truth)
        pages = answer["pages"]
        assert pages["type"] == "pages"
        assert (pages["page"], pages["per_page"]) == (number, per_page)
        assert pages["total_pages"] == len(answers)
        kinds: dict[str, type] = {"cursor": dict, "url": str, "absent": type(None)}
        expected = kinds[following] if number < len(answers) else type(None)
        assert isinstance(pages.get("next"), expected)


@pytest.mark.parametrize(("path", "kind", "_per_page"), CURSOR_PAGES)
def test_cursor_pages_can_be_asked_for_by_number(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    _per_page: int,
) -> None:
    sandbox, api = shared
    pages = [api.get(path, page=number, per_page=20).json() for number in range(1, 5)]
    assert by_id(rows_of(pages)) == by_id(sandbox.control.records(kind))


@pytest.mark.parametrize(("path", "kind", "per_page"), CURSORS)
def test_cursor_lists_lead_to_the_truth_and_end_with_null(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    per_page: int,
) -> None:
    answers = walked_to_the_truth(shared, path, kind)
    for answer in answers:
        assert set(answer) == {"type", "data", "pages"}
        assert set(answer["pages"]) == {"type", "per_page", "next"}
        assert answer["pages"]["per_page"] == per_page
    assert answers[-1]["pages"]["next"] is None


@pytest.mark.parametrize(("path", "kind", "_per_page"), CURSORS)
def test_their_cursor_is_the_last_row_s_updated_at_and_id(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    _per_page: int,
) -> None:
    sandbox, api = shared
    answer = api.get(path, per_page=3).json()
    cursor = json.loads(base64.b64decode(answer["pages"]["next"]["starting_after"]))
    last = answer["data"][-1]
    assert cursor == [epoch_seconds(last["updated_at"]), last["id"]]
    assert last in sandbox.control.records(kind)


@pytest.mark.parametrize("path", ["/macros", "/data_connectors", "/articles", "/calls"])
@pytest.mark.parametrize("cursor", ["nonsense", "bnVsbA==", "WyJhIl0=", "é"])
def test_a_cursor_that_no_page_gave_out_is_refused(
    shared: tuple[Sandbox, Api],
    path: str,
    cursor: str,
) -> None:
    assert error_of(shared[1].get(path, starting_after=cursor)) == (400, "client_error")


@pytest.mark.parametrize(("path", "kind", "per_page"), URLS)
def test_linked_lists_lead_to_the_truth_by_urls(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    per_page: int,
) -> None:
    answers = walked_to_the_truth(shared, path, kind)
    for answer in answers[:-1]:
        assert answer["pages"]["per_page"] == per_page
        assert answer["pages"]["next"].startswith(f"{shared[0].url}{path}?")
    assert answers[-1]["pages"].get("next") is None


@pytest.mark.parametrize(("path", "kind", "per_page"), COUNTED)
def test_counted_lists_have_page_numbers_at_the_top_and_no_pages(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    per_page: int,
) -> None:
    sandbox, api = shared
    truth = sandbox.control.records(kind)
    answers = walk(api, path)
    assert len(answers) > 1
    assert rows_of(answers) == truth
    for number, answer in enumerate(answers, 1):
        assert set(answer) == {"type", "data", "total_count", "page", "per_page", "total_pages"}
        assert (answer["type"], answer["total_count"]) == ("list", len(truth))
        assert (answer["page"], answer["per_page"]) == (number, per_page)
        assert answer["total_pages"] == len(answers)
    assert api.get(path, page=99).json()["data"] == []


@pytest.mark.parametrize(("path", "kind", "list_type"), WHOLE)
def test_other_lists_are_answered_whole(
    shared: tuple[Sandbox, Api],
    path: str,
    kind: str,
    list_type: str,
) -> None:
    sandbox, api = shared
    truth = sandbox.control.records(kind)
    assert truth
    assert api.get(path).json() == {"type": list_type, "data": truth}


@pytest.mark.parametrize(
    ("path", "maximum"),
    [
        ("/articles", 150),
        ("/help_center/collections", 150),
        ("/internal_articles", 150),
        ("/news/news_items", 150),
        ("/news/newsfeeds", 150),
        ("/calls", 25),
        ("/macros", 150),
        ("/data_connectors", 50),
        ("/audiences", 50),
        ("/content_snippets", 50),
        ("/ai/external_pages", 60),
        ("/ai/content_import_sources", 60),
    ],
)
def test_pages_have_a_largest_size(
    shared: tuple[Sandbox, Api],
    path: str,
    maximum: int,
) -> None:
    api = shared[1]
    assert api.get(path, per_page=maximum).status_code == 200
    for per_page in (maximum + 1, 0, "many"):
        assert error_of(api.get(path, per_page=per_page)) == (400, "parameter_invalid")


@pytest.mark.parametrize("path", ["/articles", "/audiences", "/ai/external_pages", "/calls"])
@pytest.mark.parametrize("page", ["0", "-1", "two"])
def test_impossible_page_numbers_are_refused(
    shared: tuple[Sandbox, Api],
    path: str,
    page: str,
) -> None:
    assert error_of(shared[1].get(path, page=page)) == (400, "parameter_invalid")


@pytest.mark.parametrize(
    "path",
    ["/articles", "/help_center/collections", "/macros", "/data_connectors"],
)
def test_the_documented_order_is_newest_first(shared: tuple[Sandbox, Api], path: str) -> None:
    moments = [epoch_seconds(row["updated_at"]) for row in rows_of(walk(shared[1], path))]
    assert moments == sorted(moments, reverse=True)


def test_a_row_that_moves_to_the_front_of_a_walk_is_missed(own: tuple[Sandbox, Api]) -> None:
    sandbox, api = own
    before = rows_of(walk(api, "/articles"))
    first = api.get("/articles").json()
    sandbox.control.change("articles", before[-1]["id"], {"updated_at": NOON})
    after = first["pages"]["next"]["starting_after"]
    rest = rows_of(walk(api, "/articles", per_page=50, starting_after=after))
    assert first["data"] + rest == before[:-1]


# ---------------------------------------------------------------- versions and permissions


@pytest.mark.parametrize(
    ("path", "before", "since"),
    [
        ("/ai/external_pages", "2.11", "2.12"),
        ("/ai/content_import_sources", "2.11", "2.12"),
        ("/internal_articles", "2.12", "2.13"),
        ("/away_status_reasons", "2.13", "2.14"),
        ("/calls", "2.13", "2.14"),
        ("/brands", "2.14", "2.15"),
        ("/emails", "2.14", "2.15"),
        ("/macros", "2.15", "2.16"),
        ("/office_hours_schedules", "2.15", "2.16"),
        ("/audiences", "2.15", "2.16"),
        ("/content_snippets", "2.15", "2.16"),
        ("/data_connectors", "2.15", "2.16"),
        ("/admins/activity_log_event_types", "2.15", "2.16"),
    ],
)
def test_lists_newer_than_the_version_are_refused(
    shared: tuple[Sandbox, Api],
    path: str,
    before: str,
    since: str,
) -> None:
    api = shared[1]
    assert error_of(api.get(path, before)) == (400, "intercom_version_invalid")
    assert api.get(path, since).status_code == 200


def test_posts_newer_than_the_version_are_refused(shared: tuple[Sandbox, Api]) -> None:
    api = shared[1]
    invalid = (400, "intercom_version_invalid")
    assert error_of(api.post("/calls/search", {"conversation_ids": ["1"]}, "2.13")) == invalid


@pytest.mark.parametrize(
    "path",
    [
        "/articles",
        "/help_center/collections",
        "/help_center/help_centers",
        "/news/news_items",
        "/news/newsfeeds",
        "/admins/activity_logs",
    ],
)
def test_the_oldest_lists_are_in_every_version(shared: tuple[Sandbox, Api], path: str) -> None:
    assert shared[1].get(path, "2.7", created_at_after=NOON).status_code == 200


def test_older_versions_show_one_parent_and_no_newer_fields(shared: tuple[Sandbox, Api]) -> None:
    api = shared[1]
    old, new = (api.get("/articles", version).json()["data"] for version in ("2.15", "2.16"))
    for before, now in zip(old, new, strict=True):
        assert "parent_id" not in now
        assert before["parent_id"] == (now["parent_ids"] or [None])[0]
        assert before["parent_type"] == ("collection" if now["parent_ids"] else None)
        assert "body_markdown" not in before
    help_center = api.get("/help_center/help_centers", "2.15").json()["data"][0]
    assert not {"default", "locales"} & set(help_center)


def test_a_list_can_be_beyond_the_token(own: tuple[Sandbox, Api]) -> None:
    sandbox, api = own
    refused = {"/macros": "forbidden", "/admins/activity_logs": "token_unauthorized"}
    sandbox.control.set_options(refused=refused)
    assert error_of(api.get("/macros")) == (403, "forbidden")
    logs = api.get("/admins/activity_logs", created_at_after=0)
    assert error_of(logs) == (401, "token_unauthorized")
    assert api.get("/articles").status_code == 200


# ---------------------------------------------------------------- one by one


def test_only_the_details_of_an_article_have_statistics(shared: tuple[Sandbox, Api]) -> None:
    sandbox, api = shared
    truth = {row["id"]: row["statistics"] for row in sandbox.control.records("article_statistics")}
    articles = sandbox.control.records("articles")
    assert not any("statistics" in row for row in articles)
    for row in articles[:8]:
        assert api.get(f"/articles/{row['id']}").json() == row | {"statistics": truth[row["id"]]}
    assert {row["id"] for row in articles} == set(truth)
    assert truth[articles[7]["id"]] is None
    old = api.get(f"/articles/{articles[0]['id']}", "2.15").json()["statistics"]
    assert {"views", "conversions", "conversations"} <= set(old)
    assert "fin_involvements" not in old


def test_collections_are_a_tree_whose_inner_ones_show_no_help_center(
    shared: tuple[Sandbox, Api],
) -> None:
    collections = shared[0].control.records("collections")
    ids = {row["id"] for row in collections}
    for row in collections:
        assert (row["parent_id"] is None) == (row["help_center_id"] is not None)
        assert row["parent_id"] is None or row["parent_id"] in ids


def test_the_default_brand_has_the_id_of_the_workspace(shared: tuple[Sandbox, Api]) -> None:
    api = shared[1]
    workspace = api.get("/me").json()["app"]["id_code"]
    brands = api.get("/brands").json()["data"]
    assert [row["id"] for row in brands if row["is_default"]] == [workspace]


# ---------------------------------------------------------------- macros


def test_macros_can_be_limited_to_those_updated_since(shared: tuple[Sandbox, Api]) -> None:
    sandbox, api = shared
    since = NOON - 100 * DAY
    truth = sandbox.control.records("macros")
    assert all(row["updated_at"].endswith("Z") for row in truth)
    shown = rows_of(walk(api, "/macros", updated_since=since, per_page=10))
    expected = [row for row in truth if epoch_seconds(row["updated_at"]) > since]
    assert 10 < len(expected) < len(truth)
    assert by_id(shown) == by_id(expected)
    refused = error_of(api.get("/macros", updated_since="yesterday"))
    assert refused == (400, "parameter_invalid")


# ---------------------------------------------------------------- calls


def test_calls_are_found_with_their_transcripts_by_conversation(
    shared: tuple[Sandbox, Api],
) -> None:
    sandbox, api = shared
    calls = sandbox.control.records("calls")
    transcripts = {row["id"]: row for row in sandbox.control.records("call_transcripts")}
    ids = list(dict.fromkeys(row["conversation_id"] for row in calls if row["conversation_id"]))
    found = []
    for start in range(0, len(ids), 20):
        body = {"conversation_ids": ids[start : start + 20]}
        answer = api.post("/calls/search", body).json()
        assert set(answer) == {"type", "data"}
        found += answer["data"]
    expected = [row | transcripts[row["id"]] for row in calls if row["conversation_id"]]
    assert by_id(found) == by_id(expected)
    assert len(ids) < len(expected) < len(calls)
    assert any(not row["transcript"] for row in found)
    assert any(row["transcript_status"] == "completed" for row in found)


def test_a_search_of_calls_takes_1_to_20_conversations(shared: tuple[Sandbox, Api]) -> None:
    api = shared[1]
    twenty_one = [str(number) for number in range(21)]
    limit = (400, "conversation_id_limit_exceeded")
    for ids in ([], twenty_one, None, "1"):
        assert error_of(api.post("/calls/search", {"conversation_ids": ids})) == limit
    assert error_of(api.post("/calls/search", {})) == limit
    answer = api.post("/calls/search", {"conversation_ids": twenty_one[:20]})
    assert answer.json() == {"type": "list", "data": []}


def test_calls_belong_to_conversations_and_their_contacts(shared: tuple[Sandbox, Api]) -> None:
    control = shared[0].control
    conversations = {row["id"]: row for row in control.records("conversations")}
    for call in control.records("calls"):
        if call["conversation_id"] is not None:
            contacts = conversations[call["conversation_id"]]["contacts"]["contacts"]
            assert call["contact_id"] in {row["id"] for row in contacts}


def test_timestamps_of_calls_come_in_both_notations(shared: tuple[Sandbox, Api]) -> None:
    calls = shared[0].control.records("calls")
    assert {type(row["updated_at"]) for row in calls} == {int, str}


# ---------------------------------------------------------------- activity logs


def test_activity_logs_need_a_beginning(shared: tuple[Sandbox, Api]) -> None:
    api = shared[1]
    missing = (400, "parameter_not_found")
    assert error_of(api.get("/admins/activity_logs")) == missing
    for moment in ("2026-01-01", "-1", "1.5"):
        answer = api.get("/admins/activity_logs", created_at_after=moment)
        assert error_of(answer) == (400, "parameter_invalid")


@pytest.mark.parametrize("following", ["cursor", "url", "absent"])
def test_activity_logs_lead_to_the_truth_whatever_next_is(
    own: tuple[Sandbox, Api],
    following: str,
) -> None:
    sandbox, api = own
    sandbox.control.set_options(cursor_pages_next=following)
    answers = walk(api, "/admins/activity_logs", created_at_after=0)
    assert [answer["type"] for answer in answers] == ["activity_log.list"] * 3
    assert set(answers[0]) == {"type", "pages", "activity_logs"}
    shown = rows_of(answers, "activity_logs")
    assert by_id(shown) == by_id(sandbox.control.records("activity_logs"))
    assert answers[-1]["pages"]["next"] is None


@pytest.mark.parametrize("inclusive", [True, False])
def test_windows_of_activity_logs_hold_what_lies_between_their_ends(
    own: tuple[Sandbox, Api],
    *,
    inclusive: bool,
) -> None:
    sandbox, api = own
    sandbox.control.set_options(inclusive_comparisons=inclusive)
    truth = sandbox.control.records("activity_logs")
    low, high = truth[10]["created_at"], truth[40]["created_at"]
    window = {"created_at_after": low, "created_at_before": high}
    shown = rows_of(walk(api, "/admins/activity_logs", **window), "activity_logs")
    expected = [
        row["id"]
        for row in truth
        if low < row["created_at"] < high or (inclusive and row["created_at"] in {low, high})
    ]
    assert sorted(row["id"] for row in shown) == sorted(expected)


def test_activities_lie_in_the_last_20_days_and_some_share_a_second(
    shared: tuple[Sandbox, Api],
) -> None:
    moments = [row["created_at"] for row in shared[0].control.records("activity_logs")]
    assert NOON - 21 * DAY < min(moments) < NOON - 15 * DAY
    assert NOON - 2 * DAY < max(moments) < NOON
    assert len(set(moments)) < len(moments)


def test_activity_logs_can_fail_over_long_ranges(own: tuple[Sandbox, Api]) -> None:
    sandbox, api = own
    sandbox.control.set_options(activity_log_range=5 * DAY)
    start = NOON - 25 * DAY
    assert api.get("/admins/activity_logs", created_at_after=start).status_code == 500
    found = set()
    for low, high in itertools.pairwise(range(start, NOON + 1, 5 * DAY)):
        window = {"created_at_after": low, "created_at_before": high}
        found |= {
            row["id"]
            for row in rows_of(walk(api, "/admins/activity_logs", **window), "activity_logs")
        }
    assert found == {row["id"] for row in sandbox.control.records("activity_logs")}


def test_faults_strike_plain_lists_too(own: tuple[Sandbox, Api]) -> None:
    sandbox, api = own
    sandbox.control.faults.add(Fault(kind="status", path="/admins/activity_logs", status=500))
    sandbox.control.faults.add(Fault(kind="foreign_next", path="/articles", url="https://e.test/"))
    assert api.get("/admins/activity_logs", created_at_after=0).status_code == 500
    assert api.get("/admins/activity_logs", created_at_after=0).status_code == 200
    assert api.get("/articles").json()["pages"]["next"] == "https://e.test/"


# ---------------------------------------------------------------- workspace


def test_plain_lists_are_the_same_for_the_same_seed(shared: tuple[Sandbox, Api]) -> None:
    with Sandbox(OPTIONS) as again:
        for kind in (*SIZES, "article_statistics", "call_transcripts"):
            assert again.control.records(kind) == shared[0].control.records(kind), kind


def test_sizes_of_plain_lists_can_be_chosen() -> None:
    sizes = dict.fromkeys(SIZES, 0) | {"articles": 200, "macros": 1}
    with Sandbox(SandboxOptions(contacts=0, conversations=0, list_sizes=sizes)) as sandbox:
        api = Api(sandbox.url)
        assert {kind: len(sandbox.control.records(kind)) for kind in SIZES} == sizes
        assert len(rows_of(walk(api, "/articles", per_page=150))) == 200
        empty = {"type": "pages", "page": 1, "per_page": 25, "total_pages": 0}
        assert api.get("/calls").json()["pages"] == empty
        api.session.close()


def test_ids_are_unique_strings_but_for_the_documented_integers(
    shared: tuple[Sandbox, Api],
) -> None:
    for kind in SIZES:
        ids = [row["id"] for row in shared[0].control.records(kind)]
        assert len(set(ids)) == len(ids) == SIZES[kind]
        expected = int if kind == "content_import_sources" else str
        assert {type(row_id) for row_id in ids} == {expected}

"""The reporting data export."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.sandbox.tests.client import DAY, NOON, NOT_FOUND, OCTETS, error_of, ids_of, message_of

if TYPE_CHECKING:
    from tests.sandbox.tests.client import Body, Client, Rows, Start

PATH: Final = "/export/reporting_data"
CLIENT: Final[Body] = {"app_id": "ecahpwf5", "client_id": "client"}
REPORT: Final[Body] = {
    "dataset_id": "conversation",
    "attribute_ids": ["conversation.conversation_id", "conversation.conversation_started_at"],
    "start_time": 0,
    "end_time": NOON,
}


def finished(client: Client, body: Body, version: str = "2.16") -> Body:
    identifier = client.post(f"{PATH}/enqueue", body, version).json()["job_identifier"]
    return client.finished(f"{PATH}/{identifier}", job_identifier=identifier, **CLIENT)


def rows_of(client: Client, job: Body) -> Rows:
    response = client.get(job["download_url"], headers=OCTETS)
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


@pytest.mark.parametrize(("version", "qualified"), [("2.16", True), ("2.15", False)])
def test_attributes_have_qualified_ids(shared: Client, version: str, *, qualified: bool) -> None:
    datasets = shared.get(f"{PATH}/get_datasets", version).json()["data"]

    attributes = datasets[0]["attributes"]
    assert all(("qualified_id" in row) == qualified for row in attributes)


def test_datasets_have_ambiguous_ids(shared: Client) -> None:
    datasets = shared.get(f"{PATH}/get_datasets").json()["data"]

    ids = ids_of(datasets[0]["attributes"])
    assert ids_of(datasets) == ["conversation", "ticket"]
    assert ids.count("Brand") == 2
    assert datasets[0]["default_time_attribute_id"] in ids


@pytest.mark.parametrize("name", ["conversation", "ticket"])
def test_report_has_rows_of_its_time(start: Start, name: str) -> None:
    client = start(contacts=60, conversations=60, tickets=20)
    rows = client.records(f"reporting_{name}")
    attributes = list(rows[0])
    first, last = (rows[index][attributes[1]] for index in (5, 15))
    body = {"dataset_id": name, "attribute_ids": attributes, "start_time": first, "end_time": last}

    shown = rows_of(client, finished(client, body))

    expected = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows[5:16]]
    assert shown == expected


def test_end_of_a_report_may_not_count(start: Start) -> None:
    client = start(contacts=60, conversations=60, inclusive_comparisons=False)
    last = client.records("reporting_conversation")[-1]["conversation.conversation_started_at"]

    shown = rows_of(client, finished(client, REPORT | {"end_time": last}))

    assert len(shown) == 59


def test_old_reports_lack_unreplied_conversations(start: Start) -> None:
    client = start(contacts=60, conversations=60)
    conversations = client.records("conversations")

    old = rows_of(client, finished(client, REPORT | {"attribute_ids": ["conversation_id"]}, "2.15"))
    new = rows_of(client, finished(client, REPORT))

    replied = {row["id"] for row in conversations if row["first_contact_reply"]}
    assert {row["conversation_id"] for row in old} == replied
    assert {row["conversation.conversation_id"] for row in new} == set(ids_of(conversations))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset_id": None}, "'dataset_id' is a required parameter"),
        ({"dataset_id": "imaginary"}, "imaginary is not a valid dataset_id"),
        ({"attribute_ids": None}, "'attribute_ids' is a required parameter"),
        ({"attribute_ids": []}, "attribute_ids must contain at least one attribute_id"),
        (
            {"attribute_ids": "conversation.title"},
            "'attribute_ids' not an array must be of type Array",
        ),
        (
            {"attribute_ids": ["non_existent"]},
            "attribute_ids invalid for conversation dataset: non_existent",
        ),
        ({"attribute_ids": ["Brand"]}, "attribute_ids invalid for conversation dataset: Brand"),
        ({"start_time": None}, "'start_time' is a required parameter"),
        ({"start_time": "0"}, "'start_time' 0 must be of type Integer"),
    ],
)
def test_invalid_report_is_refused(shared: Client, change: Any, message: str) -> None:
    response = shared.post(f"{PATH}/enqueue", REPORT | change)

    assert error_of(response) == (400, "bad_request")
    assert message_of(response) == message


def test_simple_ids_may_be_accepted(start: Start) -> None:
    client = start(contacts=60, conversations=60, reporting_simple_ids=True)

    rows = rows_of(client, finished(client, REPORT | {"attribute_ids": ["conversation_id"]}))

    assert len(rows) == 60


def test_sixth_pending_report_is_refused(start: Start) -> None:
    client = start()
    statuses = [client.post(f"{PATH}/enqueue", REPORT).json()["status"] for _ in range(5)]

    sixth = client.post(f"{PATH}/enqueue", REPORT)

    assert statuses == ["pending"] * 5
    assert error_of(sixth) == (429, "rate_limit_exceeded")
    assert message_of(sixth) == "Exceeded rate limit of 5 pending reporting dataset export jobs"


def test_finished_reports_make_room(start: Start) -> None:
    client = start()
    for _ in range(5):
        client.post(f"{PATH}/enqueue", REPORT)

    client.control.clock.advance(60)

    assert client.post(f"{PATH}/enqueue", REPORT).status_code == 200


def test_report_needs_all_parameters(start: Start) -> None:
    client = start()
    identifier = client.post(f"{PATH}/enqueue", REPORT).json()["job_identifier"]

    without = client.get(f"{PATH}/{identifier}")
    job = client.get(f"{PATH}/{identifier}", job_identifier=identifier, **CLIENT).json()

    assert error_of(without) == (400, "bad_request")
    assert job["status"] == "pending"


def test_unknown_report_is_named(shared: Client) -> None:
    response = shared.get(f"{PATH}/none", job_identifier="none", **CLIENT)

    assert error_of(response) == NOT_FOUND
    assert message_of(response) == "Export job not found for identifier: none"


def test_download_needs_its_header(start: Start) -> None:
    client = start()
    job = finished(client, REPORT)

    assert job["status"] == "complete"
    assert client.get(job["download_url"]).status_code == 406
    assert client.get(job["download_url"], headers=OCTETS).status_code == 200


def test_report_expires_after_two_days(start: Start) -> None:
    client = start()
    job = finished(client, REPORT)

    client.control.clock.advance(2 * DAY)

    assert error_of(client.get(job["download_url"], headers=OCTETS)) == NOT_FOUND


@pytest.mark.parametrize("outcome", ["failed", "canceled"])
def test_report_can_fail(start: Start, outcome: str) -> None:
    assert finished(start(export_outcome=outcome), REPORT)["status"] == "failed"


def test_report_over_long_period_fails(start: Start) -> None:
    client = start(export_max_days=10)

    assert finished(client, REPORT)["status"] == "failed"
    assert finished(client, REPORT | {"start_time": NOON - 9 * DAY})["status"] == "complete"

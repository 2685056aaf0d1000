"""The scenarios in which two revisions of the tap are compared.

A scenario runs the tap one or more times against one sandbox, whose data, changes and faults are
the same for every revision. Runs at concurrency 1 are those in which a fault strikes the n-th
request of a kind: with more threads, chance decides which request that is.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from scripts.compare_revisions.run import START
from tests.sandbox import Fault, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.compare_revisions.run import ScenarioRun
    from tests.sandbox import Control

WORKSPACE: Final = SandboxOptions(
    contacts=160,
    companies=120,
    conversations=80,
    tickets=30,
    export_polls=0,
    rate_limit=1_000_000,
    clock_start=START,
    frozen=True,
)
"""What scenarios start from: a clock that stands still, and a rate limit that no run reaches."""

MANY_PAGES: Final = dataclasses.replace(WORKSPACE, contacts=260, conversations=160, tickets=130)
MANY_STATES: Final = dataclasses.replace(WORKSPACE, contacts=300, conversations=250, tickets=100)
EVERY_STREAM: Final = ("*",)
SEARCHES: Final = ("/contacts/search", "/conversations/search", "/tickets/search")

TEMPORARY_FAULTS: Final = (
    Fault(kind="status", status=500),
    Fault(kind="html_status", status=502),
    Fault(kind="status", status=503),
    Fault(kind="reset"),
    Fault(kind="cut_body"),
    Fault(kind="empty"),
    Fault(kind="not_json"),
)
RATE_LIMITED: Final = Fault(kind="status", status=429, code="rate_limit_exceeded")
RATE_LIMIT_HEADERS: Final = {
    "X-RateLimit-Limit": "1666",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": str(START + 10),
}

CUSTOM_STREAMS: Final = [
    {"name": "my_audiences", "path": "/audiences", "primary_keys": ["id"]},
    {
        "name": "my_macros",
        "path": "/macros",
        "params": {"per_page": 30},
        "primary_keys": ["id"],
        "columns": {"name": "string", "visible_to": "string", "available_on": "array"},
        "replication_key": "updated_at",
        "replication_param": "updated_since",
    },
    {
        "name": "my_notes",
        "path": "/contacts/{id}/notes",
        "primary_keys": ["id"],
        "columns": {"body": "string", "created_at": "date-time", "author": "object"},
        "parent": "contacts",
    },
    {
        "name": "my_leads",
        "method": "POST",
        "path": "/contacts/search",
        "body": {
            "query": {"field": "role", "operator": "=", "value": "lead"},
            "pagination": {"per_page": 20},
        },
        "primary_keys": ["id"],
    },
]


@dataclass(frozen=True)
class Scenario:
    """What is done with each revision, and with which workspace."""

    act: Callable[[ScenarioRun], None]
    options: SandboxOptions
    writes_nothing: bool


SCENARIOS: Final[dict[str, Scenario]] = {}
"""By name: that of the function, with hyphens."""


def scenario(
    options: SandboxOptions = WORKSPACE, *, writes_nothing: bool = False
) -> Callable[[Callable[[ScenarioRun], None]], Callable[[ScenarioRun], None]]:
    """Register a function as a scenario.

    Args:
        options: The workspace.
        writes_nothing: Whether a run of the tap without any output is expected.
    """

    def register(act: Callable[[ScenarioRun], None]) -> Callable[[ScenarioRun], None]:
        name = act.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(act, options, writes_nothing)
        return act

    return register


@scenario()
def discover(run: ScenarioRun) -> None:
    """The catalog, with streams that settings define and of an old API version."""
    run.command(
        "--discover",
        custom_objects=["order"],
        custom_streams=CUSTOM_STREAMS,
        reporting_datasets=["ticket"],
    )
    run.command("--discover", api_version="2.7")


@scenario()
def about(run: ScenarioRun) -> None:
    """What the tap says of itself; a new version or a better description changes it."""
    run.command("--about", "--format=json")


@scenario(writes_nothing=True)
def command_line(run: ScenarioRun) -> None:
    """Exit codes of a test, and of runs that are refused before they start."""
    run.command("--test")
    run.command("--test=schema")
    run.command(access_token="wrong")  # noqa: S106
    run.command(page_size=0, access_tokn="")
    run.command(start_date="yesterday")
    run.command("--state", "missing.json")


@scenario()
def default(run: ScenarioRun) -> None:
    """A first run without a catalog."""
    run.sync()


@scenario()
def full(run: ScenarioRun) -> None:
    """A first run of every stream."""
    run.sync(EVERY_STREAM)


@scenario()
def sequential(run: ScenarioRun) -> None:
    """A first run of every stream, one request at a time."""
    run.sync(EVERY_STREAM, concurrency=1)


@scenario()
def incremental(run: ScenarioRun) -> None:
    """A run after changes, and one after no more changes."""
    first = run.sync(EVERY_STREAM)
    _change_workspace(run.control)
    second = run.sync(EVERY_STREAM, state=first.state)
    run.sync(EVERY_STREAM, state=second.state)


@scenario(MANY_STATES)
def killed(run: ScenarioRun) -> None:
    """Runs that are killed after a number of lines, and resumed from their last STATE."""
    state = None
    for max_lines in (100, 1500, 3500):
        state = run.sync(state=state, max_lines=max_lines).state or state
    run.sync(state=state)
    run.sync(state=run.sync(max_lines=2500).state)


@scenario()
def child_alone(run: ScenarioRun) -> None:
    """Child streams without their parents, which are incremental too."""
    children = ("conversation_parts", "contact_tags", "ticket_parts", "company_segments")
    first = run.sync(children)
    _change_workspace(run.control)
    run.sync(children, state=first.state)


@scenario()
def child_later(run: ScenarioRun) -> None:
    """A child stream that is selected after its parent was synced."""
    first = run.sync(("conversations", "contacts"))
    streams = ("conversations", "conversation_parts", "contacts", "contact_companies")
    second = run.sync(streams, state=first.state)
    run.sync(streams, state=second.state)


@scenario()
def settings(run: ScenarioRun) -> None:
    """Settings that change what is requested or how it is written."""
    run.sync(
        start_date="2024-06-01",
        page_size=20,
        lookback_seconds=0,
        plaintext_bodies=True,
        custom_attributes_as_json=True,
    )


@scenario()
def states(run: ScenarioRun) -> None:
    """States with bookmarks in the future, of other taps' forms, and of unknown streams."""
    future = {"replication_key": "updated_at", "replication_key_value": "2031-01-01T00:00:00Z"}
    past = {"replication_key": "updated_at", "replication_key_value": "2025-03-01T00:00:00Z"}
    streams = ("contacts", "conversations", "tickets", "tags")
    run.sync(streams, state={"bookmarks": {"contacts": future, "conversations": past}})
    run.sync(streams, state={"bookmarks": {"unknown": past, "tags": {}}})
    run.sync(streams, state={"bookmarks": {"contacts": {"updated_at": "2025-03-01T00:00:00Z"}}})
    run.sync(streams, state={})


@scenario()
def temporary_faults(run: ScenarioRun) -> None:
    """Every kind of failure that a retry overcomes, here and there, and all in a row."""
    for number, fault in enumerate(TEMPORARY_FAULTS, 1):
        run.control.faults.add(replace(fault, path="(?!/companies/scroll).*", after=7 * number))
    for fault in TEMPORARY_FAULTS[:4]:
        run.control.faults.add(replace(fault, path="/conversations/[0-9]+", after=20))
    run.sync(EVERY_STREAM, concurrency=1)


@scenario()
def temporary_faults_in_parallel(run: ScenarioRun) -> None:
    """Failures that a retry overcomes, among many requests at the same time."""
    for fault in TEMPORARY_FAULTS:
        run.control.faults.add(replace(fault, path="/conversations/[0-9]+", times=3))
    run.sync()


@scenario(dataclasses.replace(WORKSPACE, rate_limit=60))
def rate_limited(run: ScenarioRun) -> None:
    """A rate limit that a run exceeds, with its headers and without."""
    run.sync()
    run.control.set_options(rate_limit_headers=False)
    run.sync()


@scenario()
def status_429(run: ScenarioRun) -> None:
    """Single answers 429: with the headers of the rate limit, with Retry-After, with neither."""
    faults = (
        RATE_LIMITED,
        replace(RATE_LIMITED, headers=RATE_LIMIT_HEADERS),
        replace(RATE_LIMITED, headers={"Retry-After": "7"}),
    )
    for number, fault in enumerate(faults, 1):
        run.control.faults.add(replace(fault, after=5 * number, times=2))
        run.control.faults.add(replace(fault, path="/conversations/[0-9]+", after=9 * number))
    run.sync(concurrency=1)


@scenario()
def not_found(run: ScenarioRun) -> None:
    """Records that are gone, or not for this token, when their details are requested."""
    conversations = run.control.records("conversations")
    contacts = run.control.records("contacts")
    gone = [f"/conversations/{record['id']}" for record in conversations[3:6]]
    denied = [f"/conversations/{record['id']}" for record in conversations[10:12]]
    merged = [f"/contacts/{record['id']}/.*" for record in contacts[20:22]]
    for path in gone + merged:
        _add_lasting_fault(run, path, status=404, code="not_found")
    for path in denied:
        _add_lasting_fault(run, path, status=403, code="forbidden")
    first = run.sync(EVERY_STREAM)
    run.sync(EVERY_STREAM, state=first.state)


@scenario()
def permission_denied(run: ScenarioRun) -> None:
    """A token without some permissions, which it gets before the second run."""
    run.control.set_options(
        refused={
            "/tags": "token_unauthorized",
            "/tickets": "forbidden",
            "/contacts/.*/notes": "token_unauthorized",
            "/articles": "api_plan_restricted",
        }
    )
    first = run.sync(EVERY_STREAM)
    run.control.set_options(refused={})
    run.sync(EVERY_STREAM, state=first.state)


@scenario()
def lasting_faults(run: ScenarioRun) -> None:
    """Endpoints that fail through all retries, and work in the second run."""
    details = run.control.records("conversations")[30]["id"]
    _add_lasting_fault(run, f"/conversations/{details}", status=500)
    _add_lasting_fault(run, "/segments", status=503)
    first = run.sync(concurrency=1)
    run.control.faults.clear()
    run.sync(state=first.state)


@scenario()
def api_unavailable(run: ScenarioRun) -> None:
    """Every request fails from a certain one on."""
    run.control.faults.add(Fault(kind="status", status=503, after=40, times=None))
    first = run.sync(concurrency=1)
    run.control.faults.clear()
    run.sync(state=first.state)


@scenario(MANY_PAGES)
def smaller_pages(run: ScenarioRun) -> None:
    """Searches that answer 504 unless their pages are small."""
    for path in SEARCHES:
        heavy = Fault(kind="small_pages", status=504, path=path, per_page=30, times=None)
        run.control.faults.add(heavy)
    run.sync(concurrency=1)
    run.sync()


@scenario(MANY_PAGES)
def refused_cursors(run: ScenarioRun) -> None:
    """Cursors of searches that are refused once, repeated once, and refused for good."""
    for path in SEARCHES:
        refusal = Fault(kind="status", status=400, code="client_error", path=path, after=2)
        run.control.faults.add(refusal)
        run.control.faults.add(Fault(kind="repeated_cursor", path=path, after=5))
    first = run.sync(page_size=20, concurrency=1)
    for kind in ("contacts", "conversations", "tickets"):
        run.control.touch_oldest(kind, 90)
    for path in SEARCHES:
        _add_lasting_fault(run, path, status=400, code="client_error", after=1)
    run.sync(state=first.state, page_size=20, concurrency=1)


@scenario()
def scroll(run: ScenarioRun) -> None:
    """The company scroll: held by another program, broken, and broken for good."""
    path = "/companies/scroll"
    streams = ("companies", "company_*")
    held = Fault(kind="status", status=400, code="scroll_exists", path=path, times=3)
    run.control.faults.add(held)
    run.control.faults.add(Fault(kind="status", status=500, path=path, after=4))
    first = run.sync(streams)
    _add_lasting_fault(run, path, status=500, after=1)
    second = run.sync(streams, state=first.state)
    run.control.faults.clear()
    run.sync(streams, state=second.state or first.state)


@scenario()
def custom_streams(run: ScenarioRun) -> None:
    """Streams that the settings define."""
    streams = ("my_*", "contacts")
    first = run.sync(streams, custom_streams=CUSTOM_STREAMS)
    _change_workspace(run.control)
    run.sync(streams, state=first.state, custom_streams=CUSTOM_STREAMS)


@scenario()
def custom_objects(run: ScenarioRun) -> None:
    """Instances of custom object types."""
    run.sync(("custom_object_*",), custom_objects=["order", "subscription"])


@scenario(dataclasses.replace(WORKSPACE, export_polls=2))
def reporting_datasets(run: ScenarioRun) -> None:
    """Export jobs of reports and of message data, which are polled more than once."""
    streams = ("reporting_*", "message_engagement")
    datasets = ["conversation", "ticket"]
    first = run.sync(streams, reporting_datasets=datasets)
    run.sync(streams, state=first.state, reporting_datasets=datasets)


@scenario()
def api_versions(run: ScenarioRun) -> None:
    """The oldest and the newest API versions, and some between them; 2.17 is the default."""
    for version in ("2.7", "2.11", "2.16", "2.18", "Preview"):
        run.sync(EVERY_STREAM, api_version=version)


@scenario()
def stream_maps(run: ScenarioRun) -> None:
    """Flattening and stream maps, as the SDK applies them."""
    run.sync(
        flattening_enabled=True,
        flattening_max_depth=2,
        stream_maps={
            "contacts": {"__filter__": "role == 'user'", "email": "md5(email) if email else None"},
            "tags": {
                "label": "name",
                "name": "__NULL__",
                "applied": "applied_at",
                "applied_at": "__NULL__",
            },
            "tickets": "__NULL__",
        },
    )


@scenario()
def deselected_properties(run: ScenarioRun) -> None:
    """Properties that are not selected, keys and replication keys among them."""
    deselected = (
        ("contacts", "email"),
        ("contacts", "custom_attributes"),
        ("contacts", "updated_at"),
        ("conversations", "source"),
        ("conversations", "id"),
        ("conversation_parts", "body"),
        ("tags", "name"),
    )
    streams = ("contacts", "conversations", "conversation_parts", "tags")
    first = run.sync(streams, deselected=deselected)
    run.sync(streams, state=first.state, deselected=deselected)


def _add_lasting_fault(
    run: ScenarioRun, path: str, *, status: int, code: str = "server_error", after: int = 0
) -> None:
    """Let all requests for a path fail, after some."""
    fault = Fault(kind="status", status=status, code=code, path=path, after=after, times=None)
    run.control.faults.add(fault)


def _change_workspace(control: Control) -> None:
    """Create, change, tag, merge and delete records of every searchable kind."""
    contacts = control.records("contacts")
    conversations = control.records("conversations")
    tag = control.records("tags")[0]["id"]
    control.create("contacts")
    control.create("companies")
    control.create("conversations")
    control.create("tickets")
    control.change("contacts", contacts[0]["id"], {"name": "Renamed"})
    control.change("companies", control.records("companies")[0]["id"], {"monthly_spend": 4200})
    control.change("tickets", control.records("tickets")[0]["id"], {"open": False})
    control.tag("contacts", contacts[1]["id"], tag)
    control.tag("conversations", conversations[0]["id"], tag)
    control.add_parts(conversations[1]["id"], 3)
    control.merge(contacts[2]["id"], into=contacts[3]["id"])
    control.delete("contacts", contacts[4]["id"])
    control.delete("conversations", conversations[2]["id"])
    control.touch_oldest("contacts", 40)

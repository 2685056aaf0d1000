"""What all generated records of a workspace share: the seed, sizes, ids and timestamps."""

from __future__ import annotations

import dataclasses
from random import Random
from typing import Any, Final

APP_ID: Final = "ecahpwf5"
DAY: Final = 86_400
SPAN: Final = 730 * DAY
NEWEST_AGE_SECONDS: Final = 180

ADMINS: Final = 6
TAGS: Final = 25
SEGMENTS: Final = 9
SUBSCRIPTION_TYPES: Final = 5

FIRST_ADMIN: Final = 880_400_160
FIRST_TEAM: Final = 4_100_010
FIRST_TAG: Final = 7_800_100
FIRST_CONVERSATION: Final = 215_470_000_000_000
FIRST_TICKET: Final = 215_480_000_000_000

TICKET_EVERY: Final = 10


@dataclasses.dataclass(frozen=True)
class Times:
    """When a record was created and last updated (epoch seconds)."""

    created_at: int
    updated_at: int


@dataclasses.dataclass(frozen=True)
class Blueprint:
    """Everything that a record's content is derived from.

    Attributes:
        seed: of all random choices.
        now: epoch seconds; the newest record is a few minutes older.
        long_conversation_parts: parts of the oldest conversation; 0 leaves it as any other.
        contact_ids: ids of all contacts.
        contact_external_ids: their external ids, in the same order.
        company_ids: ids of the companies that have users.
        conversation_tickets: how many conversations are tickets.
    """

    seed: int
    now: int
    long_conversation_parts: int
    contact_ids: tuple[str, ...] = ()
    contact_external_ids: tuple[str | None, ...] = ()
    company_ids: tuple[str, ...] = ()
    conversation_tickets: int = 0

    def random(self, kind: str, number: int) -> Random:
        """A source of choices that are always the same for one record."""
        return Random(f"{self.seed}/{kind}/{number}")

    def times(self, kind: str, count: int) -> list[Times]:
        """When the records of a kind were created and updated: in two years, denser towards now.

        A few bulk jobs gave the same second to more than 200 records each, where there are enough.
        """
        random = self.random(f"times of {kind}", 0)
        newest = self.now - NEWEST_AGE_SECONDS
        updated = [newest - int(SPAN * random.random() ** 2) for _ in range(count)]
        size = 220 if count >= 1000 else count // 8
        for bulk in range(2 + count // 10_000):
            first = (bulk * 3 + 1) * size
            second = newest - int(SPAN * random.random() ** 2)
            updated[first : first + size] = [second] * len(updated[first : first + size])
        if updated:
            updated[-1] = newest
        return [Times(at - int(SPAN * random.random()), at) for at in updated]


def object_id(created_at: int, kind: int, number: int) -> str:
    """An id like those of contacts, companies and segments: 24 hexadecimal digits."""
    return f"{created_at & 0xFFFFFFFF:08x}1bb69f{kind:02x}{number:08x}"


def segment_id(number: int) -> str:
    """The id of a segment."""
    return object_id(1_522_750_000, 3, number)


def admin_author(number: int) -> dict[str, Any]:
    """One of the admins as the author of something; numbers beyond the last start again."""
    number %= ADMINS
    return {
        "type": "admin",
        "id": str(FIRST_ADMIN + number),
        "name": f"Noor{number} Visser",
        "email": f"admin{number}@example.com",
    }


def tag(number: int) -> dict[str, Any]:
    """A tag of the workspace."""
    return {"type": "tag", "id": str(FIRST_TAG + number), "name": f"Tag {number}"}


def applied_tag(number: int, at: int, by: int) -> dict[str, Any]:
    """A tag as it sits on a record: when it was applied (epoch seconds) and by which admin's id."""
    return tag(number) | {"applied_at": at, "applied_by": {"type": "admin", "id": str(by)}}

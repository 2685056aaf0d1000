"""News items and newsfeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sandbox.generate.blueprint import APP_ID, Blueprint, admin_id
from tests.sandbox.generate.words import paragraph

if TYPE_CHECKING:
    from tests.sandbox.records import Body

FIRST_ITEM: Final = 29
FIRST_FEED: Final = 68
REACTIONS: Final[tuple[list[str | None], ...]] = (
    [None, None, None, None],
    ["😀", "🎉", "❤️", "😞"],
    [],
)


def newsfeeds(blueprint: Blueprint, count: int) -> list[Body]:
    """The newsfeeds.

    Args:
        blueprint: of the workspace.
        count: how many.
    """
    return [
        {
            "id": str(FIRST_FEED + number),
            "type": "newsfeed",
            "name": f"Visitor Feed {number}",
            "created_at": times.created_at,
            "updated_at": times.updated_at,
        }
        for number, times in enumerate(blueprint.times("newsfeeds", count))
    ]


def news_items(blueprint: Blueprint, count: int, feed_count: int) -> list[Body]:
    """The news items, drafts among them.

    Args:
        blueprint: of the workspace.
        count: how many.
        feed_count: how many newsfeeds they may appear in; the first has most of them.
    """
    random = blueprint.random("news_items", 0)
    rows = []
    for number, times in enumerate(blueprint.times("news_items", count)):
        feeds = sorted({0, random.randrange(feed_count)}) if feed_count and number % 6 else []
        rows.append(
            {
                "id": str(FIRST_ITEM + number),
                "type": "news-item",
                "workspace_id": APP_ID,
                "title": f"We have news {number}",
                "body": paragraph(random),
                "sender_id": admin_id(random),
                "state": "draft" if number % 7 == 6 else "live",
                "newsfeed_assignments": [
                    {"newsfeed_id": FIRST_FEED + feed, "published_at": times.created_at}
                    for feed in feeds
                ],
                "labels": ["New", "Product"][: number % 3],
                "cover_image_url": None if number % 2 else "https://example.com/cover.jpg",
                "reactions": REACTIONS[number % len(REACTIONS)],
                "deliver_silently": number % 5 == 0,
                "created_at": times.created_at,
                "updated_at": times.updated_at,
            },
        )
    return rows

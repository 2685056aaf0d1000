"""Catalogs that come in, checked: a stream that they select and that can't be loaded is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from singer_sdk.singerlib import Catalog


def doubts(catalog: Catalog, offered: AbstractSet[str], every: AbstractSet[str]) -> list[str]:
    """Say what a catalog can't have been meant to do.

    Args:
        catalog: The catalog that was given.
        offered: The streams of the API version in use.
        every: The streams of all versions.
    """
    selected = [name for name, entry in catalog.items() if entry.metadata.resolve_selection()[()]]
    found = []
    if strangers := unknown(selected, every):
        found.append(f"The catalog selects streams that don't exist: {', '.join(strangers)}")
    if missing := sorted((every & set(selected)) - offered):
        found.append(
            f"This api_version lacks streams that the catalog selects: {', '.join(missing)}"
        )
    if offered.isdisjoint(selected):
        found.append("The catalog selects no stream, so nothing will be loaded")
    return found

"""The settings for personal data: their declaration and their checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_intercom.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MIN_KEY_BYTES = 16
"""A shorter key can be guessed, and with it the values of which it made hashes."""

PROPERTIES: tuple[th.Property[Any], ...] = (
    th.Property(
        "personal_data",
        th.StringType,
        default="keep",
        nullable=False,
        allowed_values=["keep", "hash", "drop"],
        title="Personal data",
        description=(
            "What becomes of names, addresses and other identifiers: hash replaces them by their "
            "HMAC-SHA256, drop by null"
        ),
    ),
    th.Property(
        "personal_data_key",
        th.StringType,
        secret=True,
        title="Personal data key",
        description="Key of the hashes; a random text that stays the same from run to run",
    ),
    th.Property(
        "personal_data_allowed_attributes",
        th.ArrayType(th.StringType),
        title="Allowed attributes",
        description=(
            "Names of custom attributes that hold no personal data and are kept, as are columns of "
            "custom streams and of datasets with these names"
        ),
    ),
    th.Property(
        "message_content",
        th.StringType,
        default="keep",
        nullable=False,
        allowed_values=["keep", "drop"],
        title="Message content",
        description="What becomes of bodies, subjects, notes and files: drop replaces them by null",
    ),
)


def errors(config: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the settings; no message has the key."""
    has_key, mode = bool(config.get("personal_data_key")), config.get("personal_data")
    if mode == "hash" and not has_key:
        return ["personal_data is hash, which needs personal_data_key, the key of the hashes"]
    if mode != "hash" and has_key:
        needs = f"personal_data_key needs personal_data: hash, and that is {mode}"
        return [f"{needs}. Set personal_data to hash, or remove the key"]
    return []


def warnings(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield a warning for each valid value that is probably a mistake."""
    key = config.get("personal_data_key")
    if key and len(key.encode()) < MIN_KEY_BYTES:
        yield (
            f"personal_data_key is shorter than {MIN_KEY_BYTES} bytes, so that it can be guessed, "
            "and values found by their hashes: choose a random one"
        )
    if config.get("personal_data_allowed_attributes") and config.get("personal_data") == "keep":
        yield "personal_data_allowed_attributes has no effect while personal_data is keep"


def name_warnings(config: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """Yield a warning for each allowed name that no stream has.

    Args:
        config: The tap's configuration.
        known: The names that can be allowed; those of custom objects are not among them.
    """
    if not config.get("custom_objects"):
        for name in unknown(config.get("personal_data_allowed_attributes") or (), known):
            yield (
                "personal_data_allowed_attributes: no stream of the catalog declares an attribute "
                f"or a column {name}"
            )

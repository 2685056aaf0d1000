"""API versions."""

from __future__ import annotations

from typing import Final

from tests.sandbox.errors import ApiError, bad_request

Version = tuple[int, int]

PREVIEW: Final[Version] = (99, 0)
OLDEST: Final[Version] = (2, 7)
NEWEST: Final[Version] = (2, 18)
V2_9: Final[Version] = (2, 9)
V2_10: Final[Version] = (2, 10)
V2_12: Final[Version] = (2, 12)
V2_13: Final[Version] = (2, 13)
V2_14: Final[Version] = (2, 14)
V2_15: Final[Version] = (2, 15)
V2_16: Final[Version] = (2, 16)
V2_17: Final[Version] = (2, 17)
V2_18: Final[Version] = (2, 18)


def parse_version(header: str | None) -> Version:
    """The version that the Intercom-Version header asks for; Preview is newer than all.

    Without the header the real API falls back on the version of the app; the sandbox refuses,
    because a client that leaves it out gets shapes that it did not choose.
    """
    if header == "Preview":
        return PREVIEW
    major, dot, minor = (header or "").partition(".")
    if dot and major.isdecimal() and minor.isdecimal():
        version = (int(major), int(minor))
        if OLDEST <= version <= NEWEST:
            return version
    raise bad_request("intercom_version_invalid", f"Intercom version '{header}' is not valid.")


def header_of(version: Version) -> str:
    """The Intercom-Version header that asks for a version."""
    return "Preview" if version == PREVIEW else "{}.{}".format(*version)


def not_in_version() -> ApiError:
    """A 400 for a resource that the requested version lacks (OpenAPI 2.16)."""
    message = "Requested resource is not available in current API version."
    return bad_request("intercom_version_invalid", message)

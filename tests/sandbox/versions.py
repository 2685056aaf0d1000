"""API versions: which are accepted, and which resources each one knows."""

from __future__ import annotations

from typing import Final

from tests.sandbox.errors import ApiError, bad_request

Version = tuple[int, int]

PREVIEW: Final[Version] = (99, 0)
OLDEST: Final[Version] = (2, 7)
NEWEST: Final[Version] = (2, 17)


def parse_version(header: str | None) -> Version:
    """The version that a request asks for.

    Without the header the real API falls back on the version of the app; the sandbox refuses,
    because a client that leaves it out gets shapes that it did not choose.

    Args:
        header: the Intercom-Version header, None if there was none.

    Returns:
        The version as (major, minor); Preview is newer than all.

    Raises:
        ApiError: 400 `intercom_version_invalid`.
    """
    if header == "Preview":
        return PREVIEW
    major, dot, minor = (header or "").partition(".")
    if dot and major.isdecimal() and minor.isdecimal():
        version = (int(major), int(minor))
        if OLDEST <= version <= NEWEST:
            return version
    message = f"Intercom version '{header}' is not valid."
    raise bad_request("intercom_version_invalid", message)


def not_in_version() -> ApiError:
    """A 400 for a resource that the requested version has not (OpenAPI 2.16)."""
    return bad_request(
        "intercom_version_invalid",
        "Requested resource is not available in current API version.",
    )

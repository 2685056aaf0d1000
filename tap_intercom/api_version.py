"""Versions of Intercom's API, as the setting `api_version` and the header name them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_VERSION = "2.17"


class ApiVersion(NamedTuple):
    """A version of Intercom's API, in a form that compares; Preview comes after all others."""

    major: float
    minor: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version such as "2.16"; any other text counts as Preview."""
        match = re.fullmatch(r"(\d+)\.(\d+)", text)
        return cls(int(match[1]), int(match[2])) if match else cls(math.inf)

    def __str__(self) -> str:
        """Write the version as Intercom does."""
        return "Preview" if math.isinf(self.major) else f"{self.major}.{self.minor}"


OLDEST = ApiVersion(2, 7)
NEWEST = ApiVersion(2, 18)
PREVIEW = ApiVersion(math.inf)


def configured_version(config: Mapping[str, Any]) -> ApiVersion:
    """Return the API version of a configuration."""
    return ApiVersion.parse(config.get("api_version", DEFAULT_VERSION))


def errors(api_version: str) -> list[str]:
    """Return what is wrong with the setting `api_version`; Intercom knows one spelling of each."""
    version = ApiVersion.parse(api_version)
    if str(version) == api_version and (OLDEST <= version <= NEWEST or version == PREVIEW):
        return []
    error = (
        f"api_version {api_version!r} is not a version that this tap knows: write "
        f"{DEFAULT_VERSION}, another one from {OLDEST} to {NEWEST}, or {PREVIEW}"
    )
    return [error]

"""The SDK's private methods that the tap overrides or calls are those it was written for.

A release of the SDK that changes one of them fails here, so that somebody reads the change before
it reaches users. `tap_intercom/sync/stream.py` says why each is overridden.
"""

from __future__ import annotations

import hashlib
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk import Stream, Tap
from singer_sdk.mapper import CustomStreamMap

import tap_intercom.sync.stream
from tap_intercom.custom.map_names import FUNCTIONS
from tap_intercom.tap import STREAM_TYPES, TapIntercom

if TYPE_CHECKING:
    from collections.abc import Callable

OVERRIDDEN: dict[str, tuple[Callable[..., Any], str]] = {
    "Stream._increment_stream_state": (Stream._increment_stream_state, "cabc0edb2fd4f000"),
    "Stream._write_record_message": (Stream._write_record_message, "292b7bed39883bd9"),
    "Tap._handle_termination": (Tap._handle_termination, "2bb79ae47769883a"),
    "Tap._reset_state_progress_markers": (Tap._reset_state_progress_markers, "7bff4a6f8fef1928"),
    "Tap._validate_config": (Tap._validate_config, "0584b9e347e353fa"),
}
CALLED: dict[str, tuple[Callable[..., Any], str]] = {
    "CustomStreamMap._eval": (
        CustomStreamMap._eval,
        "389317fd6fbbdc12",
    ),  # calls the evaluator of the tap
    "Stream._write_schema_message": (Stream._write_schema_message, "4077b24e5440fdef"),
    "Stream._write_activate_version_message": (
        Stream._write_activate_version_message,
        "b5295d35a81b3da6",
    ),
    "Stream._generate_record_messages": (Stream._generate_record_messages, "9b5f9fbcdedb7a1a"),
}


def digest(method: Callable[..., Any]) -> str:
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", [*OVERRIDDEN, *CALLED])
def test_private_method_is_unchanged(name: str) -> None:
    method, known = (OVERRIDDEN | CALLED)[name]

    assert digest(method) == known, f"read what changed in {name}, then update its digest"


def test_every_overridden_private_method_is_pinned() -> None:
    overridden = {
        f"{base.__name__}.{name}"
        for base, types in ((Stream, STREAM_TYPES), (Tap, (TapIntercom,)))
        for derived in types
        for parent in derived.__mro__
        if parent.__module__.startswith("tap_intercom")
        for name in vars(parent)
        if name.startswith("_")
        and not name.startswith("__")
        and callable(getattr(base, name, None))
        and name != "_abc_impl"
    }

    assert overridden == OVERRIDDEN.keys()


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_overridden_private_method_is_explained(name: str) -> None:
    assert f"`{name}`" in (tap_intercom.sync.stream.__doc__ or "")


def test_functions_of_expressions_are_known() -> None:
    schema = {"type": "object", "properties": {}}
    stream_map = CustomStreamMap("x", {}, {}, schema, None, {}, None)

    assert stream_map.expr_evaluator.functions.keys() == FUNCTIONS

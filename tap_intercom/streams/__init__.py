"""Intercom's streams, one module per resource; every named stream class in here is offered."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from tap_intercom.sync.stream import IntercomStream

if TYPE_CHECKING:
    from types import ModuleType


def stream_types() -> list[type[IntercomStream]]:
    """Return the stream classes of all modules; a shared base class has no `name`."""
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return [stream_type for module in modules for stream_type in _defined_in(module)]


def _defined_in(module: ModuleType) -> list[type[IntercomStream]]:
    return [
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, IntercomStream)
        and member.__module__ == module.__name__
        and "name" in vars(member)
    ]

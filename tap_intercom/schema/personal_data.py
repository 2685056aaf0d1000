"""Replaces personal data and the content of messages, before a row is converted or written.

The schema files mark columns by `x-personal`: an identifier of a person or company, or content that
people wrote. What no schema file describes may be either: fields that Intercom has added since,
values of another shape than documented, the fields of objects that it documents without any. So
these are treated like both.

Everything is replaced before values are converted: what conversion puts into other columns, such
as `unfit_values`, holds nothing else.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from tap_intercom.schema.normalize import UNFIT, kind_of, other_shapes, to_scalar
from tap_intercom.schema.values import UNTYPED, to_list, to_object, to_text, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_intercom.schema.values import Convert

MARK = "x-personal"
"""The keyword of JSON Schema by which schema files mark a column; catalogs don't have it."""

IDENTIFIER = "identifier"
"""Marks names, addresses, phone numbers, external ids and the like."""

CONTENT = "content"
"""Marks what people wrote, said or attached."""

UNKNOWN = "unknown"
"""Marks an object of which Intercom does not document what it holds."""

DEFINED = "defined"
"""Marks a column that users define, or that a dataset has: unknown, unless its name is allowed."""

ATTRIBUTES = ("custom_attributes", "ticket_attributes")
"""Objects of custom attributes, which are identifiers unless their names are allowed."""

CONTENT_ATTRIBUTES = frozenset({"_default_title_", "_default_description_"})
"""Attributes of tickets that are content as well: title and description (OpenAPI 2.16)."""

KINDS_WITH_TEXT = (UNTYPED, "string", "object", "array")
"""Types of columns in which a hash can stand, alone or nested."""


@dataclass(frozen=True)
class Protection:
    """What the settings demand of values of each kind; None where they are kept.

    Attributes:
        identifier: Replaces an identifier.
        content: Replaces content.
        allowed: Names of custom attributes, and of columns that users define, that are kept.
    """

    identifier: Convert | None = None
    content: Convert | None = None
    allowed: frozenset[str] = frozenset()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Read the settings; a configuration without them keeps everything."""
        key = (config.get("personal_data_key") or "").encode()
        replace: dict[Any, Convert] = {"hash": partial(hashed, key), "drop": dropped}
        return cls(
            replace.get(config.get("personal_data")),
            replace["drop"] if config.get("message_content") == "drop" else None,
            frozenset(config.get("personal_data_allowed_attributes") or ()),
        )

    @property
    def unknown(self) -> Convert | None:
        """Replaces what may be an identifier or content."""
        return self.identifier or self.content

    def of_mark(self, mark: str, name: str) -> Convert | None:
        """Return what replaces the values of a marked column."""
        if mark == DEFINED and name in self.allowed:
            return None
        marked = {IDENTIFIER: self.identifier, CONTENT: self.content}
        return marked.get(mark, self.unknown)


class Protector:
    """Replaces what has to be protected in the rows of one stream.

    What to do with each field is compiled once from the stream's marked schema. Call it with a row
    to get a copy: other streams take their rows from the same objects.
    """

    def __init__(
        self,
        protection: Protection,
        marked: Mapping[str, Any],
        typed: Mapping[str, Any],
        text_fields: Mapping[str, str],
    ) -> None:
        """Compile what is done with each field.

        Args:
            protection: What the settings demand; not everything is kept.
            marked: The stream's JSON Schema with its marks.
            typed: The JSON Schema that its rows have; a catalog may have other types.
            text_fields: Objects that may be sent as text, each with the field that the text is.
        """
        self._protection = protection
        self._unknown = protection.unknown or unchanged
        self._text_fields = text_fields
        self._protect = self._object(marked, typed, "")

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a row without what has to be protected."""
        protected: dict[str, Any] = self._protect(row)
        return protected

    def _field(self, marked: Mapping[str, Any], typed: Mapping[str, Any], path: str) -> Convert:
        name = path.rpartition(".")[2]
        if name in ATTRIBUTES:
            return self._attributes(typed)
        if mark := marked.get(MARK):
            return _fitting(self._protection.of_mark(mark, name), typed)
        kind = kind_of(marked)
        if kind == "object" and marked.get("properties"):
            return self._object(marked, typed, path)
        if kind == "array" and kind_of(marked.get("items") or {}):
            return self._array(marked["items"], typed.get("items") or {}, path)
        return self._unmarked(marked)

    def _object(self, marked: Mapping[str, Any], typed: Mapping[str, Any], path: str) -> Convert:
        properties, types = marked["properties"], typed.get("properties") or {}
        fields = {
            name: self._field(column, types.get(name, column), f"{path}.{name}".lstrip("."))
            for name, column in properties.items()
        }
        field_of = other_shapes(properties, path, self._text_fields)
        unknown = self._unknown

        def protect(value: Any) -> Any:
            if not isinstance(value, dict):
                field = field_of.get(type(value))
                return fields[field](value) if field else unknown(value)
            return {
                name: item if item is None else fields.get(name, unknown)(item)
                for name, item in value.items()
            }

        return protect

    def _array(self, marked: Mapping[str, Any], typed: Mapping[str, Any], path: str) -> Convert:
        protect_item, unknown = self._field(marked, typed, f"{path}[]"), self._unknown

        def protect(value: Any) -> Any:
            if not isinstance(value, list):
                return unknown(value)
            return [item if item is None else protect_item(item) for item in value]

        return protect

    def _attributes(self, typed: Mapping[str, Any]) -> Convert:
        protection, unknown = self._protection, self._unknown
        types = typed.get("properties") or {}
        fields = {name: _fitting(protection.identifier, column) for name, column in types.items()}
        fields |= dict.fromkeys(CONTENT_ATTRIBUTES, unknown)
        other = protection.identifier or unchanged
        allowed = protection.allowed - (CONTENT_ATTRIBUTES if protection.content else frozenset())

        def protect(value: Any) -> Any:
            if not isinstance(value, dict):
                return unknown(value)
            return {
                name: item if item is None or name in allowed else fields.get(name, other)(item)
                for name, item in value.items()
            }

        return protect

    def _unmarked(self, column: Mapping[str, Any]) -> Convert:
        """Keep a value that has the documented type; what another one is, is unknown."""
        check = _check(column)
        unknown = self._unknown

        def protect(value: Any) -> Any:
            try:
                check(value)
            except UNFIT:
                return unknown(value)
            return value

        return protect


def hashed(key: bytes, value: Any) -> Any:
    """Return a value with each text and number in it replaced by its HMAC-SHA256, in hexadecimal.

    A number has the hash of its text, 5.0 that of 5. Booleans, which a hash would not hide, become
    null. Names of fields stay.
    """
    if isinstance(value, dict):
        return {name: hashed(key, item) for name, item in value.items()}
    if isinstance(value, list):
        return [hashed(key, item) for item in value]
    if value is None or isinstance(value, bool):
        return None
    is_whole = isinstance(value, float) and value.is_integer()
    text = to_text(int(value) if is_whole else value)
    return hmac.digest(key, text.encode(errors="surrogatepass"), "sha256").hex() if text else text


def dropped(_: Any) -> None:
    """Return null."""


def allowable_names(marked: Mapping[str, Any], typed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of a stream that can be allowed; the schemas are those of `Protector`."""
    for name, column in marked["properties"].items():
        if name in ATTRIBUTES:
            yield from typed.get("properties", {}).get(name, {}).get("properties", {})
        elif column.get(MARK) == DEFINED:
            yield name


def without_marks(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a JSON Schema without marks: targets get none."""
    return {
        name: without_marks(item) if isinstance(item, dict) else item
        for name, item in schema.items()
        if name != MARK or isinstance(item, dict)  # a column may have this name
    }


def _fitting(replace: Convert | None, column: Mapping[str, Any]) -> Convert:
    """Return what replaces the values of a column: null where its type has no room for text."""
    if replace is None:
        return unchanged
    has_room = kind_of(column) in KINDS_WITH_TEXT and column.get("format") != "date-time"
    return replace if has_room else dropped


def _check(column: Mapping[str, Any]) -> Convert:
    """Return what raises an error for a value of another type than documented."""
    kind = kind_of(column)
    if kind == "object":
        return to_object
    if kind == "array":
        return to_list
    is_text = kind == "string" and column.get("format") != "date-time"
    return _to_single_text if is_text else to_scalar(column)


def _to_single_text(value: Any) -> str:
    """Return a value as text; an object or a list is none.

    Raises:
        TypeError: It is an object or a list.
    """
    if isinstance(value, dict | list):
        raise TypeError
    return to_text(value)

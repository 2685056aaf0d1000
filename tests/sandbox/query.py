"""The query language of the searches (intercom-api section 4)."""

from __future__ import annotations

import dataclasses
import math
import operator
from typing import TYPE_CHECKING, Any, Final, Protocol

from tests.sandbox.dates import DateRule, Range
from tests.sandbox.errors import ApiError, bad_request
from tests.sandbox.fields import Field, FieldFinder, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.sandbox.records import Record

MAX_DEPTH: Final = 2
MAX_FILTERS: Final = 15
GROUPS: Final = ("AND", "OR")
LIST_OPERATORS: Final = ("IN", "NIN")
NEGATIONS: Final = {"!=": "=", "NIN": "IN", "!~": "~"}
COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXT_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "~": operator.contains,
    "^": str.startswith,
    "$": str.endswith,
}
OPERATORS: Final = frozenset(("=", "IN", *NEGATIONS, *COMPARISONS, *TEXT_COMPARISONS))
NUMBERS: Final = frozenset((FieldType.INTEGER, FieldType.FLOAT))


@dataclasses.dataclass(frozen=True)
class UpdatedWithin:
    """What a condition says about `updated_at`.

    Attributes:
        range: no record outside of it matches.
        exact: whether every record inside of it matches.
    """

    range: Range
    exact: bool


ANY_TIME: Final = UpdatedWithin(Range(), exact=False)


class Condition(Protocol):
    """Something that a record meets or not; hashable, so that results can be kept."""

    def matches(self, record: Record) -> bool:
        """Whether a record meets it."""

    def updated_within(self) -> UpdatedWithin:
        """What it says about `updated_at`, so that few records need to be looked at."""


@dataclasses.dataclass(frozen=True)
class DateFilter:
    """A filter on a timestamp."""

    field: Field
    range: Range

    def matches(self, record: Record) -> bool:
        """Whether the record's timestamp lies within the range; none lies nowhere."""
        second = self.field.value(record)
        return second is not None and second in self.range

    def updated_within(self) -> UpdatedWithin:
        """The range itself, if the filter is about `updated_at`."""
        return (
            UpdatedWithin(self.range, exact=True) if self.field.name == "updated_at" else ANY_TIME
        )


@dataclasses.dataclass(frozen=True)
class ValueFilter:
    """A filter on any other value; a list matches if one of its elements does."""

    field: Field
    operator: str
    values: tuple[Any, ...]

    def matches(self, record: Record) -> bool:
        """Whether the record's value compares so."""
        found = self.field.value(record)
        elements = found if isinstance(found, list) else [found]
        return any(self._holds(element) for element in elements)

    def updated_within(self) -> UpdatedWithin:
        """Nothing."""
        return ANY_TIME

    def _holds(self, element: Any) -> bool:
        if element is None or self.values == (None,):
            return element in self.values and self.operator in {"=", "IN"}
        try:
            element = self.field.type.read(element, self.field.name)
        except ApiError:
            return False
        if self.operator in COMPARISONS:
            return COMPARISONS[self.operator](element, self.values[0])
        if self.operator in TEXT_COMPARISONS:
            text = TEXT_COMPARISONS[self.operator]
            return text(str(element).casefold(), str(self.values[0]).casefold())
        return element in self.values


@dataclasses.dataclass(frozen=True)
class Not:
    """The opposite of a condition; records without a value meet it."""

    condition: Condition

    def matches(self, record: Record) -> bool:
        """Whether the record does not meet the condition."""
        return not self.condition.matches(record)

    def updated_within(self) -> UpdatedWithin:
        """Nothing."""
        return ANY_TIME


@dataclasses.dataclass(frozen=True)
class AllOf:
    """A group joined by AND."""

    conditions: tuple[Condition, ...]

    def matches(self, record: Record) -> bool:
        """Whether the record meets every condition."""
        return all(condition.matches(record) for condition in self.conditions)

    def updated_within(self) -> UpdatedWithin:
        """What all of the ranges have in common."""
        parts = [condition.updated_within() for condition in self.conditions]
        low = max(part.range.low for part in parts)
        high = min(part.range.high for part in parts)
        return UpdatedWithin(Range(low, max(low, high)), all(part.exact for part in parts))


@dataclasses.dataclass(frozen=True)
class AnyOf:
    """A group joined by OR."""

    conditions: tuple[Condition, ...]

    def matches(self, record: Record) -> bool:
        """Whether the record meets one of the conditions."""
        return any(condition.matches(record) for condition in self.conditions)

    def updated_within(self) -> UpdatedWithin:
        """What the ranges cover together; exact only if there is no gap between them."""
        parts = [condition.updated_within() for condition in self.conditions]
        parts.sort(key=lambda part: part.range.low)
        high, exact = parts[0].range.low, True
        for part in parts:
            exact = exact and part.exact and part.range.low <= high
            high = max(high, part.range.high)
        return UpdatedWithin(Range(parts[0].range.low, high), exact)


@dataclasses.dataclass(frozen=True)
class Everything:
    """No condition at all."""

    def matches(self, record: Record) -> bool:  # noqa: ARG002 - the shape of a condition
        """Always."""
        return True

    def updated_within(self) -> UpdatedWithin:
        """At any time, all of them."""
        return UpdatedWithin(Range(-math.inf, math.inf), exact=True)


@dataclasses.dataclass(frozen=True)
class NoTicket:
    """Only conversations that are not tickets."""

    def matches(self, record: Record) -> bool:
        """Whether the conversation is not a ticket."""
        return not record.is_ticket

    def updated_within(self) -> UpdatedWithin:
        """Nothing."""
        return ANY_TIME


@dataclasses.dataclass(frozen=True)
class QueryReader:
    """Turns the `query` of a request body into a condition.

    Attributes:
        fields: the searchable fields.
        dates: how standard timestamps compare.
        custom_dates: how date attributes of the workspace's own compare.
    """

    fields: FieldFinder
    dates: DateRule
    custom_dates: DateRule

    def read(self, query: Any, depth: int = 1) -> Condition:
        """Read a filter or a group.

        Args:
            query: a decoded JSON object.
            depth: how deep it lies; the outermost is 1.

        Returns:
            The condition that it stands for.

        Raises:
            ApiError: 400, if it is no query or asks for what is not supported.
        """
        if not isinstance(query, dict) or query.get("operator") not in {*OPERATORS, *GROUPS}:
            raise _invalid("query must be a filter or a group of filters with a valid operator")
        if query["operator"] in GROUPS:
            return self._group(query, depth)
        return self._filter(self.fields.find(query.get("field")), query["operator"], query)

    def _group(self, query: dict[str, Any], depth: int) -> Condition:
        members = query.get("value")
        if not isinstance(members, list) or not members:
            raise _invalid("value of a group must be a non-empty array of filters")
        if depth > MAX_DEPTH:
            raise _invalid(f"query can be nested {MAX_DEPTH} levels deep at most")
        if len(members) > MAX_FILTERS:
            raise _invalid(f"a group can hold {MAX_FILTERS} filters at most")
        conditions = tuple(self.read(member, depth + 1) for member in members)
        return AllOf(conditions) if query["operator"] == "AND" else AnyOf(conditions)

    def _filter(self, field: Field, operator: str, query: dict[str, Any]) -> Condition:
        if not self._takes(field, operator):
            raise _invalid(f"operator {operator} is not supported for field {field.name}")
        given = query.get("value")
        if (operator in LIST_OPERATORS) != isinstance(given, list):
            raise _invalid("value must be an array for IN and NIN, and for nothing else")
        values = given if isinstance(given, list) else [given]
        read = tuple(field.type.read(value, field.name) for value in values)
        condition = self._positive(field, NEGATIONS.get(operator, operator), read)
        return Not(condition) if operator in NEGATIONS else condition

    def _takes(self, field: Field, operator: str) -> bool:
        if operator in field.refused_operators:
            return False
        if field.type is FieldType.DATE:
            return self._rule(field).takes(operator)
        if operator in COMPARISONS:
            return field.type in NUMBERS
        if NEGATIONS.get(operator, operator) in TEXT_COMPARISONS:
            return field.type is FieldType.STRING
        return True

    def _positive(self, field: Field, operator: str, values: tuple[Any, ...]) -> Condition:
        if field.type is not FieldType.DATE or None in values:
            return ValueFilter(field, operator, values)
        compared = "=" if operator == "IN" else operator
        rule = self._rule(field)
        filters = tuple(DateFilter(field, rule.range(compared, second)) for second in values)
        return filters[0] if len(filters) == 1 else AnyOf(filters)

    def _rule(self, field: Field) -> DateRule:
        return self.custom_dates if field.is_custom else self.dates


def _invalid(message: str) -> ApiError:
    return bad_request("parameter_invalid", message)

"""The query language of the searches, from the search pages of Intercom's API reference."""

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
    """A range of `updated_at` outside of which no record matches; exact, if all inside do."""

    range: Range
    exact: bool


ANY_TIME: Final = UpdatedWithin(Range(), exact=False)


class Condition(Protocol):
    """A condition on records; hashable, so that results can be kept."""

    def matches(self, record: Record) -> bool:
        """Whether a record matches."""

    def updated_within(self) -> UpdatedWithin:
        """The range of `updated_at` that matching records lie in."""


@dataclasses.dataclass(frozen=True)
class DateFilter:
    """A filter on a timestamp."""

    field: Field
    range: Range

    def matches(self, record: Record) -> bool:
        second = self.field.value(record)
        return second is not None and second in self.range

    def updated_within(self) -> UpdatedWithin:
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
        found = self.field.value(record)
        elements = found if isinstance(found, list) else [found]
        return any(self._holds(element) for element in elements)

    def updated_within(self) -> UpdatedWithin:
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
    """The opposite of a condition; records without a value match."""

    condition: Condition

    def matches(self, record: Record) -> bool:
        return not self.condition.matches(record)

    def updated_within(self) -> UpdatedWithin:
        return ANY_TIME


@dataclasses.dataclass(frozen=True)
class AllOf:
    """A group joined by AND."""

    conditions: tuple[Condition, ...]

    def matches(self, record: Record) -> bool:
        return all(condition.matches(record) for condition in self.conditions)

    def updated_within(self) -> UpdatedWithin:
        parts = [condition.updated_within() for condition in self.conditions]
        low = max(part.range.low for part in parts)
        high = min(part.range.high for part in parts)
        return UpdatedWithin(Range(low, max(low, high)), all(part.exact for part in parts))


@dataclasses.dataclass(frozen=True)
class AnyOf:
    """A group joined by OR."""

    conditions: tuple[Condition, ...]

    def matches(self, record: Record) -> bool:
        return any(condition.matches(record) for condition in self.conditions)

    def updated_within(self) -> UpdatedWithin:
        # exact only if there is no gap between the ranges
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
        return True

    def updated_within(self) -> UpdatedWithin:
        return UpdatedWithin(Range(-math.inf, math.inf), exact=True)


@dataclasses.dataclass(frozen=True)
class NoTicket:
    """Only conversations that are not tickets."""

    def matches(self, record: Record) -> bool:
        return not record.is_ticket

    def updated_within(self) -> UpdatedWithin:
        return ANY_TIME


@dataclasses.dataclass(frozen=True)
class QueryReader:
    """Reads the `query` of a request body; custom date attributes have a rule of their own."""

    fields: FieldFinder
    dates: DateRule
    custom_dates: DateRule

    def read(self, query: Any, depth: int = 1) -> Condition:
        """Read a filter or a group at a depth; the outermost is 1."""
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
        if not self._accepts(field, operator):
            raise _invalid(f"operator {operator} is not supported for field {field.name}")
        given = query.get("value")
        if (operator in LIST_OPERATORS) != isinstance(given, list):
            raise _invalid("value must be an array for IN and NIN, and for nothing else")
        values = given if isinstance(given, list) else [given]
        read = tuple(field.type.read(value, field.name) for value in values)
        condition = self._positive(field, NEGATIONS.get(operator, operator), read)
        return Not(condition) if operator in NEGATIONS else condition

    def _accepts(self, field: Field, operator: str) -> bool:
        if operator in field.refused_operators:
            return False
        if field.type is FieldType.DATE:
            return self._rule(field).accepts(operator)
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

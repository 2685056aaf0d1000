"""JSON Schema of a column, for columns that no schema file holds; each may be null."""

from __future__ import annotations

from typing import Any

Column = dict[str, Any]

TEXT: Column = {"type": ["string", "null"]}
INTEGER: Column = {"type": ["integer", "null"]}
NUMBER: Column = {"type": ["number", "null"]}
BOOLEAN: Column = {"type": ["boolean", "null"]}
DATE_TIME: Column = {"type": ["string", "null"], "format": "date-time"}
ARRAY: Column = {"type": ["array", "null"]}
OBJECT: Column = {"type": ["object", "null"], "additionalProperties": True}

UNFIT_VALUES = "unfit_values"
"""The column, of every stream, of values that don't fit their columns."""

COLUMNS_OF_ALL_STREAMS: dict[str, Column] = {
    UNFIT_VALUES: {
        **TEXT,
        "description": "JSON object: values that don't fit their columns, as sent, by path.",
    }
}
"""Columns beside those of the stream itself."""

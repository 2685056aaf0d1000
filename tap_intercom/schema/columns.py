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
ANY: Column = {"type": ["string", "number", "boolean", "object", "array", "null"]}
OBJECT: Column = {"type": ["object", "null"], "additionalProperties": True}

UNFIT_VALUES = "unfit_values"
"""The column, of every stream, of values that don't fit their columns."""

WORKSPACE_ID = "_workspace_id"
"""The column, with the setting `workspace_column`, of the workspace that a row is from."""

WORKSPACE_COLUMNS: dict[str, Column] = {
    WORKSPACE_ID: {
        "type": "string",
        "description": "The workspace that the row is from: its id_code.",
    }
}
"""Columns that the setting `workspace_column` adds to every stream, before all others."""

COLUMNS_OF_ALL_STREAMS: dict[str, Column] = {
    UNFIT_VALUES: {
        **TEXT,
        "description": "JSON object: values that don't fit their columns, as sent, by path.",
    }
}
"""Columns beside those of the stream itself."""

"""The schemas have every property that Intercom documents, and follow the tap's conventions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from scripts.compare_schemas import SCHEMAS, Origin, errors, main, read_schemas
from scripts.generate.facts import read_streams

if TYPE_CHECKING:
    from collections.abc import Iterator

DESCRIPTION = Path(__file__).parents[1].parent / "shared" / "intercom-openapi" / "2.16.yaml"

STREAMS = read_schemas(SCHEMAS)

PRIMARY_KEYS = {facts.name: facts.primary_keys for facts in read_streams()}

PUBLISHED = {"articles", "external_pages", "internal_articles", "macros", "news_items"}
"""Streams of what the workspace publishes for everybody, or for its teammates."""

each_stream = pytest.mark.parametrize("stream", sorted(STREAMS))


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield everything nested in a schema with its path, such as `tags.tags[].id`."""
    for name, node in schema.get("properties", {}).items():
        yield f"{path}{name}", node
        yield from nodes(node, f"{path}{name}.")
    if "items" in schema:
        items = f"{path.removesuffix('.')}[]"
        yield items, schema["items"]
        yield from nodes(schema["items"], f"{items}.")


@each_stream
def test_personal_columns_are_marked(stream: str) -> None:
    """A column that is called like an identifier or content of a message has a mark."""
    named = {"email", "phone", "external_id", "ip", "body", "subject", "transcript", "signed_url"}

    unmarked = {
        path
        for path, node in nodes(STREAMS[stream])
        if path.rpartition(".")[2] in named and not node.get("x-personal")
    }

    assert unmarked == set() or stream in PUBLISHED


@each_stream
def test_marks_of_personal_data_exist(stream: str) -> None:
    marks = {node["x-personal"] for _, node in nodes(STREAMS[stream]) if "x-personal" in node}

    assert marks <= {"identifier", "content", "unknown"}


@pytest.mark.parametrize(
    ("column", "stream"),
    [
        ("monitor_evaluations", "conversation_monitor_evaluations"),
        ("scorecards", "conversation_scorecards"),
    ],
)
def test_embedded_evaluations_have_their_streams_columns(column: str, stream: str) -> None:
    embedded = {path for path, _ in nodes(STREAMS["conversations"]["properties"][column]["items"])}
    own = {path for path, _ in nodes(STREAMS[stream])}

    assert own - embedded == {"conversation_id", "conversation_updated_at"}
    assert embedded <= own


def nullable(kind: str, **keywords: object) -> dict[str, Any]:
    """Build the schema of a column."""
    return {"type": [kind, "null"], **keywords}


def compare(
    columns: dict[str, Any],
    component: dict[str, Any],
    **referred: dict[str, Any],
) -> list[str]:
    """Compare one stream's columns with one component; `referred` are further components."""
    schema = {"type": "object", "properties": columns}
    components = {"thing": component, **referred}
    return list(errors({"things": schema}, {"things": Origin(("thing",))}, components))


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="Intercom's OpenAPI description is not here")
def test_nothing_documented_is_missing_or_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every property that OpenAPI 2.16 documents has a column wide enough for it."""
    status = main([str(DESCRIPTION)])

    assert capsys.readouterr().out == ""
    assert status == 0


def test_missing_component_is_reported(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command lists a component that is gone, and exits with 1."""
    description = tmp_path / "description.yaml"
    description.write_text("components: {schemas: {}}", encoding="utf-8")

    status = main([str(description)])

    assert status == 1
    assert "contacts: *: no component contact\n" in capsys.readouterr().out


def test_comparison_needs_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    """Without its argument the command shows its usage, and exits with 2."""
    status = main([])

    assert status == 2
    assert capsys.readouterr().err.startswith("usage:")


def test_missing_properties_are_reported() -> None:
    """A property may be missing in the record, in an object, and in a list's items."""
    documented = {
        "properties": {
            "name": {"type": "string"},
            "author": {"$ref": "#/components/schemas/author"},
            "tags": {"type": "array", "items": {"properties": {"name": {"type": "string"}}}},
        },
    }
    author = {"allOf": [{"properties": {"role": {"type": "string"}}}]}
    tags = nullable("array", items=nullable("object"))

    found = compare({"author": nullable("object"), "tags": tags}, documented, author=author)

    assert found == [
        "things: name: missing",
        "things: author.role: missing",
        "things: tags[].name: missing",
    ]


@pytest.mark.parametrize(
    ("column", "documented", "error"),
    [
        (
            nullable("integer"),
            {"type": "number"},
            "things: score: documented as number, typed as integer",
        ),
        (
            nullable("string"),
            {"type": "integer"},
            "things: score: documented as integer, typed as string",
        ),
        (
            nullable("integer"),
            {"oneOf": [{"type": "integer"}, {"type": "boolean"}]},
            "things: score: documented as boolean|integer, typed as integer",
        ),
        (
            nullable("integer"),
            {"type": "integer", "format": "date-time"},
            "things: score: a point in time, not typed as date-time",
        ),
        (
            nullable("string", format="date-time"),
            {"type": "string"},
            "things: score: typed as date-time, not documented as a point in time",
        ),
    ],
)
def test_narrowed_types_are_reported(
    column: dict[str, Any],
    documented: dict[str, Any],
    error: str,
) -> None:
    """A column that is too narrow for documented values is reported."""
    assert compare({"score": column}, {"properties": {"score": documented}}) == [error]


@pytest.mark.parametrize(
    ("name", "column", "documented"),
    [
        ("admin_id", nullable("string"), {"type": "integer"}),
        (
            "team_ids",
            nullable("array", items=nullable("string")),
            {"type": "array", "items": {"type": "integer"}},
        ),
        ("created_at", nullable("string", format="date-time"), {"type": "integer"}),
        ("spend", nullable("number"), {"type": "integer"}),
        ("value", nullable("string"), {"oneOf": [{"type": "string"}, {"type": "array"}]}),
    ],
)
def test_conventions_are_accepted(
    name: str,
    column: dict[str, Any],
    documented: dict[str, Any],
) -> None:
    """Identifiers and mixed values may be text, times date-times, and numbers wider."""
    assert compare({name: column}, {"properties": {name: documented}}) == []


def test_circular_references_are_followed_once() -> None:
    """A reference is followed once."""
    reference = {"$ref": "#/components/schemas/thing"}

    assert compare({}, {"anyOf": [reference], "properties": {"name": {}}}) == [
        "things: name: missing",
    ]


def test_renamed_properties_are_compared() -> None:
    """A relation's rows name the related record by its foreign key."""
    documented = {"properties": {"id": {"type": "string"}, "parts": {"type": "array"}}}
    origin = Origin(("thing",), renamed={"id": "thing_id"}, exclude_fields=("parts",))

    assert list(errors({"things": {}}, {"things": origin}, {"thing": documented})) == [
        "things: thing_id: missing",
    ]


def test_origin_needs_a_schema() -> None:
    assert list(errors({"old": {}}, {"new": Origin(())}, {})) == ["new: *: no schema"]


@each_stream
def test_schema_is_valid_and_open(stream: str) -> None:
    """Each file is a JSON Schema that lets fields pass which Intercom adds later."""
    schema = STREAMS[stream]
    Draft202012Validator.check_schema(schema)

    header = {keyword: value for keyword, value in schema.items() if keyword != "properties"}
    assert header == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": True,
    }
    closed = [
        path
        for path, node in nodes(schema)
        if "object" in node["type"] and node.get("additionalProperties") is not True
    ]
    assert closed == []


@each_stream
def test_only_keys_refuse_null(stream: str) -> None:
    """The keys come first and are strings, but for positions; everything else may be null."""
    schema = STREAMS[stream]
    keys = PRIMARY_KEYS.get(stream, ("id",))

    assert tuple(schema["properties"])[: len(keys)] == keys
    assert [path for path, node in nodes(schema) if "null" not in node["type"]] == list(keys)
    types = {key: schema["properties"][key]["type"] for key in keys}
    assert types == {key: "integer" if key == "index" else "string" for key in keys}


@each_stream
def test_schema_uses_few_keywords(stream: str) -> None:
    """No enum, pattern, required, default or reference is enforced, and each type is one."""
    keywords = {"type", "format", "properties", "additionalProperties", "items", "description"}
    keywords.add("x-personal")
    formats = {"date-time", None}

    for path, node in nodes(STREAMS[stream]):
        assert node.keys() <= keywords, path
        assert node.get("format") in formats, path
        assert isinstance(node["type"], str) or len(node["type"]) == 2, path
        assert ("items" in node) == ("array" in node["type"]), path


@each_stream
def test_identifiers_are_strings(stream: str) -> None:
    """So that joins need no cast."""
    not_strings = [
        path
        for path, node in nodes(STREAMS[stream])
        if path.endswith(("_id", "_ids[]")) or path.rpartition(".")[2] == "id"
        if "properties" not in node  # a translation into Indonesian is an `id` too
        if "string" not in node["type"]
    ]

    assert not_strings == []


@each_stream
def test_times_are_date_times(stream: str) -> None:
    """Points in time are date-times at any depth; durations are whole seconds."""
    for path, node in nodes(STREAMS[stream]):
        if path.endswith(("_at", "_since", "_until")):
            of_key = {"type": "string", "format": "date-time"}
            is_key = path in PRIMARY_KEYS.get(stream, ())
            keywords = {name: node[name] for name in node.keys() - {"description"}}
            assert keywords == (of_key if is_key else nullable("string", format="date-time")), path
        if "time_to_" in path or path.endswith(("_time_to_reply", "handling_time")):
            assert node["type"] == ["integer", "null"], path

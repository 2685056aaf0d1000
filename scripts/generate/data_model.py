"""Entity-relationship diagrams of the streams in Mermaid, one for each group."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scripts.generate.facts import StreamFacts


class Relation(NamedTuple):
    """A column of one stream that holds the id of another stream's rows."""

    stream: str
    column: str
    target: str


def relations(streams: Sequence[StreamFacts]) -> list[Relation]:
    """Return the columns whose names say which stream they refer to.

    `contact_id` refers to contacts, `admin_assignee_id` and `created_by_admin_id` to admins. A
    stream's own `<singular>_id`, such as `tickets.ticket_id`, is another number.
    """
    targets = {_singular(facts.name): facts.name for facts in streams if _has_id(facts)}
    return [
        Relation(facts.name, column, target)
        for facts in streams
        for column in facts.columns
        if (target := _target(column, targets)) and target != facts.name
    ]


def diagrams(streams: Sequence[StreamFacts]) -> str:
    """Return a diagram for each group, with the streams of others that it refers to."""
    found = relations(streams)
    parts = [
        _diagram(heading, list(of), found)
        for heading, of in groupby(streams, key=lambda facts: facts.group)
    ]
    return "\n\n".join(part for part in parts if part)


def _diagram(heading: str, group: list[StreamFacts], found: list[Relation]) -> str:
    names = {facts.name for facts in group}
    own = [relation for relation in found if relation.stream in names]
    if not own:
        return ""
    related = {name for relation in own for name in (relation.stream, relation.target)}
    lines = ["```mermaid", "erDiagram"]
    for facts in group:
        if facts.name in related:
            lines += _entity(facts, own)
    for relation in own:
        lines.append(f"    {relation.target} ||--o{{ {relation.stream} : {relation.column}")
    lines.append("```")
    alone = sorted(names - related)
    note = f"\n\nNo reference to another stream: {', '.join(alone)}." if alone else ""
    return f"## {heading}\n\n" + "\n".join(lines) + note


def _entity(facts: StreamFacts, own: list[Relation]) -> list[str]:
    foreign = {relation.column for relation in own if relation.stream == facts.name}
    keys = [*facts.primary_keys, *(name for name in facts.columns if name in foreign)]
    marks = {
        name: ", ".join(
            mark for mark, names in (("PK", facts.primary_keys), ("FK", foreign)) if name in names
        )
        for name in keys
    }
    return [
        f"    {facts.name} {{",
        *(f"        text {name} {mark}" for name, mark in marks.items()),
        "    }",
    ]


def _target(column: str, targets: Mapping[str, str]) -> str | None:
    if not column.endswith("_id"):
        return None
    name = column.removesuffix("_id").removesuffix("_assignee")
    return targets.get(name) or targets.get(name.rpartition("_by_")[2])


def _has_id(facts: StreamFacts) -> bool:
    return facts.primary_keys == ("id",)


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name.removesuffix('ies')}y"
    return name.removesuffix("s")

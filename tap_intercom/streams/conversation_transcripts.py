"""Conversations as text: who said what, in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tap_intercom.compat import override
from tap_intercom.schema.html_text import html_to_text
from tap_intercom.streams.conversations import ConversationDetailStream
from tap_intercom.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from singer_sdk.helpers.types import Record

    from tap_intercom.api.response import Page

TEAMMATE, PERSON, FIN, WORKFLOW = "teammate", "person", "fin", "workflow"

ROLES = {"admin": TEAMMATE, "user": PERSON, "lead": PERSON, "contact": PERSON}
"""The role of an author by its type, if it is not Fin; any other is a workflow."""

REDACTED = "[redacted]"

MAX_PARTS = 500
"""Parts that Intercom returns at most (OpenAPI 2.16, `conversation_parts`)."""


class Message(NamedTuple):
    """One message; `at` is in epoch seconds."""

    at: int
    role: str
    name: str
    text: str
    is_note: bool = False

    @property
    def line(self) -> str:
        """The message as it stands in a transcript: what follows its first line is indented.

        So no message can look like two.
        """
        time = format_timestamp(self.at).replace("+00:00", "Z")
        author = " ".join([self.role, *self.name.split()])
        return "\n  ".join(f"{time} {author}: {self.text}".splitlines())


class ConversationTranscripts(ConversationDetailStream):
    """The messages of a conversation as one text, with a line for each, oldest first.

    A line has the time, the role and name of the author, and the message. Roles are `teammate`,
    `person`, `fin` and `workflow`, which is every other bot.
    """

    name = "conversation_transcripts"
    primary_keys = ("conversation_id",)
    selected_by_default = False

    @override
    def items(self, record: Record, pages: Sequence[Page]) -> Iterable[Record]:
        conversation, parts = pages[0], [*super().items(record, pages)]
        source = conversation.get("source") or record.get("source") or {}
        started_at = parse_timestamp(record.get("created_at"), 1)
        messages = [*self._first_message(source, started_at), *self._messages(parts, started_at)]
        messages.sort(key=lambda message: message.at)
        yield {**transcript(messages), "is_truncated": is_truncated(record, len(parts))}

    def _first_message(self, source: Record, at: int) -> Iterator[Message]:
        texts = [self._text(source.get("subject")), self._content(source)]
        if text := "\n".join(filter(None, texts)):
            yield Message(at, *self._author(source), text)

    def _messages(self, parts: Iterable[Record], started_at: int) -> Iterator[Message]:
        for part in parts:
            is_note = is_note_type(part.get("part_type"))
            if is_note and not self.settings.transcripts_with_notes:
                continue
            if text := self._content(part):
                at = parse_timestamp(part.get("created_at"), started_at)
                yield Message(at, *self._author(part), text, is_note)

    def _content(self, holder: Record) -> str:
        return self._text(holder.get("body")) or (REDACTED if holder.get("redacted") else "")

    def _text(self, body: Any) -> str:
        if not isinstance(body, str):
            return ""
        return body.strip() if self.settings.plaintext_bodies else html_to_text(body)

    def _author(self, holder: Record) -> tuple[str, str]:
        """Return role and name of an author; a name as the settings for personal data demand."""
        found = holder.get("author")
        author = found if isinstance(found, dict) else {}
        is_fin = author.get("from_ai_agent") is True or author.get("is_ai_answer") is True
        role = FIN if is_fin else ROLES.get(str(author.get("type")), WORKFLOW)
        name, protect = author.get("name"), self.run.protection.identifier
        name = protect(name) if protect else name
        return role, name if isinstance(name, str) else ""


def transcript(messages: Sequence[Message]) -> Record:
    """Return the columns about some messages, which are in the order of time."""
    spoken = [message for message in messages if not message.is_note]
    first_person = _first_position(spoken, PERSON)
    replies = [one.at for one in spoken[first_person:] if one.role == TEAMMATE]
    first_teammate = _first_position(spoken, TEAMMATE)
    answers = [one.at for one in spoken[:first_teammate] if one.role == FIN]
    has_teammate = first_teammate < len(spoken)
    return {
        "text": "\n".join(message.line for message in messages) or None,
        "message_count": len(messages),
        "last_message_at": messages[-1].at if messages else None,
        "first_human_reply_at": replies[0] if replies else None,
        "handed_off_at": answers[-1] if answers and has_teammate else None,
    }


def is_note_type(part_type: Any) -> bool:
    """Whether parts of a type are notes, such as `note` and `note_and_reopen`."""
    return isinstance(part_type, str) and part_type.partition("_")[0] == "note"


def is_truncated(record: Record, parts: int) -> bool:
    """Whether parts of a conversation are missing: Intercom returns the newest 500.

    Args:
        record: The conversation, which counts its parts.
        parts: How many were received.
    """
    statistics = record.get("statistics")
    count = statistics.get("count_conversation_parts") if isinstance(statistics, dict) else None
    return parts >= MAX_PARTS and (not isinstance(count, int) or count > parts)


def _first_position(messages: Sequence[Message], role: str) -> int:
    """Return the position of the first message of a role; the number of messages without one."""
    positions = (number for number, message in enumerate(messages) if message.role == role)
    return next(positions, len(messages))

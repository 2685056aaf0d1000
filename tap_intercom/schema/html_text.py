"""HTML of messages as text that people and language models can read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from tap_intercom.compat import override

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = frozenset(
    {
        *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "section", "article"),
        *("header", "footer", "ul", "ol", "li", "pre", "table", "tr", "hr", "br", "figure"),
        *("main", "nav", "aside", "address", "center", "caption", "figcaption", "details"),
        *("summary", "dl", "dt", "dd", "option"),
    }
)
"""Elements that begin and end a line."""

UNSEEN = ("script", "style", "title")
"""Elements whose content no reader sees. `head` has no other text, and its end may be left out."""

NO_ELEMENTS = re.compile(r"<!--.*?-->|<!\[[^>]*>?", re.DOTALL)
"""Comments, and the conditions of old mail programs, of which Python's parser knows only some."""

Attributes = list[tuple[str, str | None]]


def html_to_text(html: str) -> str:
    """Return HTML as text: links with their addresses, images by their text, lists with marks.

    Entities are decoded once. White space is kept within code blocks, and collapsed elsewhere; of
    several empty lines one is left.
    """
    converter = _TextConverter()
    converter.feed(NO_ELEMENTS.sub("", html))
    converter.close()
    return converter.text()


class _TextConverter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = [""]
        self._mark = ""
        self._lists: list[int | None] = []
        self._link: tuple[str, int, int] | None = None
        self._preformatted = 0
        self._unseen = 0

    def text(self) -> str:
        """Return the text so far, without empty lines at its ends or several in a row."""
        text = "\n".join(line.rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    @override
    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        attributes = dict(attrs)
        if tag in UNSEEN:
            self._unseen += 1
        if tag == "br":
            self._lines.append("")
        elif tag in BLOCKS:
            self._end_line()
        if tag == "pre":
            self._preformatted += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._mark = self._lines[-1] = self._list_mark()
        elif tag in ("td", "th") and self._lines[-1]:
            self._write(" | ")
        elif tag == "img":
            self._write(f"[{attributes['alt']}]" if attributes.get("alt") else "[image]")
        elif tag == "a":
            self._end_link()
            self._link = (attributes.get("href") or "", len(self._lines), self._position)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "a":
            self._end_link()
        if tag in BLOCKS and tag != "br":
            self._end_line()

    @override
    def close(self) -> None:
        super().close()
        self._end_link()

    @override
    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._preformatted:
            first, *others = data.split("\n")
            self._write(first)
            self._lines += others
            return
        words = re.sub(r"[ \t\r\n\f\xa0]+", " ", data)
        is_start = not self._lines[-1] or self._lines[-1].endswith(" ")
        self._write(words.lstrip(" ") if is_start else words)

    @property
    def _position(self) -> int:
        return len(self._lines[-1])

    def _write(self, text: str) -> None:
        self._lines[-1] += text

    def _end_line(self) -> None:
        if self._lines[-1].strip() and self._lines[-1] != self._mark:
            self._lines.append("")

    def _list_mark(self) -> str:
        indent = "  " * max(0, len(self._lists) - 1)
        if not self._lists or (number := self._lists[-1]) is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number + 1}. "

    def _end_link(self) -> None:
        if self._link:
            self._write_address(*self._link)
        self._link = None

    def _write_address(self, address: str, lines: int, position: int) -> None:
        """Write a link's address behind its text, unless that is the address."""
        label = _since(self._lines, lines, position)
        if address and address.removeprefix("mailto:") != label.strip():
            self._write(f" ({address})" if label.strip() else address)


def _since(lines: Sequence[str], count: int, position: int) -> str:
    """Return what was written since there were some lines, the last of a length."""
    return "\n".join([lines[count - 1][position:], *lines[count:]])

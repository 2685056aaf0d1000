"""HTML of messages becomes text that says the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_intercom.schema.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Plain", "Plain"),
        ("<p>One</p>\n<p>Two<br>Three</p>", "One\nTwo\nThree"),
        ("<p>a  lot\n of\t space&nbsp;here</p>", "a lot of space here"),
        ("<p>&lt;b&gt; &amp;amp; 3 &lt; 4</p>", "<b> &amp; 3 < 4"),
        ('See <a href="https://x.example/?a=1&amp;b=2">the guide</a>.', None),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example"),
        ('<a href="mailto:ada@example.com">ada@example.com</a>', "ada@example.com"),
        ('<a href="https://x.example"><img src="y"></a>', "[image] (https://x.example)"),
        ('<a href="https://x.example"></a>', "https://x.example"),
        ('<p>Here: <img src="x.png" alt="a cat"><img src="y.png"></p>', "Here: [a cat][image]"),
        (
            '<p>a</p><p>b</p><p>c</p><a href="https://x.example">https://x.example</a>',
            "a\nb\nc\nhttps://x.example",
        ),
        ("<ul><li>one</li><li><p>two</p></li></ul>", "- one\n- two"),
        ("<ul><li>a</li></ul><p>(b)</p><p>c</p>", "- a\n(b)\nc"),
        ("<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>", "1. a\n  - b\n2. c"),
        ("<pre><code>if x:\n    y  = 1\n</code></pre>done", "if x:\n    y  = 1\ndone"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("<style>p {}</style><script>x()</script><p>seen</p>", "seen"),
        ("<!--[if mso]>no<![endif]--><![foo]>yes<!-- no -->", "yes"),
        ("<p>open <b>bold", "open bold"),
        ("a < b and <", "a < b and <"),
        ("<html><head><title>T</title><meta charset=utf-8><body><p>Hello", "Hello"),
        ("<dl><dt>t</dt><dd>d</dd></dl><address>x</address>y", "t\nd\nx\ny"),
        ('see <a href="https://x.example">this', "see this (https://x.example)"),
        ('<a href="/1">one<a href="/2">two</a>', "one (/1)two (/2)"),
        ("<pre>a\n\n\n\nb</pre>", "a\n\nb"),
        ("<p></p>", ""),
    ],
)
def test_html_becomes_text(html: str, text: str | None) -> None:
    expected = "See the guide (https://x.example/?a=1&b=2)." if text is None else text

    assert html_to_text(html) == expected


@given(st.text(alphabet="<>![]/-=\"' aplibrod&;#x\n?", max_size=80))
def test_any_text_is_accepted(html: str) -> None:
    assert isinstance(html_to_text(html), str)

"""Bodies: plain and HTML, cut on a character, read back, recognised when echoed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.eas.body import BodyPreference, body, cut, echoes, plain_text, received_text, rendered
from protocols.eas.codepages import AirSyncBase, Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.wbxml import E
from tests.protocols.eas.calendar_samples import data


def test_plain_body_has_crlf_and_its_size_in_bytes() -> None:
    found = body("é\nb", (BodyPreference(1),))
    assert [child.tag.name for child in found.children] == ["Type", "EstimatedDataSize", "Data"]
    assert found.value(AirSyncBase.Data) == "é\r\nb"
    assert found.value(AirSyncBase.EstimatedDataSize) == "5"


def test_cut_body_ends_on_a_character_and_says_so() -> None:
    found = body("ééé", (BodyPreference(1, 3),))
    assert found.value(AirSyncBase.Data) == "é"
    assert found.value(AirSyncBase.Truncated) == "1"
    assert found.value(AirSyncBase.EstimatedDataSize) == "6"


def test_all_or_none_leaves_out_what_is_too_long() -> None:
    found = body("too long", (BodyPreference(1, 3, True),))
    assert not found.has(AirSyncBase.Data)
    assert found.value(AirSyncBase.Truncated) == "1"


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [((), "1"), ((3, 1), "1"), ((4, 2, 1), "2"), ((2, 1), "2"), ((1, 2), "1"), ((3, 4), "1")],
)
def test_first_wish_that_can_be_rendered_wins(wishes: tuple[int, ...], kind: str) -> None:
    assert body("x", tuple(BodyPreference(wish) for wish in wishes)).value(AirSyncBase.Type) == kind


def test_html_is_escaped() -> None:
    assert "&lt;script&gt;" in rendered("<script>\n", 2)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<style>x{}</style><script>alert(1)</script><b>bold</b> text", "bold text"),
        ("<ul><li>x</li><li>y</li></ul>", "x\ny"),
        ("no markup", "no markup"),
        ("<div>a\n  b</div>", "a b"),
        ("<p>broken <b", "broken <b"),
    ],
)
def test_html_is_reduced_to_its_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def sent(content: str | None, kind: int = 1, *more: object) -> str | None:
    container = E(
        AirSyncBase.Body, E(AirSyncBase.Type, kind), None if content is None else E(AirSyncBase.Data, content)
    )
    return received_text(data(container))


def test_received_bodies() -> None:
    assert sent("a\r\nb") == "a\nb"
    assert sent("<p>a</p>", 2) == "a"
    assert sent(None) == ""
    assert received_text(data()) is None
    assert received_text(data(E(Calendar.Body, "old"))) == "old"
    assert received_text(data(E(AirSyncBase.Body, E(AirSyncBase.Type, 1), E(AirSyncBase.Truncated, 1)))) is None


@pytest.mark.parametrize(("content", "kind"), [("{rtf}", 3), ("x" * (1024 * 1024 + 1), 1)])
def test_bodies_that_cannot_be_taken_are_status_6(content: str, kind: int) -> None:
    with pytest.raises(ItemRefused):
        sent(content, kind)


def test_cut_text_pushed_back_is_an_echo() -> None:
    wish = (BodyPreference(1, 5),)
    assert echoes("Bring", "Bring a ruler", wish)
    assert not echoes("Bring!", "Bring a ruler", wish)
    assert echoes("Bring a ruler", "Bring a ruler", wish)


@given(st.text(), st.integers(0, 40))
def test_what_was_sent_is_always_an_echo(text: str, size: int) -> None:
    for kind in (1, 2):
        wish = (BodyPreference(kind, size),)
        shown = cut(rendered(text, kind), size)[0]
        assert len(shown.encode()) <= size
        assert echoes(plain_text(shown) if kind == 2 else shown, text, wish)


@given(st.text(alphabet="<>&/abpdivr \n\"'=!-", max_size=80))
def test_odd_markup_never_breaks_the_reader(markup: str) -> None:
    assert "<script" not in plain_text(f"<script>{markup}")

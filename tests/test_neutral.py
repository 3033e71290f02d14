"""Control tags that are hidden: in other forms of their letters, or behind characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompts.neutral import CONTROL_WORDS, encodable, neutral

UNSEEN = "\u200b\u00ad\u202e\u2060\ufeff"  # zero-width space, soft hyphen, right-to-left, joiner, byte order

TAG = re.compile(
    rf"[<\[]\s*/?\s*({'|'.join(CONTROL_WORDS)})(_\d+)?\s*/?\s*[>\]]|<\s*\|[^<>|]*\|\s*>", re.IGNORECASE
)


def shown(text: str) -> str:
    """NFKC without format characters."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")


def hidden(draw: st.DrawFn) -> str:
    """A tag whose characters are wide or have unseen ones between them."""
    word = draw(st.sampled_from(CONTROL_WORDS))
    tag = draw(st.sampled_from([f"<{word}>", f"</{word}>", f"[{word}_3]", f"<|{word}|>"]))
    return "".join(
        (chr(ord(character) + 0xFEE0) if draw(st.booleans()) else character)
        + draw(st.text(UNSEEN, max_size=2))
        for character in tag
    )


@given(st.text(max_size=20), st.composite(hidden)(), st.text(max_size=20))
@example("＜", "＜think＞", "think＞")
@example("", "<th\u00adink>", "\u0338")
@example("", "<｜end▁of▁sentence｜>", "")
@example("<thI", "\u200b\u0307nk>", "")
def test_no_tag_is_left_in_what_a_reader_may_make_of_a_text(before: str, tag: str, after: str) -> None:
    clean = neutral(before + tag + after)
    assert neutral(clean) == clean
    assert not TAG.search(shown(clean))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("walks <th\u200bink> on", "walks think on"),
        ("walks ＜/think＞ on", "walks think on"),
        ("walks \u202e[assess] on", "walks \u202eassess on"),
        ("walks [as\u00adsess] on", "walks assess on"),
        ("walks <｜im_end｜> on", "walks im_end on"),
        ("walks <𝐭𝐡𝐢𝐧𝐤> on", "walks think on"),
    ],
)
def test_a_hidden_tag_loses_its_brackets(text: str, clean: str) -> None:
    assert neutral(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "a man walks ½ m… as café dancers do",
        "人が左手を三回振る、＜早く＞歩く",
        "ﬁgure ② co\u00adoperates \u200b with \ufeff signs",
        "e\u0301 stays as it is, x² < y > z",
        "\u202eright to left",
    ],
)
def test_other_text_keeps_its_characters(text: str) -> None:
    assert neutral(text) == text


@given(st.text(st.characters() | st.characters(categories=["Cs"])))
def test_what_no_encoding_takes_becomes_a_question_mark_and_the_rest_stays(text: str) -> None:
    halves = {character for character in text if unicodedata.category(character) == "Cs"}
    assert encodable(text) == "".join("?" if character in halves else character for character in text)
    encodable(text).encode()

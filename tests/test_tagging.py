"""Tags of caption words: form, lemmas, and what the neighbours decide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.tagging import tag

TAGS = "NOUN VERB ADJ ADV DET ADP PRON NUM AUX PART CCONJ SCONJ".split()


@given(st.text(max_size=80))
def test_any_text_gives_words_of_letters_with_known_tags(text):
    for token in tag(text).split():
        word, kind = token.rsplit("/", 1)
        assert kind in TAGS
        assert word.isalpha()
    assert "#" not in tag(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a person walks forward.", "a/DET person/NOUN walk/VERB forward/ADV"),
        ("He turns to the left", "he/PRON turn/VERB to/ADP the/DET left/NOUN"),
        ("raises her left arm", "raise/VERB her/DET left/ADJ arm/NOUN"),
        ("she leans left", "she/PRON lean/VERB left/ADV"),
        ("takes two steps", "take/VERB two/NUM step/NOUN"),
        ("a quick turn", "a/DET quick/ADJ turn/NOUN"),
        ("starts to jog", "start/VERB to/PART jog/VERB"),
        ("a man is sitting down", "a/DET man/NOUN is/AUX sit/VERB down/ADP"),
        ("doesn't move his feet", "does/AUX move/VERB his/DET foot/NOUN"),
        ("a counter-clockwise circle", "a/DET counterclockwise/ADJ circle/NOUN"),
        ("the person's left hand", "the/DET person/NOUN left/ADJ hand/NOUN"),
        ("swings arms from side to side", "swing/VERB arm/NOUN from/ADP side/NOUN to/ADP side/NOUN"),
        ("waving with both hands", "wave/VERB with/ADP both/DET hand/NOUN"),
        ("jumps 3 times", "jump/VERB time/NOUN"),
        ("", ""),
    ],
)
def test_captions_are_tagged_as_a_reader_would(text, expected):
    assert tag(text) == expected


def test_tags_have_the_form_of_a_caption_file():
    line = tag("A figure stands still, then bows deeply and straightens up again!")
    assert re.fullmatch(r"(\w+/[A-Z]+)( \w+/[A-Z]+)*", line)

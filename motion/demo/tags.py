"""Part-of-speech tags for the demo's captions, as lemma/TAG pairs in the manner of HumanML3D's text files."""

from __future__ import annotations

import re

from motion.demo.captions import gerund, third_person

_VERBS = (
    "applaud arch back be bend bow box bring circle clap come creep cross crouch curve dash do drop extend "
    "fold get go grab greet hold hop hurl jog jump kick kneel lean leap let lift lower lunge make move "
    "pause perform pick place punch put raise reach remain rise rotate run set shuffle sidestep sink sit "
    "sneak spin sprint squat stamp stand stay step stomp stretch stride stroll swing take throw toss touch "
    "turn walk wave zigzag"
)
_WORDS = {
    "DET": "a an the both",
    "PRON": "he she they it someone something his her their its them all that",
    "NOUN": (
        "air arc arm back ball body bow chair chest circle crouch curve degree figure fist floor foot front "
        "ground guy half hand head height hello hip knee leg line lunge man moment object pace pattern "
        "person place punch seat shoulder side spot squat step time toe torso turn waist walk woman zigzag"
    ),
    "ADJ": "upper full big high low straight slow single quarter bent deep shallow small",
    "ADV": (
        "first next then finally lastly afterwards again down up forward forwards backward backwards ahead "
        "slowly quickly fast rapidly slightly deeply politely upward overhead overhand together still once "
        "twice way around out forth over sideways halfway clockwise counterclockwise"
    ),
    "ADP": ("to in on with of for by from off onto into at without toward above along before after while"),
    "CCONJ": "and",
    "NUM": "one two three four five six seven eight nine ten",
}
_PLURALS = {"feet": "foot", "knees": "knee"}
# Words that stand for a noun here and for a verb there; the word before decides.
_BEFORE_NOUN = frozenset(
    "a an the his her their its both one two three full big deep small shallow side half quarter single "
    "left right upper shoulder hip bent slow straight make makes making throw throws throwing perform "
    "performs performing".split()
)
_SIDED = frozenset("arm arms hand hands leg legs foot feet knee knees fist side shoulder".split())


def _lexicon() -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for tag, words in _WORDS.items():
        for word in words.split():
            known.setdefault(word, (word, tag))
    for noun in _WORDS["NOUN"].split():
        known.setdefault(f"{noun}es" if noun.endswith("ch") else f"{noun}s", (noun, "NOUN"))
    known |= {plural: (word, "NOUN") for plural, word in _PLURALS.items()}
    return known | {"is": ("be", "AUX"), "bends": ("bend", "VERB")}


def _verb_forms() -> dict[str, str]:
    forms: dict[str, str] = {}
    for verb in _VERBS.split():
        forms |= {verb: verb, third_person(verb): verb, gerund(verb): verb}
    return forms


_KNOWN = _lexicon()
_FORMS = _verb_forms()


def tagged(caption: str) -> str:
    """The words of a caption as "lemma/TAG lemma/TAG ..."; punctuation is left out."""
    words = re.findall(r"[a-z]+|\d+", caption.lower())
    return " ".join(
        "/".join(_tag(word, before, after))
        for before, word, after in zip(["", *words[:-1]], words, [*words[1:], ""], strict=True)
    )


def unknown_words(caption: str) -> list[str]:
    """Words that the tagger does not know and takes for nouns."""
    words = re.findall(r"[a-z]+", caption.lower())
    return [word for word in words if word not in (*_KNOWN, *_FORMS, "left", "right")]


def _tag(word: str, before: str, after: str) -> tuple[str, str]:
    if word in ("left", "right"):
        if after in _SIDED:
            return word, "ADJ"
        return word, "NOUN" if before in _BEFORE_NOUN else "ADV"
    if word.isdigit():
        return word, "NUM"
    if word == "to" and after in _FORMS and after not in ("back", "place"):
        return word, "PART"
    if word in ("before", "after", "while") and after in _FORMS:
        return word, "SCONJ" if word == "while" else "ADP"
    if word in _FORMS and (word not in _KNOWN or before not in _BEFORE_NOUN | {"in", "at"}):
        return _FORMS[word], "ADV" if word == "back" else "VERB"
    return _KNOWN.get(word, (word, "NOUN"))

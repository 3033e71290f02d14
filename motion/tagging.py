"""Part-of-speech tags for captions of motion, in HumanML3D's form: `word/TAG word/TAG`.

As in the published text files: hyphens are dropped, only words of letters are kept, in lower
case, nouns and verbs as their lemma. Tags are those of Universal Dependencies. A small lexicon of
the words that captions use, endings for the rest, and the neighbours decide; it is no general
tagger.
"""

from __future__ import annotations

import re
from functools import lru_cache

from motion.tagging_words import BOTH, CLOSED, IRREGULAR_NOUNS, IRREGULAR_VERBS, OPEN

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?", re.UNICODE)
_SIDES = ("left", "right")
_ADVERB_ENDINGS = ("ly", "wards", "wise")
_ADJECTIVE_ENDINGS = ("ful", "less", "ous", "ive", "able", "ible", "ish", "ic", "al")
_NOUN_ENDINGS = ("tion", "ment", "ness", "ity", "ance", "ence", "ship", "er", "or", "ism", "ist")
_BEFORE_NOUN = ("DET", "ADJ", "NUM")
_POSSESSIVE = ("his", "her", "their", "its", "my", "your", "our")
_AUXILIARIES_OF_VERBS = (
    "can",
    "could",
    "will",
    "would",
    "should",
    "may",
    "might",
    "must",
    "do",
    "does",
    "did",
)


def tag(text: str) -> str:
    """The words of a caption as `lemma/TAG`, joined by spaces; empty for a text without words."""
    found = [word for word in _WORD.findall(text.replace("-", "").lower()) if _without_clitic(word).isalpha()]
    words = [_without_clitic(word) for word in found]
    tags: list[str] = []
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        negated = found[index].endswith("n't")
        tags.append("AUX" if negated else _tag(words[:index], tags, word, following))
    return " ".join(f"{_lemma(word, kind)}/{kind}" for word, kind in zip(words, tags, strict=True))


def is_known(word: str) -> bool:
    """Whether a lower-case word, or its lemma, stands in the lexicon: not guessed from its ending."""
    if word in CLOSED or word in BOTH or word in IRREGULAR_VERBS or word in IRREGULAR_NOUNS:
        return True
    return any(lemma in OPEN or lemma in BOTH for lemma in (word, _noun_lemma(word), _verb_lemma(word)))


def _without_clitic(word: str) -> str:
    """A contraction without its end: what follows the apostrophe is no word of letters."""
    stem = word.split("'")[0]
    return stem[:-1] if word.endswith("n't") and word != "can't" else stem


def _tag(words: list[str], tags: list[str], word: str, following: str) -> str:
    before, before_tag = (words[-1], tags[-1]) if words else ("", "")
    if word in _SIDES:
        return _side_tag(before, before_tag, following)
    if word == "to":
        infinitive = _may_be_verb(following) and following == _verb_lemma(following)
        return "PART" if infinitive and before != following else "ADP"
    if word in ("that", "her"):
        return _determiner_or_pronoun(word, following)
    if word in ("is", "are", "was", "were", "be", "been", "being", "am"):
        return "AUX"
    if word in ("do", "does", "did", "has", "have", "had"):
        helps = following == "not" or (_may_be_verb(following) and following not in BOTH)
        return "AUX" if helps else "VERB"
    kinds = _kinds(word)
    if kinds == ("ADV",) and before_tag == "DET" and following and "NOUN" in _kinds(following):
        return "ADJ"
    if len(kinds) == 1:
        return kinds[0]
    return _noun_or_verb(word, kinds, before, before_tag, following)


def _side_tag(before: str, before_tag: str, following: str) -> str:
    """Left and right: beside a noun an adjective, after an article a noun, else an adverb."""
    if following in ("and", "or") or not following:
        return "NOUN" if before_tag == "DET" else "ADV"
    if "NOUN" in _kinds(following) and following not in ("then", "while"):
        return "ADJ"
    return "NOUN" if before_tag == "DET" else "ADV"


def _determiner_or_pronoun(word: str, following: str) -> str:
    kinds = _kinds(following) if following else ()
    ahead = following in _SIDES or bool({"NOUN", "ADJ", "NUM"} & set(kinds))
    return "DET" if ahead and not (word == "that" and "VERB" in kinds) else "PRON"


def _kinds(word: str) -> tuple[str, ...]:
    """What a word can be: from the lexicon, else from its ending."""
    if word in CLOSED:
        return (CLOSED[word],)
    if word in BOTH:
        return ("NOUN", "VERB")
    noun, verb = _noun_lemma(word), _verb_lemma(word)
    if word in OPEN:
        return (OPEN[word],)
    if word.endswith(("ing", "ed")) and _is_verb(verb):
        return ("VERB",)
    if noun in BOTH or verb in BOTH:
        return ("NOUN", "VERB") if word.endswith("s") else ("VERB",)
    for lemma, kind in ((noun, "NOUN"), (verb, "VERB")):
        if OPEN.get(lemma) == kind:
            return (kind,)
    return (_by_ending(word),)


def _by_ending(word: str) -> str:
    if word.endswith(_ADVERB_ENDINGS):
        return "ADV"
    if word.endswith(_NOUN_ENDINGS):
        return "NOUN"
    if word.endswith(("ing", "ed", "ise", "ize")):
        return "VERB"
    return "ADJ" if word.endswith(_ADJECTIVE_ENDINGS) else "NOUN"


def _noun_or_verb(word: str, kinds: tuple[str, ...], before: str, before_tag: str, following: str) -> str:
    """Words such as step, walks, turn: decided by what stands before them, then by what follows."""
    if before in _AUXILIARIES_OF_VERBS or before_tag in ("PART", "PRON"):
        return "VERB"
    if before_tag == "ADV" and before not in ("then", "forward", "backward"):
        return "VERB"
    if before_tag == "NOUN":
        # "the person kicks the ball", against "a side step": a plural verb form has a subject.
        return "VERB" if word.endswith("s") or not following else "NOUN"
    if before_tag in _BEFORE_NOUN or before in _POSSESSIVE or before_tag == "ADP":
        # "steps two steps", "another person walks": both are after a determiner and a noun.
        return "NOUN"
    if before_tag == "VERB":
        return "NOUN"
    return "VERB" if "VERB" in kinds else kinds[0]


def _may_be_verb(word: str) -> bool:
    return bool(word) and "VERB" in _kinds(word)


def _is_verb(lemma: str) -> bool:
    return OPEN.get(lemma) == "VERB" or lemma in BOTH


def _lemma(word: str, kind: str) -> str:
    if word in _SIDES:
        return word
    if kind == "VERB":
        return _verb_lemma(word)
    return _noun_lemma(word) if kind == "NOUN" else word


@lru_cache(maxsize=8192)
def _verb_lemma(word: str) -> str:
    """Base form of a verb form: known ones first, then by its ending."""
    if word in IRREGULAR_VERBS:
        return IRREGULAR_VERBS[word]
    if _is_verb(word):
        return word
    for ending in ("ing", "ied", "ed", "ies", "es", "s"):
        if not word.endswith(ending) or len(word) - len(ending) < 2:
            continue
        stem = word[: -len(ending)]
        candidates = [stem + "y"] if ending in ("ied", "ies") else [stem, stem + "e"]
        if len(stem) > 2 and stem[-1] == stem[-2]:
            candidates.append(stem[:-1])
        for candidate in candidates:
            if _is_verb(candidate):
                return candidate
        if ending in ("ing", "ed", "ied", "ies"):
            return candidates[0]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


@lru_cache(maxsize=8192)
def _noun_lemma(word: str) -> str:
    """Singular of a noun."""
    if word in IRREGULAR_NOUNS:
        return IRREGULAR_NOUNS[word]
    if OPEN.get(word) == "NOUN" or word in BOTH or word.endswith(("ss", "us", "is")) or len(word) < 4:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word

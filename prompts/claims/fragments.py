"""From tokens to fragments: runs of words between stops and joints, and which of them come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prompts.claims.lexicon import Token, lexicon

STOPS = frozenset(".,;:!?")
_SENTENCE_ENDS = frozenset(".;:!?")
JOINTS = frozenset({"then", "and", "before", "after", "while", "but", "until", "as", "without", "when"})
_SUBORDINATE = frozenset({"before", "after", "while", "as", "without", "when"})
_LOOSE = frozenset({"", "and", "but", "then"})  # joints that a stronger one may follow


@dataclass(frozen=True)
class Fragment:
    """Words between stops and joints.

    `joint` is what leads over from the fragment before. A `fronted` fragment belongs to a clause
    that stands before its main clause ("before walking he waves"). `sentence` counts from 0.
    """

    joint: str
    words: tuple[Token, ...]
    fronted: bool = False
    sentence: int = 0


def fragments(words: Sequence[Token]) -> list[Fragment]:
    """The fragments of a text in text order."""
    found: list[Fragment] = []
    for number, sentence in enumerate(_sentences(_pointing_back_resolved(words))):
        found += [replace(fragment, sentence=number) for fragment in _of_sentence(sentence)]
    return found


def _sentences(words: Sequence[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    for token in words:
        if token.word in _SENTENCE_ENDS:
            found.append([])
        else:
            found[-1].append(token)
    return [sentence for sentence in found if sentence]


def _of_sentence(words: Sequence[Token]) -> list[Fragment]:
    found: list[Fragment] = []
    joint = ""
    run: list[Token] = []
    front_ends = 0  # where the main clause begins, behind a fronted one
    for index, token in enumerate(words):
        ends_front = 0 < front_ends == index
        if token.word == "and" and _pairs_limbs(words, index):
            continue
        if run and (ends_front or token.word in JOINTS or token.word in STOPS):
            found.append(Fragment(joint, tuple(run), index <= front_ends))
            joint, run = "", []
        if token.word in JOINTS:
            if joint in _LOOSE:
                if token.word in _SUBORDINATE and (joint == "then" or not found or joint in ("and", "but")):
                    front_ends = _end_of_front(words, index + 1) or front_ends
                joint = token.word
        elif token.word not in STOPS:
            run.append(token)
    if run:
        found.append(Fragment(joint, tuple(run)))
    return found


def _pairs_limbs(words: Sequence[Token], index: int) -> bool:
    """Whether an "and" joins the sides of limbs: "his left and right arm"."""
    following = [token.word for token in words[index + 1 : index + 4]]
    following = following[1:] if following[:1] in (["the"], ["his"], ["her"], ["its"]) else following
    sides = {words[index - 1].word if index else "", *following[:1]}
    groups = lexicon().groups
    return sides == {"left", "right"} and not (groups["arm"] | groups["leg"]).isdisjoint(following[1:2])


_SUBJECTS = frozenset("he she they someone somebody human person subject".split())
PEOPLE = frozenset("person man woman figure human someone guy individual character one".split())


def _end_of_front(words: Sequence[Token], start: int) -> int:
    """Where the main clause begins behind a fronted one that begins at `start`; 0 where none follows."""
    acted = False
    by_word = lexicon().by_word
    for index in range(start, len(words)):
        word = words[index].word
        following = words[index + 1].word if index + 1 < len(words) else ""
        if word == ",":
            return 0 if not following or following in _LOOSE else index
        if word in JOINTS and word != "and":
            return 0
        article = word in ("a", "the") and following in PEOPLE
        actor = word in _SUBJECTS or (word == "it" and following.endswith("s") and following in by_word)
        if acted and (article or actor) and words[index - 1].word not in ("another", "other", "the", "a"):
            return index
        acted = acted or word in by_word
    return 0


_BACKWARD_POINTERS = frozenset({"that", "this", "which", "these"})
_MEASURES_OF_TIME = frozenset(
    "while moment moments pause bit time second seconds instant minute minutes step steps".split()
)
_OF_TIME = frozenset("a an some few short brief little long couple of one two three".split())

_GOES_ON = tuple([word] for word in ("of", "to", "in", "forward", "backward", "back"))


_COMPARED = frozenset("more less other rather higher lower faster slower further bigger wider longer".split())


def _is_negated(words: Sequence[Token]) -> bool:
    return any(token.word in ("not", "without", "no") for token in words[-8:])


def _pointing_back_resolved(words: Sequence[Token]) -> list[Token]:
    """The words with "after that" as then, and "before that", where what is said was earlier, as after."""
    found: list[Token] = []
    index = 0
    while index < len(words):
        token = words[index]
        length = _pointer(words, index + 1, token.word) if token.word in ("after", "before") else 0
        if length:
            token = replace(token, word="then" if token.word == "after" else "after")
        elif token.word in ("during", "meanwhile", "simultaneously"):
            length = int(words[index + 1 : index + 2] != [] and words[index + 1].word in _BACKWARD_POINTERS)
            token = replace(token, word="while")
        elif (
            token.word == "or"
            and _is_negated(found)
            and words[index + 1 : index + 2]
            and words[index + 1].word.endswith("ing")
        ):
            token = replace(token, word="and")
        elif token.word == "than" and found and found[-1].word not in _COMPARED:
            token = replace(token, word="then")  # a typing error
        found.append(token)
        index += 1 + length
    return found


def _pointer(words: Sequence[Token], index: int, joint: str) -> int:
    """How many words from `index` on point back at what was said: "that", "a short while"."""
    following = [token.word for token in words[index : index + 5]]
    if following[:1] and following[0] in _BACKWARD_POINTERS:
        return 0 if following[1:2] and following[1] in PEOPLE else 1
    for length, word in enumerate(following, 1):
        if joint == "after" and length > 1 and word in _MEASURES_OF_TIME:
            return 0 if following[length : length + 1] in _GOES_ON else length
        if word not in _OF_TIME and not word.isdigit() and word not in lexicon().counts:
            return 0
    return 0

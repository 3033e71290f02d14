"""From tokens to clauses: where one action ends and the next begins, and how they follow in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from prompts.claims.attributes import pointed, start_removed
from prompts.claims.lexicon import Token, Trigger, lexicon

STOPS = frozenset(".,;:!?")
JOINTS = frozenset(
    {"then", "and", "before", "after", "while", "but", "until", "as", "without", "when", "with"}
)
DETERMINERS = frozenset({"a", "an", "the", "his", "her", "their", "its", "some"})
NEGATIONS = frozenset({"not", "without", "no"})
PRONOUNS = frozenset({"it", "them"})
_BEFORE, _AFTER, _NEAR = 3, 7, 4
_OBJECT = 6  # words between a verb and an object that names the same action


@dataclass(frozen=True)
class Head:
    """A word that names an action: where it is among the clause's tokens, and how it was read."""

    index: int
    trigger: Trigger
    verb: str


@dataclass(frozen=True)
class Clause:
    """Words about one action; `joint` is what leads over from the clause before."""

    words: tuple[Token, ...]
    joint: str
    head: Head | None  # None: no action of its own
    negated: bool = False
    carried: str = ""  # the body part that a pronoun stands for


def clauses(words: Sequence[Token]) -> list[Clause]:
    """The clauses of a text in text order, each with its head where one was found."""
    found: list[Clause] = []
    pending: tuple[Token, ...] = ()
    pending_joint = ""
    part = ""
    fragments = _fragments(words)
    for number, (joint, fragment) in enumerate(fragments):
        heads = _heads(fragment, part)
        if not heads and number + 1 < len(fragments) and fragments[number + 1][0] == "and":
            fragment, heads = _with_object(fragment, fragments[number + 1][1], part)
        if not heads:
            if found and not pending and not _elliptical(fragment):
                last = found[-1]
                found[-1] = Clause(last.words + fragment, last.joint, last.head, last.negated, last.carried)
            elif found:
                found.append(Clause(fragment, joint, None))
            else:
                pending, pending_joint = pending + fragment, pending_joint or joint
            continue
        shift = len(pending)
        heads = [Head(head.index + shift, head.trigger, head.verb) for head in heads]
        pieces = _split(pending + fragment, pending_joint or joint, heads, part)
        pending, pending_joint = (), ""
        found += pieces
        part = heads[-1].trigger.part
    return found


def _fragments(words: Sequence[Token]) -> list[tuple[str, tuple[Token, ...]]]:
    """Runs of words between stops and joints, each with its joint; "with" begins none of its own."""
    found: list[tuple[str, tuple[Token, ...]]] = []
    joint, run = "", []
    for token in _pointing_back_resolved(words):
        is_joint = token.word in JOINTS and token.word != "with"
        if not is_joint and token.word not in STOPS:
            run.append(token)
            continue
        if run:
            found.append((joint, tuple(run)))
            joint, run = "", []
        if is_joint and joint in ("", "and", "but"):
            joint = token.word
    if run:
        found.append((joint, tuple(run)))
    return found


_BACKWARD_POINTERS = frozenset({"that", "this", "which", "these"})
_MEASURES_OF_TIME = frozenset(
    "while moment moments pause bit time second seconds instant minute minutes".split()
)
_OF_TIME = frozenset("a an some few short brief little long couple of one two three".split())
_PEOPLE = frozenset("person man woman figure human someone guy individual character one".split())


def _pointing_back_resolved(words: Sequence[Token]) -> list[Token]:
    """The words with "after that" as then, and "before that", where what is said was earlier, as after."""
    found: list[Token] = []
    index = 0
    while index < len(words):
        token = words[index]
        length = _pointer(words, index + 1, token.word) if token.word in ("after", "before") else 0
        if length:
            token = replace(token, word="then" if token.word == "after" else "after")
        found.append(token)
        index += 1 + length
    return found


def _pointer(words: Sequence[Token], index: int, joint: str) -> int:
    """How many words from `index` on point back at what was said: "that", "a short while"."""
    following = [token.word for token in words[index : index + 5]]
    if following[:1] and following[0] in _BACKWARD_POINTERS:
        return 0 if following[1:2] and following[1] in _PEOPLE else 1
    for length, word in enumerate(following, 1):
        if joint == "after" and length > 1 and word in _MEASURES_OF_TIME:
            return 0 if following[length : length + 1] == ["of"] else length
        if word not in _OF_TIME:
            return 0
    return 0


def _with_object(
    fragment: tuple[Token, ...], following: tuple[Token, ...], part: str
) -> tuple[tuple[Token, ...], list[Head]]:
    """The fragment with the object of the verb that follows: "raises and lowers the arm"."""
    by_word = lexicon().by_word
    if fragment[-1].word not in by_word or following[0].word not in by_word:
        return fragment, []
    longer = fragment + following[1:]
    heads = [head for head in _heads(longer, part) if head.index == len(fragment) - 1]
    return (longer, heads) if heads else (fragment, [])


def _elliptical(fragment: tuple[Token, ...]) -> bool:
    """Whether words without a verb go on with the action before: "one back", "then forward"."""
    if len(fragment) > 4:
        return False
    found = {token.word for token in fragment}
    return bool(found & {"forward", "backward", "back"}) and not found & set().union(
        lexicon().groups["arm"], lexicon().groups["leg"]
    )


def _heads(fragment: tuple[Token, ...], part: str) -> list[Head]:
    heads = [head for index in range(len(fragment)) if (head := _head(fragment, index, part))]
    strong = [head for head in heads if not head.trigger.light]
    if strong:
        return _without_postures(fragment, _without_counting_steps(fragment, strong))
    better = [head for head in heads if not head.trigger.last] or heads
    return better[:1]


def _head(fragment: tuple[Token, ...], index: int, part: str) -> Head | None:
    if (
        index
        and fragment[index - 1].word in DETERMINERS
        and fragment[index].word in lexicon().groups["thing"]
    ):
        return None  # a box is a thing, to box an action
    best: Head | None = None
    for trigger, verb in lexicon().by_word.get(fragment[index].word, ()):
        if not _applies(trigger, fragment, index, part):
            continue
        if best is None or trigger.weight > best.trigger.weight:
            best = Head(index, trigger, verb)
    return best


def _applies(trigger: Trigger, fragment: tuple[Token, ...], index: int, part: str) -> bool:
    groups = lexicon().groups
    around = {token.word for token in fragment[max(0, index - _BEFORE) : index + _AFTER + 1]}
    around.discard(fragment[index].word)
    around -= _limb_sides(fragment)
    if part in ("arm", "leg") and around & PRONOUNS:
        around |= {part}
    following = {token.word for token in fragment[index + 1 : index + 1 + _NEAR]}
    if trigger.near and not trigger.near & following:
        return False
    if any(not groups[name] & around for name in trigger.needs):
        return False
    if any(groups[name] & around for name in trigger.without):
        return False
    return not trigger.passive or _is_passive(fragment, index)


def _limb_sides(fragment: tuple[Token, ...]) -> set[str]:
    """Left and right where they are said of limbs alone: they point nowhere then."""
    words = " ".join(token.word for token in fragment)
    return {"left", "right"} - pointed(start_removed(words))


def _is_passive(fragment: tuple[Token, ...], index: int) -> bool:
    before = {token.word for token in fragment[max(0, index - _BEFORE) : index]}
    return bool(before & {"is", "gets", "get", "being", "was", "getting", "been", "got", "be", "a"})


def _without_counting_steps(fragment: tuple[Token, ...], heads: list[Head]) -> list[Head]:
    """Steps beside another action count it ("walks 4 steps", "turns in two steps")."""
    others = [head for head in heads if fragment[head.index].word not in ("step", "steps")]
    return others or heads[:1]


def _without_postures(fragment: tuple[Token, ...], heads: list[Head]) -> list[Head]:
    """Limbs that are bent while something else is done are a posture, no action."""
    acting = [head for head in heads if not _is_posture(fragment, head, heads)] or heads
    return [
        head
        for earlier, head in zip([None, *acting], acting, strict=False)
        if earlier is None or not _repeats(earlier, head)
    ]


def _is_posture(fragment: tuple[Token, ...], head: Head, heads: Sequence[Head]) -> bool:
    """Bent limbs, a path that bends, and leaning in order to reach."""
    if fragment[head.index].word in ("bent", "crouched"):
        return True
    if head.trigger.action != "bend":
        return False
    later = [other for other in heads if other.index > head.index]
    to_reach = any(fragment[other.index - 1].word == "to" for other in later)
    return to_reach or (head.index > 0 and fragment[head.index - 1].word in ("that", "which"))


def _repeats(earlier: Head, head: Head) -> bool:
    """Whether a head is but the object of the one before: "draws circles"."""
    if not head.trigger.action:  # "a waving gesture"
        return bool(earlier.trigger.action) and head.index - earlier.index == 1
    return earlier.trigger.action == head.trigger.action and head.index - earlier.index <= _OBJECT


def _split(words: tuple[Token, ...], joint: str, heads: Sequence[Head], part: str) -> list[Clause]:
    """One clause a head: a later head takes the words that lead up to it."""
    starts = [0] + [_lead(words, earlier.index, head.index) for earlier, head in pairwise(heads)]
    ends = [*starts[1:], len(words)]
    found = []
    for order, (head, start, end) in enumerate(zip(heads, starts, ends)):
        inner = Head(head.index - start, head.trigger, head.verb)
        lead = {token.word for token in words[max(start, head.index - 4) : head.index]}
        negated = bool(lead & NEGATIONS) or (order == 0 and joint == "without")
        found.append(Clause(words[start:end], "while" if order else joint, inner, negated, part))
    return found


_LEADING = frozenset(
    "a an the one his her their its left right big small little wide high full half quarter degree degrees "
    "slow quick fast slowly quickly not without with to performs performing doing does makes making takes "
    "taking wide single sharp sudden other another first second large short".split()
)


def _lead(words: Sequence[Token], after: int, head: int) -> int:
    """Where the words begin that belong to the head, not before the head at `after`."""
    start = head
    while start - 1 > after and (words[start - 1].word in _LEADING or _is_number(words[start - 1].word)):
        start -= 1
    if (
        words[start].word in ("left", "right")
        and start - 1 > after
        and words[start - 1].word in ("the", "his")
    ):
        start += 1
    return start


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in lexicon().counts

"""From fragments to clauses: which words name an action, and which words belong to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from prompts.claims.fragments import Fragment, fragments
from prompts.claims.heads import DETERMINERS, ENDING, PRONOUNS, TAKING, Head, heads_of, is_number, limb_words
from prompts.claims.lexicon import Token, Trigger, lexicon

NEGATIONS = frozenset({"not", "without", "no"})
_AFTER = 7
_NEGATED = 3  # words between a negation and its verb


@dataclass(frozen=True)
class Clause:
    """Words about one action; `joint` is what leads over from the clause before.

    `fronted` and `sentence` are those of its fragment.
    """

    words: tuple[Token, ...]
    joint: str
    head: Head | None  # None: no action of its own
    negated: bool = False
    carried: str = ""  # the body part that a pronoun stands for
    fronted: bool = False
    sentence: int = 0

    @property
    def gerund(self) -> bool:
        """Whether the action is named by a verb in -ing."""
        return self.head is not None and self.words[self.head.index].word.endswith("ing")


def clauses(words: Sequence[Token]) -> list[Clause]:
    """The clauses of a text in text order, each with its head where one was found."""
    found: list[Clause] = []
    pending: tuple[Token, ...] = ()
    pending_joint = ""
    part = ""
    runs = fragments(words)
    for number, run in enumerate(runs):
        fragment = run.words
        if found and _is_likeness(run, found[-1]):
            continue
        heads = heads_of(fragment, part)
        if not heads and number + 1 < len(runs) and runs[number + 1].joint == "and":
            fragment, heads = _with_object(fragment, runs[number + 1].words, part)
        if found and heads and _ends_by_steps(fragment, heads):
            continue
        if not heads:
            if found and fragment[0].word in ENDING:
                continue
            if found and not pending and not (_goes_ways(found[-1]) and _elliptical(fragment, run.joint)):
                found[-1] = _longer(found[-1], fragment)
            elif found:
                found.append(Clause(fragment, run.joint, None, sentence=run.sentence))
            else:
                pending, pending_joint = pending + fragment, pending_joint or run.joint
            continue
        shift = len(pending)
        heads = [Head(head.index + shift, head.trigger, head.verb) for head in heads]
        whole = Fragment(pending_joint or run.joint, pending + fragment, run.fronted, run.sentence)
        both_gerunds = bool(found) and found[-1].gerund and whole.words[heads[0].index].word.endswith("ing")
        inherits = both_gerunds and run.joint == "and" and found[-1].negated
        found += _split(whole, heads, part, inherits)
        pending, pending_joint = (), ""
        part = _carried(fragment, heads[-1].trigger, part)
    return found


_OF_THINGS = frozenset({"pick_up", "place", "throw", "reach"})


def _carried(fragment: tuple[Token, ...], trigger: Trigger, before: str) -> str:
    """The part of the body that "it" and "them" may stand for in the next clause, where no thing does."""
    things = lexicon().groups["thing"] - (PRONOUNS if before else frozenset())
    if not trigger.action and not things.isdisjoint(token.word for token in fragment):
        return ""
    about_limb = trigger.action not in _OF_THINGS if trigger.action else bool(trigger.needs)
    return trigger.part if about_limb else ""


def _ends_by_steps(fragment: tuple[Token, ...], heads: Sequence[Head]) -> bool:
    """Whether steps only tell when something ended: "stops a few steps later"."""
    steps = all(fragment[head.index].word in ("step", "steps") for head in heads)
    return steps and fragment[0].word in ENDING


def _is_likeness(run: Fragment, before: Clause) -> bool:
    """Whether words only say what the action before looks like: "as if he was pushed"."""
    plain = before.head is not None and not before.head.trigger.last
    first = run.words[0].word
    return plain and (first == "like" or (run.joint == "as" and first in ("if", "though")))


def _longer(clause: Clause, words: tuple[Token, ...]) -> Clause:
    more = clause.words + words
    return Clause(
        more, clause.joint, clause.head, clause.negated, clause.carried, clause.fronted, clause.sentence
    )


def _with_object(
    fragment: tuple[Token, ...], following: tuple[Token, ...], part: str
) -> tuple[tuple[Token, ...], list[Head]]:
    """The fragment with the object of the verb that follows: "raises and lowers the arm"."""
    by_word = lexicon().by_word
    if fragment[-1].word not in by_word or following[0].word not in by_word:
        return fragment, []
    longer = fragment + following[1:]
    heads = [head for head in heads_of(longer, part) if head.index == len(fragment) - 1]
    return (longer, heads) if heads else (fragment, [])


def _goes_ways(clause: Clause) -> bool:
    """Whether another direction is another action: a swing "forward and backward" is one swing."""
    return clause.head is None or clause.head.trigger.action not in ("swing_arm", "wave", "circle_arm")


def _elliptical(fragment: tuple[Token, ...], joint: str) -> bool:
    """Whether words without a verb go on with the action before: "one back", "then forward"."""
    words = [token.word for token in fragment]
    far = joint == "then" or words[:2] == ["the", "same"]
    if len(words) > (7 if far else 4) and (joint, words[0]) != ("then", "back"):
        return False
    found = set(words)
    if found & PRONOUNS or (not joint and fragment[0].word in TAKING):
        return False
    onward = {"forward", "backward", "back"} | (_SIDEWARDS if joint == "then" else set())
    limbs = found & limb_words()
    return bool(found & onward) and (not limbs or joint == "then")


_SIDEWARDS = frozenset({"left", "right", "sideways", "sidewards"})


def _split(run: Fragment, heads: Sequence[Head], part: str, inherits: bool) -> list[Clause]:
    """One clause a head: a later head takes the words that lead up to it."""
    words, joint = run.words, "while" if inherits else run.joint
    starts = [0] + [_lead(words, earlier.index, head) for earlier, head in pairwise(heads)]
    ends = [*starts[1:], len(words)]
    found = []
    for order, (head, start, end) in enumerate(zip(heads, starts, ends)):
        inner = Head(head.index - start, head.trigger, head.verb)
        lead = {token.word for token in words[max(start, head.index - _NEGATED) : head.index]}
        negated = bool(lead & NEGATIONS) or (order == 0 and (joint == "without" or inherits))
        link = joint
        if order:
            link = "then" if _goes_on(words, heads[order - 1], head) else "while"
        elif words[head.index].word == "bent" and joint == "and":
            link = "while"
        found.append(Clause(words[start:end], link, inner, negated, part, run.fronted, run.sentence))
    return found


def _goes_on(words: Sequence[Token], earlier: Head, head: Head) -> bool:
    """Whether a head follows in time although no joint says so: "walks forward gets pushed"."""
    lead = words[head.index - 1].word
    finite = words[head.index].word in (head.verb + "s", head.verb + "es")
    told = finite and lead not in DETERMINERS
    if words[head.index].word in head.trigger.nouns:
        told = finite and (lead in _WAYS or lead in limb_words())
    pushed = head.trigger.passive and lead in ("gets", "is")
    opens = {token.word for token in words[: earlier.index]}
    return (told or pushed) and words[earlier.index].word == earlier.verb + "s" and opens.isdisjoint(_WHO)


_WAYS = frozenset({"forward", "backward", "back", "around", "away"})
_WHO = frozenset({"who", "that", "which"})


_LEADING = frozenset(
    "a an the one his her their its left right big small little wide high full half quarter degree degrees "
    "slow quick fast slowly quickly not without with to performs performing doing does makes making takes "
    "taking wide single sharp sudden other another first second large short".split()
)

# What stands before these belongs to the action before: "to the left performing a turn".
_BEGINNING = frozenset("to by performs performing doing does makes making takes taking not without".split())
_LEADING_STEPS = _LEADING | {"by", "forward", "backward", "few", "some"}


def _lead(words: Sequence[Token], after: int, head: Head) -> int:
    """Where the words begin that belong to the head, not before the head at `after`."""
    limbs = lexicon().groups.get(head.trigger.part, frozenset())
    for index in range(head.index - 2, max(after, head.index - _AFTER), -1):
        if words[index].word == "with" and any(token.word in limbs for token in words[index : head.index]):
            return index  # "with his legs stretched"
    start = head.index
    leading = _LEADING_STEPS if words[start].word in ("step", "steps") else _LEADING
    while start - 1 > after and (words[start - 1].word in leading or is_number(words[start - 1].word)):
        start -= 1
        if words[start].word in _BEGINNING:
            return start
    if (
        words[start].word in ("left", "right")
        and start - 1 > after
        and words[start - 1].word in ("the", "his")
    ):
        start += 1
    return start

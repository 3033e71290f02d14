"""Which words of a fragment name its actions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motion.events import LOCOMOTION
from prompts.claims.attributes import pointed, start_removed
from prompts.claims.fragments import PEOPLE
from prompts.claims.lexicon import Token, Trigger, lexicon
from prompts.inflect import verb_forms

ENDING = verb_forms("stop") | verb_forms("end") | verb_forms("finish")  # "and stops facing right"
DETERMINERS = frozenset({"a", "an", "the", "his", "her", "their", "its", "some", "own"})
PRONOUNS = frozenset({"it", "them"})
_BEFORE, _AFTER, _NEAR = 3, 7, 4
_OBJECT = 6  # words between a verb and an object that names the same action


@dataclass(frozen=True)
class Head:
    """A word that names an action: where it is among the clause's tokens, and how it was read."""

    index: int
    trigger: Trigger
    verb: str


def heads_of(fragment: tuple[Token, ...], part: str) -> list[Head]:
    """The words that name an action, in text order; `part` is what "it" may stand for."""
    heads = [head for index in range(len(fragment)) if (head := _head(fragment, index, part))]
    strong = [head for head in heads if not head.trigger.light]
    if strong:
        return _without_postures(fragment, _without_counting_steps(fragment, strong))
    better = [head for head in heads if not head.trigger.last] or heads
    return better[:1]


_WITH = frozenset({"with", "have", "hold", "keep"})
_PARTICIPLES = frozenset({"raised", "lifted", "held", "stretched", "extended", "spread", "outstretched"})
_MANNER = frozenset({"manner", "style", "way", "fashion", "stance", "direction", "position", "posture"})


def _head(fragment: tuple[Token, ...], index: int, part: str) -> Head | None:
    entries = lexicon().by_word.get(fragment[index].word)
    if entries is None or _is_thing(fragment, index):
        return None
    best: Head | None = None
    for trigger, verb in entries:
        if best is not None and trigger.weight <= best.trigger.weight:
            continue
        if _applies(trigger, fragment, index, part):
            best = Head(index, trigger, verb)
    return best


def _is_thing(fragment: tuple[Token, ...], index: int) -> bool:
    """Whether the word is a thing or a quality: a box, his head, the starting point, a boxing manner."""
    groups = lexicon().groups
    word = fragment[index].word
    following = fragment[index + 1].word if index + 1 < len(fragment) else ""
    if following in _MANNER and (word.endswith("ing") or word == "bend"):
        return True
    if not index:
        return False
    before = fragment[index - 1].word
    if word in ("bow", "bows"):  # of an archer
        return any(token.word in _HANDLING for token in fragment[max(0, index - 4) : index])
    if before == "in" and word.endswith("ing"):  # "an evasive motion in boxing"
        return True
    if word == "bent":
        return any(token.word in limb_words() for token in fragment)
    if word == "close" and following == "to":
        return True
    if (
        before == "to"
        and index > 1
        and fragment[index - 2].word in ("ready", "prepares", "preparing", "about")
    ):
        return True
    if word in ("circle", "circles") and "in" in (before, fragment[index - 2].word if index > 1 else ""):
        return True
    if word in groups["noun"] and (before in ("one", "another", "each", "every") or is_number(before)):
        return True  # "from one point to another"
    of_quality = index > 1 and fragment[index - 2].word in DETERMINERS and before not in PEOPLE | limb_words()
    if of_quality and word in groups["thing"] - PRONOUNS:
        return True  # "a heavy box"
    if before in DETERMINERS:
        return word in groups["thing"] or word in groups["noun"] or word in _PARTICIPLES
    return word in groups["noun"] and before in groups["qualifier"]


_HANDLING = frozenset({"with"}).union(
    *(verb_forms(verb) for verb in ("draw", "hold", "shoot", "pull", "use", "grab", "string", "carry"))
)
_FOLLOWING = frozenset({"thing", "aloft", "lifted", "hip", "crown", "lap"})  # what stands behind its verb


def _applies(trigger: Trigger, fragment: tuple[Token, ...], index: int, part: str) -> bool:
    groups = lexicon().groups
    if trigger.action in LOCOMOTION and "move" in trigger.verbs and _moves_another(fragment, index, part):
        return False
    if trigger.near and not any(
        token.word in trigger.near for token in fragment[index + 1 : index + 1 + _NEAR]
    ):
        return False
    if trigger.before and not (index and fragment[index - 1].word in trigger.before):
        return False
    if trigger.needs or trigger.without:
        around = {token.word for token in fragment[max(0, index - _BEFORE) : index + _AFTER + 1]}
        around.discard(fragment[index].word)
        if "left" in around or "right" in around:
            around -= _limb_sides(fragment)
        if part in ("arm", "leg") and around & PRONOUNS:
            around.add(part)
        following = {token.word for token in fragment[index + 1 : index + _AFTER + 1]}
        for name in trigger.needs:
            if groups[name].isdisjoint(following if name in _FOLLOWING else around):
                return False
        if any(not groups[name].isdisjoint(around) for name in trigger.without):
            return False
    return not trigger.passive or _is_passive(fragment, index)


_QUALITIES = DETERMINERS | frozenset(
    "both left right two upper lower one bent stretched outstretched".split()
)


def _moves_another(fragment: tuple[Token, ...], index: int, part: str) -> bool:
    """Whether what moves is a limb or a thing, not the body: "moves the left hand forward"."""
    objects = limb_words() | (lexicon().groups["thing"] - PRONOUNS) | lexicon().groups["head"]
    for token in fragment[index + 1 : index + 1 + _NEAR]:
        if token.word in objects or (part in ("arm", "leg") and token.word in PRONOUNS):
            return True
        if token.word not in _QUALITIES:
            return False
    return False


def _limb_sides(fragment: tuple[Token, ...]) -> set[str]:
    """Left and right where they are said of limbs alone: they point nowhere then."""
    words = " ".join(token.word for token in fragment)
    return {"left", "right"} - pointed(start_removed(words))


_PASSIVE = frozenset(
    "is gets get being was getting been got be a are were receive receives receiving received".split()
)


def _is_passive(fragment: tuple[Token, ...], index: int) -> bool:
    before = {token.word for token in fragment[max(0, index - _BEFORE) : index]}
    if before & _PASSIVE == {"a"} and before & TAKING:  # "performs a hit"
        return False
    if index + 1 < len(fragment) and fragment[index + 1].word in ("kick", "kicks"):  # "a push kick"
        return False
    return not before.isdisjoint(_PASSIVE) and not fragment[index].word.endswith(("ing", "s"))


def _without_counting_steps(fragment: tuple[Token, ...], heads: list[Head]) -> list[Head]:
    """Steps beside another way of going count it ("walks 4 steps"); beside a turn they are a walk."""
    found = [
        head
        for head in heads
        if fragment[head.index].word not in ("step", "steps")
        or not any(_counts(fragment, other, head) for other in heads if other is not head)
    ]
    return found or heads[:1]


TAKING = frozenset().union(*(verb_forms(verb) for verb in ("take", "make", "do", "perform", "walk")))


def _counts(fragment: tuple[Token, ...], other: Head, steps: Head) -> bool:
    """Whether the steps are those of the other action."""
    word = fragment[other.index].word
    if word in ("step", "steps"):
        return other.index < steps.index
    before = range(max(0, steps.index - 2), steps.index)
    if not other.trigger.action and other.index > steps.index:
        return False
    if other.trigger.action == "turn":
        return not any(is_number(fragment[index].word) for index in before)
    if other.trigger.action:
        return other.trigger.action in (*LOCOMOTION, "jump")
    between = fragment[other.index + 1 : steps.index]
    return not any(token.word in TAKING for token in between)


def _without_postures(fragment: tuple[Token, ...], heads: list[Head]) -> list[Head]:
    """Limbs that are bent while something else is done are a posture, no action."""
    acting = [head for head in heads if not _is_posture(fragment, head, heads)] or heads
    kept: list[Head] = []
    for head in acting:
        if not kept or not _repeats(fragment, kept[-1], head):
            kept.append(head)
    return kept


_PATHLIKE = frozenset({"motion", "movement", "line", "path", "way"})
_STATES = frozenset({"kneel", "sit_down", "squat", "lie_down", "stand", "bend", "crawl"})


def _is_posture(fragment: tuple[Token, ...], head: Head, heads: Sequence[Head]) -> bool:
    """Bent limbs, a path that bends, leaning in order to reach, and what one comes up from."""
    if fragment[head.index].word in ("bent", "crouched"):
        return True
    if any(other.index == head.index + 1 and other.trigger.action in LOCOMOTION for other in heads):
        return head.trigger.action == "bend"
    lead = [token.word for token in fragment[max(0, head.index - 3) : head.index]]
    later = [other for other in heads if other.index > head.index]
    to_act = any(fragment[other.index - 1].word == "to" for other in later)
    if head.verb == "use" and to_act:
        return True  # "uses his hand to touch"
    if head.verb == "bend" and not {"a", "the"}.isdisjoint(lead[-2:]):
        return any(other.trigger.action in LOCOMOTION for other in heads)  # "walks a bend"
    following = fragment[head.index + 1 : head.index + 1 + _AFTER]
    if not head.trigger.action and head.trigger.part == "body":  # "recovers by stepping back"
        by = next((head.index + 1 + n for n, token in enumerate(following) if token.word == "by"), 0)
        return any(other.index > by > 0 for other in heads)
    if "from" in lead and head.trigger.action in _STATES:
        return True
    if fragment[head.index].word == "bending" and following and following[0].word in _PATHLIKE:
        return any(other.trigger.action in LOCOMOTION for other in heads)
    if lead[-2:] == ["of", "a"]:
        return head.trigger.action == "turn"  # "walks a quarter of a rotation"
    if head.trigger.action != "bend":
        return False
    return to_act or (head.index > 0 and fragment[head.index - 1].word in ("that", "which"))


def _repeats(fragment: tuple[Token, ...], earlier: Head, head: Head) -> bool:
    """Whether a head is but the object or manner of the one before: "draws circles"."""
    if earlier.verb in _WITH and fragment[head.index].word in _PARTICIPLES:
        return True  # "with his arms raised"
    if any(token.word in ("like", "if") for token in fragment[earlier.index + 1 : head.index]):
        return True  # "holds his hands like running"
    if head.verb in ("with", "use") and earlier.trigger.part == "arm":
        return True  # "reaches with his hand up"
    if not head.trigger.action and not earlier.trigger.action:  # "dances the waltz"
        between = {token.word for token in fragment[earlier.index + 1 : head.index]}
        return (
            earlier.verb in (head.verb, "dance")
            or (len(between) <= 3 and bool(between & DETERMINERS))
            or (head.trigger.part == earlier.trigger.part == "arm" and head.index - earlier.index <= 3)
        )
    if not head.trigger.action:  # "a waving gesture"
        return head.index - earlier.index == 1 and not fragment[head.index].word.endswith("ing")
    return earlier.trigger.action == head.trigger.action and head.index - earlier.index <= _OBJECT


def limb_words() -> frozenset[str]:
    """The words for arms and legs."""
    return lexicon().groups["arm"] | lexicon().groups["leg"]


def is_number(word: str) -> bool:
    """Whether a word is a number, in figures or letters."""
    return word[0].isdigit() or word in lexicon().counts

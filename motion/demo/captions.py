"""Captions of demo clips: several sentence patterns and verbs for every action, in three levels of detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from motion.demo.phrases import PHRASES
from motion.demo.stage import Done

_SUBJECTS = tuple(
    pair.partition("/")[::2]
    for pair in (
        "a person/their|a man/his|a woman/her|someone/their|a figure/its|"
        "the person/their|the man/his|the woman/her|a person/his|a guy/his"
    ).split("|")
)
_AGAIN = {"his": "he", "her": "she", "their": "they", "its": "it"}
_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# Verbs whose last consonant is doubled before -ing.
_DOUBLED = frozenset("run step sidestep jog clap squat sit hop put set spin get drop grab let zigzag".split())
# Amounts up to the first are small, from the second on they are big.
_LEVELS = {"squat": (0.31, 0.38), "bow": (51.0, 62.0), "jump": (0.24, 0.3)}
_LATERAL = ("left", "right")
_TYPO_SHARE = 0.01
# A spelling mistake must not change what a caption claims.
_SPARED = tuple("left right clockwise counterclockwise forward forwards backward backwards across".split())


@dataclass(frozen=True)
class Voice:
    """Who is spoken of, and how fully: 0 terse, 1 with sides and directions, 2 with all that is known."""

    subject: str
    owner: str
    detail: int


@dataclass(frozen=True)
class Phrase:
    """One action in words, with what they were made from."""

    text: str
    template: str
    counted: bool  # whether the words tell how often, or how many steps


@dataclass(frozen=True)
class Spoken:
    """A caption with its phrases, in the order of the events."""

    text: str
    phrases: tuple[Phrase, ...]


def voice(rng: np.random.Generator, detail: int) -> Voice:
    """A subject with its possessive."""
    subject, owner = _SUBJECTS[int(rng.integers(len(_SUBJECTS)))]
    return Voice(subject, owner, detail)


def caption(
    rng: np.random.Generator, events: Sequence[Done], detail: int, like: Sequence[str] = ()
) -> Spoken:
    """One sentence, lower case, true of the events in this order.

    With `like`, a template for each event, that template is used where it is true of the event; the same
    draws then say the same of another event in the same words.
    """
    speaker = voice(rng, detail)
    wanted = like or [""] * len(events)
    said = [phrase(rng, event, speaker, template) for event, template in zip(events, wanted, strict=True)]
    sentence = _typo(rng, _join(rng, [each.text for each in said], speaker))
    return Spoken(f"{sentence}." if rng.random() < 0.5 else sentence, tuple(said))


def phrase(rng: np.random.Generator, event: Done, speaker: Voice, like: str = "") -> Phrase:
    """What is done, beginning with the bare verb: "wave the left hand three times"."""
    kinds = PHRASES[event.action]
    choices = [text for text, needs in kinds if _fits(event, speaker.detail, needs)]
    template = choices[int(rng.integers(len(choices)))]
    if like in choices:
        template = like
    words = _fields(rng, event, speaker)
    counted = any(f"{{{name}}}" in template and words[name] for name in ("times", "steps"))
    return Phrase(" ".join(template.format(**words).split()), template, counted)


def _fits(event: Done, detail: int, needs: str) -> bool:
    """Whether a phrase may be used: each word of `needs` is a value of the event, "!" before it denies."""
    values = {
        event.side,
        event.direction,
        event.path,
        event.speed,
        event.manner,
        str(event.count),
        f"{event.amount:.0f}deg",
    }
    values |= {"full"} if detail == 2 else set()
    if event.action == "reach" and event.direction in _LATERAL and event.side != event.direction:
        values.add("across")
    small, big = _LEVELS.get(event.action, (0.0, float("inf")))
    values |= {"small"} if event.amount <= small else {"big"} if event.amount >= big else set()
    # One word may list values of which one is enough: left|right.
    return all(
        values.isdisjoint(need[1:].split("|")) if need.startswith("!") else values & set(need.split("|"))
        for need in needs.split()
    )


def _fields(rng: np.random.Generator, event: Done, speaker: Voice) -> dict[str, str]:
    """Words for the places in a phrase; what the level of detail leaves out is empty."""
    detail, owner = speaker.detail, speaker.owner
    one_sided = event.side in ("left", "right")
    told = one_sided and (detail > 0 or rng.random() < 0.4)
    the = _either(rng, owner, "the") if detail else owner
    sided = f"{the} {event.side}" if told else _either(rng, "one", "an") if one_sided else "both"
    limb = sided if sided != "an" else "one"
    return {
        "side": event.side,
        "arm": f"{sided} arm" if one_sided else f"both {_either(rng, '', owner + ' ')}arms",
        "hand": f"{owner} {event.side} hand" if told else f"{owner} hand" if one_sided else "both hands",
        "with_hand": f"with {owner} {event.side} hand" if told else "" if one_sided else "with both hands",
        "fist": f"with {owner} {event.side} fist" if told else "" if one_sided else "with both fists in turn",
        "leg": f"{limb} leg",
        "knee": f"{limb} knee",
        "foot": f"{limb} foot",
        "on_foot": f"on {owner} {event.side} {_either(rng, 'foot', 'leg')}" if told else "on one leg",
        "his": owner,
        "to": _direction(rng, event.direction, owner) if detail or rng.random() < 0.5 else "",
        "must": _direction(rng, event.direction, owner),
        "times": _times(rng, event.count) if detail else "",
        "steps": _steps(rng, event.count) if detail == 2 else "",
        "degrees": f"{event.amount:.0f}",
        "fast": _speed(rng, event.speed) if detail == 2 or (detail and rng.random() < 0.4) else "",
        "round": {"left": "counterclockwise", "right": "clockwise"}.get(event.side, ""),
    }


def _direction(rng: np.random.Generator, direction: str, owner: str) -> str:
    if direction in ("left", "right"):
        return _either(rng, f"to the {direction}", f"to the {direction}", f"to {owner} {direction}")
    if direction == "forward":
        return _either(rng, "forward", "forward", "forwards", "straight ahead")
    return _either(rng, "backward", "backwards") if direction == "backward" else direction


def _times(rng: np.random.Generator, count: int) -> str:
    if count == 1:
        return _either(rng, "", "", "once")
    if count == 2:
        return _either(rng, "twice", "two times", "2 times")
    return _either(rng, f"{_NUMBERS[count]} times", f"{_NUMBERS[count]} times", f"{count} times")


def _steps(rng: np.random.Generator, count: int) -> str:
    if count == 1:
        return _either(rng, "one step", "1 step", "a single step")
    return _either(rng, f"{_NUMBERS[count]} steps", f"{_NUMBERS[count]} steps", f"{count} steps")


def _speed(rng: np.random.Generator, speed: str) -> str:
    if speed == "slow":
        return _either(rng, "slowly", "slowly", "at a slow pace")
    return _either(rng, "quickly", "fast", "rapidly") if speed == "fast" else ""


def _join(rng: np.random.Generator, verbs: list[str], speaker: Voice) -> str:
    subject, again = speaker.subject, _AGAIN[speaker.owner]
    now = [third_person(verb) for verb in verbs]
    # "they" takes the bare verb.
    back = [verb.replace("~", "") if again == "they" else third_person(verb) for verb in verbs]
    if len(verbs) == 1:
        return _either(rng, f"{subject} {now[0]}", f"{subject} {now[0]}", f"{subject} is {gerund(verbs[0])}")
    if len(verbs) == 2:
        return _either(
            rng,
            f"{subject} {now[0]} and then {now[1]}",
            f"{subject} {now[0]}, then {now[1]}",
            f"{subject} {now[0]} before {gerund(verbs[1])}",
            f"after {gerund(verbs[0])}, {subject} {now[1]}",
            f"{subject} {now[0]}. after that {again} {back[1]}",
            f"{subject} first {now[0]} and afterwards {now[1]}",
        )
    return _either(
        rng,
        f"{subject} {now[0]}, {now[1]} and then {now[2]}",
        f"{subject} {now[0]}, then {now[1]}, and finally {now[2]}",
        f"{subject} first {now[0]}, next {now[1]}, and lastly {now[2]}",
        f"{subject} {now[0]} and {now[1]} before {gerund(verbs[2])}",
        f"after {gerund(verbs[0])}, {subject} {now[1]} and then {now[2]}",
        f"{subject} {now[0]}, then {again} {back[1]}. then {again} {back[2]}",
    )


def third_person(phrase: str) -> str:
    """walks, reaches, carries: a phrase that begins with the bare verb, its verbs inflected."""
    return _inflect(phrase, _third_person)


def gerund(phrase: str) -> str:
    """walking, stepping, taking: a phrase that begins with the bare verb, its verbs inflected."""
    return _inflect(phrase, _gerund)


def _inflect(phrase: str, form: Callable[[str], str]) -> str:
    first, *others = phrase.split(" ")
    return " ".join([form(first), *(form(word[1:]) if word[0] == "~" else word for word in others)])


def _third_person(word: str) -> str:
    if word.endswith(("s", "sh", "ch", "x", "z", "go", "do")):
        return word + "es"
    return word + "s"


def _gerund(word: str) -> str:
    if word in _DOUBLED:
        return word + word[-1] + "ing"
    if word.endswith("ie"):
        return word[:-2] + "ying"
    return (word[:-1] if word.endswith("e") else word) + "ing"


def _typo(rng: np.random.Generator, text: str) -> str:
    """Rarely, two letters of a word change places, as annotators' fingers do."""
    if rng.random() >= _TYPO_SHARE:
        return text
    words = text.split(" ")
    able = [i for i, word in enumerate(words) if len(word) > 5 and word.isalpha() and word not in _SPARED]
    if not able:
        return text
    index = able[int(rng.integers(len(able)))]
    word, at = words[index], 2
    words[index] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _either(rng: np.random.Generator, *choices: str) -> str:
    return choices[int(rng.integers(len(choices)))]

"""What an assessment or a refinement instruction says of a motion and its goal, read from its English."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from prompts.claims.assessment_contrast import Pair, contrasted, faulty
from prompts.claims.assessment_patterns import content
from prompts.claims.assessment_phrases import Mention, acting, mentions
from prompts.claims.assessment_said import FIELDS, KINDS, Said, difference_said, whole_action
from prompts.claims.assessment_scope import affirmed, called, clauses, cue, instructions, without_place
from prompts.claims.assessment_segments import Segment, segments
from prompts.claims.assessment_values import values
from prompts.claims.claim import Claim
from prompts.resources import file_bytes

__all__ = ["FIELDS", "KINDS", "READING_VERSION", "Said", "read_analysis", "read_assessment", "reading_digest"]

READING_VERSION = 2  # raised when the same text may read as other statements


def read_assessment(assessment: str, refinement: str = "") -> tuple[Said, ...]:
    """The statements of both texts in text order, each told once; empty where nothing was understood."""
    found: dict[tuple[object, ...], Said] = {}
    for name, text in zip(FIELDS, (assessment, refinement)):
        for said in _Reader(name).read(text):
            key = (said.kind, name, said.aspect, said.action, said.part, said.side, said.direction)
            found.setdefault((*key, said.expected, said.found), said)
    return tuple(found.values())


def read_analysis(text: str) -> tuple[Said, ...]:
    """What an analysis says that a goal asks for; what it rules out is left out."""
    found: list[Said] = []
    for segment in segments(text, False):
        if not _RULED_OUT.search(segment.text):
            for said in _stated("wanted", segment.text):
                found.append(replace(said, field="analysis", span=(segment.start, segment.end)))
    return tuple(found)


_RULED_OUT = re.compile(r"\b(?:not|no|nor|never|neither|without|avoid|rather than|instead of)\b")


@cache
def reading_digest() -> str:
    """SHA-256 of the reader: its version and its patterns."""
    head = f"reading\0{READING_VERSION}\0".encode()
    return hashlib.sha256(head + file_bytes("claims", "assessment.yaml")).hexdigest()


@cache
def _qualities() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern)) for name, pattern in content()["quality"].items())


@cache
def _any_quality() -> re.Pattern[str]:
    """All of them in one, for most words tell of none."""
    return re.compile("|".join(content()["quality"].values()))


@cache
def _degrees(name: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple((aspect, found, re.compile(pattern)) for aspect, found, pattern in content()[name])


class _Reader:
    """Reads one text; remembers the action that was spoken of last."""

    def __init__(self, name: str) -> None:
        self._field = name
        self._asks = name == "refinement"
        self._last: Mention | None = None
        self._settled = False  # an instruction that nothing needs to be changed

    def read(self, text: str) -> Iterator[Said]:
        found = segments(text, self._asks)
        legs = _raises_legs(found)
        for segment in found:
            words = _BARE_RAISE.sub("leg raise", segment.text) if legs else segment.text
            told = list(self._segment(words))
            named = mentions(words)
            if named and not named[0].faint:
                self._last = named[0]
            self._forget(told)
            for said in told:
                yield replace(said, field=self._field, span=(segment.start, segment.end))

    def _segment(self, words: str) -> Iterator[Said]:
        last = self._instruction if self._asks else self._judgement
        yield from _first_told(self._quality(words), self._order(words), last(words))

    # the steps that both fields share

    def _quality(self, words: str) -> Iterator[Said]:
        if not _any_quality().search(words):
            return
        for name, pattern in _qualities():
            if pattern.search(words):
                limb = values(words).limb
                side, part = limb[0] if limb and name == "frozen" else ("", "")
                if name == "frozen" and not part and (part := _whole_part(words)) == "":
                    continue
                yield Said("difference", "", "", part, "quality", side, "", "none", name)
                return

    def _order(self, words: str) -> Iterator[Said]:
        name = "asked_orders" if self._asks else "orders"
        if not _any_of(name).search(words):
            return
        for pattern in _orders(name):
            match = pattern.search(words)
            if not match:
                continue
            groups = match.groupdict()
            pair = [mentions(groups.get(name) or "") for name in "ab"]
            if pair[0] and pair[1]:
                first, second = pair[0][0].claim, pair[1][0].claim
                expected, found = f"before {second.action}", f"after {second.action}"
                yield difference_said("order", first, expected, found)
                return
            if not groups:
                claims = mentions(words)
                yield difference_said("order", claims[0].claim if claims else Claim("", "body"), "", "")
                return

    def _pair(self, pair: Pair | None) -> Iterator[Said]:
        if pair is not None:
            for aspect, claim, expected, found in faulty(pair, self._last):
                yield difference_said(aspect, claim, expected, found)

    def _degree(self, words: str, name: str, pair: Pair | None) -> Iterator[Said]:
        for aspect, found, pattern in _degrees(name):
            if not pattern.search(words):
                continue
            claim = self._subject(words)
            told = list(faulty(pair, self._last)) if pair else []
            amounts = [(e, f) for a, _, e, f in told if a in ("amplitude", "count")]
            ways = [item for item in told if item[0] in ("side", "direction")]
            for item in ways:  # "leads backward rather than forward and is too slow"
                yield difference_said(*item)
            claim = replace(claim, side="", direction="") if ways else claim
            if aspect == "amplitude" and amounts:
                yield difference_said(aspect, claim, *amounts[0])
            else:
                yield difference_said(aspect, claim, "", found)
            return

    def _subject(self, words: str) -> Claim:
        """The action that a segment is about, or the one before."""
        named = mentions(words)
        if named:
            return named[0].claim
        limb = values(words).limb
        if limb:
            return Claim("", limb[0][1], side=limb[0][0])
        return self._last.claim if self._last else Claim("", "body")

    # assessments

    def _judgement(self, words: str) -> Iterator[Said]:
        yield from self._each(clauses(words), self._clause)

    def _each(self, parts: Sequence[str], read: Callable[[str], Iterator[Said]]) -> Iterator[Said]:
        """All parts of a segment, one after the other."""
        for words in parts:
            yield from read(words)
            if len(parts) > 1 and (named := mentions(words)) and not named[0].faint:
                self._last = named[-1]

    def _clause(self, words: str) -> Iterator[Said]:
        divided = cue("divide").search(words)
        if divided and not cue("missing").search(words):
            yield from _stated("shown", words[: divided.start()])
            yield from _stated("wanted", words[divided.end() :])
            return
        if cue("verdict").search(words):
            yield from _stated("wanted", words)
            return
        pair = contrasted(words, False)
        if pair is not None and cue("as_wanted").search(words):  # "the right foot rather than the left"
            yield from _stated("shown", pair.found)
            return
        told = _first_told(
            self._steps(words),
            self._degree(words, "degrees", pair),
            self._pair(pair),
            self._lopsided(words),
            self._whole(words),
        )
        if told:
            yield from told
            return
        matches = cue("match").search(words) and not cue("unmatched").search(words)
        if matches or pair is None:
            if not (cue("denied").search(words) or cue("lacks").search(words)):
                shown = "wanted" if cue("demand").search(words) else "shown"
                yield from _stated("match" if matches else shown, affirmed(words))
            return
        yield from self._both_sides(pair)

    def _forget(self, told: Sequence[Said]) -> None:
        """Leave open of the action spoken of what is said to differ."""
        for said in told:
            if self._last and said.aspect in ("side", "direction") and said.action == self._last.claim.action:
                self._last = replace(self._last, claim=replace(self._last.claim, side="", direction=""))

    def _both_sides(self, pair: Pair) -> Iterator[Said]:
        """A contrast that tells no difference still tells what is shown and what is wanted."""
        yield from _stated("shown", pair.found)
        yield from _stated("wanted", pair.expected, imperative=self._asks)

    def _steps(self, words: str) -> Iterator[Said]:
        """ "takes two steps too few": the number that is wanted may be told beside."""
        match = re.search(r"\bsteps? too (few|many)\b|\btoo (few|many) (?:steps|times|repetitions)\b", words)
        pair = contrasted(words, False) if match else None
        if match is None:
            return
        told = [item for item in (faulty(pair, self._last) if pair else ()) if item[0] == "count"]
        few = "few" in match[0]
        if told:
            yield difference_said("count", self._subject(words), *told[0][2:])
        else:
            yield difference_said("count", self._subject(words), "", "fewer" if few else "more")

    def _lopsided(self, words: str) -> Iterator[Said]:
        """One value only: the one that is lacking or the one that nobody wants."""
        for expected, name in ((True, "lack"), (False, "over")):
            match = cue(name).search(words)
            if match and mentions(words[: match.start()]):
                yield from self._pair(_one_sided(words, _group(match, "v"), expected))
                return
        match = cue("vague").search(words)
        if match:
            claim = self._subject(words)
            aspect = {"number": "count", "pace": "speed", "extent": "amplitude", "way": "direction"}
            name = next(name for name in match.groups() if name)
            yield difference_said(aspect.get(name, name), claim, "", "")

    def _whole(self, words: str) -> Iterator[Said]:
        for aspect in ("missing", "extra"):
            if cue(aspect).search(words):
                for mention in called(aspect, words):
                    if aspect == "missing" and cue("one_more").search(words[: mention.start]):
                        yield difference_said("count", mention.claim, "", "fewer")
                    else:
                        yield whole_action(aspect, mention.claim)
                return

    # instructions

    def _instruction(self, words: str) -> Iterator[Said]:
        if cue("nothing_to_do").search(words):
            self._settled = cue("nothing_but").search(words) is None
        else:
            yield from self._each(instructions(words), self._order_given)

    def _order_given(self, words: str) -> Iterator[Said]:
        if cue("keep").search(words):
            yield from _stated("match", words)
            return
        pair = contrasted(words, True)
        told = _first_told(
            self._asked_count(words, pair),
            self._degree(words, "asked_degrees", pair),
            self._pair(pair),
            self._asked_lopsided(words),
            self._asked_whole(words),
        )
        if told:
            yield from told
            return
        if self._settled and cue("remove").search(words):
            return
        if pair is not None:
            yield from self._both_sides(pair)
        else:
            told = list(_stated("wanted", without_place(words), imperative=True))
            yield from (one for one in told if one.action != "stand_up" or len(told) == 1)

    def _asked_count(self, words: str, pair: Pair | None) -> Iterator[Said]:
        for pattern in _orders("asked_counts"):
            match = pattern.search(words)
            if not match:
                continue
            groups = {name: text for name, text in match.groupdict().items() if text}
            numbers = {name: values(text).times for name, text in groups.items()}
            wanted = numbers["e"][0][0] if numbers.get("e") else None
            if wanted is None:
                continue
            found = numbers["f"][0][0] if numbers.get("f") else None
            fewer = "repetitions" in words
            gap = numbers.get("more") or numbers.get("less")
            if found is None and gap:
                found = wanted - gap[0][0] if "more" in groups else wanted + gap[0][0]
            yield difference_said(
                "count",
                self._subject(words),
                str(wanted),
                ("more" if fewer else "") if found is None else str(found),
            )
            return

    def _asked_lopsided(self, words: str) -> Iterator[Said]:
        match = cue("asked_vague").search(words)
        if match:
            aspect = {"number": "count", "pace": "speed", "extent": "amplitude"}
            name = next(name for name in match.groups() if name)
            yield difference_said(aspect.get(name, name), self._subject(words), "", "")
            return
        for expected, name in ((False, "asked_over"), (True, "asked_lack")):
            for pattern in _orders(name):
                match = pattern.search(words)
                named = mentions(_group(match, "x")) if match else ()
                if match and named and named[0].start < 3:
                    said = _group(match, "v") or _behind(_group(match, "x"), named[0].end).split(",")[0]
                    yield from self._pair(_one_sided(words, said, expected))
                    return

    def _asked_whole(self, words: str) -> Iterator[Said]:
        placed = without_place(words)
        for aspect, name in (("missing", "add"), ("extra", "remove")):
            match = cue(name).search(placed)
            if match and not (self._settled and aspect == "extra"):  # "nothing to change; do not jump"
                for mention in mentions(placed[match.end() :]):
                    yield whole_action(aspect, mention.claim)
                return


def _first_told(*readings: Iterator[Said]) -> list[Said]:
    """What the first of several readings tells that tells anything; later ones are not begun."""
    return next((told for reading in readings if (told := list(reading))), [])


# "the raise" is that of a leg where the text speaks of raised legs and of no raised arms.
_BARE_RAISE = re.compile(r"\b(?:raise|lift|upward movement)\b(?! of| (?:the|his|her|their|one|both)\b)")


def _raises_legs(found: Sequence[Segment]) -> bool:
    texts = [segment.text for segment in found if "floor" not in segment.text]
    if not any(_BARE_RAISE.search(text) for text in texts):
        return False
    named = {mention.claim.action for text in texts for mention in mentions(text)}
    return "raise_leg" in named and not any(_ARM_RAISED.search(text) for text in texts)


_ARM_RAISED = re.compile(
    r"\b(?:rais|lift)\w* (?:of )?(?:(?:the|his|her|both|one|left|right) )*(?:arm|hand)s?\b"
)


@cache
def _any_of(name: str) -> re.Pattern[str]:
    """All patterns of that name in one, for most words fit none; without the names of their groups."""
    return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", pattern) for pattern in content()[name]))


@cache
def _orders(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in content()[name])


def _group(match: re.Match[str], letter: str) -> str:
    """The text of the groups of that letter that matched."""
    return next((text for name, text in match.groupdict().items() if name[0] == letter and text), "")


_LIMB = re.compile(r"^ (?:of|with|on) (?:the |his |her |their |one |both )*(?:left |right )?\w+(?= )")


def _behind(words: str, end: int) -> str:
    """What is said behind a noun and its limb: "kick [of the left leg] to the front"."""
    return _LIMB.sub("", words[end:])


def _one_sided(words: str, said: str, expected: bool) -> Pair:
    return Pair("" if expected else said, said if expected else "", words, lopsided=True)


def _stated(kind: str, words: str, imperative: bool = False) -> Iterator[Said]:
    for mention in acting(words, imperative):
        claim = mention.claim
        yield Said(kind, "", claim.action, claim.part, "", claim.side, claim.direction, claim=claim)


def _whole_part(words: str) -> str:
    """The part of the body that a phrase names without a side."""
    match = re.search(r"\b(arm|leg|trunk|upper body|torso|head|body|hand|foot)s?\b", words)
    names = {"trunk": "torso", "upper body": "torso", "hand": "arm", "foot": "leg"}
    return names.get(match[1], match[1]) if match else ""

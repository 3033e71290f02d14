"""How much of real captions is understood, whether mirrored captions say the mirrored, and how right it is.

Prints the tables of docs/claims.md. Run: python benchmarks/check_claims.py [CAPTIONS.json] [LABELS.jsonl]
CAPTIONS.json maps ids to lists of {text, start, end}; an id with M in front is the mirrored clip.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from motion.mirror import mirror_word
from motion.mirror_text import mirror_text, no_sides, one_spelling
from prompts.claims import Claim, parse_claims
from prompts.claims.scoring import Tally, score, score_attributes, values

ROOT = Path(__file__).parents[1]
CAPTIONS = ROOT.parent / "shared/data/kitml_captions/captions.json"
LABELS = ROOT / "tests/data/kit_claims.jsonl"

Captions = dict[str, list[dict[str, Any]]]


def main() -> None:
    captions_path, labels_path = (Path(given) for given in (*sys.argv[1:], CAPTIONS, LABELS)[:2])
    captions: Captions = json.loads(captions_path.read_text(encoding="utf-8"))
    plain = [one["text"] for key, entries in captions.items() if key[0] != "M" for one in entries]
    print_understood(plain)
    print_mirrored(captions)
    print_agreement(captions, labels_path)
    print_speed(plain)


def print_understood(texts: Sequence[str]) -> None:
    """Shares of captions with any claim, one that a motion can bear out, one with an action."""
    read = [parse_claims(text) for text in texts]
    rows = {
        "any claim": sum(bool(claims) for claims in read),
        "a claim that can be checked": sum(any(claim.is_checkable for claim in claims) for claims in read),
        "a claim with an action of the vocabulary": sum(
            any(claim.action for claim in claims) for claims in read
        ),
    }
    print(f"| captions ({len(texts):,}, without mirrored ones) with | number | share |\n|---|---|---|")
    for name, number in rows.items():
        print(f"| {name} | {number:,} | {number / len(texts):.1%} |")


def mirrored(claims: Sequence[Claim]) -> list[Claim]:
    """The claims of the mirrored clip, without their places in the text."""
    return [
        replace(
            claim, side=mirror_word(claim.side), direction=mirror_word(claim.direction), verb="", span=(0, 0)
        )
        for claim in claims
    ]


def print_mirrored(captions: Captions) -> None:
    """How often the claims of mirrored captions are the mirrored claims, and what is wrong else."""
    sides = re.compile(r"left|right|clock", re.IGNORECASE)
    counts: Counter[str] = Counter()
    faults: dict[str, list[str]] = {}
    for key, entries in captions.items():
        twins = captions.get("M" + key, [])
        if len(twins) != len(entries):
            continue
        for index, (one, twin) in enumerate(zip(entries, twins, strict=True)):
            text, published = one["text"], twin["text"]
            wanted = mirrored(parse_claims(text))
            for kind, other in (("published", published), ("mirror_text", mirror_text(text))):
                plain = mirrored(mirrored(parse_claims(other)))
                for group in ["all"] + ["sided"] * bool(sides.search(text)):
                    counts[kind, group] += plain == wanted
                    counts["number", group] += kind == "published"
            if fault := fault_of(text, published):
                faults.setdefault(fault, []).append(f"M{key}#{index}")
    print("\n| mirrored captions | pairs | claims are the mirrored ones | share |\n|---|---|---|---|")
    for kind in ("published", "mirror_text"):
        for group, name in (("all", "all"), ("sided", "with a side or a sense of rotation")):
            number, total = counts[kind, group], counts["number", group]
            print(f"| {kind}, {name} | {total:,} | {number:,} | {number / total:.2%} |")
    print("\n| fault of published mirrored captions | number | where |\n|---|---|---|")
    for fault, places in sorted(faults.items()):
        print(f"| {fault} | {len(places)} | {', '.join(places)} |")


def fault_of(text: str, published: str) -> str:
    """What is wrong with a published mirrored caption; empty where it is what `mirror_text` gives."""
    if _words(mirror_text(text)) == _words(published):
        return ""
    if re.search(r"\b(?:up|al|b|f)left\b|\bleft(?:over|ful)\b", published):
        return "a part of a word exchanged (upright)"
    if no_sides(text):
        return "a word exchanged that is no side (right before, right angle)"
    if one_spelling(text).lower() != text.lower():
        return "a misspelt side kept"
    return "other"


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", one_spelling(text).lower())


def print_agreement(captions: Captions, labels: Path) -> None:
    """Precision and recall against hand labels, by fold, and by attribute."""
    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    pairs: dict[str, list[tuple[list[dict[str, Any]], list[dict[str, Any]]]]] = {}
    for row in rows:
        text = captions[row["id"]][row["index"]]["text"]
        if hashlib.sha256(text.encode()).hexdigest() != row["sha256"]:
            raise ValueError(
                f"{labels}: {row['id']}#{row['index']} was labelled on another text; label it anew"
            )
        found = [values(claim) for claim in parse_claims(text)]
        pairs.setdefault(row["fold"], []).append((found, row["claims"]))
    print("\n| labels | captions | claims labelled | found | precision | recall |\n|---|---|---|---|---|---|")
    for fold, ones in pairs.items():
        for strict in (False, True):
            name = f"{fold}, order too" if strict else fold
            print(f"| {name} | {len(ones)} {_cells(score(ones, strict))}")
    print("\n| attribute (final) | labelled | found | precision | recall |\n|---|---|---|---|---|")
    for name, tally in score_attributes(pairs["final"]).items():
        print(f"| {name} {_cells(tally)}")


def _cells(tally: Tally) -> str:
    return f"| {tally.labelled} | {tally.found} | {tally.precision:.3f} | {tally.recall:.3f} |"


def print_speed(texts: Sequence[str]) -> None:
    """Captions a second of one core, by the processor's time."""
    parse_claims.cache_clear()
    start = time.process_time()
    for text in texts:
        parse_claims(text)
    print(f"\n{len(texts) / (time.process_time() - start):,.0f} captions a second on one core")


if __name__ == "__main__":
    main()

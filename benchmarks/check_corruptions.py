"""Whether contradictions are found, and only those: on corrupted demo captions and on captured motion.

    python benchmarks/check_corruptions.py --demo FOLDER [FOLDER ...] [--captured FOLDER] [--clean FOLDER ...]

--demo: datasets of `irmogen demo-data --corrupt`; their corruptions.jsonl says which captions are false.
--clean: datasets of `irmogen demo-data` as they are. --captured: folder of labels.csv and
joints22_20fps_metres.npz, motion capture with labels; its captions are synthetic, made of the labels here.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from evaluators.caption_audit import Finding, judge
from evaluators.requirements import KIN
from evaluators.verdict import CERTAIN, CONTRADICTED, SUPPORTED
from motion.facts import Facts, measure
from motion.skeleton import SKELETONS
from pipelines.audit_sources import Piece, source
from prompts.claims import parse_claims


@dataclass
class Score:
    """Claims found false, and corruptions that were to be found."""

    right: int = 0  # contradicted claims that the corruption made
    wrong: int = 0  # contradicted claims that stood there before it
    found: int = 0  # of the corruptions to be found
    surely: int = 0  # of them with a certainty that costs a caption its place
    verifiable: int = 0  # corruptions of claims that the motion supports
    kindred: int = 0  # of them with an action that people, and the measure, take for the one before
    kindred_found: int = 0
    all: int = 0
    missed: list[str] = field(default_factory=list)

    def cells(self) -> list[str]:
        """Precision, recall and what they are made of."""
        return [
            _share(self.right, self.right + self.wrong),
            _share(self.found, self.verifiable),
            _share(self.surely, self.verifiable),
            _share(self.found - self.kindred_found, self.verifiable - self.kindred),
            f"{self.verifiable} of {self.all}",
        ]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "-"


def corrupted(folder: Path) -> tuple[dict[str, Score], list[str]]:
    """Scores by kind of corruption, with false alarms of captions as they were under "none"."""
    rows = [json.loads(line) for line in (folder / "corruptions.jsonl").read_text().splitlines()]
    spoilt = {(row["id"], row["caption"]): row for row in rows}
    scores: dict[str, Score] = defaultdict(Score)
    wrong: list[str] = []
    for piece, index, text in _captions(folder):
        row = spoilt.get((piece.motion_id, index))
        if row is None:
            false = _against(judge(text, piece.facts))
            scores["none"].wrong += len(false)
            wrong += [f"{text}: {finding.claim}; {finding.verdict.evidence}" for finding in false]
            continue
        _score(scores[row["kind"]], row, piece.facts, wrong)
    return dict(scores), wrong


def _captions(folder: Path) -> Iterable[tuple[Piece, int, str]]:
    for group in source(folder).read:
        for piece in group:
            if isinstance(piece, Piece):
                for told in piece.captions:
                    yield piece, told.index, told.text


def _score(score: Score, row: dict[str, str], facts: Facts, wrong: list[str]) -> None:
    """A corruption is to be found where the motion supports every claim that it did away with."""
    before, after = judge(row["before"], facts), judge(row["after"], facts)
    kept = {finding.claim for finding in before}
    new = {finding.claim for finding in after}
    lost = [finding for finding in before if finding.claim not in new]
    against = _against(after)
    alarms = [finding for finding in against if finding.claim in kept]
    hits = [finding for finding in against if finding.claim not in kept]
    score.right += len(hits)
    score.wrong += len(alarms)
    wrong += [f"{row['after']}: {finding.claim}; {finding.verdict.evidence}" for finding in alarms]
    score.all += 1
    if lost and all(finding.verdict.verdict == SUPPORTED for finding in lost):
        score.verifiable += 1
        score.found += bool(hits)
        kindred = _kindred(row["before"], row["after"])
        score.kindred += kindred
        score.kindred_found += kindred and bool(hits)
        score.surely += any(finding.verdict.certainty >= CERTAIN for finding in hits)
        if not hits:
            score.missed.append(f"{row['kind']}: {row['before']} -> {row['after']}")


def _kindred(before: str, after: str) -> bool:
    """Whether a new action is near one that it took the place of."""
    was = {claim.action for claim in parse_claims(before)}
    now = {claim.action for claim in parse_claims(after)}
    return any((was - now) & KIN[new] for new in now - was if new)


def _against(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict.verdict == CONTRADICTED]


# Labels of captured motion -> a true caption; from it, what is false is said in several ways.
TRUE = {
    "walk": "a person walks forward",
    "run": "a person runs forward",
    "dash": "a person runs forward fast",
    "walk-turn-left": "a person walks forward and turns to the left",
    "walk-turn-right": "a person walks forward and turns to the right",
    "walk-left": "a person walks to the left",
    "walk-right": "a person walks to the right",
    "raise-up-left-hand": "a person raises the left hand",
    "raise-up-right-hand": "a person raises the right hand",
    "raise-up-both-hands": "a person raises both hands",
    "wave-left-hand": "a person waves with the left hand",
    "wave-right-hand": "a person waves with the right hand",
    "wave-both-hands": "a person waves with both hands",
    "bow": "a person bows",
    "bye": "a person waves",
    "byebye": "a person waves",
    "punch": "a person punches",
}
FALSE_WAYS = {
    "side": {
        "walk-turn-left": "a person walks forward and turns to the right",
        "walk-turn-right": "a person walks forward and turns to the left",
        "raise-up-left-hand": "a person raises the right hand",
        "raise-up-right-hand": "a person raises the left hand",
        "wave-left-hand": "a person waves with the right hand",
        "wave-right-hand": "a person waves with the left hand",
    },
    "both for one": {
        "raise-up-left-hand": "a person raises both hands",
        "raise-up-right-hand": "a person raises both hands",
        "wave-left-hand": "a person waves with both hands",
        "wave-right-hand": "a person waves with both hands",
    },
    "direction": {
        "walk": "a person walks backward",
        "run": "a person runs backward",
        "walk-left": "a person walks to the right",
        "walk-right": "a person walks to the left",
    },
    "gait": {"walk": "a person runs forward", "run": "a person walks forward"},
    "negation": {
        "walk": "a person does not walk",
        "raise-up-left-hand": "a person does not raise the left hand",
    },
}
# Other actions, none of which any of the labels holds.
OTHER_ACTIONS = (
    "a person jumps",
    "a person sits down",
    "a person kneels down",
    "a person lies down",
    "a person kicks with the left leg",
    "a person squats",
    "a person crawls forward",
)
STILL = ("raise-up", "wave", "bow", "bye")
OTHER_IF_STILL = (
    "a person walks forward",
    "a person turns around",
    "a person runs",
    "a person walks backward",
)


def captured(folder: Path) -> tuple[list[tuple[str, int, int, int]], list[str]]:
    """(what was said, captions, contradicted, surely) of captured clips; false alarms in words."""
    data = np.load(folder / "joints22_20fps_metres.npz")
    with (folder / "labels.csv").open() as file:
        labels = [row["content"] for row in csv.DictReader(file)]
    spans = zip(data["start"], data["length"], strict=True)
    facts = measure([data["joints"][a : a + n] for a, n in spans], SKELETONS["t2m"])
    told: dict[str, Counter[str]] = defaultdict(Counter)
    alarms = []
    for label, found, name in zip(labels, facts, data["name"], strict=True):
        for kind, text in _said_of(label):
            against = _against(judge(text, found))
            told[kind]["captions"] += 1
            told[kind]["contradicted"] += bool(against)
            told[kind]["surely"] += any(f.verdict.certainty >= CERTAIN for f in against)
            if against and kind.startswith("true"):
                alarms.append(f"{name}: {text}; {against[0].verdict.evidence}")
    rows = [(kind, c["captions"], c["contradicted"], c["surely"]) for kind, c in sorted(told.items())]
    return rows, alarms


def _said_of(label: str) -> Iterable[tuple[str, str]]:
    if label in TRUE:
        yield "true", TRUE[label]
    for kind, captions in FALSE_WAYS.items():
        if label in captions:
            yield f"false: {kind}", captions[label]
    for text in OTHER_ACTIONS:
        if label in TRUE:
            yield "false: other action", text
    if label.startswith(STILL):
        for text in OTHER_IF_STILL:
            yield "false: other action", text


def clean(folder: Path) -> tuple[int, int, int]:
    """Captions, contradicted ones and surely contradicted ones of a dataset as it is."""
    counts = [0, 0, 0]
    for piece, _, text in _captions(folder):
        against = _against(judge(text, piece.facts))
        counts[0] += 1
        counts[1] += bool(against)
        counts[2] += any(finding.verdict.certainty >= CERTAIN for finding in against)
    return counts[0], counts[1], counts[2]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print()


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--demo", type=Path, nargs="*", default=[])
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--captured", type=Path)
    parser.add_argument("--examples", type=int, default=0, help="errors to print of each kind")
    args = parser.parse_args()
    for folder in args.demo:
        _print_corrupted(folder, args.examples)
    rows = []
    for folder in args.clean:
        captions, against, surely = clean(folder)
        rows.append((folder.name, captions, _share(against, captions), _share(surely, captions)))
    if rows:
        _table(("demo captions as they are", "captions", "contradicted", f"from {CERTAIN:g} on"), rows)
    if args.captured:
        told, alarms = captured(args.captured)
        head = ("captured motion, captions", "captions", "contradicted", f"from {CERTAIN:g} on")
        _table(head, [(kind, n, _share(c, n), _share(s, n)) for kind, n, c, s in told])
        print("\n".join(f"- {alarm}" for alarm in alarms[: args.examples]))


def _print_corrupted(folder: Path, examples: int) -> None:
    scores, wrong = corrupted(folder)
    total = Score()
    for score in scores.values():
        for name in ("right", "wrong", "found", "surely", "verifiable", "kindred", "kindred_found", "all"):
            setattr(total, name, getattr(total, name) + getattr(score, name))
    head = (
        "corruption",
        "precision",
        "recall",
        f"recall from {CERTAIN:g} on",
        "recall without kindred actions",
        "verifiable",
    )
    rows = [(kind, *score.cells()) for kind, score in sorted(scores.items())]
    print(f"{folder.name}\n")
    _table(head, [*rows, ("all", *total.cells())])
    for score in scores.values():
        print("\n".join(f"- missed {text}" for text in score.missed[:examples]))
    print("\n".join(f"- false alarm {text}" for text in wrong[:examples]))


if __name__ == "__main__":
    main()

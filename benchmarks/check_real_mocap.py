"""Confusion tables of the measured facts against the labels of real motion capture, as Markdown.

Run: python benchmarks/check_real_mocap.py [FOLDER]

FOLDER holds labels.csv (name, content) and joints22_20fps_metres.npz (name, start, length, joints); without
it the folder data/bandai_namco of what the environment variable IRMOGEN_SHARED names is read, or of `shared`
beside the checkout.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motion.facts import Facts, measure
from motion.skeleton import T2M

SHARED = Path(os.environ.get("IRMOGEN_SHARED") or Path(__file__).resolve().parents[2] / "shared")


_FEW = 20  # clips of a kind, under which a share says little


@dataclass(frozen=True)
class Clip:
    """One captured clip with its label and what is measured on it."""

    name: str
    label: str
    facts: Facts


@dataclass(frozen=True)
class Check:
    """A question about clips: the label's answer against the measured one."""

    title: str
    aim: float
    applies: Callable[[str], bool]
    expected: Callable[[str], str]
    found: Callable[[Facts], str]
    remark: str = ""


def read_clips(folder: Path) -> list[Clip]:
    """All clips of a folder; FileNotFoundError when it is not there."""
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        labels = {row["name"]: row["content"] for row in csv.DictReader(file)}
    archive = np.load(folder / "joints22_20fps_metres.npz")
    joints = archive["joints"]
    names = [str(name) for name in archive["name"]]
    spans = zip(archive["start"], archive["length"], strict=True)
    measured = measure([joints[start : start + length] for start, length in spans], T2M)
    return [Clip(name, labels[name], facts) for name, facts in zip(names, measured, strict=True)]


def _hand(label: str) -> str:
    return label.split("-")[-2]


def _gait(label: str) -> bool:
    return label.startswith(("walk", "run", "dash"))


def _walked(label: str) -> str:
    return "walk" if label.startswith("walk") else "run"


def _way(label: str) -> str:
    return {"walk-left": "left", "walk-right": "right", "walk-back": "backward"}.get(label, "forward")


CHECKS = (
    Check(
        "Side of a raised hand",
        0.99,
        lambda label: label.startswith("raise-up") and "hand" in label,
        _hand,
        lambda facts: facts.summary.hands_raised or "none",
    ),
    Check(
        "Side of a waving hand",
        0.99,
        lambda label: label.startswith("wave-") and "hand" in label,
        _hand,
        lambda facts: facts.summary.hands_waving or "none",
    ),
    Check(
        "Waving against raising a hand",
        0.99,
        lambda label: label.startswith(("wave-", "raise-up")) and "hand" in label,
        lambda label: "wave" if label.startswith("wave") else "raise",
        lambda facts: (
            "wave" if facts.summary.hands_waving else "raise" if facts.summary.hands_raised else "none"
        ),
    ),
    Check(
        "Side of a turn",
        0.99,
        lambda label: "-turn-" in label,
        lambda label: label.split("-")[-1],
        lambda facts: facts.summary.turn_side or "none",
    ),
    Check(
        "Direction of travel",
        0.99,
        lambda label: _gait(label) and "turn" not in label,
        _way,
        lambda facts: facts.summary.travel or "none",
    ),
    Check(
        "Walk against run",
        0.99,
        _gait,
        _walked,
        lambda facts: {"side_step": "walk"}.get(facts.summary.gait, facts.summary.gait),
        "A side step is a walk.",
    ),
    Check(
        "Bow",
        0.95,
        lambda label: True,
        lambda label: "bow" if label == "bow" else "no bow",
        lambda facts: "bow" if facts.summary.bowed else "no bow",
    ),
)


def table(check: Check, clips: list[Clip]) -> tuple[str, bool]:
    """A check's confusion table as Markdown, and whether it holds."""
    chosen = [clip for clip in clips if check.applies(clip.label)]
    pairs = [(check.expected(clip.label), check.found(clip.facts)) for clip in chosen]
    counts = Counter(pairs)
    rows = sorted({expected for expected, _ in pairs})
    columns = rows + sorted({found for _, found in pairs} - set(rows))
    right = sum(counts[word, word] for word in rows)
    lines = [f"### {check.title}", ""]
    sizes = Counter(expected for expected, _ in pairs)
    # A rare kind that is never found must not hide behind a common one: the worst is told by itself.
    worst = min(rows, key=lambda word: counts[word, word] / sizes[word])
    verdict = "holds" if right >= check.aim * len(pairs) else "falls short"
    lines.append(
        f"{right} of {len(pairs)} right ({right / len(pairs):.1%}), of {worst} {counts[worst, worst]} of "
        f"{sizes[worst]}; asked are {check.aim:.0%}: {verdict}. {check.remark}".rstrip()
    )
    few = [word for word in rows if sizes[word] < _FEW]
    if few:
        lines.append(f"Too few to tell: {', '.join(f'{sizes[word]} {word}' for word in few)}.")
    lines += ["", f"| label \\ measured | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row} | {' | '.join(str(counts[row, column]) for column in columns)} |")
    wrong = [clip for clip, (expected, found) in zip(chosen, pairs, strict=True) if expected != found]
    if wrong:
        lines += ["", "Wrong: " + "; ".join(_told(check, clip) for clip in wrong) + "."]
    return "\n".join(lines) + "\n", verdict == "holds"


def _told(check: Check, clip: Clip) -> str:
    net = f", net turn {clip.facts.summary.turn_degrees:+.0f} degrees" if "turn" in clip.label else ""
    return f"{clip.name} is {check.found(clip.facts)}{net}"


def main() -> None:
    """Print every table; the exit status is 1 when one falls short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=SHARED / "data" / "bandai_namco")
    folder = parser.parse_args().folder
    if not (folder / "labels.csv").exists():
        parser.error(f"{folder}: holds no labels.csv; name the folder of the captured clips")
    clips = read_clips(folder)
    results = [table(check, clips) for check in CHECKS]
    print("\n".join(text for text, _ in results))
    raise SystemExit(0 if all(holds for _, holds in results) else 1)


if __name__ == "__main__":
    main()

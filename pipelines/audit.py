"""`irmogen audit`: captions that their motion contradicts, and captions that contradict each other."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.audit_sources import Piece, Source, Told, Unusable, source
from pipelines.flag_values import a_place
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from evaluators.caption_audit import Dispute, Finding

SHOWN = 40
_LINE_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen audit`."""
    parser.add_argument(
        "path", metavar="CORPUS|DATASET", type=a_place, help="corpus that was built, or dataset folder"
    )
    parser.add_argument(
        "--output", metavar="FILE.jsonl", type=a_place, help="write every finding as JSON lines"
    )
    parser.add_argument(
        "--limit",
        type=_count,
        default=SHOWN,
        metavar="N",
        help=f"findings of each kind on the screen, the most certain first (default {SHOWN})",
    )


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number; give 0 or more") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is less than 0; give 0 or more")
    return value


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Audit every caption; 0 whatever is found, for a finding is no failure."""
    from schemas.storage import check_output, write_whole

    if not args.path.is_dir():
        raise FileNotFoundError(f"{args.path}: no such folder; give a corpus or a dataset")
    if args.output and args.output.suffix != ".jsonl":
        raise ValueError(f"--output {args.output}: JSON lines are written; give a name that ends with .jsonl")
    if args.output:
        check_output(args.output)
    found = audit(source(args.path), progress=True)
    try:
        # Before the report, whose reader may go away; a disk that is full must not cost the report.
        if args.output:
            rows = (*found.captions, *found.disputes)
            text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_whole(args.output, text.encode())
    finally:
        print("\n".join(_report(found, args.limit)))
    if args.output:
        print(f"{printable(args.output)}: {len(found.captions) + len(found.disputes)} findings")
    return 0


@dataclass
class Audit:
    """What an audit found: rows for people and JSON, the most certain first; and the sums."""

    name: str
    captions: list[dict[str, Any]] = field(default_factory=list)  # contradicted by their motion
    disputes: list[dict[str, Any]] = field(default_factory=list)  # captions against each other
    unusable: list[Unusable] = field(default_factory=list)
    claims: Counter[str] = field(default_factory=Counter)  # claims judged, by verdict
    told: int = 0  # captions judged
    silent: int = 0  # of them without any claim that was understood
    contradicted: int = 0  # of them with at least one contradicted claim
    certain: int = 0  # of them from the certainty on that costs a caption its place in a corpus
    left_out: int = 0  # of them no longer in the corpus


def audit(pieces: Source, progress: bool = False) -> Audit:
    """Judge every caption of a dataset or corpus; motions are held a few at a time, findings all."""
    found = Audit(pieces.name)
    for group in _counted(pieces) if progress else pieces.read:
        for piece in group:
            if isinstance(piece, Unusable):
                found.unusable.append(piece)
            else:
                _add(found, piece)
    found.captions.sort(key=lambda row: (-row["certainty"], row["caption_id"], row["start"]))
    found.disputes.sort(key=lambda row: (-row["certainty"], row["caption_ids"]))
    return found


def _add(found: Audit, piece: Piece) -> None:
    from evaluators.caption_audit import disputes, judge, tally
    from evaluators.verdict import CERTAIN, CONTRADICTED

    for told in piece.captions:
        judged = judge(told.text, piece.facts)
        against = [finding for finding in judged if finding.verdict.verdict == CONTRADICTED]
        found.claims.update(tally(judged))
        found.told += 1
        found.silent += not judged
        found.contradicted += bool(against)
        found.certain += any(finding.verdict.certainty >= CERTAIN for finding in against)
        found.left_out += told.left_out
        found.captions += [_caption_row(piece, told, finding) for finding in against]
    texts = [told.text for told in piece.captions]
    found.disputes += [_dispute_row(piece, dispute) for dispute in disputes(texts, piece.facts)]


def _caption_row(piece: Piece, told: Told, finding: Finding) -> dict[str, Any]:
    verdict = finding.verdict
    return {
        "kind": "motion",
        "motion_id": piece.motion_id,
        "caption_id": told.id,
        "caption": told.text,
        "claim": finding.claim,
        "words": told.text[slice(*finding.span)],
        "measured": verdict.evidence,
        "certainty": verdict.certainty,
        "start": piece.start + verdict.start,  # frames of the clip; the evidence tells those of the piece
        "end": piece.start + verdict.end,
        "piece": [piece.start, piece.end],
        "left_out": told.left_out,
    }


def _dispute_row(piece: Piece, dispute: Dispute) -> dict[str, Any]:
    pair = [piece.captions[dispute.first], piece.captions[dispute.second]]
    return {
        "kind": "captions",
        "motion_id": piece.motion_id,
        "caption_ids": [told.id for told in pair],
        "captions": [told.text for told in pair],
        "claims": list(dispute.claims),
        "verdicts": [verdict.verdict for verdict in dispute.verdicts],
        "measured": [verdict.evidence for verdict in dispute.verdicts],
        "supported": dispute.supported,
        "certainty": max(verdict.certainty for verdict in dispute.verdicts),
        "piece": [piece.start, piece.end],
        "left_out": [told.left_out for told in pair],
    }


def _report(found: Audit, limit: int) -> list[str]:
    lines = []
    if found.captions:
        lines.append(f"captions that their motion contradicts: {len(found.captions)} claims")
        for row in found.captions[:limit]:
            gone = ", left out" if row["left_out"] else ""
            lines.append(f"{row['certainty']:.2f}  {row['caption_id']}{gone}  claims {row['claim']}")
            lines.append(f"      {row['caption']}")
            lines.append(f"      {row['measured']}")
        lines += _rest(found.captions, limit)
    if found.disputes:
        lines.append(f"captions of one motion that contradict each other: {len(found.disputes)} pairs")
        for row in found.disputes[:limit]:
            lines.append(f"{row['certainty']:.2f}  {row['motion_id']}  the motion supports {_held(row)}")
            for name, text, claim in zip(row["caption_ids"], row["captions"], row["claims"], strict=True):
                lines.append(f"      {name} claims {claim}: {text}")
            lines.append(f"      {row['measured'][0]}")
        lines += _rest(found.disputes, limit)
    if found.unusable:
        lost = sum(item.captions for item in found.unusable)
        lines.append(f"captions that cannot be judged: {lost}")
        lines += [f"      {item.where}: {item.why}" for item in found.unusable[:limit]]
        lines += _rest(found.unusable, limit)
    return [*lines, *_sums(found)]


def _held(row: dict[str, Any]) -> str:
    places = {"first": row["caption_ids"][0], "second": row["caption_ids"][1]}
    return str(places.get(row["supported"], row["supported"]))


def _rest(rows: list[Any], limit: int) -> list[str]:
    more = len(rows) - limit
    return [f"      and {more} more; --limit and --output give them"] if more > 0 else []


def _sums(found: Audit) -> list[str]:
    judged = sum(found.claims.values())
    shares = (
        ", ".join(
            f"{name} {found.claims[name] / judged:.1%}"
            for name in ("supported", "contradicted", "unverifiable")
        )
        if judged
        else "none"
    )
    left = f", {found.left_out} of the captions were left out of it" if found.left_out else ""
    from evaluators.verdict import CERTAIN

    return [
        f"{found.name}: {found.told} captions, {found.silent} without a claim{left}",
        f"{judged} claims judged: {shares}",
        f"{found.contradicted} captions contradicted, {found.certain} of them with certainty "
        f"{CERTAIN:g} or more; {len(found.disputes)} pairs contradict each other",
    ]


def _counted(pieces: Source) -> Iterator[list[Piece | Unusable]]:
    """The pieces, with a bar on a terminal and now and then a line elsewhere, on standard error."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(pieces.read, total=pieces.steps, desc="audit", unit=pieces.unit, leave=False)
        return
    said = time.monotonic()
    for done, group in enumerate(pieces.read, 1):
        yield group
        if time.monotonic() - said >= _LINE_SECONDS:
            said = time.monotonic()
            print(f"audit: {done} of {pieces.steps} x {pieces.unit}", file=sys.stderr, flush=True)

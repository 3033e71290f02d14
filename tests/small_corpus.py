"""A small finished corpus made by hand: two shards, three splits, segments, a ladder of four."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import numpy as np

from motion.events import Difference, Event
from motion.facts import Extremes, Summary
from motion.seeds import generator
from motion.skeleton import skeleton
from schemas.corpus import Corpus, Counts, open_corpus
from schemas.shards import shard_name, to_table, write_shard
from schemas.storage import write_json
from schemas.tables import SCHEMA_VERSIONS, TABLES
from transforms.assemble import stage1_rows, stage2_row, stage3_row

SHARDS = 2
LADDER = 4
# id, split, shard, captions, and for a piece of the clip its frames
CLIPS = (
    ("000001", "train", 0, ("a man walks", 'she says "<b>&" and waves'), (None, None)),
    ("M000001", "train", 0, ("a man walks back",), (None,)),
    ("000002", "train", 1, ("a person jumps – twice", "someone jumps"), (None, (7, 53))),
    ("a_long_odd_id", "train", 1, ("a person bows",), (None,)),
    ("000003", "val", 0, ("a person kneels",), (None,)),
    ("000004", "test", 1, ("a person turns",), (None,)),
)


def write_corpus(
    root: Path, body: str = "t2m", clips: Sequence[Any] = CLIPS, **changed: Any
) -> tuple[Corpus, dict[str, Any]]:
    """Write a corpus and its manifest, in which `changed` is put; returns both."""
    shown: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    size = skeleton(body).feature_size
    for index in range(SHARDS):
        for name, rows in _shard(index, body, clips).items():
            file = f"{name}/{shard_name('read' if name == 'dead_letters' else name, index, SHARDS)}"
            digest = write_shard(root / file, to_table(TABLES[name], rows, size))
            shown[name].append({"file": file, "rows": len(rows), "sha256": digest})
    write_json(root / "manifest.json", _manifest(shown, body) | changed)
    return open_corpus(root)


def _shard(index: int, body: str, clips: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for clip in clips:
        if clip[2] == index:
            _add_clip(tables, clip, body)
    tables["dead_letters"] = [_letter(number) for number in range(25 if index == 0 else 3)]
    return tables


def _add_clip(tables: dict[str, list[dict[str, Any]]], clip: Any, body: str) -> None:
    motion_id, split, _, captions, pieces = clip
    features = _features(motion_id, body, 60)
    tables["motions"].append(
        {
            "motion_id": motion_id,
            "dataset": "small",
            "skeleton": body,
            "split": split,
            "fps": skeleton(body).fps,
            "frames": len(features),
            "mirror_of": "",
            "motion_sha256": "0",
            "text_sha256": "0",
            "features": features,
        }
    )
    for number, (caption, piece) in enumerate(zip(captions, pieces, strict=True)):
        start, end = piece or (0, 60)
        goal = {
            "goal_id": f"small-{motion_id}-{number}",
            "dataset": "small",
            "motion_id": motion_id,
            "split": split,
            "caption_index": number,
            "caption": caption,
            "tags": "",
            "from_seconds": 0.0,
            "to_seconds": 0.0,
            "start": start,
            "end": end,
        }
        _add_goal(tables, goal, body)


def _add_goal(tables: dict[str, list[dict[str, Any]]], goal: dict[str, Any], body: str) -> None:
    events = [Event("walk", 0, 20, direction="forward", count=3, amount=1.5).as_dict()]
    motion = {"table": "motions", "id": goal["motion_id"], "start": goal["start"], "end": goal["end"]}
    frames = goal["end"] - goal["start"]
    tables["goals"].append(goal)
    tables["facts"].append(
        {
            "goal_id": goal["goal_id"],
            "motion": motion,
            "frames": frames,
            "summary": blank(Summary),
            "extremes": blank(Extremes),
            "events": events,
        }
    )
    candidates = [_candidate(tables, goal, rank, events, body) for rank in range(LADDER)]
    annotations = [_annotation(goal, "", "analysis", wording) for wording in range(4)]
    annotations += [_annotation(goal, name, "assessment", 0) for name in ["", *_ids(candidates)]]
    chain = stage2_row(goal, candidates, annotations)
    del chain["perfect"]
    tables["candidates"] += candidates
    tables["annotations"] += annotations
    tables["stage1"] += stage1_rows(goal, chain)
    tables["stage2"].append(chain)
    tables["stage3"].append(stage3_row(goal))


def _ids(candidates: list[dict[str, Any]]) -> list[str]:
    return [candidate["candidate_id"] for candidate in candidates]


def _candidate(
    tables: dict[str, list[dict[str, Any]]],
    goal: dict[str, Any],
    rank: int,
    events: list[dict[str, Any]],
    body: str,
) -> dict[str, Any]:
    broken = Difference("side", "walk", expected="left", found="right").as_dict()
    edits = []
    if rank % 2:
        motion = {"table": "perturbed", "id": f"{goal['goal_id']}-p{rank // 2}", "start": 0, "end": 48}
        edits = [{"operation": "mirror", "parameters": json.dumps({"axis": "x"}), "breaks": [broken]}]
        tables["perturbed"].append(
            {
                "perturbed_id": motion["id"],
                "goal_id": goal["goal_id"],
                "motion_id": goal["motion_id"],
                "skeleton": body,
                "frames": 48,
                "edits": edits,
                "features": _features(str(motion["id"]), body, 48),
            }
        )
    else:
        start, end = (0, 60) if rank else (6, 51)
        motion = {"table": "motions", "id": "000002", "start": start, "end": end}
    return {
        "candidate_id": f"{goal['goal_id']}-k{rank}",
        "goal_id": goal["goal_id"],
        "split": goal["split"],
        "rank": rank,
        "origin": "perturbed" if rank % 2 else "retrieved",
        "motion": motion,
        "source_goal_id": "",
        "source_caption": "",
        "alignment": 0.2 + 0.2 * rank,
        "alignment_kind": "facts",
        "edits": edits,
        "summary": blank(Summary),
        "extremes": blank(Extremes),
        "events": events,
        "differences": [broken],
    }


def _annotation(goal: dict[str, Any], candidate_id: str, kind: str, wording: int) -> dict[str, Any]:
    about = candidate_id or goal["goal_id"]
    return {
        "annotation_id": f"{about}-{kind}-{wording}",
        "goal_id": goal["goal_id"],
        "candidate_id": candidate_id,
        "split": goal["split"],
        "kind": kind,
        "wording": wording,
        "text": f"{kind} {wording} of {about} <script>alert(1)</script>",
        "refinement": "" if kind == "analysis" else f"do {about} with the other arm",
        "perfect": kind == "assessment" and not candidate_id,
        "annotator": "hand",
        "model": "",
        "prompt_hash": "",
        "request_id": "",
        "supported": 1,
        "contradicted": 0,
        "unverifiable": 0,
        "statements": [],
    }


def _letter(number: int) -> dict[str, Any]:
    return {
        "step": "read",
        "kind": "filtered",
        "reason": "too_short",
        "input_id": f"bad-{number:03d}",
        "detail": f"texts/bad.txt: {number} <frames>",
        "payload": "{}",
    }


def _features(name: str, body: str, frames: int) -> np.ndarray:
    shape = (frames, skeleton(body).feature_size)
    return generator("small", name).standard_normal(shape).astype(np.float32)


def blank(kind: type) -> dict[str, Any]:
    """The fields of a dataclass, each with the empty value of its type."""
    hints = get_type_hints(kind)
    return {
        field.name: () if get_origin(hints[field.name]) is tuple else hints[field.name]()
        for field in dataclasses.fields(kind)
    }


def _manifest(shards: dict[str, list[dict[str, Any]]], body: str) -> dict[str, Any]:
    tables = {
        name: {
            "rows": sum(shard["rows"] for shard in listed),
            "digest": hashlib.sha256(json.dumps(listed).encode()).hexdigest(),
            "shards": listed,
        }
        for name, listed in shards.items()
    }
    goals, clips = tables["goals"]["rows"], tables["motions"]["rows"]
    passed = Counts(goals, goals).as_dict()
    steps = {step: {"goals": passed} for step in ("measure", "ladder", "annotate", "assemble")}
    letters = tables["dead_letters"]["rows"]
    return {
        "version": 1,
        "code_version": "0.1.0",
        "config": {"dataset": "small", "skeleton": body, "ladder": LADDER, "seed": 0},
        "fingerprint": "00ff00ff00ff00ff",
        "schema_versions": SCHEMA_VERSIONS,
        "shards": SHARDS,
        "tables": tables,
        "steps": {
            "read": {
                "clips": Counts(clips + letters, clips, {"too_short": letters}).as_dict(),
                "captions": passed,
            },
            **steps,
        },
        "gate": {
            "passed": True,
            "suites": {"stage2": {"passed": True, "rows": goals, "expectations": 5, "failed": []}},
        },
    }

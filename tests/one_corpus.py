"""A finished corpus of two demo clips, a goal, and a candidate of each kind: what readers of motions need."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from motion.demo.dataset import write_demo
from motion.events import Difference
from schemas.corpus import MANIFEST_VERSION
from schemas.shards import shard_name, to_table, write_shard
from schemas.storage import write_json
from schemas.tables import SCHEMA_VERSIONS, TABLES, Table

CAPTION = (
    'a man </script><script>window.hacked = 1</script><img src=x onerror="window.hacked=2"> stomps & walks'
)
BROKEN = Difference("side", "stomp", "leg", "left", expected="left", found="right", start=5, end=30)
EDIT = {"operation": "mirror_leg", "parameters": json.dumps({"side": "left"}), "breaks": [BROKEN.as_dict()]}


def write_one_corpus(root: Path, body: str = "t2m") -> Path:
    """Write the corpus of two shards; returns its folder."""
    write_demo(root.parent / "demo", motions=4, skeleton=body)
    clips = [np.load(root.parent / "demo" / "new_joint_vecs" / f"00000{n}.npy") for n in (1, 2)]
    goal = {"goal_id": "one-000001-0@4-40", "motion_id": "000001", "caption": CAPTION, "start": 4, "end": 40}
    kept = {"goal_id": goal["goal_id"], "edits": [EDIT], "differences": [BROKEN.as_dict()]}
    whole = {"table": "motions", "id": "000002", "start": 0, "end": len(clips[1])}
    made = {"table": "perturbed", "id": "one-000001-0@4-40-p0", "start": 0, "end": 36}
    rows: dict[str, list[list[dict[str, Any]]]] = {
        "motions": [[_motion("000001", clips[0], body)], [_motion("000002", clips[1], body)]],
        "goals": [[goal], []],
        "candidates": [
            [
                {**kept, "candidate_id": "k0", "origin": "retrieved", "motion": whole, "edits": []},
                {**kept, "candidate_id": "k1", "origin": "perturbed", "motion": made, "rank": 1},
            ],
            [],
        ],
        "perturbed": [
            [
                {
                    "perturbed_id": made["id"],
                    "goal_id": goal["goal_id"],
                    "skeleton": body,
                    "frames": 36,
                    "edits": [EDIT],
                    "features": clips[0][2:38],
                }
            ],
            [],
        ],
    }
    for name, shards in rows.items():
        for index, shard in enumerate(shards):
            table = TABLES[name]
            full = [{**_blank(table), **row} for row in shard]
            path = root / name / shard_name(name, index, len(shards))
            write_shard(path, to_table(table, full, clips[0].shape[1]))
    manifest = {
        "version": MANIFEST_VERSION,
        "schema_versions": SCHEMA_VERSIONS,
        "shards": 2,
        "config": {"skeleton": body},
        "tables": {"motions": {"rows": 2}},
    }
    write_json(root / "manifest.json", manifest)
    return root


def _motion(name: str, features: np.ndarray, body: str) -> dict[str, Any]:
    fps = {"t2m": 20.0, "kit": 12.5}[body]
    return {"motion_id": name, "skeleton": body, "fps": fps, "frames": len(features), "features": features}


def _blank(table: Table) -> dict[str, Any]:
    return {name: _nothing(kind) for name, kind in table.columns}


def _nothing(kind: pa.DataType) -> Any:
    """The empty value of an Arrow type."""
    if pa.types.is_struct(kind):
        return {field.name: _nothing(field.type) for field in kind}
    if pa.types.is_list(kind):
        return []
    return {pa.string(): "", pa.bool_(): False, pa.float64(): 0.0}.get(kind, 0)

"""The gate: time of the profile step, of comparing all shards, and of judging, by the size of the corpus.

A real corpus is profiled for the time a row takes. Its profiles, written again and again under new names,
stand for a larger one: what the gate reads and judges is then as much as of a corpus of that size. For the
comparison every copy of a clip has its limbs elsewhere, so that it is another clip.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from common import report

from motion.seeds import generator
from motion.signature import SIZE
from pipelines.gate import run_gate
from pipelines.judging import Judge
from pipelines.thresholds import defaults
from schemas.corpus import Corpus, Receipt, open_corpus
from schemas.profile import KEYS, PROFILE, across_path, profile_path, write_values
from schemas.storage import read_json
from transforms.profile import profile_of
from transforms.profiling import compare_shards

Values = dict[str, Any]


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def enlarged(corpus: Corpus, profiles: list[dict[str, Values]], folder: Path, times: int) -> Corpus:
    """A folder that holds the profiles of a corpus so many times as large, and nothing else."""
    large = Corpus(folder, corpus.shards * times)
    for index in range(large.shards):
        profile = profiles[index % corpus.shards]
        write_values(profile_path(large, PROFILE, index), {**profile[PROFILE], "shard": index})
        write_values(profile_path(large, KEYS, index), elsewhere(profile[KEYS], index // corpus.shards))
        large.write_receipt(Receipt(PROFILE, index, str(index), {}, ()))
    return large


def elsewhere(keys: Values, copy: int) -> Values:
    """The keys of other clips: of other names and contents, their limbs moved by up to a quarter metre."""
    end = f"-{copy}"  # of ids: a mirrored twin is known by how its id begins
    clips = []
    for motion_id, split, frames, content, packed in keys["clips"]:
        if packed and copy:
            samples = np.frombuffer(b64decode(packed), np.int8).reshape(-1, SIZE).astype(int)
            moved = samples + generator(end, motion_id).integers(-12, 13, SIZE)
            packed = b64encode(np.clip(moved, -127, 127).astype(np.int8).tobytes()).decode()
        clips.append([f"{motion_id}{end}", split, frames, _hash(content, end), packed])
    pairs = [[_hash(content, end), f"{goal}{end}", split] for content, goal, split in keys["pairs"]]
    return {"clips": clips, "pairs": pairs, "references": []}


def _hash(content: str, end: str) -> str:
    return blake2b(f"{content}{end}".encode(), digest_size=12).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder that `irmogen build` wrote")
    parser.add_argument("--goals", type=int, nargs="+", default=[2_000, 20_000, 200_000])
    args = parser.parse_args()
    corpus, manifest = open_corpus(args.corpus)
    config, steps = manifest["config"], manifest["steps"]
    profiles: list[dict[str, Values]] = []
    seconds = timed(
        lambda: profiles.extend(profile_of(corpus, index, config) for index in range(corpus.shards))
    )
    rows = sum(table["rows"] for table in manifest["tables"].values())
    goals = manifest["tables"]["goals"]["rows"]
    size = np.mean([len(json.dumps(profile[PROFILE])) for profile in profiles]) / 1000
    print(
        f"profile: {seconds:.2f} s for {rows} rows of {goals} goals, {1000 * seconds / rows:.3f} s a "
        f"thousand rows, {1000 * seconds / goals:.2f} s a thousand goals; {size:.0f} kB a shard"
    )
    importing = time.perf_counter()
    judge = Judge()
    print(f"Great Expectations: {time.perf_counter() - importing:.2f} s to import")
    table = []
    for wanted in args.goals:
        times = max(1, round(wanted / goals))
        with tempfile.TemporaryDirectory() as folder:
            large = enlarged(corpus, profiles, Path(folder), times)
            compared = timed(lambda large=large: compare_shards(large))
            judged = timed(lambda large=large: run_gate(large, config, steps, defaults(), judge))
            near = read_json(across_path(large))["findings"]["near"]["count"]
        table.append(
            {
                "goals": goals * times,
                "rows": rows * times,
                "shards": large.shards,
                "compare, s": compared,
                "near": near,
                "judge, s": judged,
            }
        )
    report("gate", table)


if __name__ == "__main__":
    main()

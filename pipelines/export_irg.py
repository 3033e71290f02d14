"""Export in the JSON form of the method's authors, so that existing training code can load a corpus."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pipelines.irg_annotations import (
    TASKS,
    base_annotations,
    stage1_annotations,
    stage1_file,
    stage2_annotations,
)
from pipelines.irg_names import SPLIT, Names, motion_names
from schemas.corpus import Corpus
from schemas.shards import clip_of
from schemas.storage import write_whole

BASE_FILE = "stage_0_annotations_demo.json"
CHAIN_FILE = "stage-2/sft_motion_assess_cot_v2.json"
_RUNGS_READ = 4  # the published loader draws from so many intermediate motions

Row = dict[str, Any]


def export_irg(corpus: Corpus, manifest: dict[str, Any], output: Path) -> list[str]:
    """Write the training split in the authors' form; returns what to tell the user.

    Memory holds the ids of all clips and one JSON file at a time. ValueError when the split is empty.
    """
    names = motion_names(corpus, manifest["config"]["skeleton"])
    chains = _numbered(stage2_annotations(corpus, names))
    if not chains:
        raise ValueError(f"{corpus.root}: has no goal in the split {SPLIT!r}, the one that is exported")
    info = {"datetime": "", "num_annotations": str(len(chains))}
    counts = {CHAIN_FILE: _write(output / CHAIN_FILE, chains, info)}
    del chains
    for task in TASKS:
        file = stage1_file(task)
        counts[file] = _write_stage1(output / file, stage1_annotations(corpus, names, task))
    counts[BASE_FILE] = _write(output / BASE_FILE, _numbered(base_annotations(corpus, names)), {})
    for motion, features in _new_motions(corpus, names):
        _write_features(output / "new_joint_vecs" / f"{motion}.npy", features)
    _write_table(output / "perturbed_ids.csv", "perturbed_id", names.perturbed)
    if names.renamed:
        _write_table(output / "renamed_ids.csv", "motion_id", names.renamed)
    write_whole(output / "README.md", _readme(manifest, names, counts).encode())
    motions = len(names.perturbed) + len(names.renamed)
    return [
        f"{sum(counts.values())} annotations of the split {SPLIT!r} in {len(counts)} files, "
        f"{motions} motions in new_joint_vecs/",
        f"how to use them: {output / 'README.md'}",
    ]


def _write_stage1(path: Path, annotations: Iterable[Row]) -> int:
    items = _numbered(annotations)
    return _write(path, items, {"num_instances": str(len(items)), "time": ""})


def _numbered(annotations: Iterable[Row]) -> list[str]:
    return [json.dumps({"id": number} | row) for number, row in enumerate(annotations)]


def _write(path: Path, items: list[str], info: dict[str, str]) -> int:
    """Write annotations, a line each. No time of writing: the same corpus gives the same bytes."""
    head = f'{{"info": {json.dumps(info)}, "annotations": [\n'
    write_whole(path, "".join([head, ",\n".join(items), "\n]}\n"]).encode("ascii"))
    return len(items)


def _new_motions(corpus: Corpus, names: Names) -> Iterator[tuple[str, np.ndarray]]:
    """Name and features (T, F) of every motion that the dataset does not hold under that name."""
    sources = (("perturbed", "perturbed_id", names.perturbed), ("motions", "motion_id", names.renamed))
    for table, key, wanted in sources:
        for index in range(corpus.shards if wanted else 0):
            rows: pa.Table = corpus.read(table, index, [key, "features"])
            for name, clip in zip(rows[key].to_pylist(), rows["features"], strict=True):
                if name in wanted:
                    yield wanted[name], clip_of(clip)


def _write_features(path: Path, features: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(features, np.float32), allow_pickle=False)
    write_whole(path, buffer.getvalue())


def _write_table(path: Path, key: str, names: dict[str, str]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["motion_name", key])
    table.writerows((name, original) for original, name in names.items())
    write_whole(path, text.getvalue().encode())


def _readme(manifest: dict[str, Any], names: Names, counts: dict[str, int]) -> str:
    config = manifest["config"]
    gate = "passed" if manifest.get("gate", {}).get("passed") else "NOT passed"
    table = "\n".join(f"| {file} | {count} |" for file, count in sorted(counts.items()))
    notes = [
        "`perturbed_ids.csv` says which row of the corpus' table `perturbed` a P name stands for.",
        "Times are seconds such that `int(f_tag * fps):int(to_tag * fps)` gives exactly the frames that "
        "were annotated; 0.0 and 0.0 mean the whole clip.",
        "Texts about a candidate are drawn from `candidate_motion_text`: caption, assessment and "
        "instruction of one entry belong together.",
        "The published loader leaves intermediate motions out of a chain whose instruction has three words "
        "or fewer.",
        "`info` holds counts but no time of writing: the same corpus gives the same bytes.",
    ]
    if names.renamed:
        notes.append(
            f"{len(names.renamed)} clips have ids that the published loader would not find (it takes six "
            "or seven characters between underscores): they are in new_joint_vecs/ too, under C names, "
            "and `renamed_ids.csv` gives their ids."
        )
    if config["ladder"] != _RUNGS_READ:
        notes.append(
            f"The ladders hold {config['ladder']} intermediate motions; the published loader expects "
            f"{_RUNGS_READ} in stage 2. Build with `--ladder {_RUNGS_READ}` for it."
        )
    return _README.format(
        split=SPLIT,
        dataset=config["dataset"],
        skeleton=config["skeleton"],
        fps=f"{names.fps:g}",
        fingerprint=manifest["fingerprint"],
        code=manifest["code_version"],
        gate=gate,
        table=table,
        perturbed=len(names.perturbed),
        notes="\n".join(f"- {note}" for note in notes),
    )


_README = """# Annotations for IRG-MotionLLM's training code

Written by `irmogen export --format irg-json`, version {code}, from the corpus with fingerprint
`{fingerprint}` (dataset {dataset}, skeleton {skeleton}, {fps} frames a second; quality gate {gate}).

Only the split `{split}` is here: the code that reads these files trains on all that it is given.
Goals that the corpus left out, with reasons, are in its report.

| file | annotations |
|---|---|
{table}

An annotation is a clip with all its captions and candidates, a piece of a clip, or a goal, by task;
the reader draws one of the texts, or one of the candidates, each time.

## Use
Copy the {perturbed} perturbed motions in `new_joint_vecs/` beside the dataset's own clips; no clip of
the corpus has such a name. Point the training script's list of JSON files to the files of a stage.

{notes}

The texts describe, and the motions derive from, the dataset that the corpus was built from: its
licence governs them.
"""

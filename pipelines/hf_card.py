"""The dataset card of an export, made from the corpus' manifest."""

from __future__ import annotations

from typing import Any

import yaml

from pipelines.counts import counts_in_order
from schemas.tables import TABLES

# What each config is for; their columns are listed from the schemas.
_ABOUT = {
    "motions": "Clips of the dataset with their features (frames, feature size).",
    "goals": "A motion, or a piece of one, with one caption: what everything else is about.",
    "facts": "What is measured on a goal's motion: a summary and a time line of events.",
    "candidates": "Intermediate motions of a goal, rank 0 farthest from it, with origin, alignment score, "
    "recorded edits and differences from the goal.",
    "perturbed": "Motions made from a goal's motion by recorded edits, with their features.",
    "annotations": "Analyses, assessments and refinements: who wrote them, and what the measured facts say.",
    "stage1": "One example of one of eight tasks a row.",
    "stage2": "The material of a goal's chain a row: analyses, ladder, assessments. Draw chains from it.",
    "stage3": "Goals for reinforcement learning.",
}
_NOTES = {
    "motion_id": "id of a clip of the dataset",
    "goal_id": "made of dataset, clip, caption index and, for a piece of the clip, its frames",
    "candidate_id": "id of an intermediate motion; empty: about the goal alone",
    "perturbed_id": "what a MotionRef into this config names",
    "annotation_id": "id of the annotation whose words these are",
    "annotation_ids": "ids of the annotations whose words these are",
    "example_id": "made of what the example is about and its task",
    "request_id": "id of the request that was answered, or empty",
    "dataset": "name given to the source dataset",
    "skeleton": "t2m: 22 joints; kit: 21 joints",
    "split": "train, val or test",
    "fps": "frames a second",
    "frames": "number of frames",
    "mirror_of": "id of the clip that this one mirrors, or empty",
    "motion_sha256": "of the clip's file",
    "text_sha256": "of the caption file",
    "features": "float32, (frames, feature size), as published with HumanML3D or KIT-ML",
    "caption_index": "place among the clip's captions",
    "caption": "the dataset's words",
    "tags": "words with their parts of speech, as the dataset gives them",
    "from_seconds": "as the dataset gives it; 0 to 0 is the whole clip",
    "to_seconds": "likewise",
    "start": "first frame",
    "end": "frame after the last",
    "motion": "MotionRef: config (motions or perturbed), id in it, frames start to end, half open",
    "goal_motion": "MotionRef of the goal",
    "summary": "what is measured on the whole motion",
    "extremes": "how far the motion goes in each respect: what it never reached it cannot have done",
    "events": "time line of what is measured: action, frames, side, direction, count, amount, speed",
    "rank": "0 is farthest from the goal",
    "origin": "retrieved (another clip) or perturbed (the goal's motion, edited)",
    "source_goal_id": "retrieved: the goal whose motion it is",
    "source_caption": "retrieved: that goal's caption",
    "alignment": "how well the candidate matches the goal, 0 to 1",
    "alignment_kind": "how the score was made",
    "edits": "operation, parameters as JSON, and the differences that it makes",
    "differences": "in what the candidate departs from the goal: recorded edits first, then measured",
    "kind": "analysis or assessment",
    "wording": "number of the analysis' wording",
    "text": "the analysis or assessment",
    "refinement": "what to change; for a goal's own motion, that nothing is",
    "perfect": "whether the motion is said to match the goal",
    "annotator": "who wrote it",
    "model": "the language model, or empty",
    "prompt_hash": "of the templates and wordings",
    "supported": "statements that the measured facts support",
    "contradicted": "statements that they contradict",
    "unverifiable": "statements that they can neither support nor contradict",
    "statements": "what the annotation says of the motion, each with a verdict and its evidence",
    "task": "one of the eight tasks",
    "analyses": "wordings of the goal's analysis",
    "assessment": "what matches, and what is missing, wrong or superfluous",
    "ladder": "intermediate motions from far to near, with assessment and refinement",
}


def card(manifest: dict[str, Any], counts: dict[str, dict[str, int]]) -> str:
    """README.md of the exported folder: `counts` gives the rows of each config by split."""
    config = manifest["config"]
    filled = {name: splits for name, splits in counts.items() if splits}
    empty = [name for name, splits in counts.items() if not splits]
    parts = [
        f"---\n{_header(config, filled)}---",
        f"# {_title(config)}",
        _introduction(manifest),
        "## Configs",
        _configs_table(filled),
    ]
    if empty:
        parts.append(f"Without rows in this corpus, and so not here: {', '.join(empty)}.")
    parts += [_usage(filled), "## How the rows came about", _steps_table(manifest), _gate(manifest)]
    parts += ["## Columns", *(_columns(name) for name in filled), _LICENCE]
    return "\n\n".join(parts) + "\n"


def _header(config: dict[str, Any], counts: dict[str, dict[str, int]]) -> str:
    configs = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": f"data/{name}/{split}-*.parquet"} for split in splits],
        }
        for name, splits in counts.items()
    ]
    header = {
        "pretty_name": _title(config),
        "language": ["en"],
        "license": "other",
        "license_name": "as-the-source-dataset",
        "tags": ["human-motion", "text-to-motion", "irmogen"],
        "configs": configs,
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True)


def _title(config: dict[str, Any]) -> str:
    return f"Motion annotations for {config['dataset']}"


def _introduction(manifest: dict[str, Any]) -> str:
    config = manifest["config"]
    settings = ", ".join(f"{key} {value}" for key, value in sorted(config.items()) if _is_plain(value))
    return (
        "Goals, ladders of intermediate motions, and annotations for training interleaved reasoning in "
        f"text-to-motion generation. Made by irmogen {manifest['code_version']}; the corpus' fingerprint is "
        f"`{manifest['fingerprint']}`.\n\nSettings: {settings}."
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _configs_table(counts: dict[str, dict[str, int]]) -> str:
    lines = ["| config | rows | what a row is |", "|---|---|---|"]
    for name, splits in counts.items():
        rows = ", ".join(f"{split} {number}" for split, number in splits.items())
        lines.append(f"| {name} | {rows} | {_ABOUT[name]} |")
    return "\n".join(lines)


def _usage(counts: dict[str, dict[str, int]]) -> str:
    name = "stage2" if "stage2" in counts else next(iter(counts), "stage2")
    split = next(iter(counts.get(name, {})), "train")
    return f"""```python
from datasets import load_dataset

rows = load_dataset("PATH_OF_THIS_FOLDER", "{name}", split="{split}")
motions = load_dataset("PATH_OF_THIS_FOLDER", "motions", split="{split}").with_format("numpy")
```"""


def _steps_table(manifest: dict[str, Any]) -> str:
    lines = ["| step | in | out | left out, by reason |", "|---|---|---|---|"]
    for step, unit, counts in counts_in_order(manifest):
        reasons = {**counts["filtered"], **{f"failed: {k}": v for k, v in counts["failed"].items()}}
        shown = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items())) or "none"
        lines.append(f"| {step}, {unit} | {counts['rows_in']} | {counts['rows_out']} | {shown} |")
    return "\n".join(lines)


def _gate(manifest: dict[str, Any]) -> str:
    gate = manifest.get("gate", {})
    if not gate:
        return "The quality gate has not been run on this corpus."
    total = sum(suite["expectations"] for suite in gate["suites"].values())
    failed = sum(len(suite["failed"]) for suite in gate["suites"].values())
    if gate["passed"]:
        return f"The quality gate passed: {total} expectations about {len(gate['suites'])} tables hold."
    return f"**The quality gate did not pass**: {failed} of {total} expectations do not hold."


def _columns(name: str) -> str:
    lines = [f"### {name}", "| column | type | what it holds |", "|---|---|---|"]
    for column, kind in TABLES[name].columns:
        shown = "features" if column == TABLES[name].features else _type_name(kind)
        lines.append(f"| {column} | `{shown}` | {_NOTES[column]} |")
    return lines[0] + "\n\n" + "\n".join(lines[1:])


def _type_name(kind: Any) -> str:
    text = str(kind).replace("element: ", "").replace("item: ", "")
    for long, short in (("string", "text"), ("int32", "int"), ("double", "float")):
        text = text.replace(long, short)
    return text


_LICENCE = """## Licence

Motions are, and annotations derive from, the dataset that this corpus was built from. Its licence
governs both: share them only as it allows."""

"""Results of evaluations as `irmogen evaluate` gives them, with names and captions that try to break out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from shown_clips import clip_of, write_clips

from evaluators.evaluation import METRICS, score_of
from pipelines.drawing import figure_data

Row = dict[str, Any]

HOSTILE = 'a_b & c|d < e% $f$ \\g {h} [i] *j* `k` #l ~m ^n <img src=x onerror="window.hacked=1">'
CAPTION = (
    'a man </script><script>window.hacked = 2</script><img src=x onerror="window.hacked=3"> stomps & walks'
)
# id -> model, mode, rounds
SETS = {
    "near": (HOSTILE, "direct", 1),
    "far": ("far", "direct", 1),
    "chain": ("ladder", "chain", 4),
    "refined": ("ladder", "refine", 2),
    "put-in": ("robust-2b", "robust", 4),
}
GOALS = ("t2m-000001-0", "t2m-000001-1", "t2m-000001-2@4-40")


def metric(value: float, name: str = "", repeats: int = 5) -> Row:
    """A metric over repeats about a value."""
    rng = np.random.default_rng([len(name), int(value * 1000)])
    return score_of([value * (1 + 0.02 * rng.standard_normal()) for _ in range(repeats)]).as_dict()


def metrics(quality: float, names: tuple[str, ...] = tuple(METRICS)) -> Row:
    """The metrics of a model of a quality from 0 to 1."""
    best = {"fid": 0.02, "mm_distance": 2.9, "diversity": 9.5, "multimodality": 2.1, "motion_distance": 0.4}
    found = {}
    for name in names:
        if name.startswith("r_precision"):
            value = quality * (0.5 + 0.1 * int(name[-1]))
        else:
            value = best[name] * (1 + 3 * (1 - quality))
        found[name] = metric(value, name)
    return found


def set_row(name: str, model: str, mode: str, rounds: int) -> Row:
    """A set of motions."""
    texts = None
    if mode != "direct":
        counts = {str(n): 10 * n for n in range(1, rounds + 1)}
        texts = {
            "completions": 100,
            "strict": 0.985,
            "ended": 0.99,
            "without_motion": 0.0125,
            "rounds": 3.456,
        }
        texts["rounds_counts"] = counts
    share = len(model) / 200
    return {
        "id": name,
        "model": model,
        "mode": mode,
        "path": f"out/generations/{name}",
        "completions": 342,
        "samples": 1,
        "notes": {"temperature": 1.0, "checkpoint": HOSTILE},
        "format": texts,
        "plausibility": {
            "clips": 342,
            "unmeasured": 2,
            "skating_cm_s": 1.5 + share,
            "jitter": 40.25 + share,
            "penetration_cm": 0.75 + share,
            "floating": 0.01,
            "bone_drift": 0.001,
        },
        "fact_support": {
            "generations": 342,
            "unmeasured": 2,
            "claims": 900,
            "supported": 0.61 - share,
            "contradicted": 0.11 + share,
            "unverifiable": 0.28,
            "without_checkable": 0.05,
            "uncontradicted": 0.8,
        },
    }


def auc(value: float) -> Row:
    """An AUC with its interval."""
    return {
        "value": value,
        "low": value - 0.05,
        "high": min(1.0, value + 0.04),
        "matching": 342,
        "other": 1200,
    }


def text_sets() -> list[Row]:
    """Sets of captions and of verdicts."""
    words = {
        "captions": 342,
        "bleu_1": 0.612,
        "bleu_4": 0.234,
        "rouge_l": 0.456,
        "cider": 1.789,
        "bert_f1": None,
    }
    groups = {"mirror_leg": auc(0.91), "slow_down": auc(0.62), "drop_event": auc(0.78), HOSTILE: auc(0.47)}
    other = {name: auc(found["value"] - 0.06) for name, found in groups.items()}
    head = {"completions": 342, "samples": 1, "format": None}
    return [
        {
            "id": "cap",
            "model": "captioner_1",
            "mode": "caption",
            "path": "out/cap",
            **head,
            "captions": words,
        },
        {
            "id": "judge",
            "model": HOSTILE,
            "mode": "judge",
            "path": "out/judge",
            **head,
            "judging": {"overall": auc(0.81), "groups": groups},
        },
        {
            "id": "judge-2",
            "model": "judge-2b",
            "mode": "judge",
            "path": "out/judge-2",
            **head,
            "judging": {"overall": auc(0.74), "groups": other},
        },
    ]


def embedder(name: str, shift: float, status: str) -> Row:
    """What an embedder gives: every set of motions better than the one before it."""
    sets: Row = {}
    for place, (key, (_, mode, rounds)) in enumerate(SETS.items()):
        quality = 0.5 + 0.08 * place + shift
        names = tuple(metric for metric in METRICS if metric != "multimodality" or key == "near")
        sets[key] = {"metrics": metrics(quality, names), **examples()}
        if rounds > 1:
            curve = ("r_precision_3", "mm_distance", "fid")
            sets[key]["rounds"] = [
                {
                    "round": number,
                    "completions": 342 - 61 * number,
                    "metrics": metrics(quality - 0.12 * (rounds - 1 - number), curve),
                }
                for number in range(rounds)
            ]
            sets[key]["round_scores"] = {
                "completions": 342,
                "gain": 1.234 + shift,
                "as_good": 0.8125,
                "improved": 0.775,
                "best": -2.9,
                "mean": -3.4,
                "first": -4.234 - shift,
                "last": -3.0,
            }
        if mode == "robust":
            sets[key]["robust"] = {"floor": 8.125, "final": 3.4375, "ground_truth": 2.9375, "recovery": 0.903}
    retrieval = ("r_precision_1", "r_precision_2", "r_precision_3", "mm_distance")
    sets["cap"] = {"metrics": metrics(0.9, retrieval)}
    truth = metrics(1.0, tuple(metric for metric in METRICS if metric != "multimodality"))
    lines = [f"{n} {found['mean']:.4f}, recorded {found['mean']:.4f} +- 0.0150" for n, found in truth.items()]
    return {
        "name": name,
        "folder": f"out/{name}",
        "fingerprint": "0123456789abcdef",
        "dimensions": 128,
        "ground_truth": {"metrics": truth, "check": {"status": status, "lines": lines}},
        "sets": sets,
        "comparisons": comparisons(shift),
    }


def comparisons(shift: float) -> list[Row]:
    """Every further set against the first."""
    found = []
    for place, name in enumerate(list(SETS)[1:]):
        for kind, sign in (("r_precision_3", 1), ("mm_distance", -4)):
            value = sign * (0.04 * place - 0.05 + shift)
            reach = 0.03 * abs(sign)
            found.append(
                {
                    "one": name,
                    "other": "near",
                    "metric": kind,
                    "difference": value,
                    "low": value - reach,
                    "high": value + reach,
                    "p": 0.0002 if abs(value) > reach else 0.345,
                    "goals": 341,
                    "clusters": 132,
                }
            )
    return found


def examples() -> Row:
    """Best and worst goals."""
    best = [{"goal_id": goal, "caption": CAPTION, "distance": 1.0625, "found": 0.95} for goal in GOALS[:2]]
    return {
        "best": best,
        "worst": [{"goal_id": GOALS[2], "caption": HOSTILE, "distance": 9.5, "found": None}],
    }


def evaluation(**changes: Any) -> Row:
    """Results with everything in them."""
    return {
        "version": 1,
        "irmogen": "0.1.0",
        "dataset": "t2m",
        "skeleton": "t2m",
        "split": "test",
        "mode": "full",
        "seed": 0,
        "protocol": "fedcba9876543210",
        "goals": 342,
        "motions": 132,
        "pool": 32,
        "repeats": 5,
        "partial": None,
        "corpus": {"path": "out/demo", "fingerprint": "00112233aabbccdd"},
        "sets": [set_row(name, *of) for name, of in SETS.items()] + text_sets(),
        "ground_truth": {
            "plausibility": {"clips": 132, "unmeasured": 0, "skating_cm_s": 1.5, "jitter": 40.2},
            "fact_support": {"generations": 342, "supported": 0.7, "contradicted": 0.05},
        },
        "embedders": [embedder("builtin", 0.0, "within"), embedder(f"tmr {HOSTILE}", 0.04, "within")],
        **changes,
    }


def single(**changes: Any) -> Row:
    """Results of one model by one embedder."""
    one = embedder("builtin", 0.0, "within")
    one["sets"] = {"near": one["sets"]["near"]}
    return evaluation(sets=[set_row("near", *SETS["near"])], embedders=[one | {"comparisons": []}], **changes)


def figures(folder: Path) -> dict[str, Row]:
    """Figures of the examples, but for one goal."""
    clip, body = clip_of(write_clips(folder, "t2m"))
    data = figure_data(clip[:60], body, title=CAPTION)
    made = {f"goal/{goal}": data for goal in GOALS[:2]}
    for name, (_, _, rounds) in SETS.items():
        made |= {f"{name}/{goal}/{number}": data for goal in GOALS[:2] for number in range(rounds)}
    return made


def shown_numbers(results: Row) -> list[str]:
    """Every number that the tables must show, as it is shown."""
    found = []
    for one in results["embedders"]:
        scored = [one["ground_truth"], *one["sets"].values()]
        for name in scored[0]["metrics"]:
            values = [scores["metrics"][name] for scores in scored if name in scores["metrics"]]
            found += [f"{value[part]:.3f}" for value in values for part in ("mean", "interval")]
        for scores in one["sets"].values():
            if "robust" in scores:
                found += [f"{scores['robust'][part]:.3f}" for part in ("floor", "final", "ground_truth")]
                found.append(f"{100 * scores['robust']['recovery']:.1f}")
            if "round_scores" in scores:
                gone = scores["round_scores"]
                found += [f"{abs(gone[part]):.3f}" for part in ("first", "last", "best", "mean", "gain")]
                found += [f"{100 * gone[part]:.1f}" for part in ("as_good", "improved")]
        for compared in one["comparisons"]:
            found += [f"{compared[part] + 0.0:.3f}" for part in ("difference", "low", "high")]
            found.append(str(compared["goals"]))
    return [text.replace("-0.000", "0.000") for text in found + set_numbers(results)]


def set_numbers(results: Row) -> list[str]:
    """The same of what needs no embedder."""
    found = []
    for one in results["sets"]:
        if one.get("format"):
            found += [f"{100 * one['format']['strict']:.1f}", f"{one['format']['rounds']:.2f}"]
        if "plausibility" in one:
            body = one["plausibility"] | one["fact_support"]
            found += [f"{100 * body[part]:.1f}" for part in ("supported", "contradicted")]
            found += [f"{body['skating_cm_s']:.2f}", f"{body['jitter']:.1f}", f"{body['penetration_cm']:.2f}"]
        found += [f"{v:.3f}" for k, v in one.get("captions", {}).items() if v is not None and k != "captions"]
        judged = one.get("judging")
        for auc in [judged["overall"], *judged["groups"].values()] if judged else []:
            found += [f"{auc[part]:.3f}" for part in ("value", "low", "high")]
    return found

"""What the results of an evaluation say: its tables, its notices, the names of its sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluators.evaluation import METRICS
from evaluators.ground_truth import OUTSIDE, UNKNOWN, WITHIN
from pipelines.evaluate_rows import (
    ABSENT,
    HIGHER,
    LOWER,
    NEAREST,
    Cell,
    Column,
    Entry,
    Line,
    Measure,
    Table,
    cell_of,
    marks,
    number,
    p_value,
    plain,
    table_of,
)

Results = Mapping[str, Any]
PARTIAL = "partial"
TRUTH = "Ground truth"
# The papers' names; the rest of METRICS is shown by its own.
_NAMES = {
    "r_precision_1": ("Top 1", "R-precision"),
    "r_precision_2": ("Top 2", "R-precision"),
    "r_precision_3": ("Top 3", "R-precision"),
    "fid": ("FID", ""),
    "mm_distance": ("MM-Dist", ""),
    "diversity": ("Diversity", ""),
    "multimodality": ("MultiModality", ""),
    "motion_distance": ("Motion distance", ""),
}
_DIRECTIONS = {True: HIGHER, False: LOWER, None: NEAREST}
# Less than in recorded motions is no merit: a still figure neither skates nor trembles.
_BODY = (
    Measure("strict", Column("Strict format (%)", HIGHER), 1, 100),
    Measure("without_motion", Column("Without motion (%)", LOWER), 1, 100),
    Measure("rounds", Column("Rounds"), 2),
    Measure("supported", Column("Fact support (%)", HIGHER), 1, 100),
    Measure("contradicted", Column("Contradicted (%)", LOWER), 1, 100),
    Measure("skating_cm_s", Column("Skating (cm/s)", NEAREST), 2),
    Measure("jitter", Column("Jitter (m/s³)", NEAREST), 1),
    Measure("penetration_cm", Column("Penetration (cm)", NEAREST), 2),
)
_CAPTIONS = (
    Measure("bleu_1", Column("BLEU-1", HIGHER)),
    Measure("bleu_4", Column("BLEU-4", HIGHER)),
    Measure("rouge_l", Column("ROUGE-L", HIGHER)),
    Measure("cider", Column("CIDEr", HIGHER)),
    Measure("bert_f1", Column("BERTScore", HIGHER)),
)
_ROUNDS = (
    Measure("first", Column("First", LOWER, "Distance")),
    Measure("last", Column("Last", LOWER, "Distance")),
    Measure("best", Column("Best", LOWER, "Distance")),
    Measure("mean", Column("Mean", LOWER, "Distance")),
    Measure("gain", Column("Gain", HIGHER)),
    Measure("as_good", Column("As good (%)", HIGHER), 1, 100),
    Measure("improved", Column("Improved (%)", HIGHER), 1, 100),
)
_ROBUST = (
    Measure("floor", Column("Floor", "", "MM-Dist")),
    Measure("final", Column("Final", LOWER, "MM-Dist")),
    Measure("ground_truth", Column(TRUTH, "", "MM-Dist")),
    Measure("recovery", Column("Recovery (%)", HIGHER), 1, 100),
)


@dataclass(frozen=True)
class Notice:
    """What a reader must know before the numbers: `status` is partial, or that of a ground truth check."""

    status: str
    text: str
    lines: tuple[str, ...] = ()


def metric_column(name: str) -> Column:
    """The column of a metric."""
    shown, group = _NAMES.get(name, (name.replace("_", " "), ""))
    return Column(shown, _DIRECTIONS[METRICS.get(name)], group)


def metric_name(name: str) -> str:
    """A metric as it is called in a sentence, without its arrow."""
    return replace(metric_column(name), better="").title


def set_names(results: Results, *, mode_is_told: bool = False) -> dict[str, str]:
    """A name for every set by its id: its model, and where that is not enough its mode, folder and id.

    `mode_is_told`: the mode stands beside the name and need not be part of it.
    """
    sets = results.get("sets", [])
    names: dict[str, str] = {}
    for parts in (0, 1, 2, 3):
        told = {one["id"]: _name(one, parts, mode_is_told) for one in sets}
        seen = Counter((name, _mode(sets, key, mode_is_told)) for key, name in told.items())
        for key, name in told.items():
            if key not in names and (seen[name, _mode(sets, key, mode_is_told)] == 1 or parts == 3):
                names[key] = name
    return {one["id"]: names[one["id"]] for one in sets}


def _name(one: Results, parts: int, mode_is_told: bool) -> str:
    folder = str(one.get("path", "")).rstrip("/").rpartition("/")[2]
    further = [str(one.get("mode", "")), folder, str(one["id"])][:parts]
    shown = [plain(part) for part in further[mode_is_told:] if part]
    model = plain(one.get("model", one["id"]))
    return f"{model} ({', '.join(shown)})" if shown else model


def _mode(sets: Sequence[Results], key: str, mode_is_told: bool) -> str:
    return next(str(one.get("mode", "")) for one in sets if one["id"] == key) if mode_is_told else ""


def lead(results: Results) -> list[str]:
    """What was evaluated, in short parts."""
    repeats, pool = results.get("repeats"), results.get("pool")
    parts = [
        f"{results.get('dataset', '?')}, {results.get('split', '?')} split",
        f"mode {results.get('mode', '?')}",
        f"{_count(results.get('goals'))} goals of {_count(results.get('motions'))} motions",
        f"{_count(repeats)} repeats, pools of {_count(pool)}",
        f"seed {results.get('seed', '?')}",
        f"protocol {results.get('protocol', '?')}",
    ]
    return [plain(part) for part in parts]


def _count(value: Any) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def notices(results: Results) -> list[Notice]:
    """Whether the evaluation is whole, and whether each embedder still measures what it did."""
    found = []
    partial = results.get("partial")
    if partial:
        counts = f"{_count(partial.get('goals'))} of {_count(partial.get('of'))} goals"
        found.append(
            Notice(PARTIAL, f"Partial: only {counts} were evaluated. These are not the numbers of the split.")
        )
    said = {
        WITHIN: "the ground truth scores what is recorded for it.",
        OUTSIDE: "the ground truth does not score what is recorded for it. Do not compare these numbers "
        "with any others.",
        UNKNOWN: "nothing is recorded of how the ground truth scores here, so the evaluator is unchecked.",
    }
    for embedder in results.get("embedders", []):
        check = (embedder.get("ground_truth") or {}).get("check") or {}
        status = str(check.get("status"))
        status = status if status in said else UNKNOWN
        lines = tuple(plain(line) for line in check.get("lines", []))
        found.append(Notice(status, f"Embedder {plain(embedder['name'])}: {said[status]}", lines))
    return found


def truth_of(embedder: Results) -> Results:
    """The metrics of the ground truth by an embedder."""
    return (embedder.get("ground_truth") or {}).get("metrics") or {}


def tables(results: Results) -> list[Table]:
    """Every table that the results have something for: the papers' first, then what needs no embedder."""
    embedders = list(enumerate(results.get("embedders", [])))

    def of_each(make: Callable[[Results, Results, int], Table | None]) -> list[Table | None]:
        return [make(results, one, place) for place, one in embedders]

    found = [*of_each(main_table), body_table(results), captions_table(results)]
    found += [*of_each(caption_retrieval_table), judging_table(results)]
    found += [*of_each(robustness_table), *of_each(rounds_table), *of_each(comparisons_table)]
    return [table for table in found if table is not None]


def main_table(results: Results, embedder: Results, place: int = 0) -> Table | None:
    """R-precision, FID and what else an embedder measures: the ground truth, then a row a set."""
    title = f"Text-to-motion by embedder {plain(embedder['name'])}"
    return _metrics_table(results, embedder, f"main-{place + 1}", title, _captioning(results, False))


def caption_retrieval_table(results: Results, embedder: Results, place: int = 0) -> Table | None:
    """The same of captions that models gave to the goals' motions."""
    title = f"Captions and their motions by embedder {plain(embedder['name'])}"
    return _metrics_table(results, embedder, f"captions-{place + 1}", title, _captioning(results, True))


def _captioning(results: Results, wanted: bool) -> list[str]:
    """Ids of the sets that hold captions, or that hold motions."""
    return [one["id"] for one in results.get("sets", []) if (one.get("mode") == "caption") == wanted]


def _metrics_table(
    results: Results, embedder: Results, key: str, title: str, sets: Sequence[str]
) -> Table | None:
    scored = {name: one["metrics"] for name, one in embedder.get("sets", {}).items() if one.get("metrics")}
    values = {name: metrics for name, metrics in scored.items() if name in sets}
    known = dict.fromkeys([*METRICS, *(name for metrics in values.values() for name in metrics)])
    names = [name for name in known if any(name in metrics for metrics in values.values())]
    truth = truth_of(embedder)
    measures = [Measure(name, metric_column(name)) for name in names]
    made = _of_sets(results, key, title, measures, values, truth)
    repeats = results.get("repeats")
    over = f" over {repeats} repeats" if repeats else ""
    return made and replace(made, notes=(f"± is the 95% interval of the mean{over}",))


def body_table(results: Results) -> Table | None:
    """What needs no embedder: format, support by measured facts, plausibility."""
    values = {one["id"]: _flat(one) | (one.get("format") or {}) for one in results.get("sets", [])}
    if not any(row.get("without_motion") for row in values.values()):
        values = {key: {**row, "without_motion": None} for key, row in values.items()}
    truth = _flat(results.get("ground_truth") or {})
    return _of_sets(results, "body", "Format, facts and plausibility", _BODY, values, truth)


def _flat(one: Results) -> dict[str, Any]:
    lacking = {"without_motion": one.get("without_motion")}
    return {**lacking, **(one.get("plausibility") or {}), **(one.get("fact_support") or {})}


def captions_table(results: Results) -> Table | None:
    """Motion captioning."""
    values = {one["id"]: one.get("captions") or {} for one in results.get("sets", [])}
    return _of_sets(results, "captioning", "Motion captioning", _CAPTIONS, values)


def rounds_table(results: Results, embedder: Results, place: int = 0) -> Table | None:
    """Whether refining refines; the scores are minus distances, which are shown as distances."""
    values = {
        key: {
            name: -value if name in ("first", "last", "best", "mean") and value is not None else value
            for name, value in scores["round_scores"].items()
        }
        for key, scores in embedder.get("sets", {}).items()
        if scores.get("round_scores")
    }
    title = f"Rounds by embedder {plain(embedder['name'])}"
    return _of_sets(results, f"rounds-{place + 1}", title, _ROUNDS, values)


def robustness_table(results: Results, embedder: Results, place: int = 0) -> Table | None:
    """What becomes of a completion whose first motion was replaced."""
    values = {
        key: scores["robust"] for key, scores in embedder.get("sets", {}).items() if scores.get("robust")
    }
    title = f"Robustness by embedder {plain(embedder['name'])}"
    return _of_sets(results, f"robustness-{place + 1}", title, _ROBUST, values)


def _of_sets(
    results: Results,
    key: str,
    title: str,
    measures: Sequence[Measure],
    values: Mapping[str, Results],
    truth: Results | None = None,
) -> Table | None:
    """A table with a row a set; a column tells the modes where they differ."""
    sets = [one for one in results.get("sets", []) if values.get(one["id"])]
    told = len({one.get("mode") for one in sets}) > 1
    names = set_names(results, mode_is_told=told)
    entries = [
        Entry((names[one["id"]], *([one.get("mode", "")] if told else [])), values[one["id"]], key=one["id"])
        for one in sets
    ]
    if truth:
        entries.insert(0, Entry((TRUTH, *([""] if told else [])), truth, reference=True))
    return table_of(key, title, ("Model", "Mode") if told else ("Model",), measures, entries)


def judging_table(results: Results) -> Table | None:
    """AUC of every judge, overall and by what was done to the motion; the marks are those of a row."""
    judges = [one for one in results.get("sets", []) if one.get("judging")]
    if not judges:
        return None
    names = set_names(results)
    groups = dict.fromkeys(name for one in judges for name in one["judging"].get("groups", {}))
    rows = []
    for group in (None, *groups):
        found = [
            one["judging"].get("overall") if group is None else one["judging"].get("groups", {}).get(group)
            for one in judges
        ]
        cells = [cell_of(value) for value in found]
        marked = marks([cell.text for cell in cells], HIGHER)
        label = "All" if group is None else plain(group).replace("_", " ")
        rows.append(
            Line(
                (label,),
                tuple(replace(cell, mark=m) for cell, m in zip(cells, marked, strict=True)),
                key=group or "",
            )
        )
    columns = tuple(Column(names[one["id"]], HIGHER) for one in judges)
    notes = ("AUC; in brackets its 95% interval; 0.5 is guessing",)
    return Table("judging", "Judging by operation", ("Operation",), columns, tuple(rows), notes)


def comparisons_table(results: Results, embedder: Results, place: int = 0) -> Table | None:
    """Differences of two models with their intervals, and which is better beyond chance."""
    names = set_names(results)
    rows = []
    for number_of, one in enumerate(embedder.get("comparisons") or []):
        cells = (
            cell_of({**one, "value": one.get("difference")}),
            Cell(p_value(one.get("p"))),
            Cell(number(one.get("goals"), 0)),
            Cell(names.get(better_of(one) or "", ABSENT)),
        )
        labels = (comparison_name(names, one), metric_name(one["metric"]))
        rows.append(Line(labels, cells, key=str(number_of)))
    if not rows:
        return None
    title = f"Pairwise comparisons by embedder {plain(embedder['name'])}"
    columns = tuple(Column(name) for name in ("Difference", "p", "Goals", "Better"))
    notes = ("difference: first less second, with its 95% interval by paired bootstrap over clips",)
    return Table(f"comparisons-{place + 1}", title, ("Models", "Metric"), columns, tuple(rows), notes)


def comparison_name(names: Mapping[str, str], comparison: Results) -> str:
    """Both models of a comparison."""
    return " − ".join(names.get(comparison[side], plain(comparison[side])) for side in ("one", "other"))


def better_of(comparison: Results) -> str | None:
    """The id of the better set, None where the interval holds 0 or the metric has no better."""
    low, high = comparison.get("low"), comparison.get("high")
    larger = METRICS.get(comparison["metric"])
    if low is None or high is None or larger is None or low <= 0 <= high:
        return None
    return str(comparison["one"] if (low > 0) == larger else comparison["other"])
